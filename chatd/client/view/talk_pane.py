"""The conversation in the middle: what is on the screen is drawn, row by row, and only what changed is redrawn."""

from __future__ import annotations

import tkinter as tk
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from tkinter import ttk
from typing import Any

from chatd.client.model.folding import FoldRow, LineRow, Row, UnreadRow, rows
from chatd.client.model.lines import Line
from chatd.client.model.links import links
from chatd.client.model.room import Room
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.row_diff import common_rows, row_places, same_row
from chatd.client.view.talk_rows import Renderer, paint
from chatd.client.view.theme import Look

PAGE = 300
"""How many lines are drawn at first, and how many more when one scrolls up to where they begin."""
_SYNC_ROWS = 1000
_SCROLLING = (
    "<MouseWheel>", "<Button-4>", "<Button-5>", "<Prior>", "<Next>", "<Up>", "<Down>", "<Home>", "<End>",
    "<Control-Home>", "<Control-End>", "<B1-Motion>", "<ButtonRelease-1>",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class TalkActions:
    """What the conversation asks for."""

    older: Callable[[], None]
    """The beginning of what is known is on the screen."""
    open_link: Callable[[str], None]
    typed: Callable[[str], None]
    """Something was typed where nothing can be typed."""


class TalkPane(ttk.Frame):
    """A read-only text with a scrollbar."""

    def __init__(self, parent: tk.Misc, look: Look, glyphs: Glyphs, zone: tzinfo, actions: TalkActions) -> None:
        super().__init__(parent)
        self._look = look
        self._zone = zone
        self._actions = actions
        self._renderer = Renderer(look, glyphs, zone)
        self._room: Room | None = None
        self._rows: list[Row] = []
        self._places: list[int] = []
        """Of each row, the index of its line, or of the line after it."""
        self.follow = True
        """Whether the newest line is on the screen and is to stay there."""
        self.text = tk.Text(self, wrap="word", state="disabled", width=40, height=8, cursor="xterm", takefocus=True)
        self.scrollbar = ttk.Scrollbar(self, command=self._scroll)
        self.text.configure(yscrollcommand=self.scrollbar.set)
        self.text.grid(row=0, column=0, sticky="nsew")
        self.scrollbar.grid(row=0, column=1, sticky="ns")
        self.columnconfigure(0, weight=1)
        self.rowconfigure(0, weight=1)
        self._bind()
        look.painters.append(self._paint)
        self._paint()

    def show_room(self, room: Room | None) -> None:
        """Show another room: its newest lines, or the first unread one at the top."""
        self._room = room
        self._write(lambda: self.text.delete("1.0", "end"))
        self._rows, self._places = [], []
        self.follow = True
        if room is None:
            return
        first = max(0, len(room.lines) - PAGE)
        if room.unread_serial is not None:
            mark = next((i for i, line in enumerate(room.lines) if line.serial == room.unread_serial), first)
            first = max(0, min(first, mark - 20))
        self._replace(*rows(room, first, self._zone), whole=True)
        self._sync()
        self.text.see("end")
        for number, row in enumerate(self._rows):
            if isinstance(row, UnreadRow) and self.text.compare("@0,0", ">", f"{number + 1}.0"):
                self.text.yview(f"{max(1, number)}.0")
                self.follow = self.text.dlineinfo("end-1c") is not None

    def draw(self, first_index: int) -> None:
        """Redraw the lines from an index on."""
        room = self._room
        if room is None:
            return
        if not self._places or first_index <= self._places[0]:
            self.redraw()
            return
        start, found = rows(room, first_index, self._zone)
        if start <= self._places[0]:
            self.redraw()
            return
        self._keep_place(lambda: self._replace(start, found))

    def redraw(self, first: int | None = None) -> None:
        """Redraw everything, from the line ``first`` on: what is the same stays, and so does the place."""
        room = self._room
        if room is None:
            return
        if first is None:
            top = None if self.follow else self._top_line()
            around = next((i for i, line in enumerate(room.lines) if line.serial == top), 0) if top else len(room.lines)
            first = max(0, around - PAGE)
        start = first
        self._keep_place(lambda: self._replace(*rows(room, start, self._zone), whole=True))

    def repaint(self) -> None:
        """Redraw everything, also what is the same."""
        first = self._places[0] if self._places else 0
        self._write(lambda: self.text.delete("1.0", "end"))
        self._rows, self._places = [], []
        self.redraw(first)

    def reveal(self, index: int) -> None:
        """Bring a line onto the screen, and mark it."""
        room = self._room
        if room is None or not 0 <= index < len(room.lines):
            return
        if not self._places or index < self._places[0]:
            self.redraw(max(0, index - PAGE))
        at = bisect_left(self._places, index)
        while at < len(self._rows) and not isinstance(self._rows[at], LineRow | FoldRow):
            at += 1
        row = self._rows[min(at, len(self._rows) - 1)]
        if isinstance(row, FoldRow) and row.unfolded:
            at += 1
        self.forget_found()
        self.text.tag_add("found", f"{at + 1}.0", f"{at + 2}.0")
        self.text.see(f"{at + 1}.0")
        self._note_place()

    def forget_found(self) -> None:
        """Mark no line."""
        self.text.tag_remove("found", "1.0", "end")

    def scroll(self, pages: int) -> str:
        """Scroll by pages, up if negative; as an event's handler it is the last one."""
        self.text.yview_scroll(pages, "pages")
        self._note_place()
        return "break"

    def toggle(self, number: int) -> None:
        """Fold or unfold what the row of this number says in one sentence."""
        row, room = self._rows[number], self._room
        if room is None or not isinstance(row, FoldRow):
            return
        room.unfolded.symmetric_difference_update({row.key})
        self._keep_place(lambda: self._replace(*rows(room, row.index, self._zone)))

    def _replace(self, start: int, new: list[Row], *, whole: bool = False) -> None:
        """Let the rows from the line ``start`` on, or the whole of them, be these."""
        at = 0 if whole else bisect_left(self._places, start)
        old = self._rows[at:]
        head = common_rows(old, new)
        tail = common_rows(old[head:][::-1], new[head:][::-1])
        self._places[at:] = row_places(start, new)
        self._rows[at:] = new
        begin, end = at + head, at + len(old) - tail
        total = at + len(old)
        self._write(lambda: self._edit(begin, end, total, new[head : len(new) - tail]))

    def _edit(self, begin: int, end: int, total: int, new: Sequence[Row]) -> None:
        """Let the rows from ``begin`` up to ``end`` of ``total`` be others. Every row is a line of the text."""
        text = self.text
        if begin < end:
            if end < total or not begin:
                text.delete(f"{begin + 1}.0", f"{end + 1}.0" if end < total else "end")
            else:
                text.delete(f"{begin}.end", "end-1c")
        remaining = total - (end - begin)
        room = self._room
        if not new or room is None:
            return
        last = begin >= remaining
        pieces: list[Any] = []
        for number, row in enumerate(new):
            if last and (number or begin):
                pieces += ["\n", ()]
            for piece in self._renderer.pieces(room, row):
                pieces += piece
            if not last:
                pieces += ["\n", pieces[-1]]
        text.insert("end-1c" if last else f"{begin + 1}.0", *pieces)

    def _write(self, change: Callable[[], None]) -> None:
        self.text.configure(state="normal")
        change()
        self.text.configure(state="disabled")

    def _keep_place(self, change: Callable[[], None]) -> None:
        """Change the text; afterwards the same line is at the top, or the newest at the bottom if it was there."""
        if self.follow:
            change()
            self._sync()
            self.text.see("end")
            return
        line, _, column = self.text.index("@0,0").partition(".")
        number = int(line) - 1
        top = self._rows[number] if number < len(self._rows) else None
        info = self.text.dlineinfo("@0,0")
        change()
        self._sync()
        for place, row in enumerate(self._rows):
            if top is not None and same_row(row, top):
                self.text.yview(f"{place + 1}.{column}")
                if info is not None and info[1] < 0:
                    self.text.yview_scroll(-info[1], "pixels")
                break

    def _top_line(self) -> int | None:
        number = int(self.text.index("@0,0").partition(".")[0]) - 1
        lines: Sequence[Line] = () if self._room is None else self._room.lines
        place = self._places[number] if number < len(self._places) else 0
        # The places are of before the change, and so are the rows.
        for row in self._rows[number:]:
            if isinstance(row, LineRow):
                return row.line.serial
        return lines[place].serial if place < len(lines) else None

    def _sync(self) -> None:
        """Let the text measure itself at once, where that is quick; else it does so by and by."""
        if len(self._rows) <= _SYNC_ROWS:
            self.text.tk.call(str(self.text), "sync")

    def _bind(self) -> None:
        text = self.text
        for event in _SCROLLING:
            text.bind(event, lambda _: self.after_idle(self._note_place), add=True)
        text.bind("<Button-1>", lambda _: text.focus_set(), add=True)
        text.bind("<Control-a>", self._select_all)
        text.bind("<Key>", self._typed, add=True)
        text.bind("<Configure>", lambda _: self._resized(), add=True)
        text.tag_bind("fold", "<Button-1>", self._fold_clicked)
        text.tag_bind("link", "<ButtonRelease-1>", self._link_clicked)
        for tag in ("fold", "link"):
            text.tag_bind(tag, "<Enter>", lambda _: text.configure(cursor="hand2"))
            text.tag_bind(tag, "<Leave>", lambda _: text.configure(cursor="xterm"))

    def _resized(self) -> None:
        if self.follow:
            self.text.see("end")

    def _scroll(self, *words: Any) -> None:
        self.text.yview(*words)
        self._note_place()

    def _note_place(self) -> None:
        """After scrolling: note whether the end is on the screen, and get more if the beginning is."""
        if not self.winfo_exists() or self._room is None:
            return
        self.follow = self.text.dlineinfo("end-1c") is not None
        if self.text.compare("@0,0", "<", "2.0") and self._places:
            if self._places[0] > 0:
                self.redraw(max(0, self._places[0] - PAGE))
            else:
                self._actions.older()

    def _fold_clicked(self, event: tk.Event[tk.Misc]) -> str:
        self.toggle(int(self.text.index(f"@{event.x},{event.y}").partition(".")[0]) - 1)
        return "break"

    def _link_clicked(self, event: tk.Event[tk.Misc]) -> None:
        at = f"@{event.x},{event.y}"
        if self.text.tag_ranges("sel"):  # it was selected, not clicked
            return
        found = self.text.tag_prevrange("link", f"{at}+1c")
        number = int(self.text.index(at).partition(".")[0]) - 1
        row = self._rows[number]
        if found and isinstance(row, LineRow):
            # What is on the screen may stand for characters that cannot be drawn: the link is the line's own.
            ranges = [str(index) for index in self.text.tag_ranges("link")[::2]]
            on_row = [index for index in ranges if index.startswith(f"{number + 1}.")]
            self._actions.open_link([*links(row.line.text)][on_row.index(str(found[0]))].address)

    def _typed(self, event: tk.Event[tk.Misc]) -> str | None:
        state = int(event.state)
        if event.char and event.char.isprintable() and not state & 0x4C:  # neither Control, Alt nor Super
            self._actions.typed(event.char)
            return "break"
        return None

    def _select_all(self, _: tk.Event[tk.Misc]) -> str:
        self.text.tag_add("sel", "1.0", "end-1c")
        return "break"

    def _paint(self) -> None:
        self._look.dress(self.text, edge=False)
        paint(self.text, self._look)
        if self.follow:
            self.text.see("end")
