"""Whose search comes when, and that nothing else waits for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from twisted.python.failure import Failure

from chatd.journal import TooMuchError
from chatd.journal.sqlite.searches import LONG_SECONDS, QUICK_BETWEEN, QUICK_SECONDS, Searches
from tests.support.in_memory_chat import ManualWorker, SlowJournalChat


class Rig:
    """Searches that take as long as they are said to, and what was made of them, in order."""

    def __init__(self) -> None:
        self.worker = ManualWorker()
        self.searches: Searches[str] = Searches(self.worker)
        self.done: list[str] = []
        self.failed: list[str] = []

    def search(self, name: str, seconds: float) -> None:
        def failed(failure: Failure) -> None:
            failure.trap(TooMuchError)
            self.failed.append(name)

        self.searches.do(self._takes(name, seconds)).addCallbacks(self.done.append, failed)

    def _takes(self, name: str, seconds: float) -> Callable[[float], str]:
        def search(at_most: float) -> str:
            if seconds > at_most:
                raise TooMuchError("it took too long")
            return name

        return search

    def work(self, most: int = 1000) -> None:
        while self.worker.jobs and most:
            self.worker.work()
            most -= 1


def test_who_asks_for_little_is_answered_before_those_who_ask_for_much() -> None:
    rig = Rig()
    for number in range(5):
        rig.search(f"long {number}", LONG_SECONDS)
    rig.work(5)
    rig.search("quick", QUICK_SECONDS)
    rig.work(2)  # the long one that was begun already, and this
    assert rig.done == ["long 0", "quick"]
    rig.work()
    assert rig.done == ["long 0", "quick", *(f"long {number}" for number in range(1, 5))]


def test_long_ones_have_their_turn_however_many_quick_ones_there_are() -> None:
    rig = Rig()
    rig.search("long", LONG_SECONDS)
    for _ in range(3 * QUICK_BETWEEN):
        rig.search("quick", QUICK_SECONDS)
        rig.work(1)
        if "long" in rig.done:
            break
    assert "long" in rig.done


def test_what_takes_too_long_is_given_up_at_its_second_try() -> None:
    rig = Rig()
    rig.search("endless", 2 * LONG_SECONDS)
    rig.search("quick", 0)
    rig.work()
    assert (rig.done, rig.failed) == (["quick"], ["endless"])


def test_what_waits_at_the_end_fails_and_nothing_more_is_begun() -> None:
    rig = Rig()
    for name in ("one", "two"):
        rig.search(name, LONG_SECONDS)
    rig.work(2)
    rig.searches.close()
    assert rig.failed == ["two"]
    rig.work()
    assert rig.done == ["one"]
    rig.search("three", LONG_SECONDS)
    rig.work()
    assert rig.failed == ["two", "three"]


def test_history_and_what_was_missed_wait_for_no_search(tmp_path: Path) -> None:
    chat = SlowJournalChat(tmp_path / "j")
    chat.person("JOIN bob #a", "MSG one", "MSG two")
    chat.turn()
    chat.slow = True
    alice, carol, dave = chat.person(), chat.person(), chat.program()
    alice.says("JOIN alice #a", "SEARCH one")
    carol.says("JOIN carol #a", "HISTORY")
    dave.says("JOIN dave #a since=0 epoch=e1")
    chat.turn()
    for name in ("writer", "reader"):  # the first puts what is new into the index
        while chat.workers[name].jobs:
            chat.workers[name].work()
            chat.turn()
    assert chat.workers["searcher"].jobs
    assert carol.take()[-1] == "OK HISTORY #a 2"
    assert "recovered=yes" in dave.take()[-1]
    assert not any("SEARCH" in line for line in alice.take())
    chat.slow = False
    chat.turn()
    assert alice.take()[-1] == "OK SEARCH #a 1"
    chat.journal.stop()
