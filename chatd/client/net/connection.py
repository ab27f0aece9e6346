"""One connection to a server: its lines in and out, how long either side may be silent, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from types import MappingProxyType
from typing import Any, Protocol

from twisted.internet.interfaces import (
    IAddress,
    IDelayedCall,
    IReactorTime,
)
from twisted.internet.protocol import Factory, connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure

from chatd.client.net.probe import is_tls
from chatd.client.net.trouble import Trouble
from chatd.protocol import wire
from chatd.protocol.commands import Command, Ping, Quit, Tell
from chatd.protocol.errors import ChatError, DisconnectReason
from chatd.protocol.events import Event, Pong
from chatd.protocol.wire import NO_TAGS, Tags
from chatd.runtime.connection_failures import why_lost
from chatd.runtime.sockets import is_private, network_address, tune

HELLO_SECONDS = 30
"""How long a server may take to answer HELLO."""
PING_SECONDS = 30
"""How long after one PING the next follows, and how long nothing may be heard after one."""
CLOSE_SECONDS = 2
"""How long the other side may take to take what was sent before the end, and to say BYE after QUIT."""

_ALIVE = "alive"
_log = Logger()


class Phase(Enum):
    """How far a connection is."""

    UNPROVEN = "nothing was heard yet, so that it is not known whether chatd answers there"
    TALKING = "something was heard"
    QUITTING = "QUIT was said: nothing more is sent, but what the server says is heard"
    CLOSING = "it ends, or has ended: nothing is sent and nothing heard any more"


_FOLLOWED_BY: Mapping[Phase, frozenset[Phase]] = MappingProxyType(
    {
        Phase.UNPROVEN: frozenset({Phase.TALKING, Phase.QUITTING, Phase.CLOSING}),
        Phase.TALKING: frozenset({Phase.QUITTING, Phase.CLOSING}),
        Phase.QUITTING: frozenset({Phase.CLOSING}),
        Phase.CLOSING: frozenset(),
    }
)


class Aftermath(Enum):
    """What follows when a connection has ended."""

    RETRY = "another try"
    RETRY_REFUSED = "another try, though the server will not have this client as it is"
    STAY_AWAY = "no try until one is asked for"
    ASK_PASSWORD = "no try until one is asked for, with a password or another one"

    @property
    def final(self) -> bool:
        """Whether no other try follows by itself."""
        return self in (Aftermath.STAY_AWAY, Aftermath.ASK_PASSWORD)

    @property
    def refused(self) -> bool:
        """Whether the server will not have this client as it is."""
        return self in (Aftermath.RETRY_REFUSED, Aftermath.ASK_PASSWORD)


class Owner(Protocol):
    """What hears of a connection."""

    def connection_opened(self, connection: Connection) -> None:
        """Note that the connection is there."""

    def event_received(self, connection: Connection, tags: Tags, event: Event) -> None:
        """Take in a line, PING and PONG excepted. What it raises is logged and ends the connection."""

    def batch_received(self, connection: Connection) -> None:
        """Note that this was all for now."""

    def connection_closed(self, connection: Connection) -> None:
        """Note that the connection is gone."""


class Connection(LineOnlyReceiver):
    """One connection. ``clock`` is the reactor, ``owner`` hears of what comes."""

    delimiter = wire.EOL.encode()
    MAX_LENGTH = wire.MAX_SERVER_LINE_BYTES

    def __init__(self, clock: IReactorTime, owner: Owner) -> None:
        self.why = ""
        """Why it ends, in a sentence without its capital and its full stop; empty before that."""
        self.aftermath = Aftermath.RETRY
        self.trouble: Trouble | None = None
        """What can be done about that end, if anything is known of it."""
        self.farewell: DisconnectReason | None = None
        """What the server's BYE said, if there was one; the owner sets it."""
        self.retry: float | None = None
        """In how many seconds the server wants to see this client again, if it said so; the owner sets it."""
        self.latency: float | None = None
        """How long the last PING took, in seconds; None before the first PONG."""
        self._clock = clock
        self._owner = owner
        self._calls: list[IDelayedCall] = []
        self._phase = Phase.UNPROVEN
        self._hello: IDelayedCall | None = None
        self._token = 0
        self._asked_at = 0.0
        self._heard_since_ping = False

    @property
    def stream(self) -> Any:
        """The transport; Twisted has no one interface for all that those of streams can do."""
        return self.transport

    @property
    def private(self) -> bool:
        """Whether nobody can listen in: only then is a password sent."""
        return is_private(self.stream, network_address(self.stream.getPeer()))

    def connectionMade(self) -> None:
        """Begin to wait for what the server says."""
        tune(self.stream)
        no_answer = f"no chatd server answered within {HELLO_SECONDS} seconds"
        self._hello = self.later(HELLO_SECONDS, lambda: self.close(no_answer, trouble=Trouble.SILENT, at_once=True))
        self._owner.connection_opened(self)

    def dataReceived(self, data: bytes) -> None:
        """Take a segment apart."""
        self._heard_since_ping = True
        if self._phase is Phase.UNPROVEN and is_tls(data):
            self.close("the server requires TLS", trouble=Trouble.SPEAKS_TLS, at_once=True)
            return
        super().dataReceived(data)
        self._owner.batch_received(self)

    def lineReceived(self, line: bytes) -> None:
        """Take in one line; one that is not known, or makes no sense, is passed over."""
        if self._phase is Phase.CLOSING:
            return
        first = self._enter_phase(Phase.TALKING)
        try:
            tags, event = wire.parse_event(line)
        except ChatError:
            if first:
                self.close("the program on that port is not a chatd server", trouble=Trouble.NOT_CHATD)
            return
        if isinstance(event, Ping):
            self.write_command(Ping(_ALIVE))
        elif isinstance(event, Pong):
            self._ponged(event)
        else:
            try:
                self._owner.event_received(self, tags, event)
            except Exception:
                _log.failure("cannot process a line from the server")
                self.close("an error occurred in chatd-client; see its log", at_once=True)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002  # Twisted's signature
        """End the connection: what goes on without end is no line."""
        self.close(f"the server sent a line of more than {self.MAX_LENGTH} bytes", at_once=True)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Leave no delayed call behind."""
        if self._phase is Phase.UNPROVEN:
            self.trouble = Trouble.SILENT
        self._enter_phase(Phase.CLOSING)
        for call in self._calls:
            if call.active():
                call.cancel()
        self._calls.clear()
        if not self.why:
            self.why = why_lost(reason)
        self._owner.connection_closed(self)

    # What the owner calls.

    def write_command(self, command: Command, label: str | None = None) -> None:
        """Send a command, under a label if it has one; nothing once the connection is to end."""
        if self._phase in (Phase.UNPROVEN, Phase.TALKING):
            tags = dict(NO_TAGS) if label is None else {"label": label}
            if isinstance(command, Tell) and command.reply is not None:
                tags["reply"] = str(command.reply)
            self.stream.write(wire.encode(wire.render(command), tags))

    def later(self, seconds: float, do: Callable[[], None]) -> IDelayedCall:
        """Do something in so many seconds, if the connection is still there."""
        self._calls = [call for call in self._calls if call.active()]
        call = self._clock.callLater(seconds, do)
        self._calls.append(call)
        return call

    def watch_life(self) -> None:
        """Note that the server said hello, and ask it from here on now and then whether it is there."""
        if self._hello is not None and self._hello.active():
            self._hello.cancel()
        self.later(PING_SECONDS, self._ping)

    def send_quit(self, said: str | None) -> None:
        """Say QUIT and wait a little until the server has closed."""
        self.write_command(Quit(said or None))
        if self._enter_phase(Phase.QUITTING):
            self.later(CLOSE_SECONDS, self._abort)

    def close(
        self,
        why: str,
        aftermath: Aftermath = Aftermath.RETRY,
        *,
        trouble: Trouble | None = None,
        at_once: bool = False,
    ) -> None:
        """End the connection, ``at_once`` without waiting for the other side to take what was sent."""
        if not self._enter_phase(Phase.CLOSING):
            return
        self.why, self.aftermath, self.trouble = why, aftermath, trouble
        if at_once:
            self._abort()
        else:
            self.stream.loseConnection()
            self.later(CLOSE_SECONDS, self._abort)

    def _enter_phase(self, phase: Phase) -> bool:
        """Go on to a phase, if it can follow this one; return whether it can."""
        if phase not in _FOLLOWED_BY[self._phase]:
            return False
        self._phase = phase
        return True

    def _ping(self) -> None:
        self._token += 1
        self._asked_at = self._clock.seconds()
        self._heard_since_ping = False
        self.write_command(Ping(str(self._token)))
        self.later(PING_SECONDS, self._check)

    def _check(self) -> None:
        if self._heard_since_ping:
            self._ping()
        else:
            self.close(f"the server has not answered for {PING_SECONDS} seconds", at_once=True)

    def _ponged(self, pong: Pong) -> None:
        if pong.token == str(self._token):
            self.latency = max(0.0, self._clock.seconds() - self._asked_at)

    def _abort(self) -> None:
        self.stream.abortConnection()


class ConnectionFactory(Factory):
    """Makes connections for one owner. ``clock`` is the reactor."""

    noisy = False

    def __init__(self, clock: IReactorTime, owner: Owner) -> None:
        self._clock = clock
        self._owner = owner

    def buildProtocol(self, addr: IAddress | None) -> Connection:  # noqa: ARG002  # Twisted's signature
        """Return the protocol for a new connection."""
        return Connection(self._clock, self._owner)
