"""Where the window stands and how large it is: as it was, as far as the screen of today can hold that."""

from __future__ import annotations

import re
import tkinter as tk
from dataclasses import dataclass

FIRST_SIZE = 750, 510
"""In points."""
LEAST_SIZE = 300, 240
"""In points; where a screen has less, half of what it has."""
_EDGE, _TITLE = 8, 40
"""How much of a screen is left free, in pixels: for the window's frame, and for its title."""
_GEOMETRY = re.compile(r"([0-9]+)x([0-9]+)(?:\+(-?[0-9]+)\+(-?[0-9]+))?")


@dataclass(frozen=True, slots=True)
class Screen:
    """All that windows can stand on, in pixels; it need not begin at 0."""

    left: int
    top: int
    width: int
    height: int
    scale: float
    """How many pixels a point has."""

    @property
    def room(self) -> tuple[int, int]:
        """How large a window can be."""
        return self.width - _EDGE, self.height - _TITLE

    @property
    def least(self) -> tuple[int, int]:
        """How small a window may be made."""
        width, height = (round(points * self.scale) for points in LEAST_SIZE)
        return min(width, self.room[0] // 2), min(height, self.room[1] // 2)


def this_screen(root: tk.Tk, scale: float) -> Screen:
    """Return what a window can stand on, where a point has so many pixels."""
    return Screen(root.winfo_vrootx(), root.winfo_vrooty(), root.winfo_vrootwidth(), root.winfo_vrootheight(), scale)


def geometry(screen: Screen, kept: str = "", kept_scale: float = 0) -> str:
    """Return what Tk is to be told, from what was kept of a screen of ``kept_scale`` (0 if that is not known)."""
    found = _GEOMETRY.fullmatch(kept)
    if found is None:
        width, height = (round(points * screen.scale) for points in FIRST_SIZE)
        return _written(screen, width, height)
    width, height = int(found[1]), int(found[2])
    if kept_scale > 0 and abs(kept_scale / screen.scale - 1) > 0.05:
        change = screen.scale / kept_scale
        return _written(screen, round(width * change), round(height * change))
    if found[3] is None:
        return _written(screen, width, height)
    width, height = _fit(screen, width, height)
    x, y = int(found[3]), int(found[4])
    x = max(screen.left, min(x, screen.left + screen.width - width))
    y = max(screen.top, min(y, screen.top + screen.height - height))
    return f"{width}x{height}+{x}+{y}"


def _fit(screen: Screen, width: int, height: int) -> tuple[int, int]:
    (most_wide, most_high), (least_wide, least_high) = screen.room, screen.least
    return max(least_wide, min(width, most_wide)), max(least_high, min(height, most_high))


def _written(screen: Screen, width: int, height: int) -> str:
    width, height = _fit(screen, width, height)
    return f"{width}x{height}"
