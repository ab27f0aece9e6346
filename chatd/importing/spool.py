"""All that was read, put in the order in which it was said, on the disk and not in memory."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from chatd.importing.irc_text import plain
from chatd.importing.record import Bad, Found, LeftOut, Record
from chatd.importing.renaming import MAX_NAMES, Renaming, TooManyNamesError, nicks, rooms
from chatd.protocol import names
from chatd.protocol.text import clean

MAX_TEXT_BYTES = 8000
"""How much of a text is one message; a longer one becomes several."""
_AT_A_TIME = 1000
_TABLE = """
    PRAGMA journal_mode = OFF;
    PRAGMA synchronous = OFF;
    CREATE TABLE said (place INTEGER PRIMARY KEY, time INTEGER, room INTEGER, who INTEGER, text TEXT, is_topic INTEGER);
"""


class Said(NamedTuple):
    """One message, or topic, as it is imported: ``time`` in milliseconds since 1970."""

    time: int
    room: str
    nick: str
    text: str
    is_topic: bool


class Spool:
    """Takes what is read, and gives it back in order. ``path`` is a file that is not there yet."""

    def __init__(self, path: Path) -> None:
        self.bad = 0
        """How much could not be read."""
        self.left_out: Counter[str] = Counter()
        self.nicks, self.rooms = nicks(), rooms()
        self._people = _Known("people")
        self._places = _Known("rooms")
        self._rows: list[tuple[int, int, int, str, bool]] = []
        self._db = sqlite3.connect(path)
        self._db.executescript(_TABLE)

    def close(self) -> None:
        """Let go of the file."""
        self._db.close()

    def take(self, found: Iterable[Found], tell_bad: Callable[[Bad], None]) -> Iterator[int]:
        """Take in what a reader finds, and yield now and then how much that was. Raise `TooManyNamesError`."""
        for number, each in enumerate(found, 1):
            if isinstance(each, Record):
                self._add(each)
            elif isinstance(each, LeftOut):
                self.left_out[each.what] += 1
            else:
                self.bad += 1
                tell_bad(each)
            if number % _AT_A_TIME == 0:
                self._write()
                yield number
        self._write()

    def said(self) -> Iterator[Said]:
        """Yield all messages by their time; of one time, in the order in which they were read."""
        people = self._people.called(self.nicks)
        places = self._places.called(self.rooms)
        for time, room, who, text, is_topic in self._db.execute(
            "SELECT time, room, who, text, is_topic FROM said ORDER BY time, place"
        ):
            yield Said(time, places[room], people[who], text, bool(is_topic))

    def _add(self, record: Record) -> None:
        texts = messages(record.text)
        if record.is_topic:
            texts = texts[:1]
        if not texts:
            self.left_out["messages without text"] += 1
            return
        room = self._places.number(record.room_id, record.room)
        who = self._people.number(record.who, record.name)
        self._rows += [(record.time, room, who, text, record.is_topic) for text in texts]

    def _write(self) -> None:
        self._db.executemany("INSERT INTO said (time, room, who, text, is_topic) VALUES (?, ?, ?, ?, ?)", self._rows)
        self._rows.clear()


class _Known:
    """Numbers for those who were met, who are told apart by an id or, without one, by their name."""

    def __init__(self, what: str) -> None:
        self.names: list[str] = []
        self._what = what
        self._keys: list[str] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._by_key: dict[str, int] = {}

    def number(self, identity: str, name: str) -> int:
        found = self._numbers.get((identity, name))
        if found is None:
            # The same id under another name is the same person, under the first of them.
            key = f"id {identity}" if identity else f"name {names.folded(name)}"
            found = self._by_key.setdefault(key, len(self.names))
            if found == len(self.names):
                if len(self.names) == MAX_NAMES:
                    raise TooManyNamesError(f"more than {MAX_NAMES:,} different {self._what}")
                self.names.append(name)
                self._keys.append(key)
            if len(self._numbers) < 4 * MAX_NAMES:
                self._numbers[identity, name] = found
        return found

    def called(self, renaming: Renaming) -> list[str]:
        """Return what each of them is called: those whose name is one here first have theirs."""
        for key, name in zip(self._keys, self.names, strict=True):
            renaming.reserve(key, name)
        return [renaming.name(key, name) for key, name in zip(self._keys, self.names, strict=True)]


def messages(text: str) -> list[str]:
    """Return a text as messages of one line each, without colours and without what commands a terminal."""
    if text.isprintable() and len(text) <= MAX_TEXT_BYTES // 4:
        return [text] if text.strip() else []
    lines = plain(text).replace("\r\n", "\n").replace("\r", "\n").split("\n")
    return [part for line in lines if line.strip() for part in _parts(clean(line))]


def _parts(line: str) -> Iterator[str]:
    data = line.encode()
    start = 0
    while start < len(data):
        end = min(start + MAX_TEXT_BYTES, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        yield data[start:end].decode()
        start = end
