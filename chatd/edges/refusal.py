"""What a connection that is refused gets: one line, and the end."""

from __future__ import annotations

from typing import Any

from twisted.internet.interfaces import INegotiated
from twisted.internet.protocol import Protocol

from chatd.protocol import wire
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.events import Ended


def farewell(why: str) -> bytes:
    """Return the line that tells a connection why it is refused."""
    return wire.encode(wire.render(Ended(DisconnectReason.REFUSED, why)))


class RefusedConnection(Protocol):
    """One connection that is sent its farewell and closed at once.

    Over TLS it is sent nothing: that would have to wait for the handshake, which the peer may never finish.
    """

    def __init__(self, farewell: bytes) -> None:
        self._farewell = farewell

    def connectionMade(self) -> None:
        """Send the farewell, and close."""
        transport: Any = self.transport
        if INegotiated.providedBy(transport):
            transport.abortConnection()
            return
        transport.write(self._farewell)
        transport.loseConnection()
