"""What is checked: the options of a daemon, and from where they are looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from chatd.app.checks.result import Report
from chatd.app.configuration.sources import Given
from chatd.app.irc_options import IrcPlace
from chatd.app.web_options import WebPlace
from chatd.chat.limits import Limits
from chatd.journal.factory import is_cluster
from chatd.journal.sqlite.address import sqlite_path


class Place(Protocol):
    """Where the daemon is to listen."""

    @property
    def name(self) -> str:
        """What the user calls it."""

    @property
    def description(self) -> str:
        """That of the endpoint."""


class Configured(Protocol):
    """What is asked of the parsed options of the daemon."""

    def __getitem__(self, name: str, /) -> Any:
        """Return the value of an option."""

    @property
    def given(self) -> Mapping[str, Given]:
        """What was given, by option, and where."""

    @property
    def places(self) -> Sequence[Place]:
        """Where lines are spoken."""

    @property
    def irc_places(self) -> Sequence[IrcPlace]:
        """Where IRC is spoken."""

    @property
    def web_place(self) -> WebPlace | None:
        """Where the page is."""

    @property
    def limits(self) -> Limits:
        """What connections may use."""

    @property
    def checkers(self) -> Sequence[Any]:
        """What ``--auth`` asks."""

    @property
    def accounts_path(self) -> Path | None:
        """The file of the accounts."""

    @property
    def hooks_path(self) -> Path | None:
        """The file of the hooks."""

    @property
    def state_directory(self) -> Path:
        """Where what the daemon keeps is by default."""


@dataclass(frozen=True, slots=True)
class Question:
    """What the checks look at."""

    options: Configured
    seconds: float | None
    """How long the check of one file may take before it is left at a part; None for as long as it takes."""
    report: Report
    in_daemon: bool = False
    """Whether the daemon itself asks, whose files must not be opened a second time and whose ports are its own."""

    @property
    def file(self) -> Path | None:
        """The file that the daemon keeps the journal in, or a node its index; None if there is none."""
        journal = self.options["journal"]
        try:
            if is_cluster(journal):
                from chatd.journal.jetstream.address import parse

                return parse(journal).index
            return sqlite_path(journal)
        except (ImportError, ValueError):
            return None


def all_places(options: Configured) -> list[Place]:
    """Return where the daemon is to listen, with the edges for IRC and the page."""
    page = options.web_place
    return [*options.places, *options.irc_places, *([page] if page is not None else [])]
