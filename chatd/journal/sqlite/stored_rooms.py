"""How the rooms of a journal's file stand: read when one is first asked for, and kept up to date from then on."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

from typing_extensions import override

from chatd.journal.known_rooms import KnownRooms, RoomState
from chatd.journal.sqlite import standings
from chatd.model.entry import Entry, StoredEvent
from chatd.protocol.events import DurableEvent

MAX_ABSENT = 10_000
"""Of how many keys it is remembered that there is no such room: those that were asked for last."""

T = TypeVar("T")


class Asker(Protocol):
    """Puts a question to the file, at once: some ten microseconds where the pages are in memory."""

    def __call__(self, question: Callable[[sqlite3.Connection], T]) -> T:
        """Return the answer. Raise `JournalError` if it cannot be had."""


class StoredRooms(KnownRooms):
    """Each room as of the last batch that was handed back.

    A start reads none of them, however many there are. For a room that nobody has asked for yet the file says the same
    as this would, unless something about the room was just committed and is not handed back, or the room was just
    forgotten: so `before_writing` reads those that a batch is about, and what is leaving the file is not asked for.
    """

    def __init__(self, ask: Asker) -> None:
        self._read: dict[str, RoomState] = {}
        super().__init__(self._read)
        self._ask = ask
        self._count = 0
        self._is_all = True
        self._absent: dict[str, None] = {}
        self._written: set[str] = set()
        self._leaving: set[str] = set()
        self._unspoken: dict[str, None] = {}

    def open(self) -> None:
        """Begin to ask the file, which is open. Raise `JournalError`."""
        self._count = self._ask(standings.count)
        self._is_all = False

    def find(self, key: str) -> RoomState | None:
        """Return how a room stands, given its key; None if there is none. Raise `JournalError`."""
        found = self._read.get(key)
        if found is not None or self._is_all or key in self._absent or key in self._written or key in self._leaving:
            return found
        found = self._ask(partial(standings.standing, key=key))
        if found is not None:
            self._read[key] = found
            return found
        if len(self._absent) >= MAX_ABSENT:
            self._absent.clear()
        self._absent[key] = None
        return None

    def read_all(self) -> None:
        """Read what was not asked for so far. Raise `JournalError`."""
        if not self._is_all:
            for key, room_state in self._ask(standings.standings).items():
                if key not in self._written and key not in self._leaving:
                    self._read.setdefault(key, room_state)
            self._is_all = True
            self._absent.clear()

    @override
    def __getitem__(self, key: str) -> RoomState:
        if (found := self.find(key)) is None:
            raise KeyError(key)
        return found

    @override
    def __iter__(self) -> Iterator[str]:
        self.read_all()
        return iter(self._read)

    @override
    def __len__(self) -> int:
        return self._count

    @override
    def ruled(self, kind: str, about: Collection[str]) -> Mapping[str, str]:
        found = super().ruled(kind, about)
        if self._is_all:
            return found
        stored: dict[str, str] = self._ask(partial(standings.ruled, kind=kind, about=about))
        unknown = stored.keys() - self._read.keys() - self._written - self._leaving
        return {**found, **{key: stored[key] for key in unknown}}

    @override
    def conversations(self) -> Collection[str]:
        return super().conversations() if self._is_all else self._ask(standings.conversations)

    @override
    def unspoken(self) -> Collection[str]:
        if self._is_all:
            return super().unspoken()
        for key in [key for key in self._unspoken if key in self._read and not self._read[key].is_unspoken]:
            del self._unspoken[key]
        return list(self._unspoken)

    # What becomes of them.

    def before_writing(self, keys: Iterable[str]) -> None:
        """Read the rooms that the next batch is about, before the file says more than was handed back.

        Raise `JournalError`.
        """
        self._written = {key for key in keys if key not in self._read and self.find(key) is None}

    def handed_back(self, entries: Sequence[Entry], forgotten: Mapping[str, int]) -> None:
        """Note that a batch is handed back, and what was forgotten meanwhile: up to which id, by key."""
        for entry in entries:
            if entry.stored and entry.id > forgotten.get(entry.room, 0):
                event = entry.event
                assert isinstance(event, DurableEvent)
                room_state = self._read.get(entry.room)
                if room_state is None:
                    room_state = self._read[entry.room] = RoomState(event.room)
                    self._absent.pop(entry.room, None)
                    self._unspoken[entry.room] = None
                    self._count += 1
                room_state.apply(StoredEvent(entry.id, entry.time, event))
        self._written.clear()

    def raise_watermarks(self, watermarks: Mapping[str, int]) -> None:
        """Note up to which ids retention has deleted, by key."""
        for key, watermark in watermarks.items():
            # Of one that was not read the file says so.
            if (room_state := self._read.get(key)) is not None:
                room_state.watermark = max(room_state.watermark, watermark)

    def note_unspoken(self, keys: Iterable[str]) -> None:
        """Note, of some rooms, that no message is left of them."""
        self._unspoken.update(dict.fromkeys(keys))

    def replace(self, room_states: Mapping[str, RoomState]) -> None:
        """Take over how some rooms stand that were read."""
        self._read.update(room_states)

    def forget(self, key: str, upto: int) -> None:
        """Know a room no more, if nothing happened in it after an id, while the file still has it."""
        found = self.find(key)
        if found is not None and found.last_id > upto:
            return
        self._unspoken.pop(key, None)
        self._leaving.add(key)
        if found is not None:
            del self._read[key]
            self._count -= 1

    def left(self, keys: Iterable[str]) -> None:
        """Note that rooms are forgotten in the file, too."""
        self._leaving.difference_update(keys)
