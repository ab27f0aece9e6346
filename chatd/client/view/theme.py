"""The looks of the window: colours for light and dark, fonts that grow and shrink, and what the system likes."""

from __future__ import annotations

import tkinter as tk
import tkinter.font
from collections.abc import Callable, Iterator
from tkinter import ttk

from chatd.client.model.preferences import Preferences
from chatd.client.model.settings import MAX_FONT_SIZE, MIN_FONT_SIZE, Theme
from chatd.client.view.palette import DARK, LIGHT
from chatd.client.view.programs import Programs
from chatd.client.view.resolution import settle_resolution
from chatd.client.view.styles import Styles

DEFAULT_FONT_SIZE = 11
TIGHT, GAP, WIDE = 3, 6, 12
"""The distances between things, in points: of what belongs together, of what is beside it, and around all of it."""
ASK_SECONDS = 10.0
"""How long the desktop may take to tell whether it is dark."""
_SCALES = {
    "TkDefaultFont": 1.0,
    "TkTextFont": 1.0,
    "TkFixedFont": 1.0,
    "TkMenuFont": 1.0,
    "TkHeadingFont": 0.9,
    "TkTooltipFont": 0.9,
    "ChatdText": 1.0,
    "ChatdBold": 1.0,
    "ChatdItalic": 1.0,
    "ChatdFixed": 0.95,
    "ChatdLarge": 1.25,
    "ChatdSmall": 0.85,
}
"""How large each font is, by the one of the conversation."""


class Look:
    """The theme and the size of everything; whoever paints itself is in ``painters`` and called when they change."""

    def __init__(self, root: tk.Tk, theme: Theme, size: int, *, system_dark: bool = False) -> None:
        self._root = root
        self.theme = theme
        self.size = size
        self.palette = LIGHT
        self.system_dark = system_dark
        self.preferences = Preferences()
        self._ringed: set[str] = set()
        self.painters: list[Callable[[], None]] = []
        self.scale = settle_resolution(root)
        """How many pixels a point has."""
        family = tkinter.font.nametofont("TkDefaultFont", root).actual("family")
        fixed = tkinter.font.nametofont("TkFixedFont", root).actual("family")
        self.text = tkinter.font.Font(root, name="ChatdText", family=family)
        self.bold = tkinter.font.Font(root, name="ChatdBold", family=family, weight="bold")
        self.italic = tkinter.font.Font(root, name="ChatdItalic", family=family, slant="italic")
        self.fixed = tkinter.font.Font(root, name="ChatdFixed", family=fixed)
        self.large = tkinter.font.Font(root, name="ChatdLarge", family=family, weight="bold")
        self.small = tkinter.font.Font(root, name="ChatdSmall", family=family)
        tkinter.font.nametofont("TkHeadingFont", root).configure(weight="normal")
        self._styles = Styles(root, self.pixels)
        self.apply()

    @property
    def dark(self) -> bool:
        """Whether the window is to be dark."""
        return self.theme is Theme.DARK or (self.theme is Theme.SYSTEM and self.system_dark)

    def pixels(self, points: float) -> int:
        """Return how many pixels so many points are on this display: at least one, unless they are none."""
        return round(points * self.scale) or (points > 0) - (points < 0)

    def apply(self) -> None:
        """Put the theme and the size into effect."""
        self.palette = palette = DARK if self.dark else LIGHT
        for name, scale in _SCALES.items():
            tkinter.font.nametofont(name, self._root).configure(size=max(6, round(self.size * scale)))
        self._styles.apply(palette, self.text.metrics("linespace") + self.pixels(4.5))
        self._root.configure(background=palette.background)
        for option, value in self._menu_colours().items():
            self._root.option_add(f"*Menu.{option}", value)
        for option, value in (("background", palette.background), ("foreground", palette.text)):
            self._root.option_add(f"*TCombobox*Listbox.{option}", value)
        for widget in inside(self._root):
            if isinstance(widget, tk.Menu):
                self.dress_menu(widget)
        for painter in self.painters:
            painter()

    def zoom(self, by: int) -> None:
        """Let everything be so many points larger; 0 for the size as it was."""
        self.size = min(MAX_FONT_SIZE, max(MIN_FONT_SIZE, self.size + by)) if by else DEFAULT_FONT_SIZE
        self.apply()

    def use(self, theme: Theme) -> None:
        """Change the theme."""
        self.theme = theme
        self.apply()

    def dress(self, text: tk.Text, *, edge: bool = True) -> None:
        """Give a plain text widget the colours and the font of the rest, and an edge that is wider with the focus.

        Without an ``edge`` the focus is shown by what stands around it.
        """
        palette = self.palette
        text.configure(
            font=self.text,
            background=palette.background,
            foreground=palette.text,
            insertbackground=palette.text,
            selectbackground=palette.select,
            selectforeground=palette.select_text,
            inactiveselectbackground=palette.select,
            highlightbackground=palette.border,
            highlightcolor=palette.accent,
            relief="flat",
            insertwidth=self.pixels(0.75),
        )

        if not edge:
            text.configure(highlightthickness=0, borderwidth=0)
            return
        if str(text) not in self._ringed:
            self._ringed.add(str(text))
            for event in ("<FocusIn>", "<FocusOut>"):
                text.bind(event, lambda _: self._ring(text), add=True)
        self._ring(text)

    def _ring(self, text: tk.Text) -> None:
        """Draw the edge of a text, wider while it has the focus; it takes as much place either way."""
        line, ring = self.pixels(0.75), self.pixels(1.5)
        focused = str(text.tk.call("focus")) == str(text)
        width = ring if focused else line
        text.configure(highlightthickness=width, borderwidth=ring - width)

    def dress_menu(self, menu: tk.Menu) -> None:
        """Give a menu the colours of the rest; one that is made later has them from the beginning."""
        menu.configure({option.lower(): value for option, value in self._menu_colours().items()})

    def put_aside(self, pane: tk.Misc) -> None:
        """Let a pane, with all that is in it now, have the colour of what stands beside the conversation."""
        for widget in inside(pane):
            if isinstance(widget, ttk.Widget):
                style = str(widget.cget("style")) or _class_of(widget)
                if not style.startswith("Side."):
                    widget.configure({"style": f"Side.{style}"})

    def _menu_colours(self) -> dict[str, str | int]:
        palette = self.palette
        return {
            "background": palette.background,
            "foreground": palette.text,
            "activeBackground": palette.chosen,
            "activeForeground": palette.text,
            "disabledForeground": palette.faint,
            "selectColor": palette.text,
            "relief": "solid",
            "borderWidth": 1,
            "activeBorderWidth": 0,
        }

    def ask_system(self, programs: Programs, gsettings: str | None) -> None:
        """Find out whether the system is dark, as far as it tells; follow it when it has told."""
        if gsettings is None or self.system_dark:
            return

        def told(output: bytes) -> None:
            self.system_dark = b"dark" in output
            if self.system_dark and self.theme is Theme.SYSTEM:
                self.apply()

        programs.ask([gsettings, "get", "org.gnome.desktop.interface", "color-scheme"], ASK_SECONDS, told)


def inside(widget: tk.Misc) -> Iterator[tk.Misc]:
    """Return a widget and all that is in it."""
    yield widget
    for child in widget.winfo_children():
        yield from inside(child)


def _class_of(widget: ttk.Widget) -> str:
    """Return the style that a widget has as long as it is given none."""
    if isinstance(widget, ttk.Scrollbar):
        return f"{str(widget.cget('orient')).capitalize()}.TScrollbar"
    return str(widget.winfo_class())
