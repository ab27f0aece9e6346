"""What somebody does, in the window: how it is drawn, told by the desktop, and typed."""

from __future__ import annotations

import tkinter.font

import pytest

from chatd.client.model.changes import Notice
from chatd.client.model.slash import read
from tests.client.test_transcript import IN, Client, said
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]


@pytest.mark.skipif(bool(MISSING), reason=MISSING)
def test_it_is_drawn_with_a_star_and_slanted(desk: Desk) -> None:
    desk.join()
    desk.said("bob", "/me looks at https://x.example")
    desk.said("bob", "/mean it")
    assert [line[7:] for line in desk.shown()[-2:]] == ["* bob looks at https://x.example", "bob: /mean it"]
    text = desk.window.talk.text
    start, end = map(str, text.tag_ranges("action")[:2])
    assert text.get(start, end) == "looks at https://x.example"
    assert tkinter.font.Font(font=text.tag_cget("action", "font")).actual("slant") == "italic"
    assert "link" in text.tag_names(f"{end}-1c")
    desk.type("/me waves")
    desk.key("<Return>")
    assert desk.link.did[-1] == ("say", "#r", "/me waves")
    assert desk.shown()[-1][7:].startswith("* ann waves")


def test_the_desktop_tells_who_does_it() -> None:
    client = Client(IN)
    assert client.hears(said(11, "/me pokes ME"))[-1] == Notice("#r", "bob", "* bob pokes ME")
    assert client.hears("@id=12 TELL bob /me whispers")[-1] == Notice("bob", "bob", "* bob whispers")


def test_it_stands_alone_and_needs_a_room() -> None:
    assert "on its own" in read("/me waves\nand more", "#r").complaint
    assert "no room to send this to" in read("/me waves", None).complaint
