"""``chatd import --format``: imports the history of other chat programs."""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, tzinfo
from pathlib import Path
from typing import TextIO
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from chatd.app.progress import Progress, tell
from chatd.importing.formats import FORMATS, LOCAL_TIMES
from chatd.importing.line_logs import Settings
from chatd.importing.record import Bad
from chatd.importing.renaming import RULE, Renaming
from chatd.importing.sources import Sources
from chatd.importing.spool import Said, Spool
from chatd.journal.carried import Carried
from chatd.model.entry import StoredEvent
from chatd.protocol import events, names
from chatd.protocol.text import clean, counted

SHOWN = 100
"""How many bad lines, and how many new names, are printed; all of them are in the file of ``--report``."""

BringIn = Callable[[Iterator[StoredEvent], Callable[[int], None]], Carried]
"""Adds events to a journal, all or none; is told of by how many were added."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Add the options of an import that is none of our own exports."""
    about = "format of the files, which may be folders or gzipped (default: an export of chatd)"
    parser.add_argument("--format", choices=FORMATS, help=about)
    parser.add_argument("--room", help="room to import everything into (default: one room per channel, with its name)")
    about = "time zone of logs that name none: Europe/Berlin, UTC (default: this machine's)"
    parser.add_argument("--timezone", metavar="ZONE", help=about)
    about = "charset of lines that are not UTF-8, such as cp1252"
    parser.add_argument("--charset", help=about)
    parser.add_argument("--skip-bad", action="store_true", help="skip what cannot be read instead of importing nothing")
    parser.add_argument(
        "--report",
        type=Path,
        metavar="FILE",
        help="write everything that cannot be read, and all changed names, to this file",
    )


def check_own(options: argparse.Namespace) -> None:
    """Raise `ValueError` if an option is given that does not apply to an export of our own."""
    for name in ("room", "timezone", "charset", "skip-bad", "report"):
        if getattr(options, name.replace("-", "_")):
            raise ValueError(f"--{name} works only with --format; add that option, or remove --{name}")


def bring_in(options: argparse.Namespace, write: BringIn) -> Carried:
    """Read files of another format, and let ``write`` add what they say. Raise `ValueError` or `OSError`."""
    settings = Settings(_zone(options), options.room and names.room(options.room))
    sources = Sources(options.files, _charset(options.charset))
    progress = Progress("read")
    with tempfile.TemporaryDirectory() as folder, closing(Spool(Path(folder) / "spool.sqlite3")) as spool:
        with _report_to(options.report) as report:

            def read() -> Iterator[StoredEvent]:
                for count in spool.take(FORMATS[options.format](sources, settings), report.bad):
                    fraction = sources.fraction
                    progress.show(f"{count:,}" if fraction is None else f"{fraction:.0%}, {count:,}")
                progress.end()
                _judge(options, spool, report)
                yield from map(_event, spool.said())

            written = Progress("imported")
            carried = write(read(), lambda count: written.show(counted(count, "message")))
            written.end()
            report.names("nick", spool.nicks)
            report.names("room", spool.rooms)
        for what, count in spool.left_out.items():
            tell(f"skipped: {what} ({count:,})")
    return carried


def _judge(options: argparse.Namespace, spool: Spool, report: _Report) -> None:
    """Raise `ValueError` if nothing is to be imported of what was read."""
    report.end_of_bad(spool.bad)
    if spool.bad and not options.skip_bad:
        what = f"cannot read {_counted(spool.bad)}; nothing was imported"
        raise ValueError(f"{what}; correct the files, or skip such lines with --skip-bad")
    if spool.bad:
        tell(f"skipped: {_counted(spool.bad)} that cannot be read")


def _counted(bad: int) -> str:
    return "1 line or message" if bad == 1 else f"{bad:,} lines or messages"


def _event(said: Said) -> StoredEvent:
    kind = events.TopicSet if said.is_topic else events.Said
    return StoredEvent(0, said.time, kind(said.nick, said.room, said.text))


class _Report:
    """Tells people, and a file, what cannot be read and who is called otherwise."""

    def __init__(self, file: TextIO | None) -> None:
        self._file = file
        self._bad = 0

    def bad(self, bad: Bad) -> None:
        """Tell of something that cannot be read."""
        self._bad += 1
        self._write(f"{bad.where}: {bad.why}", self._bad)

    def end_of_bad(self, count: int) -> None:
        """Tell how many more there are."""
        self._more(count)

    def names(self, what: str, renaming: Renaming) -> None:
        """Tell who or what got another name, and by which rule."""
        if renaming.changed:
            tell(f"names that cannot be a {what} here: {RULE}")
        for number, (before, after) in enumerate(renaming.changed, 1):
            self._write(f"{what} {before} became {after}", number)
        self._more(len(renaming.changed))

    def _more(self, count: int) -> None:
        if count > SHOWN:
            tell(f"and {count - SHOWN:,} more" + ("" if self._file else ", which --report FILE lists"))

    def _write(self, line: str, number: int) -> None:
        line = clean(" ".join(line.split()))
        if self._file is not None:
            print(line, file=self._file)
        if number <= SHOWN:
            tell(line)


@contextmanager
def _report_to(path: Path | None) -> Iterator[_Report]:
    if path is None:
        yield _Report(None)
        return
    with path.open("w", encoding="utf-8") as file:
        yield _Report(file)


def _zone(options: argparse.Namespace) -> tzinfo:
    if options.timezone is None:
        zone = _this_machines()
        if options.format in LOCAL_TIMES:
            tell(f"times are read as {zone}; for another zone, add --timezone")
        return zone
    if options.timezone.upper() == "UTC":
        return UTC  # also where no zones are installed
    try:
        return ZoneInfo(options.timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"unknown time zone: {options.timezone}; use a name such as Europe/Berlin") from None


def _this_machines() -> tzinfo:
    linked = os.path.realpath("/etc/localtime").partition("zoneinfo/")[2]
    for name in (os.environ.get("TZ", "").removeprefix(":"), linked):
        try:
            if name:
                return ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            continue
    return UTC


def _charset(name: str | None) -> str | None:
    if name is not None:
        try:
            b"a".decode(name)  # of nothing, no charset is looked up
        except (LookupError, UnicodeDecodeError):
            raise ValueError(f"unknown charset: {name}; cp1252 and latin-1 are common") from None
    return name
