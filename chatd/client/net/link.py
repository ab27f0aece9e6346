"""What joins the transcript to a server: it connects, comes in again whenever the connection was lost, and sends.

Everything happens on the reactor that it is given. Nothing that was said is lost: what the server has not acknowledged
is sent again under its label, for as long as the transcript has it waiting.
"""

from __future__ import annotations

import random
import secrets
from collections.abc import Callable, Sequence

from twisted.application.internet import ClientService, backoffPolicy
from twisted.internet.defer import CancelledError, Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IProtocol, IProtocolFactory, IReactorTime, IStreamClientEndpoint
from twisted.logger import Logger
from twisted.python.failure import Failure

from chatd.client.model.changes import Change, RoomsChanged
from chatd.client.model.incoming import mark_left
from chatd.client.model.lines import Kind
from chatd.client.model.membership import MembershipCue
from chatd.client.model.reducer import apply_event
from chatd.client.model.transcript import Transcript
from chatd.client.model.trust import NotAcceptedError
from chatd.client.net.connection import Connection, Connections, NextTurnEndpoint, why_not
from chatd.client.net.session import NOT_PRIVATE, Session
from chatd.client.net.session_memory import SessionMemory
from chatd.client.net.status import LinkState, Status
from chatd.protocol import commands, wire
from chatd.protocol import moderation_commands as orders
from chatd.protocol.commands import Command
from chatd.protocol.errors import Farewell
from chatd.protocol.events import Done, Ended, Event, Refused, Renamed
from chatd.protocol.text import clean
from chatd.protocol.wire import NO_TAGS, Tags

MIN_WAIT_SECONDS, MAX_WAIT_SECONDS = 1.0, 60.0
"""How long to wait before the first try after a connection was lost, at least, and before any try, at most."""
MAX_DETAIL = 300
"""How many characters of a sentence are shown, which can be the server's."""
JITTER_SECONDS = 1.0
NOT_CONNECTED = "There is no connection now, so this was not done; try it again later"

_GOOD_END = frozenset({None, Farewell.QUIT, Farewell.SHUTDOWN, Farewell.IDLE})
"""The ends after which a server is as good as it was."""
_FINAL = frozenset({Farewell.REPLACED, Farewell.KICKED, Farewell.BANNED})
"""The ends after which one stays away until one is asked to come again."""
_CHANCE = random.Random()
_log = Logger()


def fresh_label() -> str:
    """Return a label that nobody has used."""
    return secrets.token_hex(12)


