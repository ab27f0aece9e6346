"""Who goes by which nick: one holder a nick, and nobody by one that looks like another's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar

from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.names import Nick

T = TypeVar("T")


class NickRegistry(Generic[T]):
    """Nicks and their looks (`names.skeleton`), each with its holder; ``nick_of`` returns how a holder spells it.

    ``changed`` is called with the key of each nick that is given to somebody or taken from them.
    """

    def __init__(self, nick_of: Callable[[T], str], changed: Callable[[str], None] = lambda _key: None) -> None:
        self._nick_of = nick_of
        self._changed = changed
        self._by_key: dict[str, T] = {}
        self._by_look: dict[str, T] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def holder(self, nick: Nick) -> T | None:
        """Return who goes by a nick, in any spelling."""
        return self._by_key.get(nick.key)

    def rivals(self, nick: Nick) -> list[T]:
        """Return those who go by a nick or by one that it could be mistaken for, some of them twice."""
        found = (self._by_key.get(nick.key), *map(self._by_look.get, names.looks(nick)))
        return [holder for holder in found if holder is not None]

    def refusal(self, nick: Nick, *but: T, account: str | None = None) -> ChatError | None:
        """Return why a nick is not to be had, None if it is; those in ``but`` are in nobody's way.

        Whoever has the nick's ``account`` is kept from it by nobody who only looks like it: it was the owner's before,
        and two accounts may look alike, by an ``--auth`` method or by a later Unicode.
        """
        holder = self._by_key.get(nick.key)
        if holder is not None and holder not in but:
            return ChatError(Code.NAME_TAKEN, f"nick {self._nick_of(holder)} is in use; choose another nick")
        for look in () if account == nick.key else sorted(names.looks(nick)):
            twin = self._by_look.get(look)
            if twin is not None and twin not in but:
                why = f"{nick} could be mistaken for {self._nick_of(twin)}; choose another nick"
                return ChatError(Code.NAME_TAKEN, why)
        return None

    def assign(self, nick: Nick, holder: T) -> None:
        """Give a nick to somebody, whoever had it."""
        self._by_key[nick.key] = holder
        self._by_look |= dict.fromkeys(names.looks(nick), holder)
        self._changed(nick.key)

    def withdraw(self, nick: Nick, holder: T) -> None:
        """Take a nick from somebody; it is no mistake if somebody else has it."""
        if self._by_key.get(nick.key) == holder:
            del self._by_key[nick.key]
            self._changed(nick.key)
        for look in names.looks(nick):
            if self._by_look.get(look) == holder:
                del self._by_look[look]
