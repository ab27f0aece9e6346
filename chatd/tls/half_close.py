"""The server's side of TLS, in which each direction ends by itself."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from OpenSSL import SSL
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import (
    IHalfCloseableProtocol,
    IListeningPort,
    IOpenSSLServerConnectionCreator,
    IProtocolFactory,
    IReactorTime,
    IStreamServerEndpoint,
    ITCPTransport,
)
from twisted.protocols.policies import ProtocolWrapper
from twisted.protocols.tls import BufferingTLSTransport, TLSMemoryBIOFactory
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

READ_BYTES = 1 << 15

Wrap = Callable[[IProtocolFactory], IProtocolFactory]
"""Makes, of a factory, one for what comes before it on each connection."""


def nothing(factory: IProtocolFactory) -> IProtocolFactory:
    """Return a factory as it is: nothing comes before it."""
    return factory


@implementer(IHalfCloseableProtocol)
class HalfClosingTLS(BufferingTLSTransport):
    """TLS whose peer may say that it sends no more, and is still told what it has asked for.

    Twisted closes the connection when ``close_notify`` comes. RFC 8446, 6.1, lets the other direction go on until it is
    closed as well. RFC 5246, 7.2.1, for TLS 1.2, wants the answer at once and what is due thrown away; but who says
    ``close_notify`` there and closes loses nothing by being written to, and OpenSSL and GnuTLS read on.

    The end of TCP without ``close_notify`` may be an attacker's, who has cut the connection: what came before it is
    answered, as far as the peer reads, and nothing may be concluded from its being the end. `input_torn` says so.
    """

    input_torn = False
    """Whether the input has ended without ``close_notify``."""
    _input_ended = False

    @override
    def _flushReceiveBIO(self) -> None:
        """Pass on what was received; Twisted's own takes the end of the input for that of the connection."""
        while not self._lostTLSConnection and not self._input_ended:
            try:
                data = self._tlsConnection.recv(READ_BYTES)
            except SSL.WantReadError:
                break
            except SSL.ZeroReturnError:
                self._end_input()
            except SSL.Error:
                self._tlsShutdownFinished(Failure())
            else:
                if not self._aborted:
                    ProtocolWrapper.dataReceived(self, data)
        if self._tlsConnection is not None:  # TCP whose output has ended is lost while it is closed
            self._flushSendBIO()

    def _end_input(self) -> None:
        self._input_ended = True
        if self._tlsConnection.get_shutdown() & SSL.SENT_SHUTDOWN:
            self._lostTLSConnection = True
            transport: Any = self.transport
            transport.loseConnection()
        elif IHalfCloseableProtocol.providedBy(self.wrappedProtocol):
            self.wrappedProtocol.readConnectionLost()
        else:
            self._shutdownTLS()
            self._tlsShutdownFinished(None)

    @override
    def _shutdownTLS(self) -> None:
        """End our direction, of TCP too: ncat may take ``close_notify`` with what came before, and forget it."""
        transport: Any = self.transport
        super()._shutdownTLS()
        if self.input_torn:
            transport.loseConnection()  # no close_notify will come that it could wait for
        elif (
            self._handshakeDone and not self._input_ended and not self._aborted and ITCPTransport.providedBy(transport)
        ):
            transport.loseWriteConnection()

    def readConnectionLost(self) -> None:
        """Take the end of TCP's input: nothing new after ``close_notify``, a torn one without."""
        if self._input_ended:
            return
        transport: Any = self.transport
        if self._handshakeDone and self._tlsConnection.get_shutdown() & SSL.SENT_SHUTDOWN:
            transport.loseConnection()  # what was due has been sent, and is still to arrive
        elif self._handshakeDone and IHalfCloseableProtocol.providedBy(self.wrappedProtocol):
            self._input_ended = self.input_torn = True
            self.wrappedProtocol.readConnectionLost()
        else:
            transport.abortConnection()

    def writeConnectionLost(self) -> None:
        """Pass on that the peer was sent its last line, after which TCP's output has ended."""
        if IHalfCloseableProtocol.providedBy(self.wrappedProtocol):
            self.wrappedProtocol.writeConnectionLost()


class HalfClosingTLSFactory(TLSMemoryBIOFactory):
    """Adds TLS, as `HalfClosingTLS` speaks it, to the connections of a server."""

    protocol = HalfClosingTLS


@implementer(IStreamServerEndpoint)
class TLSEndpoint:
    """Listens where another endpoint does, and speaks TLS there, after what is ``below`` it."""

    def __init__(
        self,
        creator: IOpenSSLServerConnectionCreator,
        endpoint: IStreamServerEndpoint,
        clock: IReactorTime,
        below: Wrap,
    ) -> None:
        self.creator = creator
        self._endpoint = endpoint
        self._clock = clock
        self._below = below

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:  # noqa: N803  # Twisted's
        """Begin to listen."""
        factory = HalfClosingTLSFactory(self.creator, isClient=False, wrappedFactory=protocolFactory, clock=self._clock)
        return self._endpoint.listen(self._below(factory))
