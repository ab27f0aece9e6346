"""The field at the bottom: several lines, Enter says them; Tab completes, Up and Down bring back what was typed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from tkinter import ttk

from chatd.client.model.completion import Completer
from chatd.client.model.emoji import replace_names
from chatd.client.model.input_history import InputHistory
from chatd.client.model.pasting import Pasting
from chatd.client.model.preferences import SendKey
from chatd.client.model.room import Room
from chatd.client.model.slash import holds_secret
from chatd.client.view.clipboard import Clipboard
from chatd.client.view.emoji_typing import EmojiTyping
from chatd.client.view.field_box import FieldBox
from chatd.client.view.field_paste import FieldPaste
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.preview import Preview
from chatd.client.view.text_keys import put, use_keys
from chatd.client.view.theme import Look

MAX_LINES = 8
"""How many lines the field shows at most."""
_MANY_CHARACTERS = 2000
"""From how many on the lines are not counted: there are more than can be shown."""


@dataclass(frozen=True, slots=True)
class FieldActions:
    """What the field asks for."""

    send: Callable[[str], bool]
    """Say it; return whether it was taken, so that the field is to be cleared."""
    ask_paste: Callable[[Pasting], None]
    """Ask whether to paste this."""
    context: Callable[[], tuple[Room | None, Iterable[str], str]]
    """The room in front, the names of the rooms, one's own nick: what there is to complete."""
    choose_emoji: Callable[[tk.Misc, Callable[[str], None]], None]
    """Let one be chosen, next to a widget."""


