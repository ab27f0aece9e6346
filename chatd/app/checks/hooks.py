"""The hooks: where what is said is sent on to."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from chatd.app.checks.database import Kind, check_file, count, has_table
from chatd.app.checks.question import Question
from chatd.app.checks.result import Result, good, warning
from chatd.hooks.store import APPLICATION_ID, VERSION

_KIND = Kind("hooks", "hooks of chatd", APPLICATION_ID, VERSION)


def check(question: Question) -> Iterator[Result]:
    """Yield what is found of the file of hooks, if there is one or one was asked for."""
    options = question.options
    path = options.hooks_path
    if path is not None and (options["hooks"] is not None or path.exists()):
        yield from check_file(question, _KIND, path, lambda db: _contents(db, path))


def _contents(db: sqlite3.Connection, path: Path) -> Iterator[Result]:
    if not has_table(db, "hook"):
        return
    hooks, off = count(db, "hook"), count(db, "hook", "disabled")
    counted = f"{path} has {hooks} webhook{'s' * (hooks != 1)}"
    if off:
        what = f"{counted}, {off} of them disabled because their receivers failed"
        yield warning("hooks.count", what, "see chatd hook list")
    else:
        yield good("hooks.count", counted)
