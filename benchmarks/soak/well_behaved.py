"""The programs that behave: ``python -m benchmarks.soak.well_behaved PLACES COUNT``.

Everybody is in a room of a few and in one where all are, and strangers too. A line on standard input
names the phase that begins, and its end ends it all; on standard output come a line when all are in, and another with
the report.
"""

from __future__ import annotations

import asyncio
import json
import re
import ssl
import sys
from collections import defaultdict
from dataclasses import asdict, dataclass, field
from math import ceil
from time import perf_counter
from typing import cast

from benchmarks.soak.check import Heard, Said, check_heard, dirt
from benchmarks.soak.daemon import HOST, Places

OPEN_ROOM = "#open"
"""Where hostile clients come too."""
ROOM_MEMBERS = 12
PERIOD_SECONDS = 1.0
"""Between two things that one program says."""
PATIENCE_SECONDS = 20.0
"""For people to come in, and in the end for what is still on its way."""
PHASES = BEFORE, ATTACK, AFTER = ("before", "attack", "after")
"""Of a soak; a message belongs to that in which it is said or heard."""
ECHO, DELIVERY, LATE = ("own echo", "delivery", "of that, said late")
_TLS_EACH = 5
_ENTERED = f"OK JOIN {OPEN_ROOM} ".encode()
_MSG = re.compile(rb"^@(\S+) MSG (\S+) (#\S+) (.*)\r$", re.MULTILINE)


def nick_of(number: int) -> str:
    """Return the name of a program."""
    return f"worker{number:02d}"


def room_of(number: int) -> str:
    """Return the room of few that a program is in."""
    return f"#calm{number // ROOM_MEMBERS}"


@dataclass
class Report:
    """What the programs measured, times in milliseconds, and what was wrong."""

    said: int
    deliveries: int
    times: dict[str, dict[str, list[float]]]
    """By phase, median, 99th percentile and maximum of how long after it was due something happened to a message:
    it came back, it came to another, and it was said, which is what this process itself adds to the others."""
    faults: list[str] = field(default_factory=list)


class Program(asyncio.Protocol):
    """One connection that is never made again."""

    def __init__(self, number: int, party: Party) -> None:
        self.nick = nick_of(number)
        self.rooms = (room_of(number), OPEN_ROOM)
        self.heard: list[Heard] = []
        self.entered: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.faults: list[str] = []
        self._party = party
        self._transport: asyncio.Transport
        self._pending = b""
        self._count = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Come in."""
        self._transport = cast(asyncio.Transport, transport)
        calm, everybody = self.rooms
        self._transport.write(f"HELLO 1\nJOIN {self.nick} {calm}\nJOIN {everybody}\n".encode())

    def data_received(self, data: bytes) -> None:
        """Note what is said, and check that no line holds a terminal's command."""
        now = perf_counter()
        lines, newline, self._pending = (self._pending + data).rpartition(b"\n")
        lines += newline
        if (found := dirt(lines)) is not None:
            self.faults.append(f"{self.nick} was sent a control character: {found}")
        if not self.entered.done() and _ENTERED in lines:
            self.entered.set_result(None)
        for tags, nick, room, text in _MSG.findall(lines):
            self._hear(tags, nick.decode(), room.decode(), text.decode(), now)
        if b"ERR " in lines:
            self.faults += [f"{self.nick} got {line!r}" for line in lines.splitlines() if line.startswith(b"ERR ")]

    def connection_lost(self, error: Exception | None) -> None:
        """Note that this should not have happened, if it did before the end."""
        if not self._party.is_over:
            self.faults.append(f"{self.nick} was disconnected: {error or self._pending!r}")

    def leave(self) -> None:
        """Close."""
        self._transport.abort()

    async def talk(self, due: float) -> None:
        """Say something every so often, in one room and then in the other, until it is over."""
        while not self._party.is_ending:
            await asyncio.sleep(due - perf_counter())
            self._count += 1
            room = self.rooms[self._count % 2]
            said = Said(self.nick, room, f"{self._count} is what I say", f"{self.nick}.{self._count}")
            self._party.note(said, due)
            if not self._transport.is_closing():
                self._transport.write(f"@label={said.label} TELL {room} {said.text}\n".encode())
            due += PERIOD_SECONDS

    def _hear(self, tags: bytes, nick: str, room: str, text: str, now: float) -> None:
        values = dict(tag.partition("=")[::2] for tag in tags.decode().split(";"))
        if "old" in values:
            self.faults.append(f"{self.nick} was told something old: {text!r}")
            return
        self.heard.append(Heard(int(values["id"]), nick, room, text, values.get("label")))
        self._party.time(self.nick, nick, room, text, now)


