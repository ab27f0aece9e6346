"""Who takes part: a nick, an account, rooms, and lines to a peer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from twisted.internet.defer import Deferred
from typing_extensions import override

from chatd.chat.client import CatchUp, Client
from chatd.chat.hub import Hub
from chatd.chat.peer import Peer
from chatd.chat.private_lines import PrivateLine
from chatd.chat.takeover import Takeover
from chatd.model.authorship import account_key, session_key
from chatd.model.cluster import MemberInfo
from chatd.model.entry import Place, StoredEvent
from chatd.model.member_facts import MemberFacts
from chatd.model.room_policy import Identity, IPAddress
from chatd.protocol import events, names, plain, wire
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Event
from chatd.protocol.names import Nick
from chatd.protocol.wire import NO_TAGS, Mode, Tags
from chatd.runtime.sockets import origin

LINES_AT_A_TIME = 20
"""How many lines of a long answer are sent, together, before others have their turn."""
BYTES_AT_A_TIME = 16 * 1024
"""About how many bytes of it that are at most, if the lines are long."""
ANSWERS_FOR_A_LINE = 20
"""How many lines of an answer count as much as one line that is sent, see ``--line-rate``."""
NO_NICK = Nick("")
NOBODY: Mapping[str, str] = MappingProxyType({})
MAX_IGNORED = 100
"""How many nicks one may ignore, those included that the ignored take meanwhile: a line has room for them all."""


class Addressee(NamedTuple):
    """Whom a private line is for."""

    nick: str
    here: bool
    """Whether they are connected, to whatever node."""
    away: bool = False
    """Whether they have said that they are away."""


_NO_ADDRESSEE = Addressee("", here=False)


class Participant(Client):
    """One connection as the commands see it; `chatd.chat.session` adds the order in which they are carried out."""

    # Without them each would have a dict of its own: Python lets objects share the keys of 30 attributes, and no more.
    __slots__ = (
        "_connection", "_reader", "_takeover", "_voice", "absent", "account", "account_made", "away", "barred", "bot",
        "current", "heard", "hub", "ignored", "info", "joining", "member_id", "mode", "names_full_at", "nick",
        "other_names", "party", "peer", "person", "posted_as", "realname", "renaming", "replay", "rooms", "send",
        "spoke_at", "stamp", "tagged", "telling", "tells_full_at", "unknown_lines", "untaken", "welcomed", "zone",
    )  # fmt: skip
    here = True
    resumes = True
    labels_are_unique: bool = False
    """Whether its edge makes its labels, no two of them alike on all nodes, and calls private lines by them."""
    account: str | None
    """The key of the account that it has logged in to."""
    person: object
    """What it has in common with the other connections of the same person."""
    account_made: int
    """When that was made, see `Accounts.made`."""
    party: str | None
    telling: Addressee
    """Whom it tells the private line that is on its way to the journal."""
    heard: float
    nick: Nick
    """Empty until the first JOIN was accepted."""
    renaming: Nick
    """Another nick that was claimed, and that the rooms do not know yet."""
    tagged: bool
    away: str | None
    realname: str
    bot: bool
    info: MemberInfo | None
    barred: bool
    """Whether it is banned from the server and may LOGIN, see `chatd.chat.barred`."""
    stamp: Callable[[bytes], bytes] | None
    """What puts the time before the lines for it, if it wants that."""
    zone: int | None
    """How many minutes its clock is ahead of UTC; None for the server's zone."""
    ignored: Mapping[str, str]
    """Whose lines it does not want: nicks as written, by their keys."""
    current: Place | None
    joining: tuple[str, str] | None
    other_names: Iterator[Nick] | None
    """The names that are left to try if the one of a JOIN is taken, see `chatd.chat.any_name`."""
    replay: CatchUp | None
    """What is told to it of the room whose JOIN is on its way."""
    untaken: bool
    """Whether something that was to be said was answered by an ERR."""
    names_full_at: float
    """When its bucket of JOINs and NICKs is full again, in seconds; see `Rate`."""
    posted_as: str
    """The key of the nick under which it has last said something without coming in; empty before."""
    tells_full_at: float
    """The same for what it says to one person."""
    spoke_at: float
    """When it said something last, or connected, in seconds."""
    welcomed: bool
    """Whether it was told how to speak."""
    unknown_lines: int
    """How many of the last lines, one after the other, began with no verb."""
    send: Callable[[bytes], None]  # type: ignore[assignment]  # its peer's own: one call less for every line

    def __init__(self, hub: Hub, peer: Peer) -> None:
        self.hub = hub
        self.peer = peer
        self.send = peer.send
        self.person = object()
        self.mode = Mode.COMMAND
        self.rooms: dict[Place, None] = {}
        self.account = self.party = self.info = self.current = self.joining = None
        self.other_names = self.replay = self.stamp = self.zone = self.away = None
        self.tagged = self.untaken = self.welcomed = self.absent = self.bot = self.barred = False
        self.nick = self.renaming = NO_NICK
        self.names_full_at = self.tells_full_at = 0.0
        self.account_made = self.unknown_lines = 0
        self.posted_as = self.realname = self._voice = ""
        self.ignored = NOBODY
        self.telling = _NO_ADDRESSEE
        self.spoke_at = self.heard = hub.timers.now
        self._takeover = Takeover(self, hub)
        self._reader: Deferred[None] | None = None
        self._connection = f"{hub.journal.epoch}.{next(hub.connection_numbers)}"
        self.member_id = hub.enroll(self)

    def show_clock(self, stamp: Callable[[bytes], bytes] | None) -> None:
        """Send what ``stamp`` makes of lines from here on, or the lines themselves."""
        self.stamp, send = stamp, self.peer.send
        self.send = send if stamp is None else lambda data: send(stamp(data))

    @property
    @override
    def takeover(self) -> Takeover:
        return self._takeover

    @property
    @override
    def in_several_rooms(self) -> bool:
        return len(self.rooms) > 1

    @property
    @override
    def address(self) -> IPAddress | None:
        return self.peer.address

    @property
    def household(self) -> str:
        """What it shares its part of `Hub.shares` with: whoever is logged in to its account, else its address."""
        return origin(self.address) if self.account is None else f"account {self.account}"

    @property
    @override
    def identity(self) -> Identity:
        return Identity(self.nick.key, self.account, self.peer.address, self.member_id or self._connection)

    @property
    def voice(self) -> str:
        """The key of what the session has said; it stays the same when all nodes know the client by another id."""
        self._voice = self._voice or session_key(self.member_id or self._connection)
        return self._voice

    @voice.setter
    def voice(self, key: str) -> None:
        self._voice = key

    def resume_as(self, connection: str, voice: str, proof: str, idle: int) -> None:
        """Be known by what one was known by before a restart, ``idle`` seconds after one has said something."""
        self.absent, self._connection, self.voice, self._takeover.earlier = True, connection, voice, proof
        self.spoke_at = self.hub.timers.now - idle

    @property
    def keys(self) -> str:
        """By which what was said is known to be its own, see `chatd.model.authorship`."""
        return self.voice if self.account is None else f"{account_key(self.account)} {self.voice}"

    @property
    @override
    def facts(self) -> MemberFacts:
        return MemberFacts(self.bot, self.away, int(self.hub.timers.now - self.spoke_at))

    @property
    @override
    def is_operator(self) -> bool:
        return self.hub.is_operator(self.account)

    def become_owner(self, account: str) -> None:
        """Be logged in to an account. Raise `ChatError` if that cannot be looked up now."""
        made, party = self.hub.accounts.made(account), self.hub.accounts.party(account)
        self.hub.persons.leave(self)  # one may LOGIN again, as somebody else
        self.account, self.account_made, self.party = account, made, party
        if self.ended:
            return
        self.hub.persons.enter(self, account)
        if self.nick:
            self.hub.onlookers.account_changed(self)

    @override
    def send_event(self, event: Event, label: str | None = None, tags: Tags = NO_TAGS) -> None:
        self.send(self.line(event, label, tags))

    def line(self, event: Event, label: str | None = None, tags: Tags = NO_TAGS) -> bytes:
        """Return a line for this peer alone, with tags if it reads them."""
        if not self.tagged:
            return wire.encode(plain.render(event))
        return wire.encode(events.render(event), {**tags, "label": label} if label else tags)

    @override
    def follow_rename(self, old: str, new: str) -> None:
        if old in self.ignored:
            # The old nick stays ignored, for somebody who connects once more; as far as there is room for it.
            kept = {key: nick for key, nick in self.ignored.items() if key != old or len(self.ignored) < MAX_IGNORED}
            self.ignored = {**kept, names.key(new): new}

    @override
    def tell(self, line: PrivateLine, account: str | None = None, *, again: bool = False) -> None:
        if self.ignored and (names.key(line.nick) in self.ignored or account in self.ignored):
            raise ChatError(Code.NOT_ALLOWED, f"{self.nick} accepts no private messages from you")
        if line.room and self.hub.onlookers.invited(self, line):
            return
        tags = {"time": wire.timestamp(line.time)} | ({"old": ""} if again else {}) | _noticed(line)
        tags |= {"ref": line.ref} if line.ref else {}
        told = self.line(events.Note(line.text) if line.room else events.Told(line.nick, line.text), tags=tags)
        if not self.peer.send_private(told if self.stamp is None else self.stamp(told)):
            raise ChatError(Code.FULL, f"{self.nick} has too many unread messages; send it again later")

    @override
    def tell_kept(self, kept: StoredEvent, *, again: bool) -> bool:
        # One who is ignored meanwhile is left out for good, as in rooms.
        return names.key(kept.event.nick) in self.ignored or self.peer.send_private(self.kept_line(kept, again=again))

    @override
    def tell_own(self, kept: StoredEvent, to: str) -> bool:
        event = kept.event
        assert isinstance(event, events.Said)
        tags = {"id": str(kept.id), "time": wire.timestamp(kept.time)} | _noticed(event)
        return self.peer.send_private(self.line(events.ToldOthers(to, event.text, by=event.nick), tags=tags))

    def kept_line(self, kept: StoredEvent, *, again: bool) -> bytes:
        """Return a private line that is stored as this peer reads it; with ``again`` it is none that comes just now."""
        time, event = wire.timestamp(kept.time), kept.event
        assert isinstance(event, events.Said)
        if again and not self.tagged:
            return self.line(events.ToldBefore(time, event.nick, event.text))
        tags = {"id": str(kept.id), "time": time} | ({"old": ""} if again else {}) | _noticed(event)
        return self.line(events.Told(event.nick, event.text), tags=tags)

    async def send_all(self, lines: Iterable[bytes], send: Callable[[bytes], None] | None = None) -> None:
        """Send lines as fast as the peer reads them, and not so many at a time that others have to wait.

        ``send`` is for lines that are in the language of an edge already.
        """
        send = send or self.send
        piece: list[bytes] = []  # sent together: sending them costs more than all that is done for them before
        size = 0
        for number, line in enumerate(lines, 1):
            piece.append(line)
            size += len(line)
            if number % ANSWERS_FOR_A_LINE == 0:
                self.peer.charge(1)
            is_full = len(piece) == LINES_AT_A_TIME or size >= BYTES_AT_A_TIME
            if is_full or self.peer.blocked:
                await self._send_piece(b"".join(piece), send)
                if self.ended or self.peer.unreachable:
                    return
                piece, size = [], 0
                if is_full:
                    await self.next_turn()
        await self._send_piece(b"".join(piece), send)

    async def _send_piece(self, data: bytes, send: Callable[[bytes], None]) -> None:
        """Send a piece of a long answer, if there is anybody to read it; return when the peer takes more."""
        if self.ended or self.peer.unreachable:
            return
        if data:
            send(data)
        if self.peer.blocked and not self.ended:
            self._reader = Deferred()
            await self._reader

    def next_turn(self) -> Deferred[None]:
        """Return a Deferred that fires when others have had their turn."""
        turn: Deferred[None] = Deferred()
        self.peer.in_turn(partial(turn.callback, None))
        return turn

    def enter(self, room: Place) -> None:
        """Make a room that the participant is in the current one."""
        self.rooms.pop(room, None)
        self.rooms[room] = None
        self.current = room

    def leave(self, room: Place) -> None:
        """Note that the participant is not in a room any more; the current one is the one before it."""
        self.rooms.pop(room, None)
        self.current = next(reversed(self.rooms), None)

    @override
    def part_all(self, parting_text: str | None = None) -> None:
        places = [(room.key, str(room.name)) for room in self.rooms]
        for key, name in [*places, self.joining] if self.joining else places:
            self.submit(key, events.Parted(self.nick, name, parting_text))

    @override
    def forget_nick(self) -> None:
        nick, self.nick, self.takeover.takes = self.nick, NO_NICK, None
        self.hub.release(nick, self)

    def issue_resume_token(self) -> None:
        """Give a program that joined a new resume token, and expect signs of life from it."""
        self.takeover.secret = self.hub.make_secret()

    def _go_on_sending(self) -> None:
        """Send more of a long answer, or none of it any more."""
        if self._reader is not None:
            reader, self._reader = self._reader, None
            reader.callback(None)


def _noticed(told: PrivateLine | events.Said) -> dict[str, str]:
    return {"notice": ""} if told.notice else {}
