"""What is stopped while anything may be under way: everybody has an answer, and nothing goes on after it."""

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
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.task import Clock
from twisted.logger import LogEvent, LogLevel, eventAsText, globalLogPublisher
from twisted.python.failure import Failure

from chatd.accounts import Vouched
from chatd.accounts.scram_store import ScramStore
from chatd.accounts.service import AccountService, Registration
from chatd.accounts.store import Account, AccountStore
from chatd.hooks.receiver import Outcome
from chatd.hooks.service import Hooks
from chatd.hooks.store import Hook, open_hook_store
from chatd.journal import Journal, JournalError, Page, Query, Retention
from chatd.journal.memory import MemoryJournal
from chatd.journal.read_markers import Marker
from chatd.journal.sqlite.journal import SqliteJournal
from chatd.journal.sqlite.store import Store
from chatd.model.entry import Entry
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Said
from chatd.protocol.names import RoomName
from chatd.runtime.log_limiter import LogLimiter
from chatd.runtime.thread_pool import ThreadPool
from chatd.runtime.timers import TimerWheel
from tests.support.in_memory_accounts import PASSWORD, SCRAM_ITERATIONS, CountingHasher
from tests.support.in_memory_chat import journal_environment

T = TypeVar("T")
STEPS = 60
"""After how many steps, at most, something is stopped: by then each of its timers has run."""


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

    def end(self, stopped: Deferred[None]) -> None:
        """Go on until something is stopped, and let those have their answers whose work was done by then."""
        while not stopped.called:
            assert self.step(), "nothing is to be done, and it is not stopped"
        assert self.clock.getDelayedCalls() == []
        while self.results:
            self.take_result()
        assert self.clock.getDelayedCalls() == []


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
    """Whoever waits for answers, of which some may fail in ways that are foreseen."""

    def __init__(self, *foreseen: type[Exception]) -> None:
        self._foreseen = foreseen
        self.waiting = 0
        self.surprises: list[object] = []

    def ask(self, question: Callable[[], Deferred[Any]]) -> None:
        """Note whether there is an answer, and whether it is a surprise."""
        self.waiting += 1
        asked = maybeDeferred(question).addErrback(lambda failure: failure.trap(*self._foreseen) and None)
        asked.addBoth(self._answered)

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


def read_on(journal: Journal, query: Query) -> Deferred[Page]:
    """Read page after page, as a replay does."""

    def on(page: Page) -> Any:
        return read_on(journal, replace(query, after=page.kept[-1].id)) if page.more else page

    return journal.read(query).addCallback(on)


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
    asker.ask(lambda: read_on(journal, Query("#a")))
    asker.ask(journal.flush)
    asker.ask(journal.markers.flush)


@pytest.mark.parametrize("seed", range(4))
def test_a_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errors: list[str], seed: int) -> None:
    monkeypatch.setattr("chatd.journal.sqlite.searches.QUICK_SECONDS", -1)
    monkeypatch.setattr("chatd.journal.sqlite.reader._PROGRESS_STEPS", 1)
    Store(tmp_path / "new", synchronous="OFF").close()
    for steps in range(STEPS):
        path = tmp_path / str(steps)
        shutil.copy(tmp_path / "new", path)  # which is quicker than to make each
        stop_journal_after(steps, random.Random(seed), path)
    gc.collect()  # a failure that nobody handles is logged by now
    assert errors == []


def stop_journal_after(steps: int, chance: random.Random, path: Path) -> None:
    machine = Machine(chance)
    around = replace(journal_environment(machine.clock), make_worker=machine.worker)
    journal = SqliteJournal(f"sqlite:{path}", around, synchronous="OFF")
    asker = Asker(JournalError)

    def follow(_entries: Sequence[Entry]) -> None:
        asker.ask(lambda: read_on(journal, Query("#a", newest=True)))

    journal.follow(follow)
    journal.start()
    for step in range(steps):
        if step % 10 == 0:
            use(journal, asker, path)
        machine.step()
    stopped = journal.stop()
    machine.end(stopped)
    stopped.addErrback(asker.surprises.append)
    assert (asker.waiting, asker.surprises) == (0, [])


