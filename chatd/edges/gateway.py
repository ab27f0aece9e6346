"""The gateway: what all edges of a server share, so that its limits count over all of them together."""

from __future__ import annotations

from collections import Counter

from twisted.internet.interfaces import IAddress, IReactorTime
from twisted.internet.protocol import Factory, Protocol
from twisted.logger import LogLevel
from typing_extensions import override

from chatd.chat.hub import Hub
from chatd.chat.limits import Limits
from chatd.edges.admission import Admission
from chatd.edges.connections import Connections
from chatd.edges.fairness import RateLimiter, Turns
from chatd.edges.refusal import RefusedConnection, farewell
from chatd.protocol.errors import DisconnectReason
from chatd.runtime.sockets import IPAddress, network_address, origin


class Gateway:
    """Which connections there are, whether one more may be made, and how fast each is served: one for each server.

    An edge is a factory that is given it, an `EdgeFactory` if it speaks over streams, and whose connections are
    `chatd.edges.peer_connection.PeerConnection` for the session and the gateway.
    """

    def __init__(self, hub: Hub, clock: IReactorTime) -> None:
        self.hub = hub
        self.clock = clock
        self.connections = Connections(clock)
        self.admission = Admission(hub)
        self.turns = Turns(clock)
        self.rate_limiter = RateLimiter(clock, hub.limits.line_rate, self.turns, hub.shares.lines)
        self.restarting = False
        """Whether all connections are ending, to be made again in a moment."""
        self.sent_away: Counter[DisconnectReason] = Counter()
        """How many connections the server has ended, and why; those who quit, or are there when it stops, are none."""

    def set_limits(self, limits: Limits) -> None:
        """Hold everybody to other limits from here on, those that are connected too.

        Who is over one of them by now stays; a peer that was told how often it is asked for life is asked so often.
        """
        self.hub.limits = limits
        self.hub.shares.set_limits(limits)
        self.rate_limiter.set_rate(limits.line_rate)
        for connection in self.connections:
            connection.set_queue_limit(limits.send_queue_bytes)

    def log_sent_away(self, name: str, address: IPAddress | None, reason: DisconnectReason) -> None:
        """Note, for the log and in `sent_away`, that a peer was sent its last line."""
        self.sent_away[reason] += 1
        what = f"was disconnected: {reason.value}"
        self.hub.log_limiter.note(f"{name} {what}", what, origin(address), level=LogLevel.info)


class EdgeFactory(Factory[Protocol]):
    """Makes a ``protocol`` for each connection that is admitted, and refuses the others."""

    noisy = False

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    @override
    def buildProtocol(self, addr: IAddress | None) -> Protocol | None:
        why = self.refusal(network_address(addr))
        return super().buildProtocol(addr) if why is None else RefusedConnection(self.farewell(why))

    def refusal(self, address: IPAddress | None) -> str | None:
        """Return why a connection from an address is refused, None if it is not."""
        return self.gateway.admission.refusal(address)

    def farewell(self, why: str) -> bytes:
        """Return what tells a connection why it is refused, in the language of this edge."""
        return farewell(why)
