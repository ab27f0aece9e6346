"""What is spoken over a connection, apart from what carries it: a stream of lines, or the messages of WebSocket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chatd.chat.hub import Hub
from chatd.chat.peer import Peer
from chatd.chat.session import Session
from chatd.edges.peer_connection import PeerConnection
from chatd.protocol.errors import DisconnectReason


class Speech(Protocol):
    """The language of one connection.

    Lines come without their ends; what is returned, and what is sent, is whole lines with CR LF.
    """

    max_line_bytes: int
    """How long a line of the peer may be, without its end, see `chatd.protocol.framing.LineDecoder`."""
    make_session: Callable[[Hub, Peer], Session]

    def begin(self, peer: PeerConnection, frames: Callable[[bytes], bytes]) -> None:
        """Speak for a peer; ``frames`` returns what carries lines that no line of its session was made into."""

    def line_received(self, line: bytes) -> None:
        """Hand the session what a line asks for; it is not empty."""

    @property
    def translated(self) -> Callable[[bytes], bytes] | None:
        """Return what makes, of lines of its session, what the peer reads; None if it reads those."""

    def farewell(self, reason: DisconnectReason, last: bytes) -> bytes:
        """Return what the peer reads last, given the last line of its session."""
