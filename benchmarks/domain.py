"""What a message costs on its way through the server, layer by layer: ``python -m benchmarks.domain [--quick]``.

No sockets, no threads, no reactor: the clock is turned by hand, which costs a turn about three microseconds, and what
members are sent is thrown away. So this is the cost of the program itself, in microseconds of the processor's time;
what the kernel adds is in ``benchmarks.fanout``.

Each layer is timed with those below it, and its own cost is the difference. The layers take turns, several times, and
the fastest time of each counts: what else the machine does can only add to it.
"""

from __future__ import annotations

import gc
import os
import platform
import time
from argparse import ArgumentParser
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from time import process_time
from typing import NamedTuple

from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from typing_extensions import override

from benchmarks.report import table
from chatd.chat.assembly import make_hub
from chatd.chat.limits import Limits
from chatd.chat.peer import Peer
from chatd.chat.session import Session
from chatd.edges.gateway import Gateway
from chatd.edges.line import LineFactory, LineProtocol
from chatd.journal import Environment
from chatd.journal.memory import MemoryJournal
from chatd.model.entry import Entry
from chatd.protocol import wire
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.events import Said
from chatd.runtime.threads import Thread

ROOM = "#benchmark"
TEXT = "x" * 64
LINE = f"MSG {TEXT}".encode()
MESSAGES = 5760
PER_TURN = 64
ROOMS = 64
REPETITIONS = 15


class Nobody(Peer):
    """A peer that nothing reaches."""

    blocked = unreachable = False
    address = None
    private = True

    @override
    def send(self, data: bytes) -> None:
        pass

    @override
    def charge(self, lines: int) -> None:
        pass

    @override
    def in_turn(self, go_on: Callable[[], None]) -> None:
        pass

    @override
    def close(self, reason: DisconnectReason, data: bytes) -> None:
        pass

    @override
    def resume_input(self) -> None:
        pass


class Nowhere:
    """A transport that takes everything at once."""

    def write(self, data: bytes) -> None:
        """Take it."""

    def registerProducer(self, producer: object, streaming: bool) -> None:  # noqa: FBT001  # Twisted's
        """Never pause it."""

    def getPeer(self) -> IPv4Address:
        """Return some address."""
        return IPv4Address("TCP", "127.0.0.1", 1)


class Place:
    """A hub on a clock that stands still, and a room in it, or so many full ones."""

    def __init__(self, members: int, *, tagged: bool = False, rooms: int = 0) -> None:
        self.clock = Clock()
        environment = Environment(self.clock, time.time, lambda: "benchmark", partial(Thread, self.clock))
        self.journal = MemoryJournal(environment)
        self.hub = make_hub(self.journal, self.clock, Limits(lines_per_second=0))
        self.sessions = [Session(self.hub, Nobody()) for _ in range(members)]
        for number, session in enumerate(self.sessions):
            if tagged:
                session.receive(wire.parse_command(b"HELLO 1"))
            session.receive(wire.parse_command(f"JOIN member{number} {ROOM}".encode()))
        self.turn()
        self.people = [connect(self, f"m{number}", f"#r{number // 10}") for number in range(rooms * 10)]

    def turn(self) -> None:
        """Let one turn of the reactor pass."""
        self.clock.advance(0.002)


def parse(_: Place) -> None:
    """Read lines."""
    for _i in range(MESSAGES):
        wire.parse_command(LINE)


def receive(place: Place) -> None:
    """Read lines, carry them out, and let the journal order, keep and hand them back; no room hears of it."""

    def take(entries: Sequence[Entry]) -> None:
        for entry in entries:
            if entry.author is not None:
                entry.author.took_effect(entry, None)

    place.journal.follow(take)
    say(place)


