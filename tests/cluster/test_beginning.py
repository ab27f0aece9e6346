"""Nodes that begin at the same time, or are cut off for long, over one order: at the end all know the same nodes."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Coroutine, Sequence
from types import SimpleNamespace
from typing import Any, cast

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock

from chatd.journal.jetstream.membership import LONG_SECONDS, Membership
from chatd.journal.jetstream.messages import Message, Subjects, WriteProbe, decode
from chatd.journal.jetstream.outbox import Outbox
from chatd.journal.jetstream.requests import PresenceSnapshot
from chatd.model.cluster import NodeDown, NodeUp, ended_by
from chatd.model.entry import Entry

STEPS = 3000
"""After which all must be done."""
SEEDS = 60


class Order:
    """What all nodes read, each at its own pace; ``seed`` decides on the pace, and on what goes wrong."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.clock = Clock()
        self.clock.advance(1000)
        self.messages: list[Message] = []
        self.nodes: list[Node] = []
        self.silent = 0.0
        """How often nobody answers who could."""

    def agreed(self) -> bool:
        """Return whether all have read all, and know of each other as they are."""
        runs = {node.membership.incarnation for node in self.nodes}
        return all(
            node.membership.ready
            and not node.membership.learning
            and not node.publishing
            and node.handed == len(self.messages)
            and node.membership._live == node.runs == runs
            for node in self.nodes
        )

    async def step(self) -> None:
        """Let something happen, somewhere."""
        node = self.chance.choice(self.nodes)
        action = self.chance.random()
        if action < 0.4:
            node.store()
        elif action < 0.42:
            node.judge()
        else:
            node.read_on(self.chance.randint(1, 5))
        self.clock.advance(0.01)
        for _ in range(self.chance.randint(0, 10)):
            await asyncio.sleep(0)

    async def settle(self) -> None:
        """Let things happen until all agree; fail if they never do."""
        for _ in range(STEPS):
            if self.agreed():
                return
            await self.step()
        told = [
            (n.membership.incarnation, n.membership.ready, sorted(n.runs), sorted(n.membership._live))
            for n in self.nodes
        ]
        pytest.fail(f"they do not agree: {told}")


class Node:
    """One of them; it keeps which runs are live, as the rooms of a node do."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.handed = self.read = 0
        self.waiting: list[Entry] = []
        self.runs: set[str] = set()
        self.publishing: list[tuple[Sequence[Message], Deferred[bool]]] = []
        self.tasks: list[asyncio.Task[None]] = []
        self.requests: Any = SimpleNamespace(
            presence=self._state, serve=self._nothing, listen=self._nothing, snapshot=None
        )
        connection = SimpleNamespace(request=self._nothing, spawn=self._spawn, pause=self._pause, wait=self._wait)
        self.outbox = Outbox(order.clock, self, Subjects("s"), lambda _entries: None)
        self.membership = Membership(
            order.clock,
            cast(Any, connection),
            cast(Any, self.requests),
            self.outbox,
            "s",
            lambda: self.handed,
            self._follow,
            cast(Any, SimpleNamespace(places=list, forget=self._nothing)),
        )
        self.membership.incarnation = f"{len(order.nodes)}-{order.chance.random()}"
        self.membership.snapshot = lambda: sorted(self.runs)
        self.membership.restore = self._restore
        order.nodes.append(self)
        self.membership.caught_up()

    def publish(self, messages: Sequence[Message], attempt: int) -> Deferred[bool]:  # noqa: ARG002
        answer: Deferred[bool] = Deferred()
        self.publishing.append((messages, answer))
        return answer

    def store(self) -> None:
        """Give what is next a place in the order."""
        if self.publishing:
            messages, answer = self.publishing.pop(0)
            self.order.messages += messages
            answer.callback(True)

    def judge(self) -> None:
        """Give up what nobody is any more, as when leases run out."""
        membership = self.membership
        if membership.ready and not membership.learning:
            there = {node.membership.incarnation for node in self.order.nodes}
            for run in sorted(membership._live - membership._down - there):
                membership.announce_down(run)

    def read_on(self, most: int) -> None:
        """Take in so much of the order."""
        for message in self.order.messages[self.read : self.read + most]:
            entry = self.outbox.resolve(message.id)
            if entry is None:
                entry = decode(message.payload).entry()
            assert not isinstance(entry, WriteProbe)
            self.read += 1
            entry.place = self.read
            self.waiting.append(entry)
        while judged := self.membership.gate.judge(self.waiting):
            entries, self.waiting = self.waiting[:judged], self.waiting[judged:]
            self.handed = entries[-1].place
            self.membership.observe(entries)
            self._follow(self.membership.deliverable(entries))

    def _follow(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            if isinstance(entry.event, NodeUp):
                self.runs.add(entry.event.incarnation)
            elif isinstance(entry.event, NodeDown):
                self.runs -= set(ended_by(entry.event, entry.source, self.runs))

    def _restore(self, state: Any) -> None:
        self.runs = set(state or [self.membership.incarnation])

    async def _state(self, after: int) -> PresenceSnapshot | None:
        for _ in range(self.order.chance.randint(1, 60)):
            await asyncio.sleep(0)
        known = [node for node in self.order.nodes if node.requests.snapshot is not None and node.handed >= after]
        if not known or self.order.chance.random() < self.order.silent:
            return None
        state: PresenceSnapshot = self.order.chance.choice(known).requests.snapshot()
        for _ in range(self.order.chance.randint(0, 20)):
            await asyncio.sleep(0)
        return state

    async def _nothing(self, *_: object) -> bytes:
        return b"{}"

    async def _pause(self, _seconds: float) -> None:
        await asyncio.sleep(0)

    async def _wait(self, what: Deferred[Any]) -> Any:
        return await what.asFuture(asyncio.get_running_loop())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nodes_that_begin_at_the_same_time_all_get_ready(seed: int) -> None:
    async def story() -> None:
        order = Order(seed)
        for _ in range(order.chance.randint(1, 5)):
            Node(order)
            for _ in range(order.chance.choice([0, 0, 10])):
                await order.step()
        await order.settle()
        assert all(task.done() and task.exception() is None for node in order.nodes for task in node.tasks)

    asyncio.run(story())


@pytest.mark.parametrize("seed", range(SEEDS))
def test_nodes_that_nobody_answers_or_that_were_cut_off_agree_in_the_end(seed: int) -> None:
    async def story() -> None:
        order = Order(seed)
        order.silent = 0.3
        for _ in range(order.chance.randint(2, 5)):
            Node(order)
        await order.settle()
        for _ in range(3):
            for node in order.nodes:
                if order.chance.random() < 0.5:
                    node.membership._fresh -= 2 * LONG_SECONDS
                    node.membership._leases.note_renewal(order.clock.seconds())
                    await node.membership.connected()
                for _ in range(order.chance.choice([0, 3, 30])):
                    await order.step()
            order.nodes[0].membership.announce_down(order.chance.choice(order.nodes).membership.incarnation)
        await order.settle()

    asyncio.run(story())
