"""A journal that is stopped while anything may be under way: everybody has an answer, and nothing goes on after it."""

from __future__ import annotations

import gc
import random
import shutil
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import pytest
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, LogLevel, eventAsText, globalLogPublisher
from twisted.python.failure import Failure

from chatd.journal import Journal, JournalError, Page, Query, Retention
from chatd.journal.read_markers import Marker
from chatd.journal.sqlite.journal import SqliteJournal
from chatd.journal.sqlite.store import Store
from chatd.model.entry import Entry
from chatd.protocol.events import Said
from tests.support.in_memory_chat import journal_environment

T = TypeVar("T")
STEPS = 60
"""After how many steps, at most, the journal is stopped: by then each of its timers has run."""


class Machine:
    """A clock and some threads, of which `step` lets one do the next thing, by chance."""

    def __init__(self, chance: random.Random) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000)
        self.threads: list[SteppedWorker] = []
        self.results: deque[Callable[[], object]] = deque()
        """What the threads have for the reactor's."""
        self._chance = chance

    def worker(self, _name: str) -> SteppedWorker:
        self.threads.append(SteppedWorker(self.results))
        return self.threads[-1]

    def step(self) -> bool:
        """Return whether there was anything to do."""
        steps: list[Callable[[], object]] = [each.work for each in self.threads if each.jobs]
        if self.results:
            steps.append(self.take_result)
        if calls := self.clock.getDelayedCalls():
            due = min(call.getTime() for call in calls)
            steps.append(lambda: self.clock.advance(max(0, due - self.clock.seconds())))
        if steps:
            self._chance.choice(steps)()
        return bool(steps)

    def take_result(self) -> None:
        self.results.popleft()()


class SteppedWorker:
    """A thread that does one job when it is told to; what became of it is told later, as by a real one."""

    def __init__(self, results: deque[Callable[[], object]]) -> None:
        self.jobs: deque[Callable[[], None]] = deque()
        self._results = results
        self._runs = False

    def start(self) -> None:
        self._runs = True

    def stop(self) -> None:
        while self.jobs:
            self.work()
        self._runs = False

    def work(self) -> None:
        self.jobs.popleft()()

    def do(self, job: Callable[[], T]) -> Deferred[T]:
        assert self._runs, "a thread that was stopped does nothing more"
        done: Deferred[T] = Deferred()

        def carry_out() -> None:
            try:
                result = job()
            except Exception:
                failure = Failure()
                self._results.append(lambda: done.errback(failure))
            else:
                self._results.append(lambda: done.callback(result))

        self.jobs.append(carry_out)
        return done


class Asker:
    """Whoever waits for answers of a journal."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.waiting = 0
        self.surprises: list[object] = []

    def ask(self, question: Callable[[], Deferred[Any]]) -> None:
        """Note whether there is an answer, and whether it is anything but that the journal is closed."""
        self.waiting += 1
        maybeDeferred(question).addErrback(lambda failure: failure.trap(JournalError) and None).addBoth(self._answered)

    def read_on(self, query: Query) -> Deferred[Page]:
        """Read page after page, as a replay does."""

        def on(page: Page) -> Any:
            return self.read_on(replace(query, after=page.kept[-1].id)) if page.more else page

        return self._journal.read(query).addCallback(on)

    def _answered(self, result: object) -> None:
        self.waiting -= 1
        if isinstance(result, Failure):
            self.surprises.append(result)


@pytest.fixture
def errors() -> Iterator[list[str]]:
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        if event["log_level"] >= LogLevel.error:
            lines.append(eventAsText(event, includeSystem=False))

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]  # any callable is one
    yield lines
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]  # as above


def use(journal: Journal, asker: Asker, path: Path) -> None:
    """Have something under way in each way that there is."""
    for number in range(40):
        journal.append(Entry("#a", Said("alice", "#a", f"word {number} {'x' * 1000}")))
    journal.append(Entry("#b", Said("alice", "#b", "word")))
    journal.forget({"#b": 1000})
    journal.set_retention(Retention(seconds=1000))
    journal.markers.note(Marker("alice", 1, "#a", 1))
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("PRAGMA synchronous = OFF")
        db.execute("INSERT INTO request (room, subject) VALUES ('#a', 'mallory')")
    for _ in range(2):
        asker.ask(lambda: journal.search("#a", ["word"], 1000, 5))
    asker.ask(lambda: asker.read_on(Query("#a")))
    asker.ask(journal.flush)
    asker.ask(journal.markers.flush)


@pytest.mark.parametrize("seed", range(6))
def test_after_the_stop_everybody_has_an_answer_and_nothing_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errors: list[str], seed: int
) -> None:
    monkeypatch.setattr("chatd.journal.sqlite.searches.QUICK_SECONDS", -1)
    monkeypatch.setattr("chatd.journal.sqlite.reader._PROGRESS_STEPS", 1)
    Store(tmp_path / "new", synchronous="OFF").close()
    for steps in range(STEPS):
        path = tmp_path / str(steps)
        shutil.copy(tmp_path / "new", path)  # which is quicker than to make each
        stop_after(steps, random.Random(seed), path)
    gc.collect()  # a failure that nobody handles is logged by now
    assert errors == []


def stop_after(steps: int, chance: random.Random, path: Path) -> None:
    machine = Machine(chance)
    around = replace(journal_environment(machine.clock), make_worker=machine.worker)
    journal = SqliteJournal(f"sqlite:{path}", around, synchronous="OFF")
    asker = Asker(journal)

    def follow(_entries: Sequence[Entry]) -> None:
        asker.ask(lambda: asker.read_on(Query("#a", newest=True)))

    journal.follow(follow)
    journal.start()
    for step in range(steps):
        if step % 10 == 0:
            use(journal, asker, path)
        machine.step()
    stopped = journal.stop()
    while not stopped.called:
        assert machine.step(), f"after {steps} steps: nothing is to be done and the journal is not stopped"
    assert machine.clock.getDelayedCalls() == [], f"after {steps} steps"
    while machine.results:
        machine.take_result()
    stopped.addErrback(asker.surprises.append)
    assert (asker.waiting, asker.surprises) == (0, []), f"after {steps} steps"
    assert machine.clock.getDelayedCalls() == [], f"after {steps} steps"
