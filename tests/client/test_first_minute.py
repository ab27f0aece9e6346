"""The first minute with a real window, from an empty home: a name, Join, and write."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from chatd.runtime.server_address import DEFAULT_PORT
from tests.support.daemon import Client, Daemon, wait_until
from tests.support.display import virtual_display
from tests.support.own_network import OwnNetwork
from tests.support.windows import MISSING_TOOLS, RealWindow, Screen, started

pytestmark = pytest.mark.skipif(bool(MISSING_TOOLS), reason=MISSING_TOOLS)


@pytest.fixture
def network() -> Iterator[OwnNetwork]:
    made = OwnNetwork()
    yield made
    made.close()


@pytest.fixture
def screen() -> Iterator[Screen]:
    with virtual_display() as display:
        yield Screen(display)


class Corner:
    """A daemon at the default port of a network of its own, as soon as it is opened."""

    def __init__(self, folder: Path, network: OwnNetwork) -> None:
        self.socket = folder / "socket"
        self._folder = folder
        self._network = network

    def open(self) -> Daemon:
        listen = (f"tcp:{DEFAULT_PORT}:interface=127.0.0.1", f"unix:{self.socket}")
        options = [word for each in listen for word in ("--listen", each)]
        return Daemon(self._folder, *options, inside=self._network.inside)


@pytest.fixture
def corner(tmp_path: Path, network: OwnNetwork) -> Corner:
    return Corner(tmp_path, network)


def enter(window: RealWindow, name: str) -> None:
    """Close the sheet, and enter a name in the field at the top."""
    window.close_sheet()
    window.enter_name(name)


def test_name_join_write(tmp_path: Path, corner: Corner, network: OwnNetwork, screen: Screen) -> None:
    """Nothing is typed but a name and what is said; the lines of others are seen, and what is said is seen by them."""
    with ExitStack() as stack:
        stack.enter_context(corner.open())
        bob = stack.enter_context(Client(corner.socket))
        ann = stack.enter_context(started(screen, tmp_path / "ann", inside=network.inside))
        bob.join("bob", "#lobby")
        enter(ann, "ann")
        bob.until(lambda line: line == "JOIN ann #lobby")
        ann.wait_for("ann has joined")
        ann.type("hello from ann")
        bob.until(lambda line: line == "MSG ann #lobby hello from ann")
        bob.send(b"MSG hello from bob\n")
        ann.wait_for("hello from bob")
        carol = stack.enter_context(Client(corner.socket))
        carol.join("carol", "#lobby")
        ann.wait_for("carol joined")
        assert ann.end() == 0
        assert "Traceback" not in ann.log()


def test_who_joins_before_there_is_a_server_is_told_and_gets_in_when_there_is_one(
    tmp_path: Path, corner: Corner, network: OwnNetwork, screen: Screen
) -> None:
    with ExitStack() as stack:
        ann = stack.enter_context(started(screen, tmp_path / "ann", inside=network.inside))
        enter(ann, "ann")
        ann.enter_name("")  # and once more, as people do
        wait_until(lambda: ann.holds("typed after that"), lambda: f"a window that has done all this {ann.log()}")
        ann.press("Return")
        ann.wait_for("typed after that")
        stack.enter_context(corner.open())
        ann.wait_for("ann has joined")
        bob = stack.enter_context(Client(corner.socket))
        bob.send(b"JOIN bob #lobby\nHISTORY #lobby\n")
        bob.until(lambda line: "typed after that" in line)
        ann.wait_for("bob joined")
        assert len([line for line in ann.seen() if "typed after that" in line]) == 1
        assert "Traceback" not in ann.log()
