"""Tests that run side by side, and those that run alone."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from fcntl import LOCK_NB, LOCK_SH, flock
from pathlib import Path

from tests.support.daemon import DEADLINE
from tests.support.turns import turn


def test_many_run_side_by_side(tmp_path: Path) -> None:
    with turn(tmp_path, alone=False), turn(tmp_path, alone=False):
        pass


def test_who_wants_to_be_alone_waits_for_those_before_and_goes_before_those_after(tmp_path: Path) -> None:
    order: list[str] = []
    waiting = threading.Event()

    def take(name: str, *, alone: bool) -> None:
        waiting.set()
        with turn(tmp_path, alone=alone):
            order.append(name)

    with ThreadPoolExecutor() as pool:
        with ExitStack() as first:
            first.enter_context(turn(tmp_path, alone=False))
            alone = pool.submit(take, "alone", alone=True)
            assert waiting.wait(DEADLINE)
            while _is_free(tmp_path / "queue"):
                pass
            after = pool.submit(take, "after", alone=False)
            assert not alone.done()
            order.append("first")
        for each in (alone, after):
            each.result(DEADLINE)
    assert order == ["first", "alone", "after"]


def _is_free(lock: Path) -> bool:
    with lock.open("w") as file:
        try:
            flock(file, LOCK_SH | LOCK_NB)
        except BlockingIOError:
            return False
        return True
