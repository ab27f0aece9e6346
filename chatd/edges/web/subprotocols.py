"""What is spoken over WebSocket: the line protocol and, if the server speaks it, IRC as IRCv3 puts it into messages."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from typing_extensions import override
from websockets.exceptions import NegotiationError
from websockets.frames import Opcode
from websockets.server import ServerProtocol
from websockets.typing import Subprotocol as Name

from chatd.chat.session import Session
from chatd.edges.peer_connection import PeerConnection
from chatd.edges.speech import Speech
from chatd.edges.web.frames import BINARY, TEXT, LineFrames, TextFrames
from chatd.protocol import wire
from chatd.protocol.errors import ChatError, DisconnectReason
from chatd.protocol.wire import Request


class LineSpeech(Speech):
    """The line protocol."""

    max_line_bytes = wire.MAX_LINE_BYTES
    make_session = Session
    translated = None
    _session: Session

    @override
    def begin(self, peer: PeerConnection, frames: Callable[[bytes], bytes]) -> None:
        self._session = peer.session

    @override
    def line_received(self, line: bytes) -> None:
        session = self._session
        try:
            request: Request | ChatError = wire.parse_command(line, session.mode)
        except ChatError as error:
            request = error
        session.receive(request)

    @override
    def farewell(self, reason: DisconnectReason, last: bytes) -> bytes:
        return last


class Subprotocol(NamedTuple):
    """What may be agreed on when a connection changes over to WebSocket."""

    speech: Callable[[], Speech]
    """Makes what is spoken, for one more connection."""
    frames: Callable[[bytes], bytes]
    """Returns the frames of whole lines."""
    opcode: Opcode = Opcode.TEXT
    """Of the frames in both directions."""


def by_name(irc: Callable[[], Speech] | None) -> Mapping[str, Subprotocol]:
    """Return the subprotocols by name; ``irc`` makes what IRC clients speak, None where the server speaks no IRC."""
    found = {"chatd.v1": Subprotocol(LineSpeech, TextFrames().of)}
    if irc is not None:
        found["text.ircv3.net"] = Subprotocol(irc, LineFrames(TEXT).of)
        found["binary.ircv3.net"] = Subprotocol(irc, LineFrames(BINARY).of, Opcode.BINARY)
    return found


def first_of(known: Mapping[str, Subprotocol]) -> Callable[[ServerProtocol, Sequence[Name]], Name]:
    """Return what chooses, of the subprotocols that a client offers, the best liked one first, one known here."""

    def choose(_: ServerProtocol, offered: Sequence[Name]) -> Name:
        for name in offered:
            if name in known:
                return name
        raise NegotiationError("unknown subprotocol")

    return choose
