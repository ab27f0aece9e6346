"""The menus of real windows, opened and used with the keys alone, at a real daemon."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.client.test_windows import window
from tests.support.daemon import DEADLINE, Daemon, wait_until
from tests.support.display import virtual_display
from tests.support.windows import MISSING_TOOLS, RealWindow, Screen

pytestmark = pytest.mark.skipif(bool(MISSING_TOOLS), reason=MISSING_TOOLS)


@pytest.fixture
def screen() -> Iterator[Screen]:
    with virtual_display() as display:
        yield Screen(display)


def history(port: int) -> list[str]:
    """Return the last messages of the room as a program is told them, with their tags."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as connection:
        connection.sendall(b"HELLO 1\r\nJOIN reader #den\r\nHISTORY #den 20\r\nQUIT\r\n")
        told = b""
        while more := connection.recv(65536):
            told += more
    return [line for line in told.decode().splitlines() if " MSG " in line]


def choose(screen: Screen, window: RealWindow, *keys: str) -> None:
    """Open the menu of what is selected, and press keys in it, which close it."""

    def is_open() -> bool:
        return bool(screen.do("xdotool", "search", "--onlyvisible", "--class", "^Menu$").strip())

    window.press("Menu")
    wait_until(is_open, lambda: f"a menu {window.log()}")
    screen.do("xdotool", "key", "--delay", "20", *keys)  # the focus is the menu's, and stays there
    wait_until(lambda: not is_open(), lambda: f"no menu {window.log()}")


def test_a_message_is_answered_and_a_person_is_written_to_with_the_keys_alone(tmp_path: Path, screen: Screen) -> None:
    (port,) = free_ports(1)
    listen = ("--listen", f"tcp:{port}:interface=127.0.0.1")
    with ExitStack() as stack:
        stack.enter_context(Daemon(tmp_path, *listen))
        ann = stack.enter_context(window(screen, tmp_path / "ann", "ann", port))
        bob = stack.enter_context(window(screen, tmp_path / "bob", "bob", port))
        ann.wait_for("bob joined")
        bob.say("shall we have tea?")
        ann.wait_for("shall we have tea?")  # the conversation has the focus now
        for key in ("Escape", "Up"):
            ann.press(key)
        choose(screen, ann, "Down", "Return")
        ann.type("with milk, please")
        bob.wait_for("with milk, please")
        said = history(port)
        question, answer = (next(line for line in said if text in line) for text in ("tea?", "milk"))
        id_ = next(tag for tag in question.split(" ")[0].lstrip("@").split(";") if tag.startswith("id="))
        assert f"reply={id_.removeprefix('id=')}" in answer
        for key in ("F6", "Down"):
            ann.press(key)
        choose(screen, ann, "Down", "Return")
        ann.type("psst")
        wait_until(lambda: bob.title() == "(1) chatd", lambda: f"something unread {bob.log()}")
        bob.press("alt+Down")
        bob.wait_for("psst")
        assert not [line for line in history(port) if "psst" in line]
        assert "Traceback" not in ann.log() + bob.log()
        assert ann.end() == bob.end() == 0
