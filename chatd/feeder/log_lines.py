"""What is said of one line of a log: without what commands a terminal, in as many messages as it needs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatd.protocol.text import clean

MAX_TEXT_BYTES = 7800
"""How much of a line is said in one message: with a label and a number it fits a line of the protocol."""

_ESCAPES = re.compile(
    r"""\x1b (?: \[ [0-?]* [ -/]* [@-~]             # CSI: colors, the cursor
            | [\]PX^_] [^\x07\x1b]* (?: \x07 | \x1b\\ )?  # OSC, DCS, SOS, PM, APC: titles, links
            | [ -/]* [0-~] )?                       # the others""",
    re.VERBOSE,
)


def texts(line: bytes) -> list[str]:
    """Return what is to be said of a line, in order; nothing of one that shows nothing.

    ``line`` may have its end. Bytes that are not UTF-8 become U+FFFD; of what was written over after a CR, what a
    terminal shows in the end is left; a text of more than `MAX_TEXT_BYTES` becomes parts, each with its number.
    """
    shown = _ESCAPES.sub("", line.decode(errors="replace")).rstrip("\r\n")
    shown = clean(shown.rpartition("\r")[2])
    if not shown.strip():
        return []
    if len(shown.encode()) <= MAX_TEXT_BYTES:
        return [shown]
    parts = list(_split(shown))
    return [f"({number}/{len(parts)}) {part}" for number, part in enumerate(parts, 1)]


def _split(text: str) -> Iterator[str]:
    data = text.encode()
    start = 0
    while start < len(data):
        end = min(start + MAX_TEXT_BYTES, len(data))
        while end < len(data) and data[end] & 0xC0 == 0x80:
            end -= 1
        yield data[start:end].decode()
        start = end
