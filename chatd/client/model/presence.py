"""How far one is with a server: from no connection to being let into a room."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Presence(Enum):
    """How far one is with the server."""

    OFFLINE = "there is no connection"
    GREETING = "there is one, and what the server says is its greeting, which is not shown"
    WELCOME = "the server has answered HELLO"
    PRESENT = "the server has accepted a JOIN of this connection"


class PresenceCue(Enum):
    """What brings one further, or back."""

    CONNECTED = "there is a connection"
    GREETED = "OK HELLO"
    ADMITTED = "OK JOIN"
    DISCONNECTED = "the connection is gone"


_OFFLINE, _GREETING, _WELCOME, _PRESENT = Presence
_NEXT: Mapping[PresenceCue, Mapping[Presence, Presence]] = MappingProxyType(
    {
        PresenceCue.CONNECTED: {_OFFLINE: _GREETING, _WELCOME: _GREETING, _PRESENT: _GREETING},
        PresenceCue.GREETED: {_OFFLINE: _WELCOME, _GREETING: _WELCOME},
        # A server that lets one in before it has answered HELLO is taken at its word.
        PresenceCue.ADMITTED: {_OFFLINE: _PRESENT, _GREETING: _PRESENT, _WELCOME: _PRESENT},
        PresenceCue.DISCONNECTED: {_GREETING: _OFFLINE, _WELCOME: _OFFLINE, _PRESENT: _OFFLINE},
    }
)
"""What does not stand here stays as it is."""


def next_presence(before: Presence, cue: PresenceCue) -> Presence:
    """Return how far one is after something happened."""
    return _NEXT[cue].get(before, before)
