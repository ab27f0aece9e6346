"""What links the transcript to a server: it connects, rejoins whenever the connection was lost, and sends.

Everything happens on the reactor that it is given. Nothing that was said is lost: what the server has not acknowledged
is sent again under its label, for as long as the transcript has it waiting.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Sequence
from types import MappingProxyType

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime, IStreamClientEndpoint
from twisted.logger import Logger
from typing_extensions import override

from chatd.client.model.changes import Change, RoomsChanged
from chatd.client.model.incoming import mark_left
from chatd.client.model.lines import Kind
from chatd.client.model.membership import MembershipCue
from chatd.client.model.reducer import apply_event
from chatd.client.model.transcript import Transcript
from chatd.client.net.connection import Aftermath, Connection, Owner
from chatd.client.net.port import LinkPort
from chatd.client.net.reconnector import Reconnector, no_probe
from chatd.client.net.session import NOT_PRIVATE, Session
from chatd.client.net.session_memory import SessionMemory
from chatd.client.net.status import LinkState, Status
from chatd.client.net.trouble import Probe, Trouble
from chatd.protocol import commands, wire
from chatd.protocol import moderation_commands as orders
from chatd.protocol.commands import Command
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.events import Done, Ended, Event, Refused, Renamed
from chatd.protocol.wire import NO_TAGS, Tags

NOT_CONNECTED = "Not done: you are not connected; try again later"

_FINAL = frozenset({DisconnectReason.REPLACED, DisconnectReason.KICKED, DisconnectReason.BANNED})
"""The ends after which one stays away until one is asked to reconnect."""
_TROUBLES = MappingProxyType(
    {
        DisconnectReason.REFUSED: Trouble.FULL,
        DisconnectReason.BANNED: Trouble.BANNED,
        DisconnectReason.KICKED: Trouble.KICKED,
        DisconnectReason.REPLACED: Trouble.REPLACED,
        DisconnectReason.NOT_CHATD: Trouble.NOT_CHATD,
    }
)
_CHANCE = random.Random()
_log = Logger()


def fresh_label() -> str:
    """Return a label that nobody has used."""
    return secrets.token_hex(12)


class Link(LinkPort, Owner):
    """The client's end of the line.

    ``changed`` is told what to redraw, ``status`` whenever that is another; both may call the link. ``chance`` is
    what the waits are drawn from, ``make_label`` returns a fresh token of the protocol's alphabet of at most
    `slash.MAX_LABEL_BYTES`. ``probe`` finds out what the server's port speaks when the connection is in trouble.
    """

    def __init__(
        self,
        reactor: IReactorTime,
        endpoint: IStreamClientEndpoint,
        transcript: Transcript,
        changed: Callable[[Sequence[Change]], None],
        status: Callable[[Status], None],
        make_label: Callable[[], str] = fresh_label,
        chance: random.Random = _CHANCE,
        probe: Probe = no_probe,
    ) -> None:
        self._transcript = transcript
        self._changed = changed
        self._make_label = make_label
        self._chance = chance
        self._reconnector = Reconnector(reactor, endpoint, self, status, chance, probe)
        self._session: Session | None = None
        self._changes: list[Change] = []
        self._memory = SessionMemory()

    # What the window calls.

    @override
    def start(self) -> None:
        self._reconnector.start()

    @override
    def stop(self, said: str | None = None) -> Deferred[None]:
        return self._reconnector.stop(said)

    @override
    def reconnect(self) -> None:
        self._reconnector.reconnect()

    @override
    def send_message(self, room: str, text: str, reply: int = 0) -> None:
        label = self._make_label()
        self._report_changes(self._transcript.add_waiting(room, text, label, self._transcript.now(), reply))
        if (session := self._present()) is not None:
            session.queue_message(label, text)

    @override
    def send_command(self, command: Command, room: str | None = None) -> None:
        session = self._present()
        match command:
            case commands.Tell(to, text, reply):
                self.send_message(to, text, reply or 0)
            case commands.Join(None, name):
                self.join_room(name)
            case commands.Quit(text):
                self.stop(text)
            case commands.Hello() | commands.Join() | commands.Msg() | commands.Talk() | commands.Pipe():
                raise ValueError(f"{type(command).__name__.upper()} is not for this client")
            case orders.Login(nick) as login:
                self._memory.login, self._memory.account = login, ""
                self._report_changes(apply_event(self._transcript, NO_TAGS, Renamed(self._transcript.nick, nick)))
                self.reconnect()
            case orders.Register() if (there := self._reconnector.connection) is not None and not there.private:
                self._report_changes(self._transcript.add_note(room, NOT_PRIVATE, Kind.ERROR))
            case _ if session is not None:
                session.queue_command(command, room)
            case commands.Nick(nick):
                self._report_changes(apply_event(self._transcript, NO_TAGS, Renamed(self._transcript.nick, nick)))
                if self._reconnector.status.state in (LinkState.REFUSED, LinkState.LOCKED) or self._session is not None:
                    self.reconnect()
            case commands.Part(name) if (place := self._transcript.find_room(name)) is not None:
                self._report_changes(mark_left(place))
            case _:
                self._report_changes(self._transcript.add_note(room, NOT_CONNECTED, Kind.ERROR))

    @override
    def register(self, password: str, code: str | None = None) -> None:
        session, connection = self._present(), self._reconnector.connection
        if session is None or connection is None:
            raise ValueError(NOT_CONNECTED)
        if not connection.private:
            raise ValueError(NOT_PRIVATE)
        session.queue_register(orders.Register(password, code))

    @override
    def log_out(self) -> None:
        self._memory.login, self._memory.account = None, ""
        self._reconnector.stop(None)

    @override
    def join_room(self, room: str) -> None:
        if not room.startswith("#"):
            raise ValueError(f"{room} is not a room")
        place = self._transcript.find_room(room)
        if place is None:
            place = self._transcript.open_room(room)
            self._report_changes([RoomsChanged()])
        if place.joined:
            return
        place.change_membership(MembershipCue.WANT)
        if (session := self._present()) is not None:
            session.queue_join(place)

    @override
    def ask_older(self, room: str) -> None:
        if (session := self._present()) is not None:
            session.ask_older(room)

    @override
    def refresh(self, room: str) -> None:
        if (session := self._present()) is not None:
            session.refresh(room)

    # What a connection tells.

    @override
    def connection_opened(self, connection: Connection) -> None:
        self._reconnector.opened(connection)
        self._transcript.connected()
        connection.write_command(commands.Hello(wire.PROTOCOL_VERSION))

    @override
    def event_received(self, connection: Connection, tags: Tags, event: Event) -> None:
        self._take(connection, tags, event)
        if connection.aftermath.final:
            self._reconnector.stay_away()

    def _take(self, connection: Connection, tags: Tags, event: Event) -> None:
        """Take in a line; before OK HELLO nothing counts but that, and a refusal."""
        if isinstance(event, Ended):
            self._sent_away(connection, tags, event)
        elif self._session is not None:
            self._changes += self._session.take_event(tags, event)
        elif isinstance(event, Refused):
            connection.close(event.text, Aftermath.RETRY_REFUSED)
        elif isinstance(event, Done) and event.verb == "HELLO" and self._reconnector.running:
            version = event.values.get("protocol", "0")
            if version != wire.PROTOCOL_VERSION:
                ours = f"chatd-client speaks version {wire.PROTOCOL_VERSION}"
                why = f"the server speaks version {version[:9]} of the protocol; {ours}"
                connection.close(why, Aftermath.RETRY_REFUSED)
                return
            self._memory.takes_newcomers = event.values.get("register") != "no"
            self._changes += apply_event(self._transcript, tags, event)
            connection.watch_life()
            self._session = Session(self._transcript, connection, self._make_label, self._chance, self._memory)
            self._session.enter()

    @override
    def batch_received(self, connection: Connection) -> None:
        self._report_gathered()
        if self._present() is not None and not connection.why:
            account, takes_newcomers = self._memory.account, self._memory.takes_newcomers
            self._reconnector.show_connected(
                self._transcript.nick, connection.latency, account, takes_newcomers=takes_newcomers
            )

    @override
    def connection_closed(self, connection: Connection) -> None:
        greeted = self._session is not None
        if self._session is not None:
            self._session.end()
        self._session = None
        self._memory.account = ""
        self._reconnector.forget()
        try:
            self._changes += self._transcript.disconnected()
        except Exception:
            _log.failure("cannot record the end of a connection")
        self._report_gathered()
        self._reconnector.closed(connection, greeted=greeted)

    def _sent_away(self, connection: Connection, tags: Tags, event: Ended) -> None:
        connection.farewell, connection.retry = event.code, event.retry
        if self._reconnector.running:
            self._changes += apply_event(self._transcript, tags, event)
        aftermath = Aftermath.STAY_AWAY if event.code in _FINAL else Aftermath.RETRY
        trouble = _TROUBLES.get(event.code)
        connection.close(f"the server closed the connection: {event.text}", aftermath, trouble=trouble)

    # What the window is told.

    def _present(self) -> Session | None:
        return self._session if self._session is not None and self._session.present else None

    def _report_gathered(self) -> None:
        changes, self._changes = self._changes, []
        self._report_changes(changes)

    def _report_changes(self, changes: Sequence[Change]) -> None:
        if changes:
            try:
                self._changed(changes)
            except Exception:
                _log.failure("cannot show a change")
