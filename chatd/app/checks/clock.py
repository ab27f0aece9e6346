"""The clock, by which messages are dated and what is old is deleted."""

from __future__ import annotations

import ctypes
import sqlite3
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from enum import Enum, auto
from pathlib import Path

import chatd
from chatd.app.checks.question import Question
from chatd.app.checks.result import Result, good, warning
from chatd.app.checks.sqlite_file import UnreadError, opened

_AHEAD_SECONDS = 60
"""By how much what was said last may seem to be from the future."""
_TICK_SECONDS = 0.005
_TIMEX_BYTES = 256
"""More than adjtimex(2) writes."""
_TIME_ERROR = 5


class Kept(Enum):
    """Whether something keeps the clock right."""

    YES = auto()
    NO = auto()
    UNKNOWN = auto()


def check(question: Question) -> Iterator[Result]:
    """Yield what is found of the clock."""
    newest = None if question.in_daemon or question.file is None else _newest(question.file)
    yield wall(time.time(), Path(chatd.__file__).stat().st_mtime, newest)
    before = time.monotonic()
    time.sleep(_TICK_SECONDS)
    yield steady(before, time.monotonic())
    yield kept(_synchronised())


def wall(now: float, installed: float, newest: float | None) -> Result:
    """Return whether a time can be right: not before chatd was installed, nor before the newest message was sent.

    All are in seconds since 1970.
    """
    name, shown = "clock.time", f"the time is {_shown(now)}"
    if now < installed - _AHEAD_SECONDS:
        return warning(name, f"{shown}, but chatd was installed on {_shown(installed)}", "set the clock")
    if newest is not None and now < newest - _AHEAD_SECONDS:
        return warning(name, f"{shown}, but the newest message is from {_shown(newest)}", "set the clock")
    return good(name, shown)


def steady(before: float, after: float) -> Result:
    """Return whether the monotonic clock, by which all that waits is timed, went on between two readings."""
    if after <= before:
        return warning("clock.monotonic", "the monotonic clock stands still", "restart the machine, or ask its host")
    return good("clock.monotonic", "the monotonic clock advances")


def kept(synchronised: Kept) -> Result:
    """Return whether something keeps the clock right."""
    match synchronised:
        case Kept.YES:
            return good("clock.kept", "the kernel reports that the clock is synchronized")
        case Kept.NO:
            do = "run chrony or systemd-timesyncd, unless the host synchronizes it"
            return warning("clock.kept", "the kernel reports that the clock is not synchronized", do)
        case Kept.UNKNOWN:
            return good("clock.kept", "cannot tell here whether the clock is synchronized")


def _newest(path: Path) -> float | None:
    """Return when the newest message of a journal was sent, None if that cannot be read."""
    try:
        if not path.stat().st_size:
            return None
        with opened(path) as db:
            (newest,) = db.execute("SELECT max(time) FROM entry").fetchone()
    except (OSError, sqlite3.Error, UnreadError):
        return None
    return None if newest is None else newest / 1000


def _synchronised() -> Kept:
    """Ask the kernel; nothing is set. See adjtimex(2)."""
    try:
        adjtimex = ctypes.CDLL(None, use_errno=True).adjtimex
    except (OSError, AttributeError):
        return Kept.UNKNOWN
    state = adjtimex(ctypes.create_string_buffer(_TIMEX_BYTES))  # modes, at its beginning, is 0
    if state < 0:
        return Kept.UNKNOWN
    return Kept.NO if state == _TIME_ERROR else Kept.YES


def _shown(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M} UTC"
