"""Rows of a text widget that are written from right to left, on a Tk that draws from left to right alone.

A row is broken into lines here, since each line is reordered by itself. Tk shows them as lines by tabs: one that goes
beyond the edge ends a line, and one whose stop is at the edge lets what follows end there.
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from chatd.client.model.bidi import has_right_to_left
from chatd.client.model.bidi_lines import BidiText, Drawn
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.talk_rows import Piece

FROM_RIGHT = "from-right"
IN_LINES = "in-lines"
_APART = frozenset({"head", "quote", "bar", "chip"})
"""Rows whose pieces are no sentence: each is reordered by itself, and stays in its place."""
_LEFT = frozenset({"code", "fence", "fold", "event", "alert"})
"""Rows that begin at the left whatever they say: code, and sentences of ours."""
_BEYOND = 10_000
_MAX_MEASURED = 5_000
_MAX_TEXTS = 500
_Tags = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Laid:
    """A row as it is drawn."""

    pieces: list[Piece]
    sources: list[tuple[tuple[int, str], ...]]
    """What each character that is drawn was in what was said: at which place of it, and which characters."""

    def copied(self, begin: int, end: int | None) -> str:
        """Return what was said where the characters from ``begin`` to ``end`` are drawn, in the order of writing."""
        found = sorted(source for sources in self.sources[begin:end] for source in sources)
        return "".join(text for _, text in found)


class BidiRows:
    """Lays out the rows of a text widget."""

    def __init__(self, text: tk.Text, glyphs: Glyphs) -> None:
        self._text = text
        self._glyphs = glyphs
        self._options: dict[tuple[_Tags, str], str] = {}
        self._measured: dict[tuple[str, str], int] = {}
        self._texts: dict[tuple[str, int | None], BidiText] = {}
        self._width = 0

    def paint(self) -> bool:
        """Take in new fonts and distances; return whether there are rows that have to be laid out for them."""
        self._options.clear()
        self._measured.clear()
        self._texts.clear()
        self._width = 0
        return self.resize()

    def resize(self) -> bool:
        """Take in a new width of the text; return the same."""
        if self._text.winfo_width() == self._width:
            return False
        self._width = self._text.winfo_width()
        inner = self._inner()
        edge = inner - self._pixels(("row",), "rmargin")
        self._text.tag_configure(FROM_RIGHT, tabs=(edge, "right"))
        self._text.tag_configure(IN_LINES, tabs=(inner + _BEYOND,))
        return bool(self._text.tag_ranges(FROM_RIGHT) or self._text.tag_ranges(IN_LINES))

    def drawn(self, pieces: list[Piece]) -> list[Piece]:
        """Return the pieces of a row as they are drawn."""
        laid = self.lay_out(pieces)
        return pieces if laid is None else laid.pieces

    def lay_out(self, pieces: Sequence[Piece]) -> Laid | None:
        """Return how the pieces of a row are drawn; None if that is as they are."""
        if self._glyphs.shapes or not any(has_right_to_left(piece.text) for piece in pieces):
            return None
        tags = pieces[0].tags
        if not _APART.isdisjoint(tags):
            return self._apart(pieces)
        pieces = list(_with_isolates(pieces))
        text = "".join(piece.text for piece in pieces)
        owners = [piece for piece in pieces for _ in piece.text]
        found = self._ordered(text, None if _LEFT.isdisjoint(tags) else 0)
        lines = found.broken(self._measure(found, owners), *self._room(pieces))
        return self._joined(found, lines, owners, _sources(pieces, self._glyphs.safe))

    def _ordered(self, text: str, base: int | None) -> BidiText:
        """Return a text with its order, which is needed again for another width, and when it is copied."""
        known = self._texts.get((text, base))
        if known is None:
            if len(self._texts) >= _MAX_TEXTS:
                self._texts.clear()
            known = self._texts[text, base] = BidiText(text, self._glyphs.has, base)
        return known

    def _apart(self, pieces: Sequence[Piece]) -> Laid:
        """Reorder each piece by itself."""
        drawn: list[Piece] = []
        sources: list[tuple[tuple[int, str], ...]] = []
        said = _sources(pieces, self._glyphs.safe)
        at = 0
        for piece in pieces:
            line = BidiText(piece.text, self._glyphs.has).drawn()
            drawn.append(piece._replace(text="".join(each.text for each in line), source=None))
            sources += [_standing(each, said, at) for each in line]
            at += len(piece.text)
        return Laid(drawn, sources)

    def _joined(
        self, found: BidiText, lines: Sequence[tuple[int, int]], owners: Sequence[Piece], said: Sequence[str]
    ) -> Laid:
        """Put lines after another."""
        mode = FROM_RIGHT if found.from_right else IN_LINES
        plain = (*owners[0].tags, mode)
        pieces: list[Piece] = []
        sources: list[tuple[tuple[int, str], ...]] = []
        bare = 0
        for number, (start, end) in enumerate(lines):
            if number or found.from_right:
                tabs = "\t\t" if number and found.from_right else "\t"
                pieces.append(Piece(tabs, plain))
                sources += [tuple((at, said[at]) for at in range(bare, start)), ()][: len(tabs)]
            bare = start + len(found.text[start:end].rstrip())
            drawn = found.drawn(start, bare)
            sources += [_standing(each, said) for each in drawn]
            for owner, run in groupby(drawn, key=lambda each: owners[each.stands_for[0]]):
                text = "".join(each.text for each in run).replace("\t", " ")
                pieces.append(owner._replace(text=text, tags=(*owner.tags, mode), source=None))
        return Laid(pieces, sources)

    def _measure(self, found: BidiText, owners: Sequence[Piece]) -> Callable[[int, int], int]:
        def measure(start: int, end: int) -> int:
            wide = 0
            while start < end:
                stop, owner = start, owners[start]
                while stop < end and owners[stop] is owner:
                    stop += 1
                wide += self._wide(self._font(owner.tags), found.shape(start, stop))
                start = stop
            return wide

        return measure

    def _wide(self, font: str, text: str) -> int:
        known = self._measured.get((font, text))
        if known is None:
            if len(self._measured) > _MAX_MEASURED:
                self._measured.clear()
            known = int(self._text.tk.call("font", "measure", font, "-displayof", str(self._text), text))
            self._measured[font, text] = known
        return known

    def _font(self, tags: _Tags) -> str:
        """Return which font characters with these tags have: that of the tag with the last word about it."""
        return self._option(tags, "font") or str(self._text.cget("font"))

    def _option(self, tags: _Tags, option: str) -> str:
        known = self._options.get((tags, option))
        if known is None:
            names = [tag for tag in self._text.tag_names() if tag in tags]
            found = (str(self._text.tag_cget(tag, option)) for tag in reversed(names))
            known = self._options[tags, option] = next((each for each in found if each), "")
        return known

    def _pixels(self, tags: _Tags, option: str) -> int:
        return self._text.winfo_pixels(self._option(tags, option) or "0")

    def _room(self, pieces: Sequence[Piece]) -> tuple[int, int]:
        """Return how wide the first line may be, and the others."""
        tags = pieces[0].tags
        room = self._inner() - self._pixels(tags, "rmargin") - self._wide(self._font(tags), "  ")
        return room - self._pixels(tags, "lmargin1"), room - self._pixels(tags, "lmargin2")

    def _inner(self) -> int:
        """Return the width of the text within its edges; before it has one, what is no limit."""
        text = self._text
        edges = sum(text.winfo_pixels(text.cget(each)) for each in ("padx", "borderwidth", "highlightthickness"))
        inner = text.winfo_width() - 2 * edges
        return inner if inner > 1 else _BEYOND


def _standing(drawn: Drawn, said: Sequence[str], offset: int = 0) -> tuple[tuple[int, str], ...]:
    return tuple((offset + at, said[offset + at]) for at in drawn.stands_for)


def _with_isolates(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """Let links be from left to right, and what is around them be as if they were not there."""
    for piece in pieces:
        if "link" in piece.tags:
            yield from (Piece("\u2066", piece.tags, ""), piece, Piece("\u2069", piece.tags, ""))
        else:
            yield piece


def _sources(pieces: Sequence[Piece], safe: Callable[[str], str]) -> list[str]:
    """Return of each character of the pieces what was said for it: nothing, if another of them stands for it."""
    return [source for piece in pieces for source in _of_piece(piece, safe)]


def _of_piece(piece: Piece, safe: Callable[[str], str]) -> Iterator[str]:
    if piece.source is None or piece.source == piece.text:
        yield from piece.text
        return
    drawn = [(character, safe(character)) for character in piece.source]
    if "".join(shown for _, shown in drawn) != piece.text:
        drawn = [(piece.source, piece.text)]
    for source, shown in drawn:
        yield from (source if not at else "" for at in range(len(shown)))
