"""Reading the stream, where the servers are slow to answer."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

from twisted.internet.task import Clock

from chatd.journal.jetstream.feed import STALL_SECONDS, WATCH_SECONDS, Feed
from chatd.journal.jetstream.messages import ReceivedMessage
from tests.support.daemon import DEADLINE


class SlowConnection:
    """A connection whose servers answer when they are told to."""

    connected = True

    def __init__(self) -> None:
        self.answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self.asked = asyncio.Event()
        self.spawned: list[Coroutine[Any, Any, None]] = []

    def inbox(self) -> str:
        return "inbox"

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.spawned.append(work)

    async def unsubscribe(self, number: int) -> None:
        assert number == 1

    async def subscribe(self, subject: str, take: object) -> int:  # noqa: ARG002
        return 1

    async def request(self, *_: object, **__: object) -> bytes:
        self.asked.set()
        return await self.answer


class Consumer:
    """Remembers whether it was told that it has caught up."""

    saturated = False
    has_caught_up = False

    def receive(self, received: ReceivedMessage) -> None:
        raise AssertionError(received)

    def caught_up(self) -> None:
        self.has_caught_up = True


async def start(*, stop: bool) -> tuple[Clock, Consumer]:
    """Start to read, and stop before the servers answer or not."""
    connection, clock, consumer = SlowConnection(), Clock(), Consumer()
    feed = Feed(cast(Any, connection), clock, "chatd", consumer)
    starting = asyncio.ensure_future(feed.start())
    await asyncio.wait_for(connection.asked.wait(), DEADLINE)
    if stop:
        feed.stop()
    connection.answer.set_result(b"{}")
    await starting
    return clock, consumer


def test_it_watches_once_it_has_started() -> None:
    clock, consumer = asyncio.run(start(stop=False))
    assert len(clock.getDelayedCalls()) == 1
    assert consumer.has_caught_up


def test_an_answer_after_the_stop_starts_nothing() -> None:
    clock, consumer = asyncio.run(start(stop=True))
    assert clock.getDelayedCalls() == []
    assert not consumer.has_caught_up


async def restart(*, stop: bool) -> tuple[Clock, bool]:
    """Let a feed be silent until it is to begin anew, and stop it before that begins or not."""
    connection, clock = SlowConnection(), Clock()
    feed = Feed(cast(Any, connection), clock, "chatd", Consumer())
    connection.answer.set_result(b"{}")
    await feed.start()
    clock.pump([WATCH_SECONDS] * int(STALL_SECONDS / WATCH_SECONDS + 1))
    (again,) = connection.spawned
    connection.asked.clear()
    if stop:
        feed.stop()
    await again
    return clock, connection.asked.is_set()


def test_it_begins_anew_when_it_is_silent() -> None:
    clock, asked = asyncio.run(restart(stop=False))
    assert asked
    assert len(clock.getDelayedCalls()) == 1


def test_what_was_to_begin_anew_when_it_was_stopped_does_not() -> None:
    clock, asked = asyncio.run(restart(stop=True))
    assert not asked
    assert clock.getDelayedCalls() == []
