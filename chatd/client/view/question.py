"""A question, or a sentence to be read, in the window itself: it stops nothing, and Escape is the last answer."""

from __future__ import annotations

import tkinter as tk
import tkinter.font
from collections.abc import Callable, Sequence
from enum import Enum
from tkinter import ttk
from typing import Any, NamedTuple

Answer = tuple[str, Callable[[], None]]


_EDGES, _GAP, _MIN_WRAP = 32, 4, 120
"""In pixels: what is around all of it, between two buttons, and the narrowest text."""
_MIN_LETTERS = 30
"""How many letters of a line have to have their place beside the buttons."""


class Content(Enum):
    """What the place for a question shows."""

    NOTHING = "nothing: it cannot be seen"
    ERROR = "a sentence, until it is closed or something else is shown"
    QUESTION = "what waits for an answer"


class _Asked(NamedTuple):
    text: str
    answers: Sequence[Answer]
    alert: bool
    focus: bool
    first: int


class Question(ttk.Frame):
    """The place for one question at a time; a new one takes it over, and the one before gets its last answer."""

    def __init__(self, parent: tk.Misc) -> None:
        super().__init__(parent, padding=("6p", "4.5p"), style="Card.TFrame")
        self._label = ttk.Label(self, justify="left", anchor="w")
        self._label.grid(row=0, column=0, sticky="ew")
        self._buttons = ttk.Frame(self)
        self._buttons.grid(row=0, column=1, sticky="e", padx=("6p", 0))
        self.columnconfigure(0, weight=1)
        self.bind("<Configure>", lambda event: self._arrange(event.width))
        self._answers: Sequence[Answer] = ()
        self._later: list[_Asked] = []
        self._focus: tk.Misc | None = None
        self._content = Content.NOTHING
        self.text = ""

    @property
    def is_open(self) -> bool:
        """Whether it shows anything."""
        return self._content is not Content.NOTHING

    def ask(
        self,
        text: str,
        answers: Sequence[Answer],
        *,
        alert: bool = False,
        focus: bool = True,
        first: int = 0,
        wait: bool = False,
    ) -> None:
        """Ask; each answer is a button's text and what it does. The last one is what Escape does.

        The one with the number ``first`` gets the focus, if ``focus`` is to go here at all. One that can ``wait`` takes
        over from none, and is asked when what is there has been answered.
        """
        asked = _Asked(text, answers, alert, focus, first)
        if wait and self.is_open:
            self._later.append(asked)
            return
        if self.is_open:
            self._take_answer(len(self._answers) - 1)
        self._show(asked)

    def withdraw(self, text: str) -> None:
        """Take a question away, whether it is shown or waits; one that is shown gets its last answer."""
        self._later = [each for each in self._later if each.text != text]
        if self.is_open and self.text == text:
            self.escape()

    def _show(self, asked: _Asked) -> None:
        self.text = asked.text
        self._content = Content.QUESTION
        self._answers = asked.answers
        self._label.configure(text=asked.text, style="Alert.TLabel" if asked.alert else "TLabel")
        for child in self._buttons.winfo_children():
            child.destroy()
        for column, (name, _) in enumerate(asked.answers):
            button = ttk.Button(self._buttons, text=name, command=lambda n=column: self.answer(n))  # type: ignore[misc]
            button.bind("<Return>", lambda _, n=column: self.answer(n))  # type: ignore[misc]
            button.bind("<Escape>", self._escaped)
        self._arrange(self.winfo_width())
        self.grid()
        if asked.focus:
            self._focus = self.focus_get() if self._has_focus() else None
            self._buttons.winfo_children()[asked.first].focus_set()

    def focus_first(self) -> None:
        """Let the keys go to the first answer, and back to where they went once one is given."""
        if self.is_open:
            self._focus = self.focus_get() if self._has_focus() else None
            self._buttons.winfo_children()[0].focus_set()

    def show_error(self, text: str) -> None:
        """Show an error until it is closed or something else is shown."""
        self.ask("! " + text, [("Close", lambda: None)], alert=True, focus=False)
        self._content = Content.ERROR

    def forget_error(self) -> None:
        """Take an error away, if there is one."""
        if self._content is Content.ERROR:
            self.escape()

    def answer(self, number: int) -> None:
        """Carry out an answer, and ask what has waited for that."""
        if not self.is_open:
            return
        self._take_answer(number)
        if self._later and not self.is_open:
            self._show(self._later.pop(0))

    def _take_answer(self, number: int) -> None:
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

    def _arrange(self, width: int) -> None:
        """Put the buttons beside the text or, if that is long or would be narrow, under it, in rows if need be."""
        room = width - _EDGES
        buttons: list[Any] = self._buttons.winfo_children()
        beside = room - sum(button.winfo_reqwidth() + _GAP for button in buttons) - _GAP
        below = "\n" in self.text or beside < tkinter.font.nametofont("TkDefaultFont", self).measure("n" * _MIN_LETTERS)
        place: dict[str, Any] = {"row": 1, "column": 0, "sticky": "w", "padx": 0, "pady": (_GAP, 0)}
        self._buttons.grid(**(place if below else {"row": 0, "column": 1, "sticky": "e", "padx": (8, 0), "pady": 0}))
        row = column = used = 0
        for button in buttons:
            if below and column and used + button.winfo_reqwidth() > room:
                row, column, used = row + 1, 0, 0
            button.grid(
                row=row, column=column, padx=(_GAP if column else 0, 0), pady=(_GAP if row else 0, 0), sticky="w"
            )
            used += button.winfo_reqwidth() + _GAP
            column += 1
        self._label.configure(wraplength=max(_MIN_WRAP, room if below else beside))
