"""What stands over the conversation: the room's name and topic, and the buttons for what is needed often."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from dataclasses import dataclass
from tkinter import ttk

from chatd.client.view.theme import GAP, WIDE, Look


@dataclass(frozen=True, slots=True)
class HeaderActions:
    """What the buttons do."""

    people: Callable[[], None]
    find: Callable[[], None]


class RoomHeader(ttk.Frame):
    """The name, the topic below it as far as there is place, and at the right the buttons.

    ``drawn`` returns what is drawn for a text.
    """

    def __init__(self, parent: tk.Misc, look: Look, drawn: Callable[[str], str], actions: HeaderActions) -> None:
        super().__init__(parent, padding=(look.pixels(WIDE), look.pixels(GAP), look.pixels(GAP), look.pixels(GAP)))
        self._look = look
        self._drawn = drawn
        self._topic = ""
        self.name = ttk.Label(self, style="Title.TLabel", anchor="w")
        self.name.grid(row=0, column=0, sticky="ew")
        self.topic = ttk.Label(self, style="Faint.TLabel", anchor="w")
        self.topic.grid(row=1, column=0, sticky="ew")
        self.people_button = ttk.Button(self, style="Flat.TButton", text="People", command=actions.people)
        self.find_button = ttk.Button(self, style="Flat.TButton", text="Find", command=actions.find)
        self.menu_button = ttk.Menubutton(self, style="Flat.TMenubutton", text="Menu")
        for column, button in enumerate((self.people_button, self.find_button, self.menu_button), 1):
            button.grid(row=0, column=column, rowspan=2, sticky="e")
        self.columnconfigure(0, weight=1)
        self.topic.bind("<Configure>", lambda _: self._draw())
        look.painters.append(self._draw)

    def show(self, name: str, topic: str, people: int | None) -> None:
        """Show these; ``people`` is None where there is no list of them."""
        self.name.configure(text=self._drawn(name))
        self._topic = topic
        self._draw()
        if people is None:
            self.people_button.grid_remove()
        else:
            # One is there oneself: as long as nobody is, nothing is known.
            count = "1 person" if people == 1 else f"{people:,} people"
            self.people_button.configure(text=count if people else "People")
            self.people_button.grid()

    def _draw(self) -> None:
        """Show as much of the topic as there is place for."""
        topic, width, measure = self._topic, self.topic.winfo_width(), self._look.text.measure
        text = self._drawn(topic)
        if width > 1 and measure(text) > width:
            low, high = 0, len(topic)
            while low < high:
                middle = (low + high + 1) // 2
                fits = measure(self._drawn(topic[:middle].rstrip() + " …")) <= width
                low, high = (middle, high) if fits else (low, middle - 1)
            text = self._drawn(topic[:low].rstrip() + " …")
        if self.topic.cget("text") != text:
            self.topic.configure(text=text)
