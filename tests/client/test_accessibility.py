"""What a screen reader is told, with a stand-in for the command of a newer Tk."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Iterator

import pytest

from chatd.client.view import pump
from chatd.client.view.accessibility import Accessibility, Described
from tests.client.test_window import Desk
from tests.support.display import MISSING

pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
_STAND_IN = """
set ::heard {}
proc ::spoken {operation args} {
    if {$operation ne "set_acc_role" && [lindex $args 0] ni [dict keys $::roles]} { error "the role first" }
    if {$operation eq "set_acc_role"} { dict set ::roles {*}$args }
    lappend ::heard [list $operation {*}$args]
}
set ::roles {}
namespace ensemble configure tk -map [dict merge [namespace ensemble configure tk -map] {accessible ::spoken}]
"""


class Reader:
    """What a reader has heard of each widget."""

    def __init__(self, root: tk.Misc) -> None:
        self._tk = root.tk

    def heard(self, widget: tk.Misc) -> dict[str, str]:
        found: dict[str, str] = {}
        for each in self._tk.splitlist(self._tk.getvar("::heard")):
            operation, path, *values = self._tk.splitlist(each)
            if path == str(widget):
                found[operation] = values[0] if values else ""
        return found


def has_command(root: tk.Misc) -> bool:
    commands = root.tk.splitlist(root.tk.call("namespace", "ensemble", "configure", "tk", "-map"))
    return "accessible" in commands[::2]


@pytest.fixture
def desk(display: str) -> Iterator[Desk]:
    assert display
    root, _ = pump.open_root()
    root.tk.eval(_STAND_IN)
    made = Desk(root)
    yield made
    made.window.stop_drawing()
    root.destroy()


def test_each_part_of_the_window_has_a_role_a_name_and_how_it_is_used(desk: Desk) -> None:
    desk.join("ann")
    window, reader = desk.window, Reader(desk.root)
    for widget, role, name in (
        (window.talk.text, "Text", "Conversation"),
        (window.field.text, "Text", "Message"),
        (window.rooms.tree, "Tree", "Rooms"),
        (window.members.tree, "Tree", "People"),
    ):
        heard = reader.heard(widget)
        assert (heard["set_acc_role"], heard["set_acc_name"]) == (role, name)
        assert heard["set_acc_help"]
        assert "add_acc_object" in heard
    assert reader.heard(window.field.text)["set_acc_state"] == "normal"


def test_a_field_is_called_as_the_label_before_it(desk: Desk) -> None:
    desk.join("ann")
    desk.window.find_bar.open()
    desk.turn()
    reader = Reader(desk.root)
    heard = reader.heard(desk.window.find_bar.field)
    assert (heard["set_acc_role"], heard["set_acc_name"]) == ("Entry", "Find")
    names = [reader.heard(child).get("set_acc_name") for child in desk.window.find_bar.winfo_children()]
    assert {"Previous", "Next", "Close"} <= set(names)


def test_the_message_under_the_cursor_is_read(desk: Desk) -> None:
    desk.join("ann")
    desk.said("bob", "one")
    desk.said("bob", "two")
    text = desk.window.talk.text
    desk.turn()
    for _ in range(2):
        desk.key("<Up>", text)
        text.event_generate("<KeyRelease-Up>")
        desk.turn()
    heard = Reader(desk.root).heard(text)
    assert heard["set_acc_value"] == "one"
    assert "emit_selection_change" in heard


def test_a_command_that_refuses_is_no_trouble(desk: Desk) -> None:
    desk.root.tk.eval("proc ::spoken args { error {not yet} }")
    field = desk.window.field.text
    Accessibility(desk.root, {field: Described("Text", "Message")}).read(field, "a")


def test_nothing_is_done_where_there_is_no_such_command(display: str) -> None:
    assert display
    root, _ = pump.open_root()
    try:
        if has_command(root):
            pytest.skip("this Tk has it")
        told = Accessibility(root, {root: Described("Text", "Message")})
        told.read(root, "a")
        assert not told.there
    finally:
        root.destroy()
