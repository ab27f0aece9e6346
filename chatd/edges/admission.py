"""The gate: how many connections there are and from where, and whether one more may come."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from chatd.chat.hub import Hub
from chatd.runtime.log_limiter import LogLimiter

IPAddress = IPv4Address | IPv6Address

NOT_READY = "this node has no connection to its cluster yet; try again, or come in elsewhere"


class Admission:
    """Counts the connections of one server, and says why no more of them are wanted.

    An address of None is that of a local socket. One that has gone keeps its place as long as something that it said
    is still to be done.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._limits = hub.limits
        self._log_limiter = LogLimiter(hub.timers)
        self._by_address: dict[int, int] = {}
        self.count = 0
        """How many connections there are."""

    def refusal(self, address: IPAddress | None) -> str | None:
        """Return why one more connection from an address may not come in, None if it may; the log is told."""
        limits = self._limits
        why = None
        if not self._hub.journal.ready:
            why = NOT_READY
        elif limits.connections and self.count >= limits.connections:
            why = f"the server is full, with {self.count} connections; try again later"
        # Who is in has one nick, and two only while it changes that.
        elif limits.waiting and self.count - self._hub.nick_count >= limits.waiting:
            why = "too many are on their way in; try again in a little while"
        elif limits.connections_per_address and address is not None and not address.is_loopback:
            here = self._by_address.get(_origin(address), 0)
            if here >= limits.connections_per_address:
                why = f"{here} connections come from your address already; close one first"
        if why is not None:
            self._log_limiter.note(f"a connection from {address or 'a local socket'} was refused: {why}")
        return why

    def enter(self, address: IPAddress | None) -> None:
        """Note a new connection."""
        self.count += 1
        if self._limits.connections_per_address and address is not None:
            origin = _origin(address)
            self._by_address[origin] = self._by_address.get(origin, 0) + 1

    def leave(self, address: IPAddress | None) -> None:
        """Note the end of one."""
        self.count -= 1
        if self._limits.connections_per_address and address is not None:
            origin = _origin(address)
            self._by_address[origin] -= 1
            if not self._by_address[origin]:
                del self._by_address[origin]


def _origin(address: IPAddress) -> int:
    """Return what addresses of one household have in common: all bits of IPv4, the first 64 of IPv6.

    The same number stands for both only below ``::/32``, which nobody uses.
    """
    return int(address) if address.version == 4 else int(address) >> 64
