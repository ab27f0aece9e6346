"""A node that is stopped just as the servers answer it, whatever that answer is: nothing of it goes on after that."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import LogEvent, eventAsText, globalLogPublisher
from twisted.python.failure import Failure

from chatd.journal.jetstream import maintenance, requests
from chatd.journal.jetstream.connection import Connection
from chatd.journal.read_markers import Marker
from chatd.model.entry import Entry
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Said
from tests.support.cluster_journals import Node, event_loop
from tests.support.nats_servers import NatsServer, nats_server

pytestmark = pytest.mark.slow
MOMENTS = 30
"""By then it has joined, has been used and has looked after its lease and the stream several times."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def failures() -> Iterator[list[str]]:
    """Return the tracebacks of the log; that servers which are busy do not answer in time is none."""
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        if "log_failure" in event:
            lines.append(eventAsText(event, includeSystem=False))

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]  # any callable is one
    yield lines
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]  # as above


class Moment:
    """Stops a node when it is answered for the last of so many times, or asks for so many."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, asking: bool) -> None:
        self._left = 0
        self.node: Node
        self.stopped: Deferred[None] | None = None
        really = Connection.request

        async def request(connection: Connection, *arguments: Any, **options: Any) -> bytes:
            if asking:
                self._count()
            answer = await really(connection, *arguments, **options)
            if not asking:
                self._count()
            return answer

        monkeypatch.setattr(Connection, "request", request)

    def set(self, node: Node, count: int) -> None:
        self.node, self._left, self.stopped = node, count, None

    def stop(self) -> None:
        if self.stopped is None:
            self.stopped = self.node.journal.stop()

    def _count(self) -> None:
        self._left -= 1
        if not self._left:
            self.stop()


def use(node: Node) -> Deferred[Any]:
    """Have something under way in each way that there is; return what nobody answers before the stop."""
    journal = node.journal
    journal.append(Entry("#a", Said("alice", "#a", "hello")))
    journal.markers.note(Marker("alice", 1, "#a", 1))
    journal.markers.flush()
    return journal.ask(journal.incarnation, {}).addErrback(lambda failure: failure.trap(ChatError) and None)


@pytest.mark.parametrize("asking", [True, False])
def test_after_the_stop_nothing_goes_on(
    server: NatsServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failures: list[str], *, asking: bool
) -> None:
    monkeypatch.setattr(requests, "ALONE_SECONDS", 0.01)
    monkeypatch.setattr(maintenance, "TICK_SECONDS", 0.02)
    monkeypatch.setattr(maintenance, "STREAM_SECONDS", 0)
    moment, where = Moment(monkeypatch, asking=asking), f"{server.url}/{uuid4().hex}"
    with event_loop() as loop:
        for count in range(1, MOMENTS):
            node = Node(loop, f"{where}?index={tmp_path}/{count}")
            moment.set(node, count)
            node.open(wait=False)
            asked = Deferred[Any]()
            node.until(lambda: node.journal.ready or moment.stopped)  # noqa: B023  # until it returns
            if moment.stopped is None:
                asked = use(node)
                node.until(lambda: moment.stopped)
            stopped = moment.stopped
            assert stopped is not None
            node.wait_for(stopped)
            assert node.clock.getDelayedCalls() == [], f"the moment is {count}"
            node.until(lambda: not asyncio.all_tasks(loop))
            assert node.clock.getDelayedCalls() == [], f"the moment is {count}"
            unanswered: list[Failure] = []
            asked.addErrback(unanswered.append)
            assert unanswered == []
    gc.collect()  # a failure that nobody handles is logged by now
    assert failures == []
