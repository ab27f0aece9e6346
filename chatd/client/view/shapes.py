"""The shapes that buttons, fields and scrollbars are made of, as PNG pictures of exactly the size that is wanted.

They are drawn here because Tk's own have no round corners, and pictures in files have one size. A ttk element stretches
such a picture between its corners.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass

MIDDLE = 48
"""How many pixels lie between the corners of a box: ttk repeats them, and few large tiles are faster than many."""
_CLEAR = b"\0\0\0\0"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with round corners; sizes in pixels, colours as ``#rrggbb``, None for what is not drawn."""

    fill: str | None
    line: str | None = None
    radius: float = 0
    thickness: float = 1
    inset: float = 0
    """How much of the edge stays clear."""
    middle: int = MIDDLE

    @property
    def corner(self) -> int:
        """How many pixels at each edge are not repeated."""
        return max(1, round(self.radius + self.inset + 0.49))

    def png(self) -> bytes:
        """Return the picture."""
        corner, middle = self.corner, self.middle
        # The corner at the left top and one pixel more of each edge: all else is the same again.
        half = {(x, y): self.pixel(x + 0.5, y + 0.5) for y in range(corner + 1) for x in range(y + 1)}
        rows = [[half[min(x, y), max(x, y)] for x in range(corner + 1)] for y in range(corner + 1)]
        lines = [b"".join(row[:corner]) + row[corner] * middle + b"".join(row[:corner][::-1]) for row in rows]
        return png([*lines[:corner], *[lines[corner]] * middle, *lines[:corner][::-1]])

    def pixel(self, x: float, y: float) -> bytes:
        """Return the red, green, blue and alpha of a point near the left top."""
        outer = _cover(self._distance(x, y, self.inset))
        if outer <= 0:
            return _CLEAR
        inner = _cover(self._distance(x, y, self.inset) + self.thickness) if self.line else 1.0
        return _mix(self.line or self.fill, self.fill, inner, outer)

    def _distance(self, x: float, y: float, inset: float) -> float:
        """Return how far a point near the left top is outside the edge; negative inside."""
        edge = self.radius + inset
        dx, dy = edge - x, edge - y
        if dx > 0 and dy > 0:
            return float((dx * dx + dy * dy) ** 0.5) - self.radius
        return max(dx, dy) - self.radius


@dataclass(frozen=True, slots=True)
class Sign:
    """A square of ``size`` pixels with a ``shape`` on a ``ground``: strokes through points from 0 to 1, or a disc."""

    size: int
    ground: Box | None
    colour: str | None = None
    strokes: tuple[tuple[float, float], ...] = ()
    thickness: float = 0.1
    disc: float = 0

    def png(self) -> bytes:
        """Return the picture."""
        size, colour = self.size, self.colour
        half = (size + 1) // 2
        quarter = [[self._under(x + 0.5, y + 0.5) for x in range(half)] for y in range(half)]
        rows = [row + row[: size - half][::-1] for row in quarter]
        rows += [list(row) for row in rows[: size - half][::-1]]
        if colour is not None:
            inner = range(size // 6, size - size // 6)  # no sign goes to the edge
            for y in inner:
                for x in inner:
                    if (cover := self._cover((x + 0.5) / size, (y + 0.5) / size)) > 0:
                        rows[y][x] = _over(rows[y][x], colour, cover)
        return png([b"".join(row) for row in rows])

    def _under(self, x: float, y: float) -> bytes:
        return _CLEAR if self.ground is None else self.ground.pixel(x, y)

    def _cover(self, x: float, y: float) -> float:
        if self.disc:
            return _cover((((x - 0.5) ** 2 + (y - 0.5) ** 2) ** 0.5 - self.disc) * self.size)
        pairs = zip(self.strokes, self.strokes[1:], strict=False)
        return _cover((min(_to_line(x, y, *a, *b) for a, b in pairs) - self.thickness / 2) * self.size)


TICK = ((0.27, 0.52), (0.44, 0.69), (0.74, 0.34))
DOWN = ((0.25, 0.4), (0.5, 0.65), (0.75, 0.4))
UP = ((0.25, 0.6), (0.5, 0.35), (0.75, 0.6))


def png(rows: list[bytes]) -> bytes:
    """Return a picture of these rows of red, green, blue and alpha bytes."""
    width, height = len(rows[0]) // 4, len(rows)
    header = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    packed = zlib.compress(b"".join(b"\0" + row for row in rows), 1)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", packed) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def _cover(outside: float) -> float:
    """Return how much of a pixel is covered whose middle is so far outside."""
    return min(1.0, max(0.0, 0.5 - outside))


def _rgb(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


def _mix(line: str | None, fill: str | None, inner: float, outer: float) -> bytes:
    """Return a pixel of which ``outer`` is covered, and ``inner`` by the fill."""
    if fill is None:
        if line is None:
            return _CLEAR
        return bytes((*_rgb(line), round(255 * outer * (1 - inner))))
    parts = zip(_rgb(line or fill), _rgb(fill), strict=True)
    return bytes((*(round(a + (b - a) * inner) for a, b in parts), round(255 * outer)))


def _over(under: bytes, colour: str, cover: float) -> bytes:
    if not under[3]:
        return bytes((*_rgb(colour), round(255 * cover)))
    parts = zip(under, _rgb(colour), strict=False)
    return bytes((*(round(a + (b - a) * cover) for a, b in parts), max(under[3], round(255 * cover))))


def _to_line(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> float:
    along = ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / ((x2 - x1) ** 2 + (y2 - y1) ** 2)
    along = min(1.0, max(0.0, along))
    return float(((x - x1 - along * (x2 - x1)) ** 2 + (y - y1 - along * (y2 - y1)) ** 2) ** 0.5)


Drawable = Box | Sign
