"""The sheet that says who one is where one is: registered, logged in or a guest."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from tkinter import ttk

from chatd.client.view.entry import Entry
from chatd.client.view.sheet import Sheet
from chatd.client.view.theme import Look

_WRAP = "390p"


class Part(Enum):
    """What the sheet can offer."""

    REGISTER = "a password, to make the name one's own"
    LOG_IN = "a name and its password"
    LOG_OUT = "to leave and to forget the password"


class Deed(Enum):
    """What its buttons ask for."""

    REGISTER = "make the name one's own"
    LOG_IN = "come to the server anew, with a password"
    LOG_OUT = "leave, and forget the password"
    FORGET = "let the keyring forget the password"


@dataclass(frozen=True, slots=True)
class Shown:
    """What the sheet shows."""

    who: str
    """As whom one is there, in a sentence."""
    parts: frozenset[Part]
    nick: str
    """The name to register, and to begin with when somebody logs in."""
    hint: str = ""
    """What else there is to know."""


class AccountSheet(Sheet):
    """Shows what it is told to; ``do`` is called for its buttons."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent, "Account")
        self.do: Callable[[Deed], None] = lambda _: None
        self._look = look
        self._shown: Shown | None = None
        body = self.body
        body.columnconfigure(0, weight=1)
        body.rowconfigure(0, weight=0)
        self.who = ttk.Label(body, wraplength=_WRAP, justify="left")
        self.who.grid(row=0, column=0, sticky="w")
        self.note = ttk.Label(body, wraplength=_WRAP, justify="left", style="Strong.TLabel")
        self.problem = ttk.Label(body, wraplength=_WRAP, justify="left", style="Alert.TLabel")
        self._frames = {part: ttk.Frame(body) for part in Part}
        for frame in self._frames.values():
            frame.columnconfigure((1, 3), weight=1)
        self._lay_out_register(self._frames[Part.REGISTER])
        self._lay_out_login(self._frames[Part.LOG_IN])
        self._lay_out_logout(self._frames[Part.LOG_OUT])
        self.remember = tk.BooleanVar(self, value=False)
        self.remember_box = ttk.Checkbutton(body, text="Remember the password in the keyring", variable=self.remember)
        self.remember_box.grid(row=6, column=0, sticky="w", pady=("6p", 0))
        self.remember_box.grid_remove()
        self.hint = ttk.Label(body, wraplength=_WRAP, justify="left", style="Faint.TLabel")
        self.hint.grid(row=7, column=0, sticky="w", pady=("9p", 0))
        self.keyring_hint = ttk.Label(body, wraplength=_WRAP, justify="left", style="Faint.TLabel")
        self.keyring_hint.grid(row=8, column=0, sticky="w")
        self.bind_all_inside()

    def _lay_out_register(self, frame: ttk.Frame) -> None:
        self.own_title = self._title(frame)
        self.own_password = self._field(frame, 1, 0, "Password", show="•")
        self.own_again = self._field(frame, 1, 2, "Repeat", show="•")
        self.own_code = self._field(frame, 2, 0, "Invitation code", hint="if you have one")
        self.register_button = self._button(frame, 2, "Register", Deed.REGISTER)
        self._submit_by_return(Deed.REGISTER, self.own_password, self.own_again, self.own_code)

    def _lay_out_login(self, frame: ttk.Frame) -> None:
        self._title(frame, "Log in")
        self.name = self._field(frame, 1, 0, "Nick")
        self.password = self._field(frame, 1, 2, "Password", show="•")
        self.login_button = self._button(frame, 2, "Log in", Deed.LOG_IN)
        self._submit_by_return(Deed.LOG_IN, self.name, self.password)

    def _lay_out_logout(self, frame: ttk.Frame) -> None:
        buttons = ttk.Frame(frame)
        buttons.grid(row=1, column=0, columnspan=2, sticky="w", pady=("9p", 0))
        self.forget_button = ttk.Button(buttons, text="Forget password", command=lambda: self.do(Deed.FORGET))
        self.forget_button.grid(row=0, column=1, padx=("6p", 0))
        self.forget_button.grid_remove()
        self.logout_button = ttk.Button(buttons, text="Log out", command=lambda: self.do(Deed.LOG_OUT))
        self.logout_button.grid(row=0, column=0)

    def show(self, shown: Shown) -> None:
        """Show this; what was entered stays if the same is asked for."""
        before, self._shown = self._shown, shown
        self.who.configure(text=shown.who)
        self.own_title.configure(text=f"Register the nick {shown.nick}")
        self.hint.configure(text=shown.hint)
        for row, part in enumerate(Part, 3):
            if part in shown.parts:
                self._frames[part].grid(row=row, column=0, sticky="ew")
            else:
                self._frames[part].grid_remove()
        if before is None or (before.parts, before.nick) != (shown.parts, shown.nick):
            self.forget_secrets()
            self.name.replace_all(shown.nick)

    def say(self, note: str = "", problem: str = "") -> None:
        """Say what came of it."""
        self.note.configure(text=note)
        self.problem.configure(text=f"! {problem}" if problem else "")
        for row, label in ((1, self.note), (2, self.problem)):
            if label.cget("text"):
                label.grid(row=row, column=0, sticky="w", pady=("6p", 0))
            else:
                label.grid_remove()

    def explain_keyring(self, problem: str) -> None:
        """Offer to remember a password, unless there is a problem with that."""
        text = f"Passwords cannot be remembered: {problem}." if problem else ""
        self.keyring_hint.configure(text=text)
        parts = frozenset() if self._shown is None else self._shown.parts
        if problem or not parts - {Part.LOG_OUT}:
            self.remember_box.grid_remove()
        else:
            self.remember_box.grid()
        if problem:
            self.forget_button.grid_remove()
        else:
            self.forget_button.grid()

    def begin(self) -> None:
        """Open it, with the focus where one begins."""
        parts = frozenset() if self._shown is None else self._shown.parts
        if Part.REGISTER in parts:
            self.open(self.own_password)
        elif Part.LOG_IN in parts:
            self.open(self.password)
        else:
            self.open()

    def forget_secrets(self) -> None:
        """Let no password stand in it."""
        for field in (self.own_password, self.own_again, self.own_code, self.password):
            field.replace_all("")

    def close(self) -> None:
        """Take it away, with all passwords."""
        self.forget_secrets()
        super().close()

    def _title(self, frame: ttk.Frame, text: str = "") -> ttk.Label:
        label = ttk.Label(frame, text=text, style="Strong.TLabel")
        label.grid(row=0, column=0, columnspan=4, sticky="w", pady=("9p", "3p"))
        return label

    def _field(self, frame: ttk.Frame, row: int, column: int, label: str, show: str = "", hint: str = "") -> Entry:
        padding = (0 if column == 0 else "9p", "9p" if column == 0 else "6p")
        ttk.Label(frame, text=label).grid(row=row, column=column, sticky="w", padx=padding, pady="3p")
        field = Entry(frame, self._look, width=18, show=show, hint=hint)
        field.grid(row=row, column=column + 1, sticky="ew", pady="3p")
        return field

    def _button(self, frame: ttk.Frame, row: int, text: str, deed: Deed) -> ttk.Button:
        button = ttk.Button(frame, text=text, command=lambda: self.do(deed))
        button.grid(row=row, column=3, sticky="e", pady=("3p", 0))
        self._submit_by_return(deed, button)
        return button

    def _submit_by_return(self, deed: Deed, *widgets: tk.Misc) -> None:
        def submit(_: tk.Event[tk.Misc]) -> str:
            self.do(deed)
            return "break"

        for widget in widgets:
            for key in ("<Return>", "<KP_Enter>"):
                widget.bind(key, submit)
