"""A daemon that drains and another that follows it: all is told once, and nobody is seen to go."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from benchmarks.drain.daemons import Daemon as Following
from benchmarks.drain.daemons import HeldSocket
from benchmarks.drain.run import Load, one_daemon
from benchmarks.ports import free_ports
from chatd.chat.takeover import RESUME_SECONDS
from tests.support.browser import GONE, Page, chromium
from tests.support.daemon import BIN, DEADLINE, Client, Daemon, environment, wait_until
from tests.support.node_processes import NodeClient
from tests.support.tagged_clients import JOURNAL, ROOM, Program, body, heard, value

pytestmark = pytest.mark.slow


@contextmanager
def served(folder: Path, held: HeldSocket, *options: str) -> Iterator[Following]:
    daemon = Following(folder, held.fileno, *options)
    try:
        daemon.wait_until_listening()
        yield daemon
        assert "Traceback" not in daemon.log(), daemon.log()
    finally:
        daemon.kill()


def drained(daemon: Following) -> None:
    daemon.drain()
    assert daemon.wait() == 0, daemon.log()


def resume(program: Program) -> str:
    """Return the words by which a program comes back to where it was."""
    last = max((said.id for said in program.heard), default=0)
    return f"since={last} epoch={program.epoch} resume={value(program.joined, 'resume')}"


def test_under_load_each_thing_is_told_once_and_nobody_is_refused_or_seen_to_go(tmp_path: Path) -> None:
    figures = asyncio.run(one_daemon(tmp_path, Load(4, 6, 25), 2))
    assert (figures.lost, figures.doubled, figures.refused) == (0, 0, 0)
    assert figures.said > 100


def test_programs_come_back_unseen_and_those_who_cannot_are_seen_to_go(tmp_path: Path) -> None:
    with HeldSocket() as held:
        with served(tmp_path, held) as first:
            ann, bob = Program(held.port, "ann"), Program(held.port, "bob")
            eve = Client(("127.0.0.1", held.port))
            eve.join("eve", ROOM)
            bob.send(b"AWAY lunch\n")
            ann.say("a1 before")
            ann.read_up()
            drained(first)
        told = [body(line) for line in ann.rest()]
        assert f"PART eve {ROOM}" in told
        assert not [line for line in told if line.startswith("PART bob")]
        assert told[-1].startswith("BYE restart retry=")
        assert 0 <= float(value(told[-1], "retry")) < 10
        assert eve.rest()[-1] == "BYE restart the server is restarting; connect again in a few seconds"
        path = tmp_path / f"{JOURNAL}-places"
        assert path.stat().st_mode & 0o777 == 0o600
        assert value(ann.joined, "resume") not in path.read_text()
        with served(tmp_path, held) as second, closing(Program(held.port)) as again:
            assert not path.exists()
            again.come_in("ann", resume(ann))
            assert value(again.joined, "recovered") == "yes"
            assert again.joined.startswith(f"OK JOIN {ROOM} 2 ")
            assert f"WHO {ROOM} bob ann" in again.ask("WHO", "OK WHO ")
            assert f"IS bob {ROOM} away=yes" in " ".join(again.ask("WHO details=yes", "OK WHO "))
            with closing(Program(held.port)) as bobs:
                bobs.come_in("bob", resume(bob))
                bobs.say("b1 after")
                said = [body(line) for line in again.until(lambda line: line.endswith("after"))]
            assert not [line for line in said if line.startswith(("JOIN", "PART"))]
            assert "members who may come back unnoticed within 30 seconds: 2" in second.log()
        for each in (ann, bob, eve):
            each.close()


def test_a_room_in_which_nothing_was_said_keeps_its_topic_with_those_who_are_in_it(tmp_path: Path) -> None:
    with HeldSocket() as held:
        with served(tmp_path, held) as first, closing(Program(held.port, "ann")) as ann:
            ann.ask("TOPIC all quiet", "OK TOPIC ")
            token = value(ann.joined, "resume")
            drained(first)
        with served(tmp_path, held), closing(Program(held.port)) as again:
            assert f"TOPIC ann {ROOM} all quiet" in again.ask(f"JOIN ann {ROOM} resume={token}", f"OK JOIN {ROOM} ")


def test_a_wrong_secret_takes_no_place_and_who_does_not_come_back_leaves(tmp_path: Path) -> None:
    with HeldSocket() as held:
        with served(tmp_path, held) as first, closing(Program(held.port, "ann")), closing(Program(held.port, "bob")):
            drained(first)
        with served(tmp_path, held), closing(Program(held.port)) as mallory:
            digests = mallory.ask(f"JOIN ann {ROOM} resume=forged", "ERR name-taken ")
            assert digests[-1].startswith("ERR name-taken JOIN nick ann is in use")
            mallory.come_in("mallory")
            mallory.socket.settimeout(RESUME_SECONDS + DEADLINE)
            gone = {body(mallory.line()) for _ in range(2)}
            assert gone == {f"PART ann {ROOM}", f"PART bob {ROOM}"}


@pytest.mark.parametrize("kind", ["link", "readable", "broken", "stale"])
def test_a_file_of_places_that_is_not_right_is_passed_over_and_said(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"{JOURNAL}-places"
    with HeldSocket() as held:
        with served(tmp_path, held) as first, closing(Program(held.port, "ann")):
            drained(first)
        content = path.read_bytes()
        path.unlink()
        match kind:
            case "link":
                (tmp_path / "elsewhere").write_bytes(content)
                (tmp_path / "elsewhere").chmod(0o600)
                path.symlink_to("elsewhere")
            case "readable":
                path.write_bytes(content)
                path.chmod(0o644)
            case "broken":
                path.write_bytes(content[:-20])
                path.chmod(0o600)
            case "stale":
                path.write_bytes(content.replace(b'"uptime":', b'"uptime":-'))
                path.chmod(0o600)
        with served(tmp_path, held) as second, closing(Program(held.port, "bob")) as bob:
            assert f"WHO {ROOM} bob" in bob.ask("WHO", "OK WHO ")
            assert "not restoring the places of members from" in second.log()
        assert path.exists() == (kind in ("link", "readable"))


def test_what_was_read_is_answered_before_the_end(tmp_path: Path) -> None:
    """A pace that is too slow for what was read does not keep it from being said."""
    with Daemon(tmp_path, "--line-rate", "5", "--line-burst", "5") as daemon, Program(daemon.port, "ann") as ann:
        texts = [f"t{n} x" for n in range(100)]
        ann.send_texts(texts)
        ann.until(lambda line: "label=t0 " in line)
        daemon.process.send_signal(signal.SIGUSR1)
        told = [said.text for line in ann.rest() if (said := heard(line)) is not None]
        assert told == texts[1:]
        assert daemon.process.wait(DEADLINE) == 0


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGTERM])
def test_another_signal_while_it_drains_ends_it_in_order(number: signal.Signals, tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon, Program(daemon.port, "ann") as ann, closing(idle(daemon.port)):
        daemon.process.send_signal(signal.SIGUSR1)
        wait_until(lambda: "draining: no new connections" in daemon.log(), daemon.log)
        with suppress(ProcessLookupError):
            os.kill(daemon.pid, number)
        assert body(ann.rest()[-1]).startswith("BYE restart retry=")
        assert daemon.process.wait(DEADLINE) == 0
        assert "Traceback" not in daemon.log()
        assert (tmp_path / f"{JOURNAL}-places").exists()
        assert not (tmp_path / f"{JOURNAL}-wal").exists()


def idle(port: int) -> socket.socket:
    """Return a connection that reads nothing and does not close its side, so that a drain takes a while."""
    return socket.create_connection(("127.0.0.1", port))


def test_a_journal_in_memory_keeps_no_places(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--journal", "memory:") as daemon, Program(daemon.port, "ann") as ann:
        daemon.process.send_signal(signal.SIGUSR1)
        assert body(ann.rest()[-1]).startswith("BYE restart retry=")
        assert daemon.process.wait(DEADLINE) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["output"]


def test_a_plain_stop_keeps_no_places(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon, Program(daemon.port, "ann") as ann:
        assert daemon.terminate() == 0
        assert body(ann.rest()[-1]) == "BYE shutdown the server is stopping"
    assert not (tmp_path / f"{JOURNAL}-places").exists()


def test_places_that_cannot_be_written_are_said_and_it_drains_all_the_same(tmp_path: Path) -> None:
    (tmp_path / f"{JOURNAL}-places").mkdir()
    with HeldSocket() as held, served(tmp_path, held) as first, Program(held.port, "ann"):
        drained(first)
        assert "cannot keep the places of members, who will be shown as leaving: Is a directory" in first.log()


def test_drain_as_it_is_typed_tells_how_far_it_is_and_returns_at_the_end(tmp_path: Path) -> None:
    with Daemon(tmp_path) as daemon, Program(daemon.port, "ann"):
        done = subprocess.run(
            [BIN / "chatd", "drain"], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines() == [
            "draining: no new connections; connections to end: 1",
            "places kept for 30 seconds: 1",
            "drained: all connections have ended",
        ]
        assert daemon.process.wait(DEADLINE) == 0
    again = subprocess.run(
        [BIN / "chatd", "drain"], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (again.returncode, again.stderr.count("\n")) == (1, 1)
    assert again.stderr.startswith("chatd: no server listens at ")


def test_clients_of_irc_and_streams_of_http_are_told_in_their_own_words(tmp_path: Path) -> None:
    irc, web = free_ports(2)
    with (
        Daemon(tmp_path, "--irc", f"tcp:{irc}:interface=127.0.0.1", "--web", str(web)) as daemon,
        Client(("127.0.0.1", irc)) as bob,
        daemon.client() as ann,
        Client(("127.0.0.1", web)) as stream,
        Client(("127.0.0.1", web)) as kept,
    ):
        bob.send(b"NICK bob\r\nUSER bob 0 * :bob\r\n")
        bob.until(lambda line: " 376 " in line or " 422 " in line)
        stream.send(b"GET /lobby/json HTTP/1.0\r\n\r\n")
        kept.send(b"GET /-/health HTTP/1.1\r\nHost: localhost\r\n\r\n")
        opened = b""
        while b'"event":"open"' not in opened:
            more = stream.socket.recv(1 << 16)
            assert more, opened
            opened += more
        assert kept.socket.recv(1 << 16).startswith(b"HTTP/1.1 200 ")
        daemon.process.send_signal(signal.SIGUSR1)
        assert bob.rest()[-1] == "ERROR :Closing link: the server is restarting; connect again in a few seconds"
        assert ann.rest()[1:] == ["BYE restart the server is restarting; connect again in a few seconds"]
        ended = b"".join(iter(lambda: stream.socket.recv(1 << 16), b""))
        assert b'"event":"end","error":"unavailable","text":"the server is restarting;' in ended
        assert kept.socket.recv(1 << 16) == b""
        assert daemon.process.wait(DEADLINE) == 0


def test_a_page_comes_back_by_itself_and_nobody_sees_it_go(tmp_path: Path) -> None:
    web, lines = free_ports(2)
    options = ("--web", str(web), "--listen", f"tcp:{lines}:interface=127.0.0.1")
    with ExitStack() as stack:
        first = stack.enter_context(Daemon(tmp_path, *options))
        browser = stack.enter_context(chromium(tmp_path))
        browser.allow(GONE)
        page = Page(browser, f"http://127.0.0.1:{web}/builds")
        page.come_in("ann")
        bob = stack.enter_context(closing(NodeClient(lines)))
        token = bob.ask("JOIN bob #builds").rpartition("resume=")[2].split()[0]
        first.process.send_signal(signal.SIGUSR1)
        assert first.process.wait(DEADLINE) == 0
        stack.enter_context(Daemon(tmp_path, *options))
        again = stack.enter_context(closing(NodeClient(lines)))
        assert again.ask(f"JOIN bob #builds resume={token}").startswith("OK JOIN #builds 2 ")
        page.say("back again")
        again.until(lambda line: "MSG ann #builds back again" in line)
        assert not [line for line in again.lines if line.startswith(("JOIN ", "PART "))]
