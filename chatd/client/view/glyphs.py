"""Which characters this build of Tk can draw, and what stands for the others.

Tk 8.6 on X11 draws through Xft; one before 2.3.5 ends the whole process (``BadLength``) when a font with colours is
used. So a second process tries it first (``python -m chatd.client.view.glyphs``), and until it has, no emoji are drawn.
"""

from __future__ import annotations

import sys
import tkinter as tk
import tkinter.font
import unicodedata
from typing import Any, Protocol

from typing_extensions import override

from chatd.client.model.bidi import has_right_to_left
from chatd.client.model.bidi_lines import BidiText

_ASTRAL = 0x10000
_TRIAL = "\U0001f600\U0001f9e1\U0001f1e9\U0001f468\u200d\U0001f469 \u2705"
_UNASSIGNED = "\U0001fffe"
_LARGE_PIXELS = 200
_APART = 100_000
"""More than any width."""
_JOINED = "\u0628"
"""An Arabic letter that is narrower in a word than alone."""
_BLANK = "\u200d\ufe0e\ufe0f"
"""Joins emoji and chooses their looks; nothing by itself."""


class Font(Protocol):
    """What is asked about the font that draws the window."""

    def family(self, character: str) -> str:
        """Return which font draws a character: the window's own one if none has it."""

    def width(self, character: str) -> int:
        """Return how wide it is drawn, at a size at which two characters hardly ever have the same width."""

    def shapes(self) -> bool:
        """Return whether right-to-left text can be left to Tk: whether it orders it, and joins its letters."""
        return False


class TkFont(Font):
    """The default font of a root window, with those that Tk takes the characters from that it lacks."""

    def __init__(self, root: tk.Misc) -> None:
        self._root = root
        self._font = tkinter.font.nametofont("TkDefaultFont", root)
        family = self._font.actual("family")
        self._large = tkinter.font.Font(root, family=family, size=-_LARGE_PIXELS)
        self._bold = tkinter.font.Font(root, family=family, size=-_LARGE_PIXELS, weight="bold")

    @override
    def family(self, character: str) -> str:
        call: Any = self._root.tk.call
        return str(call("font", "actual", self._font.name, "-family", "--", character))

    @override
    def width(self, character: str) -> int:
        # The box for what a font lacks is as wide as some of its letters, but not in both weights.
        return self._large.measure(character) + _APART * self._bold.measure(character)

    @override
    def shapes(self) -> bool:
        # Windows and macOS do. On X11, Tk 8.6 and 9.0 do not; a later one, or one that was built so, can.
        return self._system() != "x11" or self.width(4 * _JOINED) != 4 * self.width(_JOINED)

    def _system(self) -> str:
        return str(self._root.tk.call("tk", "windowingsystem"))


class Glyphs:
    """Replaces what cannot be drawn. ``colour`` is whether this Tk survives a font with colours."""

    def __init__(self, font: Font, *, colour: bool = False) -> None:
        self._font = font
        self._known: dict[str, str] = {}
        self._there: dict[str, bool] = {}
        self.colour = colour
        self.shapes = font.shapes()
        """Whether right-to-left text can be left to Tk."""

    def allow_colour(self) -> None:
        """Note that fonts with colours can be used."""
        self.colour = True
        self._known.clear()

    def safe(self, text: str) -> str:
        """Return a text with a readable word in place of every character that cannot be drawn."""
        if text.isascii():
            return text
        return "".join(c if c < "\u2000" else self._drawn(c) for c in text)

    def line(self, text: str) -> str:
        """Return the same for one line that stands alone, from left to right in the order in which it is drawn."""
        safe = self.safe(text)
        if self.shapes or not has_right_to_left(safe):
            return safe
        return "".join(each.text for each in BidiText(safe, self.has).drawn())

    def has(self, character: str) -> bool:
        """Return whether some font has a character."""
        known = self._there.get(character)
        if known is None:
            known = self._there[character] = self._has(character, self._font.family(character))
        return known

    def _drawn(self, character: str) -> str:
        known = self._known.get(character)
        if known is None:
            if len(self._known) > 10_000:
                self._known.clear()
            known = self._known[character] = self._look_up(character)
        return known

    def _look_up(self, character: str) -> str:
        if "\ud800" <= character <= "\udfff":
            return "\ufffd"
        if character in _BLANK:
            return character if self.colour else ""
        astral = ord(character) >= _ASTRAL
        if not astral and unicodedata.category(character) != "So":
            return character
        family = self._font.family(character)
        if "emoji" in family.lower() or "color" in family.lower():
            return character if self.colour else named(character)
        if (astral and not self.colour) or not self._has(character, family):
            return named(character)
        return character

    def _has(self, character: str, family: str) -> bool:
        """Return whether some font has the character: what none has looks like what is no character at all."""
        font = self._font
        return family != font.family(_UNASSIGNED) or font.width(character) != font.width(_UNASSIGNED)


def named(character: str) -> str:
    """Return what stands for a character: its name between colons, as ``:grinning-face:``."""
    name = unicodedata.name(character, "")
    return f":{name.lower().replace(' ', '-')}:" if name else f":u+{ord(character):04x}:"


def trial_command() -> list[str]:
    """Return the command that ends with status 0 if this Tk survives a font with colours."""
    return [sys.executable, "-m", "chatd.client.view.glyphs"]


def main() -> None:
    """Draw emoji outside of the screen."""
    root = tk.Tk(className="trial")
    root.title("trial")
    root.overrideredirect(boolean=True)
    root.geometry("200x50-3000-3000")
    label = tk.Label(root, text=_TRIAL)
    label.pack()
    text = tk.Text(root, width=20, height=2)
    text.insert("end", _TRIAL)
    text.pack()
    for size in (10, 16):
        label.configure(font=("TkDefaultFont", size))
        root.update()
    root.destroy()


if __name__ == "__main__":
    main()