def say(place: Place) -> None:
    """Do all that is done between the line and the members' connections."""
    speaker = place.sessions[0]
    for _i in range(MESSAGES // PER_TURN):
        for _j in range(PER_TURN):
            speaker.receive(wire.parse_command(LINE))
        place.turn()


def say_singly(place: Place) -> None:
    """Do the same with each message in a turn of its own."""
    speaker = place.sessions[0]
    for _i in range(MESSAGES):
        speaker.receive(wire.parse_command(LINE))
        place.turn()


def hand_back(place: Place) -> None:
    """Let the journal alone order, keep and hand back."""
    place.journal.follow(lambda _: None)
    event = Said("member0", ROOM, TEXT)
    for _i in range(MESSAGES // PER_TURN):
        for _j in range(PER_TURN):
            place.journal.append(Entry(ROOM, event))
        place.turn()


def connect(place: Place, nick: str = "speaker", room: str = ROOM) -> LineProtocol:
    """Bring one more into a room, over a connection that leads nowhere."""
    protocol = LineFactory(Gateway(place.hub, place.clock)).buildProtocol(None)
    assert isinstance(protocol, LineProtocol)
    protocol.makeConnection(Nowhere())
    protocol.dataReceived(f"JOIN {nick} {room}\r\n".encode())
    place.turn()
    return protocol


def type_lines(place: Place) -> None:
    """Say everything in the bytes of segments."""
    protocol = connect(place)
    segment = (LINE + b"\r\n") * PER_TURN
    for _i in range(MESSAGES // PER_TURN):
        protocol.dataReceived(segment)
        place.turn()


def type_singly(place: Place) -> None:
    """Say each message in a segment and a turn of its own."""
    protocol = connect(place)
    for _i in range(MESSAGES):
        protocol.dataReceived(LINE + b"\r\n")
        place.turn()


def type_everywhere(place: Place) -> None:
    """Let nine of ten people in each of many rooms say one thing in each turn."""
    speakers = [person for number, person in enumerate(place.people) if number % 10]
    for _i in range(MESSAGES // len(speakers)):
        for speaker in speakers:
            speaker.dataReceived(LINE + b"\r\n")
        place.turn()


class Timed(NamedTuple):
    """What is done, and where."""

    what: Callable[[Place], None]
    members: int
    """How many are in the room."""
    tagged: bool = False
    """Whether they read tags."""
    rooms: int = 0
    """In how many full rooms people are beside it."""


TIMED = {
    "parse": Timed(parse, 0),
    "journal": Timed(hand_back, 0),
    "receive": Timed(receive, 1),
    "say": Timed(say, 10),
    "tagged": Timed(say, 10, tagged=True),
    "type": Timed(type_lines, 9),
    "say singly": Timed(say_singly, 10),
    "say singly, crowd": Timed(say_singly, 110),
    "type singly": Timed(type_singly, 9),
    "type everywhere": Timed(type_everywhere, 0, rooms=ROOMS),
}


def run(repetitions: int) -> dict[str, float]:
    """Return the microseconds of a message in each, of the fastest repetition."""
    measured: defaultdict[str, list[float]] = defaultdict(list)
    for _ in range(repetitions):
        for name, timed in TIMED.items():
            place = Place(timed.members, tagged=timed.tagged, rooms=timed.rooms)
            gc.collect()
            began = process_time()
            timed.what(place)
            measured[name].append((process_time() - began) / MESSAGES * 1e6)
    return {name: min(times) for name, times in measured.items()}


def rows(cost: dict[str, float]) -> Iterator[Sequence[str]]:
    """Make the lines of the table, each a sequence of cells."""
    yield ["of a message", "microseconds"]
    figures = {
        f"parse: {len(LINE)} bytes to a command": cost["parse"],
        "session: carry it out, hold what must wait": cost["receive"] - cost["parse"] - cost["journal"],
        "journal in memory: order, keep, hand back": cost["journal"],
        f"room and render, {PER_TURN} in a turn, ten plain members": cost["say"] - cost["receive"],
        "the same for ten that read tags": cost["tagged"] - cost["receive"],
        "edge: segments to lines": cost["type"] - cost["say"],
        f"all of that, {PER_TURN} in a turn": cost["type"],
        "all of that, each in a turn of its own": cost["type singly"],
        f"all of that, one from each of 9 in {ROOMS} rooms of 10 in a turn": cost["type everywhere"],
        "a member more in a turn, without what the kernel does": (cost["say singly, crowd"] - cost["say singly"]) / 100,
    }
    for name, microseconds in figures.items():
        yield [name, f"{microseconds:.2f}"]


def main() -> None:
    """Measure, and print what was measured."""
    parser = ArgumentParser(prog="python -m benchmarks.domain", description="Measure what a message costs, by layers.")
    parser.add_argument("--quick", action="store_true", help="one repetition, for a first impression")
    repetitions = 1 if parser.parse_args().quick else REPETITIONS
    cost = run(repetitions)
    print(f"{os.cpu_count()} CPUs, Python {platform.python_version()}; the fastest of {repetitions}\n")
    print(table(list(rows(cost))))


if __name__ == "__main__":
    main()
