"""One participant: its place in the rooms, the order of its commands, and its coming and going."""

from __future__ import annotations

from collections.abc import Coroutine, Iterable
from functools import partial
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from chatd import __version__
from chatd.chat import handlers as verbs
from chatd.chat import moderation
from chatd.chat import outcomes as effects
from chatd.chat.hub import Hub
from chatd.chat.keepalive import Keepalive
from chatd.chat.peer import Peer
from chatd.chat.presence.remote import judged_as
from chatd.chat.replay import Replay
from chatd.chat.takeover import Takeover
from chatd.model.cluster import MemberInfo
from chatd.model.entry import INTERNAL, Entry, Member, Place, RoomEvent
from chatd.model.room_policy import Identity
from chatd.protocol import commands, events, names, wire
from chatd.protocol.errors import ChatError, DisconnectReason
from chatd.protocol.events import Event
from chatd.protocol.wire import NO_TAGS, Mode, Request, Tags

MAX_IN_FLIGHT = 256
"""How many things said by one session may be on their way before it is not read from."""
MAX_CHARACTERS_IN_FLIGHT = 64 * 1024
"""How much text; what others say waits behind it to be stored."""
SHARE_IN_FLIGHT = 4
SHARE_OF_CHARACTERS = 2048
"""How much of that one may have on its way while the journal is behind, so that who says little does not wait long."""
LINES_AT_A_TIME = 20
"""How many lines of a long answer are sent before others have their turn."""
ANSWERS_FOR_A_LINE = 20
"""How many lines of an answer count as much as one line that is sent, see ``--line-rate``."""
GREETING = f"This is chatd {__version__}. JOIN <your name> to come in, HELP to see what else there is."


_log = Logger()


