"""The edge that speaks lines over a stream: bytes in, commands to a session, its lines out."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress, IDelayedCall, IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Factory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd import telnet, wire
from chatd.errors import ChatError, Code, Farewell
from chatd.hub import Hub
from chatd.session import Session
from chatd.sockets import address_name, tune
from chatd.wire import Mode, Request
from chatd.writer import writer_for

LINES_PER_TURN = 64
"""How many lines of one connection are carried out before the others have their turn."""
ABORT_SECONDS = 5
"""How long a peer that is sent away may take to read why."""
LINGER_SECONDS = 60
"""How long a peer that leaves may take to read what it was sent before."""
MAX_WAITING_BYTES = 1024 * 1024

_log = Logger()


@implementer(IHalfCloseableProtocol)
class LineProtocol(LineReceiver):
    """One connection.

    It keeps at most one unfinished line and the lines of one segment. Lines that the session is not ready for stay
    where they are, and meanwhile nothing is read.
    """

    delimiter = wire.EOL.encode()
    MAX_LENGTH = wire.MAX_LINE_BYTES

    def __init__(self, factory: LineFactory) -> None:
        self._factory = factory

    def connectionMade(self) -> None:
        """Greet the peer."""
        transport = self.stream
        self._filter = telnet.Filter()
        self._lines: list[bytes] = []  # the next one is the last
        self._partial = b""
        self._skipping = False
        self._first = True
        self._no_more = False
        self._stopped_reading = False
        self._turn_is_due = False
        self._closing = False
        self._lost = False
        self._factory.connections[self] = None
        tune(transport)
        self._writer = writer_for(transport, self._factory.max_waiting_bytes, self._drained, self._overflowed)
        self.send = self._writer.write
        self._session = Session(self._factory.hub, self)

    def dataReceived(self, data: bytes) -> None:
        """Take a segment apart and carry out what is in it, up to the end of this turn."""
        if self._closing:
            return
        self._session.heard = self._factory.hub.wheel.now
        try:
            data = self._filter.feed(data)
        except telnet.EndlessSubnegotiationError:
            self._reject("this telnet talks without end")
            return
        if self._first and wire.is_alien((self._partial + data).lstrip(wire.EOL.encode())):
            self._reject("this port speaks neither TLS nor HTTP but chatd's own lines; try nc or telnet")
            return
        self._split(data)
        self._carry_out()

    def readConnectionLost(self) -> None:
        """Answer the end of the input when all that came before it has been done; the peer may still read."""
        self._no_more = True
        self._partial += self._filter.rest()
        if self._closing:
            self.stream.loseConnection()
        self._carry_out()

    def writeConnectionLost(self) -> None:
        """Note that the peer was sent its last line: from here it has little time to close its side."""
        abort = self._factory.connections[self]
        if abort is not None and abort.active():
            abort.reset(ABORT_SECONDS)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002  # Twisted's signature
        """Carry out the whole lines that came before the end, then leave."""
        self._lost = self._no_more = True
        self._partial = b""
        self._factory.lost(self)
        if not self._closing:
            self._session.proceed()

    # What a session asks of its peer.

    @property
    def blocked(self) -> bool:
        """See `chatd.session.Peer.blocked`."""
        return self._writer.blocked and not self._lost

    def end(self, farewell: Farewell, data: bytes) -> None:
        """See `chatd.session.Peer.end`."""
        if self._closing:
            return
        self._closing = True
        self._lines.clear()
        self._partial = b""
        if self._lost:
            return
        quitting = farewell is Farewell.QUIT
        if farewell not in (Farewell.QUIT, Farewell.SHUTDOWN):
            _log.info("{peer} was sent away: {farewell}", peer=self.peer_name, farewell=farewell.value)
        self._read_or_not()  # what still comes is read and dropped, so that it does not reset the connection
        half = not self._no_more and farewell is not Farewell.SHUTDOWN
        self._writer.close(data, discard=farewell is Farewell.SLOW, half=half)
        abort = self._factory.clock.callLater(LINGER_SECONDS if quitting else ABORT_SECONDS, self._abort)
        self._factory.connections[self] = abort

    def proceed(self) -> None:
        """See `chatd.session.Peer.proceed`."""
        self._carry_out()

    @property
    def stream(self) -> Any:
        """The transport; Twisted has no one interface for all that those of streams can do."""
        return self.transport

    @property
    def peer_name(self) -> str:
        """Where the peer is, for the log."""
        return address_name(self.stream.getPeer())

    def _split(self, data: bytes) -> None:
        """Add the lines of a segment to those that wait, and keep what comes after the last."""
        *lines, partial = (self._partial + data).split(b"\n")
        new: list[bytes] = []
        for line in lines:
            if self._skipping:
                self._skipping = False
            elif whole := _line(line.removesuffix(b"\r")):
                new.append(whole)
        if self._skipping:
            partial = b""
        elif len(partial) > self.MAX_LENGTH and len(_line(partial.removesuffix(b"\r"))) > self.MAX_LENGTH:
            new.append(_line(partial))
            partial = b""
            self._skipping = True
        self._partial = partial
        if new:
            self._first = False
            new.reverse()
            self._lines = new + self._lines

    def _carry_out(self) -> None:
        """Carry out the lines that can be, a bounded number; what is left waits for its turn, and stops the reading."""
        if self._turn_is_due or self._closing:
            return
        try:
            for _ in range(LINES_PER_TURN):
                if not self._carry_out_next() or not (self._lines or self._no_more):
                    break
            else:
                self._turn_is_due = True
                self._factory.clock.callLater(0, self._next_turn)
        except Exception:
            _log.failure("a line of {peer} could not be carried out", peer=self.peer_name)
            self._session.fail()
        self._read_or_not()

    def _carry_out_next(self) -> bool:
        """Carry out one line, or the end of the input; return whether there was one and it could be."""
        session = self._session
        if not session.ready or self.blocked:
            return False
        if self._lines:
            line = self._lines.pop()
            try:
                request: Request | ChatError = wire.parse_command(line, session.mode)
            except ChatError as error:
                request = error
            session.receive(request)
            return True
        if not self._no_more:
            return False
        if self._partial and session.mode is Mode.PIPE:
            if last := _line(self._partial.removesuffix(b"\r")):
                self._lines.append(last)
        elif self._partial:
            session.receive(ChatError(Code.BAD_SYNTAX, "unfinished line: it has no end, so it was not carried out"))
        else:
            session.finish()
        self._partial = b""
        return True

    def _next_turn(self) -> None:
        self._turn_is_due = False
        self._carry_out()

    def _read_or_not(self) -> None:
        if self._lost or self._no_more:
            return
        full = bool(self._lines) and not self._closing
        if full != self._stopped_reading:
            self._stopped_reading = full
            if full:
                self.pauseProducing()
            else:
                self.resumeProducing()

    def _drained(self) -> None:
        self._session.heard = self._factory.hub.wheel.now
        self._session.proceed()

    def _overflowed(self) -> None:
        waiting = self._writer.waiting
        self._session.end(Farewell.SLOW, f"you did not read {waiting} bytes; come in again with since=")

    def _reject(self, why: str) -> None:
        self._session.end(Farewell.NOT_CHATD, why)

    def _abort(self) -> None:
        self._factory.connections[self] = None
        self.stream.abortConnection()


def _line(data: bytes) -> bytes:
    """Return a line without a byte order mark; of one that is too long, enough for the parser to see that it is."""
    return data.removeprefix(wire.BOM)[: wire.MAX_LINE_BYTES + 1]


class LineFactory(Factory):
    """Makes a `LineProtocol` for each connection, and knows those that are open.

    ``max_waiting_bytes`` is what may wait for a reader before it is sent away.
    """

    noisy = False

    def __init__(self, hub: Hub, clock: IReactorTime, max_waiting_bytes: int = MAX_WAITING_BYTES) -> None:
        self.hub = hub
        self.clock = clock
        self.max_waiting_bytes = max_waiting_bytes
        self.connections: dict[LineProtocol, IDelayedCall | None] = {}
        """Those that are open; for one that is closing, the call that will end its patience."""
        self._all_lost: Deferred[None] | None = None

    def buildProtocol(self, addr: IAddress | None) -> LineProtocol:  # noqa: ARG002  # Twisted's signature
        """Return the protocol for a new connection."""
        return LineProtocol(self)

    def lost(self, connection: LineProtocol) -> None:
        """Forget a connection."""
        abort = self.connections.pop(connection)
        if abort is not None and abort.active():
            abort.cancel()
        if self._all_lost is not None and not self.connections:
            waiting, self._all_lost = self._all_lost, None
            waiting.callback(None)

    def all_lost(self) -> Deferred[None]:
        """Return a Deferred that fires when no connection is open any more."""
        if not self.connections:
            return succeed(None)
        self._all_lost = Deferred()
        return self._all_lost

    def abort_all(self) -> None:
        """Close every connection at once, whatever waits for its reader."""
        for connection in list(self.connections):
            connection.stream.abortConnection()
