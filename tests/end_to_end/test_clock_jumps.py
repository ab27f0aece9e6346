"""The real daemon, and the real window, when the clock of the machine is set."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import DEADLINE, Daemon, wait_until
from tests.support.display import virtual_display
from tests.support.fake_clock import FakeClock
from tests.support.tagged_clients import Program
from tests.support.windows import MISSING_TOOLS, RealWindow, Screen

pytestmark = pytest.mark.slow

HOUR = 60 * 60
DAY = 24 * HOUR
LINES = 2000
JUMPED = "the clock of this machine has jumped ahead by 40 days"


@contextmanager
def daemon_with_a_clock(folder: Path, *options: str) -> Iterator[tuple[Daemon, FakeClock]]:
    clock = FakeClock(folder / "clock")
    with Daemon(folder, *options, inside=clock.inside) as daemon:
        yield daemon, clock


def say(program: Program, text: str) -> None:
    """Say something, and wait until it comes back."""
    program.send(f"MSG {text}\n".encode())
    while not program.heard or program.heard[-1].text != text:
        program.line()


@pytest.mark.parametrize("journal", ["memory:", "sqlite:chatd.sqlite3"])
@pytest.mark.parametrize("seconds", [-60, -HOUR, HOUR])
def test_nobody_notices_that_the_clock_is_set_under_load(tmp_path: Path, journal: str, seconds: int) -> None:
    with daemon_with_a_clock(tmp_path, "--journal", journal) as (daemon, clock):
        with closing(Program(daemon.port, "alice")) as alice, closing(Program(daemon.port, "bob")) as bob:
            for program in (alice, bob):
                program.send("".join(f"MSG {number}\n" for number in range(LINES)).encode())
            jumps = 0
            while len(alice.heard) < 2 * LINES:
                alice.line()
                if len(alice.heard) % 20 == 0:  # most of these fall between a call that is made and its time
                    jumps += 1
                    clock.set(jumps * seconds)
            bob.read_up()
            with closing(Program(daemon.port, "carol")) as carol:
                say(carol, "hello")
            alice.read_up()
            ids = [said.id for said in alice.heard]
            assert len(ids) == 2 * LINES + 1
            assert ids == sorted(ids)
        assert daemon.terminate() == 0


@pytest.mark.parametrize("journal", ["memory:", "sqlite:chatd.sqlite3"])
def test_a_clock_that_is_ahead_for_a_moment_deletes_nothing(tmp_path: Path, journal: str) -> None:
    with daemon_with_a_clock(tmp_path, "--journal", journal, "--keep", "30d") as (daemon, clock):
        with closing(Program(daemon.port, "alice")) as alice:
            for number in range(20):
                say(alice, f"before {number}")
            clock.set(40 * DAY)
            for number in range(20):
                say(alice, f"meanwhile {number}")
            wait_until(lambda: JUMPED in daemon.log(), daemon.log)
            clock.set(0)
            say(alice, "after")
            alice.ask("HISTORY 100", "OK HISTORY")
            told = [said.text for said in alice.heard if said.old]
        assert len(told) == 41
        assert daemon.log().count(JUMPED) == 1


def test_who_connects_while_the_clock_is_set_is_not_sent_away_as_idle(tmp_path: Path) -> None:
    with (
        daemon_with_a_clock(tmp_path) as (daemon, clock),
        closing(Program(daemon.port, "alice")) as alice,
        closing(daemon.client()) as newcomer,
    ):
        newcomer.line()
        clock.set(HOUR)
        for number in range(3):
            # Each is a turn of the reactor, in which what was due by the clock would be done.
            say(alice, f"{number}")
        newcomer.join("bob", "#den")
        alice.until(lambda line: line.endswith("JOIN bob #den"))


@pytest.mark.skipif(bool(MISSING_TOOLS), reason=MISSING_TOOLS)
def test_the_window_comes_back_though_its_clock_is_set_back_meanwhile(tmp_path: Path) -> None:
    clock = FakeClock(tmp_path / "clock")
    (port,) = free_ports(1)
    places = ("--listen", f"tcp:{port}:interface=127.0.0.1")
    with virtual_display() as display, ExitStack() as stack:
        screen = Screen(display)
        screen.environment |= clock.variables
        with Daemon(tmp_path, *places) as daemon, closing(Program(daemon.port, "alice")) as alice:
            window = RealWindow(screen, tmp_path / "home", f"127.0.0.1:{port}", "--name", "bob", "--room", "#den")
            stack.callback(window.process.wait)
            stack.callback(window.process.kill)
            alice.until(lambda line: line.endswith("JOIN bob #den"))
        with socket.create_server(("127.0.0.1", port)) as nobody:
            nobody.settimeout(DEADLINE)
            nobody.accept()[0].close()
            nobody.settimeout(0.05)
            for jump in range(1, 20):  # while it waits before it tries again
                clock.set(-jump * HOUR)
                with suppress(TimeoutError):
                    nobody.accept()[0].close()
        with Daemon(tmp_path, *places) as daemon, closing(Program(daemon.port, "alice")) as alice:
            if not bob_is_there(alice):
                alice.until(lambda line: line.endswith("JOIN bob #den"))


def bob_is_there(program: Program) -> bool:
    return any("bob" in line for line in program.ask("WHO #den", "OK WHO"))
