"""What is seen while there is no conversation: one sentence, and what to do about it."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk

from chatd.client.view.name_bar import NameBar
from chatd.client.view.theme import GAP, TIGHT, WIDE, Look

BAR_ROW, TALK_ROW = 2, 3
"""Where the name bar and the conversation stand in the middle."""


@dataclass(frozen=True, slots=True)
class WelcomeActions:
    """What the button does: before one has joined, and after."""

    rooms: Callable[[], object]
    server: Callable[[], object]


class Welcome(ttk.Frame):
    """A title, a sentence, a place for the name bar and a button."""

    def __init__(self, parent: tk.Misc, look: Look, actions: WelcomeActions) -> None:
        super().__init__(parent)
        self._look = look
        self._actions = actions
        pixels = look.pixels
        card = ttk.Frame(self)
        card.place(relx=0.5, rely=0.45, anchor="center")
        self.title = ttk.Label(card, style="Title.TLabel", anchor="center")
        self.title.grid(row=0, column=0, pady=(0, pixels(GAP)))
        self.sentence = ttk.Label(card, style="Faint.TLabel", anchor="center", justify="center")
        self.sentence.grid(row=1, column=0, pady=(0, pixels(WIDE)))
        self.slot = ttk.Frame(card)
        """Where the name bar stands, as long as there is no conversation."""
        self.slot.grid(row=2, column=0)
        self.button = ttk.Button(card)
        self.button.grid(row=3, column=0, pady=(pixels(WIDE), pixels(TIGHT)))
        self.bind("<Configure>", lambda event: self.sentence.configure(wraplength=max(100, event.width - pixels(24))))

    def arrange(self, bar: NameBar, middle: tk.Misc, *, alone: bool) -> None:
        """Let this be seen while one is ``alone``, in no room, and the name bar while the name can be entered.

        The bar stands in here, or else over the conversation in the ``middle``.
        """
        if alone:
            self._say(joined=bar.locked)
            self.grid(row=TALK_ROW, column=0, sticky="nsew")
            self.lift()
        else:
            self.grid_remove()
        if bar.locked:
            bar.grid_remove()
        elif alone:
            bar.grid(in_=self.slot, row=0, column=0, sticky="", padx=0, pady=0)
        else:
            edge, gap = self._look.pixels(WIDE), self._look.pixels(GAP)
            bar.grid(in_=middle, row=BAR_ROW, column=0, sticky="ew", padx=edge, pady=gap)
        bar.lift()

    def _say(self, *, joined: bool) -> None:
        actions = self._actions
        if joined:
            title, sentence = "You are not in a room", "Join one, or send somebody a private message with /tell."
            button, act, style = "Join a room …", actions.rooms, "Accent.TButton"
        else:
            title, sentence = "Welcome to chatd", "Choose the nick that others see."
            button, act, style = "Another server …", actions.server, "TButton"
        self.title.configure(text=title)
        self.sentence.configure(text=sentence)
        self.button.configure(text=button, command=act, style=style)
