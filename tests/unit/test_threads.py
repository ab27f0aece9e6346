"""Threads, and who of them goes first."""

from __future__ import annotations

import os
import sys
import threading

import pytest
import pytest_twisted
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from chatd.runtime.threads import PATIENT_NICENESS, Thread


def niceness() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has no priority of its own there")
@pytest_twisted.ensureDeferred
async def test_a_patient_thread_lets_the_reactor_go_first_and_nobody_else_changes() -> None:
    before = niceness()
    found: list[int] = []
    for patient in (True, False):
        thread = Thread(reactor, "a thread", patient=patient)
        thread.start()
        done: Deferred[int] = thread.do(niceness)
        found.append(await done)
        thread.stop()
    assert found == [max(before, PATIENT_NICENESS), before]
    assert niceness() == before


@pytest_twisted.ensureDeferred
async def test_a_sandbox_in_which_it_may_not_be_patient_is_no_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(os, "setpriority", refuse)
    thread = Thread(reactor, "a thread", patient=True)
    thread.start()
    done: Deferred[int] = thread.do(niceness)
    assert await done == niceness()
    thread.stop()


@pytest_twisted.ensureDeferred
async def test_jobs_are_done_in_their_order_and_those_that_were_given_before_a_stop_are_done() -> None:
    thread = Thread(reactor, "a thread")
    done: list[int] = []
    thread.do(lambda: done.append(1))  # waits for the start
    thread.start()
    failed: Deferred[float] = thread.do(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await failed
    thread.do(lambda: done.append(2))
    thread.do(lambda: done.append(3))
    thread.stop()
    assert done == [1, 2, 3]
    thread.stop()


@pytest_twisted.ensureDeferred
async def test_nobody_waits_for_a_detached_thread() -> None:
    thread = Thread(reactor, "a detached thread", detached=True)
    thread.start()
    (running,) = [each for each in threading.enumerate() if each.name == "a detached thread"]
    assert running.daemon  # the process ends without it
    go_on = threading.Event()
    waiting: Deferred[bool] = thread.do(go_on.wait)
    thread.stop()
    assert running.is_alive()
    go_on.set()
    assert await waiting
    running.join()
