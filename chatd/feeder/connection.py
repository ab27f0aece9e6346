"""One connection of a feeder to a server: it comes in, and says messages under labels."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.protocol import names, wire
from chatd.protocol.commands import Command, Hello, Join, Msg, Ping, Quit
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.events import Done, Ended, Event, Moderated, Refused, Said
from chatd.protocol.moderation_commands import Login
from chatd.protocol.wire import NO_TAGS
from chatd.runtime.connection_failures import why_lost
from chatd.runtime.sockets import is_private, network_address, tune

HELLO_SECONDS = 30
"""How long a server may take to answer what comes before the first message."""
PING_SECONDS = 30
"""How long nothing may be heard before the server is asked whether it is there, and then until it is given up."""
CLOSE_SECONDS = 5
"""How long a server may take to say BYE after QUIT."""

_FINAL = frozenset(
    {Code.BAD_NICK, Code.BAD_ROOM, Code.BAD_PASSWORD, Code.TLS_NEEDED, Code.BAD_VERSION, Code.BAD_SYNTAX, Code.NOT_UTF8}
)
"""What a server refuses to let it in with that does not pass."""
_FAREWELLS = frozenset({DisconnectReason.REPLACED, DisconnectReason.KICKED, DisconnectReason.BANNED})
_log = Logger()


@dataclass(frozen=True, slots=True)
class Identity:
    """Who says it, and where."""

    nick: str
    room: str
    password: str | None = None


class Stage(Enum):
    """How far a connection is."""

    ENTERING = "HELLO, LOGIN or JOIN is not answered yet"
    INSIDE = "messages can be said"
    LEAVING = "QUIT was said, or it is to end"


class Owner(Protocol):
    """What hears of a connection."""

    def opened(self, connection: FeederConnection) -> None:
        """Note that there is a connection, on which nothing can be said yet."""

    def entered(self, resume: str) -> None:
        """Note that messages can be said, and by what secret the connection can be taken over."""

    def said(self, label: str) -> None:
        """Note that a message is stored."""

    def message_refused(self, label: str, error: Refused) -> None:
        """Note that a message is not stored."""

    def closed(self, why: str, *, is_final: bool, retry: float | None = None) -> None:
        """Note the end, in a sentence without its capital, and whether it would be no use, or no manners, to return.

        ``retry`` is in how many seconds the server wants one back, if it said so.
        """


class FeederConnection(LineOnlyReceiver):
    """One connection. ``clock`` is the reactor."""

    delimiter = wire.EOL.encode()
    MAX_LENGTH = wire.MAX_SERVER_LINE_BYTES

    def __init__(self, clock: IReactorTime, owner: Owner, identity: Identity, resume: str) -> None:
        self._clock = clock
        self._owner = owner
        self._identity = identity
        self._resume = resume
        self._stage = Stage.ENTERING
        self._why = ""
        self._is_final = False
        self._retry: float | None = None
        self._deadline: IDelayedCall | None = None
        self._asked = False

    @property
    def stream(self) -> Any:
        """The transport; Twisted has no one interface for all that those of streams can do."""
        return self.transport

    @property
    def inside(self) -> bool:
        """Whether messages can be said."""
        return self._stage is Stage.INSIDE

    def say(self, label: str, text: str) -> None:
        """Send a message under its label."""
        self._write(Msg(text), label)

    def leave(self) -> None:
        """Say QUIT and wait a little until the server has closed."""
        if self._stage is not Stage.LEAVING:
            self._stage = Stage.LEAVING
            self._write(Quit())
            self._within(CLOSE_SECONDS, self.stream.abortConnection)

    def give_up(self, why: str, *, is_final: bool = False) -> None:
        """End the connection at once, and for good if that ``is_final``."""
        self._why, self._is_final, self._stage = self._why or why, is_final, Stage.LEAVING
        self.stream.abortConnection()

    @override
    def connectionMade(self) -> None:
        tune(self.stream)
        self._owner.opened(self)
        self._write(Hello(wire.PROTOCOL_VERSION))
        no_answer = f"no chatd server answered within {HELLO_SECONDS} seconds"
        self._within(HELLO_SECONDS, lambda: self.give_up(no_answer))

    @override
    def dataReceived(self, data: bytes) -> None:
        self._asked = False
        if self._stage is Stage.INSIDE:
            self._within(PING_SECONDS, self._ask)
        super().dataReceived(data)

    @override
    def lineReceived(self, line: bytes) -> None:
        try:
            tags, event = wire.parse_event(line)
        except ChatError:
            return  # of a later version
        try:
            self._take(tags.get("label", ""), event)
        except Exception:
            _log.failure("a line from the server could not be processed")
            self.give_up("internal error; see the traceback above")

    @override
    def lineLengthExceeded(self, line: bytes) -> None:
        self.give_up(f"the server sent a line of more than {self.MAX_LENGTH} bytes")

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._owner.closed(self._why or why_lost(reason), is_final=self._is_final, retry=self._retry)

    def _take(self, label: str, event: Event) -> None:
        match event:
            case Ping():
                self._write(Ping("alive"))
            case Ended(code, text, retry):
                self._retry = retry
                self._why = self._why or f"the server closed the connection: {text}"
                self._is_final = self._is_final or code in _FAREWELLS
            case Moderated("KICK", by, _, subject) if names.key(subject) == names.key(self._identity.nick):
                self.give_up(
                    f"{by} removed {self._identity.nick} from the room{f': {event.text}' if event.text else ''}",
                    is_final=True,
                )
            case Said() if label:
                self._owner.said(label)
            case Refused() if self._stage is Stage.ENTERING:
                self.give_up(event.text, is_final=event.code in _FINAL)
            case Refused() if label:
                self._owner.message_refused(label, event)
            case Done("HELLO"):
                self._log_in()
            case Done("LOGIN"):
                self._join()
            case Done("JOIN") if self._stage is Stage.ENTERING:
                self._stage = Stage.INSIDE
                self._within(PING_SECONDS, self._ask)
                self._owner.entered(event.values.get("resume", ""))
            case _:
                pass  # what others do

    def _log_in(self) -> None:
        if self._identity.password is None:
            self._join()
        elif is_private(self.stream, network_address(self.stream.getPeer())):
            self._write(Login(self._identity.nick, self._identity.password))
        else:
            self.give_up("the connection is not encrypted, so the password was not sent; use --tls", is_final=True)

    def _join(self) -> None:
        self._write(Join(self._identity.nick, self._identity.room, resume=self._resume or None))

    def _ask(self) -> None:
        if self._asked:
            self.give_up(f"the server has not answered for {PING_SECONDS} seconds")
            return
        self._asked = True
        self._write(Ping("there"))
        self._within(PING_SECONDS, self._ask)

    def _within(self, seconds: float, otherwise: Any) -> None:
        if self._deadline is not None and self._deadline.active():
            self._deadline.cancel()
        self._deadline = self._clock.callLater(seconds, otherwise)

    def _write(self, command: Command, label: str | None = None) -> None:
        self.stream.write(wire.encode(wire.render(command), {"label": label} if label else NO_TAGS))
