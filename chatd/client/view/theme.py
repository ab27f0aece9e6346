"""The looks of the window: colours for light and dark, fonts that grow and shrink, and what the system likes."""

from __future__ import annotations

import os
import tkinter as tk
import tkinter.font
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from tkinter import ttk
from typing import Any

import sv_ttk
from twisted.internet.defer import Deferred
from twisted.internet.utils import getProcessOutput

from chatd.client.model.members import colour_index
from chatd.client.model.settings import MAX_FONT_SIZE, MIN_FONT_SIZE, Theme
from chatd.client.view.resolution import settle_resolution

DEFAULT_FONT_SIZE = 11


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of what ttk does not paint."""

    name: str
    background: str
    text: str
    faint: str
    link: str
    marked: str
    """Behind a line that names the one who reads."""
    found: str
    """Behind a line that was looked for."""
    alert: str
    select: str
    select_text: str
    border: str
    nicks: tuple[str, ...]


LIGHT = Palette(
    name="light",
    background="#fafafa",
    text="#1c1c1c",
    faint="#5f6368",
    link="#0b57d0",
    marked="#fff3c4",
    found="#cfe3ff",
    alert="#b3261e",
    select="#2f60d8",
    select_text="#ffffff",
    border="#8a8a8a",
    nicks=(
        "#9a3412", "#1d4ed8", "#166534", "#7e22ce", "#be185d", "#0f766e", "#854d0e", "#b91c1c", "#4338ca", "#3f6212",
    ),
)  # fmt: skip
DARK = Palette(
    name="dark",
    background="#1c1c1c",
    text="#fafafa",
    faint="#a8abb0",
    link="#8ab4f8",
    marked="#4a3f12",
    found="#1f3b64",
    alert="#ff8a80",
    select="#2f60d8",
    select_text="#ffffff",
    border="#6f6f6f",
    nicks=(
        "#fdba74", "#93c5fd", "#86efac", "#d8b4fe", "#f9a8d4", "#5eead4", "#fcd34d", "#fca5a5", "#a5b4fc", "#bef264",
    ),
)  # fmt: skip
_SCALES = {
    "SunValleyCaptionFont": 0.85,
    "SunValleyBodyFont": 1.0,
    "SunValleyBodyStrongFont": 1.0,
    "SunValleyBodyLargeFont": 1.2,
    "SunValleySubtitleFont": 1.3,
    "TkDefaultFont": 1.0,
    "TkTextFont": 1.0,
    "TkMenuFont": 1.0,
    "TkHeadingFont": 1.0,
    "TkTooltipFont": 0.9,
}

_FLAT_ITEM: Any = [
    (
        "Treeitem.padding",
        {"sticky": "nswe", "children": [("Treeitem.text", {"side": "left", "sticky": "nswe"})]},
    )
]
"""A row of a list without the sign of a tree."""


class Look:
    """The theme and the size of everything; whoever paints itself is in ``painters`` and called when they change."""

    def __init__(self, root: tk.Tk, theme: Theme, size: int, *, system_dark: bool = False) -> None:
        self._root = root
        self.theme = theme
        self.size = size
        self.palette = LIGHT
        self.system_dark = system_dark
        self.painters: list[Callable[[], None]] = []
        self._scale = settle_resolution(root)
        sv_ttk.set_theme("light", root)
        family = tkinter.font.nametofont("TkDefaultFont", root).actual("family")
        for name in _SCALES:
            tkinter.font.nametofont(name, root).configure(family=family)
        self.text = tkinter.font.Font(root, name="ChatdText", family=family, size=size)
        self.bold = tkinter.font.Font(root, name="ChatdBold", family=family, size=size, weight="bold")
        self.italic = tkinter.font.Font(root, name="ChatdItalic", family=family, size=size, slant="italic")
        self.large = tkinter.font.Font(root, name="ChatdLarge", family=family, size=size, weight="bold")
        self.small = tkinter.font.Font(root, name="ChatdSmall", family=family, size=size)
        self.apply()
        # What the theme itself does on a change must not have the last word about what is painted here.
        root.bind("<<ThemeChanged>>", self._theme_changed, add=True)

    @property
    def dark(self) -> bool:
        """Whether the window is to be dark."""
        return self.theme is Theme.DARK or (self.theme is Theme.SYSTEM and self.system_dark)

    def pixels(self, points: float) -> int:
        """Return how many pixels so many points are on this display: at least one, unless they are none."""
        return round(points * self._scale) or (points > 0) - (points < 0)

    def apply(self) -> None:
        """Put the theme and the size into effect."""
        self.palette = DARK if self.dark else LIGHT
        sv_ttk.set_theme(self.palette.name, self._root)
        for name, scale in _SCALES.items():
            tkinter.font.nametofont(name, self._root).configure(size=max(6, round(self.size * scale)))
        for font in (self.text, self.bold, self.italic):
            font.configure(size=max(6, self.size))
        for font, scale in ((self.large, 1.2), (self.small, 0.85)):
            font.configure(size=max(6, round(self.size * scale)))
        style = ttk.Style(self._root)
        style.configure("Treeview", rowheight=self.text.metrics("linespace") + 6, indent=6)
        style.layout("Flat.Treeview.Item", _FLAT_ITEM)
        style.configure("Faint.TLabel", foreground=self.palette.faint)
        style.configure("Alert.TLabel", foreground=self.palette.alert, font="ChatdBold")
        style.configure("Strong.TLabel", font="ChatdBold")
        style.configure("Title.TLabel", font="ChatdLarge")
        self._paint()

    def zoom(self, by: int) -> None:
        """Let everything be so many points larger; 0 for the size as it was."""
        self.size = min(MAX_FONT_SIZE, max(MIN_FONT_SIZE, self.size + by)) if by else DEFAULT_FONT_SIZE
        self.apply()

    def use(self, theme: Theme) -> None:
        """Change the theme."""
        self.theme = theme
        self.apply()

    def colour_of(self, nick: str) -> int:
        """Return which of the palette's colours a nick has."""
        return colour_index(nick, len(self.palette.nicks))

    def dress(self, text: tk.Text) -> None:
        """Give a plain text widget the colours and the font of the rest."""
        palette = self.palette
        text.configure(
            font=self.text,
            background=palette.background,
            foreground=palette.text,
            insertbackground=palette.text,
            selectbackground=palette.select,
            selectforeground=palette.select_text,
            inactiveselectbackground=palette.select,
            highlightthickness=1,
            highlightbackground=palette.border,
            highlightcolor=palette.link,
            relief="flat",
            borderwidth=0,
        )

    def ask_system(self, reactor: Any, gsettings: str | None) -> Deferred[None] | None:
        """Find out whether the system is dark, as far as it tells; follow it when it has told."""
        if gsettings is None or self.system_dark:
            return None
        asked: Deferred[bytes] = getProcessOutput(
            gsettings, ["get", "org.gnome.desktop.interface", "color-scheme"], os.environ, reactor=reactor
        )

        def told(output: bytes) -> None:
            self.system_dark = b"dark" in output
            if self.system_dark and self.theme is Theme.SYSTEM:
                self.apply()

        return asked.addCallbacks(told, lambda _: None)

    def _theme_changed(self, event: tk.Event[tk.Misc]) -> None:
        if event.widget is self._root:  # and not one of all the others
            self._root.after_idle(self._repaint)

    def _repaint(self) -> None:
        # The theme gives every label the colour of plain text, and takes away that of its style.
        for label in _labels(self._root):
            label.configure(foreground="", background="")
        self._paint()

    def _paint(self) -> None:
        """Call the painters; none of them may configure a style, for that changes the theme."""
        for painter in self.painters:
            painter()


def _labels(widget: tk.Misc) -> Iterator[ttk.Label]:
    for child in widget.winfo_children():
        if isinstance(child, ttk.Label):
            yield child
        yield from _labels(child)
