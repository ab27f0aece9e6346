"""``/-/ws``: a session like any other over WebSocket, in the line protocol or in IRC, as its subprotocol says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from websockets.datastructures import Headers
from websockets.exceptions import PayloadTooBig
from websockets.frames import Frame, Opcode
from websockets.http11 import Request as HandshakeRequest
from websockets.protocol import State
from websockets.server import ServerProtocol

from chatd.edges.gateway import Gateway
from chatd.edges.peer_connection import PeerConnection
from chatd.edges.web.call import Call
from chatd.edges.web.errors import HTTPError
from chatd.edges.web.frames import PING, close_frame, frame, short_texts, size_when_masked
from chatd.edges.web.routes import Access, Route
from chatd.edges.web.subprotocols import Subprotocol, first_of
from chatd.edges.web.visitors import WebVisitor
from chatd.protocol.errors import ChatError, DisconnectReason
from chatd.protocol.framing import LineDecoder

MAX_MESSAGE_BYTES = 64 * 1024
CLOSE_CODES: Mapping[DisconnectReason, int] = {
    DisconnectReason.QUIT: 1000,
    DisconnectReason.SHUTDOWN: 1012,
    DisconnectReason.RESTART: 1012,
    DisconnectReason.SLOW: 1013,
    DisconnectReason.IDLE: 4000,
    DisconnectReason.REPLACED: 4001,
    DisconnectReason.KICKED: 4002,
    DisconnectReason.BANNED: 4003,
    DisconnectReason.NOT_CHATD: 1008,
    DisconnectReason.REFUSED: 1013,
    DisconnectReason.INTERNAL: 1011,
}
"""What a close frame says; its reason is the one of BYE."""


class WebSocketEdge:
    """One connection: what comes in frames goes, as lines, to its session, and what that sends comes in frames."""

    kind = "web"
    paused = False

    def __init__(self, gateway: Gateway, transport: Any, handshake: bytes, subprotocol: Subprotocol) -> None:
        self.transport = transport
        self._gateway = gateway
        self._protocol: ServerProtocol | None = None  # there in the middle of what it takes: it is 1,450 bytes
        self._parts: list[bytes] = []
        self._lineless = 0  # how many frames came in a segment that no line pays for
        self._unread = 0  # how many bytes of an unfinished frame the protocol has
        self._close: tuple[int, str] | None = None  # what the close frame says, if it is not BYE's own
        self._ends = False
        make_speech, self._frames, self._opcode = subprotocol
        self._is_text = self._opcode is Opcode.TEXT
        speech = self._speech = make_speech()
        self.lineReceived = speech.line_received
        """Hands the session what a line asks for; called as Twisted does."""
        decoder = LineDecoder(speech.max_line_bytes)
        translate = self._frames if speech.translated is None else self._translated
        self.peer = PeerConnection(gateway, self, decoder, translate, self._farewell, handshake, speech.make_session)
        speech.begin(self.peer, self._frames)
        self._ping_seconds = gateway.hub.limits.ping_seconds
        self._heard = self._pinged = False
        self.visitor: WebVisitor | None = None
        """Whoever has an account here by a token or a login."""
        self._slot = gateway.hub.timers.add(self._check, gateway.hub.timers.now + self._ping_seconds)

    # What the channel tells it.

    def data_received(self, data: bytes) -> None:
        """Take a segment."""
        self._heard = True
        if self._ends:
            return
        if self._is_text and not self._unread and not self._parts:
            data = data[self._take_short_ones(data) :]
            if self._ends or not data:
                return
        protocol = self._protocol
        if protocol is None:
            protocol = self._protocol = ServerProtocol(state=State.OPEN, max_size=MAX_MESSAGE_BYTES)
        self._lineless = 0
        protocol.receive_data(data)
        self._unread += len(data)
        for event in protocol.events_received():
            if isinstance(event, Frame):
                self._unread -= size_when_masked(event.data)
                self._take(event)
        if self._ends:
            return
        if protocol.parser_exc is not None:
            self._fail(protocol)
        else:
            for pong in protocol.data_to_send():
                self.peer.send_frame(pong)
            if self._lineless:
                self.peer.frames_received(self._lineless)
            if not self._unread and not self._parts:
                self._protocol = None

    def connection_lost(self) -> None:
        """End the session."""
        self._ends = True
        self._gateway.hub.timers.discard(self._check, self._slot)
        self.peer.connection_lost()

    # What the peer asks of its edge.

    def pauseProducing(self) -> None:
        """Read no more for now."""
        self.paused = True
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """Read again."""
        self.paused = False
        self.transport.resumeProducing()

    # What comes in frames.

    def _take(self, received: Frame) -> None:
        if received.opcode in (Opcode.PING, Opcode.PONG) or not received.data:
            self._lineless += 1
        match received.opcode:
            case Opcode.TEXT | Opcode.BINARY if received.opcode is not self._opcode:
                self._end(1003, f"only {self._opcode.name.lower()} frames are accepted")
            case Opcode.TEXT | Opcode.BINARY | Opcode.CONT:
                if received.data or not self._parts:  # no limit counts the empty ones
                    self._parts.append(bytes(received.data))
                if received.fin:
                    self._take_message(b"".join(self._parts))
                    self._parts = []
            case Opcode.CLOSE:
                self._ends = True
                self._close = (1000, "")
                self.peer.input_ended()

    def _take_short_ones(self, data: bytes) -> int:
        """Take the short messages that a segment begins with as if they were one; return how many bytes they are."""
        texts, taken = short_texts(data)
        if len(texts) == 1:
            self._take_message(texts[0])
            return taken
        together = b"".join(map(_ended, texts))
        if not texts or not _is_utf8(together):  # those before the one that is not are carried out still
            return 0
        self.peer.data_received(together)
        return taken

    def _take_message(self, message: bytes) -> None:
        if self._is_text and not _is_utf8(message):
            self._end(1007, "the data is not UTF-8")
        elif message:
            self.peer.data_received(_ended(message))

    def _fail(self, protocol: ServerProtocol) -> None:
        error = protocol.parser_exc
        if isinstance(error, PayloadTooBig):
            self._end(1009, f"a message has at most {MAX_MESSAGE_BYTES} bytes")
        elif isinstance(error, UnicodeDecodeError):
            self._end(1007, "the data is not UTF-8")
        else:
            self._end(1002, "the data is not the WebSocket protocol")

    def _end(self, code: int, why: str, reason: DisconnectReason = DisconnectReason.NOT_CHATD) -> None:
        if not self._ends:
            self._ends = True
            self._close = code, why
            self.peer.session.disconnect(reason, why)

    def _farewell(self, reason: DisconnectReason, last: bytes) -> bytes:
        lines = self._speech.farewell(reason, last)
        told = lines.rstrip(b"\r\n").rpartition(b"\n")[2]
        code, why = self._close or (CLOSE_CODES[reason], told.decode(errors="replace"))
        return self._frames(lines) + close_frame(code, why)

    def _translated(self, lines: bytes) -> bytes:
        assert self._speech.translated is not None
        return self._frames(self._speech.translated(lines))

    def _check(self, now: float) -> None:
        """Ping whoever was silent, so that proxies keep the connection; give up who does not answer that."""
        if self._ends:
            return
        if self._pinged and not self._heard and not self.paused:
            self._end(1008, "a ping was not answered")
            return
        if self.visitor is not None and self.visitor.is_over:
            self._end(4004, "the login has expired; log in again", DisconnectReason.REFUSED)
            return
        self._pinged, self._heard = not self._heard, False
        if self._pinged:
            self.peer.send_frame(frame(PING, b""))
        self._slot = self._gateway.hub.timers.add(self._check, now + self._ping_seconds)


def _ended(message: bytes) -> bytes:
    return message if message.endswith(b"\n") else message + b"\n"


def _is_utf8(message: bytes) -> bool:
    try:
        message.decode()
    except UnicodeDecodeError:
        return False
    return True


async def _open(call: Call) -> None:
    """Change a connection over to WebSocket, or answer why not."""
    channel: Any = call.request.channel
    known: Mapping[str, Subprotocol] = channel.factory.subprotocols
    protocol = ServerProtocol(select_subprotocol=first_of(known))
    headers = Headers()
    for name, values in call.request.requestHeaders.getAllRawHeaders():
        for value in values:
            headers[name.decode("latin-1")] = value.decode("latin-1")
    response = protocol.accept(
        HandshakeRequest(
            call.request.uri.decode("latin-1"), headers, protocol=call.request.clientproto.decode("latin-1")
        )
    )
    if response.status_code != 101:
        text = f"this address takes WebSocket with the subprotocol {' or '.join(known)}"
        names = ("Upgrade", "Sec-WebSocket-Version")
        kept = {name: response.headers[name] for name in names if name in response.headers}
        raise HTTPError(response.status_code, "websocket-needed", text, kept)
    visitor = call.visitor
    channel.leave_http()
    assert protocol.subprotocol is not None
    edge = WebSocketEdge(call.gateway, channel.transport, response.serialize(), known[protocol.subprotocol])
    channel.upgraded = edge
    edge.peer.private = call.private
    if visitor.account is not None and not edge.peer.session.ended:
        edge.visitor = visitor
        try:
            edge.peer.session.become_owner(visitor.account)
        except ChatError as error:  # HTTP has nothing to answer with any more
            edge.peer.session.disconnect(DisconnectReason.INTERNAL, error.text)


ROWS: Sequence[Route] = (Route("GET", "/-/ws", _open, Access.ANYBODY),)
