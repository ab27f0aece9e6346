"""While a sheet lies over the window, keys do nothing under it, and a question of the window is seen."""

from __future__ import annotations

import pytest

from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.mark.parametrize("key", ["<Control-f>", "<F6>", "<Alt-Down>"])
def test_keys_do_nothing_under_a_sheet(desk: Desk, key: str) -> None:
    desk.join("ann", "#r", "#s")
    desk.window.show_room("#r")
    desk.window.switch()
    desk.turn()
    desk.key(key, desk.window.switcher.field)
    desk.turn()
    assert desk.window.shown is desk.transcript.rooms["#r"]
    assert not desk.window.find_bar.is_open
    assert desk.root.focus_get() is desk.window.switcher.field


def test_whether_to_quit_is_asked_where_it_is_seen(desk: Desk) -> None:
    desk.join("ann", "#r")
    desk.window.help()
    desk.window.preferences_sheet.ask()
    desk.turn()
    desk.window.ask_quit()
    desk.turn()
    assert desk.window.question.winfo_ismapped()
    assert not any(sheet.is_open for sheet in desk.window.sheets)
