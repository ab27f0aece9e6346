"""The edge that speaks lines over a stream: bytes in, commands to a session, its lines out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.chat.hub import Hub
from chatd.chat.session import Session
from chatd.edges.admission import Admission
from chatd.edges.connections import Connections
from chatd.edges.fairness import LINES_AT_ONCE, RateLimiter, Turns
from chatd.edges.refusal import Refused
from chatd.edges.writer import writer_for
from chatd.protocol import telnet, wire
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.wire import Mode, Request
from chatd.runtime.sockets import address_name, is_private, network_address, tune

LINES_PER_TURN = LINES_AT_ONCE
"""How many lines of one connection are carried out before the others have their turn."""
LINES_IN_A_CROWD = 4
"""How many it is while others wait for theirs."""
ABORT_SECONDS = 5
"""How long a peer that is sent away may take to read why."""
LINGER_SECONDS = 60
"""How long a peer that leaves may take to read what it was sent before."""
MAX_WAITING_BYTES = 1024 * 1024

_log = Logger()


@implementer(IHalfCloseableProtocol)
class LineProtocol(LineReceiver):
    """One connection.

    It keeps at most one unfinished line and the lines of one segment. Lines that the session is not ready for, or that
    come faster than they may, stay where they are, and meanwhile nothing is read.
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
        self._unsplit = b""  # what follows them
        self._more = False  # whether there may be whole lines in that
        self._granted = 0  # how many of them may be split off
        self.full_at = 0.0
        self._skipping = False
        self._first = True
        self._no_more = False
        self._stopped_reading = False
        self._turn_is_due = False
        self._closing = False
        self._lost = False
        self._factory.connections.add(self)
        tune(transport)
        self.address = network_address(transport.getPeer())
        self._factory.admission.enter(self.address)
        self.private = is_private(transport, self.address)
        self._writer = writer_for(transport, self._factory.max_waiting_bytes, self)
        self.send = self._writer.write
        self._session = Session(self._factory.hub, self)

    def dataReceived(self, data: bytes) -> None:
        """Take a segment apart and carry out what is in it, up to the end of this turn."""
        if self._closing:
            return
        self._session.heard = self._factory.hub.timers.now
        if telnet.IAC in data:
            self._factory.rate_limiter.charge(self, data.count(telnet.IAC))
            self._granted = 0
            self._more = True  # as far as is known, so that nothing is read while it is to be paid for
        try:
            data = self._filter.feed(data)
        except telnet.EndlessSubnegotiationError:
            self._reject("this telnet talks without end")
            return
        if self._first and wire.is_alien((self._unsplit + data).lstrip(wire.EOL.encode())):
            self._reject("this port speaks neither TLS nor HTTP but chatd's own lines; try nc or telnet")
            return
        self._unsplit += data
        if b"\n" in data:
            self._more = True
        elif not self._more:
            self._skip_what_is_endless()
        if self._factory.turns.crowded:
            self._ask_for_turn(light=bool(self._session.nick) and self._factory.rate_limiter.is_light(self))
            self._read_or_not()
        else:
            self._carry_out()

    def readConnectionLost(self) -> None:
        """Answer the end of the input when all that came before it has been done; the peer may still read."""
        self._no_more = True
        self._unsplit += self._filter.rest()
        if self._closing:
            self.stream.loseConnection()
        if self._factory.turns.crowded:
            self._ask_for_turn()
        else:
            self._carry_out()

    def writeConnectionLost(self) -> None:
        """Note that the peer was sent its last line: from here it has little time to close its side."""
        self._factory.connections.hurry(self, ABORT_SECONDS)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002  # Twisted's signature
        """Carry out the whole lines that came before the end, then leave."""
        self._lost = self._no_more = True
        self._unsplit = self._unsplit[: self._unsplit.rfind(b"\n") + 1]
        self._factory.connections.remove(self)
        if self._closing:
            self._factory.admission.leave(self.address)
        elif self._factory.turns.crowded:
            self._factory.turns.ask(self._session.proceed)
        else:
            self._session.proceed()

    # What its writer tells it.

    def drained(self) -> None:
        """See `chatd.edges.writer.Owner.drained`."""
        self._session.heard = self._factory.hub.timers.now
        self._session.proceed()

    def overflowed(self) -> None:
        """See `chatd.edges.writer.Owner.overflowed`."""
        waiting = self._writer.waiting
        self._session.end(DisconnectReason.SLOW, f"you did not read {waiting} bytes; come in again with since=")

    # What a session asks of its peer.

    @property
    def blocked(self) -> bool:
        """See `chatd.chat.peer.Peer.blocked`."""
        return self._writer.blocked and not self._lost

    @property
    def gone(self) -> bool:
        """See `chatd.chat.peer.Peer.gone`."""
        return self._lost

    def charge(self, lines: int) -> None:
        """See `chatd.chat.peer.Peer.charge`."""
        self._factory.rate_limiter.charge(self, lines)
        self._granted = 0

    def in_turn(self, go_on: Callable[[], None]) -> None:
        """See `chatd.chat.peer.Peer.in_turn`."""
        self._factory.turns.ask(go_on)

    def end(self, farewell: DisconnectReason, data: bytes) -> None:
        """See `chatd.chat.peer.Peer.end`."""
        if self._closing:
            return
        self._closing = True
        self._lines.clear()
        self._unsplit = b""
        self._more = False
        self._factory.rate_limiter.forget(self)
        if self._lost:
            self._factory.admission.leave(self.address)
            return
        quitting = farewell is DisconnectReason.QUIT
        if farewell not in (DisconnectReason.QUIT, DisconnectReason.SHUTDOWN):
            _log.info("{peer} was sent away: {farewell}", peer=self.peer_name, farewell=farewell.value)
        self._read_or_not()  # what still comes is read and dropped, so that it does not reset the connection
        half = not self._no_more and farewell is not DisconnectReason.SHUTDOWN
        self._writer.close(data, discard=farewell is DisconnectReason.SLOW, half=half)
        self._factory.connections.abort_after(self, LINGER_SECONDS if quitting else ABORT_SECONDS)

    def proceed(self) -> None:
        """See `chatd.chat.peer.Peer.proceed`."""
        self._carry_out()

    @property
    def stream(self) -> Any:
        """The transport; Twisted has no one interface for all that those of streams can do."""
        return self.transport

    @property
    def peer_name(self) -> str:
        """Where the peer is, for the log."""
        return address_name(self.stream.getPeer())

    def _split(self) -> bool:
        """Split off the next lines; return whether any may be by now. Those that are empty count, and are left out."""
        if not self._granted:
            # Nobody can be heard who is not read from.
            self._session.heard = self._factory.hub.timers.now
            self._granted = self._factory.rate_limiter.grant(self)
            if not self._granted:
                return False
        lines = self._unsplit.split(b"\n", self._granted)
        self._unsplit = lines.pop()
        self._granted -= len(lines)
        self._more = b"\n" in self._unsplit
        if self._skipping and lines:
            self._skipping = False
            del lines[0]
        for line in reversed(lines):
            if whole := _line(line.removesuffix(b"\r")):
                self._lines.append(whole)
                self._first = False
        if not self._more and (self._skipping or len(self._unsplit) > self.MAX_LENGTH):
            self._skip_what_is_endless()
        return True

    def _skip_what_is_endless(self) -> None:
        """Make an unfinished line that is too long already the last one to be carried out, and skip the rest of it."""
        if self._skipping:
            self._unsplit = b""
        elif len(self._unsplit) > self.MAX_LENGTH:
            line = _line(self._unsplit.removesuffix(b"\r"))
            if len(line) > self.MAX_LENGTH:
                self._lines.insert(0, line)
                self._unsplit = b""
                self._skipping = True
                self._first = False

    def _carry_out(self) -> None:
        """Carry out the lines that can be, a bounded number; what is left waits for its turn, and stops the reading."""
        if self._turn_is_due or self._closing:
            return
        try:
            for _ in range(LINES_IN_A_CROWD if self._factory.turns.crowded else LINES_PER_TURN):
                if not self._carry_out_next() or not (self._lines or self._more or self._no_more):
                    break
            else:
                self._ask_for_turn()
        except Exception:
            _log.failure("a line of {peer} could not be carried out", peer=self.peer_name)
            self._session.fail()
        self._read_or_not()

    def _carry_out_next(self) -> bool:
        """Carry out one line, or the end of the input; return whether there was one and it could be."""
        session = self._session
        if not session.ready or self.blocked:
            return False
        if not self._lines and self._more:
            if not self._split():
                return False
            if not self._lines:
                return True
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
        if self._unsplit and session.mode is Mode.PIPE:
            if last := _line(self._unsplit.removesuffix(b"\r")):
                self._lines.append(last)
        elif self._unsplit:
            session.receive(ChatError(Code.BAD_SYNTAX, "unfinished line: it has no end, so it was not carried out"))
        else:
            session.finish()
        self._unsplit = b""
        return True

    def _ask_for_turn(self, *, light: bool = False) -> None:
        if not self._turn_is_due:
            self._turn_is_due = True
            self._factory.turns.ask(self._next_turn, light=light)

    def _next_turn(self) -> None:
        self._turn_is_due = False
        self._carry_out()

    def _read_or_not(self) -> None:
        if self._lost or self._no_more:
            return
        full = (self._more or bool(self._lines)) and not self._closing
        if full != self._stopped_reading:
            self._stopped_reading = full
            if full:
                self.pauseProducing()
            else:
                self.resumeProducing()

    def _reject(self, why: str) -> None:
        self._session.end(DisconnectReason.NOT_CHATD, why)


def _line(data: bytes) -> bytes:
    """Return a line without a byte order mark; of one that is too long, enough for the parser to see that it is."""
    return data.removeprefix(wire.BOM)[: wire.MAX_LINE_BYTES + 1]


class LineFactory(Factory):
    """Makes a `LineProtocol` for each connection that the gate lets in, and knows those that are open.

    ``max_waiting_bytes`` is what may wait for a reader before it is sent away.
    """

    noisy = False

    def __init__(self, hub: Hub, clock: IReactorTime, max_waiting_bytes: int = MAX_WAITING_BYTES) -> None:
        self.hub = hub
        self.max_waiting_bytes = max_waiting_bytes
        self.clock = clock
        self.connections = Connections(clock)
        self.admission = Admission(hub)
        self.turns = Turns(clock)
        self.rate_limiter = RateLimiter(clock, hub.limits.line_rate, self.turns)

    def buildProtocol(self, addr: IAddress | None) -> Protocol:
        """Return the protocol for a new connection."""
        why = self.admission.refusal(network_address(addr))
        return LineProtocol(self) if why is None else Refused(why)
