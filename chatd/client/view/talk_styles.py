"""How the conversation looks: the tags of its text, its fonts, and the distances in it."""

from __future__ import annotations

import tkinter as tk
import tkinter.font
from dataclasses import dataclass
from typing import Any

from chatd.client.view.theme import Look

_LARGE_EMOJI = 2


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

    def __init__(self, root: tk.Misc, look: Look) -> None:
        self.look = look
        family = look.text.actual("family")
        self.emoji = tkinter.font.Font(root, name="ChatdEmoji", family=family)
        self.initial = tkinter.font.Font(root, name="ChatdInitial", family=family, weight="bold")
        self.strong = tkinter.font.Font(root, name="ChatdSmallBold", family=family, weight="bold")
        self.measure()

    @property
    def shades(self) -> Shades:
        """The colours of the theme."""
        return SHADES[self.look.palette.name]

    @property
    def head_gap(self) -> int:
        """How many pixels are above a name."""
        return self.look.pixels(7)

    @property
    def avatar_size(self) -> int:
        """How many pixels high and wide an avatar is: as the name, and the first line under it."""
        return self.look.bold.metrics("linespace") + self.look.text.metrics("linespace") + self.look.pixels(1.5)

    @property
    def gutter_width(self) -> int:
        """How many pixels wide the side is on which avatars stand."""
        preferences = self.look.preferences
        time = self.look.small.measure(preferences.clock.written(20, 0))
        return max(self.avatar_size if preferences.avatars else 0, time) + 2 * self.look.pixels(9)

    def measure(self) -> None:
        """Let the fonts be as large as those of the look."""
        size = max(6, self.look.size)
        self.emoji.configure(size=size * _LARGE_EMOJI)
        self.strong.configure(size=max(6, round(size * 0.85)))
        self.initial.configure(size=-round(self.avatar_size * 0.46))

    def paint(self, text: tk.Text) -> None:
        """Give a text and its tags their looks; a tag has the last word over those before it."""
        look, palette, shades, pixels = self.look, self.look.palette, self.shades, self.look.pixels
        look.dress(text)
        text.configure(padx=0, pady=pixels(4), highlightthickness=0, borderwidth=0)
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
        tag("inline", font=look.fixed, background=shades.code)
        margin = pixels(6)
        block: dict[str, Any] = {"background": shades.code, "lmargincolor": shades.code, "spacing1": 0, "spacing3": 0}
        tag("code", font=look.fixed, lmargin1=margin, lmargin2=margin, rmargin=0, **block)
        tag("fence", font=look.small, foreground=palette.faint, lmargin1=margin, rmargin=0, **block)
        tag("chip", background=shades.chip, font=look.small)
        tag("found", background=palette.found, lmargincolor=palette.found)
        tag("cursor", background=palette.found, lmargincolor=palette.found)
        tag("focused", background=palette.link, foreground=palette.background)
        text.tag_raise("sel")
