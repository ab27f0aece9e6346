"""Which parts of the window are seen when."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest

from chatd.protocol import events
from chatd.protocol.commands import Nick
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture
def wide(desk: Desk) -> Iterator[Desk]:
    desk.root.geometry("1000x680")
    desk.turn()
    yield desk


def seen(widget: tk.Misc) -> bool:
    return bool(widget.winfo_viewable())


def resize(desk: Desk, width: int, height: int = 500) -> None:
    desk.root.geometry(f"{width}x{height}")
    desk.turn()


def test_before_the_first_room_there_is_the_name_in_the_middle(wide: Desk) -> None:
    window = wide.window
    assert seen(window.welcome)
    assert seen(window.name_bar)
    middle = window.name_bar.winfo_rooty() - wide.root.winfo_rooty()
    assert 150 < middle < 450
    assert window.welcome.title.cget("text") == "Welcome to chatd"


def test_once_one_has_joined_the_name_is_gone_and_the_menu_has_it(wide: Desk) -> None:
    wide.join()
    window = wide.window
    assert not seen(window.welcome)
    assert not seen(window.name_bar)
    window.menu.invoke("Change your nick …")
    wide.turn()
    assert seen(window.name_bar)
    assert (window.name_bar.name, window.name_bar.button.cget("text")) == ("ann", "Change")
    window.name_bar.field.delete(0, "end")
    window.name_bar.field.insert(0, "anna")
    window.name_bar.button.invoke()
    wide.turn()
    assert ("send", Nick("anna"), None) in wide.link.did
    assert not seen(window.name_bar)


def test_escape_leaves_the_name_as_it_was(wide: Desk) -> None:
    wide.join()
    bar = wide.window.name_bar
    bar.change()
    bar.field.delete(0, "end")
    wide.key("<Escape>", bar.field)
    assert (bar.name, bar.locked, seen(bar)) == ("ann", True, False)


def test_a_name_that_is_refused_can_be_entered_again_over_the_conversation(wide: Desk) -> None:
    wide.join()
    wide.window.name_bar.show_name("ann", locked=False)
    wide.turn()
    assert seen(wide.window.name_bar)
    assert not seen(wide.window.welcome)
    assert seen(wide.window.talk)


def test_with_no_room_left_there_is_one_sentence_and_a_button(wide: Desk) -> None:
    wide.join()
    wide.window.close_room("#r")
    wide.turn()
    welcome = wide.window.welcome
    assert seen(welcome)
    assert not seen(wide.window.name_bar)
    assert welcome.title.cget("text") == "You are not in a room"
    welcome.button.invoke()
    assert any(did[0] == "send" for did in wide.link.did)


def test_the_people_can_be_hidden_and_come_back(wide: Desk) -> None:
    wide.join()
    window = wide.window
    assert seen(window.members)
    width = window.talk.winfo_width()
    window.header.people_button.invoke()
    wide.turn()
    assert not seen(window.members)
    assert window.talk.winfo_width() > width
    wide.key("<Control-Shift-P>")
    assert seen(window.members)
    assert window.talk.winfo_width() == width


def test_a_narrow_window_has_the_conversation_before_the_people_and_the_rooms(wide: Desk) -> None:
    wide.join()
    window = wide.window
    resize(wide, 1000)
    widths = window.rooms.winfo_width(), window.members.winfo_width()
    panes = {650: (True, False), 430: (False, False), 1000: (True, True)}
    for width, expected in panes.items():
        resize(wide, width)
        assert (seen(window.rooms), seen(window.members)) == expected, width
        assert seen(window.talk)
    assert (window.rooms.winfo_width(), window.members.winfo_width()) == widths


@pytest.mark.parametrize("topic", ["a short one", "a long one " * 40])
def test_as_much_of_the_topic_is_seen_as_there_is_place_for(wide: Desk, topic: str) -> None:
    wide.join()
    wide.hear(events.TopicSet("bob", "#r", topic))
    wide.turn()
    label = wide.window.topic
    text = str(label.cget("text"))
    assert wide.window.look.text.measure(text) <= label.winfo_width()
    assert text == topic or text.endswith(" …")
    assert topic.startswith(text.removesuffix(" …"))


def test_nothing_to_scroll_shows_no_scrollbar_and_the_text_keeps_its_width(wide: Desk) -> None:
    wide.join()
    bar, text = wide.window.talk.scrollbar, wide.window.talk.text
    wide.turn()
    assert bar.instate(["disabled"])
    width = text.winfo_width()
    for number in range(100):
        wide.said("bob", f"line {number}")
    wide.turn()
    assert bar.instate(["!disabled"])
    assert text.winfo_width() == width


def test_tab_goes_to_everything_that_can_be_used(wide: Desk) -> None:
    wide.join()
    window = wide.window
    start = window.header.find_button
    reached = [str(start)]
    widget = start.tk_focusNext()
    while widget is not None and str(widget) not in reached:
        reached.append(str(widget))
        widget = widget.tk_focusNext()
    wanted = [
        window.header.people_button, window.header.find_button, window.header.menu_button, window.rooms.tree,
        window.talk.text, window.field.text, window.field.button, window.members.field, window.members.tree,
    ]  # fmt: skip
    assert [str(each) for each in wanted if str(each) not in reached] == []


def test_how_many_people_there_are_follows_who_comes_and_goes(wide: Desk) -> None:
    wide.join("ann")
    for nick in ("bob", "carol"):
        wide.hear(events.Joined(nick, "#r"))
    wide.turn()
    assert wide.window.header.people_button.cget("text") == "3 people"
    wide.hear(events.Parted("bob", "#r"))
    wide.turn()
    assert wide.window.header.people_button.cget("text") == "2 people"
