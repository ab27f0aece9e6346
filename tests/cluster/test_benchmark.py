"""The cluster's benchmark: what it checks, its load on real nodes, and what it prints."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.cluster import __main__ as program
from benchmarks.cluster import load, people
from benchmarks.cluster.load import Crowd, Load, Work
from benchmarks.cluster.people import LENGTH, MARK, Listener, Reference, Speaker, WrongError, told
from benchmarks.cluster.processes import BenchmarkError, Running, Setup, running

pytestmark = pytest.mark.slow

ONE = Setup("SQLite", 1, 0, "")
SMALL = Crowd(2, 3)
BUSY = Work("flat out", window=2)


@contextmanager
def server() -> Iterator[tuple[int, socket.socket]]:
    """A port at which everybody is let in, and what it listens with."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1], listener


def let_in(one: type[Reference | Listener], port: int, listener: socket.socket) -> tuple[Listener, socket.socket]:
    """Return somebody who has come in there, and the other end of the connection."""
    listener.listen()
    sockets: list[socket.socket] = []
    connect = socket.create_connection

    def connected(*words: object) -> socket.socket:
        made = connect(*words)  # type: ignore[arg-type]  # what it was called with
        sockets.append(listener.accept()[0])
        sockets[0].sendall(b"OK JOIN #cluster000 1\r\n" + MARK + b"\r\n")
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "create_connection", connected)
        return one(b"reference", port), sockets[0]


@pytest.mark.parametrize(
    ("messages", "why"),
    [
        ([told(0, 0), told(1, 0), told(0, 1)], ""),
        ([told(0, 0), told(0, 1)], "2 messages of 3"),
        ([told(0, 0), told(1, 0), told(1, 0)], "after 2 messages, something else"),
        ([told(0, 1), told(1, 0), told(0, 0)], "after 0 messages, something else"),
        ([told(0, 0), told(2, 0), told(0, 1)], "after 1 messages, something else"),
    ],
)
def test_what_is_lost_doubled_or_out_of_order_is_found(messages: list[bytes], why: str) -> None:
    with server() as (port, listener):
        one, far = let_in(Reference, port, listener)
        assert isinstance(one, Reference)
        with one.socket, far:
            one.take(b"".join(messages))
            if why:
                with pytest.raises(WrongError, match=why):
                    one.check([2, 1])
            else:
                one.check([2, 1])


def test_another_order_on_another_node_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    take = Listener.take

    def swapped(self: Listener, data: bytes) -> None:
        take(self, data[-LENGTH:] + data[:-LENGTH] if self.nick == b"l0002-000" else data)

    monkeypatch.setattr(Listener, "take", swapped)
    with (
        running(ONE, tmp_path) as started,
        Load(started, SMALL) as loaded,
        pytest.raises(WrongError, match="l0002-000 was told other messages"),
    ):
        loaded.measure(BUSY, 0.2)


def test_what_is_refused_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "text", lambda _speaker, _number: b"")
    with (
        running(ONE, tmp_path) as started,
        Load(started, SMALL) as loaded,
        pytest.raises(WrongError, match="was answered b'ERR'"),
    ):
        loaded.measure(BUSY, 0.2)


def test_silence_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "STALL_SECONDS", 0.3)
    monkeypatch.setattr(Speaker, "mark", lambda _: None)
    with (
        running(ONE, tmp_path) as started,
        Load(started, SMALL) as loaded,
        pytest.raises(BenchmarkError, match="stood still"),
    ):
        loaded.measure(BUSY, 0.2)


def test_a_node_that_does_not_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.cluster.processes._NO_LIMITS", ("--speed", "11"))
    with pytest.raises(BenchmarkError, match=r"did not start: chatd: .*speed"), running(ONE, tmp_path):
        pass


def test_nobody_is_let_in_where_nobody_is() -> None:
    with pytest.raises(OSError, match="refused"):
        Load(Running([9], [], []), SMALL)


def test_the_command_measures_one_two_and_three_nodes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(program, "raise_file_limit", lambda: None)
    monkeypatch.setattr(
        sys, "argv", ["benchmarks.cluster", "--quick", "--seconds", "0.3", "--directory", str(tmp_path)]
    )
    program.main()
    printed = capsys.readouterr()
    assert printed.err == ""
    lines = printed.out.splitlines()
    for name in ("SQLite ", "1 node ", "2 nodes ", "3 nodes "):
        assert len([line for line in lines if line.startswith(name)]) == 2, name
    assert "Flat out, 3 nodes, 1 nats-server and the load share" in lines[-1]
    assert list(tmp_path.iterdir()) == []
