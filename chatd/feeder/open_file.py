"""One open file, read line by line from where it was left."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from chatd.feeder.place import TAIL_BYTES, Place, holds, tail_of

CHUNK_BYTES = 64 * 1024
"""How much is read at a time. A line that is longer is said in pieces of this size."""


@dataclass(slots=True, eq=False)
class Piece:
    """A line, or a piece of a long one. ``waiting`` is how many messages of it are not acknowledged yet."""

    file: OpenFile
    start: int
    end: int
    tail: str
    data: bytes
    waiting: int = 0


class OpenFile:
    """A file that is read, and what of it has been said. ``place`` is where that ends; it is moved by `settle`."""

    def __init__(self, place: Place, descriptor: int) -> None:
        self.place = place
        self.quiet_since: float | None = None
        """When a file that gave way to another was last found to have grown; None while it is the one to follow."""
        self.done = False
        """Whether nobody writes to it any more, so that its last line is one, though it may have no end."""
        self.descriptor = descriptor
        self.gone = False
        """Whether what was not read yet can be read no more."""
        self._offset = place.offset
        self._last = os.pread(descriptor, min(place.offset, TAIL_BYTES), max(0, place.offset - TAIL_BYTES))
        self._pieces: deque[Piece] = deque()
        self._size = place.offset
        self._seen = -1

    @property
    def settled(self) -> bool:
        """Whether all that was read has been said."""
        return not self._pieces

    def close(self) -> None:
        """Let go of the file."""
        os.close(self.descriptor)

    def take_over(self, other: OpenFile) -> None:
        """Go on where another file was left, of which this is a copy."""
        self._offset, self._last, self._size = other._offset, other._last, other._offset
        self._pieces, other._pieces = other._pieces, deque()
        for piece in self._pieces:
            piece.file = self
        other.close()

    def give_up(self) -> None:
        """Read no more of it: what was there is gone."""
        self.done = self.gone = True

    def has_grown(self) -> bool:
        """Return whether the file is another length than when this was last asked. Raise `OSError`."""
        seen, self._seen = self._seen, self.size()
        return seen != self._seen

    def has_more(self) -> bool:
        """Return whether there is something that was not read yet. Raise `OSError`."""
        return not self.gone and self.size() > self._offset

    def size(self) -> int:
        """Return how long the file is. Raise `OSError`."""
        return os.fstat(self.descriptor).st_size

    def was_truncated(self) -> bool:
        """Return whether what was read is no longer there, because the file was emptied. Raise `OSError`."""
        size = self.size()
        if size == self._size:
            return False
        self._size = size
        return size < self._offset or not holds(self.descriptor, self._offset, tail_of(self._last))

    def read(self, *, to_the_end: bool = False) -> Iterator[Piece]:
        """Yield the lines that are there, up to `CHUNK_BYTES` of them; ``to_the_end`` also one without its end.

        Raise `OSError`.
        """
        if self.gone:
            return
        data = os.pread(self.descriptor, CHUNK_BYTES, self._offset)
        for line in _lines(data, whole=to_the_end or len(data) == CHUNK_BYTES):
            start, self._offset = self._offset, self._offset + len(line)
            self._last = (self._last + line)[-TAIL_BYTES:]
            piece = Piece(self, start, self._offset, tail_of(self._last), line)
            self._pieces.append(piece)
            yield piece

    def settle(self) -> bool:
        """Move the place behind all that was said; return whether it moved."""
        moved = False
        while self._pieces and not self._pieces[0].waiting:
            piece = self._pieces.popleft()
            self.place.offset, self.place.tail, moved = piece.end, piece.tail, True
        return moved


def _lines(data: bytes, *, whole: bool) -> Iterator[bytes]:
    """Yield lines with their ends. The rest without one is a line where it is all there is and ``whole``."""
    start = 0
    while (end := data.find(b"\n", start) + 1) > 0:
        yield data[start:end]
        start = end
    rest = data[start:]
    if rest and whole and (start == 0 or len(data) < CHUNK_BYTES):
        yield rest[: _border(rest)] if len(data) == CHUNK_BYTES else rest


def _border(data: bytes) -> int:
    """Return where to cut, so that no character of UTF-8 is cut in two."""
    for back in range(1, 4):
        first = data[-back]
        if first >= 0xC0:
            length = 4 if first >= 0xF0 else 3 if first >= 0xE0 else 2
            return len(data) - back if length > back else len(data)
    return len(data)
