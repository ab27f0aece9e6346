"""What holds in a room, or on the whole server, by the word of those who look after it; and who may do what by it.

A fold over what was ruled: of each kind and subject the last ruling counts, until its time is over or it is taken back.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from chatd.protocol import names
from chatd.protocol.events import Ruled
from chatd.protocol.moderation_commands import SETTINGS

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

MAX_RULINGS = 1000
"""How many may hold in one place."""
_TAKES_BACK = {"UNMUTE": "MUTE", "UNBAN": "BAN", "DEOP": "OP", "KICK": "INVITE"}
"""Whoever is put out of a room needs a new invitation, if it is private."""


class Slot(NamedTuple):
    """What of two rulings only the later counts for: a kind and whom or what it is about, folded."""

    kind: str
    subject: str


class Ruling(NamedTuple):
    """A ruling, as the journal keeps it."""

    id: int
    time: int
    """In milliseconds since 1970."""
    event: Ruled

    def holds(self, now: int) -> bool:
        """Return whether its time is not over yet. ``now`` is in milliseconds since 1970."""
        seconds = self.event.seconds
        return seconds is None or now < self.time + seconds * 1000


class Person(NamedTuple):
    """Whom it is about, as far as is known: folded names, and where the connection comes from."""

    nick: str
    account: str | None
    address: IPAddress | None


REGISTERED = Slot("SET", "registered")
"""Of several rulings about this the first counts."""


def effects(event: Ruled) -> Iterator[tuple[Slot, Ruled | None]]:
    """Yield what a ruling changes: what holds from here on, None for what no longer does."""
    if event.verb == "SET":
        where = Slot("SET", event.subject.partition("=")[0])
        yield where, event
        if where == REGISTERED:
            yield Slot("OP", names.key(event.nick)), Ruled("OP", event.nick, event.room, event.nick)
        return
    kind = _TAKES_BACK.get(event.verb, event.verb)
    yield Slot(kind, names.key(event.subject)), event if kind == event.verb else None


class Rules:
    """All that holds in one room, or on the server."""

    __slots__ = ("_networks", "_rulings", "mutes")

    def __init__(self, rulings: Iterable[Ruling] = ()) -> None:
        self._rulings: dict[Slot, Ruling] = {}
        self._networks: dict[tuple[str, int, int], dict[int, Ruling]] = {}
        self.mutes = False
        """Whether anybody is muted at all, or was."""
        for ruling in rulings:
            self.apply(ruling)

    def __iter__(self) -> Iterator[Ruling]:
        return iter(self._rulings.values())

    def __contains__(self, where: Slot) -> bool:
        return where in self._rulings

    def __len__(self) -> int:
        return len(self._rulings)

    def apply(self, ruling: Ruling) -> None:
        """Note one more ruling; they come in the order of their ids, and once more changes nothing."""
        if len(self._rulings) > 2 * MAX_RULINGS:
            for where in [where for where, held in self._rulings.items() if not held.holds(ruling.time)]:
                self._take(where)
        for where, event in effects(ruling.event):
            if where == REGISTERED and REGISTERED in self._rulings:
                return
            self._take(where)
            if event is not None:
                self._put(where, Ruling(ruling.id, ruling.time, event))

    def _put(self, where: Slot, ruling: Ruling) -> None:
        self._rulings[where] = ruling
        self.mutes = self.mutes or where.kind == "MUTE"
        if where.kind in ("MUTE", "BAN") and (network := _network(where.subject)) is not None:
            width = (where.kind, network.version, network.max_prefixlen - network.prefixlen)
            self._networks.setdefault(width, {})[int(network.network_address) >> width[2]] = ruling

    def _take(self, where: Slot) -> None:
        if self._rulings.pop(where, None) is not None and (network := _network(where.subject)) is not None:
            width = (where.kind, network.version, network.max_prefixlen - network.prefixlen)
            self._networks.get(width, {}).pop(int(network.network_address) >> width[2], None)

    def holding(self, now: int) -> int:
        """Return how many rulings hold."""
        return sum(ruling.holds(now) for ruling in self._rulings.values())

    def restore(self, where: Slot, ruling: Ruling) -> None:
        """Note what holds as it was kept: whatever followed from it was kept, or taken back, by itself."""
        self._put(where, ruling)

    def setting(self, key: str) -> str:
        """Return how something is set; ``registered`` is ``no`` until it is."""
        ruling = self._rulings.get(Slot("SET", key))
        if ruling is None:
            return "no" if key == "registered" else SETTINGS[key][0]
        return ruling.event.subject.partition("=")[2]

    def is_operator(self, account: str | None) -> bool:
        """Return whether an account looks after the room."""
        return account is not None and Slot("OP", account) in self._rulings

    def is_member(self, account: str | None) -> bool:
        """Return whether an account may be in the room when it is private."""
        return self.is_operator(account) or (account is not None and Slot("INVITE", account) in self._rulings)

    def against(self, kind: str, person: Person, now: int) -> Ruling | None:
        """Return the MUTE or BAN that holds against a person, by nick, account, address or network."""
        if not self._rulings:
            return None
        for name in (person.nick, person.account):
            if name is not None and (found := self._rulings.get(Slot(kind, name))) and found.holds(now):
                return found
        if person.address is None:
            return None
        address = int(person.address)
        for (of, version, bits), networks in self._networks.items():
            if of == kind and version == person.address.version:
                found = networks.get(address >> bits)
                if found is not None and found.holds(now):
                    return found
        return None

    def puts_out(self, ruling: Ruling, person: Person) -> bool:
        """Return whether somebody who is in the room has to leave it by a ruling that was just applied."""
        event = ruling.event
        if event.verb == "KICK":
            return names.key(event.subject) == person.nick
        if event.verb == "BAN":
            only = Rules([ruling])
            return only.against("BAN", person, ruling.time) is not None and not self.is_operator(person.account)
        return event.verb in ("SET", "DEOP") and self.readable_after(person.account) is None

    def readable_after(self, account: str | None) -> int | None:
        """Return the id after which an account may read what was said in the room; None if nothing at all.

        This is what decides every read: JOIN, HISTORY, SEARCH, replays, topics, WHO and the list of rooms. What was
        said while the room was private stays with its members when it no longer is.
        """
        ruling = self._rulings.get(Slot("SET", "private"))
        if ruling is None or self.is_member(account):
            return 0
        return None if ruling.event.subject == "private=yes" else ruling.id


NO_RULES = Rules()
"""For a room in which nothing was ruled. Never to be changed."""


def _network(subject: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    try:
        return ipaddress.ip_network(subject)
    except ValueError:
        return None
