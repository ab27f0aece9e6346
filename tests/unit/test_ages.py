"""Until when ages are counted, whatever the machine's clock says."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest
from twisted.internet.base import ReactorBase
from twisted.internet.task import Clock
from twisted.logger import Logger

from chatd.journal.ages import PATIENCE_SECONDS, STREAM_PATIENCE_SECONDS, AgeClock, StreamAges
from chatd.runtime.clocks import tell_monotonic_time

HOUR = 60 * 60
DAY = 24 * HOUR
BEGUN = 1_000_000


class Machine:
    """A clock for what passes, and one of the wall that is set."""

    def __init__(self, patience: float = PATIENCE_SECONDS) -> None:
        self.clock = Clock()
        self.clock.advance(BEGUN)
        self.off = 0.0
        self.told: list[str] = []
        log = Logger("clock", observer=cast(Any, lambda event: self.told.append(event["what"])))
        self.ages = AgeClock(self.clock, lambda: self.clock.seconds() + self.off, log, patience)

    def trusted(self) -> float:
        """Return by how much what is trusted differs from the time that has passed."""
        return self.ages() / 1000 - self.clock.seconds()


def test_as_long_as_both_agree_it_is_the_machines_clock() -> None:
    machine = Machine()
    for _ in range(100):
        machine.clock.advance(60)
        machine.off += 1  # corrected in small steps
        assert machine.trusted() == machine.off
    assert machine.told == []


def test_a_jump_ahead_is_not_believed_and_told_of_once() -> None:
    machine = Machine()
    machine.off = 40 * DAY
    for _ in range(5):
        machine.clock.advance(1)
        assert machine.trusted() == 0
    assert machine.told == [
        "the clock of this machine has jumped ahead by 40 days, 0:00:00; nothing expires because of that"
        " for 1 day, 0:00:00"
    ]
    machine.off = 0
    assert machine.trusted() == 0
    machine.off = 41 * DAY
    machine.trusted()
    assert len(machine.told) == 2


def test_a_clock_that_stays_ahead_is_believed_in_the_end() -> None:
    machine = Machine(HOUR)
    machine.off = 40 * DAY
    machine.trusted()
    machine.clock.advance(HOUR - 1)
    assert machine.trusted() == 0
    machine.off += 40 * DAY  # it jumps again: the time begins anew
    assert machine.trusted() == 0
    machine.clock.advance(HOUR - 1)
    assert machine.trusted() == 0
    machine.clock.advance(1)
    assert machine.trusted() == 80 * DAY


def test_a_clock_that_is_set_back_is_believed_at_once_for_that_keeps_all() -> None:
    machine = Machine()
    machine.off = -DAY
    assert machine.trusted() == -DAY
    assert machine.told == ["the clock of this machine was set back by 1 day, 0:00:00"]
    machine.off = 0
    assert machine.trusted() == -DAY  # ahead now, of what was believed


def test_a_start_trusts_no_more_than_what_was_stored_last() -> None:
    machine = Machine()
    machine.ages.start((BEGUN - 3 * DAY) * 1000, HOUR)
    assert machine.trusted() == -3 * DAY
    machine.clock.advance(HOUR)
    assert machine.trusted() == 0
    machine.ages.start((BEGUN + 3 * DAY) * 1000, HOUR)  # stored while the clock was ahead
    assert machine.trusted() == 0
    machine.ages.start(None, None)
    assert machine.trusted() == 0
    assert machine.told == []


def test_ages_in_a_stream_go_by_its_own_times() -> None:
    clock = Clock()
    ages = StreamAges(clock)
    assert ages() == 0
    ages.hear(5_000_000)
    assert ages() == 5_000_000
    ages.hear(9_000_000)
    assert ages() == 5_000_000
    clock.advance(STREAM_PATIENCE_SECONDS - 1)
    assert ages() == 5_000_000 + (STREAM_PATIENCE_SECONDS - 1) * 1000
    clock.advance(1)
    assert ages() == 9_000_000 + STREAM_PATIENCE_SECONDS * 1000
    ages.hear(6_000)
    assert ages() == 6_000
    clock.advance(2)
    assert ages() == 8_000
    ages.hear(DAY * 1000)  # one of several servers is wrong
    clock.advance(2)
    ages.hear(10_000)
    assert ages() == 10_000


class Reactor(ReactorBase):
    def installWaker(self) -> None:  # noqa: N802  # Twisted's
        pass


def test_a_reactor_goes_by_the_time_that_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    reactor = Reactor()
    tell_monotonic_time(reactor)
    tell_monotonic_time(reactor)
    called: list[int] = []
    passed, before = time.monotonic, time.time()
    assert abs(reactor.seconds() - before) < 5
    reactor.callLater(10, called.append, 1)
    monkeypatch.setattr(time, "time", lambda: before - HOUR)
    monkeypatch.setattr(time, "monotonic", lambda: passed() + 9)
    reactor.runUntilCurrent()
    assert called == []
    assert 0 < reactor.timeout() <= 1  # type: ignore[operator]  # there is a call, so it is no None
    monkeypatch.setattr(time, "monotonic", lambda: passed() + 11)
    reactor.runUntilCurrent()
    assert called == [1]


def test_a_stand_in_for_a_reactor_keeps_its_own_time() -> None:
    clock = Clock()
    tell_monotonic_time(clock)
    clock.advance(5)
    assert clock.seconds() == 5
