"""Real telnet on a terminal: what its keys do, and what is shown after them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.daemon import DEADLINE, Daemon
from tests.support.terminals import Terminal

pytestmark = pytest.mark.slow


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Daemon]:
    with Daemon(tmp_path, "--journal", "memory:") as daemon:
        yield daemon
        assert "Traceback" not in daemon.log()


@pytest.fixture
def telnet(daemon: Daemon) -> Iterator[Terminal]:
    with Terminal(["telnet", "127.0.0.1", str(daemon.port)]) as terminal:
        expect(terminal, "NOTE ")
        yield terminal


def expect(terminal: Terminal, text: str) -> None:
    shown = terminal.shown(text, DEADLINE)
    assert text in shown, shown


@pytest.mark.parametrize("key", ["\x03", "\x1a", "\x1c", "\x0f"], ids=["Ctrl-C", "Ctrl-Z", "Ctrl-backslash", "Ctrl-O"])
def test_telnet_goes_on_showing_after_a_key_that_interrupts(daemon: Daemon, telnet: Terminal, key: str) -> None:
    with daemon.member("ann", "#den") as ann:
        telnet.type("JOIN tom #den\r")
        expect(telnet, "OK JOIN #den 2")
        for number in range(2):
            telnet.type(f"MSG never mind{key}" if key != "\x0f" else key)  # that one drops nothing
            telnet.type(f"PING {number}\r")
            expect(telnet, f"PONG {number}")
            ann.send(b"MSG hello %d\n" % number)
            expect(telnet, f"MSG ann #den hello {number}")
        telnet.type("QUIT\r")
        expect(telnet, "BYE quit ")
        assert ann.until(lambda line: line.startswith("PART")) == ["JOIN tom #den", "PART tom #den"]


def test_telnet_is_told_that_one_is_here(telnet: Terminal) -> None:
    telnet.type("\x1d")
    expect(telnet, "telnet> ")
    telnet.type("send ayt\r")
    expect(telnet, "NOTE Yes, chatd is here.")


def test_without_line_editing_backspace_works_and_arrow_keys_are_left_out(daemon: Daemon, telnet: Terminal) -> None:
    with daemon.member("ann", "#den") as ann:
        telnet.type("\x1d")
        expect(telnet, "telnet> ")
        telnet.type("mode character\r")
        telnet.type("JOIN ton\x7fm #den\r")
        expect(telnet, "OK JOIN #den 2")
        telnet.type("MSG good mourning\x7f\x7f\x7f\x7f\x7f\x7frning\x1b[D\x1b[A!\r")
        expect(telnet, "NOTE Arrow keys")
        telnet.type("QUIT\r")
        expect(telnet, "BYE quit")
        assert ann.until(lambda line: line.startswith("PART"))[1] == "MSG tom #den good morning!"
