"""A field of one line: the one of this window, since Tk's own takes half an emoji at a time.

It is a `tkinter.Text` that is asked as `ttk.Entry` is. Its widget command is taken over, so that whatever changes the
text (a key, an input method, a drop, the program) goes through one place.
"""

from __future__ import annotations

import tkinter as tk
from typing import Any

from typing_extensions import override

from chatd.client.view.hint import make_hint, place_hint
from chatd.client.view.text_keys import use_keys
from chatd.client.view.theme import Look

CLASS = "ChatdEntry"
"""The binding tag that all of these have."""
_BREAKS = str.maketrans({"\n": " ", "\r": None, "\t": " ", "\0": None})


class Entry(tk.Text):
    """One line of text, ``width`` characters wide.

    ``show`` is what stands for every character of a password, which is then never in the clipboard nor in the undo
    stack; ``variable`` follows what stands in it, and is followed; ``hint`` is shown while it is empty.
    """

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        *,
        width: int = 20,
        show: str = "",
        textvariable: tk.StringVar | None = None,
        hint: str = "",
    ) -> None:
        super().__init__(
            parent, height=1, width=width, wrap="none", padx="6p", pady="3.75p", undo=not show, takefocus=True
        )
        self._show = show
        self._secret = ""
        """What stands in it, if that is not shown."""
        self._states: set[str] = set()
        self._variable = textvariable
        self._hint = make_hint(self, hint)
        self._hint.bind("<Button-1>", lambda _: self.focus_set())
        self._look = look
        self._take_over()
        use_keys(self)
        self.bindtags((str(self), CLASS, *self.bindtags()[1:]))
        _bind_class(self)
        if show:
            self.configure(exportselection=False)
        if textvariable is not None:
            traced = textvariable.trace_add("write", lambda *_: self._follow())
            self.bind("<Destroy>", lambda _: textvariable.trace_remove("write", traced), add=True)
            self._follow()
        look.painters.append(self._paint)
        self.bind("<Destroy>", lambda _: look.painters.remove(self._paint), add=True)
        self._paint()
        self._show_hint()

    @property
    def hint(self) -> str:
        """What stands in it while it is empty."""
        return str(self._hint.cget("text"))

    # As a `ttk.Entry` is asked.

    @override
    def get(self, index1: Any = "1.0", index2: Any = "end-1c") -> str:
        """Return what stands in it: all of it, or between two places."""
        if not self._show:
            return super().get(self._place(index1), self._place(index2))
        return self._secret[self._count(index1) : self._count(index2)]

    @override
    def insert(self, index: Any, chars: str, *args: Any) -> None:
        """Put a text at a place: a number of characters, or one of Tk's."""
        super().insert(self._place(index), chars, *args)

    @override
    def delete(self, index1: Any, index2: Any = None) -> None:
        """Take away what stands between two places, or one character."""
        super().delete(self._place(index1), None if index2 is None else self._place(index2))

    def replace_all(self, text: str) -> None:
        """Let this stand in it, and the cursor at its end; there is nothing to undo."""
        self.delete("1.0", "end")
        self.insert("1.0", text)
        self.edit_reset()

    def select_range(self, start: Any, end: Any) -> None:
        """Select what lies between two places, the cursor behind it."""
        self.tag_remove("sel", "1.0", "end")
        self.tag_add("sel", self._place(start), self._place(end))
        self.mark_set("insert", self._place(end))
        self.see("insert")

    def icursor(self, index: Any) -> None:
        """Put the cursor somewhere."""
        self.mark_set("insert", self._place(index))

    def state(self, changes: list[str] | None = None) -> tuple[str, ...]:
        """Turn ``readonly`` or ``disabled`` on, with a ``!`` before it off; return what is on."""
        for change in changes or ():
            if change.startswith("!"):
                self._states.discard(change[1:])
            else:
                self._states.add(change)
        self._paint()
        return tuple(self._states)

    def instate(self, wanted: list[str]) -> bool:
        """Return whether all of these are as they are said to be."""
        return all((each.lstrip("!") in self._states) is not each.startswith("!") for each in wanted)

    @property
    def shows(self) -> str:
        """What stands for each character; nothing if they are shown themselves."""
        return self._show

    @shows.setter
    def shows(self, show: str) -> None:
        text = self.get()
        self.configure(undo=False, exportselection=not show)
        self._show, self._secret = show, ""
        self.replace_all(text)
        self.configure(undo=not show)

    @override
    def cget(self, key: str) -> Any:
        """Return an option; ``show`` is one, too."""
        return self._show if key == "show" else super().cget(key)

    # Places.

    def _place(self, index: Any) -> Any:
        """Return Tk's index for a number of characters."""
        if isinstance(index, int):
            text = super().get("1.0", "end-1c")
            # How many indices a character has depends on the build: Tk is asked, with the same text.
            before = text[: max(0, index)]
            return f"1.{index}" if before.isascii() else self._end_of(before)
        return {"end": "end-1c"}.get(index, index) if isinstance(index, str) else index

    def _end_of(self, before: str) -> str:
        low, high = len(before), 4 * len(before)
        while low < high and super().get("1.0", f"1.{low}") != before:
            low += 1
        return f"1.{low}"

    def _count(self, index: Any) -> int:
        """Return how many of a password's characters are before a place: each has one index."""
        line, column = str(self.index(self._place(index))).split(".")
        return int(column) if line == "1" else len(self._secret)

    # Every change goes through here.

    def _take_over(self) -> None:
        """Stand between whoever changes the widget and the widget: a command with its name calls `_ask`."""
        name = str(self)
        self._original = f"{name}_original"
        self.tk.call("rename", name, self._original)
        self.tk.createcommand(name, self._ask)
        # The widget's own command goes with the widget, whatever it is called then.
        self.bind("<Destroy>", lambda _: self.tk.deletecommand(name), add=True)

    def _ask(self, operation: str, *arguments: Any) -> Any:
        if operation not in ("insert", "delete", "replace", "edit"):
            return self.tk.call(self._original, operation, *arguments)
        if self._states and operation != "edit":
            return ""
        if operation == "insert":
            self._insert(arguments[0], "".join(str(each) for each in arguments[1::2]))
            result: Any = ""
        elif operation == "replace":
            self._delete(arguments[0], arguments[1])
            self._insert(arguments[0], str(arguments[2]))
            result = ""
        elif operation == "delete":
            self._delete(*arguments[:2])
            result = ""
        else:
            result = self.tk.call(self._original, operation, *arguments)
        self._changed()
        return result

    def _insert(self, index: Any, text: str) -> None:
        text = text.translate(_BREAKS)
        if self._show:
            at = self._count(index)
            self._secret = self._secret[:at] + text + self._secret[at:]
            text = self._show * len(text)
        self.tk.call(self._original, "insert", index, text)

    def _delete(self, start: Any, end: Any = None) -> None:
        if self._show:
            first = self._count(start)
            last = first + 1 if end is None else self._count(end)
            self._secret = self._secret[:first] + self._secret[last:]
        self.tk.call(self._original, "delete", start, *(() if end is None else (end,)))

    def _changed(self) -> None:
        self._show_hint()
        if self._variable is not None and self._variable.get() != (text := self.get()):
            self._variable.set(text)

    def _follow(self) -> None:
        assert self._variable is not None
        if self.get() != (text := self._variable.get().translate(_BREAKS)):
            self.replace_all(text)

    # Looks.

    def _show_hint(self) -> None:
        if self._hint.cget("text") and not self.get():
            place_hint(self._hint, self)
        else:
            self._hint.place_forget()

    def _paint(self) -> None:
        palette = self._look.palette
        self._look.dress(self)
        if self._states:
            self.configure(foreground=palette.faint)
        self._hint.configure(font=self._look.text, foreground=palette.faint, background=palette.background)


def _bind_class(entry: Entry) -> None:
    """Say what the keys do that have another meaning in more than one line, once for every root."""
    root = entry.nametowidget(".")
    if entry.tk.call("bind", CLASS):
        return
    for event in ("<Return>", "<KP_Enter>", "<Shift-Return>", "<Control-i>"):
        root.bind_class(CLASS, event, "break")
    moves = {"<Tab>": "tk_focusNext", "<Shift-Tab>": "tk_focusPrev", "<<PrevWindow>>": "tk_focusPrev"}
    for event, where in moves.items():
        entry.tk.call("bind", CLASS, event, f"tk::TabToWindow [{where} %W]; break")
    for event in ("<<Copy>>", "<<Cut>>"):
        root.bind_class(CLASS, event, _keep_secret)


def _keep_secret(event: tk.Event[Entry]) -> str | None:
    return "break" if event.widget.shows else None
