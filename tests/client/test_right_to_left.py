"""Arabic and Hebrew in the window: drawn as they are read, and copied as they were written."""

from __future__ import annotations

import tkinter as tk

import pytest

from chatd.client.view.bidi_rows import FROM_RIGHT, IN_LINES
from chatd.client.view.glyphs import TkFont
from chatd.protocol import events
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
LONG = "נפגשים ב-10:30 (בבית הקפה), ואם מישהו מאחר שיודיע לי מראש, ועוד פרטים כאן: https://example.com/a ואחר כך נדבר"
FORMS = "ﻣﺮﺣﺒﺎ"


@pytest.fixture
def room(desk: Desk) -> Desk:
    """A window in a room, with a Tk that draws from left to right alone."""
    desk.window.glyphs.shapes = False
    desk.root.geometry("1000x680")
    desk.join("ann")
    return desk


def newest(room: Desk) -> int:
    """Return which line of the text is the newest row."""
    room.turn()
    return len(room.window.talk.rows.rows)


def last_row(room: Desk) -> str:
    number = newest(room)
    return room.window.talk.text.get(f"{number}.0", f"{number}.end")


def right_edge(text: tk.Text, index: str) -> int:
    box = text.bbox(index)
    assert box is not None
    return box[0] + box[2]


def test_a_row_is_drawn_as_it_is_read(room: Desk) -> None:
    room.said("bob", "hi שלום (טוב)!")
    assert last_row(room) == "hi (בוט) םולש!"
    room.said("bob", "שלום bob!")
    assert last_row(room) == "\t!bob םולש"
    room.said("bob", "plain")
    assert last_row(room) == "plain"


@pytest.mark.parametrize(("has", "expected"), [(True, FORMS[::-1]), (False, "ابحرم")])
def test_letters_are_joined_where_the_font_can(room: Desk, has: bool, expected: str) -> None:
    room.window.glyphs._there.update(dict.fromkeys(FORMS, has))
    room.said("bob", "مرحبا")
    assert last_row(room) == f"\t{expected}"


def test_a_shape_as_wide_as_the_box_for_what_is_missing_is_there(room: Desk) -> None:
    has = room.window.glyphs.has
    if room.window.look.text.actual("family") != "DejaVu Sans":
        pytest.skip("another font is used here")
    assert all(map(has, "ﻋﻌﻊﻉﻢﻣﻼﻶﻊﻎﻏ"))
    assert not any(map(has, "\ue123\U0001fffe"))
    room.said("bob", "السلام عليكم")
    assert last_row(room) == "\tﻢﻜﻴﻠﻋ مﻼﺴﻟا"


def test_lines_are_broken_before_they_are_reordered_and_end_at_the_right(room: Desk) -> None:
    room.said("bob", LONG)
    text = room.window.talk.text
    lines = last_row(room).strip("\t").split("\t\t")
    assert len(lines) > 1
    assert lines[0].endswith("םישגפנ")
    assert lines[-1].startswith("רבדנ")
    number = newest(room)
    shown = text.count(f"{number}.0", f"{number}.end", "displaylines")
    assert shown and shown[0] == len(lines) - 1
    edges = {right_edge(text, f"{number}.{column}") for column in (len(lines[0]), len(last_row(room)) - 1)}
    assert max(edges) - min(edges) <= 2
    assert text.winfo_width() - max(edges) < 60


def test_lines_are_broken_anew_when_the_window_is_narrower(room: Desk) -> None:
    room.said("bob", LONG)
    room.said("bob", f"so {LONG}")
    room.said("bob", "plain")
    before = room.shown()
    count = len(room.window.talk.text.tag_ranges(FROM_RIGHT))
    room.root.geometry("760x680")
    room.turn()
    after = room.shown()
    assert len(room.window.talk.text.tag_ranges(FROM_RIGHT)) == count
    assert sum(row.count("\t") for row in after) > sum(row.count("\t") for row in before)
    assert after[-1].endswith("plain")
    number = newest(room)
    assert IN_LINES in room.window.talk.text.tag_names(f"{number - 1}.0")


