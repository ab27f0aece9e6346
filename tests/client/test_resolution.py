"""Sizes in points, on displays of few and of many dots."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys

import pytest

from chatd.client.view.resolution import resource_dpi
from tests.support.display import MISSING, virtual_display

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
no_xrdb = pytest.mark.skipif(not shutil.which("xrdb"), reason="xrdb is not installed")
# In a process of its own, for Xlib ends the one whose display goes. The first root keeps the server from forgetting
# what is set.
SCRIPT = """
import json, subprocess, sys, tkinter
from chatd.client.model.settings import Theme
from chatd.client.view.theme import Look
keeper = tkinter.Tk()
if sys.argv[1]:
    subprocess.run(["xrdb", "-nocpp", "-merge"], input=sys.argv[1].encode(), check=True)
look = Look(tkinter.Tk(), Theme.LIGHT, 11)
print(json.dumps([look.text.metrics("linespace"), *map(look.pixels, [750, 0.1, 0, -0.1])]))
"""


def measured(dpi: int, resources: str = "") -> list[int]:
    """Return how high a line is, and how many pixels 750, 0.1, 0 and -0.1 points are."""
    with virtual_display(dpi=dpi):
        done = subprocess.run([sys.executable, "-c", SCRIPT, resources], capture_output=True, check=True)
    return [int(each) for each in json.loads(done.stdout)]


@pytest.mark.parametrize(("dpi", "pixels"), [(96, 1000), (192, 2000)])
def test_a_point_is_as_long_as_the_screen_says(dpi: int, pixels: int) -> None:
    _, many, *few = measured(dpi)
    assert many == pytest.approx(pixels, rel=0.01)  # a screen is measured in whole millimetres
    assert few == [1, 0, -1]


@no_xrdb
def test_what_the_user_has_set_counts_more_and_for_all_alike() -> None:
    line, *_ = measured(96)
    doubled, pixels, *_ = measured(96, "Xft.dpi: 192\n")
    assert pixels == 2000
    assert doubled == pytest.approx(2 * line, rel=0.1)


@no_xrdb
@pytest.mark.parametrize("value", ["many", "-96", "0", "1e9", "nan"])
def test_what_is_set_in_error_counts_for_nothing(value: str) -> None:
    assert measured(96, f"Xft.dpi: {value}\n")[1] == pytest.approx(1000, rel=0.01)


def test_a_display_that_is_not_there_has_no_resolution() -> None:
    assert resource_dpi(":99999") is None
