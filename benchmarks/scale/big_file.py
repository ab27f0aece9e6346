"""The big file: a daemon's own, made once and kept."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from benchmarks.report import show_progress
from benchmarks.scale.talk import messages, room_name
from chatd.journal.sqlite.store import Store
from chatd.model.authorship import account_key, session_key
from chatd.model.entry import Entry
from chatd.protocol.events import Moderated, Said, TopicSet

SPAN_SECONDS = 365 * 24 * 60 * 60
"""From the first message to the last."""
TOPIC_EVERY, REGISTERED_EVERY = 5, 10
"""Each so many rooms one has a topic, and one is registered, with what its operators have ruled."""
_AT_ONCE = 1000
"""How many entries are added together."""
_PER_TRANSACTION = 500_000
"""How many entries are committed together: a page of an index is written again for each transaction that meets it."""
_CACHE_KIB = 1_000_000
_HASH_BYTES = 64 << 20
"""How much of the full-text index is gathered before it is written; what FTS5 has by itself is set again at the end."""
_USUAL_HASH_BYTES = 1 << 20
_INDEXES = "SELECT name, sql FROM sqlite_schema WHERE tbl_name = 'entry' AND type = 'index'"


class Size(NamedTuple):
    """How big a file is."""

    rooms: int
    messages: int

    @property
    def file_name(self) -> str:
        """Return what the file is called."""
        return f"{self.rooms}-rooms-{self.messages}-messages.sqlite3"


def big_file(directory: Path, size: Size) -> Path:
    """Return the path of a file of that size in ``directory``; if it is not there yet, make it.

    Twenty seconds a million messages. A file is there whole or not at all, and one that an older chatd has made is
    brought up to date. It is for reading alone: who starts a daemon on it copies it before.
    """
    path = directory / size.file_name
    if not path.exists():
        made = directory / f".{size.file_name}.{os.getpid()}"
        try:
            _make(made, size)
            os.rename(made, path)
        finally:
            for more in ("", "-wal", "-shm", "-lock"):
                made.with_name(made.name + more).unlink(missing_ok=True)
    Store(path).close()
    return path


def _make(path: Path, size: Size) -> None:
    with closing(Store(path, synchronous="OFF")) as store:
        store.epoch("scale")
        with store.transaction() as db:
            pass  # what is set here is set for the whole connection, and some of it between transactions alone
        db.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        indexes = db.execute(_INDEXES).fetchall()
        for name, _ in indexes:  # made at the end of what is sorted then, in a fraction of the time
            db.execute(f"DROP INDEX {name}")
        _gather(db, _HASH_BYTES)
        entries, done = _entries(size), 0
        while done < size.messages:
            with store.transaction():
                for _ in range(_PER_TRANSACTION // _AT_ONCE):
                    part = list(islice(entries, _AT_ONCE))
                    store.settle(store.add(part))
                    done += sum(type(entry.event) is Said for entry in part)
                    show_progress(done, size.messages, f"messages in {size.rooms:,} rooms")
                    if len(part) < _AT_ONCE:
                        break
        _gather(db, _USUAL_HASH_BYTES)
        for _, statement in indexes:
            db.execute(statement)


def _gather(db: sqlite3.Connection, count: int) -> None:
    """Set how many bytes FTS5 gathers. https://www.sqlite.org/fts5.html#the_hashsize_configuration_option"""
    db.execute("INSERT INTO said (said, rank) VALUES ('hashsize', ?)", (count,))


def _entries(size: Size) -> Iterator[Entry]:
    """Yield all that is to be stored: the messages, and before the first of some rooms what is said of them."""
    end = int(time.time() * 1000)
    known = bytearray(size.rooms + 1)
    for number, (rank, author, text) in enumerate(messages(size.messages, size.rooms), 1):
        at = end - SPAN_SECONDS * 1000 * (size.messages - number) // size.messages
        name, nick = room_name(rank), f"author{author}"
        if not known[rank]:
            known[rank] = True
            if rank % REGISTERED_EVERY == 0:
                yield Entry(name, Moderated("SET", nick, name, "registered=yes"), time=at)
                yield Entry(name, Moderated("OP", nick, name, f"author{author + 1}"), time=at)
            if rank % TOPIC_EVERY == 0:
                yield Entry(name, TopicSet(nick, name, f"what {name} is about"), time=at)
        by = session_key(f"{author:016x}") if author % 2 else account_key(nick)
        yield Entry(name, Said(nick, name, text), time=at, by=by)
