"""Other doors, while the daemon runs: those that stay are left alone, and all that are wanted are there, or none.

New ones are opened before old ones are closed. Where an old one is in the way of a new one, as when one port goes from
``127.0.0.1`` to ``0.0.0.0``, it is closed for that moment; if the new one cannot be opened, it is opened again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from twisted.logger import Logger

from chatd.app.doors import Doors, Listening, Opened

_log = Logger()


class DoorChange:
    """From those that are open to others; ``coming`` are to be opened, and ``going`` to be closed."""

    def __init__(self, doors: Doors, coming: Sequence[Listening], going: Sequence[Opened]) -> None:
        self._doors = doors
        self._coming = coming
        self._going = going
        self._moved: list[Opened] = []
        self.told: list[str] = []
        """What there is to say of it, in sentences."""

    @property
    def is_one(self) -> bool:
        """Whether anything is to change."""
        return bool(self._coming or self._going)

    async def open(self) -> None:
        """Open those that come. Raise `ValueError`, with a sentence, if one cannot be; then all is as it was."""
        failed = self._open(self._coming)
        if failed:
            self._moved = [each for each in self._going if any(_is_in_the_way(each, place) for place, _ in failed)]
            for opened in self._moved:
                await self._doors.close(opened)
            failed = self._open([place for place, _ in failed])
        for place, why in failed:
            if place.wish.asked_for:
                await self.undo()
                raise ValueError(f"cannot listen on {place.wish.name}: {why}")
            self.told.append(f"continuing without {place.wish.name}: {why}")

    async def undo(self) -> None:
        """Let everything be as it was."""
        for opened in [each for each in self._doors.opened if each.place in self._coming]:
            await self._doors.close(opened)
        moved, self._moved = self._moved, []
        for opened in moved:
            if (why := self._doors.open(opened.place)) is not None:
                _log.error("no longer accepting connections at {name}: {why}", name=opened.place.wish.name, why=why)

    async def close(self) -> None:
        """Close those that go; who is connected there stays."""
        for opened in self._going:
            if opened not in self._moved:
                await self._doors.close(opened)
        names = {each.place.wish.name for each in self._doors.opened if each.place in self._coming}
        self.told += [f"listening on {place.wish.name}" for place in self._coming if place.wish.name in names]
        self.told += [f"no longer listening on {each.place.wish.name}" for each in self._going]

    def _open(self, places: Iterable[Listening]) -> list[tuple[Listening, str]]:
        """Open places; return those that cannot be, each with the reason."""
        return [(place, why) for place in places if (why := self._doors.open(place)) is not None]


def _is_in_the_way(opened: Opened, place: Listening) -> bool:
    """Return whether one that is open may be why another cannot be: it has the same port, or the same path."""
    if "systemd:" in opened.place.wish.description.lower():
        return False  # it could not be opened again: what systemd has passed on is closed with it
    address, wanted = opened.port.getHost(), place.wish.description
    port, path = getattr(address, "port", None), getattr(address, "name", None)
    if port is not None:
        return str(port) in re.findall("[0-9]+", wanted)
    return isinstance(path, bytes) and path.decode(errors="replace") in wanted
