"""The beginning of the client: what is told of what was kept and cannot be used."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from twisted.internet.selectreactor import SelectReactor

from chatd.client.application import Wishes, _begin, stop
from chatd.client.model.kept_servers import KeptServer
from chatd.client.model.settings import NOTHING_KEPT, Theme
from chatd.client.view.palette import DARK
from chatd.client.view.programs import Programs
from chatd.runtime.server_address import Address
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)
DAMAGED = "client.json cannot be used (no file); the defaults are used instead."


def test_settings_that_cannot_be_read_are_told_of_where_a_server_is_asked_for(desk: Desk) -> None:
    sheet = desk.window.connect_sheet
    _begin(desk.window, Wishes(), DAMAGED)
    desk.turn()
    assert (sheet.winfo_ismapped(), sheet.problem.cget("text")) == (True, f"! {DAMAGED}")
    sheet.close()
    _begin(desk.window, Wishes(), NOTHING_KEPT)
    desk.turn()
    assert (sheet.winfo_ismapped(), sheet.problem.cget("text")) == (True, "")


def test_settings_that_cannot_be_read_are_told_of_in_front_of_a_server(desk: Desk) -> None:
    _begin(desk.window, Wishes(Address("example.org"), "ann"), DAMAGED)
    assert desk.window.question.text == f"! {DAMAGED}"


def test_an_address_that_is_none_is_told_of_where_another_is_asked_for(desk: Desk) -> None:
    desk.window.settings.servers = [KeptServer("a b")]
    _begin(desk.window, Wishes(), "")
    assert desk.window.connect_sheet.problem.cget("text")


def test_nothing_is_told_of_a_first_start(desk: Desk) -> None:
    _begin(desk.window, Wishes(Address("example.org"), "ann"), NOTHING_KEPT)
    assert desk.window.question.text == ""


def test_a_quit_while_a_signal_ends_it_is_no_error() -> None:
    reactor = SelectReactor()
    stopped: list[str] = []

    def leave() -> None:
        stop(reactor)  # as the window does when it has left the servers, for a quit of before
        stopped.append("left")

    reactor.addSystemEventTrigger("before", "shutdown", leave)
    reactor.callWhenRunning(stop, reactor)
    reactor.run(installSignalHandlers=False)
    assert stopped == ["left"]


@pytest.mark.parametrize(("printed", "dark"), [(b"'prefer-dark'\n", True), (b"'default'\n", False)])
def test_a_desktop_that_is_dark_is_followed(desk: Desk, printed: bytes, dark: bool) -> None:
    class Told(Programs):
        def ask(self, command: Sequence[str], seconds: float, told: Callable[[bytes], None]) -> None:
            assert command == ["gsettings", "get", "org.gnome.desktop.interface", "color-scheme"]
            assert seconds < 60
            told(printed)

    look = desk.window.look
    look.theme = Theme.SYSTEM
    look.ask_system(Told(desk.clock), None)
    assert not look.system_dark
    look.ask_system(Told(desk.clock), "gsettings")
    assert look.system_dark == dark
    assert (look.palette is DARK) == dark
