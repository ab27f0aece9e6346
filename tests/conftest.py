"""Fixtures for every test; the one that is always on fails a test for what it leaves behind."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from typing import Any

import pytest
from twisted.logger import LogEvent, LogLevel, eventAsText, globalLogPublisher

from tests.support.display import MISSING, virtual_display


@pytest.fixture(autouse=True)
def nothing_left_behind(request: pytest.FixtureRequest) -> Iterator[list[LogEvent]]:
    """Fail a test that logged a traceback, dropped a Deferred that had failed, or left a delayed call behind.

    A test that provokes a traceback asks for this fixture by name and takes what it expects off the list.
    """
    from twisted.internet import reactor

    clock: Any = reactor
    before = set(clock.getDelayedCalls())
    failures: list[LogEvent] = []

    def observe(event: LogEvent) -> None:
        if event.get("log_failure") is not None or event.get("log_level") is LogLevel.critical:
            failures.append(event)

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]  # any callable is one
    yield failures
    gc.collect()  # a Deferred tells of its unhandled failure when it is collected
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]  # as above
    problems = [eventAsText(event) for event in failures]
    for call in set(clock.getDelayedCalls()) - before:
        if call.active():
            problems.append(f"left behind: {call}")
            call.cancel()
    if problems:
        pytest.fail(f"{request.node.name} left behind:\n" + "\n".join(problems), pytrace=False)


@pytest.fixture(scope="session", autouse=True)
def quick_collections() -> None:
    """Keep what the imports made out of every later garbage collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session")
def display() -> Iterator[str]:
    """A display that nobody sees. One for all: a process in which Tk has lost its display comes to an end."""
    if MISSING:
        pytest.skip(MISSING)
    with virtual_display() as name:
        yield name
