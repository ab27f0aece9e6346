"""The sheet with what can be chosen of the window; every choice holds at once, and is kept."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from tkinter import ttk
from typing import Any

from chatd.client.model.preferences import Clock, Preferences, SendKey, Traffic
from chatd.client.model.settings import Theme
from chatd.client.view.sheet import Sheet
from chatd.client.view.theme import Look

THEMES = {Theme.LIGHT: "Light", Theme.DARK: "Dark", Theme.SYSTEM: "System"}
TRAFFIC = {Traffic.FOLDED: "In one line", Traffic.SHOWN: "One by one", Traffic.HIDDEN: "Hidden"}
CLOCKS = {Clock.HOURS_24: "13:30", Clock.HOURS_12: "1:30 PM"}
SEND_KEYS = {SendKey.ENTER: "Enter", SendKey.CTRL_ENTER: "Ctrl+Enter"}


class PreferencesSheet(Sheet):
    """``changed`` is called after a change of the preferences, which `Look` holds; the look changes by itself."""

    def __init__(self, parent: tk.Misc, look: Look, changed: Callable[[], None]) -> None:
        super().__init__(parent, "Settings")
        self._look = look
        self._changed = changed
        self._rows = 0
        self._variables: dict[str, tk.Variable] = {}
        self.body.columnconfigure(0, weight=0)
        self.body.columnconfigure(1, weight=1)
        self.themes = self._choice("Theme", "theme", THEMES, self._use_theme)
        self._sizes()
        self.avatars = self._check("Conversation", "avatars", "Show avatars")
        self.traffic = self._choice("Joins and departures", "traffic", TRAFFIC)
        self.clocks = self._choice("Time of day", "clock", CLOCKS)
        self.send_keys = self._choice("Send with", "send_key", SEND_KEYS)
        self.notices = self._check("Notifications", "notices", "Show on the desktop")
        self.bell_box = self._check("", "bell", "Ring the bell")
        self.bind_all_inside()
        look.painters.append(self._show)

    @property
    def preferences(self) -> Preferences:
        """What is changed here."""
        return self._look.preferences

    def ask(self) -> None:
        """Open it."""
        self._show()
        self.open(self.themes[0])

    def _show(self) -> None:
        """Show what holds now."""
        self._variables["theme"].set(self._look.theme.value)
        self.size_label.configure(text=f"{self._look.size} pt")
        for name, variable in self._variables.items():
            if name != "theme":
                variable.set(getattr(self.preferences, name))

    def _use_theme(self, theme: Theme) -> None:
        self._look.use(theme)
        self._changed()

    def _set(self, name: str, value: object) -> None:
        setattr(self.preferences, name, value)
        self._look.apply()
        self._changed()

    def _zoom(self, by: int) -> None:
        self._look.zoom(by)
        self._changed()

    def _label(self, text: str) -> int:
        """Put a label into the next row, and return which that is."""
        row, self._rows = self._rows, self._rows + 1
        label = ttk.Label(self.body, text=text, style="Faint.TLabel", wraplength="90p")
        label.grid(row=row, column=0, sticky="w", padx=(0, "9p"))
        return row

    def _choice(
        self, label: str, name: str, options: dict[Any, str], use: Callable[[Any], None] | None = None
    ) -> list[ttk.Radiobutton]:
        variable = self._variables[name] = tk.StringVar(self)
        kind = type(next(iter(options)))
        frame = ttk.Frame(self.body)
        frame.grid(row=self._label(label), column=1, sticky="w", pady="1.5p")
        found = []
        for column, (value, text) in enumerate(options.items()):

            def chosen() -> None:
                picked = kind(variable.get())
                if use is None:
                    self._set(name, picked)
                else:
                    use(picked)

            button = ttk.Radiobutton(frame, text=text, value=value.value, variable=variable, command=chosen)
            button.grid(row=0, column=column, sticky="w", padx=(0, "6p"))
            found.append(button)
        return found

    def _check(self, label: str, name: str, text: str) -> ttk.Checkbutton:
        variable = self._variables[name] = tk.BooleanVar(self)
        button = ttk.Checkbutton(
            self.body, text=text, variable=variable, command=lambda: self._set(name, bool(variable.get()))
        )
        button.grid(row=self._label(label), column=1, sticky="w", pady="1.5p")
        return button

    def _sizes(self) -> None:
        frame = ttk.Frame(self.body)
        frame.grid(row=self._label("Text size"), column=1, sticky="w", pady="1.5p")
        self.smaller = ttk.Button(frame, text="−", width=3, command=lambda: self._zoom(-1))
        self.size_label = ttk.Label(frame, width=6, anchor="center")
        self.larger = ttk.Button(frame, text="+", width=3, command=lambda: self._zoom(1))
        self.usual = ttk.Button(frame, text="Default", command=lambda: self._zoom(0))
        for column, widget in enumerate((self.smaller, self.size_label, self.larger, self.usual)):
            widget.grid(row=0, column=column, padx=(0, "3p"))
