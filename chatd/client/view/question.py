"""A question, or a sentence to be read, in the window itself: it stops nothing, and Escape is the last answer."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from enum import Enum
from tkinter import ttk

Answer = tuple[str, Callable[[], None]]


class Content(Enum):
    """What the place for a question shows."""

    NOTHING = "nothing: it cannot be seen"
    ERROR = "a sentence, until it is closed or something else is shown"
    QUESTION = "what waits for an answer"


class Question(ttk.Frame):
    """The place for one question at a time; a new one takes it over, and the one before gets its last answer."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, padding=("6p", "4.5p"), style="Card.TFrame")
        self._label = ttk.Label(self, justify="left", anchor="w")
        self._label.grid(row=0, column=0, sticky="ew")
        self._buttons = ttk.Frame(self)
        self._buttons.grid(row=0, column=1, sticky="e", padx=("6p", 0))
        self.columnconfigure(0, weight=1)
        self._below = False
        """Whether the buttons stand under the text."""
        self.bind("<Configure>", lambda event: self._wrap(event.width))
        self._answers: Sequence[Answer] = ()
        self._focus: tk.Misc | None = None
        self._content = Content.NOTHING
        self.text = ""

    @property
    def is_open(self) -> bool:
        """Whether it shows anything."""
        return self._content is not Content.NOTHING

    def ask(
        self, text: str, answers: Sequence[Answer], *, alert: bool = False, focus: bool = True, first: int = 0
    ) -> None:
        """Ask; each answer is a button's text and what it does. The last one is what Escape does.

        The one with the number ``first`` gets the focus, if ``focus`` is to go here at all.
        """
        if self.is_open:
            self.escape()
        self.text = text
        self._content = Content.QUESTION
        self._answers = answers
        self._label.configure(text=text, style="Alert.TLabel" if alert else "TLabel")
        for child in self._buttons.winfo_children():
            child.destroy()
        for column, (name, _) in enumerate(answers):
            button = ttk.Button(self._buttons, text=name, command=lambda n=column: self.answer(n))  # type: ignore[misc]
            button.grid(row=0, column=column, padx=("3p", 0))
            button.bind("<Return>", lambda _, n=column: self.answer(n))  # type: ignore[misc]
            button.bind("<Escape>", self._escaped)
        # What is long has the whole width, so that a small window can hold it.
        self._below = "\n" in text
        self._buttons.grid(row=1 if self._below else 0, column=0 if self._below else 1)
        self._wrap(self.winfo_width())
        self.grid()
        if focus:
            self._focus = self.focus_get() if self._has_focus() else None
            self._buttons.winfo_children()[first].focus_set()

    def show_error(self, text: str) -> None:
        """Show an error until it is closed or something else is shown."""
        self.ask("! " + text, [("Close", lambda: None)], alert=True, focus=False)
        self._content = Content.ERROR

    def forget_error(self) -> None:
        """Take an error away, if there is one."""
        if self._content is Content.ERROR:
            self.escape()

    def answer(self, number: int) -> None:
        """Carry out an answer."""
        if not self.is_open:
            return
        _, act = self._answers[number]
        self._answers, self.text, self._content = (), "", Content.NOTHING
        self.grid_remove()
        if self._focus is not None and self._focus.winfo_exists():
            self._focus.focus_set()
        self._focus = None
        act()

    def escape(self) -> None:
        """Give the last answer."""
        self.answer(len(self._answers) - 1)

    def _escaped(self, _: tk.Event[tk.Misc]) -> str:
        self.escape()
        return "break"

    def _has_focus(self) -> bool:
        try:
            return self.focus_get() is not None
        except KeyError:  # a widget of Tk's own, a menu
            return False

    def _wrap(self, width: int) -> None:
        room = width - (0 if self._below else self._buttons.winfo_reqwidth()) - 32
        self._label.configure(wraplength=max(120, room))