@pytest.mark.parametrize(
    "said", ["hi שלום!", LONG, f"so {LONG}", "لا إله إلا الله", "שלום 😀 עולם", "a\u2067b\u2069 שלום", "`קוד (x)`"]
)
def test_what_is_copied_is_what_was_said(room: Desk, said: str) -> None:
    room.said("bob", said)
    talk, number = room.window.talk, newest(room)
    talk.text.tag_add("sel", f"{number}.0", f"{number}.end")
    assert talk.selected_text() == said.strip("`")
    assert talk.selected_with_names().endswith(f"bob: {said.strip('`')}")


def test_of_a_part_what_stands_there_is_copied_in_the_order_of_writing(room: Desk) -> None:
    room.said("bob", "אבג דהו")
    text, number = room.window.talk.text, newest(room)
    assert last_row(room) == "\tוהד גבא"
    text.tag_add("sel", f"{number}.3", f"{number}.6")
    assert room.window.talk.selected_text() == "ג ד"
    text.tag_remove("sel", "1.0", "end")
    text.tag_add("sel", f"{number}.5", f"{number}.end")
    assert room.window.talk.selected_text() == "אבג"


def test_each_link_leads_where_it_says(room: Desk) -> None:
    talk = room.window.talk
    room.said("bob", "כאן https://example.com/a וגם https://example.com/b שלום")
    number, row = newest(room), last_row(room)
    assert row.index("/b") < row.index("/a")
    for end, name in (("a", "link-0"), ("b", "link-1")):
        assert {"link", name} <= set(talk.text.tag_names(f"{number}.{row.index(f'/{end}')}"))


def test_a_link_is_from_left_to_right_in_any_text(room: Desk) -> None:
    room.said("bob", "ראית את https://example.org/א?")
    assert last_row(room) == "\t?https://example.org/א תא תיאר"
    text, number = room.window.talk.text, newest(room)
    text.tag_add("sel", f"{number}.0", f"{number}.end")
    assert room.window.talk.selected_text() == "ראית את https://example.org/א?"


def test_a_sentence_of_the_window_begins_at_the_left(room: Desk) -> None:
    room.hear(events.Joined("דנה", "#r"))
    assert last_row(room) == "* הנד has joined" or last_row(room).endswith("הנד joined")


def test_names_rooms_and_topics_are_drawn_as_they_are_read(room: Desk) -> None:
    room.hear(events.Joined("דנה", "#r"))
    room.hear(events.TopicSet("bob", "#r", "שלום (לכם)"))
    room.turn()
    tree = room.window.members.tree
    assert "הנד" in [tree.item(each, "text") for each in tree.get_children()]
    assert room.window.header.topic.cget("text") == "(םכל) םולש"
    assert "שלום" in room.transcript.rooms["#r"].topic


def test_what_is_typed_is_shown_as_others_will_see_it(room: Desk) -> None:
    preview = room.window.field.preview
    room.type("hello")
    assert not preview.winfo_ismapped()
    room.type("שלום bob!")
    assert preview.winfo_ismapped()
    assert (preview.cget("text"), str(preview.cget("justify"))) == ("!bob םולש", "right")
    assert room.window.field.content == "שלום bob!"
    room.type("")
    assert not preview.winfo_ismapped()


def test_a_tk_that_does_it_itself_is_left_alone(room: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room.window.glyphs, "shapes", True)
    room.said("bob", "שלום bob!")
    assert last_row(room) == "שלום bob!"
    assert room.window.glyphs.line("שלום bob!") == "שלום bob!"


@pytest.mark.parametrize(
    ("system", "joined", "expected"), [("win32", 4, True), ("aqua", 4, True), ("x11", 4, False), ("x11", 3, True)]
)
def test_what_tk_does_itself_is_found_out(
    room: Desk, monkeypatch: pytest.MonkeyPatch, system: str, joined: int, expected: bool
) -> None:
    font = TkFont(room.root)
    monkeypatch.setattr(font, "_system", lambda: system)
    monkeypatch.setattr(font, "width", lambda text: 100 * (joined if len(text) == 4 else len(text)))
    assert font.shapes() is expected
