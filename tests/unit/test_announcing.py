"""What is announced on the network and taken back, with a real second zeroconf that looks for it on loopback."""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock, deferLater
from twisted.logger import LogEvent, eventAsText, globalLogPublisher
from zeroconf import EventLoopBlocked, IPVersion, ServiceBrowser, ServiceInfo, ServiceListener, Zeroconf

from chatd.app.announcing import LINES, NOTHING, PAGES, STOP_SECONDS, Door, ZeroconfAnnouncer
from chatd.runtime.threads import Thread
from tests.support.in_memory_chat import ManualWorker

SECONDS = 20.0
PAGE = Door("127.0.0.1", 10380, is_page=True, tls=False)
LINE = Door("127.0.0.1", 10319, is_page=False, tls=False)


class Found(ServiceListener):
    """What is announced now, by name."""

    def __init__(self) -> None:
        self.services: dict[str, Any] = {}
        self.lock = threading.Lock()

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        info = zc.get_service_info(type_, name)
        with self.lock:
            self.services[name] = info

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        self.add_service(zc, type_, name)

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:
        del zc, type_
        with self.lock:
            self.services.pop(name, None)


@pytest.fixture
def found() -> Iterator[Found]:
    listener = Found()
    zeroconf = Zeroconf(interfaces=["127.0.0.1"], ip_version=IPVersion.V4Only)
    browser = ServiceBrowser(zeroconf, [LINES, PAGES], listener)
    yield listener
    browser.cancel()
    zeroconf.close()


async def until(found: Found, prefix: str, count: int) -> list[str]:
    """Return the names that begin so, once there are that many of them."""
    end = time.monotonic() + SECONDS
    while True:
        with found.lock:
            names = sorted(name for name in found.services if name.startswith(prefix))
        if len(names) == count:
            return names
        assert time.monotonic() < end, f"{names} is not {count}"
        await deferLater(reactor, 0.05)


def announcer(name: str) -> ZeroconfAnnouncer:
    clock: Any = reactor
    return ZeroconfAnnouncer(name, clock, Thread(reactor, "announce", detached=True), loopback=True)


@pytest.mark.slow
@ensureDeferred
async def test_a_server_is_announced_until_it_stops(found: Found) -> None:
    name = f"Klasse 5b {secrets.token_hex(4)}"
    announced = announcer(name)
    announced.start([LINE, PAGE])
    try:
        lines, page = await until(found, name, 2)
        assert (lines, page) == (f"{name}.{LINES}", f"{name}.{PAGES}")
        assert found.services[lines].port == 10319
        assert found.services[lines].parsed_addresses() == ["127.0.0.1"]
        assert found.services[page].port == 10380
        assert found.services[page].properties == {b"path": b"/"}
    finally:
        await announced.stop()
    await until(found, name, 0)


@pytest.mark.slow
@ensureDeferred
async def test_a_name_that_is_taken_gets_a_number(found: Found) -> None:
    name = f"class {secrets.token_hex(4)}"
    first, second = announcer(name), announcer(name)
    try:
        first.start([LINE])
        await until(found, name, 1)
        second.start([LINE._replace(port=10320)])
        assert await until(found, name, 2) == [f"{name}-2.{LINES}", f"{name}.{LINES}"]
    finally:
        await first.stop()
        await second.stop()


@ensureDeferred
async def test_of_a_server_for_this_machine_alone_nothing_is_announced() -> None:
    said: list[str] = []

    def observe(event: LogEvent) -> None:
        said.append(eventAsText(event, includeTimestamp=False, includeSystem=False))

    clock: Any = reactor
    quiet = ZeroconfAnnouncer("nobody", clock, Thread(reactor, "announce", detached=True))
    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]  # any callable is one
    try:
        quiet.start([LINE, PAGE])
        await quiet.stop()
    finally:
        globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]  # as above
    assert said == [NOTHING]


class SlowNetwork(ManualWorker):
    """A worker whose jobs wait for the network."""

    is_stopped = False

    def stop(self) -> None:
        self.is_stopped = True


def test_a_server_that_stops_while_it_is_being_announced_does_not_wait_for_the_network() -> None:
    clock, network = Clock(), SlowNetwork()
    announced = ZeroconfAnnouncer("slow", clock, network, loopback=True)
    announced.start([LINE])
    stopped = Deferred.fromCoroutine(announced.stop())
    clock.advance(STOP_SECONDS - 1)
    assert not stopped.called
    clock.advance(1)
    assert stopped.called
    assert network.is_stopped  # so that its thread ends


def test_what_is_not_announced_yet_when_a_server_stops_is_not_announced(monkeypatch: pytest.MonkeyPatch) -> None:
    network, said, closed = SlowNetwork(), [], []
    announced = ZeroconfAnnouncer("brief", Clock(), network, loopback=True)

    class Registered:
        def __init__(self, **_: object) -> None:
            pass

        def register_service(self, info: ServiceInfo, **_: object) -> None:
            said.append(info.type)
            Deferred.fromCoroutine(announced.stop())

        def close(self) -> None:
            closed.append(said.copy())

    monkeypatch.setattr("zeroconf.Zeroconf", Registered)
    announced.start([LINE, PAGE])
    while network.jobs:
        network.work()
    assert closed == [[LINES]]
    assert network.is_stopped


class Stuck:
    """A zeroconf that is held up."""

    def close(self) -> None:
        raise EventLoopBlocked


@ensureDeferred
async def test_a_server_stops_also_if_it_cannot_say_that_it_is_gone() -> None:
    network = SlowNetwork()
    announced = ZeroconfAnnouncer("stuck", Clock(), network, loopback=True)
    announced.start([LINE])
    network.jobs.clear()
    announced._zeroconf = Stuck()  # type: ignore[assignment]  # as far as it is used
    stopped = Deferred.fromCoroutine(announced.stop())
    network.work()
    await stopped
    assert network.is_stopped
