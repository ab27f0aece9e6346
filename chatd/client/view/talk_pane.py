"""The conversation in the middle: what is on the screen is drawn, row by row, and only what changed is redrawn."""

from __future__ import annotations

import tkinter as tk
from bisect import bisect_left
from collections.abc import Callable
from datetime import tzinfo
from tkinter import ttk
from typing import Any

from typing_extensions import override

from chatd.client.model.lines import Line
from chatd.client.model.room import Room
from chatd.client.model.rows import FoldRow, LineRow, OfLine, Row, UnreadRow, page_start, rows
from chatd.client.view.below import BelowButton
from chatd.client.view.bidi_rows import BidiRows
from chatd.client.view.focus_ring import FocusRing
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.gutter import Gutter
from chatd.client.view.laying_out import LayingOut
from chatd.client.view.read_only import ReadOnlyText
from chatd.client.view.row_text import RowText
from chatd.client.view.talk_actions import TalkActions
from chatd.client.view.talk_hands import Hands
from chatd.client.view.talk_rows import Piece, Renderer
from chatd.client.view.talk_styles import TalkStyles
from chatd.client.view.theme import Look

__all__ = ["PAGE", "TalkActions", "TalkPane"]

PAGE = 300
"""How many lines are drawn at first, and how many more where they begin when one scrolls there; a fold is one."""
_BEFORE_UNREAD = 20
"""How many lines are drawn above the first unread one."""


