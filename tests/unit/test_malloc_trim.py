"""Memory goes back to the system when a crowd has gone."""

from __future__ import annotations

import subprocess
import sys

import pytest
from twisted.internet.task import Clock

from chatd.app.malloc_trim import CHECK_SECONDS, WORTH_TRIMMING, MallocTrim
from chatd.runtime.timers import TimerWheel
from tests.support.daemon import environment


def test_it_is_given_back_once_each_time_that_a_crowd_has_gone() -> None:
    clock = Clock()
    timers = TimerWheel(clock)
    timers.start()
    given: list[int] = []
    there = 0
    slack = MallocTrim(timers, lambda: there, lambda: given.append(there))
    slack.start()
    many = WORTH_TRIMMING
    for there in (10, many + 10, many * 2, many + 1, many // 2, many // 2, 0, many + 5, 5, 5):  # noqa: B007
        clock.pump([1] * CHECK_SECONDS)
    assert given == [WORTH_TRIMMING // 2, 5]
    timers.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="what the C library does is known for Linux alone")
def test_what_the_c_library_keeps_is_given_back() -> None:
    program = """
import sys
from pathlib import Path
from chatd.app.malloc_trim import trim_malloc

def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096

kept = [bytes(2000) for _ in range(50_000)]
kept = kept[::100]
before = resident()
trim_malloc()
sys.exit(0 if before - resident() > 20_000_000 else f"{before} {resident()}")
"""
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(), capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
