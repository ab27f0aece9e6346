"""Which rooms could be mistaken for which."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from chatd.protocol import names
from chatd.protocol.names import RoomName

LEARNED_AT_ONCE = 1000
"""How many rooms are learned of in a second after the start: 10 ms, while nobody asks."""


class RoomLooks:
    """Rooms by what they look like. It does not matter how often one is noted."""

    def __init__(self) -> None:
        self._names: dict[str, RoomName] = {}
        self._more: Callable[[], Iterable[RoomName]] | None = None
        self._waiting: list[RoomName] = []
        self._by_look: dict[str, dict[str, None]] = {}

    def note(self, name: RoomName) -> None:
        """Know a room from here on, as it is written here, unless it is known already."""
        if name.key not in self._names:
            self._names[name.key] = name
            for look in names.looks(name):
                self._by_look.setdefault(look, {})[name.key] = None

    def expect(self, more: Callable[[], Iterable[RoomName]]) -> None:
        """Know what ``more`` returns, too, whenever it matters; `learn_some` does so before."""
        self._more = more

    def learn_some(self, count: int) -> bool:
        """Note some of what is expected; return whether there is more. What ``more`` raises leaves all as it was."""
        if self._more is not None:
            self._waiting += self._more()
            self._more = None
        for name in self._waiting[-count:]:
            self.note(name)
        del self._waiting[-count:]
        return bool(self._waiting)

    def forget(self, key: str) -> None:
        """Know a room no more."""
        name = self._names.pop(key, None)
        for look in () if name is None else set(names.looks(name)):
            del self._by_look[look][key]
            if not self._by_look[look]:
                del self._by_look[look]

    def twins(self, name: RoomName) -> Iterator[RoomName]:
        """Yield the rooms, some of them twice, that a room could be mistaken for."""
        while self.learn_some(LEARNED_AT_ONCE):
            pass
        for look in names.looks(name):
            yield from (self._names[key] for key in self._by_look.get(look, ()) if key != name.key)
