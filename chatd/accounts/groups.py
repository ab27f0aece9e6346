"""Groups of a provider or of the machine: which of them make server operators, and which let into rooms.

Whoever vouches for somebody says which groups they are in, at each login. Of those, the ones that this server has a use
for are kept with the account until the next one.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field

from chatd.accounts.store import AccountStore
from chatd.protocol import names
from chatd.protocol.names import RoomName
from chatd.runtime.thread_pool import ThreadPool


@dataclass(frozen=True, slots=True)
class GroupRules:
    """What the groups of this server's people are good for."""

    operators: frozenset[str] = frozenset()
    """Whoever is in one of these is a server operator."""
    rooms: Mapping[str, frozenset[RoomName]] = field(default_factory=dict)
    """By group the rooms that it lets into."""

    def useful(self, groups: Iterable[str]) -> frozenset[str]:
        """Return those of the groups that mean anything here."""
        return frozenset(groups) & (self.operators | self.rooms.keys())

    def make_operator(self, groups: Iterable[str]) -> bool:
        """Return whether groups make a server operator."""
        return not self.operators.isdisjoint(groups)

    def groups_of_rooms(self, groups: Iterable[str]) -> dict[RoomName, str | None]:
        """Return, of every room that any group lets into, one of ``groups`` that does; None if none of them does."""
        found: dict[RoomName, str | None] = {}
        mine = frozenset(groups)
        for group, rooms in self.rooms.items():
            for room in rooms:
                found[room] = found.get(room) or (group if group in mine else None)
        return found


def room_group(text: str) -> tuple[str, RoomName]:
    """Return the group and the room of ``GROUP=#room``; a group may have ``=`` in it. Raise `ValueError`."""
    group, sign, room = text.rpartition("=#")
    if not group or not sign:
        raise ValueError("write a group and a room, such as staff=#den")
    return group, names.room(f"#{room}")


class Groups:
    """The groups that accounts were in at their last login, in a store of accounts."""

    def __init__(self, store: AccountStore, workers: ThreadPool, rules: GroupRules) -> None:
        self._store = store
        self._workers = workers
        self._rules = rules
        self.settle: Callable[[str, frozenset[str]], Awaitable[None]] | None = None
        """Sees to what follows from the groups of an account, given its key, before its login ends."""

    def of(self, key: str) -> frozenset[str]:
        """Return the groups of an account. Raise `AccountsError` as the store does."""
        return groups_in(self._store, key)

    def make_operator(self, key: str) -> bool:
        """Return whether the groups of an account make it a server operator's. Raise `AccountsError`."""
        return bool(self._rules.operators) and self._rules.make_operator(self.of(key))

    async def note(self, key: str, groups: Iterable[str]) -> None:
        """Take in which groups an account is in, as whoever vouches for it says. Raise `AccountsError`."""
        useful = self._rules.useful(groups)
        if useful != self.of(key):
            await self._workers.do(lambda: self._write(key, useful))
        if self.settle is not None:
            await self.settle(key, useful)

    def _write(self, key: str, groups: frozenset[str]) -> None:
        with self._store.writing() as db:
            db.execute("DELETE FROM account_group WHERE key = ?", (key,))
            added = "INSERT INTO account_group (key, name) SELECT key, ? FROM account WHERE key = ?"
            db.executemany(added, [(name, key) for name in groups])


def groups_in(store: AccountStore, key: str) -> frozenset[str]:
    """Return the groups that are kept with an account. Raise `AccountsError` as the store does."""
    return frozenset(str(name) for (name,) in store.read("SELECT name FROM account_group WHERE key = ?", (key,)))
