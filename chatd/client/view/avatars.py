"""Avatars: rounded squares of a person's colour, smooth at every size; the initial is drawn over them."""

from __future__ import annotations

import base64
import struct
import tkinter as tk
import zlib
from functools import lru_cache

_ROUND = 0.28
"""The radius of a corner by the length of a side."""
_MAX_KEPT = 256


class Avatars:
    """Makes the squares, each once."""

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self._made: dict[tuple[str, int], tk.PhotoImage] = {}

    def square(self, colour: str, size: int) -> tk.PhotoImage:
        """Return a square of a colour, ``size`` pixels wide."""
        made = self._made.get((colour, size))
        if made is None:
            if len(self._made) >= _MAX_KEPT:
                self._made.clear()
            made = tk.PhotoImage(master=self._root, data=base64.b64encode(square_png(colour, size)))
            self._made[colour, size] = made
        return made


def initial(nick: str) -> str:
    """Return the letter that stands for a nick."""
    return nick[:1].upper()[:1] or "?"


def square_png(colour: str, size: int) -> bytes:
    """Return a picture of a rounded square whose edge fades over one pixel."""
    red_green_blue = bytes.fromhex(colour.removeprefix("#"))
    rows = [b"\0" + b"".join(red_green_blue + bytes((each,)) for each in row) for row in _coverage(size)]
    header = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )


@lru_cache(maxsize=8)
def _coverage(size: int) -> list[list[int]]:
    """Return of each pixel how much of it the square covers, 0 to 255."""
    radius = size * _ROUND
    distances = [max(0.0, radius - place - 0.5) for place in range((size + 1) // 2)]
    half = [
        [round(255 * min(1.0, max(0.0, radius - (x * x + y * y) ** 0.5 + 0.5))) for x in distances] for y in distances
    ]
    wide = [row + row[: size // 2][::-1] for row in half]
    return wide + wide[: size // 2][::-1]
