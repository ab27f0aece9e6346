"""Which IRC clients have gone lately, and how they were shown."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from chatd.edges.irc.person import Person
from chatd.protocol import names

MAX_GONE = 500
"""Of how many clients that have gone it is known how they were shown."""


class Gone(NamedTuple):
    """One who has gone, and when, in milliseconds since 1970."""

    person: Person
    time: int


class Departures:
    """The last `MAX_GONE` that have gone, found by nick: history asks for each of its messages."""

    def __init__(self) -> None:
        self._keys: deque[str] = deque()
        self._by_key: dict[str, deque[Gone]] = {}

    def note(self, person: Person, time: int) -> None:
        """Note that somebody has gone."""
        key = names.key(person.nick)
        self._keys.append(key)
        self._by_key.setdefault(key, deque()).append(Gone(person, time))
        if len(self._keys) > MAX_GONE:
            self._forget_first()

    def _forget_first(self) -> None:
        key = self._keys.popleft()
        of_nick = self._by_key[key]
        of_nick.popleft()
        if not of_nick:
            del self._by_key[key]

    def of(self, nick: str) -> list[Gone]:
        """Return all who went by a nick, the last first."""
        return [*reversed(self._by_key.get(names.key(nick), ()))]

    def last(self, nick: str) -> Person | None:
        """Return how the last who went by a nick was shown; None if nobody did lately."""
        of_nick = self._by_key.get(names.key(nick))
        return of_nick[-1].person if of_nick else None
