"""What was copied, made ready to be pasted: as much as can be, cut where a line ends, or as a block of code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from chatd.client.model.slash import MAX_TEXT_BYTES

MAX_PASTED = 200_000
"""How many characters are pasted at most."""
LINE_BYTES = MAX_TEXT_BYTES - 300
"""How many bytes of a line are pasted as one, so that it can be sent to any room or person."""
FENCE = "```"
"""What stands on a line by itself before and after a block of code."""


@dataclass(frozen=True, slots=True)
class Pasting:
    """What can be pasted, and how much of what was copied that leaves out."""

    text: str
    lines: int
    lines_left: int = 0
    characters_left: int = 0
    whole: bool = True
    """Whether what is left out is known to be all that there is more."""

    @property
    def cut(self) -> bool:
        """Whether anything is left out."""
        return not self.whole or self.characters_left > 0

    @property
    def one_line(self) -> str:
        """It, without the ends of its lines."""
        return " ".join(line.strip() for line in self.text.splitlines() if line.strip())

    @property
    def fits_one_line(self) -> bool:
        """Whether that can be sent as one."""
        return len(self.one_line.encode(errors="replace")) <= LINE_BYTES

    @property
    def code(self) -> str:
        """It, as a block of code."""
        return f"{FENCE}\n{self.text}\n{FENCE}"


def make_ready(
    copied: str, *, whole: bool = True, most: int = MAX_PASTED, line_bytes: int | None = LINE_BYTES
) -> Pasting:
    """Return what can be pasted of what was copied, which is ``whole`` if there was not even more.

    What is too long ends with the last line that fits, or the last word if it is one line, if there is one. A line of
    more than ``line_bytes`` bytes becomes several.
    """
    text = copied.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    if "\n" in text.strip("\n"):
        text = text.strip("\n")
    if line_bytes is not None:
        text = "\n".join(part for line in text.split("\n") for part in _parts(line, line_bytes))
    end = len(text)
    if end > most or not whole:
        end = _end(text, min(end, most))
    kept, left = text[:end].rstrip("\n") if end < len(text) else text, text[end:].strip("\n")
    return Pasting(kept, _count(kept), _count(left), len(left), whole)


def is_in_code(before: str) -> bool:
    """Return whether what comes after a text is in a block of code that the text has begun."""
    return sum(line.lstrip().startswith(FENCE) for line in before.split("\n")) % 2 == 1


def _end(text: str, most: int) -> int:
    """Return where what fits ends: a part of a line at the end may be all there is of it."""
    if most == len(text) or text[most] != "\n":
        for end in ("\n", " "):
            found = text.rfind(end, 0, most)
            if found > 0:
                return found
    return most


def _parts(line: str, most: int) -> Iterator[str]:
    """Yield a line in parts of at most so many bytes each, divided between words if that can be."""
    while len(line.encode(errors="replace")) > most:
        fitting = line.encode(errors="replace")[:most].decode(errors="ignore")
        end = fitting.rfind(" ") + 1 or len(fitting)
        yield line[:end]
        line = line[end:]
    yield line


def _count(text: str) -> int:
    return len(text.splitlines())
