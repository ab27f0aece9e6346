"""Which characters are drawn, with fonts of every kind."""

from __future__ import annotations

import pytest
from typing_extensions import override

from chatd.client.view.glyphs import Font, Glyphs

CHECK, GRIN, PLAIN = "\u2705", "\U0001f600", "\u2603"


class Machine(Font):
    """The fonts of a machine: the plain one has what is in ``plain``, the one with colours what is in ``coloured``."""

    def __init__(self, plain: str = "", coloured: str = "") -> None:
        self.plain = plain
        self.coloured = coloured

    @override
    def family(self, character: str) -> str:
        return "Noto Color Emoji" if character in self.coloured else "Plain Sans"

    @override
    def width(self, character: str) -> int:
        return 200 if character in self.plain else 120


@pytest.mark.parametrize("colour", [False, True])
def test_what_no_font_has_is_its_name(colour: bool) -> None:
    glyphs = Glyphs(Machine(PLAIN), colour=colour)
    assert glyphs.safe(f"{PLAIN} {CHECK} {GRIN}") == f"{PLAIN} :white-heavy-check-mark: :grinning-face:"


def test_a_font_without_colours_is_used_for_symbols() -> None:
    machine = Machine(CHECK + GRIN)
    assert Glyphs(machine).safe(CHECK + GRIN) == f"{CHECK}:grinning-face:"
    assert Glyphs(machine, colour=True).safe(CHECK + GRIN) == CHECK + GRIN


def test_a_font_with_colours_is_used_once_it_is_known_to_do_no_harm() -> None:
    glyphs = Glyphs(Machine("", CHECK + GRIN))
    assert glyphs.safe(CHECK + GRIN) == ":white-heavy-check-mark::grinning-face:"
    glyphs.allow_colour()
    assert glyphs.safe(CHECK + GRIN) == CHECK + GRIN


def test_letters_are_left_alone() -> None:
    text = "na\u00efve \u6f22 \u2014 \u20ac"
    assert Glyphs(Machine()).safe(text) == text


def test_what_joins_emoji_goes_with_them() -> None:
    family = "\U0001f468\u200d\U0001f469"
    assert Glyphs(Machine()).safe(family) == ":man::woman:"
    assert Glyphs(Machine("", family.replace("\u200d", "")), colour=True).safe(family) == family
