"""The benchmark of the window: its server says what a server says, and its eyes see a letter."""

from __future__ import annotations

from typing import Any, cast

from benchmarks.client.__main__ import WIDE, columns, percentiles
from benchmarks.client.server import MEMBERS, ROOM, Room
from chatd.client.model.lines import Kind
from chatd.client.model.membership import MembershipCue
from chatd.client.model.reducer import apply_event
from chatd.client.model.transcript import Transcript
from chatd.protocol.wire import parse_event


class Written:
    """Takes what the server writes."""

    def __init__(self) -> None:
        self.lines: list[bytes] = []

    def write(self, data: bytes) -> None:
        self.lines += data.splitlines()

    def taken(self) -> list[bytes]:
        lines, self.lines = self.lines, []
        return lines


def test_a_client_understands_what_the_room_says() -> None:
    written = Written()
    room = Room(cast(Any, written))
    transcript = Transcript("reader", lambda: 0)
    transcript.open_room(ROOM).change_membership(MembershipCue.WANT)
    room.answer("HELLO 1")
    room.answer(f"@label=a JOIN reader {ROOM}")
    room.answer(f"@label=b WHO {ROOM}")
    room.say(3)
    room.come_and_go(3)
    room.answer(f"@label=c TELL {ROOM} said by the reader")
    for line in written.taken():
        apply_event(transcript, *parse_event(line))
    place = transcript.rooms[ROOM]
    assert place.joined
    assert len(place.members) == MEMBERS  # one has left, come back, and the next has left: and oneself
    said = [line for line in place.lines if line.kind is Kind.SAID]
    assert [line.id for line in said] == [1, 2, 3, 4]
    assert (said[-1].nick, said[-1].text) == ("reader", "said by the reader")
    assert [line.kind for line in place.lines if line.kind is not Kind.SAID] == [Kind.PARTED, Kind.JOINED, Kind.PARTED]


def test_a_letter_is_told_from_the_cursor() -> None:
    width, height = 40, 3
    before = bytes(4 * width * height)
    cursor, letter = bytearray(before), bytearray(before)
    for row in range(height):
        cursor[4 * (row * width + 5)] = 255
        for x in range(5, 14):
            letter[4 * (row * width + x)] = 255
    assert columns(before, bytes(cursor), 4 * width) == [5]
    assert columns(before, bytes(letter), 4 * width) == [*range(5, 14)]
    assert len(columns(before, bytes(cursor), 4 * width)) < WIDE <= len(columns(before, bytes(letter), 4 * width))


def test_percentiles() -> None:
    assert percentiles([float(number) for number in range(1, 200)]) == "p50 100.0 ms, p99 198.0 ms"
