"""Deadlines."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.logger import LogEvent

from chatd.runtime.timers import TimerWheel


def test_checks_are_called_when_due_and_once() -> None:
    clock = Clock()
    timers = TimerWheel(clock)
    timers.start()
    seen: list[float] = []
    timers.add(seen.append, 2.5)
    for _ in range(5):
        clock.advance(1)
    assert seen == [3]
    timers.stop()
    assert clock.getDelayedCalls() == []


def test_a_discarded_check_is_not_called_nor_kept() -> None:
    clock = Clock()
    timers = TimerWheel(clock)
    timers.start()
    seen: list[float] = []
    timers.discard(seen.append, timers.add(seen.append, 2))
    clock.pump([1] * 5)
    assert seen == []


def test_a_clock_that_jumps_skips_nothing() -> None:
    clock = Clock()
    timers = TimerWheel(clock)
    timers.start()
    seen: list[float] = []
    timers.add(seen.append, 2)
    timers.add(seen.append, 50)
    clock.advance(100)
    assert seen == [100, 100]


def test_a_clock_that_jumps_by_years_costs_no_more_than_what_is_due() -> None:
    clock = Clock()
    timers = TimerWheel(clock)
    timers.start()
    seen: list[float] = []
    timers.add(seen.append, 50)
    clock.rightNow = 1e15  # a walk over every second of it would not end
    timers._tick()
    assert seen == [1e15]
    assert timers.add(seen.append, 0) > 1e15


def fail(_now: float) -> None:
    raise RuntimeError


def test_a_check_that_fails_is_logged_and_the_others_are_called(nothing_left_behind: list[LogEvent]) -> None:
    clock = Clock()
    timers = TimerWheel(clock)
    timers.start()
    seen: list[float] = []
    timers.add(fail, 1)
    timers.add(seen.append, 1)
    clock.advance(1)
    assert seen == [1]
    assert len(nothing_left_behind) == 1
    nothing_left_behind.clear()
