"""Times as IRCv3 writes them in parameters."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from chatd.protocol import wire

_STAMP = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:)(\d\d)(\.\d{1,6})?Z", re.ASCII)
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001  # both ends of the difference are in UTC
KEY = "timestamp="


def milliseconds_of(stamp: str) -> int | None:
    """Return when a time is, in milliseconds since 1970; None for what is no time."""
    if (match := _STAMP.fullmatch(stamp)) is None:
        return None
    seconds = min(int(match[2]), 59)  # a leap second is the one before it
    try:
        moment = datetime.fromisoformat(f"{match[1]}{seconds:02}")
    except ValueError:
        return None
    fraction = int((match[3] or ".0")[1:].ljust(3, "0")[:3])
    return (moment - _EPOCH) // timedelta(milliseconds=1) + fraction


def stamp_of(milliseconds: int) -> str:
    """Return a time, in milliseconds since 1970, as it is written."""
    return wire.timestamp(milliseconds)
