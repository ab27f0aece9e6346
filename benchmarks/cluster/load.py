"""The load: one room with people on all nodes, in one loop."""

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
    """How many there are in all; each node has its part of them."""

    speakers: int
    listeners: int


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
    """Everybody on a running set-up. All methods raise `BenchmarkError` or `WrongError` if that goes wrong."""

    def __init__(self, running: Running, crowd: Crowd) -> None:
        self._running = running
        ports = running.ports
        self._speakers = [Speaker(number, ports[number % len(ports)]) for number in range(crowd.speakers)]
        self._reference = Reference(b"reference", ports[0])
        self._listeners: list[Listener] = [self._reference]
        for number in range(1, crowd.listeners):
            self._listeners.append(Listener(b"l%04d" % number, ports[number % len(ports)]))
        self._everybody = [*self._speakers, *self._listeners]
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
        self._speakers[0].mark()
        while not all(one.marked for one in self._everybody):
            self._go_on(1)
        self._begin(work)
        self._until(perf_counter() + seconds / 4)
        latencies: list[float] = []
        for speaker in self._speakers:
            speaker.latencies = latencies
        before = self._state()
        end = perf_counter() + seconds
        self._until(end)
        while not latencies and perf_counter() < end + STALL_SECONDS:  # a machine that is very busy
            self._until(perf_counter() + seconds)
        wall, *spent = (now - then for then, now in zip(before, self._state(), strict=True))
        for speaker in self._speakers:
            speaker.latencies = None
        self._finish()
        if not latencies:
            raise BenchmarkError("nothing was acknowledged in time")
        latencies.sort()
        messages, deliveries, *cpu, busy = (each / wall for each in spent)
        cpu.append(max(busy - sum(cpu), 0))
        return Figures(messages, deliveries, median(latencies), latencies[ceil(len(latencies) * 0.99) - 1], *cpu)

    def _begin(self, work: Work) -> None:
        self._began, self._rate = perf_counter(), work.rate
        for speaker in self._speakers if work.window else ():
            speaker.on_answers = partial(_say_more, speaker)
            speaker.say(work.window, self._began)

    def _state(self) -> Sequence[float]:
        acknowledged = sum(speaker.acknowledged for speaker in self._speakers)
        delivered = sum(one.messages for one in self._everybody)
        chatd, nats = cpu_seconds(self._running.chatd), cpu_seconds(self._running.nats)
        return perf_counter(), acknowledged, delivered, chatd, nats, process_time(), busy_seconds()

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
        said = [speaker.said for speaker in self._speakers]
        while self._go_on(QUIET_SECONDS) or any(one.messages < sum(said) for one in self._everybody):
            pass
        self._reference.check(said)
        for one in self._everybody:
            if (one.bytes, one.checksum) != (self._reference.bytes, self._reference.checksum):
                raise WrongError(f"{one.nick.decode()} was told other messages than others, or in another order")


def _say_more(speaker: Speaker, count: int) -> None:
    speaker.say(count, perf_counter())
