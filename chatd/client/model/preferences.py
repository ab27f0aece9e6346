"""What its user has chosen of the window, apart from its colours and the size of its text."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Any


class Traffic(StrEnum):
    """What is seen of who joins, leaves and takes another name."""

    FOLDED = "folded"
    SHOWN = "shown"
    HIDDEN = "hidden"


class SendKey(StrEnum):
    """What sends a message; the other key begins a new line."""

    ENTER = "enter"
    CTRL_ENTER = "ctrl-enter"


class Clock(StrEnum):
    """How the time of day is written."""

    HOURS_24 = "24"
    HOURS_12 = "12"

    def written(self, hour: int, minute: int) -> str:
        """Return a time of day."""
        if self is Clock.HOURS_24:
            return f"{hour:02}:{minute:02}"
        return f"{hour % 12 or 12}:{minute:02} {'AM' if hour < 12 else 'PM'}"


@dataclass(slots=True)
class Preferences:
    """One value for the whole window: who draws by it asks each time."""

    avatars: bool = True
    traffic: Traffic = Traffic.FOLDED
    clock: Clock = Clock.HOURS_24
    send_key: SendKey = SendKey.ENTER
    notices: bool = True
    """Whether the desktop shows notices."""
    bell: bool = True


def load(value: object) -> Preferences:
    """Return what was kept. Raise `ValueError` for what is none; what is missing is as it is by default."""
    if not isinstance(value, dict):
        raise ValueError
    return Preferences(**{key: check(value[key]) for key, check in _CHECKS.items() if key in value})


def yes_or_no(value: object) -> bool:
    """Return a value that is either. Raise `ValueError` for another."""
    if not isinstance(value, bool):
        raise ValueError
    return value


_CHECKS: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {
        "avatars": yes_or_no,
        "traffic": Traffic,
        "clock": Clock,
        "send_key": SendKey,
        "notices": yes_or_no,
        "bell": yes_or_no,
    }
)
