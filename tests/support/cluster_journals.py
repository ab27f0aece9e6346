"""Journals of a cluster in one process, on a real nats-server: what a test makes of asyncio and of time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import uuid4

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chatd.journal import Judge, Retention
from chatd.journal.factory import from_string
from chatd.journal.jetstream.journal import ClusterJournal
from chatd.model.entry import Entry
from tests.support.in_memory_chat import journal_environment

PATIENCE_SECONDS = 30.0
"""After which what is waited for will not come any more."""


@contextmanager
def event_loop() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop of asyncio that is the present one as long as the context lasts."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        yield loop
    finally:
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()
        asyncio.set_event_loop(None)


def drive(
    loop: asyncio.AbstractEventLoop, until: Callable[[], object], turn: Callable[[], None] = lambda: None
) -> None:
    """Let the loop run until something holds; fail if that does not happen in time."""
    end = time.monotonic() + PATIENCE_SECONDS
    turn()
    while not until():
        assert time.monotonic() < end, "it did not happen in time"
        loop.run_until_complete(asyncio.sleep(0.001))
        turn()


class LoopClock(Clock):
    """The time of asyncio, as Twisted has it: `turn` carries out what is due by now."""

    def __init__(self) -> None:
        super().__init__()
        self._last = 0.0

    def turn(self) -> None:
        now = time.time()
        self.advance(now - self._last)
        self._last = now


class Node:
    """One journal of several, in real time, and what it has handed back."""

    def __init__(self, loop: asyncio.AbstractEventLoop, description: str) -> None:
        self.loop = loop
        self.clock = LoopClock()
        self.clock.turn()
        self.description = description
        self.got: list[Entry] = []
        self.verdict: Judge = len
        """What judges; it may be changed at any time."""

    def open(self, retention: Retention | None = None, *, wait: bool = True) -> ClusterJournal:
        around = replace(journal_environment(self.clock, retention), make_epoch=lambda: uuid4().hex)
        journal = from_string(self.description, around)
        assert isinstance(journal, ClusterJournal)
        self.journal = journal
        journal.follow(self.got.extend, self._judge)
        journal.start()
        if wait:
            self.until(lambda: journal.ready)
        return journal

    def _judge(self, entries: Sequence[Entry]) -> int:
        return self.verdict(entries)

    def close(self) -> None:
        self.wait_for(self.journal.stop())
        assert self.clock.getDelayedCalls() == []

    def until(self, holds: Callable[[], object]) -> None:
        drive(self.loop, holds, self.clock.turn)

    def wait_for(self, deferred: Deferred[Any]) -> Any:
        results: list[Any] = []
        deferred.addBoth(results.append)
        self.until(lambda: results)
        return results[0]
