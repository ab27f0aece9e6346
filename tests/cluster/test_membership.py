"""Who lives, as one node sees it, when things come at awkward times; no server is needed."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine, Sequence
from types import SimpleNamespace
from typing import Any, cast

from twisted.internet.task import Clock

from chatd.journal.jetstream.connection import Incoming
from chatd.journal.jetstream.membership import Membership
from chatd.journal.jetstream.messages import Subjects
from chatd.journal.jetstream.requests import PresenceSnapshot, Requests
from chatd.model.cluster import OTHERS, MemberInfo, NodeDown, NodeUp, Source
from chatd.model.entry import Entry
from chatd.protocol.events import Joined, Moderated


class Rig:
    """A membership, with what it needs of a connection made by hand."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.clock.advance(1000)
        self.answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self.followed: list[Entry] = []
        self.handed = 0
        self.tasks: list[asyncio.Task[None]] = []
        requests = SimpleNamespace(presence=self._state, serve=self._nothing, listen=self._nothing, snapshot=None)
        connection = SimpleNamespace(request=self._request, spawn=self._spawn, pause=lambda _: asyncio.sleep(0))
        self.put: list[Entry] = []
        outbox = SimpleNamespace(
            start_incarnation=lambda *_: None,
            enqueue=self.put.append,
            open=lambda: None,
            close=lambda: None,
            incarnation="",
        )
        self.membership = Membership(
            self.clock,
            cast(Any, connection),
            cast(Any, requests),
            cast(Any, outbox),
            "s",
            lambda: self.handed,
            self.followed.extend,
            cast(Any, SimpleNamespace(places=list, forget=self._nothing)),
        )
        self.membership.incarnation = "own"

    def hand(self, *entries: Entry) -> Sequence[Entry]:
        """Let it note entries; return those that are to be handed over at once."""
        self.membership.observe(entries)
        return self.membership.deliverable(entries)

    async def settle(self) -> None:
        for _ in range(20):
            await asyncio.sleep(0)

    async def _state(self, _after: int) -> PresenceSnapshot:
        state: PresenceSnapshot = await self.answer
        return state

    async def _request(self, *_: object) -> bytes:
        await self.answer
        return b"{}"

    async def _nothing(self, *_: object) -> None:
        pass

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        self.tasks.append(asyncio.get_running_loop().create_task(work))


def passing(event: Joined | NodeUp | NodeDown, place: int, run: str = "own") -> Entry:
    entry = Entry("", event, source=Source(run, MemberInfo(f"{run}.1", "ann")))
    entry.place = place
    return entry


def test_what_was_renewed_for_a_run_that_is_over_counts_not_for_the_next() -> None:
    async def story() -> None:
        rig = Rig()
        tending = asyncio.get_running_loop().create_task(rig.membership.maintain())
        await rig.settle()
        rig.hand(passing(NodeDown("own"), 5))
        assert rig.membership.incarnation != "own"
        rig.membership.looked = rig.clock.seconds()
        rig.answer.set_result(None)
        await tending
        assert rig.membership._leases.renewal_due(rig.clock.seconds())

    asyncio.run(story())


def test_what_is_ruled_while_a_node_learns_who_is_where_comes_after_that_and_in_its_order() -> None:
    async def story() -> None:
        rig = Rig()
        restored: list[object] = []
        rig.membership.restore = restored.append
        kick = Entry("#a", Moderated("KICK", "ann", "#a", "bob", None, "out"))
        kick.id = kick.place = 110
        before, joined = passing(Joined("eve", "#a"), 104, "other"), passing(Joined("ann", "#a"), 111, "other")
        assert rig.hand(passing(NodeUp("own"), 100)) == ()
        assert rig.hand(before, kick, joined) == ()
        rig.handed = 104
        rig.answer.set_result(PresenceSnapshot(105, ["other"], "all of them"))
        await rig.settle()
        assert restored == []  # it has not got that far itself
        rig.handed = 111
        await rig.settle()
        assert restored == ["all of them"]
        assert rig.followed == [kick, joined]
        assert rig.membership.ready
        await asyncio.gather(*rig.tasks)

    asyncio.run(story())


def test_a_node_that_found_another_faster_asks_that_one_before_it_holds_itself_for_alone() -> None:
    async def story() -> None:
        rig = Rig()
        rig.hand(passing(NodeUp("own"), 100), passing(NodeUp("other"), 101))
        await rig.settle()
        rig.hand(passing(NodeDown(OTHERS), 102, "other"))
        assert rig.membership.incarnation != "own"
        nobody, rig.answer = rig.answer, asyncio.get_running_loop().create_future()
        nobody.set_result(None)
        await rig.settle()
        assert rig.put == []
        rig.handed = 102
        rig.answer.set_result(PresenceSnapshot(102, ["other"], "all of them"))
        await rig.settle()
        assert rig.membership.ready
        await asyncio.gather(*rig.tasks)

    asyncio.run(story())


def test_who_is_where_is_told_to_those_of_the_same_stream_alone() -> None:
    async def story() -> None:
        told: list[bytes] = []

        async def publish(_subject: str, payload: bytes, _headers: object) -> None:
            told.append(payload)

        connection = cast(Any, SimpleNamespace(publish=publish))
        requests = Requests(connection, Subjects("s"), lambda: 10, lambda: "this")
        requests.snapshot = lambda: PresenceSnapshot(10, [], "all of them")
        for epoch in ("another", "this"):
            question = json.dumps({"after": 5, "epoch": epoch}).encode()
            await requests._serve_presence(Incoming("s.presence", "inbox", question, {}))
        assert len(told) == 1

    asyncio.run(story())
