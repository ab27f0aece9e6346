"""Whether one is in a room, wants to be, or is about to leave it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from types import MappingProxyType


class Membership(Enum):
    """What a room is to the one who reads."""

    OUTSIDE = "not in it, and not to join it"
    WANTED = "not in it now, and to join it whenever there is a connection"
    JOINED = "in it, and to rejoin it after a reconnect"
    LEAVING = "in it until the server has taken the PART, and not to rejoin it"


class MembershipCue(Enum):
    """What changes a membership."""

    WANT = "the one who reads wants to be in the room"
    GIVE_UP = "the one who reads does not want to be in it any more, or the server does not let one in"
    ADMITTED = "the server let one in"
    LEFT = "one left, or was kicked"
    DISCONNECTED = "the connection is gone"


_OUTSIDE, _WANTED, _JOINED, _LEAVING = Membership
_NEXT: Mapping[MembershipCue, Mapping[Membership, Membership]] = MappingProxyType(
    {
        MembershipCue.WANT: {_OUTSIDE: _WANTED, _LEAVING: _JOINED},
        MembershipCue.GIVE_UP: {_WANTED: _OUTSIDE, _JOINED: _LEAVING},
        MembershipCue.ADMITTED: {_OUTSIDE: _JOINED, _WANTED: _JOINED, _LEAVING: _JOINED},
        MembershipCue.LEFT: {_WANTED: _OUTSIDE, _JOINED: _OUTSIDE, _LEAVING: _OUTSIDE},
        MembershipCue.DISCONNECTED: {_JOINED: _WANTED, _LEAVING: _OUTSIDE},
    }
)
"""What does not stand here stays as it is."""


def next_membership(before: Membership, cue: MembershipCue) -> Membership:
    """Return what a membership is after something happened."""
    return _NEXT[cue].get(before, before)