class Link:
    """The client's end of the line.

    ``changed`` is told what to draw anew, ``status`` whenever that is another; both may call the link. ``chance`` is
    what the waits are drawn from, ``make_label`` returns a fresh token of the protocol's alphabet of at most
    `slash.MAX_LABEL_BYTES`.
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
    ) -> None:
        self._clock = reactor
        self._endpoint = endpoint
        self._transcript = transcript
        self._changed = changed
        self._on_status = status
        self._make_label = make_label
        self._chance = chance
        self._status = Status(LinkState.STOPPED, "not connected")
        self._running = False
        self._stopping: list[Deferred[None]] = []
        self._connection: Connection | None = None
        self._visit: Session | None = None
        self._changes: list[Change] = []
        self._memory = SessionMemory()
        self._failures = 0
        """How many tries in a row came to the same bad end: nobody said hello, or one was turned away."""
        self._turned_away = False
        self._delay = 0.0
        self._at_once = False
        self._settling = False
        self._backoff = backoffPolicy(MIN_WAIT_SECONDS, MAX_WAIT_SECONDS - JITTER_SECONDS, jitter=self._jitter)
        # ClientService counts a connection that comes to be as a success, so that the count is kept here.
        self._service = ClientService(
            NextTurnEndpoint(reactor, self._try), Connections(reactor, self), lambda _: self._delay, reactor
        )

    # What the window calls.

    def start(self) -> None:
        """Begin to connect, and keep at it until `stop`, or until somebody else takes the name over."""
        self._running = True
        if self._connection is not None:
            self._at_once = True
        elif not self._service.running:
            self._service.startService()
            self._show(LinkState.CONNECTING, "connecting")

    def stop(self, said: str | None = None) -> Deferred[None]:
        """Leave, with ``said`` as the last words; the Deferred fires when there is no connection any more.

        That takes two seconds at most. What was not acknowledged until then stays in the transcript.
        """
        if not self._running and self._connection is None:
            return succeed(None)
        self._running = False
        stopped: Deferred[None] = Deferred()
        self._stopping.append(stopped)
        if self._connection is not None:
            self._connection.send_quit(said)
        else:
            self._finish("not connected")
        return stopped

    def reconnect(self) -> None:
        """Try now, instead of after the wait; what connection there is gives way to a new one."""
        if self._connection is not None:
            self._running = self._at_once = True
            self._connection.close("connecting anew")
        elif self._settling:
            self._delay = 0.0
        elif not self._running:
            self.start()
        elif self._status.retry_at is not None:
            self._service.stopService()
            self._service.startService()

    def send_message(self, room: str, text: str) -> None:
        """Say something in a room, or to a nick: now, or when there is a connection."""
        label = self._make_label()
        self._report_changes(self._transcript.add_waiting(room, text, label, self._transcript.now()))
        if (visit := self._present()) is not None:
            visit.queue_message(label, text)

    def send_command(self, command: Command, room: str | None = None) -> None:
        """Carry out any other command, asked for in a room. Raise `ValueError` for one that is not for a client.

        Without a connection, leaving a room and taking another name can be done; NICK tries anew under it, if that is
        what is waited for. Everything else is refused with a line in the room. LOGIN comes in anew, and so does every
        connection after it.
        """
        visit = self._present()
        match command:
            case commands.Tell(to, text):
                self.send_message(to, text)
            case commands.Join(None, name):
                self.join_room(name)
            case commands.Quit(text):
                self.stop(text)
            case commands.Hello() | commands.Join() | commands.Msg() | commands.Talk() | commands.Pipe():
                raise ValueError(f"{type(command).__name__.upper()} is not for this client")
            case orders.Login(nick) as login:
                self._memory.login = login
                self._report_changes(apply_event(self._transcript, NO_TAGS, Renamed(self._transcript.nick, nick)))
                self.reconnect()
            case orders.Register() if self._connection is not None and not self._connection.private:
                self._report_changes(self._transcript.add_note(room, NOT_PRIVATE, Kind.ERROR))
            case _ if visit is not None:
                visit.queue_command(command, room)
            case commands.Nick(nick):
                self._report_changes(apply_event(self._transcript, NO_TAGS, Renamed(self._transcript.nick, nick)))
                if self._status.state in (LinkState.REFUSED, LinkState.LOCKED) or self._visit is not None:
                    self.reconnect()
            case commands.Part(name) if (place := self._transcript.find_room(name)) is not None:
                self._report_changes(mark_left(place))
            case _:
                self._report_changes(self._transcript.add_note(room, NOT_CONNECTED, Kind.ERROR))

    def join_room(self, room: str) -> None:
        """Enter a room, now or when there is a connection. Raise `ValueError` if it is none."""
        if not room.startswith("#"):
            raise ValueError(f"{room} is no room")
        place = self._transcript.find_room(room)
        if place is None:
            place = self._transcript.open_room(room)
            self._report_changes([RoomsChanged()])
        if place.joined:
            return
        place.change_membership(MembershipCue.WANT)
        if (visit := self._present()) is not None:
            visit.queue_join(place)

    def ask_older(self, room: str) -> None:
        """Ask for the messages of a room before those that are there; nothing if that is being done already."""
        if (visit := self._present()) is not None:
            visit.ask_older(room)

    # What a connection tells; see `chatd.client.net.connection.Owner`.

    def connection_opened(self, connection: Connection) -> None:
        """Say hello."""
        self._connection = connection
        self._transcript.connected()
        connection.write_command(commands.Hello(wire.PROTOCOL_VERSION))

    def event_received(self, connection: Connection, tags: Tags, event: Event) -> None:
        """Take in a line, and see whether another connection is to follow this one."""
        self._take(connection, tags, event)
        self._running = self._running and not connection.final

    def _take(self, connection: Connection, tags: Tags, event: Event) -> None:
        """Take in a line; before OK HELLO nothing counts but that, and a refusal."""
        if isinstance(event, Ended):
            self._sent_away(connection, tags, event)
        elif self._visit is not None:
            self._changes += self._visit.take_event(tags, event)
        elif isinstance(event, Refused):
            connection.close(event.text, refused=True)
        elif isinstance(event, Done) and event.verb == "HELLO" and self._running:
            version = event.values.get("protocol", "0")
            if version != wire.PROTOCOL_VERSION:
                ours = f"and this client version {wire.PROTOCOL_VERSION}"
                connection.close(f"the server speaks version {version[:9]} of the protocol, {ours}", refused=True)
                return
            self._changes += apply_event(self._transcript, tags, event)
            connection.watch_life()
            self._visit = Session(self._transcript, connection, self._make_label, self._chance, self._memory)
            self._visit.enter()

    def batch_received(self, connection: Connection) -> None:
        """Let be drawn what came in one go."""
        self._report_gathered()
        if self._present() is not None and not connection.why:
            self._show(LinkState.CONNECTED, f"connected as {self._transcript.nick}", latency=connection.latency)

    def connection_closed(self, connection: Connection) -> None:
        """Let the next try follow, if there is to be one."""
        greeted = self._visit is not None
        self._connection = self._visit = None
        try:
            self._changes += self._transcript.disconnected()
        except Exception:
            _log.failure("the transcript did not take the end of a connection")
        self._report_gathered()
        if not self._running:
            state = LinkState.LOCKED if connection.final and connection.refused else LinkState.STOPPED
            self._finish(connection.why if connection.final else "not connected", state)
            return
        turned_away = connection.refused or connection.farewell not in _GOOD_END
        if turned_away is not self._turned_away or (greeted and not turned_away):
            self._failures = 0
        self._turned_away = turned_away
        self._wait(LinkState.REFUSED if connection.refused else LinkState.WAITING, connection.why)
        self._fire()

    # The tries.

    def _try(self, factory: IProtocolFactory) -> Deferred[IProtocol]:
        self._show(LinkState.CONNECTING, "connecting")
        if not self._running:
            raise CancelledError
        return maybeDeferred(self._endpoint.connect, factory).addErrback(self._failed)

    def _failed(self, failure: Failure) -> Failure:
        if self._running and failure.check(NotAcceptedError) is not None:
            self._running = False
            # In a turn of its own: ClientService has yet to hear of it.
            self._clock.callLater(0, self._finish, str(failure.value))
        elif self._running:
            self._wait(LinkState.WAITING, f"cannot reach the server: {why_not(failure)}")
        return failure

    def _wait(self, state: LinkState, detail: str) -> None:
        """Draw the time until the next try, which is not yet under way while this is told."""
        self._delay = 0.0 if self._at_once else self._backoff(self._failures)
        self._at_once = False
        self._failures += 1
        self._settling = True
        self._show(state, detail, self._clock.seconds() + self._delay)
        self._settling = False

    def _jitter(self) -> float:
        return self._chance.uniform(0, JITTER_SECONDS)

    def _sent_away(self, connection: Connection, tags: Tags, event: Ended) -> None:
        connection.farewell = event.code
        if self._running:
            self._changes += apply_event(self._transcript, tags, event)
        connection.close(f"the server closed the connection: {event.text}", final=event.code in _FINAL)

    def _finish(self, detail: str, state: LinkState = LinkState.STOPPED) -> None:
        self._delay = 0.0
        self._show(state, detail)
        if self._running:  # whoever was told has started it again
            self._fire()
        else:
            self._service.stopService().addCallback(lambda _: self._fire())

    def _fire(self) -> None:
        stopped, self._stopping = self._stopping, []
        for each in stopped:
            each.callback(None)

    # What the window is told.

    def _present(self) -> Session | None:
        return self._visit if self._visit is not None and self._visit.present else None

    def _report_gathered(self) -> None:
        changes, self._changes = self._changes, []
        self._report_changes(changes)

    def _report_changes(self, changes: Sequence[Change]) -> None:
        if changes:
            try:
                self._changed(changes)
            except Exception:
                _log.failure("what changed could not be shown")

    def _show(self, state: LinkState, detail: str, retry_at: float | None = None, latency: float | None = None) -> None:
        status = Status(state, clean(detail)[:MAX_DETAIL], retry_at, latency)
        if status != self._status:
            self._status = status
            try:
                self._on_status(status)
            except Exception:
                _log.failure("the status could not be shown")