class TalkPane(ttk.Frame):
    """A read-only text with avatars at its side, and a scrollbar."""

    def __init__(self, parent: tk.Misc, look: Look, glyphs: Glyphs, zone: tzinfo, actions: TalkActions) -> None:
        super().__init__(parent)
        self._look = look
        self._zone = zone
        self.room: Room | None = None
        """The room that is shown."""
        self.follow = True
        """Whether the newest line is on the screen and is to stay there."""
        self._placed = True
        """Whether the text had a size when it was decided what of it is on the screen."""
        self._styles = TalkStyles(self, look, glyphs)
        self._renderer = Renderer(glyphs, zone)
        self._build(glyphs)
        self.hands = Hands(self, self._renderer, actions)
        look.painters.append(self._paint)
        self._paint()

    def _build(self, glyphs: Glyphs) -> None:
        self.ring = FocusRing(self, self._look)
        self.text = ReadOnlyText(self.ring, wrap="word", width=40, height=8, cursor="xterm", takefocus=1)
        self.bidi = BidiRows(self.text, glyphs)
        self.rows = RowText(self.text, self._pieces)
        self._laying_out = LayingOut(self.rows, self._keep_place)
        self.gutter = Gutter(self.ring, self._styles, self.rows, self._renderer)
        self.scrollbar = ttk.Scrollbar(self, command=self._scroll)
        self.text.configure(yscrollcommand=self._scrolled)
        self.below = BelowButton(self.ring, self._look, self.go_to_end)
        self.ring.grid(row=0, column=0, sticky="nsew")
        self.scrollbar.grid(row=0, column=1, sticky="ns")
        self.gutter.grid(row=0, column=0, sticky="ns")
        self.text.grid(row=0, column=1, sticky="nsew")
        for frame, column in ((self, 0), (self.ring, 1)):
            frame.columnconfigure(column, weight=1)
            frame.rowconfigure(0, weight=1)
        self.text.bind("<Configure>", lambda _: self._resized(), add=True)
        self.ring.surround(self.text)

    @override
    def destroy(self) -> None:
        self.hands.stop()
        super().destroy()

    # What is shown.

    def show_room(self, room: Room | None) -> None:
        """Show another room: its newest lines, or the first unread one at the top."""
        self.room = self.gutter.room = room
        self.rows.clear()
        self.hands.keys.forget()
        self.follow = True
        if room is None:
            self._after_change()
            return
        first = page_start(room, len(room.lines), PAGE)
        if room.unread_serial is not None:
            mark = next((i for i, line in enumerate(room.lines) if line.serial == room.unread_serial), first)
            first = min(first, page_start(room, mark, _BEFORE_UNREAD))
        self.rows.write(*self._made(room, first))
        self.rows.sync()
        self._go_to_mark()
        self._after_change()

    def _go_to_mark(self) -> None:
        """Show the end, or what is unread from its beginning on if it is more than fits."""
        self._placed = self.text.winfo_height() > 1
        self.follow = True
        self.text.see("end")
        for number, row in enumerate(self.rows.rows):
            if isinstance(row, UnreadRow) and self._placed and self.text.compare("@0,0", ">", f"{number + 1}.0"):
                self.text.yview(f"{max(1, number)}.0")
                self.follow = self._end_is_shown()

    def draw(self, first_index: int) -> None:
        """Redraw the lines from an index on."""
        room, places = self.room, self.rows.places
        if room is None:
            return
        if not places or first_index <= places[0]:
            self.redraw()
            return
        start, found = self._made(room, first_index)
        if start <= places[0]:
            self.redraw()
            return
        self._keep_place(lambda: self.rows.replace(start, found))

    def redraw(self, first: int | None = None) -> None:
        """Redraw everything, from the line ``first`` on: what is the same stays, and so does the place."""
        room = self.room
        if room is None:
            return
        if first is None:
            first = page_start(room, self._top_index(room), PAGE)
        start = first
        self._keep_place(lambda: self.rows.replace(*self._made(room, start), whole=True))

    def repaint(self) -> None:
        """Redraw everything, also what is the same."""
        self._paint()
        room, places = self.room, self.rows.places
        if room is None or not places:
            return
        self._keep_place(lambda: self.rows.write(*self._made(room, places[0])))

    def reveal(self, index: int) -> None:
        """Bring a line onto the screen, and mark it."""
        room = self.room
        if room is None or not 0 <= index < len(room.lines):
            return
        if not self.rows.places or index < self.rows.places[0]:
            self.redraw(page_start(room, index, PAGE))
        shown = self.rows.rows
        at = bisect_left(self.rows.places, index)
        while at < len(shown) and not isinstance(shown[at], LineRow | FoldRow):
            at += 1
        at = min(at, len(shown) - 1)
        row = shown[at]
        if isinstance(row, FoldRow) and row.unfolded:
            at += 1
        self.forget_found()
        self.text.tag_add("found", f"{at + 1}.0", f"{at + 2}.0")
        self.text.see(f"{at + 1}.0")
        self.note_place()

    def forget_found(self) -> None:
        """Mark no line."""
        self.text.tag_remove("found", "1.0", "end")

    def scroll(self, pages: int) -> str:
        """Scroll by pages, up if negative; as an event's handler it is the last one."""
        self.text.yview_scroll(pages, "pages")
        self.note_place()
        return "break"

    def go_to_end(self) -> None:
        """Show the newest lines, and stay with them."""
        self.follow = True
        self.text.see("end")
        self._place_changed()

    def toggle(self, number: int) -> None:
        """Fold or unfold what the row of this number says in one sentence."""
        row, room = self.rows.rows[number], self.room
        if room is None or not isinstance(row, FoldRow):
            return
        room.unfolded.symmetric_difference_update({row.key})
        self._keep_place(lambda: self.rows.replace(*self._made(room, row.index)))

    # What is asked about it.

    def line_at(self, x: int, y: int) -> Line | None:
        """Return the line at a place of the text, in pixels; None where there is none, or a fold of many."""
        last = self.text.dlineinfo("end-1c")
        return None if last is not None and y >= last[1] else self.line_of(self.rows.number_at(f"@{x},{y}"))

    def selected_text(self) -> str:
        """Return what is selected, as it was said: without avatars and signs."""
        return self.hands.selected(names=False)

    def selected_with_names(self) -> str:
        """Return the lines of which something is selected, each with its time and who said it."""
        return self.hands.selected(names=True)

    @property
    def last_id(self) -> int:
        """The id of the newest line on the screen, 0 if it has none."""
        room, number = self.room, self.rows.number_at(f"@0,{self.text.winfo_height()}")
        for row in reversed(self.rows.rows[: number + 1]):
            if room is not None and isinstance(row, LineRow):
                return row.line.id if row.line.run == room.timeline.run else 0
        return 0

    def line_of(self, number: int) -> Line | None:
        """Return the line of the row of a number; None of a fold, and of what is no line."""
        row = self.rows.rows[number] if 0 <= number < len(self.rows.rows) else None
        return self.room.lines[row.index] if isinstance(row, OfLine) and self.room is not None else None

    # Keeping the place.

    def _keep_place(self, change: Callable[[], None]) -> None:
        """Change the text; afterwards the same line is at the top, or the newest at the bottom if it was there."""
        anchors = () if self.follow else self.rows.anchors()
        change()
        self.rows.sync()
        if self.follow:
            self.text.see("end")
        else:
            self.rows.restore(anchors)
        self._after_change()

    def _after_change(self) -> None:
        self.gutter.soon()
        room = self.room
        unread = room is not None and not self.follow
        self.below.show(room.unread if room and unread else 0, room.mentions if room and unread else 0)

    def _top_index(self, room: Room) -> int:
        """Return the index of the line at the top of the screen, or of the end if that is to be there."""
        if self.follow:
            return len(room.lines)
        for row in self.rows.rows[self.rows.number_at("@0,0") :]:
            if isinstance(row, LineRow):  # the rows, and what they tell of indices, are of before the change
                return next((i for i, line in enumerate(room.lines) if line.serial == row.line.serial), 0)
        return len(room.lines)

    def _end_is_shown(self) -> bool:
        return self.text.dlineinfo("end-1c") is not None

    def note_place(self) -> None:
        """After scrolling: note whether the end is on the screen, and get more if the beginning is."""
        room = self.room
        if not self.winfo_exists() or room is None:
            return
        self.follow = self._end_is_shown()
        self._place_changed()
        if self.text.compare("@0,0", "<", "2.0") and self.rows.places:
            if self.rows.places[0] > 0:
                self.redraw(page_start(room, self.rows.places[0], PAGE))
            else:
                self.hands.actions.older()

    def _place_changed(self) -> None:
        self.hands.actions.place_changed()
        self._after_change()

    def _resized(self) -> None:
        if self.bidi.resize():
            self._laying_out.begin()
        if not self._placed:
            self._go_to_mark()
            self._place_changed()
        elif self.follow:
            self.text.see("end")
        self.gutter.soon()

    def _scroll(self, *words: Any) -> None:
        self.text.yview(*words)
        self.note_place()

    def _scrolled(self, first: float, last: float) -> None:
        self.scrollbar.set(first, last)
        self.gutter.soon()

    def _made(self, room: Room, first: int) -> tuple[int, list[Row]]:
        return rows(room, first, self._zone, self._look.preferences.traffic)

    def _pieces(self, row: Row) -> list[Piece]:
        return [] if self.room is None else self.bidi.drawn(self._renderer.pieces(self.room, row))

    def _paint(self) -> None:
        self._renderer.clock = self._look.preferences.clock
        self._styles.measure()
        self.ring.paint()
        self._styles.paint(self.text)
        if self.bidi.paint():
            self._laying_out.begin()
        self.gutter.paint()
        if self.follow:
            self.text.see("end")
