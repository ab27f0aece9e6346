"""What a screen reader is told of the window, where Tk can tell it: ``tk accessible``, which is new in Tk 9.1.

Tk finds out by itself what a button says. It does not know what a field is for, and our fields are none of its own, so
each has its role, its name and its help from here. On a Tk that has no such command nothing is done.
https://github.com/tcltk/tk/blob/main/doc/accessible.n
"""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from tkinter import ttk

from chatd.client.view.entry import CLASS as ENTRY
from chatd.client.view.entry import Entry

_SIGNS = {"↑": "Previous", "↓": "Next", "✕": "Close", "×": "Close"}
"""What buttons are called that have a sign in place of a text."""


@dataclass(frozen=True, slots=True)
class Described:
    """What a reader is told of a widget."""

    role: str
    """One of those that Tk knows: Button, Entry, Label, Text, Tree and others."""
    name: str
    help: str = ""
    """How it is used by keys."""


_CONVERSATION = Described("Text", "Conversation", "Up and Down move between messages, Tab moves between links")
_MESSAGE = Described("Text", "Message", "Enter sends, Shift+Enter begins a new line, Tab completes a nick")
_ROOMS = Described("Tree", "Rooms", "Up and Down move between rooms")
_PEOPLE = Described("Tree", "People", "Enter opens a private conversation, Shift+F10 opens a menu")


class Accessibility:
    """Tells readers of the widgets of a window: of ``known``, and of each field and button that comes up."""

    def __init__(self, root: tk.Misc, known: Mapping[tk.Misc, Described]) -> None:
        self._tk = root.tk
        self._known = dict(known)
        self.there = _has_command(root)
        """Whether this Tk can tell anything to a reader."""
        if not self.there:
            return
        root.bind_class(ENTRY, "<Map>", lambda event: self._soon(event.widget), add=True)
        root.bind_class("TButton", "<Map>", lambda event: self._soon(event.widget), add=True)
        for widget in self._known:
            # Tk itself describes a widget when it comes up, and after that it is our turn.
            widget.bind("<Map>", lambda event: self._soon(event.widget), add=True)
            widget.bind("<FocusIn>", lambda event: self._tell_state(event.widget), add=True)
            self.tell(widget)

    def tell(self, widget: tk.Misc) -> None:
        """Tell what a widget is."""
        described = self._known.get(widget) or self._described(widget)
        if described is None:
            return
        self._call("set_acc_role", widget, described.role)  # first: Tk takes nothing else before it
        self._call("set_acc_name", widget, described.name)
        self._call("set_acc_description", widget, described.name)
        if described.help:
            self._call("set_acc_help", widget, described.help)
        self._tell_state(widget)
        self._call("add_acc_object", widget)

    def read_cursor(self, text: tk.Text, tag: str) -> None:
        """Let what has a tag be read whenever Up and Down have moved it."""

        def moved(_: tk.Event[tk.Misc]) -> None:
            found = text.tag_ranges(tag)
            self.read(text, text.get(found[0], found[1]).strip() if found else "")

        for key in ("<KeyRelease-Up>", "<KeyRelease-Down>"):
            text.bind(key, moved, add=True)

    def read(self, widget: tk.Misc, text: str) -> None:
        """Let a text be read: it is what the widget is about now."""
        if self.there and text:
            self._call("set_acc_value", widget, text)
            self._call("emit_selection_change", widget)

    def _described(self, widget: tk.Misc) -> Described | None:
        if isinstance(widget, Entry):
            return Described("Entry", _label_of(widget))
        if isinstance(widget, ttk.Button):
            text = str(widget.cget("text"))
            return Described("Button", _SIGNS.get(text.strip(), text))
        return None

    def _soon(self, widget: tk.Misc) -> None:
        if isinstance(widget, tk.Misc):  # and not the name of one that tkinter did not make
            widget.after_idle(lambda: self.tell(widget) if widget.winfo_exists() else None)

    def _tell_state(self, widget: tk.Misc) -> None:
        if isinstance(widget, Entry | ttk.Widget):
            states = {str(state) for state in widget.state()}
            self._call("set_acc_state", widget, next((s for s in ("disabled", "readonly") if s in states), "normal"))
        elif isinstance(widget, tk.Text):
            self._call("set_acc_state", widget, str(widget.cget("state")))

    def _call(self, operation: str, widget: tk.Misc, *values: str) -> None:
        # It is new, and refuses what it does not know yet: the window goes on without.
        with suppress(tk.TclError):
            self._tk.call("tk", "accessible", operation, str(widget), *values)


def tell_readers(
    root: tk.Misc, conversation: tk.Text, message: tk.Text, rooms: ttk.Treeview, people: ttk.Treeview
) -> Accessibility:
    """Tell readers of the window's parts, and of the message that the cursor is on."""
    known: dict[tk.Misc, Described] = {
        conversation: _CONVERSATION,
        message: _MESSAGE,
        rooms: _ROOMS,
        people: _PEOPLE,
    }
    told = Accessibility(root, known)
    told.read_cursor(conversation, "cursor")
    return told


def _has_command(root: tk.Misc) -> bool:
    commands = root.tk.call("namespace", "ensemble", "configure", "tk", "-map")
    return bool(root.tk.getboolean(root.tk.call("dict", "exists", commands, "accessible")))


def _label_of(field: Entry) -> str:
    """Return what the label says that stands before a field, or above it; else the field's own hint."""
    place = field.grid_info()
    if not place:
        return field.hint
    row, column = int(place["row"]), int(place["column"])
    for before in ((row, column - 1), (row - 1, column)):
        for label in _labels_at(field.master, *before):
            if text := str(label.cget("text")):
                return text.rstrip(": …")
    return field.hint


def _labels_at(parent: tk.Misc | None, row: int, column: int) -> Iterator[ttk.Label]:
    if parent is not None and row >= 0 and column >= 0:
        for widget in parent.grid_slaves(row, column):
            if isinstance(widget, ttk.Label):
                yield widget
