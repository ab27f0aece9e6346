"""The bar that finds, in windows of all widths, on a display that nobody sees."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest

from chatd.client.model.settings import Theme
from chatd.client.view.find_bar import FindActions, FindBar
from chatd.client.view.theme import Look
from tests.support.display import MISSING

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture
def root(display: str) -> Iterator[tk.Tk]:
    assert display
    made = tk.Tk()
    yield made
    made.destroy()


@pytest.mark.parametrize("points", [300, 360, 420, 449, 451, 600, 900])
def test_what_is_sought_can_be_read_at_every_width(root: tk.Tk, points: int) -> None:
    look = Look(root, Theme.LIGHT, 11)
    bar = FindBar(root, look, FindActions(lambda _: [], lambda _: None, lambda _: None, lambda: None))
    bar.grid(sticky="ew")
    root.columnconfigure(0, weight=1)
    root.geometry(f"{look.pixels(points)}x{look.pixels(200)}")
    bar.part.set("nowhere")
    root.update()
    root.update()
    assert bar.field.winfo_width() >= look.text.measure("nowhere") + look.pixels(12)
    assert bar.close_button.winfo_x() + bar.close_button.winfo_width() <= bar.winfo_width()
    assert bar.search_button.winfo_x() + bar.search_button.winfo_width() <= bar.winfo_width()
