"""Asks the checks, and finds what they have said."""

from __future__ import annotations

import stat
from collections.abc import Iterable
from pathlib import Path

from chatd.app.checks.question import Question
from chatd.app.checks.result import Result, State
from chatd.app.options import ReadOptions

Snapshot = dict[str, tuple[int, int, int, bytes]]


def question(*words: str, in_daemon: bool = False) -> Question:
    """Return what is checked of a daemon with those options."""
    options = ReadOptions()
    options.parseOptions(words)
    return Question(options, None, lambda _: None, in_daemon)


def one(results: Iterable[Result], name: str) -> Result:
    """Return the only result of a name."""
    (found,) = named(results, name)
    return found


def named(results: Iterable[Result], name: str) -> list[Result]:
    """Return the results of a name."""
    return [each for each in results if each.name == name]


def states(results: Iterable[Result]) -> list[State]:
    """Return how each is."""
    return [each.state for each in results]


def snapshot(folder: Path) -> Snapshot:
    """Return all that there is in a folder, with contents, modes and the times of changes."""
    found: Snapshot = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_ino, status.st_mtime_ns, content)
    return found


def let_others_in(folder: Path) -> None:
    """Let other users look into a folder that pytest has made for its user alone, and into those above it."""
    wanted = stat.S_IRGRP | stat.S_IXGRP | stat.S_IROTH | stat.S_IXOTH
    for each in [folder, *folder.parents][:-2]:  # not those of the system, such as /tmp
        mode = stat.S_IMODE(each.stat().st_mode)
        if mode & wanted != wanted:
            each.chmod(mode | wanted)
