"""Where the window opens: as it was, as far as the screen of today can hold that."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client.view.place import Screen, geometry

SCREENS = {
    "small": Screen(0, 0, 1024, 600, 96 / 72),
    "usual": Screen(0, 0, 1920, 1080, 96 / 72),
    "small, many dots": Screen(0, 0, 1024, 600, 192 / 72),
    "many dots": Screen(0, 0, 3840, 2160, 192 / 72),
    "a second screen at the left": Screen(-1920, -200, 3840, 1280, 96 / 72),
}


def parts(written: str) -> list[int]:
    return [int(part) for part in re.findall(r"-?[0-9]+", written.replace("x", " "))]


@pytest.mark.parametrize(
    ("screen", "expected"), [("usual", "1000x680"), ("many dots", "2000x1360"), ("small", "1000x560")]
)
def test_the_first_size_is_in_points_and_the_screen_can_hold_it(screen: str, expected: str) -> None:
    assert geometry(SCREENS[screen]) == expected


def test_a_window_stands_where_it_stood() -> None:
    screen = SCREENS["usual"]
    assert geometry(screen, "800x600+10+20", screen.scale) == "800x600+10+20"
    assert geometry(screen, "800x600+10+20") == "800x600+10+20"
    assert geometry(screen, "800x600") == "800x600"
    left = SCREENS["a second screen at the left"]
    assert geometry(left, "800x600+-1900+-150", left.scale) == "800x600+-1900+-150"


def test_what_was_kept_of_another_resolution_is_as_large_to_the_eye() -> None:
    assert geometry(SCREENS["many dots"], "800x600+10+20", 96 / 72) == "1600x1200"
    assert geometry(SCREENS["usual"], "1600x1200+10+20", 192 / 72) == "800x600"
    assert geometry(SCREENS["small, many dots"], "800x600+10+20", 96 / 72) == "1016x560"


@pytest.mark.parametrize("kept", ["800x600+5000+5000", "800x600+-3000+-3000", "800x600+1900+1060"])
def test_a_window_off_the_screen_is_brought_back(kept: str) -> None:
    screen = SCREENS["usual"]
    width, height, x, y = parts(geometry(screen, kept, screen.scale))
    assert (width, height) == (800, 600)
    assert 0 <= x <= 1920 - 800
    assert 0 <= y <= 1080 - 600


@given(
    st.sampled_from(list(SCREENS.values())),
    st.from_regex(r"[0-9]{2,5}x[0-9]{2,5}([+]-?[0-9]{1,5}){2}|[0-9]{2,5}x[0-9]{2,5}|", fullmatch=True),
    st.sampled_from([0, 0.75, 96 / 72, 192 / 72, 99]),
)
def test_the_screen_holds_it_whatever_was_kept(screen: Screen, kept: str, scale: float) -> None:
    width, height, *place = parts(geometry(screen, kept, scale))
    assert screen.least[0] <= width <= screen.width
    assert screen.least[1] <= height <= screen.height
    if place:
        assert screen.left <= place[0] <= screen.left + screen.width - width
        assert screen.top <= place[1] <= screen.top + screen.height - height
