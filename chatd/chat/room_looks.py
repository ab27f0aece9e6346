"""Which rooms could be mistaken for which."""

from __future__ import annotations

from collections.abc import Iterator

from chatd.protocol import names
from chatd.protocol.names import RoomName


class RoomLooks:
    """Rooms by what they look like. It does not matter how often one is noted."""

    def __init__(self) -> None:
        self._names: dict[str, RoomName] = {}
        self._by_look: dict[str, dict[str, None]] = {}

    def note(self, name: RoomName) -> None:
        """Know a room from here on, as it is written here, unless it is known already."""
        if name.key not in self._names:
            self._names[name.key] = name
            for look in names.looks(name):
                self._by_look.setdefault(look, {})[name.key] = None

    def forget(self, key: str) -> None:
        """Know a room no more."""
        name = self._names.pop(key, None)
        for look in () if name is None else set(names.looks(name)):
            del self._by_look[look][key]
            if not self._by_look[look]:
                del self._by_look[look]

    def twins(self, name: RoomName) -> Iterator[RoomName]:
        """Yield the rooms, some of them twice, that a room could be mistaken for."""
        for look in names.looks(name):
            yield from (self._names[key] for key in self._by_look.get(look, ()) if key != name.key)
