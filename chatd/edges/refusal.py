"""What a connection gets that is not wanted: one line, and the end."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import INegotiated
from twisted.internet.protocol import Protocol

from chatd.protocol import wire
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.events import Ended


class Refused(Protocol):
    """One connection that is told why it is refused, and closed at once.

    Over TLS it is not told: there nothing can be said before the peer has done its part, which it may never do.
    """

    def __init__(self, why: str) -> None:
        self._why = why

    def connectionMade(self) -> None:
        """Say why, and close."""
        transport: Any = self.transport
        if INegotiated.providedBy(transport):
            transport.abortConnection()
            return
        transport.write(wire.encode(wire.render(Ended(DisconnectReason.REFUSED, self._why))))
        transport.loseConnection()
