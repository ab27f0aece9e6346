"""What a node knows of the people connected to it, and other nodes must ask for."""

from __future__ import annotations

from typing import NamedTuple


class MemberFacts(NamedTuple):
    """Why somebody is away, and for how long they have been silent."""

    bot: bool = False
    away: str | None = None
    """Why they are away, if they are."""
    idle: int | None = None
    """For how many seconds they have said nothing; None if that is not known."""


UNKNOWN = MemberFacts()
"""Of one whose node does not answer."""
