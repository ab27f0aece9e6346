"""What stands over the conversation, on a display that nobody sees."""

from __future__ import annotations

import tkinter as tk

import pytest

from chatd.client.model.settings import Theme
from chatd.client.view.room_header import HeaderActions, RoomHeader
from chatd.client.view.theme import Look
from tests.support.display import MISSING


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_people_are_counted_once_they_are_known(display: str) -> None:
    assert display
    root = tk.Tk()
    header = RoomHeader(root, Look(root, Theme.LIGHT, 11), str, HeaderActions(lambda: None, lambda: None))
    told = []
    for people in (0, 1, 2, 1200):
        header.show("#r", "", people)
        told.append(header.people_button.cget("text"))
    root.destroy()
    assert told == ["People", "1 person", "2 people", "1,200 people"]
