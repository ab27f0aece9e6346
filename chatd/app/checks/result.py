"""What one check has found."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from chatd.protocol.text import clean


class State(StrEnum):
    """How it is, from best to worst."""

    GOOD = "good"
    WARNING = "warning"
    """The daemon starts, and somebody should know."""
    WRONG = "wrong"
    """The daemon would not start, or would lose what is said."""


@dataclass(frozen=True, slots=True)
class Result:
    """What was found. ``name`` is ``SUBJECT.CHECK``; several results may have the same."""

    name: str
    state: State
    what: str
    """What is so, in a few words."""
    do: str = ""
    """What to do about it, empty if nothing."""

    @property
    def subject(self) -> str:
        """What it is about: the part of the name before the point."""
        return self.name.partition(".")[0]


Report = Callable[[str], None]
"""Is told how far a check has come that takes long."""


def good(name: str, what: str) -> Result:
    """Return that something is as it should be."""
    return _result(name, State.GOOD, what, "")


def warning(name: str, what: str, do: str) -> Result:
    """Return that the daemon starts, and what somebody should do all the same."""
    return _result(name, State.WARNING, what, do)


def wrong(name: str, what: str, do: str) -> Result:
    """Return that the daemon would not start or would lose something, and what to do about that."""
    return _result(name, State.WRONG, what, do)


def worst(results: Iterable[Result]) -> State:
    """Return the worst state of all."""
    states = list(State)
    return max((each.state for each in results), key=states.index, default=State.GOOD)


def _result(name: str, state: State, what: str, do: str) -> Result:
    return Result(name, state, clean(" ".join(what.split())), clean(" ".join(do.split())))
