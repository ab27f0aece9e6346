"""Several workers, and a bound."""

from __future__ import annotations

import pytest
from pytest_twisted import ensureDeferred
from twisted.python.failure import Failure

from chatd.protocol.errors import ChatError, Code
from chatd.runtime.thread_pool import ThreadPool
from chatd.runtime.threads import Thread
from tests.support.in_memory_chat import ManualWorker


def test_the_work_is_shared_and_bounded() -> None:
    workers = ManualWorker(), ManualWorker()
    pool = ThreadPool(workers, 3)
    done = [pool.do(lambda: 1) for _ in range(3)]
    assert [len(worker.jobs) for worker in workers] == [2, 1]
    with pytest.raises(ChatError) as refused:
        pool.do(lambda: 1)
    assert refused.value.code is Code.SLOW_DOWN
    workers[0].work()
    assert [deferred.called for deferred in done] == [True, False, False]
    pool.do(lambda: 1)
    assert [len(worker.jobs) for worker in workers] == [2, 1]


def test_what_fails_makes_room_too() -> None:
    worker = ManualWorker()
    pool = ThreadPool([worker], 1)
    for _ in range(3):
        failed = pool.do(lambda: 1 / 0)
        worker.work()
        failed.addErrback(Failure.trap, ZeroDivisionError)
        assert failed.called


def test_what_waits_at_the_end_is_not_done() -> None:
    worker = ManualWorker()
    pool = ThreadPool([worker], 9)
    done: list[int] = []
    failed: list[Failure] = []
    pool.do(lambda: done.append(1)).addErrback(failed.append)
    pool.stop()
    worker.work()
    assert not done
    (failure,) = failed
    assert isinstance(failure.value, ChatError)
    assert failure.value.code is Code.UNAVAILABLE
    with pytest.raises(ChatError):
        pool.do(lambda: 1)


@ensureDeferred
async def test_threads_are_started_when_they_are_needed_and_ended() -> None:
    import threading

    from twisted.internet import reactor

    before = threading.active_count()
    pool = ThreadPool([Thread(reactor, f"test {number}") for number in range(2)], 9)
    assert threading.active_count() == before
    assert await pool.do(threading.current_thread) is not threading.current_thread()
    pool.stop()
    assert threading.active_count() == before
