"""The settings of a room as fields, and which of them were changed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

from chatd.client.model import room_settings
from chatd.client.model.room import Room
from chatd.client.model.room_settings import SETTINGS
from chatd.client.view.entry import Entry
from chatd.client.view.theme import Look
from chatd.protocol.commands import Command, Topic


class RoomForm(ttk.Frame):
    """A field for the topic, and one for each setting."""

    def __init__(self, parent: tk.Misc, look: Look) -> None:
        super().__init__(parent, padding="9p")
        self._room: Room | None = None
        self._before: dict[str, str] = {}
        ttk.Label(self, text="Topic").grid(row=0, column=0, sticky="w", pady="2.25p")
        self.topic = Entry(self, look)
        self.topic.grid(row=0, column=1, sticky="ew", padx=("9p", 0), pady="2.25p")
        self.boxes: dict[str, ttk.Combobox] = {}
        for row, setting in enumerate(SETTINGS, 1):
            ttk.Label(self, text=setting.label).grid(row=row, column=0, sticky="w", pady="2.25p")
            box = ttk.Combobox(self, values=[words for _, words in setting.choices], width=36)
            box.grid(row=row, column=1, sticky="ew", padx=("9p", 0), pady="2.25p")
            self.boxes[setting.key] = box
        self.columnconfigure(1, weight=1)

    def show(self, room: Room, *, topic: bool, settings: bool) -> None:
        """Show what a room has; ``topic`` and ``settings`` are whether one may change those."""
        self._room = room
        self._show_topic(room.topic, may=topic)
        for setting in SETTINGS:
            words = room_settings.shown(setting, room.rulings.setting(setting.key))
            self._before[setting.key] = words
            box = self.boxes[setting.key]
            box.configure(state="normal")
            box.set(words)
            usable = "normal" if setting.open else "readonly"
            box.configure(state=usable if settings else "disabled")

    def _show_topic(self, topic: str, *, may: bool) -> None:
        self._before["#topic"] = topic
        self.topic.state(["!readonly"])
        self.topic.replace_all(topic)
        self.topic.state(["!readonly" if may else "readonly"])

    def changed(self) -> list[Command]:
        """Return what is to be sent for what was changed. Raise `ValueError` with a sentence for what cannot be set."""
        return [] if self._room is None else list(self._commands(self._room.name))

    def _commands(self, room: str) -> Iterator[Command]:
        topic = " ".join(self.topic.get().split())
        if topic != self._before["#topic"]:
            yield Topic(room, topic or "-")
        for setting in SETTINGS:
            text = self.boxes[setting.key].get()
            if text != self._before[setting.key]:
                yield room_settings.read(room, setting.key, room_settings.chosen(setting, text))
