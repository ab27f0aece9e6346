"""What is known of one who is in a room: what they may do there, whether they are away, whether it is a program."""

from __future__ import annotations

from typing import NamedTuple


class Facts(NamedTuple):
    """What the server told of somebody; of one of whom nothing was told nothing holds."""

    operator: bool = False
    """Whether they run the room, or the server."""
    voice: bool = False
    """Whether they may speak where only operators do."""
    bot: bool = False
    away: bool = False
    why: str = ""
    """Why they are away, if they said so."""

    @property
    def marks(self) -> list[str]:
        """The words that stand beside the name in a list."""
        words = (("operator", self.operator), ("voice", self.voice), ("bot", self.bot), ("away", self.away))
        return [word for word, holds in words if holds]


NOTHING_KNOWN = Facts()


def described(nick: str, facts: Facts) -> str:
    """Return a name with what is known of who has it: ``ann (operator, away: lunch)``."""
    marks = [f"away: {facts.why}" if mark == "away" and facts.why else mark for mark in facts.marks]
    return f"{nick} ({', '.join(marks)})" if marks else nick
