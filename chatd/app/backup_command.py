"""``chatd backup``: copies the journal to a new file, or everything that the daemon stores to dated files."""

from __future__ import annotations

import argparse
import fcntl
import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from chatd.app.progress import Progress, tell
from chatd.journal.factory import is_cluster
from chatd.journal.sqlite.address import sqlite_path
from chatd.journal.sqlite.backup import Contents, back_up, copy_beside
from chatd.journal.sqlite.database import LACKS_LOG, lacks_log
from chatd.protocol.wire import timestamp
from chatd.runtime.files import make_folder

ABOUT = (
    "Copy the journal to a new file or, with --directory, the journal, accounts and webhooks to files named after"
    " the current time. The server may be running."
)
_DATED = r"-\d{8}T\d{6}Z"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add what the command takes beside the journal."""
    where = command.add_mutually_exclusive_group(required=True)
    where.add_argument("file", type=Path, nargs="?", help="new file for the journal")
    where.add_argument(
        "--directory",
        metavar="DIR",
        type=Path,
        help="directory of the copies, created if missing and accessible to its owner only",
    )
    about = "how many copies of each to keep, the newest (default: all)"
    command.add_argument("--copies", metavar="COUNT", type=_count, help=about)


def carry_out(options: argparse.Namespace) -> None:
    """Do it. Raise `JournalError`, `OSError` or `ValueError`, with a sentence for the user, if that cannot be."""
    if is_cluster(options.journal):
        raise ValueError("the messages of a cluster are in its streams; back them up with nats stream backup")
    path = sqlite_path(options.journal)
    if options.directory is None:
        if options.copies is not None:
            raise ValueError("--copies works only with --directory; add it, or delete old files yourself")
        print(f"{options.file} has {described(_copy(path, options.file))}; chatd restore puts it back")
        return
    _back_up_all(path, [options.accounts, options.hooks], options.directory, options.copies)


def described(contents: Contents) -> str:
    """Return what is in a copy of a journal, in words."""
    if contents.newest is None:
        return "no messages"
    messages, rooms = contents.messages, contents.rooms
    counted = f"{messages} message{'s' * (messages != 1)} in {rooms} room{'s' * (rooms != 1)}"
    return f"{counted}, the newest of {timestamp(contents.newest)}"


def _count(text: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,8}", text):
        raise argparse.ArgumentTypeError(f"not a number of copies: {text!r}; give 1 or more")
    return int(text)


def _copy(path: Path, target: Path) -> Contents:
    progress = Progress("copied")
    contents = back_up(path, target.absolute(), lambda done, pages: progress.show(f"{done / max(pages, 1):.0%}"))
    progress.end()
    if lacks_log(path):
        tell(f"{path}: {LACKS_LOG}")
    return contents


def _back_up_all(journal: Path, beside: Sequence[Path | None], directory: Path, copies: int | None) -> None:
    """Copy the journal and the files beside it that are there; then delete what is more than ``copies`` of each."""
    make_folder(directory, 0o700)
    more = [path for path in beside if path is not None and path.exists()]
    with _alone(directory):
        for path in (journal, *more):
            _delete(_half_made(directory, path))
        now = datetime.now(UTC)
        contents = _copy(journal, _dated(directory, journal, now))
        for path in more:
            copy_beside(path, _dated(directory, path, now))
        for path in (journal, *more):
            _delete(sorted(_copies(directory, path))[: -copies if copies else 0])
    names = ", ".join(_dated(directory, path, now).name for path in (journal, *more))
    print(f"{directory} has {names}, with {described(contents)}")


def _dated(directory: Path, path: Path, now: datetime) -> Path:
    return directory.absolute() / f"{path.stem}-{now:%Y%m%dT%H%M%SZ}{path.suffix}"


def _copies(directory: Path, path: Path) -> Iterator[Path]:
    """Yield the copies of a file that were made here, in any order; those that have another name are left alone."""
    pattern = re.compile(f"{re.escape(path.stem)}{_DATED}{re.escape(path.suffix)}")
    return (each for each in directory.iterdir() if pattern.fullmatch(each.name))


def _half_made(directory: Path, path: Path) -> Iterator[Path]:
    """Yield what is left of a backup that was killed."""
    pattern = re.compile(rf"\.{re.escape(path.stem)}{_DATED}{re.escape(path.suffix)}\.\d+(-\w+)?")
    return (each for each in directory.iterdir() if pattern.fullmatch(each.name))


def _delete(paths: Iterator[Path] | Sequence[Path]) -> None:
    for path in list(paths):
        path.unlink(missing_ok=True)


@contextmanager
def _alone(directory: Path) -> Iterator[None]:
    """Keep other backups out of a directory. Raise `ValueError` if there is one under way."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise ValueError(
            f"another backup to {directory} is in progress; wait for it or name another directory"
        ) from None
    finally:
        os.close(descriptor)
