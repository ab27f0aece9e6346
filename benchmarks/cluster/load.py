"""The load: rooms with people on all nodes, in one loop."""

from __future__ import annotations

import select
from collections.abc import Sequence
from functools import partial
from math import ceil
from statistics import median
from time import perf_counter, process_time
from types import TracebackType
from typing import NamedTuple, Self

from benchmarks.cluster.people import Listener, Reference, Speaker, WrongError
from benchmarks.cluster.processes import BenchmarkError, Running, busy_seconds, cpu_seconds

STALL_SECONDS = 20.0
"""Without a byte, after which what is waited for will not come any more."""
QUIET_SECONDS = 0.1
"""Without a byte, after which what came too much has come."""


class Work(NamedTuple):
    """What the speakers do: so many messages a second in all, taking turns, or always so many on their way."""

    name: str
    rate: float = 0
    window: int = 0
    """Of each speaker."""


class Crowd(NamedTuple):
    """How many there are in each room; each node has its part of them."""

    speakers: int
    listeners: int
    rooms: int = 1
    apart: bool = False
    """Whether all who speak are on the first node, and all who listen on the last, instead."""


class State(NamedTuple):
    """What has been by now, or between two moments."""

    wall: float
    """Seconds."""
    messages: int
    """Acknowledged."""
    deliveries: Sequence[float]
    """Of each node."""
    chatd: Sequence[float]
    """CPU seconds of each process."""
    nats: Sequence[float]
    load: float
    busy: float
    """CPU seconds of all that runs on this machine."""

    def since(self, before: State) -> State:
        """Return what has been since another moment."""
        return State(
            self.wall - before.wall,
            self.messages - before.messages,
            _less(self.deliveries, before.deliveries),
            _less(self.chatd, before.chatd),
            _less(self.nats, before.nats),
            self.load - before.load,
            self.busy - before.busy,
        )


class Room:
    """The people in a room."""

    def __init__(self, number: int, ports: Sequence[int], crowd: Crowd) -> None:
        talking, listening = (ports[:1], ports[-1:]) if crowd.apart else (ports, ports)
        self.speakers = [Speaker(each, talking[each % len(talking)], number) for each in range(crowd.speakers)]
        self.reference = Reference(b"reference%03d" % number, listening[0], number)
        self.everybody: list[Listener] = [*self.speakers, self.reference]
        for each in range(1, crowd.listeners):
            self.everybody.append(Listener(b"l%04d-%03d" % (each, number), listening[each % len(listening)], number))

    @property
    def said(self) -> int:
        """How many messages were said by now."""
        return sum(speaker.said for speaker in self.speakers)

    def check(self) -> None:
        """Raise `WrongError` unless everybody was told all that was said."""
        reference = self.reference
        reference.check([speaker.said for speaker in self.speakers])
        for one in self.everybody:
            if (one.bytes, one.checksum) != (reference.bytes, reference.checksum):
                raise WrongError(f"{one.nick.decode()} was told other messages than others, or in another order")


class Figures(NamedTuple):
    """What one run measured, or the medians of several."""

    messages: float
    """A second."""
    deliveries: float
    """A second, to all people on all nodes."""
    median: float
    """Milliseconds until the acknowledgement."""
    p99: float
    chatd: float
    """CPU seconds a second, of all processes of the kind."""
    nats: float
    load: float
    others: float
    """What else the machine did."""


