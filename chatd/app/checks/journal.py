"""The journal's file, or the index of a node: what is in it, who has it, and where it is."""

from __future__ import annotations

import os
import re
import sqlite3
import stat
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from chatd.app.checks.database import Kind, check_file, count, has_rows, has_table
from chatd.app.checks.file_systems import MOUNTS, Room, is_remote, kind, room
from chatd.app.checks.processes import Process, locks
from chatd.app.checks.question import Question
from chatd.app.checks.result import Result, good, warning, wrong
from chatd.journal.factory import is_cluster
from chatd.journal.sqlite.database import APPLICATION_ID, LACKS_LOG, schema
from chatd.journal.sqlite.word_index import is_unreadable
from chatd.runtime.schema import versions

_LEAST_SHARE = 10
"""How many percent of a file system are to be free."""
_LEAST_BYTES = 1 << 20
"""With less nothing can be stored."""


def check(question: Question) -> Iterator[Result]:
    """Yield what is found of the journal's file."""
    journal = question.options["journal"]
    path = question.file
    if journal == "memory:":
        yield good("journal.file", "messages are stored in memory and lost when the server stops")
        return
    if path is None:
        if not is_cluster(journal):
            there = "give sqlite:PATH, memory: or, for a cluster, nats://HOST"
            shown = re.sub(r"//[^/@]*@", "//...@", journal)
            yield wrong("journal.file", f"unknown journal: {shown!r}", there)
        return
    found = Kind("journal", "a journal of chatd", APPLICATION_ID, max(versions(schema())), _repair)
    lock = path.with_name(f"{path.name}-lock")
    holder = None if question.in_daemon else locks(lock)
    yield from _lock(path, lock, holder, question)
    yield from check_file(question, found, path, lambda db: _contents(db, path, holder, in_cluster=is_cluster(journal)))
    yield from _place(path)


def _repair(db: sqlite3.Connection) -> str:
    return "SQLite cannot read the search index" if is_unreadable(db) else ""


def _lock(path: Path, lock: Path, holder: Process | None, question: Question) -> Iterator[Result]:
    if lock.is_symlink():
        yield wrong("journal.holder", f"{lock} is a symbolic link, which is not followed", "remove it")
    elif question.in_daemon:
        return
    elif holder is None:
        yield good("journal.holder", f"no visible process uses {path}")
    elif holder.is_chatd:
        yield good("journal.holder", f"{path} is used by this server: {holder}")
    else:
        yield wrong("journal.holder", f"{path} is in use by {holder}", "stop it first")


def _contents(db: sqlite3.Connection, path: Path, holder: Process | None, *, in_cluster: bool) -> Iterator[Result]:
    is_index = has_rows(db, "run") or (has_table(db, "run") and not (has_rows(db, "entry") or has_rows(db, "room")))
    is_journal = not is_index and has_rows(db, "entry")
    if is_index and not in_cluster:
        do = "give the address of the cluster, nats://..., or name another file"
        yield wrong("journal.file", f"{path} is the index of a node of a cluster", do)
        return
    if is_journal and in_cluster:
        yield wrong("journal.file", f"{path} is the journal of a single chatd", "name another file with ?index=FILE")
        return
    if not has_table(db, "entry"):
        return
    # To count the entries of a large journal would take longer than all else.
    ((newest,), (last,)) = (db.execute(f"SELECT max({each}) FROM entry").fetchone() for each in ("time", "id"))
    rooms = count(db, "room")
    talk = f"entries up to {last or 0:,} in {rooms:,} room{'s' * (rooms != 1)}"
    since = (
        "" if newest is None else f", the newest from {datetime.fromtimestamp(newest / 1000, UTC):%Y-%m-%d %H:%M} UTC"
    )
    yield good("journal.file", f"{path} has {talk}{since}")
    if holder is None and not in_cluster and _lacks_log(db, path):
        yield warning("journal.log", f"{path}: {LACKS_LOG}", "restore a complete copy, if you have one")


def _lacks_log(db: sqlite3.Connection, path: Path) -> bool:
    log = path.with_name(f"{path.name}-wal")
    if log.exists() and log.stat().st_size:
        return False
    columns = {row[1] for row in db.execute("PRAGMA table_info (journal)")}
    return "running" in columns and count(db, "journal", "running") > 0


def _place(path: Path) -> Iterator[Result]:
    folder = path.parent
    if not folder.is_dir():
        return
    yield space(path, _size(path), room(folder))
    try:
        found = kind(path, MOUNTS.read_text(errors="replace"))
    except OSError:
        return
    yield file_system(path, found)


def space(path: Path, size: int, left: Room) -> Result:
    """Return whether there is room for a journal that has ``size`` bytes to grow, and to be copied or written anew."""
    name, free = "journal.space", f"{_megabytes(left.free)} of {_megabytes(left.size)} free for {path}"
    if left.free < _LEAST_BYTES:
        return wrong(name, f"the disk is full: {free}", "free some space, or messages are refused")
    if left.free < size:
        do = "free some space; chatd compact and chatd backup write the whole file again"
        return warning(name, f"{free}, and it has {_megabytes(size)}", do)
    if left.free * 100 < left.size * _LEAST_SHARE:
        return warning(
            name, f"less than {_LEAST_SHARE} % of the disk is free: {free}", "free some space, or lower --keep"
        )
    return good(name, free)


def file_system(path: Path, kind: str) -> Result:
    """Return whether SQLite's locks can be relied on in a file system."""
    name = "journal.file-system"
    if is_remote(kind):
        what = f"{path} is on {kind}, where two machines can write at once and damage it"
        return warning(name, what, "move it to a local disk")
    return good(name, f"{path} is on {kind or 'a file system of unknown type'}")


def _size(path: Path) -> int:
    sizes = 0
    for beside in ("", "-wal"):
        try:
            status = os.stat(f"{path}{beside}")
        except OSError:
            continue
        sizes += status.st_size if stat.S_ISREG(status.st_mode) else 0
    return sizes


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB" if size >= 10_000_000 else f"{size / 1e6:.1f} MB"
