"""What the mouse and the keys do in the conversation."""

from __future__ import annotations

import tkinter as tk
from typing import Protocol

from chatd.client.model.lines import Line
from chatd.client.model.room import Room
from chatd.client.model.rows import FoldRow, HeadRow, LineRow, QuoteRow, ReactionsRow
from chatd.client.view.bidi_rows import BidiRows
from chatd.client.view.gutter import Gutter
from chatd.client.view.read_only import ReadOnlyText
from chatd.client.view.row_text import RowText
from chatd.client.view.talk_actions import TalkActions
from chatd.client.view.talk_copy import Copier
from chatd.client.view.talk_keys import KeyActions, TalkKeys
from chatd.client.view.talk_rows import LINK, Renderer

_SCROLLING = (
    "<MouseWheel>", "<Button-4>", "<Button-5>", "<Prior>", "<Next>", "<Home>", "<End>", "<Control-Home>",
    "<Control-End>", "<B1-Motion>", "<ButtonRelease-1>",
)  # fmt: skip
_WHEEL = ("<MouseWheel>", "<Button-4>", "<Button-5>")
_SIDEWAYS = ("<Shift-MouseWheel>", "<Shift-Button-4>", "<Shift-Button-5>", "<Button-2>", "<B2-Motion>")
_CLICKED = ("fold", "link", "quote", "chip", "person")


class Touched(Protocol):
    """The conversation that the hands are in."""

    text: ReadOnlyText
    rows: RowText
    bidi: BidiRows
    gutter: Gutter

    @property
    def room(self) -> Room | None:
        """The room that is shown."""

    def line_of(self, number: int) -> Line | None:
        """Return the line of the row of a number."""

    def toggle(self, number: int) -> None:
        """Fold or unfold."""

    def reveal(self, index: int) -> None:
        """Bring a line onto the screen."""

    def note_place(self) -> None:
        """Note what is on the screen."""


