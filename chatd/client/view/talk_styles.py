"""How the conversation looks: the tags of its text, its fonts, and the distances in it."""

from __future__ import annotations

import tkinter as tk
import tkinter.font
from dataclasses import dataclass
from typing import Any

from chatd.client.view.glyphs import Glyphs
from chatd.client.view.theme import Look

_LARGE_EMOJI = 2
_EMOJI_FAMILIES = ("Noto Color Emoji", "Apple Color Emoji", "Segoe UI Emoji", "Twemoji Mozilla", "Twitter Color Emoji")
"""Fonts that have all emoji. Others have a few of them, without colours, and would draw those."""


@dataclass(frozen=True, slots=True)
class Shades:
    """Colours that only the conversation has."""

    code: str
    """Behind code."""
    chip: str
    """Behind a reaction."""
    bar: str
    """At the side of what names the one who reads."""


SHADES = {
    "light": Shades(code="#f0f1f3", chip="#e8eaee", bar="#b8860b"),
    "dark": Shades(code="#26292d", chip="#34383d", bar="#e0b84c"),
}


class TalkStyles:
    """The fonts and distances of the conversation by those of a look."""

    def __init__(self, root: tk.Misc, look: Look, glyphs: Glyphs) -> None:
        self.look = look
        self._root = root
        self._glyphs = glyphs
        self._of_emoji = ""
        family = look.text.actual("family")
        self.sign = tkinter.font.Font(root, family=family)
        self.small_sign = tkinter.font.Font(root, family=family)
        self.emoji = tkinter.font.Font(root, family=family)
        self.initial = tkinter.font.Font(root, family=family, weight="bold")
        self.strong = tkinter.font.Font(root, family=family, weight="bold")
        self.head_gap = self.avatar_size = self.gutter_width = 0
        """In pixels: what is above a name, a side of an avatar, and the width of the side that avatars stand on."""
        self.measure()

    @property
    def shades(self) -> Shades:
        """The colours of the theme."""
        return SHADES[self.look.palette.name]

    def measure(self) -> None:
        """Let the fonts be as large as those of the look."""
        size = max(6, self.look.size)
        small = max(6, round(size * 0.85))
        self.strong.configure(size=small)
        # A font with colours is not even opened before it is known that this does no harm.
        family = self._emoji_family() if self._glyphs.colour else self.look.text.actual("family")
        for font, points in ((self.sign, size), (self.small_sign, small), (self.emoji, size * _LARGE_EMOJI)):
            font.configure(size=points, family=family)
        look = self.look
        self.head_gap = look.pixels(7)
        self.avatar_size = look.bold.metrics("linespace") + look.text.metrics("linespace") + look.pixels(1.5)
        time = look.small.measure(look.preferences.clock.written(20, 0))
        self.gutter_width = max(self.avatar_size if look.preferences.avatars else 0, time) + 2 * look.pixels(9)
        self.initial.configure(size=-round(self.avatar_size * 0.46))

    def _emoji_family(self) -> str:
        if not self._of_emoji:
            known = set(tkinter.font.families(self._root))
            own = self.look.text.actual("family")
            self._of_emoji = next((each for each in _EMOJI_FAMILIES if each in known), own)
        return self._of_emoji

    def paint(self, text: tk.Text) -> None:
        """Give a text and its tags their looks; a tag has the last word over those before it."""
        look, palette, shades, pixels = self.look, self.look.palette, self.shades, self.look.pixels
        look.dress(text, edge=False)
        text.configure(padx=0, pady=pixels(4), highlightthickness=0, borderwidth=0, insertwidth=0)
        tag = text.tag_configure
        tag("row", spacing1=pixels(1), spacing2=pixels(1), spacing3=pixels(1), rmargin=pixels(12))
        tag("marked", background=palette.marked, lmargincolor=palette.marked, rmargincolor=palette.marked)
        tag("head", spacing1=self.head_gap, spacing3=0)
        tag("time", foreground=palette.faint, font=look.small)
        tag("faint", foreground=palette.faint)
        tag("event", foreground=palette.faint)
        tag("strong", font=look.bold)
        tag("action", font=look.italic)
        for number, colour in enumerate(palette.nicks):
            tag(f"nick{number}", foreground=colour)
        tag("quote", foreground=palette.faint, font=look.small, wrap="none", spacing3=0)
        tag("answered", font=self.strong)
        tag("bar", foreground=palette.faint, font=self.strong, wrap="none", spacing1=pixels(9), spacing3=pixels(3))
        tag("rule", overstrike=True, overstrikefg=palette.divider)
        tag("unread", foreground=palette.alert)
        tag("alert", foreground=palette.alert)
        tag("fold", foreground=palette.faint)
        tag("link", foreground=palette.link, underline=True)
        tag("emoji", font=self.emoji)
        tag("sign", font=self.sign)
        tag("inline", font=look.fixed, background=shades.code)
        margin = pixels(6)
        block: dict[str, Any] = {"background": shades.code, "lmargincolor": shades.code, "spacing1": 0, "spacing3": 0}
        tag("code", font=look.fixed, lmargin1=margin, lmargin2=margin, rmargin=0, **block)
        tag("fence", font=look.small, foreground=palette.faint, lmargin1=margin, rmargin=0, **block)
        tag("chip", background=shades.chip, font=look.small)
        tag("mine", background=palette.chosen, foreground=palette.link)
        tag("small_sign", font=self.small_sign)
        tag("found", background=palette.found, lmargincolor=palette.found)
        tag("cursor", background=palette.found, lmargincolor=palette.found)
        tag("focused", background=palette.link, foreground=palette.background)
        text.tag_raise("sel")
