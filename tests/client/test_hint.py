"""What stands in an empty field, and what stands beside a field, on a display that nobody sees."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator
from tkinter import ttk

import pytest

from chatd.client.model.settings import Theme
from chatd.client.view.entry import Entry
from chatd.client.view.field_box import FieldBox
from chatd.client.view.theme import Look
from tests.support.display import MISSING

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture
def root(display: str) -> Iterator[tk.Tk]:
    assert display
    made = tk.Tk()
    yield made
    made.destroy()


@pytest.fixture
def look(root: tk.Tk) -> Look:
    return Look(root, Theme.LIGHT, 11)


def begins(hint: tk.Misc, text: tk.Text) -> int:
    """Return how many pixels behind the first letter's place the hint begins."""
    text.update()
    place = text.bbox("1.0")
    assert place is not None
    return hint.winfo_rootx() - text.winfo_rootx() - place[0]


def test_the_hint_of_an_entry_begins_where_its_first_letter_will(root: tk.Tk, look: Look) -> None:
    entry = Entry(root, look, hint="Search emoji")
    entry.pack()
    (hint,) = entry.winfo_children()
    assert 0 < begins(hint, entry) <= look.pixels(1.5)


def test_the_hint_of_the_message_field_begins_where_its_first_letter_will(root: tk.Tk, look: Look) -> None:
    box = FieldBox(root, look)
    text = tk.Text(box, height=1, padx=look.pixels(4.5), pady=look.pixels(2))
    look.dress(text)
    text.configure(highlightthickness=0)
    box.hold(text)
    box.pack()
    box.show_hint("Message #lobby")
    assert 0 < begins(box.hint, text) <= look.pixels(1.5)


def test_a_button_is_as_high_as_the_field_beside_it(root: tk.Tk, look: Look) -> None:
    entry = Entry(root, look)
    button = ttk.Button(root, text="Join", style="Accent.TButton")
    root.update()
    assert abs(entry.winfo_reqheight() - button.winfo_reqheight()) <= 2