class Hands:
    """Binds what is done in a conversation to what it does."""

    def __init__(self, pane: Touched, renderer: Renderer, actions: TalkActions) -> None:
        self._pane = pane
        self._renderer = renderer
        self.actions = actions
        self._copier = Copier(pane.rows, renderer, pane.bidi)
        self.keys = TalkKeys(pane.rows, KeyActions(self._act, self._context_of, pane.note_place))
        self._due: str | None = None
        self._bind(pane.text, pane.gutter)

    def selected(self, *, names: bool) -> str:
        """Return what is selected, or the line with the cursor; with ``names``, each line with time and name."""
        room, number = self._pane.room, self.keys.row
        if room is None:
            return ""
        selected = self._copier.selected(room, names=names)
        if selected or number is None:
            return selected
        return self._copier.between(room, f"{number + 1}.0", f"{number + 1}.end", names=names)

    def _bind(self, text: tk.Text, gutter: Gutter) -> None:
        for event in _SCROLLING:
            text.bind(event, self._soon, add=True)
        for event in _WHEEL:
            gutter.bind(event, lambda turned, event=event: self._turn(turned, event))  # type: ignore[misc]
        for event in _SIDEWAYS:
            text.bind(event, lambda _: "break")
        text.configure(xscrollcommand=self._stay_left)
        text.bind("<Button-1>", lambda _: text.focus_set(), add=True)
        text.bind("<Button-3>", self._context)
        for event in ("<<Copy>>", "<<Cut>>"):
            text.bind(event, lambda _: self._copy(names=False))
        for event in ("<Control-Shift-C>", "<Control-Shift-c>"):
            text.bind(event, lambda _: self._copy(names=True))
        for kind in ("STRING", "UTF8_STRING"):
            text.selection_handle(self._fetch, type=kind)
        text.bind("<Control-a>", self._select_all)
        text.bind("<Key>", self._typed, add=True)
        text.bind("<Motion>", self._hover, add=True)
        text.bind("<Leave>", lambda _: gutter.hover(None), add=True)
        gutter.bind("<Button-1>", self._avatar_clicked)
        for tag in _CLICKED:
            event = "<Button-1>" if tag == "fold" else "<ButtonRelease-1>"
            text.tag_bind(tag, event, self._clicked)
            text.tag_bind(tag, "<Enter>", lambda _: text.configure(cursor="hand2"))
            text.tag_bind(tag, "<Leave>", lambda _: text.configure(cursor="xterm"))

    def stop(self) -> None:
        """Do nothing that was begun."""
        if self._due is not None:
            self._pane.text.after_cancel(self._due)
            self._due = None

    def _soon(self, _: object = None) -> None:
        if self._due is None:
            self._due = self._pane.text.after_idle(self._scrolled)

    def _scrolled(self) -> None:
        self._due = None
        self._pane.note_place()

    def _turn(self, turned: tk.Event[tk.Misc], event: str) -> None:
        """Let the wheel beside the text scroll it."""
        if event == "<MouseWheel>":
            self._pane.text.event_generate(event, delta=turned.delta, x=1, y=turned.y)
        else:
            self._pane.text.event_generate(event, x=1, y=turned.y)

    def _stay_left(self, first: float, _: float) -> None:
        if float(first) > 0:  # what does not wrap goes on beyond the edge
            self._pane.text.xview_moveto(0)

    def _hover(self, event: tk.Event[tk.Misc]) -> None:
        self._pane.gutter.hover(self._pane.rows.number_at(f"@{event.x},{event.y}"))

    def _clicked(self, event: tk.Event[tk.Misc]) -> str | None:
        text = self._pane.text
        index = text.index(f"@{event.x},{event.y}")
        number = self._pane.rows.number_at(index)
        if isinstance(self._pane.rows.rows[number], HeadRow):
            self._person(self._pane.line_of(number), event)
        elif not text.tag_ranges("sel") or isinstance(self._pane.rows.rows[number], FoldRow):
            return "break" if self._act(number, index) else None
        return None

    def _avatar_clicked(self, event: tk.Event[tk.Misc]) -> None:
        self._person(self._pane.gutter.line_at(event.y), event)

    def _person(self, line: Line | None, event: tk.Event[tk.Misc]) -> None:
        if line is not None:
            self.actions.on_person(line.nick, event.x_root, event.y_root)

    def _act(self, number: int, index: str) -> bool:
        """Do what a click at an index, in the row of this number, means; return whether it means anything."""
        pane = self._pane
        row, room = pane.rows.rows[number], pane.room
        match row:
            case FoldRow():
                pane.toggle(number)
            case QuoteRow() if room is not None:
                at = room.timeline.find(row.id)
                if at is not None:
                    pane.reveal(at)
            case ReactionsRow(_, line) if "chip" in pane.text.tag_names(index):
                self.actions.on_reaction(line, line.reactions[self._count_before("chip", index)][0])
            case LineRow() if "link" in pane.text.tag_names(index) and room is not None:
                # What is on the screen may stand for characters that cannot be drawn: the link is the line's own.
                linked = [piece.address for piece in self._renderer.pieces(room, row) if piece.address]
                names = (tag for tag in pane.text.tag_names(index) if tag.startswith(LINK))
                self.actions.open_link(linked[int(next(names).removeprefix(LINK))])
            case _:
                return False
        return True

    def _count_before(self, tag: str, index: str) -> int:
        """Return how many ranges of a tag there are in a row before the one at an index."""
        text, count = self._pane.text, 0
        at = text.index(f"{index} linestart")
        while (found := text.tag_nextrange(tag, at, f"{index} lineend")) and text.compare(found[1], "<=", index):
            at, count = str(found[1]), count + 1
        return count

    def _context(self, event: tk.Event[tk.Misc]) -> str:
        self._pane.text.focus_set()
        number = self._pane.rows.number_at(f"@{event.x},{event.y}")
        self._context_of(number, event.x_root, event.y_root)
        return "break"

    def _context_of(self, number: int, x: int, y: int) -> None:
        line = self._pane.line_of(number)
        if line is not None:
            self.actions.on_context(line, x, y)

    def _copy(self, *, names: bool) -> str:
        if copied := self.selected(names=names):
            self._pane.text.clipboard_clear()
            self._pane.text.clipboard_append(copied)
        return "break"

    def _fetch(self, offset: str, length: str) -> str:
        """Return what another program gets that asks for what is selected."""
        return self.selected(names=False)[int(offset) : int(offset) + int(length)]

    def _typed(self, event: tk.Event[tk.Misc]) -> str | None:
        state = int(event.state)
        if event.char and event.char.isprintable() and not state & 0x4C:  # neither Control, Alt nor Super
            self.actions.typed(event.char)
            return "break"
        return None

    def _select_all(self, _: tk.Event[tk.Misc]) -> str:
        self._pane.text.tag_add("sel", "1.0", "end-1c")
        return "break"
