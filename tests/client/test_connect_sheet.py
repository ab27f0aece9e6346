"""The connect sheet: what Return, Escape, Tab and the list of servers on the network do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from chatd.client.net.nearby import Changed, Nearby, Place
from chatd.client.view.nearby_list import SHOWN_PLACES
from chatd.runtime.server_address import Address
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
CLASS = Place("Klasse 5b", Address("10.0.0.5", 4321, tls=True))
SHOP = Place("Workshop", Address("10.0.0.6"))


class Found(Nearby):
    """Finds what the test says."""

    def __init__(self, *places: Place, missing: str = "") -> None:
        self.places: Sequence[Place] = places
        self.missing = missing
        self.changed: Changed | None = None

    def start(self, changed: Changed) -> None:
        self.changed = changed
        changed(self.places)

    def stop(self) -> None:
        self.changed = None


def sheet_of(desk: Desk, *places: Place, missing: str = "") -> Any:
    desk.window.connect_sheet.nearby = Found(*places, missing=missing)
    desk.window.ask_server()
    desk.root.focus_force()
    desk.turn()
    return desk.window.connect_sheet


@pytest.mark.parametrize("field", ["host", "port", "name", "password", "room", "_tls_box", "button"])
@pytest.mark.parametrize("key", ["<Return>", "<KP_Enter>"])
def test_return_submits_wherever_the_focus_is(desk: Desk, field: str, key: str) -> None:
    sheet = sheet_of(desk)
    sheet.name.insert(0, "ann")
    desk.key(key, getattr(sheet, field))
    assert (desk.dialled, sheet.is_open) == ([Address()], False)


def test_host_and_port_are_in_one_line_and_so_are_name_and_password(desk: Desk) -> None:
    sheet = sheet_of(desk)
    rows = [widget.grid_info()["row"] for widget in (sheet.host, sheet.port, sheet.name, sheet.password)]
    assert (rows[0] == rows[1], rows[2] == rows[3]) == (True, True)


def test_tab_goes_from_field_to_field(desk: Desk) -> None:
    sheet = sheet_of(desk)
    sheet.host.focus_force()
    for widget in (sheet.host, sheet.port, sheet.name, sheet.password, sheet.room, sheet._tls_box):
        focus: Any = desk.root.focus_get()
        assert focus is widget
        desk.key("<Tab>", widget)


def test_escape_leaves_all_as_it_was(desk: Desk) -> None:
    sheet = sheet_of(desk, CLASS)
    sheet.host.replace_all("nonsense here")
    sheet.password.insert(0, "s3cret")
    desk.key("<Escape>", sheet.host)
    assert (sheet.is_open, desk.dialled, desk.window.question.is_open) == (False, [], False)
    found: Any = sheet.nearby
    assert found.changed is None
    desk.window.ask_server()
    assert (sheet.host.get(), sheet.password.get()) == ("127.0.0.1", "")


@pytest.mark.parametrize("port", ["10319", "4711"])
def test_the_usual_port_follows_the_box(desk: Desk, port: str) -> None:
    sheet = sheet_of(desk)
    sheet.port.replace_all(port)
    sheet._tls_box.invoke()
    assert sheet.port.get() == ("10320" if port == "10319" else port)
    sheet._tls_box.invoke()
    assert sheet.port.get() == port


@pytest.mark.parametrize("event", ["<Double-Button-1>", "<Return>"])
def test_a_server_on_the_network_is_connected_to(desk: Desk, event: str) -> None:
    sheet = sheet_of(desk, CLASS, SHOP)
    sheet.name.insert(0, "ann")
    tree = sheet.near.tree
    if event == "<Return>":
        tree.focus_force()
        desk.turn()
        assert sheet.host.get() == CLASS.address.host
        desk.key("<Return>", tree)
        where = CLASS.address
    else:
        x, y, _, height = tree.bbox(tree.get_children()[1])
        for click in ("<Button-1>", "<ButtonRelease-1>") * 2:
            tree.event_generate(click, x=x + 5, y=y + height // 2)
        desk.turn()
        where = SHOP.address
    assert (desk.dialled, sheet.is_open) == ([where], False)


def test_without_a_name_the_name_is_asked_for_first(desk: Desk) -> None:
    sheet = sheet_of(desk, CLASS)
    sheet.near.tree.focus_force()
    desk.turn()
    desk.key("<Return>", sheet.near.tree)
    focus: Any = desk.root.focus_get()
    assert focus is sheet.name
    assert (sheet.host.get(), sheet.port.get(), sheet.tls.get()) == ("10.0.0.5", "4321", True)
    assert desk.dialled == []


def test_many_servers_do_not_fill_the_window_and_one_that_was_chosen_stays_so(desk: Desk) -> None:
    places = [Place(f"n{number:02}", Address("10.0.0.7", 1000 + number)) for number in range(50)]
    sheet = sheet_of(desk, *places)
    tree = sheet.near.tree
    assert int(tree.cget("height")) == SHOWN_PLACES
    tree.selection_set(tree.get_children()[3])
    desk.turn()
    found: Any = sheet.nearby
    found.changed([*places, CLASS])
    assert tree.item(tree.selection()[0], "text") == "n03"
    found.changed([])
    desk.turn()
    assert not tree.winfo_viewable()
    assert sheet.host.get() == "10.0.0.7"


def test_what_is_missing_to_find_servers_is_said(desk: Desk) -> None:
    sheet = sheet_of(desk, missing="To find servers on this network, install zeroconf: pip install it")
    assert sheet.near._missing.winfo_viewable()
    assert "install zeroconf" in sheet.near._missing.cget("text")
    sheet.close()
    sheet.nearby = Found()
    desk.window.ask_server()
    desk.turn()
    assert not sheet.near._missing.winfo_viewable()
