"""What systemd is told, at which moment, and what does not go wrong when nobody listens."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from chatd.app.systemd import LOOK_SECONDS, Channel, NoNotifier, Notifier, Standing, standing, take_notifier
from chatd.edges.gateway import Gateway
from tests.support.in_memory_chat import InMemoryChat
from tests.support.notify_socket import NotifySocket

QUIET = Standing("0 connections, people in 0 rooms", takes_messages=True)
CUT_OFF = Standing("0 connections, people in 0 rooms; accepts no messages: disconnected", takes_messages=False)


@pytest.fixture(params=["path", "abstract"])
def manager(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NotifySocket]:
    name = str(tmp_path / "notify") if request.param == "path" else f"@chatd-test-{os.getpid()}-{time.monotonic_ns()}"
    with NotifySocket(name) as manager:
        yield manager


class Server:
    """A notifier of a server that stands as the test says."""

    def __init__(self, manager: NotifySocket, *, watchdog: str = "") -> None:
        self.clock = Clock()
        self.standing = QUIET
        self.environment = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": watchdog, "HOME": "/"}
        self.notifier = take_notifier(self.environment, self.clock, lambda: self.standing)


def test_it_is_ready_when_it_starts_and_tells_what_has_changed(manager: NotifySocket) -> None:
    server = Server(manager)
    assert server.environment == {"HOME": "/"}
    assert manager.read() == []
    server.notifier.start()
    assert manager.read() == [f"STATUS={QUIET.status}\nREADY=1"]
    server.clock.advance(LOOK_SECONDS)
    assert manager.read() == []
    server.standing = Standing("1 connection, people in 1 room", takes_messages=True)
    server.clock.advance(LOOK_SECONDS)
    assert manager.read() == ["STATUS=1 connection, people in 1 room"]
    server.notifier.stopping()
    server.notifier.stopping()
    server.clock.advance(LOOK_SECONDS)
    assert manager.read() == ["STOPPING=1\nSTATUS=stopping"]
    server.notifier.close()
    assert server.clock.getDelayedCalls() == []


def test_a_node_without_its_cluster_is_waited_for(manager: NotifySocket) -> None:
    server = Server(manager)
    server.standing = CUT_OFF
    server.notifier.start()
    server.notifier.reloading()
    server.notifier.ready()
    assert manager.read() == [f"STATUS={CUT_OFF.status}\nEXTEND_TIMEOUT_USEC=30000000"]
    server.clock.advance(LOOK_SECONDS)
    assert manager.read() == ["EXTEND_TIMEOUT_USEC=30000000"]
    server.standing = QUIET
    server.clock.advance(LOOK_SECONDS)
    assert manager.read() == [f"STATUS={QUIET.status}\nREADY=1"]
    server.standing = CUT_OFF
    server.clock.advance(LOOK_SECONDS)
    assert manager.read() == [f"STATUS={CUT_OFF.status}"]
    server.notifier.close()


def test_a_reload_begins_now_and_ends_ready(manager: NotifySocket) -> None:
    server = Server(manager)
    server.notifier.start()
    manager.read()
    before = time.monotonic_ns() // 1000
    server.notifier.reloading()
    server.notifier.ready()
    reloading, ready = manager.read()
    word, _, moment = reloading.partition("\nMONOTONIC_USEC=")
    assert (word, ready) == ("RELOADING=1", "READY=1")
    assert before <= int(moment) <= time.monotonic_ns() // 1000
    server.notifier.close()


def test_signs_of_life_come_at_half_the_time(manager: NotifySocket) -> None:
    server = Server(manager, watchdog="3000000")
    server.notifier.start()
    manager.read()
    for _ in range(4):
        server.clock.advance(1.5)
        assert "WATCHDOG=1" in manager.read()
    server.notifier.close()


@pytest.mark.parametrize(("pid", "usec"), [("1", "3000000"), ("", "0"), ("", "-5"), ("", "soon"), ("", "")])
def test_a_watchdog_of_another_process_or_of_no_time_is_none(manager: NotifySocket, pid: str, usec: str) -> None:
    clock = Clock()
    environment = {"NOTIFY_SOCKET": manager.address, "WATCHDOG_USEC": usec, "WATCHDOG_PID": pid}
    notifier = take_notifier(environment, clock, lambda: QUIET)
    assert environment == {}
    notifier.start()
    clock.advance(10)
    assert "WATCHDOG=1" not in manager.read()
    notifier.close()


def test_what_systemd_has_no_room_for_is_sent_again(manager: NotifySocket) -> None:
    clock = Clock()
    channel = Channel(manager.address)
    while channel.send("filling"):
        pass
    notifier = Notifier(channel, None, clock, lambda: QUIET)
    notifier.start()
    assert set(manager.read()) == {"filling"}
    clock.advance(LOOK_SECONDS)
    assert manager.read() == [f"STATUS={QUIET.status}\nREADY=1"]
    notifier.close()


@pytest.mark.parametrize("address", ["/nowhere/notify", "@chatd-nobody", "/dev/null", "/" + "x" * 200])
def test_a_socket_that_nobody_reads_hurts_nobody(address: str) -> None:
    clock = Clock()
    notifier = take_notifier({"NOTIFY_SOCKET": address}, clock, lambda: QUIET)
    assert type(notifier) is Notifier
    notifier.start()
    notifier.reloading()
    notifier.ready()
    notifier.stopping()
    notifier.close()
    notifier.stopping()


@pytest.mark.parametrize("address", ["", "vsock:2:1", "notify"])
def test_what_is_no_socket_of_systemd_is_left_alone(address: str) -> None:
    assert type(take_notifier({"NOTIFY_SOCKET": address}, Clock(), lambda: QUIET)) is NoNotifier


def test_the_status_counts() -> None:
    chat = InMemoryChat()
    gateway = Gateway(chat.hub, chat.clock)
    assert standing(gateway) == QUIET
    chat.person("JOIN ann #den")
    assert standing(gateway).status == "0 connections, people in 1 room"
