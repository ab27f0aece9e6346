"""What the window makes of messages that were taken back, changed, answered or reacted to."""

from __future__ import annotations

from datetime import UTC
from types import SimpleNamespace
from typing import Any, cast

from chatd.client.model.changes import LinesChanged, Notice, UnreadChanged
from chatd.client.model.lines import Kind, describe
from chatd.client.model.rows import rows
from chatd.client.view.talk_rows import Renderer
from tests.client.test_transcript import Client, said


def client(*lines: str) -> Client:
    return Client("OK HELLO epoch=e1", "OK JOIN #r 2 last=0 resume=s", *lines)


def shown(client: Client) -> list[str]:
    return [describe(line) for line in client.room().lines]


def test_what_is_taken_back_is_shown_nowhere() -> None:
    window = client(said(1), said(2, "hidden words"), said(3))
    changes = window.hears("@id=4 RETRACT bob #r 2")
    assert shown(window) == ["m1", "bob deleted a message", "m3"]
    assert LinesChanged("#r", 1) in changes and not [each for each in changes if isinstance(each, Notice)]
    assert not window.room().find_lines("hidden")
    assert "hidden" not in repr(window.room().lines)
    assert window.room().resume_id == 4


def test_who_took_back_what_another_said_is_named() -> None:
    window = client(said(1, "spam"))
    window.hears("@id=2 RETRACT ann #r 1")
    assert shown(window) == ["ann deleted a message from bob"]


def test_what_is_taken_back_is_unread_no_more() -> None:
    window = client(said(1, "me: look"), said(2))
    assert (window.room().unread, window.room().mentions) == (2, 1)
    changes = window.hears("@id=3 RETRACT bob #r 1")
    assert UnreadChanged("#r") in changes
    assert (window.room().unread, window.room().mentions) == (1, 0)
    window.hears("@id=4 RETRACT bob #r 1")
    assert window.room().unread == 1


def test_what_a_search_found_goes_too() -> None:
    window = client(said(1, "hidden words"))
    window.room().found = list(window.room().lines)
    window.hears("@id=2 EDIT bob #r 1 better")
    assert [line.text for line in window.room().found] == ["better"]
    window.hears("@id=3 RETRACT bob #r 1")
    assert window.room().found == []


def test_what_was_changed_shows_its_new_text_and_a_mark() -> None:
    window = client(said(1, "fist"))
    changes = window.hears("@id=2 EDIT bob #r 1 first")
    (line,) = window.room().lines
    assert (line.text, line.edited, line.kind) == ("first", True, Kind.SAID)
    assert changes == [LinesChanged("#r", 0)]
    window.hears(said(3, "old one", tags=";old;edited"))
    assert window.room().lines[-1].edited


def test_reactions_are_counted() -> None:
    window = client(said(1))
    window.hears("@id=2 REACT ann #r 1 👍", "@id=3 REACT bob #r 1 👍", "@id=4 REACT bob #r 1 +1")
    assert window.room().lines[0].reactions == (("👍", 2), ("+1", 1))
    window.hears("@id=5 UNREACT bob #r 1 +1")
    assert window.room().lines[0].reactions == (("👍", 2),)
    window.hears("@old REACTIONS #r 1 👍 7")
    assert window.room().lines[0].reactions == (("👍", 7),)


def test_an_answer_names_whom_it_answers() -> None:
    window = client(said(1), said(2, "yes", nick="ann", tags=";reply=1"), said(3, "what", tags=";reply=99"))
    assert [line.answers for line in window.room().lines] == ["", "bob", ""]


def test_what_refers_to_something_that_is_not_shown_is_passed_over() -> None:
    window = client(said(1))
    for line in ("RETRACT bob #r 9", "EDIT bob #r 9 x", "REACT bob #r 9 +1", "REACTIONS #r 9 +1 1", "RETRACT bob #q 1"):
        assert window.hears(f"@id=10 {line}") == []
    assert shown(window) == ["m1"]
    assert window.hears(said(11)) and window.room().last_id == 11


def test_what_is_drawn_of_them() -> None:
    window = client(said(1, "lunch?"), said(2, "yes", nick="ann", tags=";reply=1"))
    window.hears("@id=3 EDIT ann #r 2 yes!", "@id=4 REACT bob #r 2 👍", "@id=5 RETRACT bob #r 1")
    drawing = Renderer(cast("Any", SimpleNamespace(safe=str)), UTC)
    room = window.room()
    drawn = ["".join(piece.text for piece in drawing.pieces(room, row)) for row in rows(room, 0, UTC)[1]]
    assert drawn[2:] == [
        "* bob deleted a message",
        "ann  00:00",
        "↪ bob  an earlier message",
        "yes!  (edited)",
        " 👍 1   ",
    ]


def test_an_answer_is_drawn_under_what_it_answers() -> None:
    window = client(said(1, "lunch?"), said(2, "yes", nick="ann", tags=";reply=1"))
    drawing = Renderer(cast("Any", SimpleNamespace(safe=str)), UTC)
    room = window.room()
    drawn = ["".join(piece.text for piece in drawing.pieces(room, row)) for row in rows(room, 0, UTC)[1]]
    assert drawn[-2:] == ["↪ bob  lunch?", "yes"]
