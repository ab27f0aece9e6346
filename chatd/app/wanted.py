"""What the parts of the daemon need from its options, whichever command reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self

from twisted.logger import LogLevel

from chatd.app.announcing import Announcer
from chatd.app.checks.question import Configured
from chatd.app.configuration.settings import Setting
from chatd.app.configuration.sources import Given
from chatd.app.doors import Wish
from chatd.journal import Retention


class Wanted(Configured, Protocol):
    """The options of the daemon, once they are read."""

    given: dict[str, Given]

    @property
    def settings(self) -> Mapping[str, Setting]:
        """What there is to say of each option that a file can give."""

    @property
    def retention(self) -> Retention:
        """How much is kept of what is said."""

    @property
    def wishes(self) -> Sequence[Wish]:
        """Where to listen."""

    @property
    def log_level(self) -> LogLevel:
        """Of which level on events are logged."""

    def make_announcer(self, reactor: Any) -> Announcer:
        """Return what announces the server."""

    def explain(self, sentence: str) -> str:
        """Return a sentence about an option with the place where it was given."""

    def read_again(self) -> Self:
        """Return what the same command line and environment say now, with the file as it is now.

        Raise `SystemExit`, with one line for the user, if something of it is wrong.
        """
