"""Names of IRC in the window: to Tcl, brackets, braces and backslashes are words of its language."""

from __future__ import annotations

import pytest

from chatd.protocol import events
from chatd.protocol.moderation_commands import Kick
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
NICKS = ["[exit]", "\\", "^-^", "_bart", "a\\b", "al|away", "ann", "bob`", "{", "{x}", "}"]
ROOMS = ("##c++", "#[exit]", "#{", "#al|away")


def test_people_and_rooms_are_shown_by_their_names(desk: Desk) -> None:
    desk.join("ann", *ROOMS)
    for room in ROOMS:
        desk.window.show_room(room)
        desk.hear(events.Present(room, tuple(NICKS)))
        desk.hear(events.Done("WHO", (room, str(len(NICKS)))))
        for nick in NICKS:
            desk.said(nick, f"hi {room}", room)
        shown = desk.shown()
        assert all(any(nick in line and f"hi {room}" in line for line in shown) for nick in NICKS)
        people = desk.window.members.tree
        assert sorted(people.item(key, "text") for key in people.get_children()) == NICKS
    rooms = desk.window.rooms.tree
    assert sorted(rooms.item(key, "text") for key in rooms.get_children()) == sorted(ROOMS)
    for key in rooms.get_children():
        rooms.selection_set(key)
        desk.turn()
        assert desk.window.shown is desk.transcript.rooms[key]


def test_whoever_is_chosen_is_talked_to_and_goes(desk: Desk) -> None:
    desk.join("ann", "#r")
    desk.hear(events.Present("#r", tuple(NICKS)))
    desk.hear(events.Done("WHO", ("#r", str(len(NICKS)))))
    desk.turn()
    people = desk.window.members.tree
    for nick in NICKS:
        if nick == "ann":
            continue
        people.selection_set(nick)
        desk.key("<Return>", people)
        assert desk.window.shown is not None and desk.window.shown.name == nick
        desk.window.show_room("#r")
        desk.hear(events.Parted(nick, "#r"))
        desk.turn()
        assert not people.exists(nick)
    assert people.get_children() == ("ann",)


def test_commands_name_them(desk: Desk) -> None:
    desk.join("ann", "##c++")
    for nick in NICKS:
        desk.type(f"/kick {nick} ##c++ out")
        desk.key("<Return>")
        assert desk.link.did[-1] == ("send", Kick(nick, "##c++", "out"), "##c++")