class ChanceReceiver:
    """A receiver of a webhook that answers in a while, or does not."""

    is_open = False

    def __init__(self, machine: Machine, chance: random.Random) -> None:
        self._machine = machine
        self._chance = chance

    async def post(self, _headers: dict[str, str], _body: bytes) -> Outcome:
        self.is_open = True
        answered: Deferred[Outcome] = Deferred()
        outcome = self._chance.choice([Outcome(204), Outcome(500, "answered 500"), None])
        if outcome is not None:
            self._machine.results.append(lambda: None if answered.called else answered.callback(outcome))
        return await answered

    def rest(self) -> Deferred[None]:
        self.is_open = False
        return succeed(None)

    def abort(self) -> None:
        self.is_open = False


@pytest.mark.parametrize("seed", range(4))
def test_webhooks(tmp_path: Path, errors: list[str], seed: int) -> None:
    with open_hook_store(tmp_path / "new", make=True) as store:
        for room in ("#a", "#b"):
            store.add(Hook(0, RoomName(room), "https://example.org/", bytes(32), False, 1, "series"))
    for steps in range(STEPS):
        path = tmp_path / str(steps)
        shutil.copy(tmp_path / "new", path)
        stop_webhooks_after(steps, random.Random(seed), path)
    gc.collect()
    assert errors == []


def stop_webhooks_after(steps: int, chance: random.Random, path: Path) -> None:
    machine = Machine(chance)
    clock = machine.clock
    journal = MemoryJournal(journal_environment(clock))
    journal.start()
    for number in range(4):
        journal.append(Entry(f"#{'ab'[number % 2]}", Said("alice", f"#{'ab'[number % 2]}", f"word {number}")))
    journal.flush()
    receivers: list[ChanceReceiver] = []

    def receiver(_hook: Hook) -> ChanceReceiver:
        receivers.append(ChanceReceiver(machine, chance))
        return receivers[-1]

    worker = machine.worker("hooks")
    hooks = Hooks(path, clock, worker, journal, clock.seconds, LogLimiter(TimerWheel(clock)), receiver)
    hooks.start()
    for step in range(steps):
        if step == STEPS // 2:
            with open_hook_store(path, make=False) as store:
                store.remove(1)
        machine.step()
    machine.end(Deferred.fromCoroutine(hooks.stop()))
    assert not worker.jobs
    assert [each.is_open for each in receivers if each.is_open] == []


@pytest.mark.parametrize("seed", range(4))
def test_accounts(tmp_path: Path, errors: list[str], seed: int) -> None:
    for steps in range(STEPS // 2):
        path = tmp_path / str(steps)
        stop_accounts_after(steps, random.Random(seed), path)
    gc.collect()
    assert errors == []


def stop_accounts_after(steps: int, chance: random.Random, path: Path) -> None:
    machine = Machine(chance)
    store = AccountStore(path if steps % 2 else None)
    pool = ThreadPool([machine.worker("one"), machine.worker("two")], 64)
    accounts = AccountService(
        store,
        machine.clock,
        pool,
        CountingHasher(),
        registration=Registration.OPEN,
        scram=ScramStore(store, SCRAM_ITERATIONS),
    )
    accounts.start()
    store.add(Account("ann", "Ann", CountingHasher(rounds=2).hash(PASSWORD), operator=False, created=0))
    asker = Asker(ChatError)
    for step in range(steps):
        if step % 10 == 0:
            asker.ask(lambda: accounts.log_in("ann", PASSWORD, "192.0.2.1"))
            asker.ask(lambda: accounts.log_in("bob", PASSWORD, "192.0.2.2"))
            asker.ask(lambda: accounts.register(f"carol{step}", PASSWORD, None, "192.0.2.3"))  # noqa: B023  # at once
            asker.ask(lambda: accounts.log_in_vouched(Vouched("https://op", "1", "dan", frozenset()), None))
            asker.ask(lambda: accounts.open_login("ann"))
        machine.step()
    accounts.stop()
    machine.end(succeed(None))
    assert (asker.waiting, asker.surprises) == (0, [])
