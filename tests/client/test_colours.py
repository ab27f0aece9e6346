"""Which colour a nick has, the same for everybody."""

from __future__ import annotations

from collections import Counter

import pytest

from chatd.client.model.colours import COLOURS, colour_of
from chatd.client.view.palette import DARK, LIGHT


def test_a_nick_has_the_same_colour_at_every_start_and_however_it_is_spelled() -> None:
    assert [colour_of(nick) for nick in ("alice", "bob", "漢字", "straße")] == [1, 4, 1, 11]
    assert {colour_of(nick) for nick in ("alice", "ALICE", "ＡLICE")} == {colour_of("alice")}
    assert colour_of("STRASSE") == colour_of("straße")


@pytest.mark.parametrize("form", ["{}", "user{}", "{:x}-bot"])
def test_nicks_share_all_colours_about_evenly(form: str) -> None:
    counts = Counter(colour_of(form.format(number)) for number in range(1600))
    assert set(counts) == set(range(COLOURS))
    assert max(counts.values()) < 2 * 1600 / COLOURS


def test_each_theme_has_so_many_colours() -> None:
    assert (len(set(LIGHT.nicks)), len(set(DARK.nicks))) == (COLOURS, COLOURS)
