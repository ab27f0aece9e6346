"""Where the window connects to when it starts: to all servers that are kept, and what is asked for wins."""

from __future__ import annotations

import pytest

from chatd.client.application import Wishes, _begin
from chatd.client.model.kept_servers import KeptServer
from chatd.runtime.server_address import Address
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
HOME, WORK = Address("home.example"), Address("work.example")


def keep(desk: Desk, *servers: KeptServer) -> None:
    desk.settings.servers = list(servers)
    desk.settings.nick = "last"


def both(desk: Desk) -> None:
    keep(desk, KeptServer("home.example:10319", "ann", ["#a"]), KeptServer("work.example:10319", "ann.b", ["#b", "#c"]))


def begin(desk: Desk, wishes: Wishes, problem: str = "") -> list[tuple[Address, str, list[str]]]:
    """Return the servers that are connected to then, with the name and the rooms."""
    _begin(desk.window, wishes, problem)
    desk.turn()
    return [(each.address, each.transcript.nick, list(each.transcript.rooms)) for each in desk.window.servers]


def test_all_that_are_kept(desk: Desk) -> None:
    both(desk)
    assert begin(desk, Wishes()) == [(HOME, "ann", ["#a"]), (WORK, "ann.b", ["#b", "#c"])]
    assert desk.window.servers.front.address == HOME
    assert desk.window.name_bar.name == "ann"


def test_what_is_asked_for_is_in_front(desk: Desk) -> None:
    both(desk)
    assert begin(desk, Wishes(WORK, "", ("#d",))) == [(HOME, "ann", ["#a"]), (WORK, "ann.b", ["#d"])]
    assert desk.window.servers.front.address == WORK


def test_a_server_that_is_not_kept_comes_to_the_others(desk: Desk) -> None:
    both(desk)
    found = begin(desk, Wishes(Address("club.example"), "annie"))
    assert found[2:] == [(Address("club.example"), "annie", ["#lobby"])]
    assert len(desk.links) == 3
    assert desk.window.servers.front.address == Address("club.example")


def test_a_name_alone_is_for_the_first_server(desk: Desk) -> None:
    both(desk)
    assert [nick for _, nick, _ in begin(desk, Wishes(nick="annie"))] == ["annie", "ann.b"]


def test_one_that_is_kept_without_a_name_has_the_one_that_was_entered_last(desk: Desk) -> None:
    keep(desk, KeptServer("home.example"))
    assert begin(desk, Wishes()) == [(HOME, "last", ["#lobby"])]


def test_an_address_that_is_none_costs_that_server_alone(desk: Desk) -> None:
    keep(desk, KeptServer("::1", "ann", []), KeptServer("work.example", "ann", ["#b"]))
    assert begin(desk, Wishes()) == [(WORK, "ann", ["#b"])]
    assert "::1" in desk.window.question.text


def test_what_could_not_be_read_is_told(desk: Desk) -> None:
    both(desk)
    begin(desk, Wishes(), "client.json has no valid theme")
    assert "no valid theme" in desk.window.question.text


def test_without_any_it_is_asked(desk: Desk) -> None:
    begin(desk, Wishes())
    assert desk.window.connect_sheet.is_open
    assert desk.links == []
