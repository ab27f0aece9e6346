"""What a node knows of those who are connected to it, and others have to ask for."""

from __future__ import annotations

from typing import NamedTuple


class MemberFacts(NamedTuple):
    """What somebody has said of themselves, and how long ago they said something."""

    bot: bool = False
    away: str | None = None
    """Why they are away, if they are."""
    idle: int | None = None
    """For how many seconds they have said nothing; None if that is not known."""


UNKNOWN = MemberFacts()
"""Of one whose node does not answer."""
