"""Who is in a room, in the order of the names; and the colour of a name."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from itertools import islice

from chatd.client.model.people import NOTHING_KNOWN, Facts
from chatd.protocol import names

MAX_MEMBERS = 100_000
"""How many people of a room are known by name, far more than a server lets into one."""


class Members:
    """The people in one room: by name, each once, sorted by what their spellings have in common (`names.key`).

    The lines of a WHO are taken with `listed` and closed with `end_list`. Who comes or goes between those lines is not
    lost: the list is as of its beginning.
    """

    def __init__(self) -> None:
        self._nicks: dict[str, str] = {}
        self._keys: list[str] = []
        self._listed: dict[str, str] | None = None
        self._gone: set[str] = set()
        self._facts: dict[str, Facts] = {}
        self.complete = False
        """Whether a whole list was heard since the last `clear`."""

    def __len__(self) -> int:
        return len(self._keys)

    def __iter__(self) -> Iterator[str]:
        return (self._nicks[key] for key in self._keys)

    def __contains__(self, nick: str) -> bool:
        return names.key(nick) in self._nicks

    def facts(self, nick: str) -> Facts:
        """Return what is known of somebody."""
        return self._facts.get(names.key(nick), NOTHING_KNOWN)

    def note_facts(self, nick: str, facts: Facts) -> None:
        """Note what is known of somebody who is there, or on the list that is being told."""
        if facts == NOTHING_KNOWN:
            self._facts.pop(names.key(nick), None)
        else:
            self._facts[names.key(nick)] = facts

    def count_matching(self, text: str) -> int:
        """Return how many nicks hold ``text``, in any case; all do if it is empty."""
        part = names.key(text)
        return sum(part in key for key in self._keys) if part else len(self._keys)

    def matching(self, text: str, most: int | None = None) -> dict[str, tuple[str, Facts]]:
        """Return those nicks by key, sorted, each with what is known of it: the first ones, if there are too many."""
        part, nicks, facts = names.key(text), self._nicks, self._facts
        keys = (key for key in self._keys if part in key) if part else self._keys
        return {key: (nicks[key], facts.get(key, NOTHING_KNOWN)) for key in islice(keys, most)}

    def add(self, nick: str) -> bool:
        """Note that somebody is there; return whether that is new."""
        key = names.key(nick)
        self._gone.discard(key)
        if self._listed is not None and len(self._listed) < MAX_MEMBERS:
            self._listed[key] = nick
        return self._add(key, nick)

    def remove(self, nick: str) -> bool:
        """Note that somebody is not there any more; return whether that is new."""
        key = names.key(nick)
        if self._listed is not None:
            self._listed.pop(key, None)
            if len(self._gone) < MAX_MEMBERS:
                self._gone.add(key)
        self._facts.pop(key, None)
        if self._nicks.pop(key, None) is None:
            return False
        del self._keys[bisect_left(self._keys, key)]
        return True

    def rename(self, old: str, new: str) -> bool:
        """Give somebody another name; return whether there was somebody of the old one."""
        facts = self.facts(old)
        if not self.remove(old):
            return False
        self.add(new)
        self.note_facts(new, facts)
        return True

    def add_listed(self, nicks: Iterable[str]) -> None:
        """Take one line of a list."""
        if self._listed is None:
            self._listed = {}
        for nick in nicks:
            key = names.key(nick)
            if key not in self._gone and (key in self._listed or len(self._listed) < MAX_MEMBERS):
                self._add(key, self._listed.setdefault(key, nick))

    def end_list(self) -> None:
        """Note that the list is whole: whoever was not on it is not there."""
        listed, self._listed = self._listed or {}, None
        self._gone.clear()
        self._nicks = listed
        self._keys = sorted(listed)
        self._facts = {key: facts for key, facts in self._facts.items() if key in listed}
        self.complete = True

    def clear(self) -> None:
        """Know of nobody."""
        self._nicks.clear()
        self._keys.clear()
        self._listed = None
        self._gone.clear()
        self._facts.clear()
        self.complete = False

    def _add(self, key: str, nick: str) -> bool:
        new = key not in self._nicks
        if new and len(self._nicks) >= MAX_MEMBERS:
            return False
        self._nicks[key] = nick
        if new:
            insort(self._keys, key)
        return new
