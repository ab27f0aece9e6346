"""The side of the conversation: avatars, and when what has no name above it was said."""

from __future__ import annotations

import tkinter as tk
from typing import Any

from typing_extensions import override

from chatd.client.model.lines import Kind, Line
from chatd.client.model.room import Room
from chatd.client.model.rows import FoldRow, HeadRow, LineRow, OfLine, Row
from chatd.client.view.avatars import Avatars, initial
from chatd.client.view.row_text import RowText
from chatd.client.view.talk_rows import Renderer
from chatd.client.view.talk_styles import TalkStyles

_Item = tuple[Any, ...]
_MARK = ("mark", "passing")


class Gutter(tk.Canvas):
    """Draws beside a text what belongs to the rows that are on the screen."""

    def __init__(self, parent: tk.Misc, styles: TalkStyles, rows: RowText, renderer: Renderer) -> None:
        super().__init__(parent, highlightthickness=0, borderwidth=0, takefocus=False)
        self._styles = styles
        self._rows = rows
        self._renderer = renderer
        self._avatars = Avatars(self)
        self._drawn: list[_Item] | None = None
        self._standing: dict[tuple[str, str], list[tuple[int, int]]] = {}
        """What avatars are drawn with, by colour and letter: they are moved as long as they are needed."""
        self._spare = self._standing
        self._due: str | None = None
        self.room: Room | None = None
        self.hovered: int | None = None
        """The number of the row under the mouse."""

    @override
    def destroy(self) -> None:
        if self._due is not None:
            self.after_cancel(self._due)
        super().destroy()

    def soon(self, *_: object) -> None:
        """Draw when what is beside it is drawn."""
        if self._due is None:
            self._due = self.after_idle(self._draw)

    def hover(self, number: int | None) -> None:
        """Tell when the row of this number was said."""
        if number != self.hovered:
            self.hovered = number
            self.soon()

    def paint(self) -> None:
        """Take the colours and sizes of the look."""
        self.configure(width=self._styles.gutter_width, background=self._styles.look.palette.background)
        self._drawn = None
        self.delete("all")
        self._standing = {}
        self.soon()

    def line_at(self, y: int) -> Line | None:
        """Return the line whose avatar is at a height."""
        for item in self._drawn or ():
            if item[0] == self._draw_avatar and item[1] <= y < item[1] + self._styles.avatar_size:
                line: Line = item[2]
                return line
        return None

    def _draw(self) -> None:
        self._due = None
        found = [] if self.room is None else self._items()
        if found != self._drawn:
            self._drawn = found
            self.delete("passing")
            self._spare, self._standing = self._standing, {}
            for draw, *what in found:
                draw(*what)
            for pairs in self._spare.values():
                for pair in pairs:
                    self.delete(*pair)
            self.tag_lower("mark")
        self._cover()

    def _cover(self) -> None:
        """Let what is half out of sight end where the text does, above and below."""
        edge, width, height = int(str(self._rows.text.cget("pady"))), self.winfo_width(), self.winfo_height()
        if not self.find_withtag("cover"):
            for _ in range(2):
                self.create_rectangle(0, 0, 0, 0, width=0, fill=self["background"], tags="cover")
        for item, top in zip(self.find_withtag("cover"), (0, height - edge), strict=True):
            self.coords(item, 0, top, width, top + edge)
        self.tag_raise("cover")

    def _items(self) -> list[_Item]:
        text, rows = self._rows.text, self._rows.rows
        height = text.winfo_height()
        first, last = self._rows.number_at("@0,0"), self._rows.number_at(f"@0,{height}")
        found: list[_Item] = []
        for number in range(first, min(last + 1, len(rows))):
            row = rows[number]
            marked = isinstance(row, OfLine) and self._marked(row)
            if not marked and not self._has_item(number, row, first):
                continue
            info = text.dlineinfo(f"{number + 1}.0")
            if marked:
                found.append((self._draw_mark, 0 if info is None else info[1], self._bottom(number, height)))
            if info is not None:
                found += self._beside(number, row, info, first)
        found.sort(key=lambda item: item[0] != self._draw_mark)
        return found

    def _marked(self, row: OfLine) -> bool:
        line = self.room.lines[row.index] if self.room is not None and row.index < len(self.room.lines) else None
        return line is not None and line.mention and self.room is not None and not self.room.private

    def _has_item(self, number: int, row: Row, first: int) -> bool:
        return isinstance(row, HeadRow | FoldRow) or (
            isinstance(row, LineRow)
            and (number in (self.hovered, first) or row.line.kind is not Kind.SAID or row.line.action)
        )

    def _beside(self, number: int, row: Row, info: tuple[int, int, int, int, int], first: int) -> list[_Item]:
        top, base = info[1], info[1] + info[4]
        if isinstance(row, HeadRow):
            return [(self._draw_avatar, top + self._styles.head_gap, row.line)]
        if isinstance(row, FoldRow) and self.room is not None:
            return [(self._draw_time, base, self.room.lines[row.index])]
        if not isinstance(row, LineRow) or row.line.kind in (Kind.GAP, Kind.BEGUN):
            return []
        before = self._rows.rows[number - 1] if number else None
        if isinstance(before, HeadRow):
            # Of an avatar whose upper half is off the screen the lower one is not.
            above = top - self._styles.look.bold.metrics("linespace")
            return [(self._draw_avatar, above, before.line)] if number == first else []
        if row.line.kind is not Kind.SAID or row.line.action or number == self.hovered:
            return [(self._draw_time, base, row.line)]
        return []

    def _bottom(self, number: int, height: int) -> int:
        info = self._rows.text.dlineinfo(f"{number + 2}.0")
        return height if info is None else info[1]

    def _draw_mark(self, top: int, bottom: int) -> None:
        styles = self._styles
        width, bar = styles.gutter_width, styles.look.pixels(2.25)
        self.create_rectangle(0, top, width, bottom, width=0, fill=styles.look.palette.marked, tags=_MARK)
        self.create_rectangle(0, top, bar, bottom, width=0, fill=styles.shades.bar, tags=_MARK)

    def _draw_avatar(self, y: int, line: Line) -> None:
        if self.room is None or not self._styles.look.preferences.avatars:
            return
        styles, palette = self._styles, self._styles.look.palette
        size = styles.avatar_size
        x = (styles.gutter_width - size) // 2
        colour, letter = palette.nicks[self.room.colours.of(line.nick)], self._renderer.safe(initial(line.nick))
        middle = (x + size // 2, y + size // 2)
        spare = self._spare.get((colour, letter))
        if spare:
            square, text = spare.pop()
            self.coords(square, x, y)
            self.coords(text, *middle)
        else:
            square = self.create_image(x, y, anchor="nw", image=self._avatars.square(colour, size))
            letter_drawn = letter if len(letter) == 1 else ""
            text = self.create_text(*middle, text=letter_drawn, font=styles.initial, fill=palette.background)
        self._standing.setdefault((colour, letter), []).append((square, text))

    def _draw_time(self, base: int, line: Line) -> None:
        styles = self._styles
        y = base - styles.look.small.metrics("ascent")
        x = styles.gutter_width - styles.look.pixels(9)
        self.create_text(
            x,
            y,
            anchor="ne",
            text=self._renderer.time(line),
            font=styles.look.small,
            fill=styles.look.palette.faint,
            tags="passing",
        )
