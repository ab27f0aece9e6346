"""Pasting into the message field: asked for without waiting, and put where the cursor was then."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatd.client.model.pasting import Pasting, is_in_code, make_ready
from chatd.client.view.clipboard import Clipboard, was_dragged
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.text_keys import put
from chatd.client.view.x_selection import Copied

MAX_LINES = 2
"""How many lines are pasted without a question."""
ASKING = "Pasting … (Escape cancels)"
ASKING_SHOWN_AFTER_MS = 150
"""Milliseconds after which one is told that one waits: most programs answer at once."""
_PLACE = "pasted_here"


class FieldPaste:
    """Pastes into a text. ``ask`` asks about what is much, ``hint`` shows a line below the field."""

    def __init__(
        self,
        text: tk.Text,
        clipboard: Clipboard,
        glyphs: Glyphs,
        ask: Callable[[Pasting], None],
        hint: Callable[[str], None],
    ) -> None:
        self._text = text
        self._clipboard = clipboard
        self._glyphs = glyphs
        self._ask = ask
        self._hint = hint
        self._asked: Deferred[Copied] | None = None
        self._timer = ""
        self._then: Callable[[], None] | None = None
        text.bind("<<Paste>>", lambda _: self.start("CLIPBOARD"))
        text.bind("<<PasteSelection>>", self._clicked)

    @property
    def waits(self) -> bool:
        """Whether another program has been asked, and has not answered."""
        return self._asked is not None

    def start(self, selection: str) -> str:
        """Ask for what was copied, and paste it once it is there."""
        self.cancel()
        self._text.mark_set(_PLACE, "insert")
        self._text.mark_gravity(_PLACE, "left")
        self._timer = self._text.after(ASKING_SHOWN_AFTER_MS, self._hint, ASKING)
        self._asked = asked = self._clipboard.ask(selection)
        asked.addCallback(self._arrived).addErrback(self._failed).addCallback(lambda _: self._ended(asked))
        return "break"

    def cancel(self) -> bool:
        """Give up what was asked for; return whether anything was."""
        asked, self._then = self._asked, None
        if asked is None:
            return False
        self._ended(asked)
        asked.cancel()
        return True

    def wait(self, then: Callable[[], None]) -> bool:
        """Do something once what was asked for is there; return False if nothing is."""
        if self.waits:
            self._then = then
        return self.waits

    def _clicked(self, event: tk.Event[tk.Misc]) -> str:
        if was_dragged(self._text):
            return "break"
        self._text.focus_set()
        self._text.tag_remove("sel", "1.0", "end")
        self._text.mark_set("insert", f"@{event.x},{event.y}")
        return self.start("PRIMARY")

    def _failed(self, failure: Failure) -> None:
        self._then = None
        self._clipboard.explain(failure)

    def _ended(self, asked: Deferred[Copied]) -> None:
        if self._asked is not asked:
            return
        self._asked = None
        if self._text.winfo_exists():
            self._text.after_cancel(self._timer)
            self._hint("")
            then, self._then = self._then, None
            if then is not None:
                then()

    def _arrived(self, copied: Copied) -> None:
        if not self._text.winfo_exists():
            return
        pasting = make_ready(copied.text, whole=copied.whole)
        code = is_in_code(self._text.get("1.0", _PLACE))
        if pasting.cut or (pasting.lines > MAX_LINES and not code):
            self._then = None
            self._ask(pasting)
        elif self._text.tag_ranges("sel"):
            put(self._text, self._glyphs.safe(pasting.text))
        else:
            # Not where the cursor is by now: something may have been typed since.
            self._text.insert(_PLACE, self._glyphs.safe(pasting.text))
            self._text.see("insert")
