"""Doors that a reload opens, closes and leaves alone."""

from __future__ import annotations

import socket
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.threads import deferToThread
from typing_extensions import override

from benchmarks.ports import free_ports
from chatd.app import web_options
from chatd.app.announcing import Announcer, Door
from chatd.app.options import Options
from tests.support.daemon import Client
from tests.support.linked_users import until
from tests.support.reloading import QUIET, Reloadable, running, toml

OFF = {"web": {"web": '"off"'}, **QUIET}


def listening(*descriptions: str, **others: str) -> str:
    """Return a configuration with these endpoints and no other."""
    places = ", ".join(f'"{each}"' for each in descriptions)
    return toml({"listen": {"listen": f"[{places}]", **others}, "storage": {"journal": '"memory:"'}})


def names(daemon: Reloadable) -> list[str]:
    return [each.place.wish.name for each in daemon.service.open_doors.opened]


async def talks(client: Client, word: str) -> bool:
    client.send(f"PING {word}\n".encode())
    return bool(await deferToThread(client.until, lambda line: line == f"PONG {word}"))


async def all_gone(daemon: Reloadable) -> None:
    await until(lambda: not len(daemon.service._connections))


@contextmanager
def taken(host: str, port: int) -> Iterator[None]:
    """Have a port taken by another program."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind((host, port))
        other.listen()
        yield


@ensureDeferred
async def test_who_is_connected_to_a_door_that_goes_stays_and_nobody_comes_in(tmp_path: Path) -> None:
    one, two, three = (f"unix:{tmp_path}/{name}" for name in "abc")
    async with running(tmp_path, listening(one, two)) as daemon:
        kept = daemon.service.ports[1]
        with Client(tmp_path / "a") as at_a, Client(tmp_path / "b") as at_b:
            assert await talks(at_a, "1")
            assert await daemon.reload(listening(two, three)) == 0
            assert daemon.said[1:] == [f"listening on {three}", f"no longer listening on {one}"]
            assert names(daemon) == [two, three]
            assert daemon.service.ports[0] is kept
            assert await talks(at_a, "2")
            assert await talks(at_b, "3")
            with pytest.raises(FileNotFoundError):
                Client(tmp_path / "a")
            with Client(tmp_path / "c") as at_c:
                assert await talks(at_c, "4")
        await all_gone(daemon)


@ensureDeferred
async def test_if_one_cannot_be_opened_none_is_and_none_goes(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    one, two = f"unix:{tmp_path}/a", f"unix:{tmp_path}/b"
    async with running(tmp_path, listening(one)) as daemon:
        before = daemon.service.ports
        with taken("127.0.0.1", port):
            assert await daemon.reload(listening(two, f"tcp:{port}:interface=127.0.0.1")) == 1
        why = "another program uses it; stop that program or choose another port"
        assert daemon.said == [f"nothing was changed: cannot listen on tcp:{port}:interface=127.0.0.1: {why}"]
        assert daemon.service.ports == before
        assert not (tmp_path / "b").exists()
        with Client(tmp_path / "a") as client:
            assert await talks(client, "1")
        await all_gone(daemon)


@ensureDeferred
async def test_a_port_goes_from_one_interface_to_all_and_who_is_there_stays(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    async with running(tmp_path, toml(OFF, {"listen": {"port": str(port)}})) as daemon:
        with Client(("127.0.0.1", port)) as early:
            assert await talks(early, "1")
            assert await daemon.reload(toml(OFF, {"listen": {"port": str(port), "interface": '"0.0.0.0"'}})) == 0
            assert daemon.place == ("0.0.0.0", port)
            assert await talks(early, "2")
            with Client(("127.0.0.2", port)) as late:
                assert await talks(late, "3")
        await all_gone(daemon)


@ensureDeferred
async def test_one_that_was_in_the_way_is_opened_again_if_it_was_for_nothing(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    async with running(tmp_path, toml(OFF, {"listen": {"port": str(port)}})) as daemon:
        with taken("127.0.0.2", port):
            assert await daemon.reload(toml(OFF, {"listen": {"port": str(port), "interface": '"0.0.0.0"'}})) == 1
        assert daemon.place == ("127.0.0.1", port)
        with Client(("127.0.0.1", port)) as client:
            assert await talks(client, "1")
        await all_gone(daemon)


@ensureDeferred
async def test_a_local_socket_gets_another_mode(tmp_path: Path) -> None:
    path = tmp_path / "a"
    async with running(tmp_path, listening(f"unix:{path}:mode=600")) as daemon:
        assert await daemon.reload(listening(f"unix:{path}:mode=666")) == 0
        assert stat.S_IMODE(path.stat().st_mode) == 0o666
        with Client(path) as client:
            assert await talks(client, "1")
        await all_gone(daemon)


@ensureDeferred
async def test_what_is_spoken_at_a_port_changes(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    lines = {"listen": {"port": str(port)}}
    irc = {"listen": {"port": "0"}, "irc": {"irc": f'["{port}"]'}}
    async with running(tmp_path, toml(OFF, lines)) as daemon:
        assert await daemon.reload(toml(OFF, irc)) == 0
        with Client(("127.0.0.1", port)) as client:
            client.send(b"NICK ann\r\nUSER ann 0 * :Ann\r\n")
            assert await deferToThread(client.until, lambda line: line.split()[1:2] == ["001"])
            assert await daemon.reload(toml(OFF, lines)) == 0
            with Client(("127.0.0.1", port)) as other:
                assert await talks(other, "1")
            client.send(b"PING :2\r\n")
            assert await deferToThread(client.until, lambda line: line.endswith(":2"))
        await all_gone(daemon)


@ensureDeferred
async def test_a_proxy_is_put_before_a_port(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    plain, proxied = f"tcp:{port}:interface=127.0.0.1", f"haproxy:tcp:{port}:interface=127.0.0.1"
    async with running(tmp_path, listening(plain)) as daemon:
        assert [door.port for door in daemon.service.doors] == [port]
        assert await daemon.reload(listening(proxied)) == 0
        assert daemon.service.doors == []
        with Client(("127.0.0.1", port)) as client:
            client.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 1 2\r\n")
            assert await talks(client, "1")
            (connection,) = daemon.service._connections
            assert str(connection.address) == "192.0.2.7"  # type: ignore[attr-defined]  # of the one edge there is
        await all_gone(daemon)


@ensureDeferred
async def test_the_page_that_nobody_asked_for_is_no_reason_to_refuse(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port, page = free_ports(2)
    monkeypatch.setattr(web_options, "DEFAULT_WEB_PORT", page)
    with taken("127.0.0.1", page):
        async with running(tmp_path, toml(OFF)) as daemon:
            assert await daemon.reload(toml(QUIET, {"listen": {"port": str(port)}})) == 0
            assert [line for line in daemon.said if line.startswith("continuing without the page")]
            assert await daemon.reload(toml(QUIET, {"listen": {"port": str(port)}})) == 0
            assert daemon.said == ["nothing was changed"]


class Told(Announcer):
    """Keeps what it is told to announce."""

    def __init__(self) -> None:
        self.doors: list[Door] | None = None

    @override
    def start(self, doors: Sequence[Door]) -> None:
        self.doors = list(doors)

    @override
    async def stop(self) -> None:
        self.doors = None


@ensureDeferred
async def test_other_doors_are_announced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Told] = []

    def make(_options: Options, _reactor: Any) -> Told:
        made.append(Told())
        return made[-1]

    monkeypatch.setattr(Options, "make_announcer", make)
    (port,) = free_ports(1)
    async with running(tmp_path) as daemon:
        assert await daemon.reload(toml(OFF, {"listen": {"port": str(port)}})) == 0
        first, second = made
        assert first.doors is None
        assert second.doors is not None
        assert [door.port for door in second.doors] == [port]
        assert await daemon.reload() == 0
        assert len(made) == 2
    assert second.doors is None
