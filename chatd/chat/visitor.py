"""Somebody who asks for something, be it as a participant or over an edge that knows no sessions."""

from __future__ import annotations

from typing import Protocol

from chatd.chat.hub import Hub
from chatd.model.room_policy import Identity, IPAddress


class Visitor(Protocol):
    """What permissions and quotas ask of whoever is, or is not, in a room; every `Participant` has it."""

    hub: Hub
    account: str | None
    """The key of the account that it has logged in to."""
    names_full_at: float
    """When its bucket of JOINs and NICKs is full again, in seconds; see `Rate`. It begins as 0."""
    posted_as: str
    """The key of the nick under which it has last said something without coming in; empty before."""

    @property
    def address(self) -> IPAddress | None:
        """Where it connects from, None for a local socket."""

    @property
    def household(self) -> str:
        """What it shares its part of `Hub.shares` with."""

    @property
    def identity(self) -> Identity:
        """Whom moderation actions are about."""

    @property
    def is_operator(self) -> bool:
        """Whether it is a server operator's."""
