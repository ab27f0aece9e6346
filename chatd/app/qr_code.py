"""A QR code for the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec

QUIET = 4
"""How many empty modules are around it (ISO/IEC 18004, 6.3.8)."""
_HALVES = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
"""By whether the upper and the lower module are dark: what is light is drawn, since most terminals are dark."""
_WHITE_ON_BLACK, _PLAIN = "\x1b[97;40m", "\x1b[0m"


def qr_code(text: str, *, colour: bool) -> str | None:
    """Return the lines of a QR code, two modules high each; None if segno is not installed.

    With ``colour`` the terminal is told to draw it white on black, whatever its own colours are.
    """
    if find_spec("segno") is None:
        return None
    import segno

    return draw([[bool(module) for module in row] for row in segno.make_qr(text).matrix], colour=colour)


def draw(matrix: Sequence[Sequence[bool]], *, colour: bool) -> str:
    """Return the lines for a matrix in which dark modules are true."""
    width = len(matrix[0]) + 2 * QUIET
    empty = [[False] * width] * QUIET
    rows = [*empty, *([False] * QUIET + list(row) + [False] * QUIET for row in matrix), *empty]
    if len(rows) % 2:
        rows.append([False] * width)
    lines = (
        "".join(_HALVES[pair] for pair in zip(*two, strict=True)) for two in zip(rows[::2], rows[1::2], strict=True)
    )
    before, after = (_WHITE_ON_BLACK, _PLAIN) if colour else ("", "")
    return "\n".join(f"{before}{line}{after}" for line in lines)
