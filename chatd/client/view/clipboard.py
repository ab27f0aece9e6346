"""What was copied, asked for so that the window goes on meanwhile."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred, execute
from twisted.python.failure import Failure

from chatd.client.model.pasting import make_ready
from chatd.client.view.text_keys import CLASS, prepare_keys, put
from chatd.client.view.x_selection import EMPTY, ClipboardError, Copied, NoDisplayError, Read

MAX_IN_A_FIELD = 2000
"""How many characters are pasted into a field of one line at most."""


class Clipboard:
    """Asks for it, and pastes it into whatever has the keys of `text_keys` and no way of its own.

    ``complain`` is called with a sentence if nothing, or not all, can be pasted.
    """

    def __init__(self, root: tk.Misc, complain: Callable[[str], None]) -> None:
        self.read: Read | None = None
        """Asks another program without waiting for it; where there is no such way, Tk is asked."""
        self._root = root
        self._complain = complain
        self._asked: set[Deferred[Copied]] = set()
        prepare_keys(root)
        root.bind_class(CLASS, "<<Paste>>", self._pasted)
        root.bind_class(CLASS, "<<PasteSelection>>", self._clicked)

    def ask(self, selection: str) -> Deferred[Copied]:
        """Ask for ``CLIPBOARD`` or ``PRIMARY``; the Deferred fails with `ClipboardError`, and can be cancelled."""
        if self.read is None or self._is_own(selection):
            return execute(self._by_tk, selection)

        def no_way(failure: Failure) -> Copied:
            failure.trap(NoDisplayError)
            return self._by_tk(selection)

        asked = self.read(selection).addErrback(no_way)
        self._asked.add(asked)

        def answered(answer: Any) -> Any:
            self._asked.discard(asked)
            return answer

        return asked.addBoth(answered)

    def stop(self) -> None:
        """Wait for no other program any more."""
        for asked in list(self._asked):
            asked.cancel()

    def _is_own(self, selection: str) -> bool:
        """Return whether it was copied in this very window, which Tk answers at once."""
        return bool(self._root.tk.call("selection", "own", "-selection", selection))

    def _by_tk(self, selection: str) -> Copied:
        try:
            return Copied(self._root.selection_get(selection=selection))
        except tk.TclError as error:
            raise ClipboardError(EMPTY) from error

    def _pasted(self, event: tk.Event[Any]) -> None:
        self._into(event.widget, "CLIPBOARD")

    def _clicked(self, event: tk.Event[Any]) -> None:
        if was_dragged(event.widget):
            return
        event.widget.focus_set()
        event.widget.mark_set("insert", f"@{event.x},{event.y}")
        self._into(event.widget, "PRIMARY")

    def _into(self, text: tk.Text, selection: str) -> None:
        def paste(copied: Copied) -> None:
            if text.winfo_exists():
                pasting = make_ready(copied.text, whole=copied.whole, most=MAX_IN_A_FIELD, line_bytes=None)
                put(text, pasting.text)
                if pasting.cut:
                    self._complain(f"This field holds {len(pasting.text):,} characters; the rest was cut off")

        self.ask(selection).addCallback(paste).addErrback(self.explain)

    def explain(self, failure: Failure) -> None:
        """Say why nothing is pasted; nothing if that was what one wanted, or if there is nothing to be said."""
        if not failure.check(CancelledError):
            self._complain(str(failure.value) if failure.check(ClipboardError) else EMPTY)


def was_dragged(text: tk.Text) -> bool:
    """Return whether the middle button that is let go has scrolled the text, and is to paste nothing."""
    try:
        return bool(text.tk.getboolean(text.tk.globalgetvar("tk::Priv(mouseMoved)")))
    except tk.TclError:  # it was never pressed
        return False