class Load:
    """Everybody on a running set-up. All methods raise `BenchmarkError` or `WrongError` if that goes wrong.

    ``first`` is the number of the first room. Another load on the same set-up takes others, up to 999: under the labels
    of the first, the same people would have said everything already.
    """

    def __init__(self, running: Running, crowd: Crowd, first: int = 0) -> None:
        self._running = running
        self._rooms = [Room(first + number, running.ports, crowd) for number in range(crowd.rooms)]
        self._everybody = [one for room in self._rooms for one in room.everybody]
        self._speakers = [speaker for room in self._rooms for speaker in room.speakers]
        self._by_descriptor = {one.socket.fileno(): one for one in self._everybody}
        self._epoll = select.epoll()
        for descriptor in self._by_descriptor:
            self._epoll.register(descriptor, select.EPOLLIN)
        self._heard = perf_counter()
        self._began = self._rate = 0.0
        self._scheduled = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        for one in self._everybody:
            one.socket.close()
        self._epoll.close()

    def measure(self, work: Work, seconds: float) -> Figures:
        """Return what one work comes to in that time, after a quarter of it to warm up; then check everything."""
        latencies: list[float] = []
        spent = self.spend(work, seconds, latencies)
        latencies.sort()
        chatd, nats = sum(spent.chatd), sum(spent.nats)
        others = max(spent.busy - chatd - nats - spent.load, 0)
        return Figures(
            spent.messages / spent.wall,
            sum(spent.deliveries) / spent.wall,
            median(latencies),
            latencies[ceil(len(latencies) * 0.99) - 1],
            *(each / spent.wall for each in (chatd, nats, spent.load, others)),
        )

    def spend(self, work: Work, seconds: float, latencies: list[float]) -> State:
        """Return what was spent in that time; ``latencies`` gets those of the acknowledgements, in milliseconds."""
        for room in self._rooms:
            room.speakers[0].mark()
        while not all(one.marked for one in self._everybody):
            self._go_on(1)
        self._begin(work)
        self._until(perf_counter() + seconds / 4)
        for speaker in self._speakers:
            speaker.latencies = latencies
        before = self._state()
        end = perf_counter() + seconds
        self._until(end)
        while not latencies and perf_counter() < end + STALL_SECONDS:  # a machine that is very busy
            self._until(perf_counter() + seconds)
        spent = self._state().since(before)
        for speaker in self._speakers:
            speaker.latencies = None
        self._finish()
        if not latencies:
            raise BenchmarkError("nothing was acknowledged in time")
        return spent

    def _begin(self, work: Work) -> None:
        self._began, self._rate = perf_counter(), work.rate
        for speaker in self._speakers if work.window else ():
            speaker.on_answers = partial(_say_more, speaker)
            speaker.say(work.window, self._began)

    def _state(self) -> State:
        running = self._running
        acknowledged = sum(speaker.acknowledged for speaker in self._speakers)
        delivered = dict.fromkeys(running.ports, 0.0)
        for one in self._everybody:
            delivered[one.port] += one.messages
        chatd, nats = ([cpu_seconds([pid]) for pid in pids] for pids in (running.chatd, running.nats))
        return State(
            perf_counter(), acknowledged, list(delivered.values()), chatd, nats, process_time(), busy_seconds()
        )

    def _until(self, end: float) -> None:
        while (now := perf_counter()) < end:
            wait = min(self._say_due(now), end - now)
            # The system waits for whole milliseconds: the last is spent awake, so that nothing is said late.
            self._go_on(int(wait * 1000) / 1000)

    def _say_due(self, now: float) -> float:
        """Say all that is due by now, if there is a schedule; return the seconds until there is more."""
        if not self._rate:
            return 1
        while (due := self._began + self._scheduled / self._rate) <= now:
            self._speakers[self._scheduled % len(self._speakers)].say(1, due)
            self._scheduled += 1
        return due - now

    def _go_on(self, seconds: float) -> bool:
        """Take in what is there, or wait so long for something; return whether there was anything."""
        events = self._epoll.poll(seconds, len(self._everybody))
        for descriptor, _ in events:
            self._by_descriptor[descriptor].receive()
        now = perf_counter()
        if events:
            self._heard = now
        elif now - self._heard > STALL_SECONDS:
            raise BenchmarkError(f"everything stood still for {STALL_SECONDS:g} seconds")
        return bool(events)

    def _finish(self) -> None:
        """Say no more, wait until everything has arrived, and check that it is the same for everybody."""
        self._rate = 0
        for speaker in self._speakers:
            speaker.on_answers = lambda _: None
        while self._go_on(QUIET_SECONDS) or any(
            one.messages < room.said for room in self._rooms for one in room.everybody
        ):
            pass
        for room in self._rooms:
            room.check()


def _less(now: Sequence[float], before: Sequence[float]) -> Sequence[float]:
    return [each - then for each, then in zip(now, before, strict=True)]


def _say_more(speaker: Speaker, count: int) -> None:
    speaker.say(count, perf_counter())
