"""Servers on the network: found by a real announcement on loopback, and as the connect sheet shows them."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.task import deferLater

from chatd.app.announcing import Door, ZeroconfAnnouncer
from chatd.client.net import nearby as net
from chatd.client.net.nearby import MAX_PLACES, NoNearby, Place, ZeroconfNearby, nearby, place_of
from chatd.runtime.server_address import Address
from chatd.runtime.threads import Thread

SECONDS = 20.0


class Idle:
    """Stands for zeroconf's thread and the reactor's: nothing happens by itself."""

    def do(self, job: Any) -> Any:
        del job
        return self

    def addErrback(self, _: Any) -> None:  # noqa: N802  # a Deferred's
        pass

    def callFromThread(self, call: Any, *arguments: Any) -> None:  # noqa: N802  # the reactor's
        call(*arguments)


def searching() -> tuple[ZeroconfNearby, list[Sequence[Place]]]:
    idle: Any = Idle()
    told: list[Sequence[Place]] = []
    found = ZeroconfNearby(idle, idle)
    found.start(told.append)
    return found, told


def test_a_name_that_was_announced_is_cleaned() -> None:
    place = place_of("Kl\x1b[31masse._chatd._tcp.local.", ["10.0.0.5", "10.0.0.6"], 10319, {b"tls": b"yes"})
    assert place is not None
    assert place.address == Address("10.0.0.5", 10319, tls=True)
    assert place.name.isprintable()
    assert "Kl" in place.name
    assert not place_of("x._chatd._tcp.local.", ["10.0.0.5"], 10319, {}).address.tls  # type: ignore[union-attr]


@pytest.mark.parametrize(("addresses", "port"), [([], 10319), (["10.0.0.5"], None), (["10.0.0.5"], 0)])
def test_an_announcement_without_a_place_is_none(addresses: list[str], port: int | None) -> None:
    assert place_of("x._chatd._tcp.local.", addresses, port, {}) is None


def test_servers_come_and_go_and_are_not_without_end() -> None:
    found, told = searching()
    for number in range(MAX_PLACES + 5):
        found._tell(found._search, f"n{number}", Place(f"n{number:03}", Address()))
    assert [each.name for each in told[-1]] == [f"n{number:03}" for number in range(MAX_PLACES)]
    found._tell(found._search, "n0", None)
    assert told[-1][0].name == "n001"


def test_what_was_found_for_a_sheet_that_is_closed_is_told_nobody() -> None:
    found, told = searching()
    before = found._search
    found.stop()
    found.start(told.append)
    found._tell(before, "late", Place("late", Address()))
    assert told == []


def test_without_zeroconf_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(net, "find_spec", lambda _: None)
    none = nearby(reactor)
    assert isinstance(none, NoNearby)
    assert none.missing.startswith("To list the servers on this network, install zeroconf: ")
    none.start(lambda _: pytest.fail("found"))
    none.stop()


@pytest.mark.slow
@ensureDeferred
async def test_several_servers_are_found_also_those_with_tls_alone() -> None:
    clock: Any = reactor
    token = secrets.token_hex(4)
    worker = Thread(reactor, "nearby")
    worker.start()
    found = ZeroconfNearby(clock, worker, ["127.0.0.1"])
    told: list[Sequence[Place]] = [[]]
    found.start(told.append)
    places = [
        Place(f"Klasse {token} 🙂", Address("127.0.0.1", 4321)),
        Place(f"Werkstatt {token}", Address("127.0.0.1", 4322, tls=True)),
    ]
    announced = []
    for place in places:
        thread = Thread(reactor, "announce", detached=True)
        announced.append(ZeroconfAnnouncer(place.name, clock, thread, loopback=True))
        announced[-1].start([Door("127.0.0.1", place.address.port, is_page=False, tls=place.address.tls)])
    end = time.monotonic() + SECONDS
    try:
        while not set(places) <= set(told[-1]):
            assert time.monotonic() < end, told[-1]
            await deferLater(reactor, 0.05)
    finally:
        for each in announced:
            await each.stop()
        found.stop()
        worker.stop()


@pytest.mark.slow
@ensureDeferred
async def test_a_server_that_is_announced_is_found_until_it_stops() -> None:
    clock: Any = reactor
    name = f"Klasse {secrets.token_hex(4)}"
    worker = Thread(reactor, "nearby")
    worker.start()
    found = ZeroconfNearby(clock, worker, ["127.0.0.1"])
    told: list[Sequence[Place]] = [[]]
    found.start(told.append)
    announced = ZeroconfAnnouncer(name, clock, Thread(reactor, "announce", detached=True), loopback=True)
    announced.start([Door("127.0.0.1", 4321, is_page=False, tls=False)])
    place = Place(name, Address("127.0.0.1", 4321))

    async def until(*, there: bool) -> None:
        end = time.monotonic() + SECONDS
        while (place in told[-1]) != there:
            assert time.monotonic() < end, told[-1]
            await deferLater(reactor, 0.05)

    try:
        await until(there=True)
        await announced.stop()
        await until(there=False)
    finally:
        found.stop()
        worker.stop()
