"""The panel to choose an emoji from, on a display that nobody sees."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest

from chatd.client.model import emoji
from chatd.client.model.settings import Theme
from chatd.client.view.emoji_panel import COLUMNS, EmojiPanel
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.theme import Look
from tests.client.test_glyphs import Machine
from tests.support.display import MISSING

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
EVERY = "".join(each for group in emoji.groups().values() for each in group)


class Table:
    """A window with a button and a panel."""

    def __init__(self) -> None:
        self.root = tk.Tk()
        self.root.geometry("800x600")
        self.machine = Machine("", EVERY)
        self.glyphs = Glyphs(self.machine, colour=True)
        self.kept: list[str] = []
        self.taken: list[str] = []
        self.button = tk.Button(self.root, text="emoji")
        self.button.place(x=700, y=550)
        self.look = Look(self.root, Theme.LIGHT, 11)
        self.panel = EmojiPanel(self.root, self.look, self.glyphs, emoji.Recent(self.kept))
        self.root.update()

    def open(self) -> None:
        self.button.focus_force()
        self.root.update()
        self.panel.open(self.button, self.taken.append)
        self.root.update()

    def key(self, *keys: str) -> None:
        self.panel.field.focus_force()
        for key in keys:
            self.panel.field.event_generate(key)
            self.root.update()


@pytest.fixture
def table(display: str) -> Iterator[Table]:
    assert display
    made = Table()
    failures: list[object] = []
    made.root.report_callback_exception = lambda *error: failures.append(error)
    yield made
    made.root.destroy()
    assert not failures


def test_it_is_walked_through_with_the_keys(table: Table) -> None:
    table.open()
    faces = emoji.groups()["Faces"]
    assert (table.panel.shown, table.panel.marked) == (list(faces), faces[0])
    table.key("<Right>", "<Right>", "<Left>", "<Down>")
    assert table.panel.marked == faces[COLUMNS + 1]
    table.key("<Up>", "<Up>", "<Tab>")
    assert table.panel.marked == emoji.groups()["People"][0]
    table.key("<<PrevWindow>>", "<Return>")
    assert (table.taken, table.kept, table.panel.is_open) == ([faces[0]], [faces[0]], False)
    assert table.root.focus_get() is table.button


def test_everything_of_a_group_can_be_scrolled_to(table: Table) -> None:
    table.open()
    canvas = table.panel.canvas
    for _ in range(100):
        table.key("<Down>")
    assert table.panel.marked == emoji.groups()["Faces"][-1]
    assert canvas.yview()[1] == pytest.approx(1)
    table.key(*["<Prior>"] * 30)
    assert canvas.yview()[0] == 0


def test_a_part_of_a_name_finds(table: Table) -> None:
    table.open()
    for character in "unic":
        table.key(f"<Key-{character}>")
    assert table.panel.shown == ["\U0001f984"]
    table.key("<Key-q>", "<Return>")
    assert (table.panel.shown, table.panel.marked, table.taken) == ([], "", [])
    table.key("<Control-a>", "<BackSpace>")
    assert table.panel.marked == emoji.groups()["Faces"][0]


def test_the_last_ones_come_first(table: Table) -> None:
    table.kept[:] = ["\U0001f984", "\U0001f600"]
    table.open()
    assert table.panel.shown == ["\U0001f984", "\U0001f600"]
    table.key("<Right>", "<Shift-Return>", "<Return>")
    assert table.kept == ["\U0001f600", "\U0001f984"]
    assert table.taken == ["\U0001f600", "\U0001f600"]


def test_a_click_takes_and_one_elsewhere_closes(table: Table) -> None:
    table.open()
    table.panel.canvas.event_generate("<Button-1>", x=5, y=5)
    assert table.taken == [emoji.groups()["Faces"][0]]
    table.open()
    table.root.event_generate("<Button-1>", x=5, y=5)
    assert not table.panel.is_open
    table.open()
    table.key("<Escape>")
    assert not table.panel.is_open
    assert len(table.taken) == 1


def test_it_lies_within_the_window(table: Table) -> None:
    for x, y in ((0, 0), (700, 0), (0, 550), (700, 550)):
        table.button.place(x=x, y=y)
        table.open()
        panel = table.panel
        assert panel.winfo_x() >= 0
        assert panel.winfo_y() >= 0
        assert panel.winfo_x() + panel.winfo_width() <= 800
        assert panel.winfo_y() + panel.winfo_height() <= 600


def test_without_a_font_it_shows_names(table: Table) -> None:
    table.machine.coloured = ""
    table.open()
    texts = [table.panel.canvas.itemcget(item, "text") for item in table.panel.canvas.find_all()[1:]]
    assert texts[0] == ":grinning:"
    assert all(text.isascii() for text in texts)
    table.key("<Down>", "<Return>")
    assert table.taken == [emoji.groups()["Faces"][1]]


def test_it_is_painted_anew_with_the_window(table: Table) -> None:
    table.open()
    table.look.use(Theme.DARK)
    table.root.update()
    table.look.zoom(4)
    table.root.update()
    assert table.panel.canvas.cget("background") == table.look.palette.background
