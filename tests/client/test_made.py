"""Sheets are made when they are first opened."""

from __future__ import annotations

import pytest

from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


def test_no_sheet_is_made_before_it_is_opened_and_escape_closes_it(desk: Desk) -> None:
    desk.join()
    desk.turn()
    window = desk.window
    window.escape()
    window.show_room(None)
    assert window.sheets == [], "neither joining, nor Escape, nor going elsewhere makes one"
    for ask in (window.help, window.preferences, window.ask_server, window.show_account, window.switch):
        ask()
        (opened,) = [sheet for sheet in window.sheets if sheet.is_open]
        window.escape()
        assert not opened.is_open
    assert len(window.sheets) == 5
