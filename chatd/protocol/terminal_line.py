"""What a terminal would show of a line that returns to its beginning: progress bars, in what programs log."""

from __future__ import annotations

import re
from collections.abc import Callable
from unicodedata import category, east_asian_width

from chatd.protocol import terminal
from chatd.protocol.wire import MAX_LINE_BYTES

MAX_PART_BYTES = MAX_LINE_BYTES - 16
"""Of a line that is longer than one may be, so that there is room for the number of the part."""
MAX_CELL_BYTES = 64
"""As much of one character and its marks stays together."""
_PARAMETERS = 32
"""So many characters of a sequence's parameters are looked at."""
_NUMBER = re.compile(r"[0-9]{0,9}")
# A run of what is written, what shows nothing, what moves the cursor, and the sequences.
_TOKEN = re.compile(
    r"([^\0\x07\x08\r\x0e\x0f\x1b\x90\x98\x9b-\x9f]+)|[\0\x07\x0e\x0f\x9c]|([\x08\r])"
    rf"|{terminal.CSI}|{terminal.STRING}|({terminal.SHORT})"
)


class TerminalLine:
    """One line of a terminal without end at its right: text is written over what the cursor has gone back to.

    ``emit`` gets what is too long for one line: a part of at most `MAX_PART_BYTES`, cut between two characters. What
    follows stands on the next row, as if the terminal were so wide.
    """

    __slots__ = ("_cells", "_column", "_emit", "_held", "_overwritten", "_size", "work")

    def __init__(self, emit: Callable[[str], None]) -> None:
        self.work = 0
        """How much was done, in characters; whoever charges for it sets it back to 0."""
        self._emit = emit
        self._held = ""  # a sequence whose end has not come yet
        self._begin()

    def _begin(self) -> None:
        self._cells: list[str] = []  # a wide character has an empty one behind it
        self._column = 0
        self._size = 0
        self._overwritten = False

    def write(self, text: str) -> None:
        """Write the next part of the line, cut anywhere."""
        self._write(text, final=False)

    def finish(self, text: str) -> str:
        """Write the last part of the line; return what is to be seen of it, and begin another line."""
        self._write(text, final=True)
        shown = "".join(self._cells)
        if self._overwritten:
            shown = shown.rstrip(" ")
        self._begin()
        return shown

    def _write(self, text: str, *, final: bool) -> None:
        text = self._held + text
        self._held = ""
        self.work += len(text)
        before: re.Match[str] | None = None
        for token in _TOKEN.finditer(text):
            run, moves, parameters, between, last, _, _, _ = token.groups()
            if run:
                self._put_run(run)
            elif moves:
                self._column = 0 if moves == "\r" else max(0, self._column - 1)
            elif not final and token.end() == len(text):
                self._held = _unfinished(token, before)
            if last and not between:
                self._carry_out(last, parameters)
            before = token

    def _put_run(self, run: str) -> None:
        if not run.isascii() or self._column != len(self._cells):
            for character in run:
                self._put(character)
            return
        while run:
            room = MAX_LINE_BYTES - self._size
            self._cells += run[:room]
            self._size += len(run[:room])
            run = run[room:]
            if run:
                self._split()
        self._column = len(self._cells)

    def _put(self, character: str) -> None:
        cells, size = self._cells, len(character.encode())
        width = _width(character)
        if width == 0 and self._put_mark(character, size):
            return
        missing = self._column - len(cells)
        replaced = cells[self._column : self._column + max(1, width)]
        if self._size + max(0, missing) + size - _bytes(replaced) > MAX_LINE_BYTES:
            self._split()
            missing, replaced = 0, []
        if missing > 0:
            cells += " " * missing
            self._size += missing
        at = self._column
        if replaced:
            self._overwritten = True
            self._part_wide(at)
            self._part_wide(at + len(replaced))
        self._size += size - _bytes(cells[at : at + len(replaced)])
        cells[at : at + len(replaced)] = [character, ""] if width == 2 else [character]
        self._column = at + max(1, width)

    def _put_mark(self, mark: str, size: int) -> bool:
        """Put a mark onto the character before the cursor; return whether there is one that has room for it."""
        at = self._column - 1
        if not 0 <= at < len(self._cells) or self._size + size > MAX_LINE_BYTES:
            return False
        if not self._cells[at]:
            at -= 1
        if len(self._cells[at].encode()) > MAX_CELL_BYTES:
            return False
        self._cells[at] += mark
        self._size += size
        return True

    def _part_wide(self, at: int) -> None:
        """Leave blanks of a wide character whose second half is at a column, for one half of it will go."""
        if 0 < at < len(self._cells) and not self._cells[at]:
            self._size += 2 - len(self._cells[at - 1].encode())
            self._cells[at - 1 : at + 1] = "  "

    def _split(self) -> None:
        """Emit the beginning of the line; what does not fit, and the cursor's place in it, stay."""
        cells, size = self._cells, self._size
        kept = len(cells)
        while size > MAX_PART_BYTES or (kept < len(cells) and not cells[kept]):
            kept -= 1
            size -= len(cells[kept].encode())
        if kept:
            self._emit("".join(cells[:kept]))
            del cells[:kept]
            self._size -= size
        self._column = len(cells)

    def _carry_out(self, last: str, parameters: str) -> None:
        """Carry out a sequence that moves the cursor within the line or erases some of it; others show nothing."""
        numbers = parameters[:_PARAMETERS].split(";")
        if not all(_NUMBER.fullmatch(number) for number in numbers):
            return
        first = int(numbers[0] or 0)
        match last:
            case "K" | "J":
                self._erase(first)
            case "X":
                self._blank(self._column, self._column + max(1, first))
            case "G" | "`":
                self._column = min(max(1, first), MAX_PART_BYTES) - 1
            case "C" | "a":
                self._column = min(self._column + max(1, first), MAX_PART_BYTES - 1)
            case "D":
                self._column = max(0, self._column - max(1, first))
            case "H" | "f":
                column = int(numbers[1] or 0) if len(numbers) > 1 else 1
                self._column = min(max(1, column), MAX_PART_BYTES) - 1
            case "E" | "F":
                self._column = 0

    def _erase(self, what: int) -> None:
        """Erase what is behind the cursor (0), before it (1), or all (2)."""
        if what == 1:
            self._blank(0, self._column + 1)
        elif what <= 3:
            start = self._column if what == 0 else 0
            if start < len(self._cells):
                self._part_wide(start)
                self._overwritten = True
                self.work += len(self._cells) - start
                self._size -= _bytes(self._cells[start:])
                del self._cells[start:]

    def _blank(self, start: int, stop: int) -> None:
        stop = min(stop, len(self._cells))
        if start < stop:
            self._part_wide(start)
            self._part_wide(stop)
            self._overwritten = True
            self.work += stop - start
            self._size += stop - start - _bytes(self._cells[start:stop])
            self._cells[start:stop] = " " * (stop - start)


def _unfinished(token: re.Match[str], before: re.Match[str] | None) -> str:
    """Return what stands for a sequence at the end of what has come yet, if more of it may follow."""
    _, _, parameters, between, last, string, end, short = token.groups()
    if short is not None:
        if len(short) > 1 and short[-1] >= "0":
            return ""
        inside = before is not None and before[6] is not None and not before[7]
        return (before[6][: _introducer(before[6])] if inside and before else "") + short[:_PARAMETERS]
    if string is not None:
        return "" if end else string[: _introducer(string)]
    if last is None or last:
        return ""
    return token[0][: _introducer(token[0])] + parameters[:_PARAMETERS] + between[:_PARAMETERS]


def _introducer(sequence: str) -> int:
    """Return how many characters begin a sequence."""
    return 2 if sequence[0] == "\x1b" else 1


def _bytes(cells: list[str]) -> int:
    return len("".join(cells).encode())


def _width(character: str) -> int:
    """Return how many columns a character takes."""
    if character.isascii():
        return 1
    if category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