class MessageField(ttk.Frame):
    """A text that grows with what is in it, a button for emoji and one to send."""

    def __init__(
        self, parent: tk.Misc, look: Look, glyphs: Glyphs, clipboard: Clipboard, actions: FieldActions
    ) -> None:
        super().__init__(parent)
        self._look = look
        self._glyphs = glyphs
        self._actions = actions
        self._completer = Completer()
        self._recall = InputHistory()
        box = self._box = FieldBox(self, look)
        box.grid(row=1, column=0, sticky="nsew")
        edge = look.pixels(4.5)
        self.text = tk.Text(box, height=1, width=20, wrap="word", undo=True, padx=edge, pady=edge // 2, takefocus=True)
        box.hold(self.text)
        use_keys(self.text)
        self.preview = Preview(self, self.text, look, glyphs)
        self.preview.grid(row=0, column=0, columnspan=3, sticky="ew")
        self.preview.grid_remove()
        self.emoji_button = ttk.Button(self, text=_face(glyphs), width=3, command=self.choose_emoji)
        self.emoji_button.grid(row=1, column=1, sticky="se", padx=("6p", 0))
        self.button = ttk.Button(self, text="Send", command=self.submit, style="Accent.TButton")
        self.button.grid(row=1, column=2, sticky="se", padx=("6p", 0))
        self.columnconfigure(0, weight=1)
        self.rowconfigure(1, weight=1)
        self.why = self._line(2, "Alert.TLabel")
        self.hint = self._line(3, "Faint.TLabel")
        self.paste = FieldPaste(self.text, clipboard, glyphs, actions.ask_paste, self._show_hint)
        self.emoji = EmojiTyping(self.text, look, glyphs)
        self._bind()
        look.painters.append(self._paint)
        self._paint()

    def _line(self, row: int, style: str) -> ttk.Label:
        """Return a line below the field, which is not seen yet."""
        label = ttk.Label(self, style=style, anchor="w", justify="left")
        label.grid(row=row, column=0, columnspan=3, sticky="ew", pady=("3p", 0))
        label.grid_remove()
        label.bind("<Configure>", lambda event: label.configure(wraplength=max(100, event.width - 8)))
        return label

    def _bind(self) -> None:
        text = self.text
        text.bind("<Return>", self._send_key)
        text.bind("<KP_Enter>", self._send_key)
        text.bind("<Shift-Return>", self._new_line)
        for event in ("<Control-Return>", "<Control-KP_Enter>"):
            text.bind(event, self._send_at_once)
        text.bind("<Tab>", self._complete)
        text.bind("<Up>", self._up)
        text.bind("<Down>", self._down)
        text.bind("<Control-period>", lambda _: self.choose_emoji())
        text.bind("<Key>", self._typed)
        text.bind("<<Modified>>", lambda _: self._modified(), add=True)
        text.bind("<Configure>", lambda _: self._fit())
        # What is open above the field, or waits, has its keys first.
        first = f"First{text}"
        text.bindtags((first, *text.bindtags()))
        keys: dict[str, Callable[[], bool]] = {
            "<Escape>": lambda: self.emoji.leave() or self.paste.cancel(),
            "<Return>": self.emoji.take, "<KP_Enter>": self.emoji.take, "<Tab>": self.emoji.take,
            "<Up>": lambda: self.emoji.step(-1), "<Down>": lambda: self.emoji.step(1),
        }  # fmt: skip
        for key, act in keys.items():
            text.bind_class(first, key, lambda _, act=act: "break" if act() else None)  # type: ignore[misc]

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
        self.text.configure(exportselection=True)
        self._fit()

    def submit(self) -> None:
        """Send what stands in it, and clear it; what is not taken is marked, and what is typed next replaces it."""
        text = self.content
        if self.paste.wait(self.submit):
            pass
        elif text.strip():
            secret = holds_secret(text)
            self.content = ""  # it may bring another room to the front: it is no draft, and that room may have one
            taken = self._actions.send(text if secret else replace_names(text))
            self._recall.add_input(text)
            if taken:
                self.text.edit_reset()
            else:
                self.content = text
                self.text.configure(exportselection=not secret)
                self.text.tag_add("sel", "1.0", "end-1c")
                self.text.mark_set("insert", "end-1c")
        self.text.focus_set()

    def show_purpose(self, purpose: str) -> None:
        """Say in it, while it is empty, what is written here."""
        self._box.show_hint(self._glyphs.line(purpose))

    def explain(self, why: str) -> None:
        """Say below it why nothing can be said, nothing if it can; commands can be given all the same."""
        self._show(self.why, f"! {why}" if why else "")

    def insert(self, text: str) -> None:
        """Put a text where the cursor is, in place of what is selected."""
        put(self.text, self._glyphs.safe(text))

    def insert_code(self, code: str) -> None:
        """Put in a block of code, which begins on a line of its own."""
        self.insert(f"\n{code}" if self.text.get("insert linestart", "insert").strip() else code)

    def choose_emoji(self) -> str:
        """Let an emoji be chosen, and put it where the cursor is."""
        self.text.focus_set()
        self._actions.choose_emoji(self.emoji_button, self.insert)
        return "break"

    def _show_hint(self, hint: str) -> None:
        self._show(self.hint, hint)

    def _show(self, label: ttk.Label, text: str) -> None:
        if text:
            label.configure(text=self._glyphs.line(text))
            label.grid()
        else:
            label.grid_remove()

    def _send_key(self, _: tk.Event[tk.Misc]) -> str:
        if self._look.preferences.send_key is SendKey.ENTER:
            self.submit()
        else:
            self.insert("\n")
        return "break"

    def _send_at_once(self, _: tk.Event[tk.Misc]) -> str:
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

    def _modified(self) -> None:
        if self.text.edit_modified():  # and nobody else has noted it
            self.text.edit_modified(False)  # noqa: FBT003  # Tk's
            self.preview.show()
        self._fit()

    def _fit(self) -> None:
        """Be as high as what is in it, within limits."""
        lines = int(str(self.text.index("end-1c")).split(".")[0])
        if lines < MAX_LINES:
            long = self.text.compare(f"1.0 + {_MANY_CHARACTERS} chars", "<", "end-1c")
            lines = MAX_LINES if long else 1 + self._counted("1.0", "end-1c")
        lines = min(lines, MAX_LINES)
        if lines != int(str(self.text.cget("height"))):
            self.text.configure(height=lines)
            self.text.see("insert")
        self._box.show_hint()

    def _typed(self, event: tk.Event[tk.Misc]) -> str | None:
        """Put in what stands for a character that cannot be drawn."""
        if event.char and not event.char.isascii() and (safe := self._glyphs.safe(event.char)) != event.char:
            self.insert(safe)
            return "break"
        return None

    def _paint(self) -> None:
        self._look.dress(self.text, edge=False)
        self._box.paint()
        self._fit()


def _face(glyphs: Glyphs) -> str:
    """Return what stands on the button for emoji."""
    face = "\u263a"
    return face if glyphs.safe(face) == face else ":)"
