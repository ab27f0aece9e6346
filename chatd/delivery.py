"""The lines of one batch for one room: rendered once for each audience, cut to measure for those who took part."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from chatd import wire
from chatd.events import Said
from chatd.journal import Entry


class Reader(Protocol):
    """Somebody whom lines are sent to."""

    @property
    def tagged(self) -> bool:
        """Whether lines carry tags for this one."""

    def send(self, data: bytes) -> None:
        """Send whole lines; never blocks, never raises."""


class Broadcast:
    """What the members of one room get of one batch.

    Lines are added in order; then `send` gives every member all of them at once, but for those who took part: the
    one who said a line gets its own form of it, and one who came in the middle gets what was said from there on.
    Only the audiences that are asked for are rendered.
    """

    def __init__(self, *, tagged: bool, untagged: bool) -> None:
        self._tagged = tagged
        self._untagged = untagged
        self._lines: tuple[list[bytes], list[bytes]] = ([], [])
        self._own: dict[Reader, dict[int, bytes]] = {}
        self._first: dict[Reader, int] = {}
        self._count = 0

    def add(self, entry: Entry) -> None:
        """Render one more entry; its origin gets an echo if it reads tags, else nothing."""
        body = wire.render(entry.event)
        origin = entry.origin
        own = b""
        untagged, tagged = self._lines
        if self._untagged:
            untagged.append(wire.encode(body))
        if self._tagged:
            tags = f"time={wire.timestamp(entry.time)}"
            if entry.id:
                tags = f"id={entry.id};{tags}"
            tagged.append(f"@{tags} {body}\r\n".encode())
            if origin is not None and origin.tagged and entry.id:
                labelled = entry.label is not None and type(entry.event) is Said
                own = f"@{tags};label={entry.label} {body}\r\n".encode() if labelled else tagged[-1]
        if origin is not None:
            self._own.setdefault(origin, {})[self._count] = own
        self._count += 1

    def answer(self, reader: Reader, line: bytes) -> None:
        """Add a line that is for one reader alone, in its place among the others."""
        if self._untagged:
            self._lines[False].append(b"")
        if self._tagged:
            self._lines[True].append(b"")
        self._own.setdefault(reader, {})[self._count] = line
        self._count += 1

    def join(self, reader: Reader) -> None:
        """From here on ``reader`` is among the members."""
        self._first[reader] = self._count

    def catch_up(self, reader: Reader) -> bytes:
        """Return all lines for one reader from where it joined, or from the beginning, up to here."""
        lines = self._lines[reader.tagged]
        first = self._first.get(reader, 0)
        own = self._own.get(reader, {})
        return b"".join(own.get(i, line) for i, line in enumerate(lines[first:], first))

    def send(self, members: Iterable[Reader], *, but: Iterable[Reader] = ()) -> None:
        """Give ``members`` their lines, but those who are to get theirs after something else."""
        shared = tuple(b"".join(lines) for lines in self._lines)
        later = set(but)
        for member in members:
            if member in later:
                continue
            took_part = member in self._own or member in self._first
            data = self.catch_up(member) if took_part else shared[member.tagged]
            if data:
                member.send(data)