class Session:
    """What one connection has done so far, and what its next line would do.

    A command that has a reply waits until all that the session did before has come back from the journal, so that the
    reply stands after it; things said follow one another without waiting. `handlers` says what each command does.
    """

    here = True

    def __init__(self, hub: Hub, peer: Peer) -> None:
        self.hub = hub
        self.send = peer.send
        self.nick = ""
        """Empty until the first JOIN was accepted."""
        self.renaming = ""
        """Another nick that was claimed, and that the rooms do not know yet."""
        self.tagged = False
        self.mode = Mode.COMMAND
        self.rooms: dict[Place, None] = {}
        """Those that it is in, the current one at the end."""
        self.current: Place | None = None
        self.ended = False
        self.heard = hub.timers.now
        """When the peer last gave a sign of life, in seconds; its edge sets it."""
        self.account: str | None = None
        """The key of the account that it has logged in to."""
        self.names_full_at = 0.0
        """See `chatd.chat.limits.check_name`."""
        self.takeover = Takeover(self)
        self.peer = peer
        self._in_flight = 0
        self._characters_in_flight = 0
        self._saying = False
        self._held = False
        self._waiting: Request | ChatError | None = None
        self._busy = False
        self._reader: Deferred[None] | None = None
        self.replay: Replay | None = None
        """What is told to it of the room whose JOIN is on its way."""
        self.untaken = False
        """Whether something that was to be said was answered by an ERR."""
        self.joining: tuple[str, str] | None = None
        """The key and the name of the room whose JOIN is on its way."""
        self.member_id = hub.enroll(self)
        """See `chatd.chat.room.Member.member_id`."""
        self.info: MemberInfo | None = None
        """As what all nodes know it, once they do."""
        self._keepalive = Keepalive(self)
        if (ban := moderation.server_ban(self, self.identity)) is not None:
            self.end(DisconnectReason.BANNED, moderation.because("you are banned", ban))
        else:
            self.tell(events.Note(GREETING))

    @property
    def identity(self) -> Identity:
        """Whom rulings are about."""
        return Identity(names.key(self.nick), self.account, self.peer.address)

    @property
    def judged_as(self) -> tuple[Identity, bool]:
        """See `chatd.chat.room.Member.judged_as`."""
        return (self.identity, self.is_operator) if self.info is None else judged_as(self.hub, self.info)

    @property
    def is_operator(self) -> bool:
        """Whether it looks after the server."""
        return self.hub.is_operator(self.account)

    # What the edge calls.

    @property
    def ready(self) -> bool:
        """Whether `receive` and `finish` may be called; if not, the peer is told to `Peer.proceed` when they may."""
        if self.hub.journal.over_hard_limit:
            self.hub.stalled[self] = None
            return False
        self._held = self._is_ahead()
        return not (self.ended or self._waiting or self._busy or self._held)

    def receive(self, request: Request | ChatError) -> None:
        """Carry out what the next line asks for, or answer that it could not be read.

        What must come after something that is still on its way is kept, and carried out in its turn.
        """
        if self.peer.gone and verbs.is_question(request):
            return
        if self._in_flight and not (self._saying and verbs.is_said(self, request)):
            self._waiting = request
        else:
            self._carry_out(request)

    def finish(self) -> None:
        """Answer the end of the input, once everything that came before it has been done."""
        self.receive(Request(commands.Quit()))

    def proceed(self) -> None:
        """Go on with what had to wait: for an entry to take effect, or for the peer to read."""
        if self._reader is not None and not self.peer.blocked:
            reader, self._reader = self._reader, None
            reader.callback(None)
        if not self._busy and not self._in_flight and self._waiting is not None:
            request, self._waiting = self._waiting, None
            self._carry_out(request)
        if self.ready:
            self.peer.proceed()

    def end(self, farewell: DisconnectReason, text: str, *, parting: bool = True, said: str | None = None) -> None:
        """Take leave of the peer, and leave every room with ``said`` as the parting text.

        Without ``parting`` the rooms are told nothing: they end too, or somebody else takes the place.
        """
        if not self.ended:
            self.peer.end(farewell, wire.encode(wire.render(events.Ended(farewell, text))))
            self.gone(parting=parting, said=said)

    def gone(self, *, parting: bool = True, said: str | None = None) -> None:
        """Note that nothing more comes from the peer and nothing reaches it."""
        if self.ended:
            return
        self.ended = True
        self._waiting = None
        self.hub.sessions.pop(self, None)
        self.hub.stalled.pop(self, None)
        if self.replay is not None:
            self.replay.close()
        self._keepalive.end()
        if self.nick:
            self.hub.release(self.nick, self)
        if parting:
            self.takeover.release_stale()
            self.part_all(said)
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
        """Send lines as fast as the peer reads them, and not so many at a time that others have to wait."""
        for number, line in enumerate(lines, 1):
            if self.ended or self.peer.gone:
                return
            if line:
                self.send(line)
            if self.peer.blocked and not self.ended:
                self._reader = Deferred()
                await self._reader
            if number % LINES_AT_A_TIME == 0:
                self.peer.charge(LINES_AT_A_TIME // ANSWERS_FOR_A_LINE)
                await self.next_turn()

    def next_turn(self) -> Deferred[None]:
        """Return a Deferred that fires when others have had their turn."""
        turn: Deferred[None] = Deferred()
        self.peer.in_turn(partial(turn.callback, None))
        return turn

    def send_together(self, lines: Iterable[bytes]) -> None:
        """Send lines at once."""
        if data := b"".join(lines):
            self.send(data)

    async def catch_up(self, room: str, since: int, epoch: str | None) -> None:
        """Tell the peer what it missed in a room that it enters next."""
        self.replay = Replay(self, room, since, epoch)
        await self.replay.tell()

    def append(self, room: str, event: RoomEvent, label: str | None = None, verb: str = "MSG") -> None:
        """Let something happen: hand it to the journal, in this session's name.

        ``verb`` is that of the line which asked for it.
        """
        self._saying = type(event) is events.Said
        if type(event) is events.Said:
            self._characters_in_flight += len(event.text)
        if type(event) is events.Joined:
            self.joining = (room, event.room)
        self._in_flight += 1
        entry = Entry(room, event, self, label if self.tagged else None, verb)
        if self.hub.presence is not None:
            entry.source = self.hub.presence.announcer.source(self, event)
        self.hub.journal.append(entry)

    def prove(self) -> None:
        """Make a new secret for a program that came in, and expect signs of life from it."""
        self.takeover.secret = self.hub.make_secret()
        self._keepalive.watch_life()

    # What the rooms call.

    def takes_over(self, room: Place) -> Member | None:
        """See `chatd.chat.room.Member.takes_over`."""
        return self.takeover.place_in(room)

    def refusal(self, room: Place, entry: Entry) -> ChatError | None:
        """See `chatd.chat.room.Member.refusal`."""
        return moderation.refusal_at(self, room.key, entry)

    def removed_from(self, room: Place) -> None:
        """See `chatd.chat.room.Member.removed_from`."""
        self.leave(room)

    def fail(self) -> None:
        """See `chatd.chat.room.Member.fail`."""
        self.end(DisconnectReason.INTERNAL, "something went wrong here, and the log says what")

    def took_effect(self, entry: Entry, room: Place | None) -> bytes:
        """See `chatd.chat.room.Member.took_effect`."""
        if entry.verb == INTERNAL:
            return effects.unasked(self, entry, room)
        self._in_flight -= 1
        if type(entry.event) is events.Said:
            self._characters_in_flight -= len(entry.event.text)
        if (self._held and not self._is_ahead()) or (self._waiting is not None and not self._in_flight):
            self._held = False
            self.hub.unblocked.append(self)
        return effects.effect(self, entry, room)

    def enter(self, room: Place) -> None:
        """Make a room that the session is in the current one."""
        self.rooms.pop(room, None)
        self.rooms[room] = None
        self.current = room

    def leave(self, room: Place) -> None:
        """Note that the session is not in a room any more; the current one is the one before it."""
        self.rooms.pop(room, None)
        self.current = next(reversed(self.rooms), None)

    def _is_ahead(self) -> bool:
        """Return whether so much is on its way to the journal that no more should be said."""
        entries, characters = self._in_flight, self._characters_in_flight
        if entries >= MAX_IN_FLIGHT or characters >= MAX_CHARACTERS_IN_FLIGHT:
            return True
        return (entries >= SHARE_IN_FLIGHT or characters >= SHARE_OF_CHARACTERS) and self.hub.journal.over_soft_limit

    def part_all(self, said: str | None = None) -> None:
        """Leave every room, and the one whose JOIN is still on its way: at once, so that nothing comes between."""
        if self.hub.presence is not None:
            self.hub.presence.announcer.leave(self, said)
            return
        places = [(room.key, room.name) for room in self.rooms]
        for key, name in [*places, self.joining] if self.joining else places:
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
        self.untaken = self.untaken or error.verb in effects.SAYING
        self.tell(events.Refused(error.code, error.verb, error.text), label)
        if error.fatal:
            self.end(DisconnectReason.REFUSED, "what follows was to be said and not carried out, so it is not read")
