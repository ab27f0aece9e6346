"""The names of a connection for the log, made when they are asked for: few ever are."""

from __future__ import annotations

from typing import Any


class NamedWhenAsked:
    """Keeps none of the two names that Twisted makes for each connection over TCP: 170 bytes."""

    protocol: Any
    hostname: Any
    sessionno: int

    @property
    def logstr(self) -> str:
        """What the log calls what is done for it."""
        return f"{type(self.protocol).__name__},{self.sessionno},{self.hostname}"

    @logstr.setter
    def logstr(self, name: str) -> None:
        pass

    @property
    def repstr(self) -> str:
        """What the log calls the connection itself."""
        return f"<{type(self.protocol).__name__} #{self.sessionno} from {self.hostname}>"

    @repstr.setter
    def repstr(self, name: str) -> None:
        pass
