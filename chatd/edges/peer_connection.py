"""One connection of any stream edge: the peer of its session, held to the limits that all edges share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from typing_extensions import override

from chatd.chat.hub import Hub
from chatd.chat.peer import Peer
from chatd.chat.session import Session
from chatd.edges.by_hand import is_taken_back
from chatd.edges.connection_state import TRANSITIONS, Event, State
from chatd.edges.fairness import LINES_IN_A_CROWD, LINES_PER_TURN
from chatd.edges.gateway import Gateway
from chatd.edges.stream import Decoder, StreamEdge
from chatd.edges.writer import writer_for
from chatd.model.room_policy import IPAddress
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.framing import FramingError, LineDecoder
from chatd.protocol.log_decoder import LogDecoder, LogError, LogOptions, LongLines
from chatd.protocol.wire import Mode
from chatd.runtime.sockets import address_name, is_private, network_address, origin, tune

ABORT_SECONDS = 5
"""How long a peer that is disconnected may take to read why."""
RESTART_SECONDS = 2
"""How long it may take that when the server restarts, and everybody waits for that."""
GONE_SECONDS = 0.5
"""How long it may take then to close its side, once all is sent."""
LINGER_SECONDS = 60
"""How long a peer that quits may take to read what it was sent before."""

_PATIENCE = {DisconnectReason.QUIT: LINGER_SECONDS, DisconnectReason.RESTART: RESTART_SECONDS}
NOT_SENT_AWAY = frozenset({DisconnectReason.QUIT, DisconnectReason.SHUTDOWN, DisconnectReason.RESTART})
"""Why connections end through no fault of theirs, which the log does not tell of each."""

_OPEN, _HALF_CLOSED, _LOST, _CLOSING, _CLOSED = State  # Python 3.11 takes long to look up a member
_ENDED = frozenset({_CLOSING, _CLOSED})


class PeerConnection(Peer):
    """Stands between a session, which it makes, and the protocol of an edge, which tells it what its transport does.

    It keeps at most one unfinished line and the lines of one segment. Lines that the session is not ready for, or that
    arrive faster than ``--line-rate`` allows, wait in the decoder, and meanwhile nothing is read.

    ``translate`` makes, of the whole lines that the server sends, what the peers of an edge read; it is None where
    those read the lines themselves. ``farewell`` makes what they read last, of why they are sent away and that line.
    ``preface`` is sent before anything of the session's.
    """

    __slots__ = (
        "_decoder", "_edge", "_farewell", "_gateway", "_granted", "_is_cut", "_lines", "_state", "_torn", "_translate",
        "_winds_down", "_writer", "address", "full_at", "household", "private", "send", "send_frame", "session",
    )  # fmt: skip
    address: IPAddress | None
    household: str
    private: bool
    send: Callable[[bytes], None]  # type: ignore[assignment]  # its writer's own, so that nothing stands between
    send_frame: Callable[[bytes], None]
    """Sends what no line was made into, in its turn behind what waits; the writer's own, too."""

    def __init__(
        self,
        gateway: Gateway,
        edge: StreamEdge,
        decoder: Decoder,
        translate: Callable[[bytes], bytes] | None = None,
        farewell: Callable[[DisconnectReason, bytes], bytes] | None = None,
        preface: bytes = b"",
        make_session: Callable[[Hub, Peer], Session] = Session,
    ) -> None:
        transport = edge.transport
        self.full_at = 0.0
        self._gateway = gateway
        self._edge = edge
        self._decoder = decoder
        self._granted = 0  # how many lines may be asked of the decoder
        self._lines: list[bytes] = []  # those that it has returned; the next one is the last
        self._torn = False  # whether the input has broken off
        self._winds_down = False  # whether nothing more is read
        self._is_cut = False  # whether that is why the session ends, so that it has no verdict
        self._state = _OPEN
        gateway.connections.add(self)
        tune(transport)
        self.address = network_address(transport.getPeer())
        is_here = self.address is None or self.address.is_loopback
        # As many programs as there are may speak on this machine; each is held to its own rate.
        self.household = "" if is_here else origin(self.address)
        gateway.admission.admit(self.address)
        self.private = is_here or is_private(transport, self.address)
        self._writer = writer_for(transport, gateway.hub.limits.send_queue_bytes, self)
        self._translate = translate
        self._farewell = farewell
        if preface:
            self._writer.write(preface)
        self.send = self.send_frame = self._writer.write
        if translate is not None:
            self._writer.translate, self.send = translate, self._writer.write_translated
        self.session = make_session(gateway.hub, self)

    @property
    def transport(self) -> Any:
        """The transport; Twisted has no one interface for all that those of streams can do."""
        return self._edge.transport

    @property
    def kind(self) -> str:
        """Which edge it is of."""
        return self._edge.kind

    @property
    def queued_bytes(self) -> int:
        """How much waits for the peer."""
        return self._writer.waiting

    def set_queue_limit(self, count: int) -> None:
        """Let so many bytes wait for the peer from here on."""
        self._writer.limit = count

    @property
    def name(self) -> str:
        """Where the peer is, for the log."""
        return address_name(self.transport.getPeer())

    # What the edge tells it.

    def data_received(self, data: bytes) -> None:
        """Take a segment, and carry out what is in it up to the end of this turn."""
        if self._state is not _OPEN:
            return
        session, decoder, gateway = self.session, self._decoder, self._gateway
        session.heard = gateway.hub.timers.now
        try:
            lines = decoder.feed(data, 0 if self._lines or session.waits else self._granted)
        except (FramingError, LogError) as error:
            session.disconnect(DisconnectReason.NOT_CHATD, str(error))
            return
        held_up = decoder.has_lines or decoder.telnet_commands or gateway.turns.crowded or self._writer.blocked
        if len(lines) == 1 and not held_up and session.ready:
            # Nearly every segment, at a third of the cost of what follows.
            self._granted -= 1
            if lines[0]:
                self._carry_out(lines[0])
            return
        if lines:
            self._take_lines(lines)
        if decoder.telnet_commands:
            self.charge(decoder.telnet_commands)
            decoder.telnet_commands = 0
            self._granted = gateway.rate_limiter.grant(self)  # while that is 0, nothing is read
        if gateway.turns.crowded:
            self._schedule_turn(light=bool(session.nick) and gateway.rate_limiter.is_light(self))
            self._pause_or_resume()
        else:
            self._serve_lines(LINES_PER_TURN)

    def frames_received(self, count: int) -> None:
        """Count what came that is no line and costs as much as so many; while the rate allows none, nothing is read."""
        if self._state is not _OPEN:
            return
        paid = min(count, self._granted)
        self._granted -= paid
        self._gateway.rate_limiter.charge(self, count - paid)
        if not self._granted:
            self._granted = self._gateway.rate_limiter.grant(self)
        self._pause_or_resume()

    def input_ended(self) -> None:
        """Answer the end of the input when all that came before it has been carried out; the peer may still read.

        Over TLS somebody may have cut off what followed: then the end is not answered, but what came before it is.
        """
        self._change(Event.INPUT_ENDED)
        if self._state is _CLOSING:
            self.transport.loseConnection()
            return
        self._torn = getattr(self.transport, "input_torn", False)
        if self._gateway.turns.crowded:
            self._schedule_turn()
        else:
            self._serve()

    def output_sent(self) -> None:
        """Note that the peer was sent its last line: from here on it has little time to close its side."""
        seconds = GONE_SECONDS if self._gateway.restarting else ABORT_SECONDS
        self._gateway.connections.reset_deadline(self, seconds)

    def connection_lost(self) -> None:
        """Carry out the whole lines that came before the end, then end the session."""
        self._change(Event.LOST)
        self._gateway.connections.remove(self)
        if self._state is _CLOSED:
            return
        if self._gateway.turns.crowded:
            self._gateway.turns.schedule(self.session.resume_commands)
        else:
            self.session.resume_commands()

    # What its writer, the rate limiter and the connections tell it.

    def write_queue_drained(self) -> None:
        """Continue: the peer has read what it was sent."""
        self.session.heard = self._gateway.hub.timers.now
        self.session.resume_commands()

    def write_queue_overflowed(self) -> None:
        """Disconnect the peer, which does not read."""
        waiting = self._writer.waiting
        self.session.disconnect(
            DisconnectReason.SLOW,
            f"you read too slowly, and {waiting} bytes were waiting; reconnect and JOIN with since=",
        )

    def resume_lines(self) -> None:
        """Continue: the rate allows it again."""
        self._serve()

    def abort(self) -> None:
        """Close at once, whatever waits for the peer."""
        self.transport.abortConnection()

    def wind_down(self) -> None:
        """Read nothing more; what was read is carried out and answered."""
        self._winds_down = True
        self._pause_or_resume()

    @property
    def ended(self) -> bool:
        """Whether its session has ended."""
        return self.session.ended

    @property
    def served(self) -> bool:
        """Whether all that was read is carried out and answered."""
        return self._state in _ENDED or (self.session.idle and not self._lines and not self._decoder.has_lines)

    # What the session asks of its peer.

    @property
    @override
    def blocked(self) -> bool:
        return self._writer.blocked and self._state is not _LOST

    @property
    @override
    def unreachable(self) -> bool:
        return self._state in (_LOST, _CLOSED)

    @override
    def charge(self, lines: int) -> None:
        granted = min(lines, self._granted)  # those are paid for
        self._granted -= granted
        if lines > granted:
            self._gateway.rate_limiter.charge(self, lines - granted)

    @override
    def in_turn(self, go_on: Callable[[], None]) -> None:
        self._gateway.turns.schedule(go_on)

    @override
    def close(self, reason: DisconnectReason, data: bytes) -> None:
        before = self._state
        if before in _ENDED:
            return
        self._change(Event.FAREWELL)
        self._lines.clear()
        self._decoder.clear()
        self._gateway.rate_limiter.forget(self, self._granted)
        if self._state is _CLOSED:
            return
        if reason not in NOT_SENT_AWAY:
            self._gateway.log_sent_away(self.name, self.address, reason)
        if before is _OPEN and self._edge.paused:
            self._edge.resumeProducing()
        half = before is _OPEN and reason is not DisconnectReason.SHUTDOWN
        self._writer.close(self._last(reason, data), discard=reason is DisconnectReason.SLOW, half=half)
        self._gateway.connections.abort_after(self, _PATIENCE.get(reason, ABORT_SECONDS))

    @override
    def resume_input(self) -> None:
        self._serve()

    @override
    def read_as_log(self, charset: str, long: str) -> None:
        if not isinstance(self._decoder, LineDecoder):
            return
        telnet, held = self._decoder.hand_over()
        self._decoder = LogDecoder(LogOptions(charset, LongLines(long)), telnet)
        waiting = b"".join(line + b"\n" for line in reversed(self._lines))
        self._granted += len(self._lines)
        self._lines = []
        self._decoder.resume(waiting + held)

    @override
    def send_private(self, data: bytes) -> bool:
        return self._writer.write_private(data if self._translate is None else self._translate(data))

    def send_private_frame(self, data: bytes) -> bool:
        """The same with what one person says to the other side alone; return False if it reads too slowly for more."""
        return self._writer.write_private(data)

    def _last(self, reason: DisconnectReason, data: bytes) -> bytes:
        if self._is_cut:
            return b""
        if self._farewell is not None:
            return self._farewell(reason, data)
        return data if self._translate is None else self._translate(data)

    # How lines get to the session.

    def _change(self, event: Event) -> None:
        self._state = TRANSITIONS[self._state, event]
        if self._state is _CLOSED:
            self._gateway.admission.release(self.address)

    def _serve(self) -> None:
        """Carry out the lines that can be, a bounded number; what is left waits for its turn, and stops the reading."""
        turns = self._gateway.turns
        if self._state in _ENDED:
            return
        if not turns.crowded:
            self._serve_lines(LINES_PER_TURN)
        elif not turns.is_scheduled(self._take_turn):
            self._serve_lines(LINES_IN_A_CROWD)

    def _serve_lines(self, at_most: int) -> None:
        try:
            for _ in range(at_most):
                if not self._serve_next():
                    break
            else:
                self._schedule_turn()
        except LogError as error:
            self.session.disconnect(DisconnectReason.NOT_CHATD, str(error))
        except Exception:
            self._end_on_fault()
        self._pause_or_resume()

    def _carry_out(self, line: bytes) -> None:
        try:
            self._edge.lineReceived(line)
        except Exception:
            self._end_on_fault()

    def _end_on_fault(self) -> None:
        self._gateway.hub.log_limiter.failure("a line could not be processed", origin(self.address))
        self.session.disconnect_on_fault()

    def _serve_next(self) -> bool:
        """Carry out one line, or the end of the input, if that can be; return whether more may follow at once."""
        if not self.session.ready or (self._writer.blocked and self._state is not _LOST):
            return False
        if not self._lines and self._decoder.has_lines and not self._ask_for_lines():
            return False
        if self._lines:
            if line := self._lines.pop():
                self._edge.lineReceived(line)
            return bool(self._lines) or self._state is not _OPEN or self._decoder.has_lines
        if self._state is _OPEN:
            return False
        self._serve_end()
        return True

    def _serve_end(self) -> None:
        unfinished = b"" if self._state is _LOST else self._decoder.end()
        self._is_cut = self._torn
        if not unfinished or self._torn or is_taken_back(self.session, unfinished):
            self.session.finish()
        elif self.session.mode is Mode.PIPE:
            self._edge.lineReceived(unfinished)
        else:
            why = "unfinished line: it was ignored; end each line with a line feed"
            self.session.receive(ChatError(Code.BAD_SYNTAX, why))

    def _ask_for_lines(self) -> bool:
        """Ask the decoder for as many lines as the rate allows; return whether that is any."""
        if not self._granted:
            # A peer that is not read from cannot be heard, which is not its fault.
            self.session.heard = self._gateway.hub.timers.now
            self._granted = self._gateway.rate_limiter.grant(self)
            if not self._granted:
                return False
        self._take_lines(self._decoder.next_lines(self._granted))
        return True

    def _take_lines(self, lines: list[bytes]) -> None:
        self._granted -= len(lines)
        lines.reverse()
        self._lines = lines

    def _schedule_turn(self, *, light: bool = False) -> None:
        if not self._gateway.turns.is_scheduled(self._take_turn):
            self._gateway.turns.schedule(self._take_turn, light=light)

    def _take_turn(self) -> None:
        self._serve()

    def _pause_or_resume(self) -> None:
        if self._state is not _OPEN:
            return
        waits = self._winds_down or bool(self._lines) or self._decoder.has_lines
        waits = waits or (not self._granted and self._gateway.rate_limiter.is_waiting(self))
        if waits != self._edge.paused:
            if waits:
                self._edge.pauseProducing()
            else:
                self._edge.resumeProducing()
