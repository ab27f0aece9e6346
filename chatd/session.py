"""One participant: its place in the rooms, the order of its commands, and its coming and going."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from hmac import compare_digest
from typing import Any, Protocol

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chatd import __version__, commands, events, verbs, wire
from chatd.errors import ANY_VERB, ChatError, Farewell
from chatd.events import Event
from chatd.hub import Hub
from chatd.journal import Entry, Happening
from chatd.patience import Patience
from chatd.replay import Replay
from chatd.room import Member, Room
from chatd.wire import NO_TAGS, Mode, Request, Tags

MAX_IN_FLIGHT = 256
"""How many things said by one session may be on their way before it is not read from."""
RESUME_SECONDS = 30
"""How long somebody who took a nick over may take to enter the old rooms again before those are told of a PART."""
GREETING = f"This is chatd {__version__}. JOIN <your name> to come in, HELP to see what else there is."


_SAYING = frozenset({"MSG", "TELL", "TOPIC", ANY_VERB})
_log = Logger()


class Peer(Protocol):
    """What an edge gives a session to speak through."""

    @property
    def blocked(self) -> bool:
        """Whether the other side does not take what was sent, so that no more should be asked of the session."""

    def send(self, data: bytes) -> None:
        """Send whole lines; never blocks, never raises; after `end` it does nothing."""

    def end(self, farewell: Farewell, data: bytes) -> None:
        """Send the last line, then close."""

    def proceed(self) -> None:
        """Hand over requests again: the session is ready."""


class Session:
    """What one connection has done so far, and what its next line would do.

    A command that has a reply waits until all that the session did before has come back from the journal, so that the
    reply stands after it; things said follow one another without waiting. `chatd.verbs` says what each command does.
    """

    def __init__(self, hub: Hub, peer: Peer) -> None:
        self.hub = hub
        self.send = peer.send
        self.nick = ""
        """Empty until the first JOIN was accepted."""
        self.renaming = False
        """Whether another nick was claimed, and the rooms do not know yet."""
        self.tagged = False
        self.mode = Mode.COMMAND
        self.rooms: dict[Room, None] = {}
        """Those that it is in, the current one at the end."""
        self.current: Room | None = None
        self.ended = False
        self.heard = hub.wheel.now
        """When the peer last gave a sign of life, in seconds; its edge sets it."""
        self.secret = ""
        """Proves, after a JOIN, that another connection is the same person's."""
        self._proof = ""
        self._peer = peer
        self._in_flight = 0
        self._saying = False
        self._waiting: Request | ChatError | None = None
        self._busy = False
        self._reader: Deferred[None] | None = None
        self._replay: Replay | None = None
        self.untaken = False
        """Whether something that was to be said was answered by an ERR."""
        self._joining: tuple[str, str] | None = None
        self._ghosts: list[Session] = []
        hub.sessions[self] = None
        self._patience = Patience(self)
        self.tell(events.Note(GREETING))

    # What the edge calls.

    @property
    def ready(self) -> bool:
        """Whether `receive` and `finish` may be called; if not, the peer is told to `Peer.proceed` when they may."""
        if self.hub.journal.full:
            self.hub.stalled[self] = None
            return False
        return not (self.ended or self._waiting or self._busy or self._in_flight >= MAX_IN_FLIGHT)

    def receive(self, request: Request | ChatError) -> None:
        """Carry out what the next line asks for, or answer that it could not be read.

        What must come after something that is still on its way is kept, and carried out in its turn.
        """
        if self._in_flight and not (self._saying and verbs.is_said(self, request)):
            self._waiting = request
        else:
            self._carry_out(request)

    def finish(self) -> None:
        """Answer the end of the input, once everything that came before it has been done."""
        self.receive(Request(commands.Quit()))

    def proceed(self) -> None:
        """Go on with what had to wait: for an entry to take effect, or for the peer to read."""
        if self._reader is not None and not self._peer.blocked:
            reader, self._reader = self._reader, None
            reader.callback(None)
        if not self._busy and not self._in_flight and self._waiting is not None:
            request, self._waiting = self._waiting, None
            self._carry_out(request)
        if self.ready:
            self._peer.proceed()

    def end(self, farewell: Farewell, text: str, *, parting: bool = True, said: str | None = None) -> None:
        """Take leave of the peer, and leave every room with ``said`` as the parting text.

        Without ``parting`` the rooms are told nothing: they end too, or somebody else takes the place.
        """
        if not self.ended:
            self._peer.end(farewell, wire.encode(wire.render(events.Ended(farewell, text))))
            self.gone(parting=parting, said=said)

    def gone(self, *, parting: bool = True, said: str | None = None) -> None:
        """Note that nothing more comes from the peer and nothing reaches it."""
        if self.ended:
            return
        self.ended = True
        self._waiting = None
        self.hub.sessions.pop(self, None)
        self.hub.stalled.pop(self, None)
        if self._replay is not None:
            self._replay.close()
        self._patience.end()
        if self.nick:
            self.hub.release(self.nick, self)
        if parting:
            self.lay_ghosts()
            self._part_all(said)
        if self._reader is not None:
            reader, self._reader = self._reader, None
            reader.callback(None)

    # What the verbs call.

    def tell(self, event: Event, label: str | None = None, tags: Tags = NO_TAGS) -> None:
        """Send a line to this session alone."""
        self.send(self.line(event, label, tags))

    def line(self, event: Event, label: str | None = None, tags: Tags = NO_TAGS) -> bytes:
        """Return a line for this session alone, with tags if it reads them."""
        if not self.tagged:
            return wire.encode(wire.render(event))
        return wire.encode(wire.render(event), {**tags, "label": label} if label else tags)

    async def send_all(self, lines: Iterable[bytes]) -> None:
        """Send lines as fast as the peer reads them."""
        for line in lines:
            if self.ended:
                return
            self.send(line)
            if self._peer.blocked and not self.ended:
                self._reader = Deferred()
                await self._reader

    def send_together(self, lines: Iterable[bytes]) -> None:
        """Send lines at once."""
        if data := b"".join(lines):
            self.send(data)

    async def catch_up(self, room: str, since: int, epoch: str | None) -> None:
        """Tell the peer what it missed in a room that it enters next."""
        self._replay = Replay(self, room, since, epoch)
        await self._replay.tell()

    def append(self, room: str, event: Happening, label: str | None = None, verb: str = "MSG") -> None:
        """Let something happen: hand it to the journal, in this session's name.

        ``verb`` is that of the line which asked for it.
        """
        self._saying = type(event) is events.Said
        if type(event) is events.Joined:
            self._joining = (room, event.room)
        self._in_flight += 1
        self.hub.journal.append(Entry(room, event, self, label if self.tagged else None, verb))

    def prove(self) -> None:
        """Make a new secret for a program that came in, and expect signs of life from it."""
        self.secret = self.hub.make_secret()
        self._patience.watch_life()

    def is_proven_by(self, secret: str) -> bool:
        """Return whether whoever knows ``secret`` is the person whom this session belongs to.

        What proved that before is good still: the connection may have died before the new secret came through.
        """
        known = (self.secret, self._proof)
        return any(compare_digest(secret.encode(), each.encode()) for each in known if each)

    def take_over(self, old: Session, proof: str) -> None:
        """Be what another connection of the same person was; the rooms see nothing of it in ``RESUME_SECONDS``."""
        self._proof = proof
        self.hub.replace(old, self)
        self._ghosts = [old, *(ghost for ghost in old._ghosts if ghost.rooms or ghost._joining)]
        if old._joining is None:
            old._ghosts = []
        old.end(Farewell.REPLACED, "you came in over another connection", parting=False)
        self.hub.wheel.add(self._end_of_grace, self.hub.wheel.now + RESUME_SECONDS)

    def lay_ghosts(self) -> None:
        """Tell of its PART the rooms that a taken over connection was in and that this one did not enter again."""
        # They stay until they have left: a JOIN of this one that is still on its way may yet take their place.
        self._ghosts = [ghost for ghost in self._ghosts if ghost.rooms or ghost._joining]
        for ghost in self._ghosts:
            ghost._part_all()

    # What the rooms call.

    def takes_over(self, room: Room) -> Member | None:
        """See `chatd.room.Member.takes_over`."""
        for ghost in self._ghosts:
            if ghost in room.members:
                ghost.rooms.pop(room, None)
                return ghost
        return None

    def fail(self) -> None:
        """See `chatd.room.Member.fail`."""
        self.end(Farewell.INTERNAL, "something went wrong here, and the log says what")

    def took_effect(self, entry: Entry, room: Room | None) -> bytes:
        """See `chatd.room.Member.took_effect`."""
        full = self._in_flight == MAX_IN_FLIGHT
        self._in_flight -= 1
        if full or (self._waiting is not None and not self._in_flight):
            self.hub.unblocked.append(self)
        if entry.refused is not None:
            self.untaken = True
            return self.line(events.Refused(entry.refused.code, entry.verb, entry.refused.text), entry.label)
        if entry.old:
            return self._said_before(entry)
        match entry.event:
            case events.Said():
                return b""
            case events.Joined() if room is not None:
                return self._joined(entry, room)
            case events.Parted() if room is not None:
                self.rooms.pop(room, None)
                self.current = next(reversed(self.rooms), None)
                return self.line(events.Done("PART", (room.name,)), entry.label)
            case events.TopicSet() if room is not None:
                return self.line(events.Done("TOPIC", (room.name,)), entry.label)
            case events.Renamed(old, new):
                self.nick, self.renaming = new, False
                self.hub.release(old, self)
                if self.ended:
                    self.hub.release(new, self)
                return self.line(events.Done("NICK", (new,)), entry.label)
        return b""

    def enter(self, room: Room) -> None:
        """Make a room that the session is in the current one."""
        self.rooms.pop(room, None)
        self.rooms[room] = None
        self.current = room

    def done_join(self, room: Room, *, recovered: bool | None = None) -> events.Done:
        """Return the end of a JOIN: how many are in the room and, for a program, what it needs to come back.

        ``recovered`` says whether it was told all that it missed, if it asked.
        """
        values = {"last": str(room.last_id), "resume": self.secret} if self.tagged else {}
        if recovered is not None and self.tagged:
            values["recovered"] = "yes" if recovered else "no"
        return events.Done("JOIN", (room.name, str(len(room.members))), values)

    def _joined(self, entry: Entry, room: Room) -> bytes:
        self._joining = None
        self.enter(room)
        if self.ended:
            self._ghosts = []
            return b""
        replay, self._replay = self._replay, None
        missed = b"" if replay is None else b"".join(replay.rest(room.last_id))
        topic = b""
        if room.topic is not None and (replay is None or not replay.has_told(room.topic_id)):
            topic = self.line(room.topic, tags=room.topic_tags)
        done = self.done_join(room, recovered=None if replay is None else replay.recovered)
        return missed + topic + self.line(done, entry.label)

    def _said_before(self, entry: Entry) -> bytes:
        tags = {"id": str(entry.id), "time": wire.timestamp(entry.time), "old": ""}
        if isinstance(entry.event, events.TopicSet):
            done = self.line(events.Done("TOPIC", (entry.event.room,)), entry.label)
            return self.line(entry.event, tags=tags) + done
        return self.line(entry.event, entry.label, tags)

    def _part_all(self, said: str | None = None) -> None:
        """Leave every room, and the one whose JOIN is still on its way: at once, so that nothing comes between."""
        places = [(room.key, room.name) for room in self.rooms]
        for key, name in [*places, self._joining] if self._joining else places:
            self.append(key, events.Parted(self.nick, name, said))

    def _carry_out(self, request: Request | ChatError) -> None:
        if isinstance(request, ChatError):
            self._refuse(request, request.label)
            return
        try:
            work = verbs.carry_out(self, request)
        except ChatError as error:
            self._refuse(error, request.label)
            return
        if work is not None:
            self._busy = True
            done = Deferred.fromCoroutine(self._finish(work, request))
            if not done.called:
                done.addCallback(lambda _: self.proceed())
                done.addErrback(lambda failure: _log.failure("the next command could not be carried out", failure))

    async def _finish(self, work: Coroutine[Deferred[Any], Any, None], request: Request) -> None:
        """Carry out what takes time; until it is done no other command is."""
        try:
            await work
        except ChatError as error:
            error.verb = verbs.verb_of(request.command)
            self._refuse(error, request.label)
        except Exception:
            _log.failure("a command could not be carried out to its end")
            self.fail()
        finally:
            self._busy = False

    def _refuse(self, error: ChatError, label: str | None) -> None:
        self.untaken = self.untaken or error.verb in _SAYING
        self.tell(events.Refused(error.code, error.verb, error.text), label)
        if error.fatal:
            self.end(Farewell.REFUSED, "what follows was to be said and not carried out, so it is not read")

    def _end_of_grace(self, _now: float) -> None:
        if not self.ended:
            self.lay_ghosts()
