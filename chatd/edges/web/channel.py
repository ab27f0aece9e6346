"""One connection that speaks HTTP: what Twisted calls, how much it may send in what time, its place among others."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IHalfCloseableProtocol, INegotiated, ITCPTransport
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel, Request
from typing_extensions import override
from zope.interface import implementer

from chatd.edges.admission import Why
from chatd.edges.gateway import Gateway
from chatd.edges.web.errors import HTTPError
from chatd.edges.web.visitors import WebVisitor
from chatd.protocol.text import counted
from chatd.runtime.sockets import IPAddress, address_name, is_private, network_address, origin, tune

REQUEST_SECONDS = 30
"""How long a whole request may take to arrive, and how long a connection may be kept without one."""
CLOSE_SECONDS = 5
"""How long a peer that is refused in the middle of a request may take to read why."""
MAX_HEADER_BYTES = 16 * 1024
MAX_HEADERS = 100


class Upgraded(Protocol):
    """What a connection speaks instead of HTTP, once it has changed over."""

    def data_received(self, data: bytes) -> None:
        """Take a segment."""

    def connection_lost(self) -> None:
        """Note that the connection is lost."""


class Site(Protocol):
    """What a connection asks of the factory that has made it."""

    gateway: Gateway
    channels: dict[WebChannel, None]
    """Those that are open and still speak HTTP."""
    watchers: dict[WebChannel, str]
    """Those that there was no room for."""

    def body_limit(self, method: bytes, uri: bytes) -> int:
        """Return how long the body of a request may be, in bytes. Raise `HTTPError` if no route takes it."""

    def serve(self, request: WebRequest, visitor: WebVisitor) -> None:
        """Answer a request."""

    def refuse(self, request: WebRequest, error: HTTPError) -> None:
        """Answer that a request is not done."""


class WebRequest(Request):
    """One request. Its body is kept as it comes, up to what its route takes."""

    channel: WebChannel
    finished: bool
    room_for = 0  # how many bytes of the body are still taken; its route says so
    refused: HTTPError | None = None
    endless = False  # whether its answer has begun and goes on until somebody ends it

    @override
    def gotLength(self, length: int | None) -> None:
        super().gotLength(length)
        self.channel.admit(self, length)

    @override
    def handleContentChunk(self, data: bytes) -> None:
        self.room_for -= len(data)
        if self.room_for < 0:
            self.channel.refuse_the_rest(self, too_long())
        elif self.refused is None:
            super().handleContentChunk(data)

    @override
    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        # The inherited one reads forms as well, which nobody here asks for.
        if self.refused is not None:
            return
        self.method, self.uri, self.clientproto = command, path, version
        self.path = path.partition(b"?")[0]
        self.args = {}
        if self.content is not None:
            self.content.seek(0, 0)
        self.channel.serve(self)


def too_long() -> HTTPError:
    """Return what a request is answered whose body is longer than its route takes."""
    return HTTPError(413, "too-long", "the body is too long for this address")


@implementer(IHalfCloseableProtocol)
class WebChannel(HTTPChannel):
    """One connection, held to the limits that all edges share; a request counts as a line."""

    factory: Site
    requestFactory = WebRequest
    totalHeadersSize = MAX_HEADER_BYTES
    maxHeaders = MAX_HEADERS
    abortTimeout = CLOSE_SECONDS
    kind = "web"
    queued_bytes = 0
    """How much waits for the peer of what is sent as it happens; an answer that does so keeps it up to date."""

    def set_queue_limit(self, count: int) -> None:
        """Leave it: what is sent as it happens has a limit of its own."""

    @override
    def connectionMade(self) -> None:
        gateway = self.factory.gateway
        self.timeOut = min(REQUEST_SECONDS, gateway.hub.limits.join_seconds)
        self.callLater = gateway.clock.callLater  # type: ignore[assignment, method-assign]  # as Twisted has it
        self.upgraded: Upgraded | None = None
        self.full_at = 0.0
        self._granted = 0
        self._waiting: WebRequest | None = None
        self._paused: Deferred[None] | None = None  # of an answer that counts as more lines than its request
        self._deaf = False
        self._input_ended = False
        self._has_left = False  # whether it speaks HTTP no more
        self.site = None
        transport: Any = self.transport
        tune(transport)
        self.address: IPAddress | None = network_address(transport.getPeer())
        self.household = "" if self.address is None or self.address.is_loopback else origin(self.address)
        found = gateway.admission.obstacle(self.address)
        if found is not None and found.kind is not Why.JOURNAL:
            self.factory.watchers[self] = found.text
        gateway.admission.admit(self.address)
        gateway.connections.add(self)
        self.factory.channels[self] = None
        self.visitor = WebVisitor(gateway.hub, self.address, private=is_private(transport, self.address))
        super().connectionMade()

    @property
    def name(self) -> str:
        """Where the peer is, for the log."""
        transport: Any = self.transport
        return address_name(transport.getPeer())

    @override
    def dataReceived(self, data: bytes) -> None:
        # The inherited one begins the deadline anew at each byte.
        if self.upgraded is not None:
            self.upgraded.data_received(data)
        elif not self._deaf:
            super(HTTPChannel, self).dataReceived(data)

    @override
    def rawDataReceived(self, data: bytes) -> None:
        if self.upgraded is not None:
            self.upgraded.data_received(data)
        elif not self._deaf:
            super().rawDataReceived(data)

    @override
    def allContentReceived(self) -> None:
        if not self._deaf:  # the end of a body that was refused may come in the segment that had it refused
            super().allContentReceived()

    @override
    def headerReceived(self, line: bytes) -> bool:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length" and len(value.strip()) > 32:  # int() fails at thousands
            self._respondToBadRequestAndDisconnect()
            return False
        return bool(super().headerReceived(line))

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        gateway = self.factory.gateway
        self.factory.channels.pop(self, None)
        self.factory.watchers.pop(self, None)
        if self._has_left:
            if self.upgraded is not None:
                self.upgraded.connection_lost()
            return
        gateway.connections.remove(self)
        gateway.rate_limiter.forget(self, self._granted)
        gateway.admission.release(self.address)
        super().connectionLost(reason)

    def readConnectionLost(self) -> None:
        """Answer what was asked for before the peer said that it sends no more; what has no end is ended."""
        self._input_ended = True
        if self._has_left or not self._handlingRequest or self.requests[0].endless:
            transport: Any = self.transport
            transport.abortConnection() if self._has_left else self.loseConnection()

    def writeConnectionLost(self) -> None:
        """Do nothing: the peer has `CLOSE_SECONDS` to close its side."""

    @override
    def requestDone(self, request: Request) -> None:
        super().requestDone(request)
        if self._input_ended and not self.requests and self.persistent:
            self._input_ended = False  # for the next requests end within this one's end
            self.loseConnection()

    @override
    def timeoutConnection(self) -> None:
        if self.requests and not self._handlingRequest:
            why = f"the request was not complete within {counted(self.timeOut or 0, 'second')}"
            self.refuse_the_rest(self.requests[-1], HTTPError(408, "too-slow", why))
        else:
            self.loseConnection()

    def abort(self) -> None:
        """Close at once, whatever waits for the peer."""
        transport: Any = self.transport
        transport.abortConnection()

    def wind_down(self) -> None:
        """Take no other request."""
        self.close_when_idle()

    @property
    def served(self) -> bool:
        """Whether all that was asked for is answered, but for what has no end."""
        return all(request.endless for request in self.requests)

    def close_when_idle(self) -> None:
        """Close now, or after the answer to the request that is being served."""
        self.persistent = 0
        if not self.requests and self.upgraded is None:
            self.loseConnection()

    def admit(self, request: WebRequest, length: int | None) -> None:
        """Find who is asked for before the body of a request comes, and refuse one that is too long, or nobody's."""
        try:
            request.room_for = self.factory.body_limit(self._command, self._path)
            refused = too_long()
        except HTTPError as error:
            refused = error
        if length is not None and length > request.room_for:
            self.refuse_the_rest(request, refused)

    def refuse_the_rest(self, request: WebRequest, error: HTTPError) -> None:
        """Answer a request in the middle of it, then hear no more: what follows belongs to its body."""
        if self._deaf:
            return
        self._deaf = True
        self.persistent = 0
        request.refused = error
        self.setTimeout(None)
        request.method, request.clientproto = getattr(self, "_command", b"GET"), b"HTTP/1.1"
        self.factory.refuse(request, error)  # which ends in `loseConnection`, since nothing may follow

    @override
    def loseConnection(self) -> None:
        transport: Any = self.transport
        half = self._deaf and not self._input_ended and ITCPTransport.providedBy(transport)
        if not half or INegotiated.providedBy(transport):
            if self._abortingCall is None:  # else one that takes nothing would stay for good
                self._abortingCall = self.callLater(REQUEST_SECONDS, self.forceAbortClient)
            super().loseConnection()
            return
        # A socket that is closed while the peer still sends resets the connection, and the answer is lost on its way.
        self._networkProducer.unregisterProducer()  # type: ignore[attr-defined]  # it is a transport
        transport.loseWriteConnection()
        self._abortingCall = self.callLater(CLOSE_SECONDS, self.forceAbortClient)

    def _send100Continue(self) -> None:  # noqa: N802  # Twisted's
        if not self._deaf:  # an answer that refuses the body has gone before
            super()._send100Continue()

    def serve(self, request: WebRequest) -> None:
        """Serve a request when the rate allows it."""
        if self._granted or self._ask():
            self._granted -= 1
            self.factory.serve(request, self.visitor)
        else:
            self._waiting = request

    def resume_lines(self) -> None:
        """Continue: the rate allows it again."""
        paused, self._paused = self._paused, None
        if paused is not None:
            paused.callback(None)
            return
        request, self._waiting = self._waiting, None
        if request is not None and not request._disconnected:
            self.serve(request)

    async def wait_for_rate(self) -> None:
        """Return when the rate allows what counts as one more line than the request itself; never once it is lost."""
        while not (self._granted or self._ask()):
            self._paused = Deferred()
            await self._paused
        self._granted -= 1

    def leave_http(self) -> None:
        """Prepare for something else, which sets ``upgraded``, and which counts this connection from here on."""
        self.setTimeout(None)
        self._networkProducer.unregisterProducer()  # type: ignore[attr-defined]  # it is a transport
        gateway = self.factory.gateway
        gateway.connections.remove(self)
        gateway.rate_limiter.forget(self, self._granted)
        gateway.admission.release(self.address)
        gateway.admission.admitted -= 1
        self.factory.channels.pop(self, None)
        self.requests.clear()
        self._has_left = True

    def _ask(self) -> bool:
        self._granted = self.factory.gateway.rate_limiter.grant(self)
        return self._granted > 0
