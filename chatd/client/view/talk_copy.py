"""What is copied out of the conversation: what was said, not what stands for it on the screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from chatd.client.model.lines import Kind
from chatd.client.model.room import Room
from chatd.client.model.rows import DayRow, FoldRow, HeadRow, LineRow, QuoteRow, ReactionsRow, Row, Shape
from chatd.client.view.bidi_rows import BidiRows
from chatd.client.view.row_text import RowText
from chatd.client.view.talk_rows import Piece, Renderer


class Copier:
    """Returns parts of the text that ``rows`` writes, as they were said."""

    def __init__(self, rows: RowText, renderer: Renderer, bidi: BidiRows) -> None:
        self._rows = rows
        self._renderer = renderer
        self._bidi = bidi

    def selected(self, room: Room, *, names: bool) -> str:
        """Return what is selected; with ``names``, each line with the time and the name."""
        ranges = self._rows.text.tag_ranges("sel")
        return self.between(room, str(ranges[0]), str(ranges[-1]), names=names) if ranges else ""

    def between(self, room: Room, start: str, end: str, *, names: bool) -> str:
        """Return what is between two places of the text."""
        text = self._rows.text
        first, last = self._rows.number_at(start), self._rows.number_at(end)
        if first == last and not names and not isinstance(self._rows.rows[first], LineRow):
            return str(text.get(start, end)).rstrip("\n")
        found: list[str] = []
        for number in range(first, last + 1):
            line = f"{number + 1}.0"
            begin = len(text.get(line, start)) if number == first else 0
            stop = len(text.get(line, end)) if number == last else None
            if number > first and stop == 0:
                break
            found += self._row(room, self._rows.rows[number], begin, stop, names=names)
        return "\n".join(found)

    def _row(self, room: Room, row: Row, begin: int, stop: int | None, *, names: bool) -> Iterator[str]:
        if isinstance(row, QuoteRow | ReactionsRow) or (isinstance(row, LineRow) and row.shape is Shape.FENCE):
            return
        if names and isinstance(row, HeadRow):
            return
        if not isinstance(row, HeadRow | LineRow | FoldRow):
            if names and isinstance(row, DayRow):
                yield str(row)
            return
        pieces = self._renderer.pieces(room, row)
        laid = self._bidi.lay_out(pieces)
        said = cut(pieces, begin, stop, self._renderer.safe) if laid is None else laid.copied(begin, stop)
        yield f"{self._before(room, row)}{said}" if names else said

    def _before(self, room: Room, row: HeadRow | LineRow | FoldRow) -> str:
        """Return the time, and of what was said the name. Code has neither: it is pasted to be run."""
        line = room.lines[row.index]
        if isinstance(row, LineRow) and row.shape is Shape.CODE:
            return ""
        named = isinstance(row, LineRow) and line.kind is Kind.SAID and not line.action
        return f"[{self._renderer.time(line)}] {f'{line.nick}: ' if named else ''}"


def cut(pieces: Sequence[Piece], begin: int, stop: int | None, safe: Callable[[str], str]) -> str:
    """Return what was said where pieces are drawn from the character ``begin`` up to ``stop`` of their row."""
    at, found = 0, ""
    for text, _, source, _ in pieces:
        start, end = max(0, begin - at), len(text) if stop is None else min(len(text), stop - at)
        at += len(text)
        if start >= end:
            continue
        if source is None or source == text:
            found += text[start:end]
        elif start == 0 and end == len(text):
            found += source
        else:
            found += _part(source, text, start, end, safe)
    return found


def _part(source: str, text: str, start: int, end: int, safe: Callable[[str], str]) -> str:
    """Return which characters of what was said stand for a part of what is drawn; all, where that cannot be told."""
    drawn = [safe(character) for character in source]
    if "".join(drawn) != text:
        return source
    at, found = 0, ""
    for character, shown in zip(source, drawn, strict=True):
        if at < end and at + len(shown) > start:
            found += character
        at += len(shown)
    return found
