"""How the log names the ends of a connection, and what is asked of the kernel for it."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from twisted.internet import tcp, unix
from twisted.internet.address import IPv4Address, IPv6Address, UNIXAddress
from twisted.internet.interfaces import IAddress
from twisted.internet.protocol import Protocol
from twisted.internet.testing import MemoryReactorClock

from chatd.runtime.sockets import address_name, network_address, tune, tune_port


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (IPv4Address("TCP", "192.0.2.1", 7), "192.0.2.1:7"),
        (IPv6Address("TCP", "2001:db8::1", 7), "[2001:db8::1]:7"),
        (UNIXAddress("/run/chatd"), "/run/chatd"),
        (UNIXAddress("/run/a\nb"), "/run/a\u240ab"),
        (UNIXAddress(None), "a local socket"),
        (None, "a local socket"),
    ],
)
def test_names(address: IAddress | None, name: str) -> None:
    assert address_name(address) == name


@pytest.mark.parametrize(
    ("address", "found"),
    [
        (IPv4Address("TCP", "192.0.2.1", 7), "192.0.2.1"),
        (IPv6Address("TCP", "2001:db8::1", 7), "2001:db8::1"),
        (IPv6Address("TCP", "::ffff:192.0.2.1", 7), "192.0.2.1"),
        (IPv6Address("TCP", "fe80::1%eth0", 7), "fe80::1"),
        (UNIXAddress("/run/chatd"), "None"),
        (None, "None"),
    ],
)
def test_the_address_of_a_machine(address: IAddress | None, found: str) -> None:
    assert str(network_address(address)) == found


OPTIONS = {
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE): 1,
    (socket.IPPROTO_TCP, socket.TCP_NODELAY): 1,
    **{
        (socket.IPPROTO_TCP, getattr(socket, name)): seconds
        for name, seconds in {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 20, "TCP_KEEPCNT": 3}.items()
        if hasattr(socket, name)
    },
}


def options(connection: socket.socket) -> dict[tuple[int, int], int]:
    return {(level, option): connection.getsockopt(level, option) for level, option in OPTIONS}


@pytest.fixture(params=["127.0.0.1", "::1"])
def listening(request: pytest.FixtureRequest) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in request.param else socket.AF_INET
    try:
        made = socket.create_server((request.param, 0), family=family)
    except OSError:
        pytest.skip("this machine has no IPv6")
    with made:
        yield made


def transport(kind: Any, connection: socket.socket, address: Any) -> Any:
    reactor: Any = MemoryReactorClock()
    return kind(connection, Protocol(), address, SimpleNamespace(_realPortNumber=0), 1, reactor)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere connections may inherit nothing")
def test_connections_inherit_what_their_port_was_set_to(listening: socket.socket) -> None:
    port: Any = SimpleNamespace(socket=listening)
    tune_port(port)
    with socket.create_connection(listening.getsockname()[:2]):
        connection, _ = listening.accept()
    with connection:
        assert options(connection) == OPTIONS


def test_what_was_there_before_the_port_was_set_is_set_by_itself(listening: socket.socket) -> None:
    with socket.create_connection(listening.getsockname()[:2]):  # as in a backlog that systemd passes on
        port: Any = SimpleNamespace(socket=listening)
        tune_port(port)
        connection, address = listening.accept()
    with connection:
        assert options(connection) != OPTIONS
        tune(transport(tcp.Server, connection, address))
        assert options(connection) == OPTIONS


def test_a_local_socket_has_no_such_options(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "s"))
        listening.listen()
        port: Any = SimpleNamespace(socket=listening)
        tune_port(port)
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(tmp_path / "s"))
            connection, address = listening.accept()
        with connection:
            tune(transport(unix.Server, connection, address))
