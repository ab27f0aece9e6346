"""IRC as it is spoken over a connection, what Twisted calls for one of a stream, and the factory that makes them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from twisted.internet.interfaces import IHalfCloseableProtocol
from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineReceiver
from twisted.python.failure import Failure
from typing_extensions import override
from zope.interface import implementer

from chatd.edges.gateway import EdgeFactory, Gateway
from chatd.edges.irc import numerics as n
from chatd.edges.irc import translation
from chatd.edges.irc.form import Forms
from chatd.edges.irc.message import MAX_BODY_BYTES, MAX_LINE_BYTES, Message, TooLongError, parse, parse_tags, render
from chatd.edges.irc.rows import answer_alone, receive
from chatd.edges.irc.server import DEFAULT_LAST_LINES, DEFAULT_NAME, IrcServer
from chatd.edges.irc.session import IrcSession
from chatd.edges.irc.speaking import SAYING, say_plainly
from chatd.edges.irc.table import COMMANDS
from chatd.edges.irc.user import IrcUser
from chatd.edges.peer_connection import PeerConnection
from chatd.edges.speech import Speech
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.framing import LineDecoder


class IrcSpeech(Speech):
    """IRC, over whatever carries it."""

    max_line_bytes = MAX_LINE_BYTES
    make_session = IrcSession
    user: IrcUser | None = None

    def __init__(self, forms: Forms) -> None:
        self._forms = forms

    @override
    def begin(self, peer: PeerConnection, frames: Callable[[bytes], bytes]) -> None:
        session = peer.session
        assert isinstance(session, IrcSession)
        if not session.ended:
            self.user = session.user = IrcUser(self._forms, peer, frames)

    @override
    def line_received(self, line: bytes) -> None:
        user = self.user
        if user is None or (line.startswith(SAYING) and say_plainly(user, line)):
            return
        try:
            message = parse(line)
        except TooLongError:
            self._tear(user)
            why = "the line is too long; a message has at most 510 bytes and 4096 bytes of tags"
            answer_alone(user, partial(user.reply, n.ERR_INPUTTOOLONG, why))
        except UnicodeDecodeError:
            self._tear(user)
            self._refuse_encoding(user, line)
        else:
            if len(line) > MAX_BODY_BYTES:  # its tags cost as much as the lines that they could be
                user.session.peer.charge(len(line) // MAX_BODY_BYTES)
            if message.command:
                receive(user, message, COMMANDS)

    @staticmethod
    def _tear(user: IrcUser) -> None:
        """Note that a line cannot be read, which may be one of a batch: what is left would be another message."""
        if user.draft is not None:
            user.draft.torn = not user.draft.refused

    def _refuse_encoding(self, user: IrcUser, line: bytes) -> None:
        tags, _, body = line.partition(b" ") if line.startswith(b"@") else (b"", b"", line)
        label = parse_tags(tags[1:].decode(errors="replace")).get("label", "")
        command = body.lstrip(b" ").split(b" ")[0].decode("ascii", "replace").upper()[:20]
        text = "the line is not UTF-8; set your client's encoding to UTF-8"
        answer_alone(user, partial(user.fail, command, "INVALID_UTF8", text), label)

    @override
    def translated(self, lines: bytes) -> bytes:
        return b"" if self.user is None else translation.translated(self.user, lines)

    @override
    def farewell(self, reason: DisconnectReason, last: bytes) -> bytes:
        return translation.farewell(self.user, last)


@implementer(IHalfCloseableProtocol)
class IrcProtocol(LineReceiver):
    """One connection of an IRC client over a stream."""

    kind = "irc"
    factory: IrcFactory

    @override
    def connectionMade(self) -> None:
        speech = self._speech = self.factory.speech()
        decoder = LineDecoder(speech.max_line_bytes)
        self.peer = PeerConnection(
            self.factory.gateway, self, decoder, speech.translated, self._farewell, make_session=speech.make_session
        )
        speech.begin(self.peer, bytes)

    @property
    def user(self) -> IrcUser | None:
        """The client; None if it was sent away before it could begin."""
        return self._speech.user

    @override
    def dataReceived(self, data: bytes) -> None:
        self.peer.data_received(data)

    @override
    def lineReceived(self, line: bytes) -> None:
        self._speech.line_received(line)

    def readConnectionLost(self) -> None:
        """Pass on that the peer sends no more."""
        self.peer.input_ended()

    def writeConnectionLost(self) -> None:
        """Pass on that the peer was sent its last line."""
        self.peer.output_sent()

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.peer.connection_lost()

    def _farewell(self, reason: DisconnectReason, last: bytes) -> bytes:
        if reason is DisconnectReason.NOT_CHATD:
            return error("this port speaks plain IRC, not TLS or HTTP")
        return self._speech.farewell(reason, last)


def error(why: str) -> bytes:
    """Return the last message to a connection."""
    return render(Message("ERROR", (f"Closing link: {why}",)))


class IrcFactory(EdgeFactory):
    """Makes an `IrcProtocol` for each connection that is admitted.

    ``name`` is what the server is called on IRC, and ``history`` how many of the last lines are told on JOIN.
    """

    protocol = IrcProtocol

    def __init__(self, gateway: Gateway, name: str = DEFAULT_NAME, history: int = DEFAULT_LAST_LINES) -> None:
        super().__init__(gateway)
        self.server = IrcServer(gateway, name, history)
        self._forms = Forms(self.server)

    def speech(self) -> IrcSpeech:
        """Return what is spoken over one more connection."""
        return IrcSpeech(self._forms)

    @override
    def farewell(self, why: str) -> bytes:
        return error(why)
