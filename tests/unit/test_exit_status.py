"""What failed is said once on each place, and decides how the process ends."""

from __future__ import annotations

import subprocess
import sys

import pytest
from twisted.internet.testing import MemoryReactor
from twisted.logger import capturedLogs

from chatd.app.exit_status import ExitStatus


def test_the_status_is_zero_until_something_failed() -> None:
    assert ExitStatus(object()).status == 0


def test_a_sentence_is_logged_and_printed_as_one_line(capfd: pytest.CaptureFixture[str]) -> None:
    status = ExitStatus(object())
    with capturedLogs() as events:
        status.fail("the disk\nis \x1b[31mfull")
    assert [event["why"] for event in events] == ["the disk is \N{SYMBOL FOR ESCAPE}[31mfull"]
    assert capfd.readouterr().err == "chatd: the disk is \N{SYMBOL FOR ESCAPE}[31mfull\n"
    assert status.status == 1


PROCESS = """
from twisted.internet import reactor
from chatd.app.exit_status import ExitStatus
status = ExitStatus(reactor)
def give_up():
    status.give_up("it cannot be")
    status.give_up("nor can it be stopped twice")
reactor.callWhenRunning(give_up)
reactor.run()
print("it has stopped")
"""


def test_a_process_that_gives_up_stops_in_the_ordinary_way_and_exits_with_one() -> None:
    ended = subprocess.run([sys.executable, "-c", PROCESS], capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout) == (1, "it has stopped\n")
    assert ended.stderr == "chatd: it cannot be\nchatd: nor can it be stopped twice\n"


def test_a_reactor_of_a_test_is_stopped_and_the_process_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    registered: list[object] = []
    monkeypatch.setattr("atexit.register", registered.append)
    reactor = MemoryReactor()
    reactor.running = True
    ExitStatus(reactor).give_up("it cannot be")
    assert reactor.hasStopped
    assert len(registered) == 1
