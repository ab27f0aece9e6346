"""Time zones as people write them: how far a clock is ahead of UTC."""

from __future__ import annotations

import re

_OFFSET = re.compile(r"(?:UTC|GMT)?([+-])([0-9]{1,2})(?::?([0-5][0-9]))?", re.IGNORECASE)
MAX_MINUTES = 14 * 60


def minutes(text: str) -> int:
    """Return how many minutes a zone (``+02:00``, ``-5``, ``UTC+5:30``, ``UTC``) is ahead of UTC.

    Raise `ValueError`, with a text for the person who wrote it, for anything else and for more than 14 hours.
    """
    if text.upper() in ("UTC", "GMT", "Z"):
        return 0
    match = _OFFSET.fullmatch(text)
    ahead = MAX_MINUTES + 1 if match is None else int(match[2]) * 60 + int(match[3] or 0)
    if match is None or ahead > MAX_MINUTES:
        raise ValueError(f"{text[:40]!r} is not a time zone; write +02:00, -05:30 or UTC")
    return -ahead if match[1] == "-" else ahead


def written(ahead: int) -> str:
    """Return a zone as `minutes` reads it: ``+02:00``."""
    hours, rest = divmod(abs(ahead), 60)
    return f"{'-' if ahead < 0 else '+'}{hours:02}:{rest:02}"
