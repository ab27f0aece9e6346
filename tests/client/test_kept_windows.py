"""A real window that is killed, and the next one that goes on from there."""

from __future__ import annotations

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


def window(screen: Screen, home: Path, port: int, *more: str) -> AbstractContextManager[RealWindow]:
    return started(screen, home, f"127.0.0.1:{port}", "--name", "ann", "--room", "#den", *more)


def wait_for_unread(window: RealWindow, count: int) -> None:
    """Wait until the title says how much is unread."""
    wait_until(
        lambda: window.title().startswith(f"({count})"), lambda: f"{count} unread in {window.title()!r} {window.log()}"
    )


def test_what_was_said_without_a_server_is_sent_once_after_the_window_was_killed(
    tmp_path: Path, screen: Screen
) -> None:
    (port,) = free_ports(1)
    listen = ("--listen", f"tcp:{port}:interface=127.0.0.1")
    with ExitStack() as stack:
        daemon = stack.enter_context(Daemon(tmp_path, *listen))
        ann = stack.enter_context(window(screen, tmp_path / "ann", port))
        ann.wait_for("ann has joined")
        daemon.kill()
        ann.say("said while it was down")
        ann.wait_for("said while it was down")
        ann.kill()
        daemon = stack.enter_context(Daemon(tmp_path, *listen))
        bob = stack.enter_context(daemon.member("bob", "#den"))
        again = stack.enter_context(started(screen, tmp_path / "ann"))
        bob.until(lambda line: "said while it was down" in line)
        again.wait_for("said while it was down")
        again.kill()  # perhaps before it has noted that it was taken
        last = stack.enter_context(started(screen, tmp_path / "ann"))
        last.wait_for("ann has joined")
        last.say("the last word")
        heard = bob.until(lambda line: "the last word" in line)
        assert not [line for line in heard if "while it was down" in line]
        assert "\n".join(last.seen()).count("said while it was down") == 1
        assert last.end() == 0
        assert "Traceback" not in last.log()


def test_after_a_kill_one_is_told_what_was_missed_and_the_draft_is_there(tmp_path: Path, screen: Screen) -> None:
    with ExitStack() as stack:
        daemon = stack.enter_context(Daemon(tmp_path))
        ann = stack.enter_context(window(screen, tmp_path / "ann", daemon.port, "--room", "#ops"))
        ann.wait_for("ann has joined")
        bob = stack.enter_context(daemon.member("bob", "#den"))
        bob.send(b"JOIN #ops\n")
        bob.until(lambda line: line.startswith("OK JOIN #ops "))
        bob.send(b"TELL #den read by ann\nTELL ann a word in private\n")
        ann.wait_for("read by ann")
        wait_for_unread(ann, 1)  # the private one
        ann.write("a draft of ann's")
        wait_until(lambda: ann.keeps("a draft of ann's", "a word in private", '"seen": 1'), ann.log)
        ann.kill()
        bob.until(lambda line: line.startswith("PART ann"))
        bob.send(b"".join(b"TELL #den missed %d\n" % number for number in range(151)) + b"TELL #ops ann: look here\n")
        bob.send(b"PING done\n")
        bob.until(lambda line: line == "PONG done")
        again = stack.enter_context(started(screen, tmp_path / "ann"))
        wait_for_unread(again, 153)
        wait_until(lambda: again.written() == "a draft of ann's", again.written)
        wait_for_unread(again, 2)  # those of #den are read with the first key
        again.wait_for("missed 150")
        assert again.end() == 0
        assert "Traceback" not in again.log()
