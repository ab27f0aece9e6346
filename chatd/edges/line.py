"""The edge that speaks chatd's own lines, to people with nc and telnet and to programs."""

from __future__ import annotations

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from chatd.edges.by_hand import ByHand
from chatd.edges.gateway import EdgeFactory
from chatd.edges.peer_connection import PeerConnection
from chatd.protocol import wire
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.framing import LineDecoder
from chatd.protocol.irc import NOT_IRC, is_irc
from chatd.protocol.telnet import IAC
from chatd.protocol.wire import Request


@implementer(IHalfCloseableProtocol)
class LineProtocol(LineReceiver):
    """One connection: what Twisted calls, and nothing else.

    Of `LineReceiver` it has the pausing and what is called with each line; the cutting is `LineDecoder`'s. The
    inherited one copies all that follows a line for each of them, takes one terminator alone, and knows nothing of
    lines that may not be carried out yet.
    """

    kind = "line"
    delimiter = wire.EOL.encode()
    MAX_LENGTH = wire.MAX_LINE_BYTES
    factory: EdgeFactory
    peer: PeerConnection
    by_hand: ByHand | None = None

    @override
    def connectionMade(self) -> None:
        self.decoder = LineDecoder(self.MAX_LENGTH, by_hand=True)
        self.peer = PeerConnection(self.factory.gateway, self, self.decoder)

    @override
    def dataReceived(self, data: bytes) -> None:
        self.peer.data_received(data)

    @override
    def lineReceived(self, line: bytes) -> None:
        session = self.peer.session
        # In PIPE, where another decoder has taken over, only what telnet asks begins so.
        if (self.decoder.has_keys or line[0] == IAC) and not (line := self._meant(line)):
            return
        try:
            request: Request | ChatError = wire.parse_command(line, session.mode)
        except ChatError as error:
            if not session.nick and error.code is Code.UNKNOWN_VERB and is_irc(line):
                session.disconnect(DisconnectReason.NOT_CHATD, NOT_IRC)
                return
            request = error
        session.receive(request)

    def _meant(self, line: bytes) -> bytes:
        if len(line) > self.MAX_LENGTH:
            return line  # some of it is gone, so that nothing makes it right
        if self.by_hand is None:
            self.by_hand = ByHand(self.peer.session)
        return self.by_hand.read(line)

    def readConnectionLost(self) -> None:
        """Pass on that the peer sends no more."""
        self.peer.input_ended()

    def writeConnectionLost(self) -> None:
        """Pass on that the peer was sent its last line."""
        self.peer.output_sent()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.peer.connection_lost()


class LineFactory(EdgeFactory):
    """Makes a `LineProtocol` for each connection that is admitted."""

    protocol = LineProtocol
