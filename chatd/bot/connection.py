"""One connection of a bot: it comes in where the last one was, hears what is said, and carries what the bot says."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver
from twisted.protocols.policies import TimeoutMixin
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.bot.catching_up import ASKED_FOR
from chatd.bot.outbox import Outbox
from chatd.bot.places import BotError, Place, Places
from chatd.protocol import commands, events, names, wire
from chatd.protocol.errors import ChatError, DisconnectReason
from chatd.protocol.moderation_commands import Login
from chatd.runtime.connection_failures import why_lost
from chatd.runtime.sockets import is_private, network_address, tune

MAX_WAITING = 1000
"""How many messages may wait to be handled, until further ones are left to the history; it adds `ASKED_FOR` at most."""
SILENCE_SECONDS = 120.0
"""How long nothing may be heard of the server, which asks every 45 seconds, until the connection is given up."""
LEAVING_SECONDS = 5.0
"""How long the server may take to close a connection that the bot leaves; over TLS, it takes part in that."""
_FAREWELLS = frozenset({DisconnectReason.REPLACED, DisconnectReason.KICKED, DisconnectReason.BANNED})
_log = Logger("chatd.bot")


class Identity(NamedTuple):
    """Who the bot is, and where."""

    nick: str
    rooms: tuple[str, ...]
    password: str | None


class Owner(Protocol):
    """What hears of a connection."""

    @property
    def waiting(self) -> int:
        """How many messages wait to be handled."""

    def entered(self, resume: str) -> None:
        """Note that the bot is in all its rooms, and with which token this connection can be taken over."""

    def said(self, event: events.Said, place: Place, time: str, *, old: bool) -> None:
        """Note that somebody said something, or the bot itself."""

    def begun(self, room: str, place: Place) -> None:
        """Note that a room begins after a message, whatever came before."""

    def joined(self, nick: str, room: str) -> None:
        """Note that somebody has come into a room."""


class Connection(LineOnlyReceiver, TimeoutMixin):
    """One connection. ``resume`` is the resume token of the last one, None if there was none."""

    delimiter = wire.EOL.encode()
    MAX_LENGTH = wire.MAX_SERVER_LINE_BYTES

    def __init__(
        self,
        owner: Owner,
        identity: Identity,
        places: Places,
        outbox: Outbox,
        clock: IReactorTime,
        resume: str | None,
    ) -> None:
        self._owner, self._identity, self._places, self._outbox = owner, identity, places, outbox
        self._clock, self._resume = clock, resume
        self._epoch = ""
        self._outside = {names.key(room) for room in identity.rooms}
        self._behind_before: set[str] = set()
        self._why, self._is_final = "", False
        self._retry: float | None = None
        self._leaving: IDelayedCall | None = None
        self.ended: Deferred[tuple[str, float | None]] = Deferred()
        """Fires with why the connection ended, in a sentence without its capital, and with after how many seconds the
        server wants the bot back, if it said so. Fails with `BotError` if there is no use, or no manners, in that."""

    @property
    def stream(self) -> Any:
        """The transport; Twisted has no one interface for all that those of streams can do."""
        return self.transport

    @override
    def connectionMade(self) -> None:
        tune(self.stream)
        self.setTimeout(SILENCE_SECONDS)
        self._write(commands.Hello(wire.PROTOCOL_VERSION, bot=True))

    @override
    def dataReceived(self, data: bytes) -> None:
        self.resetTimeout()
        super().dataReceived(data)

    @override
    def callLater(self, period: float, func: Callable[[], object]) -> IDelayedCall:  # the mixin's
        return self._clock.callLater(period, func)

    def leave(self) -> None:
        """Disconnect, after what was sent."""
        self.stream.loseConnection()
        self._leaving = self._clock.callLater(LEAVING_SECONDS, self.stream.abortConnection)

    @override
    def timeoutConnection(self) -> None:
        self._give_up(f"the server has not answered for {SILENCE_SECONDS:.0f} seconds")

    @override
    def lineReceived(self, line: bytes) -> None:
        try:
            tags, event = wire.parse_event(line)
        except ChatError:
            return  # of a later version
        try:
            self._take(tags, event)
        except (LookupError, ValueError):
            self._give_up("the server sent a line that lacks something; is it chatd?")

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.setTimeout(None)
        if self._leaving is not None and self._leaving.active():
            self._leaving.cancel()
        self._outbox.detach()
        self._places.behind.detach()
        why = self._why or why_lost(reason)
        if self._is_final:
            self.ended.errback(BotError(why))
        else:
            self.ended.callback((why, self._retry))

    def _take(self, tags: wire.Tags, event: events.Event) -> None:
        match event:
            case commands.Ping():
                self._write(commands.Ping())
            case events.Done("HELLO", _, values):
                self._epoch = values["epoch"]
                self._come_in()
            case events.Done("JOIN", (room, *_), values):
                self._joined(room, values["last"], recovered=values.get("recovered"), knows="since" not in values)
                if not self._outside:
                    self._owner.entered(values["resume"])
                    self._outbox.attach(self.stream.write, self._clock)
                    self.catch_up()
            case events.Done("HISTORY", (room, count, *_)):
                heard = self._places.heard(room)
                self._places.behind.answered(room, int(count), heard.id if heard else 0)
                self.catch_up()
            case events.Said(nick, room):
                label = tags.get("label", "") if self._is_own(nick) else ""
                self._said(event, Place(int(tags["id"]), self._epoch), tags, is_answer=self._outbox.awaits(label))
                self._outbox.stored(label)
            case events.Joined(nick, room):
                self._owner.joined(nick, room)
            case events.Refused(code, _, text) if self._outside:
                self._give_up(text, is_final=not code.temporary)
            case events.Refused() if "label" in tags:
                self._outbox.refused(tags["label"], event)
            case events.Refused(_, _, text) if self._places.behind.asks:
                self._give_up(text)
            case events.Moderated("KICK", by, room, subject) if self._is_own(subject):
                self._give_up(f"{by} removed it from {room}{f': {event.text}' if event.text else ''}", is_final=True)
            case events.Ended(code, text, retry):
                self._why, self._retry = self._why or text, retry
                self._is_final = self._is_final or code in _FAREWELLS

    def _said(self, event: events.Said, place: Place, tags: wire.Tags, *, is_answer: bool) -> None:
        room, old, behind = event.room, "old" in tags, self._places.behind
        is_full = self._owner.waiting >= MAX_WAITING
        if behind.leaves_out(room, place.id, old=old, is_answer=is_answer, is_full=is_full):
            return
        heard = self._places.heard(room)
        if heard is not None and heard.journal == place.journal and place.id <= heard.id:
            return  # the history had it already
        self._places.hear(room, place)
        self._owner.said(event, place, tags["time"], old=behind.is_old(room, place.id, old=old))

    def catch_up(self) -> None:
        """Ask for messages that were left out, if there are any and there is space for them."""
        if self._outside or self._owner.waiting > MAX_WAITING - ASKED_FOR:
            return
        room = self._places.behind.ask()
        if room is not None:
            heard = self._places.heard(room)
            self._write(commands.History(room, ASKED_FOR, since=heard.id if heard else 0))

    def _come_in(self) -> None:
        nick, rooms, password = self._identity
        if password is not None:
            if not is_private(self.stream, network_address(self.stream.getPeer())):
                self._give_up("the connection is not encrypted, so the password was not sent; use TLS", is_final=True)
                return
            self._write(Login(nick, password))
        for number, room in enumerate(rooms):
            place = self._places.heard(room)
            if place is not None and place.journal != Place(0, self._epoch).journal:
                _log.warn(
                    "the server started a new history of {room}; messages sent in the meantime may be missing",
                    room=room,
                )
                place = None
                self._places.behind.begin(room)
            if self._places.behind.is_behind(room):
                self._behind_before.add(names.key(room))
            since, epoch = place or (None, None)
            first = number == 0
            self._write(commands.Join(nick if first else None, room, since, epoch, self._resume if first else None))

    def _joined(self, room: str, last: str, *, recovered: str | None, knows: bool) -> None:
        self._outside.discard(names.key(room))
        if recovered == "yes":
            return
        heard, behind, place = self._places.heard(room), self._places.behind, Place(int(last), self._epoch)
        is_behind = behind.is_behind(room) and knows and heard is not None and heard.id <= place.id
        if recovered is not None and heard is not None and not (is_behind and names.key(room) in self._behind_before):
            _log.warn("some messages sent in {room} in the meantime are missing", room=room)
        if is_behind:
            behind.leaves_out(room, place.id, old=True, is_answer=False, is_full=True)
            return
        behind.begin(room)
        self._places.hear(room, place)
        self._owner.begun(room, place)

    def _is_own(self, nick: str) -> bool:
        return names.key(nick) == names.key(self._identity.nick)

    def _give_up(self, why: str, *, is_final: bool = False) -> None:
        self._why, self._is_final = self._why or why, is_final
        self.stream.abortConnection()

    def _write(self, command: commands.Command) -> None:
        self.stream.write(wire.encode(wire.render(command)))
