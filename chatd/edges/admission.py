"""Admission: how many connections there are and from where, and whether one more may connect."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from enum import Enum
from ipaddress import IPv4Address, IPv6Address
from typing import NamedTuple

from chatd.chat.hub import Hub
from chatd.model.health import Health
from chatd.runtime.sockets import origin

IPAddress = IPv4Address | IPv6Address
_WORKING = Health.WORKING  # Python 3.11 takes long to look up a member

REFUSALS: Mapping[Health, str] = {
    Health.JOINING: "this node is still joining its cluster; try again later, or connect to another node",
    Health.DISCONNECTED: "this node has no connection to its cluster; try again later, or connect to another node",
    Health.SERVERS_UNUSABLE: "this node cannot use the servers of its cluster; connect to another node",
    Health.STREAM_MISSING: "the cluster has lost its journal and accepts no messages; try again later",
    Health.STREAM_UNUSABLE: "this node cannot use the journal of its cluster; connect to another node",
    Health.STORES_NOTHING: "the cluster cannot store messages now; try again later",
    Health.INDEX_UNWRITABLE: "this node cannot write to its disk and accepts no messages; connect to another node",
}
"""What newcomers are told while nothing can be said here.

Where the journal is `Health.UNWRITABLE` they are let in: there is no other node, and who comes in can read.
"""


class Why(Enum):
    """The kinds of reasons for which a connection is refused. A value is a word for programs, and stays what it is."""

    JOURNAL = "journal"
    """Nothing can be said here, see `REFUSALS`."""
    FULL = "full"
    WAITING = "waiting"
    """Too many have not joined yet."""
    ADDRESS = "address"
    """Too many come from the same address."""


class Obstacle(NamedTuple):
    """What stands against a connection."""

    kind: Why
    text: str
    """A sentence for whoever connects."""


class Admission:
    """Counts the connections of one server, over all its edges, and says why one more is refused.

    An address of None is that of a local socket. A connection that is lost counts until all that it sent has been
    carried out.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._by_address: dict[str, int] = {}
        self.count = 0
        """How many connections there are."""
        self.readers = 0
        """How many of them read a room without being in it, so that they are not to join."""
        self.admitted = 0
        """How many there have been."""
        self.refused: Counter[Why] = Counter()
        """How many were refused."""

    def refusal(self, address: IPAddress | None) -> str | None:
        """Return why one more connection from an address is refused, None if it is not; a refusal is logged."""
        found = self.obstacle(address)
        if found is None:
            return None
        self.refused[found.kind] += 1
        what = f"a connection from {address or 'a local socket'} was refused: {found.text}"
        self._hub.log_limiter.note(what, "admission", origin(address))
        return found.text

    def obstacle(self, address: IPAddress | None) -> Obstacle | None:
        """Return what stands against one more connection from an address; the state of the journal last."""
        limits = self._hub.limits
        if limits.connections and self.count >= limits.connections:
            text = f"the server is full ({self.count} connection{'s' * (self.count != 1)}); try again later"
            return Obstacle(Why.FULL, text)
        # Whoever has joined has one nick, and two only while that changes.
        if limits.waiting and self.count - self._hub.nick_count - self.readers >= limits.waiting:
            return Obstacle(Why.WAITING, "too many connections have not joined yet; try again in a moment")
        if limits.connections_per_address and address is not None and not address.is_loopback:
            here = self._by_address.get(origin(address), 0)
            if here >= limits.connections_per_address:
                text = f"your address already has {here} connection{'s' * (here != 1)}; close one first"
                return Obstacle(Why.ADDRESS, text)
        health = self._hub.journal.health
        closed = None if health is _WORKING else REFUSALS.get(health)
        return None if closed is None else Obstacle(Why.JOURNAL, closed)

    def admit(self, address: IPAddress | None) -> None:
        """Count a new connection."""
        self.count += 1
        self.admitted += 1
        if address is not None:
            where = origin(address)
            self._by_address[where] = self._by_address.get(where, 0) + 1

    def release(self, address: IPAddress | None) -> None:
        """Count one less."""
        self.count -= 1
        if address is not None:
            where = origin(address)
            self._by_address[where] -= 1
            if not self._by_address[where]:
                del self._by_address[where]
