"""What people and rooms are called here whose names elsewhere are no names here."""

from __future__ import annotations

import re
from collections.abc import Callable

from chatd.protocol import names
from chatd.protocol.names import MAX_NICK_LENGTH, MAX_ROOM_LENGTH, BadNameError

MAX_NAMES = 100_000
"""How many different people, and rooms, an import has at most."""
RULE = (
    "invalid characters became _ (one for several in a row), invalid leading characters were dropped, long names"
    " were cut, and names already taken got -2, -3 and so on"
)
_NO_WORD = re.compile(r"[^A-Za-z0-9]+")


class TooManyNamesError(ValueError):
    """There are more names than people could have."""


class Renaming:
    """Gives names to those who are told apart by a key.

    ``read`` takes a name here, or raises `BadNameError`; ``keeps`` says whether a name may have a character.
    """

    def __init__(
        self,
        read: Callable[[str], str],
        keeps: Callable[[str], bool],
        length: int,
        otherwise: str,
        prefix: str = "",
    ) -> None:
        self.changed: list[tuple[str, str]] = []
        """What is another than it was, in the order in which it was first met."""
        self._read = read
        self._keeps = keeps
        self._length = length
        self._otherwise = otherwise
        self._prefix = prefix
        self._owners: dict[str, str] = {}
        self._next: dict[str, int] = {}

    def reserve(self, key: str, name: str) -> bool:
        """Give a name to whoever has it already, if it is a name here and nobody else has it; return whether it is."""
        try:
            read = self._read(name)
        except BadNameError:
            return False
        return self._take(key, read)

    def name(self, key: str, name: str) -> str:
        """Return what somebody is called from now on."""
        try:
            read = self._read(name)
        except BadNameError:
            read = self._made(name)
        if not self._take(key, read):
            base, number = read, self._next.get(names.key(read), 2)
            while not self._take(key, read := f"{base[: self._length - len(str(number)) - 1]}-{number}"):
                number += 1
            self._next[names.key(base)] = number + 1
        if read.removeprefix(self._prefix) != name.removeprefix(self._prefix):
            self.changed.append((name, read))
        return read

    def _take(self, key: str, name: str) -> bool:
        return self._owners.setdefault(names.key(name), key) == key

    def _made(self, name: str) -> str:
        bare = name.lstrip("#&+!~@%")[: 4 * MAX_ROOM_LENGTH]
        kept = "".join(each if self._keeps(each) else "_" for each in bare)
        for text in (kept, _NO_WORD.sub("_", bare)):
            made = re.sub("_{2,}", "_", text).lstrip("_.-").rstrip("_")
            for length in range(self._length - len(self._prefix), 0, -8):
                try:
                    return self._read(self._prefix + made[:length])
                except BadNameError:
                    continue
        return self._read(self._prefix + self._otherwise)


def nicks() -> Renaming:
    """Return what gives nicks."""
    return Renaming(names.nick, names.in_nick, MAX_NICK_LENGTH, "someone")


def rooms() -> Renaming:
    """Return what gives rooms."""
    return Renaming(_room, names.in_room, MAX_ROOM_LENGTH + 1, "room", "#")


def _room(name: str) -> str:
    return names.room(name if name.startswith("#") else f"#{name}")
