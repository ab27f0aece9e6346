"""State machines as a table of what may follow what, and faults that the log hears of once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum
from typing import Generic, TypeVar

from twisted.logger import Logger

S = TypeVar("S", bound=Enum)


class StateMachine(Generic[S]):
    """A state that only changes as a table allows."""

    def __init__(self, initial: S, transitions: Mapping[S, Collection[S]]) -> None:
        self.state = initial
        self._transitions = transitions

    def enter(self, state: S) -> None:
        """Change to ``state``. Raise `RuntimeError` if the table does not allow it: a fault of the program."""
        if state not in self._transitions[self.state]:
            raise RuntimeError(f"{state} cannot follow {self.state}")
        self.state = state


class Outage:
    """Logs once that something begins to fail, and once that it works again."""

    def __init__(self, log: Logger, failing: str, recovered: str) -> None:
        self.active = False
        self._log = log
        self._failing = failing
        self._recovered = recovered

    def began(self, why: str) -> None:
        """Note that it failed, and why."""
        if not self.active:
            self.active = True
            self._log.error("{what}: {why}", what=self._failing, why=why)

    def ended(self) -> None:
        """Note that it worked."""
        if self.active:
            self.active = False
            self._log.info("{what}", what=self._recovered)