class Party:
    """All programs, what they said, and how long it took to be heard."""

    def __init__(self, count: int) -> None:
        self.is_ending = False
        self.is_over = False
        self.programs: list[Program] = []
        self.rooms: defaultdict[str, set[str]] = defaultdict(set)
        self._count = count
        self._said: list[Said] = []
        self._due: dict[tuple[str, str, str], float] = {}
        self._missing = 0
        self._times: dict[str, dict[str, list[float]]] = {
            phase: {what: [] for what in (ECHO, DELIVERY, LATE)} for phase in PHASES
        }
        self._now = self._times[BEFORE]

    async def come_in(self, places: Places) -> None:
        """Let everybody connect, each fifth over TLS, and wait until all are in."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        for number in range(self._count):
            program = Program(number, self)
            self.programs.append(program)
            for room in program.rooms:
                self.rooms[room].add(program.nick)
            over_tls = number % _TLS_EACH == 0
            port, tls = (places.tls, context) if over_tls else (places.plain, None)
            await asyncio.get_running_loop().create_connection(lambda made=program: made, HOST, port, ssl=tls)
        async with asyncio.timeout(PATIENCE_SECONDS):
            await asyncio.gather(*(program.entered for program in self.programs))

    async def talk(self) -> None:
        """Let all talk, at different times, until it is ending, and wait until all is heard that can be."""
        began = perf_counter()
        apart = PERIOD_SECONDS / self._count
        await asyncio.gather(*(each.talk(began + apart * number) for number, each in enumerate(self.programs)))
        end = perf_counter() + PATIENCE_SECONDS
        while self._missing > 0 and perf_counter() < end and not any(each.faults for each in self.programs):
            await asyncio.sleep(0.05)
        await asyncio.sleep(0.5)  # what comes too much comes by then
        self.is_over = True
        for program in self.programs:
            program.leave()

    def begin(self, phase: str) -> None:
        """Measure for another phase from here on."""
        self._now = self._times[phase]

    def note(self, said: Said, due: float) -> None:
        """Note that something was said, which was due at that time."""
        self._said.append(said)
        self._due[said.nick, said.room, said.text] = due
        self._missing += len(self.rooms[said.room])
        self._now[LATE].append(perf_counter() - due)

    def time(self, listener: str, nick: str, room: str, text: str, now: float) -> None:
        """Note that something was heard now; what strangers said does not count."""
        due = self._due.get((nick, room, text))
        if due is not None:
            self._missing -= 1
            self._now[ECHO if nick == listener else DELIVERY].append(now - due)

    def report(self) -> Report:
        """Check everything, and return what came of it."""
        faults = [fault for program in self.programs for fault in program.faults[:3]]
        faults += check_heard(self._said, self.rooms, {each.nick: each.heard for each in self.programs})
        deliveries = sum(len(times[DELIVERY]) for times in self._times.values())
        figures = {phase: {what: _figures(all_) for what, all_ in self._times[phase].items()} for phase in PHASES}
        return Report(len(self._said), deliveries, figures, faults)


def _figures(seconds: list[float]) -> list[float]:
    """Return median, 99th percentile and maximum, in milliseconds."""
    ordered = sorted(seconds) or [0.0]
    return [ordered[ceil(len(ordered) * part) - 1] * 1000 for part in (0.5, 0.99, 1)]


async def main(places: Places, count: int) -> None:
    """Talk until standard input ends, and print the report."""
    party = Party(count)
    await party.come_in(places)
    print("ready", flush=True)
    talking = asyncio.create_task(party.talk())
    while phase := await asyncio.to_thread(sys.stdin.readline):
        party.begin(phase.strip())
    party.is_ending = True
    await talking
    print(json.dumps(asdict(party.report())), flush=True)


if __name__ == "__main__":
    asyncio.run(main(Places.from_text(sys.argv[1]), int(sys.argv[2])))
