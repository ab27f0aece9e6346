"""The capabilities of IRCv3: which there are, and which tags they let a client be sent."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from chatd.chat.session import Session
from chatd.edges.irc.composition import CONCAT, NAME

TAG_NEEDS: Mapping[str, str] = {
    "time": "server-time",
    "account": "account-tag",
    "label": "labeled-response",
    "batch": "batch",
    CONCAT: NAME,
}
"""Which capability a tag needs; all others need ``message-tags``."""
FOR_EVERY_TEXT = frozenset({"server-time", "account-tag", "message-tags"})
"""Those that put tags to what anybody says."""
IMPLIED_BY_302 = "cap-notify"
"""What a client has that asks for version 302."""


@dataclass(frozen=True, slots=True)
class Capability:
    """A capability that clients are offered.

    ``value`` returns what is said of it to whoever has a session; None if it is not offered there.
    """

    name: str
    value: Callable[[Session], str | None] = lambda _session: ""
    only_with: str = ""
    """Another one without which it cannot be had."""


def shown_tags(tags: Mapping[str, str], capabilities: Collection[str]) -> dict[str, str]:
    """Return those tags that a client with some capabilities may be sent; an empty time is none."""
    return {
        key: value
        for key, value in tags.items()
        if TAG_NEEDS.get(key, "message-tags") in capabilities and (value or key != "time")
    }
