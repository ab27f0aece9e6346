"""Everything that the client knows: the rooms, their lines and people, and what waits to be taken by the server.

The link feeds it the server's lines (`reducer.apply_event`) and asks it what to send again; the window draws it, and is
told by `changes` what to redraw. Times are in milliseconds since 1970, rooms are named in any spelling and in
changes by their key (`names.key`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from chatd.client.model import outbox
from chatd.client.model.changes import Change, LinesChanged, RoomsChanged, UnreadChanged
from chatd.client.model.lines import Delivery, Kind, Line
from chatd.client.model.membership import MembershipCue
from chatd.client.model.outbox import Waiting
from chatd.client.model.presence import Presence, PresenceCue, next_presence
from chatd.client.model.room import Room
from chatd.client.model.timeline import MAX_LINES
from chatd.protocol import names
from chatd.protocol.commands import Command, Join, Search
from chatd.protocol.events import Listed
from chatd.protocol.text import clean

UNKNOWN_FATE = "The connection was lost before this was acknowledged; it may have arrived."
MAX_LISTED = 10_000
"""How many rooms of the answer to ROOMS are kept."""


class Transcript:
    """The whole state of the client.

    ``nick`` is one's own name, ``now`` returns the time in milliseconds since 1970, ``limit`` is how many lines of a
    room are kept.
    """

    def __init__(self, nick: str, now: Callable[[], int], limit: int = MAX_LINES) -> None:
        self.nick = nick
        self.now = now
        self.rooms: dict[str, Room] = {}
        """The rooms and private conversations by key, in the order in which they were opened."""
        self.front: Room | None = None
        """The room whose newest lines the one who reads is looking at, if at any."""
        self._read_back: Room | None = None
        """The room of which older lines are looked at."""
        self.epoch: str | None = None
        """The server's, as OK HELLO told it; None before."""
        self.resume: str | None = None
        """The secret of the last OK JOIN, to take the name over with; None before."""
        self.listing: list[Listed] = []
        """The answer to the last ROOMS."""
        self.presence = Presence.OFFLINE
        self.asked: dict[str, tuple[Command, str]] = {}
        """What was asked and is not answered: by label, the command and the key of the room it was asked in."""
        self.has_account = False
        """Whether the server knows one by an account, so that it keeps private lines and what was read."""
        self.returning = False
        """Whether the one who reads was here in an earlier run of the client and has done nothing in this one: until
        then no room is in front, so that what was missed is unread in each."""
        self.waiting_changed: Callable[[], None] = lambda: None
        """Called when what waits is to be kept before anything else is done."""
        self.forgetting: Callable[[], None] = lambda: None
        """Called before all rooms are closed, which ends nothing of what is kept."""
        self.away = ""
        """Why one is away; empty if one is not."""
        self.ignored: dict[str, str] = {}
        """Whom one ignores, by key."""
        self._limit = limit
        self._listing_whole = False
        self._outbox: dict[str, tuple[Waiting, Room, int]] = {}

    # What the link calls.

    def connected(self) -> None:
        """Note that there is a connection: what the server says first is a greeting, and not shown."""
        self.change_presence(PresenceCue.CONNECTED)

    def disconnected(self) -> list[Change]:
        """Note that the connection is gone.

        Nobody is known to be in any room; private messages that may have been sent have FAILED, because the server
        would tell them twice. Those to rooms wait on.
        """
        changes: list[Change] = [RoomsChanged()]
        for room in self.rooms.values():
            room.change_membership(MembershipCue.DISCONNECTED)
        for waiting, _, _ in list(self._outbox.values()):
            if waiting.private and self.presence is Presence.PRESENT:
                changes += self.mark_failed(waiting.label, UNKNOWN_FATE)
        self.asked.clear()
        self.change_presence(PresenceCue.DISCONNECTED)
        return changes

    def rejoin(self) -> list[Join]:
        """Return the JOINs that rejoin the wanted rooms, to be sent after OK HELLO in this order.

        The first has the nick and, if there is one, the secret. Each asks for what was missed, if it is known since
        which id. Empty if no room is wanted.
        """
        joins: list[Join] = []
        for room in self.rooms.values():
            if room.wanted and not room.private:
                nick, resume = (None, None) if joins else (self.nick, self.resume)
                joins.append(Join(nick, room.name, room.resume_id, room.resume_epoch, resume))
        return joins

    def note_question(self, label: str, command: Command, room: str | None = None) -> None:
        """Note that a command is sent under a label, so that its answer is shown in the room where it was asked.

        A SEARCH has to be told here, else what it finds is taken for history.
        """
        self.asked[label] = (command, names.key(room or ""))
        if (
            isinstance(command, Search)
            and (found := self.find_room(command.person or command.room or room)) is not None
        ):
            found.found.clear()

    def waiting(self) -> list[tuple[str, str, str]]:
        """Return (room or nick, text, label) of what the server has not acknowledged, in the order said.

        After a reconnect, when the rooms are entered again, each is to be sent as ``TELL`` under its label.
        """
        return [(waiting.room, waiting.text, waiting.label) for waiting, _, _ in self._outbox.values()]

    # What the window calls.

    def find_room(self, name: str | None) -> Room | None:
        """Return the room or conversation of a name in any spelling, if it is open."""
        return None if name is None else self.rooms.get(names.key(name))

    def open_room(self, name: str) -> Room:
        """Return the room of that name (or the conversation with that nick), opened if it was not."""
        room = self.find_room(name)
        if room is None:
            room = Room(name, self._limit)
            self.rooms[room.key] = room
        return room

    def close_room(self, name: str) -> list[Change]:
        """Forget a room and all its lines, and what was said there and not acknowledged."""
        room = self.rooms.pop(names.key(name), None)
        if room is None:
            return []
        if self.front is room:
            self.front = None
        if self._read_back is room:
            self._read_back = None
        self._outbox = {label: each for label, each in self._outbox.items() if each[1] is not room}
        return [RoomsChanged()]

    def forget_server(self) -> None:
        """Close every room, and forget what another server would not know."""
        self.forgetting()
        for key in list(self.rooms):
            self.close_room(key)
        self.epoch = self.resume = None
        self.away = ""
        self.ignored.clear()

    def set_front(self, name: str | None, *, reading_back: bool = False) -> list[Change]:
        """Note which room the one who reads is looking at now, None for no room: it has nothing unread any more.

        While the end of it is not on the screen (``reading_back``), what is said there is unread as in any other room.
        Its unread mark stays until another is shown.
        """
        room = None if self.returning else self.find_room(name)
        before = self.front or self._read_back
        self.front, self._read_back = (None, room) if reading_back else (room, None)
        changes = before.clear_mark() if before is not None and before is not room and not before.unread else []
        return changes + room.mark_seen() if room is not None and not reading_back else changes

    def attend(self) -> bool:
        """Note that the one who reads does something; return whether a room can be in front only now."""
        before, self.returning = self.returning, False
        return before

    def add_note(self, name: str | None, text: str, kind: Kind = Kind.NOTE) -> list[Change]:
        """Show a sentence of the client's own as a passing line in a room, by default in the one in front."""
        room = self.find_room(name) or self.front or next(iter(self.rooms.values()), None)
        if room is None:
            return []
        return self.add_passing(room, Line(room.timeline.serial(), kind, self.now(), "", clean(text)))

    def find_lines(self, name: str, text: str) -> list[int]:
        """Return the indices of a room's lines that hold ``text``, in any case."""
        room = self.find_room(name)
        return [] if room is None else room.find_lines(text)

    def add_waiting(self, name: str, text: str, label: str, now: int, reply: int = 0) -> list[Change]:
        """Show what one says in a room, or to a nick, as WAITING until the server has it.

        ``label`` is a fresh token of the protocol's alphabet, ``now`` the time, ``reply`` the id of the message that it
        answers, 0 if it answers none. Raise `ValueError` if it is waiting
        already. The caller sends it, at once or when there is a connection (`waiting`).
        """
        if label in self._outbox:
            raise ValueError(f"the label {label} is in use")
        opened: list[Change] = [] if self.find_room(name) is not None else [RoomsChanged()]
        room = self.open_room(name)
        waiting = Waiting(room.name, clean(text), label, now, nick=self.nick, reply=reply)
        line = Line(
            room.timeline.serial(), Kind.SAID, now, self.nick, waiting.text, own=True, state=Delivery.WAITING,
            label=label, answers=room.author_of(reply), reply=reply,
        )  # fmt: skip
        self._outbox[label] = (waiting, room, line.serial)
        self.waiting_changed()
        return [*opened, LinesChanged(room.key, room.timeline.wait(line)), *room.trim()]

    def dump_waiting(self) -> list[dict[str, Any]]:
        """Return what waits as plain values for JSON."""
        present = self.presence is Presence.PRESENT
        return outbox.dump(each._replace(sent=each.private and present) for each, _, _ in self._outbox.values())

    def load_waiting(self, data: object) -> list[Change]:
        """Take over what `dump_waiting` returned in an earlier run; whatever is not of that form is passed over.

        Private messages that may have arrived, and all that was said under another name, are shown as FAILED, because
        the server would not know them again; everything else waits.
        """
        changes: list[Change] = []
        for waiting in outbox.load(data):
            if waiting.label in self._outbox:
                continue
            changes += self.add_waiting(waiting.room, waiting.text, waiting.label, waiting.time, waiting.reply)
            of_another = waiting.nick and names.key(waiting.nick) != names.key(self.nick)
            if of_another or (waiting.sent and waiting.private):
                changes += self.mark_failed(waiting.label, UNKNOWN_FATE)
        return changes

    # What the reducer calls.

    def change_presence(self, cue: PresenceCue) -> None:
        """Note what has happened to the connection."""
        before, self.presence = self.presence, next_presence(self.presence, cue)
        if self.presence is not before and self._outbox:
            self.waiting_changed()  # private lines may be sent from here on

    def add_passing(self, room: Room, line: Line) -> list[Change]:
        """Put a passing line into a room."""
        return [LinesChanged(room.key, room.timeline.add(line)), *room.trim()]

    def waits_in(self, label: str) -> Room | None:
        """Return the room in which something waits under a label, if anything does."""
        return self._outbox[label][1] if label in self._outbox else None

    def answered_by(self, label: str) -> int | None:
        """Return the id of the message that is answered by what waits under a label, if it answers one."""
        return (self._outbox[label][0].reply or None) if label in self._outbox else None

    def forget_answered(self, room: Room) -> None:
        """Let what waits in a room answer nothing: its ids have begun anew."""
        for label, (waiting, place, serial) in self._outbox.items():
            if place is room:
                self._outbox[label] = (waiting._replace(reply=0), place, serial)

    def settle(self, label: str) -> tuple[Line, int]:
        """Take a line that waits out of its room: return it and the index that it had."""
        _, room, serial = self._outbox.pop(label)
        return room.timeline.take_waiting(serial)

    def mark_failed(self, label: str, reason: str) -> list[Change]:
        """Let what waits under a label be FAILED, as a passing line of this moment."""
        room = self._outbox[label][1]
        line = self.settle(label)[0]._replace(state=Delivery.FAILED, reason=reason)
        room.note_failed(line)
        return self.add_passing(room, line)

    def rename_room(self, room: Room, new: str) -> bool:
        """Let a private conversation go by another nick, unless there is one of that nick; return whether it does."""
        if new.startswith("#") or self.find_room(new) not in (None, room):
            return False
        room.name, room.key = new, names.key(new)
        self.rooms = {each.key: each for each in self.rooms.values()}
        for label, (waiting, place, serial) in self._outbox.items():
            if place is room:
                self._outbox[label] = (waiting._replace(room=new), place, serial)
        return True

    def add_listed(self, listed: Listed) -> None:
        """Take one line of the answer to ROOMS; the first begins a new list."""
        if self._listing_whole:
            self.listing, self._listing_whole = [], False
        if len(self.listing) < MAX_LISTED:
            self.listing.append(listed)

    def end_listing(self) -> None:
        """Note that the answer to ROOMS is whole."""
        if self._listing_whole:
            self.listing = []
        self._listing_whole = True

    def count_unread(self, room: Room, index: int) -> list[Change]:
        """Count a line of another as unread, unless the one who reads is looking at its room."""
        if room is self.front:
            return []
        moved = [] if room.unread else room.clear_mark()
        room.count_unread(index)
        return [*moved, UnreadChanged(room.key)]
