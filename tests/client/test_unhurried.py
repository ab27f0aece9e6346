"""What takes long is done once after many events, and what is quick after each."""

from __future__ import annotations

import pytest

from chatd.client.view.unhurried import PAUSE_MS, Unhurried
from tests.client.test_window import Desk, desk
from tests.support.display import MISSING

__all__ = ["desk"]
pytestmark = pytest.mark.skipif(bool(MISSING), reason=MISSING)


class Work:
    """Something that takes so many seconds."""

    def __init__(self, desk: Desk, seconds: float) -> None:
        self.desk = desk
        self.seconds = seconds
        self.done = 0
        self.time = 0.0
        self.unhurried = Unhurried(desk.root, self.do, lambda: self.time)

    def do(self) -> None:
        self.done += 1
        self.time += self.seconds

    def ask(self, times: int) -> None:
        for _ in range(times):
            self.unhurried.call()

    def wait(self) -> None:
        passed: list[int] = []
        self.desk.root.after(PAUSE_MS + 10, passed.append, 1)
        while not passed:
            self.desk.root.update()


def test_what_is_quick_is_done_each_time(desk: Desk) -> None:
    work = Work(desk, 0.001)
    work.ask(5)
    assert work.done == 5


def test_what_takes_long_is_done_after_the_last_time(desk: Desk) -> None:
    work = Work(desk, 1)
    work.ask(5)
    assert work.done == 1
    work.wait()
    assert work.done == 2
    work.seconds = 0.001
    work.ask(1)
    work.wait()
    work.ask(3)
    assert work.done == 6
