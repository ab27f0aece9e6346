"""Durations as people write them."""

from __future__ import annotations

import re

_SECONDS = {"s": 1, "m": 60, "h": 60 * 60, "d": 24 * 60 * 60, "w": 7 * 24 * 60 * 60}
MAX_SECONDS = 10_000 * 7 * 24 * 60 * 60


def seconds(text: str) -> int:
    """Return the seconds of a duration such as ``90s``, ``15m``, ``12h``, ``30d`` or ``2w``.

    Raise `ValueError`, with a text for the person who wrote it, for anything else and for zero or more than 10,000
    weeks.
    """
    match = re.fullmatch(r"([0-9]{1,10})([smhdw])", text)
    length = int(match[1]) * _SECONDS[match[2]] if match else 0
    if not 0 < length <= MAX_SECONDS:
        raise ValueError(f"{text[:40]!r} is not a duration; write 90s, 15m, 12h, 30d or 2w")
    return length


def written(length: int) -> str:
    """Return a number of seconds, more than none, as `seconds` reads it, in the largest unit that it is whole in."""
    unit = max((unit for unit in _SECONDS if length % _SECONDS[unit] == 0), key=_SECONDS.__getitem__)
    return f"{length // _SECONDS[unit]}{unit}"
