"""Reading what is further up: nothing moves under the eyes, and what comes meanwhile is told."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC

import pytest

from chatd.client.model.changes import Notice, UnreadChanged
from chatd.client.model.rows import FoldRow, LineRow, UnreadRow
from chatd.client.model.settings import Theme
from chatd.protocol import events, references
from tests.client.test_transcript import IN, Client, said
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
needs_display = pytest.mark.skipif(bool(MISSING), reason=MISSING)
LINES = 120


# What the model keeps.


def test_what_comes_while_one_reads_back_is_unread_and_told() -> None:
    client = Client(IN, said(11))
    client.transcript.set_front("#r")
    client.transcript.set_front("#r", reading_back=True)
    found = client.hears(said(12, "me: look"))
    assert UnreadChanged("#r") in found
    assert [each.nick for each in found if isinstance(each, Notice)] == ["bob"]
    room = client.room()
    assert (room.unread, room.mentions, room.unread_serial) == (1, 1, room.lines[-1].serial)
    assert UnreadChanged("#r") in client.transcript.set_front("#r")
    assert (room.unread, room.unread_serial) == (0, room.lines[-1].serial)
    assert not [each for each in client.hears(said(13, "me: again")) if isinstance(each, Notice)]


def test_the_mark_goes_to_the_first_line_that_was_not_seen() -> None:
    client = Client(IN, said(11))
    room = client.room()
    client.transcript.set_front("#r")
    mark = room.unread_serial
    client.hears(said(12))
    client.transcript.set_front("#r", reading_back=True)
    assert room.unread_serial == mark
    client.hears(said(13), said(14))
    assert room.unread_serial == room.lines[-2].serial
    client.transcript.set_front("#r")
    client.transcript.set_front("#r", reading_back=True)
    client.hears(said(15))
    assert room.unread_serial == room.lines[-1].serial


def test_what_was_not_read_stays_marked_when_another_room_is_shown() -> None:
    client = Client(IN, said(11), "OK JOIN #s 1 last=0 resume=s")
    client.transcript.set_front("#r")
    client.transcript.set_front("#r", reading_back=True)
    client.hears(said(12))
    client.transcript.set_front("#s")
    assert client.room().unread_serial == client.room().lines[-1].serial
    client.transcript.set_front("#r")
    client.transcript.set_front("#r", reading_back=True)
    client.transcript.set_front("#s")
    assert client.room().unread_serial is None


# What the window shows.


def fill(desk: Desk, lines: int = LINES) -> None:
    desk.id = 1000
    desk.join()
    for n in range(lines):
        if n % 40 == 10:
            for nick in ("c", "d", "e", "f"):
                desk.hear(events.Joined(f"{nick}{n}", "#r"))
        desk.said(("bob", "carol")[n % 7 // 4], f"line {n} " + "and so on " * (n % 5 * 9))
    desk.turn()


def scroll_up(desk: Desk, pixels: int) -> None:
    desk.window.talk.text.yview_scroll(-pixels, "pixels")
    desk.window.talk.note_place()
    desk.turn()


@needs_display
def test_new_lines_below_are_counted_and_the_button_goes_there(desk: Desk) -> None:
    fill(desk)
    talk = desk.window.talk
    assert not talk.below.winfo_ismapped()
    scroll_up(desk, 900)
    assert desk.transcript.front is None
    desk.said("bob", "hi")
    desk.said("bob", "ann: are you there?")
    desk.turn()
    assert talk.below.winfo_ismapped()
    assert talk.below.cget("text") == "↓ 2 new messages · 1 mentions you"
    assert desk.root.title() == "(2) chatd"
    (mark,) = (n for n, row in enumerate(talk.rows.rows) if isinstance(row, UnreadRow))
    assert "hi" in talk.text.get(f"{mark + 3}.0", f"{mark + 3}.end")
    talk.below.invoke()
    desk.turn()
    assert not talk.below.winfo_ismapped()
    assert (talk.follow, desk.root.title(), desk.transcript.front) == (True, "chatd", desk.window.shown)
    assert any(isinstance(row, UnreadRow) for row in talk.rows.rows)
    desk.said("bob", "more")
    desk.turn()
    assert talk.text.dlineinfo("end-1c") is not None


@needs_display
def test_what_is_scrolled_over_is_read(desk: Desk) -> None:
    fill(desk)
    scroll_up(desk, 900)
    for n in range(60):
        desk.said("bob", f"new {n}")
    desk.turn()
    room = desk.transcript.rooms["#r"]
    assert room.unread == 60
    desk.window.talk.reveal(len(room.lines) - 30)
    desk.turn()
    assert 0 < room.unread < 60
    assert desk.window.talk.below.cget("text") == f"↓ {room.unread} new messages"


@needs_display
def test_to_say_something_shows_it(desk: Desk) -> None:
    fill(desk)
    scroll_up(desk, 900)
    desk.said("bob", "hi")
    desk.type("hello")
    desk.key("<Return>")
    assert desk.window.talk.follow
    assert desk.transcript.rooms["#r"].unread == 0


def add_line(desk: Desk) -> None:
    desk.said("bob", "new " * 100)


def add_older(desk: Desk) -> None:
    for id_ in range(500, 540):
        desk.hear(events.Said("bob", "#r", f"older {id_}"), id=str(id_), old="")


def edit_above(desk: Desk) -> None:
    desk.id += 1
    desk.hear(references.Edited("bob", "#r", 1002, "changed " * 200), id=str(desk.id))


def edit_top(desk: Desk) -> None:
    talk = desk.window.talk
    number = talk.rows.number_at("@0,0")
    line = next(row.line for row in talk.rows.rows[number:] if isinstance(row, LineRow))
    desk.id += 1
    desk.hear(references.Edited(line.nick, "#r", line.id, line.text[:-1] + "!"), id=str(desk.id))


def react_above(desk: Desk) -> None:
    desk.id += 1
    desk.hear(references.Reacted("bob", "#r", 1003, "+1"), id=str(desk.id))


def retract_above(desk: Desk) -> None:
    desk.id += 1
    desk.hear(references.Retracted("bob", "#r", 1002), id=str(desk.id))


def unfold_above(desk: Desk) -> None:
    talk = desk.window.talk
    talk.toggle(next(number for number, row in enumerate(talk.rows.rows) if isinstance(row, FoldRow)))


def join_below(desk: Desk) -> None:
    for n in range(5):
        desk.hear(events.Joined(f"new{n}", "#r"))


def repaint(desk: Desk) -> None:
    desk.window.talk.repaint()


def change_theme(desk: Desk) -> None:
    desk.window.look.use(Theme.DARK)


def lose_focus(desk: Desk) -> None:
    desk.window.transcript.set_front(None)


CHANGES = [
    add_line, add_older, edit_above, edit_top, react_above, retract_above, unfold_above, join_below, repaint,
    change_theme, lose_focus,
]  # fmt: skip


@needs_display
@pytest.mark.parametrize("pixels", [631, 640, 647, 655, 663])
@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_nothing_moves_under_the_eyes(desk: Desk, change: Callable[[Desk], None], pixels: int) -> None:
    """What is on the screen is where it was, to the pixel, whatever happens above it, below it, or to it."""
    fill(desk)
    scroll_up(desk, pixels)
    before = places(desk)
    for _ in range(2):
        change(desk)
        desk.turn()
        after = places(desk)
        kept = [line for line in before if line in after]
        assert len(kept) >= min(5, len(before) - 1)
        if change is edit_top:  # it may have grown
            kept = kept[:1]
        assert {line: after[line] for line in kept} == {line: before[line] for line in kept}


def places(desk: Desk) -> dict[int, int]:
    """Return of each line that begins on the screen how far down it does."""
    talk = desk.window.talk
    found: dict[int, int] = {}
    for number, row in enumerate(talk.rows.rows, start=1):
        info = talk.text.dlineinfo(f"{number}.0")
        if isinstance(row, LineRow) and info is not None:
            found[row.line.id or row.line.serial] = info[1]
    return found


@needs_display
@pytest.mark.parametrize(("lines", "follows"), [(3, True), (90, False)])
def test_a_room_that_is_shown_before_there_is_a_window_begins_where_it_would_in_one(
    desk: Desk, lines: int, *, follows: bool
) -> None:
    desk.join("ann", "#s", "#r")
    desk.window.show_room("#s")
    desk.turn()
    for n in range(lines):
        desk.said("bob", f"line {n}")
    talk = desk.window.talk
    talk.grid_remove()
    desk.turn()
    room = desk.transcript.rooms["#r"]
    another = type(talk)(talk.master, desk.window.look, desk.window.glyphs, UTC, talk.hands.actions)
    another.show_room(room)
    assert another.follow
    another.grid(row=3, column=0, sticky="nsew")
    desk.turn()
    assert another.follow is follows
    assert (another.text.dlineinfo("end-1c") is not None) is follows
