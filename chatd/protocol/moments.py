"""Moments as people write them: how long ago, or a date, or a date and a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from chatd.protocol import duration

_DATE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)?)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Moment:
    """A moment, as it was written: ``2h`` is two hours ago, ``2026-11-01`` the beginning of that day, in UTC.

    A time may follow the date, as in ``2026-11-01T09:30``, ``2026-11-01T09:30:15.250Z`` or ``2026-11-01T09:30+02:00``.
    """

    text: str

    def milliseconds(self, now: int) -> int:
        """Return when it is, in milliseconds since 1970, as ``now`` is. Raise `ValueError` if it is no moment."""
        if not _DATE.fullmatch(self.text):
            return now - duration.seconds(self.text) * 1000
        moment = datetime.fromisoformat(self.text)
        return round((moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp() * 1000)


def is_moment(text: str) -> bool:
    """Return whether a text is how a moment is written."""
    try:
        Moment(text).milliseconds(0)
    except (ValueError, OverflowError):
        return False
    return True
