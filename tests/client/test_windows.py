"""Two real windows on one display, a real daemon, and fingers on the keys."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import Daemon, wait_until
from tests.support.display import virtual_display
from tests.support.windows import MISSING_TOOLS, RealWindow, Screen, started

pytestmark = pytest.mark.skipif(bool(MISSING_TOOLS), reason=MISSING_TOOLS)


@pytest.fixture
def screen() -> Iterator[Screen]:
    with virtual_display() as display:
        yield Screen(display)


def window(screen: Screen, home: Path, nick: str, port: int) -> AbstractContextManager[RealWindow]:
    """Return a window that joins the room of these tests by itself."""
    return started(screen, home, f"127.0.0.1:{port}", "--name", nick, "--room", "#den")


def test_two_windows_see_each_other_and_lose_nothing_when_the_daemon_is_restarted(
    tmp_path: Path, screen: Screen
) -> None:
    (port,) = free_ports(1)
    listen = ("--listen", f"tcp:{port}:interface=127.0.0.1")
    with ExitStack() as stack:
        daemon = stack.enter_context(Daemon(tmp_path, *listen))
        ann = stack.enter_context(window(screen, tmp_path / "ann", "ann", port))
        bob = stack.enter_context(window(screen, tmp_path / "bob", "bob", port))
        ann.wait_for("ann has joined")
        ann.wait_for("bob joined")
        ann.say("hello from ann")
        bob.wait_for("hello from ann")
        bob.say("hello from bob")
        ann.wait_for("hello from bob")
        assert daemon.terminate() == 0
        ann.say("said while it was down")
        stack.enter_context(Daemon(tmp_path, *listen))
        bob.wait_for("said while it was down")
        bob.say("and it is up again")
        ann.wait_for("and it is up again")
        said = ["hello from ann", "hello from bob", "said while it was down", "and it is up again"]
        for each in (ann, bob):
            seen = "\n".join(each.seen())
            assert [seen.count(text) for text in said] == [1, 1, 1, 1], seen
            places = [seen.index(text) for text in said]
            assert places == sorted(places)
            assert "Traceback" not in each.log()
        assert ann.end() == bob.end() == 0


def test_a_name_is_enough_to_join_when_nothing_is_kept(tmp_path: Path, screen: Screen) -> None:
    """What was joined is read from what is kept at the end: no daemon of the default port belongs to this test."""
    with started(screen, tmp_path / "ann") as ann:
        ann.close_sheet()
        ann.enter_name("ann")
        wait_until(lambda: ann.holds("typed after that"), lambda: f"a window that has done all this {ann.log()}")
        assert ann.end() == 0
        assert "Traceback" not in ann.log()
    kept = json.loads((tmp_path / "ann" / "config" / "chatd" / "client.json").read_text())
    assert kept["servers"] == [{"address": "127.0.0.1:10319", "nick": "ann", "rooms": ["#lobby"]}]
