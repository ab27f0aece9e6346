"""What is known of the last so many things: what IRC says with a message and nobody stores."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

MAX_REMEMBERED = 1000


class Remembered(Generic[Key, Value]):
    """Of the last `MAX_REMEMBERED` things what was noted of them; of all others ``nothing``."""

    def __init__(self, nothing: Value) -> None:
        self._nothing = nothing
        self._noted: OrderedDict[Key, Value] = OrderedDict()

    def __len__(self) -> int:
        return len(self._noted)

    def note(self, key: Key, value: Value) -> None:
        """Remember something of one more."""
        self._noted[key] = value
        while len(self._noted) > MAX_REMEMBERED:
            self._noted.popitem(last=False)

    def forget(self, key: Key) -> None:
        """Remember nothing of one any more; it is no mistake if nothing was noted."""
        self._noted.pop(key, None)

    def of(self, key: Key) -> Value:
        """Return what was noted of one."""
        return self._noted.get(key, self._nothing)
