"""The conversation by keys: a cursor that goes from line to line, and links one after the other."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass

from chatd.client.model.rows import FoldRow, LineRow, QuoteRow
from chatd.client.view.row_text import RowText


@dataclass(frozen=True, slots=True)
class KeyActions:
    """What the keys ask for; ``number`` is that of a row."""

    open: Callable[[int, str], bool]
    """Do what a click at an index of the row would do; return whether there was something to do."""
    context: Callable[[int, int, int], None]
    """Show what can be done with a row, at a place of the screen."""
    moved: Callable[[], None]
    """The text may have been scrolled."""


class TalkKeys:
    """Binds the keys of a text."""

    def __init__(self, rows: RowText, actions: KeyActions) -> None:
        self._rows = rows
        self._text = text = rows.text
        self._actions = actions
        for event, by in (("<Up>", -1), ("<Down>", 1)):
            text.bind(event, lambda _, by=by: self._step(by))  # type: ignore[misc]
        for event, forward in (("<Tab>", True), ("<Shift-Tab>", False), ("<ISO_Left_Tab>", False)):
            try:
                text.bind(event, lambda _, forward=forward: self._next_link(forward=forward))  # type: ignore[misc]
            except tk.TclError:  # there is no such key but on X11
                continue
        text.bind("<Return>", lambda _: self._enter())
        text.bind("<KP_Enter>", lambda _: self._enter())
        for event in ("<Menu>", "<App>", "<Shift-F10>"):
            try:
                text.bind(event, lambda _: self._context())
            except tk.TclError:
                continue
        text.bind("<FocusOut>", lambda _: self.forget(), add=True)

    @property
    def row(self) -> int | None:
        """The number of the row with the cursor."""
        found = self._text.tag_ranges("cursor") or self._text.tag_ranges("focused")
        return self._rows.number_at(str(found[0])) if found else None

    def forget(self) -> None:
        """Mark nothing."""
        for tag in ("cursor", "focused"):
            self._text.tag_remove(tag, "1.0", "end")

    def _step(self, by: int) -> str:
        rows = self._rows.rows
        number = self.row
        if number is None:
            edge = "@0,0" if by > 0 else f"@0,{self._text.winfo_height()}"
            number = self._rows.number_at(edge) - by
        number += by
        while 0 <= number < len(rows) and not isinstance(rows[number], LineRow | FoldRow):
            number += by
        self.forget()
        number = min(max(number, 0), len(rows) - 1)
        if rows:
            self._text.tag_add("cursor", f"{number + 1}.0", f"{number + 2}.0")
            self._text.see(f"{number + 1}.0" if number else "1.0")
        self._actions.moved()
        return "break"

    def _next_link(self, *, forward: bool) -> str:
        """Go to the next link; to the next widget after the last one."""
        text = self._text
        focused = text.tag_ranges("focused")
        if forward:
            start = str(focused[1]) if focused else "@0,0 linestart"
            found = text.tag_nextrange("link", start)
        else:
            start = str(focused[0]) if focused else f"@{text.winfo_width()},{text.winfo_height()}"
            found = text.tag_prevrange("link", start)
        self.forget()
        if not found:
            beyond = text.tk_focusNext() if forward else text.tk_focusPrev()
            if beyond is not None:
                beyond.focus_set()
            return "break"
        text.tag_add("focused", *found)
        text.see(str(found[0]))
        self._actions.moved()
        return "break"

    def _enter(self) -> str:
        focused = self._text.tag_ranges("focused")
        number = self.row
        if number is None or self._actions.open(number, str(focused[0]) if focused else f"{number + 1}.0"):
            return "break"
        if number and isinstance(self._rows.rows[number - 1], QuoteRow):
            self._actions.open(number - 1, f"{number}.0")
        return "break"

    def _context(self) -> str:
        number, text = self.row, self._text
        if number is None:
            number = self._rows.number_at(f"@0,{text.winfo_height()}")
        box = text.bbox(f"{number + 1}.0")
        x, y = (box[0], box[1] + box[3]) if box else (0, 0)
        self._actions.context(number, text.winfo_rootx() + x, text.winfo_rooty() + y)
        return "break"
