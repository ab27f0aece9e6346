"""The field at the bottom: several lines, Enter says them; Tab completes, Up and Down bring back what was typed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from tkinter import ttk

from chatd.client.model.completion import Completer
from chatd.client.model.input_history import InputHistory
from chatd.client.model.room import Room
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.preview import Preview
from chatd.client.view.text_keys import put, use_keys
from chatd.client.view.theme import Look

MAX_PASTED_LINES = 3
"""How many lines are pasted without a question."""
MAX_PASTED = 200_000
"""How many characters are pasted at most."""


@dataclass(frozen=True, slots=True)
class FieldActions:
    """What the field asks for."""

    send: Callable[[str], bool]
    """Say it; return whether it was taken, so that the field is to be cleared."""
    ask_paste: Callable[[str], None]
    """Ask whether to paste this."""
    context: Callable[[], tuple[Room | None, Iterable[str], str]]
    """The room in front, the names of the rooms, one's own nick: what there is to complete."""


class MessageField(ttk.Frame):
    """A text of three lines and a button."""

    def __init__(self, parent: tk.Misc, look: Look, glyphs: Glyphs, actions: FieldActions) -> None:
        super().__init__(parent)
        self._look = look
        self._glyphs = glyphs
        self._actions = actions
        self._completer = Completer()
        self._recall = InputHistory()
        self.text = tk.Text(self, height=3, width=20, wrap="word", undo=True, padx=8, pady=6, takefocus=True)
        self.text.grid(row=1, column=0, sticky="nsew")
        self.preview = Preview(self, self.text, look, glyphs)
        self.preview.grid(row=0, column=0, columnspan=2, sticky="ew")
        self.preview.grid_remove()
        self.button = ttk.Button(self, text="Send", command=self.submit, style="Accent.TButton")
        self.button.grid(row=1, column=1, sticky="nse", padx=(8, 0))
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self.why = ttk.Label(self, style="Alert.TLabel", anchor="w", justify="left")
        self.why.grid(row=2, column=0, columnspan=2, sticky="ew", pady=(4, 0))
        self.why.grid_remove()
        self.why.bind("<Configure>", lambda event: self.why.configure(wraplength=max(100, event.width - 8)))
        text = self.text
        use_keys(text)
        text.bind("<Return>", self._send_key)
        text.bind("<KP_Enter>", self._send_key)
        text.bind("<Shift-Return>", self._new_line)
        text.bind("<Tab>", self._complete)
        text.bind("<Up>", self._up)
        text.bind("<Down>", self._down)
        text.bind("<<Paste>>", lambda _: self._paste("CLIPBOARD"))
        text.bind("<<PasteSelection>>", self._paste_primary)
        text.bind("<Key>", self._typed)
        look.painters.append(self._paint)
        self._paint()

    @property
    def content(self) -> str:
        """What stands in it."""
        return self.text.get("1.0", "end-1c")

    @content.setter
    def content(self, text: str) -> None:
        self.text.delete("1.0", "end")
        self.text.insert("1.0", self._glyphs.safe(text))
        self.text.mark_set("insert", "end-1c")
        self.text.see("insert")

    def submit(self) -> None:
        """Send what stands in it, and clear it."""
        text = self.content
        if text.strip() and self._actions.send(text):
            self._recall.add_input(text)
            self.content = ""
            self.text.edit_reset()
        self.text.focus_set()

    def explain(self, why: str) -> None:
        """Say below it why nothing can be said, nothing if it can; commands can be given all the same."""
        if why:
            self.why.configure(text=self._glyphs.line(f"! {why}"))
            self.why.grid()
        else:
            self.why.grid_remove()

    def insert(self, text: str) -> None:
        """Put a text where the cursor is, in place of what is selected."""
        put(self.text, self._glyphs.safe(text))

    def _send_key(self, _: tk.Event[tk.Misc]) -> str:
        self.submit()
        return "break"

    def _new_line(self, _: tk.Event[tk.Misc]) -> str:
        self.insert("\n")
        return "break"

    def _complete(self, _: tk.Event[tk.Misc]) -> str:
        before = self.text.get("1.0", "insert")
        text, cursor = self._completer.complete(self.content, len(before), *self._actions.context())
        if text != self.content or cursor != len(before):
            self.text.delete("1.0", "end")
            self.text.insert("1.0", text[:cursor])
            # How many indices a character has depends on the build: the place is asked for, not counted.
            place = self.text.index("end-1c")
            self.text.insert("end-1c", text[cursor:])
            self.text.mark_set("insert", place)
            self.text.see("insert")
        return "break"

    def _up(self, _: tk.Event[tk.Misc]) -> str | None:
        if self._counted("1.0", "insert"):
            return None
        self.content = self._recall.up(self.content)
        return "break"

    def _down(self, _: tk.Event[tk.Misc]) -> str | None:
        if self._counted("insert", "end-1c"):
            return None
        self.content = self._recall.down(self.content)
        return "break"

    def _counted(self, start: str, end: str) -> int:
        """Return how many lines, as they are shown, lie between two places."""
        return int(self.text.tk.getint(self.text.tk.call(str(self.text), "count", "-displaylines", start, end)))

    def _paste_primary(self, event: tk.Event[tk.Misc]) -> str:
        self.text.mark_set("insert", f"@{event.x},{event.y}")
        return self._paste("PRIMARY")

    def _paste(self, selection: str) -> str:
        try:
            text = self.text.selection_get(selection=selection)
        except tk.TclError:  # there is nothing
            return "break"
        self.paste(text)
        return "break"

    def paste(self, text: str) -> None:
        """Put in what was copied; ask first if that is much."""
        text = text[:MAX_PASTED].replace("\r\n", "\n").replace("\0", "")
        if len(text.strip().splitlines()) > MAX_PASTED_LINES:
            self._actions.ask_paste(text)
        else:
            self.insert(text)

    def _typed(self, event: tk.Event[tk.Misc]) -> str | None:
        """Put in what stands for a character that cannot be drawn."""
        if event.char and not event.char.isascii() and (safe := self._glyphs.safe(event.char)) != event.char:
            self.insert(safe)
            return "break"
        return None

    def _paint(self) -> None:
        self._look.dress(self.text)
