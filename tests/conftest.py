"""How tests share the machine, and fixtures for all: one that is always on fails a test for what it leaves behind."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from twisted.logger import LogEvent, LogLevel, eventAsText, globalLogPublisher
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

from tests.support.display import MISSING, virtual_display
from tests.support.turns import turn

WORKERS_PER_CORE = 2
"""Most tests wait for a process or a moment most of the time."""
TOGETHER = ("tests/end_to_end/test_packaging.py", "tests/cluster/test_cluster.py")
"""Files whose tests share what takes long to make; they are run by one worker."""

# Under nohup, or in the background of a script, these are ignored, and so they would be in all that tests start.
for ignored, handler in ((signal.SIGHUP, signal.SIG_DFL), (signal.SIGINT, signal.default_int_handler)):
    if signal.getsignal(ignored) is signal.SIG_IGN:
        signal.signal(ignored, handler)

# How long an example takes says nothing where other tests run at the same time.
settings.register_profile("side by side", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("side by side")


class OneByOne(LoadScopeScheduling):  # type: ignore[misc]  # pytest-xdist is not typed
    """Give each test to the next worker that is free.

    The marks that pytest-xdist has for this are lost without a word under pytest 9.2, which ignores the names that
    pytest-xdist 3.8 gives to tests.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return file if file in TOGETHER else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneByOne:
    """Return who hands out the tests."""
    return OneByOne(config, log)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers ``-n auto`` stands for."""
    return int(os.environ.get("PYTEST_XDIST_AUTO_NUM_WORKERS", WORKERS_PER_CORE * (os.cpu_count() or 1)))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the long ones first, and those that run alone last, so that in the end hardly anybody waits for them."""
    items.sort(key=lambda item: (_runs_alone(item), item.get_closest_marker("slow") is None))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Run a test, with its fixtures, when it may."""
    locks = item.config.rootpath / ".pytest_cache" / "turns"
    locks.mkdir(parents=True, exist_ok=True)
    with turn(locks, alone=_runs_alone(item)):
        return (yield)


def _runs_alone(item: pytest.Item) -> bool:
    return item.get_closest_marker("serial") is not None


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
