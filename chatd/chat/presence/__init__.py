"""Who is where on all nodes: what entries of the journal make of it, in their order, and so the same on each node."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from twisted.logger import Logger

from chatd.chat.presence.directory import Being, People
from chatd.chat.presence.partings import card_of, partings
from chatd.chat.presence.remote import Elsewhere
from chatd.chat.presence.voice import Voice
from chatd.journal import UNASKED, Entry, unavailable
from chatd.model.cluster import Began, Card, Cluster, Gone, ended_by, run_of
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code, Farewell
from chatd.protocol.events import Joined, Parted, Renamed, Told
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.wire import timestamp

if TYPE_CHECKING:
    from chatd.chat.hub import Hub
    from chatd.chat.room import Member, Room
    from chatd.chat.session import Session

_log = Logger()


class Presence:
    """The one owner, on this node, of who goes by which nick in the cluster.

    `runs` takes what the journal hands over and says what of it the rooms are to carry out. Which nick is whose
    is decided there, at the entry's place in the order; who may enter which room is decided by the room, by the same
    card and the same rulings on every node.
    """

    def __init__(self, hub: Hub, cluster: Cluster) -> None:
        self.hub = hub
        self.cluster = cluster
        self.people = People()
        self.voice = Voice(self)
        cluster.answer(self.answer)
        cluster.share(self.state, self.restore)

    def stand_in(self, nick: str) -> Elsewhere | None:
        """Return who goes by a nick, in any spelling, and is connected to another node."""
        owner = self.people.owner(nick)
        return owner.member if owner is not None and isinstance(owner.member, Elsewhere) else None

    def check_free(self, nick: str) -> None:
        """Raise `ChatError` if a nick is, or looks like, that of one who is connected to another node.

        Those who are connected here, or were, are in nobody's way: the hub knows better what they are about to do.
        """
        own = [being.card.person for being in self.people.rivals(nick) if being.member.here]
        if (why := self.people.refusal(nick, *own)) is not None:
            raise why

    def place(self, person: str, room: Room) -> Member | None:
        """Return whose place in a room a person takes, if there is one; from here on that one has none."""
        for ghost in self.people.ghosts(person):
            if ghost.member in room.everybody:
                ghost.member.rooms.pop(room, None)
                return ghost.member
        return None

    def rooms_of(self, person: str) -> list[Room]:
        """Return the rooms that a person may be in."""
        being = self.people.get(person)
        found = () if being is None else map(self.hub.room, being.places)
        return [room for room in found if room is not None]

    def runs(self, entries: Sequence[Entry]) -> Iterator[list[Entry]]:
        """Yield what the rooms are to carry out, part by part; what comes next is decided when that is done."""
        run: list[Entry] = []
        for entry in entries:
            kind = type(entry.event)
            alone = kind in (Renamed, Gone) or (kind is Joined and self._stands_alone(entry))
            if alone or (entry.durable and entry.room == SERVER):
                yield run
                yield self._carried_out(entry)
                run = []
            elif entry.durable:
                run.append(entry)
            else:
                run += self._carried_out(entry)
        yield run

    def _carried_out(self, entry: Entry) -> list[Entry]:
        """Change who is where as an entry wants it; return what the rooms are to do."""
        try:
            match entry.event:
                case Joined():
                    return self._join(entry)
                case Parted():
                    return self._leave(entry) if entry.room == SERVER else self._part(entry)
                case Renamed():
                    return self._rename(entry, entry.event)
                case Began(started):
                    self.people.runs[started] = None
                    return []
                case Gone():
                    ended = ended_by(entry.event, entry.source, self.people.runs)
                    return [each for run in ended for each in self._gone(run, entry)]
            return [entry]
        except Exception:
            _log.failure("what became of somebody could not be noted")
            return []

    # What each kind of entry does.

    def _join(self, entry: Entry) -> list[Entry]:
        card = card_of(entry)
        if card is None:
            return []
        if entry.refused is None:
            entry.refused = self._admit(card, entry)
        if entry.refused is not None:
            return self._refused(entry)
        being = self.people.get(card.person)
        assert being is not None and isinstance(entry.event, Joined)
        being.places[entry.room] = entry.event.room
        return [self._bound(entry, being)]

    def _bound(self, entry: Entry, being: Being) -> Entry:
        """Return an entry with whom it is about; if that one is here and does not wait for it, as one unasked for."""
        if entry.origin is None and being.member.here:
            entry.verb = UNASKED
        entry.origin = being.member
        return entry

    def _admit(self, card: Card, entry: Entry) -> ChatError | None:
        """Let somebody in who is not known yet, and note the card of one who is; return why not if that cannot be."""
        being = self.people.get(card.person)
        if being is not None:
            if being.heir is not None:
                return ChatError(Code.NAME_TAKEN, f"{card.nick} came in over another connection")
            self._note(being, card._replace(nick=being.card.nick, takes=None))
            return None
        if run_of(card.person) not in self.people.runs:
            return unavailable()
        old = self._taken(card)
        if (why := self.people.refusal(card.nick, *(() if old is None else (old.card.person,)))) is not None:
            return why
        member = self.voice.session(card.person)
        card = card._replace(takes=None, nick=card.nick if old is None else old.card.nick)
        if old is not None:
            self.people.inherit(old, card.person)
            self._replaced(old.member)
            if member is not None:
                member.takeover.respell(card.nick)
        if member is None and self.voice.said(entry):
            # The journal had given up on it, and told the session, which has ended or is somebody else by now.
            self.voice.dismiss(card)
        being = Being(card, member or Elsewhere(self, card))
        self.people.add(being)
        self._note(being, card)
        return None

    def _note(self, being: Being, card: Card) -> None:
        being.card = being.member.card = card

    def _taken(self, card: Card) -> Being | None:
        """Return the one whose nick and places a card is to take, if it goes by that nick still."""
        old = self.people.get(card.takes)
        if old is not None and old.heir is not None:
            old = self.people.get(old.heir)
        return old if old is not None and names.key(old.card.nick) == names.key(card.nick) else None

    def _stands_alone(self, entry: Entry) -> bool:
        """Return whether what was before must be done first: of a takeover, and of what changes who is judged."""
        card = card_of(entry)
        if card is None:
            return False
        being = self.people.get(card.person)
        if being is None:
            return card.takes is not None
        return bool(self.people.ghosts(card.person)) or being.card[2:5] != card[2:5]

    def _replaced(self, old: Session | Elsewhere) -> None:
        if not isinstance(old, Elsewhere):
            for ghost in old.takeover.ghosts:
                if self.people.get(ghost.pid) is None:
                    self.voice.forget(ghost.pid)
            old.end(Farewell.REPLACED, "you came in over another connection", parting=False)

    def _part(self, entry: Entry) -> list[Entry]:
        card = card_of(entry)
        being = None if card is None else self.people.get(card.person)
        if being is None:
            entry.refused = entry.refused or unavailable()
        if being is None or entry.refused is not None:
            return self._refused(entry)
        being.places.pop(entry.room, None)
        return [self._bound(entry, being)]

    def _leave(self, entry: Entry) -> list[Entry]:
        """Let somebody leave for good: every room, and those that had their places for the taking as well."""
        card = card_of(entry)
        if card is None:
            return []
        being = self.people.get(card.person)
        if entry.refused is not None and being is not None:
            return self._refused(entry)
        if being is not None:
            left = [each for ghost in self.people.ghosts(card.person) for each in self._forget(ghost, entry)]
            return left + self._forget(being, entry)
        session = self.voice.session(card.person)
        if session is None:
            return []
        self.voice.forget(card.person)
        return partings(session, {room.key: room.name for room in session.rooms}, entry)

    def _forget(self, being: Being, entry: Entry) -> list[Entry]:
        self.people.remove(being)
        self.voice.forget(being.card.person)
        rooms = {room.key: room.name for room in being.member.rooms}
        return partings(being.member, being.places | rooms, entry)

    def _rename(self, entry: Entry, event: Renamed) -> list[Entry]:
        card = card_of(entry)
        if card is None:
            return []
        if entry.refused is None:
            entry.refused = self._renaming(card, event, entry)
        if entry.refused is not None:
            return self._refused(entry)
        being = self.people.get(card.person)
        assert being is not None
        if event.old == event.new:
            return []
        entry.event = Renamed(being.card.nick, event.new)
        self.people.rename(being, event.new)
        self._note(being, being.card)
        return [self._bound(entry, being)]

    def _renaming(self, card: Card, event: Renamed, entry: Entry) -> ChatError | None:
        """Return why somebody is not to have another nick; who has the same may be new here, and in no room."""
        being = self.people.get(card.person)
        if event.old == event.new:
            return self._admit(card, entry)
        if being is None:
            return unavailable()
        if being.heir is not None:
            return ChatError(Code.NAME_TAKEN, f"{card.nick} came in over another connection")
        return self.people.refusal(event.new, card.person)

    def _gone(self, ended: str, entry: Entry) -> list[Entry]:
        """Let everybody of a run leave; of ours, who are here stay and are announced again."""
        self.people.runs.pop(ended, None)
        left: list[Entry] = []
        for being in [being for being in self.people.all() if self.people.keeper(being) == ended]:
            member = being.member
            if isinstance(member, Elsewhere) or member.ended:
                left += self._forget(being, entry)
                continue
            self.people.remove(being)
            for room in member.rooms:
                room.everybody.pop(member, None)
        if ended == self.voice.run:
            self.voice.begin_again()
        return left

    def _refused(self, entry: Entry) -> list[Entry]:
        """Return what is to be said of an entry that was refused; what our node said by itself, it may say again."""
        if entry.origin is not None:
            return [entry]
        card = card_of(entry)
        session = None if card is None else self.voice.session(card.person)
        if card is None or entry.refused is None or entry.verb != UNASKED:
            return []
        if entry.refused.code == Code.UNAVAILABLE:
            self.voice.say_again(entry)
        elif session is not None and not session.ended:
            session.end(Farewell.REPLACED, "somebody took your name while this node was cut off")
        return []

    # What other nodes ask.

    def answer(self, question: Any) -> Any:
        """Answer what another node asks: to tell something to somebody who is connected here."""
        person, nick, text = question["tell"], question["from"], question["text"]
        session = self.voice.session(person)
        if session is None or session.ended:
            return {"nick": None}
        session.tell(Told(nick, text), tags={"time": timestamp(int(self.hub.clock.seconds() * 1000))})
        return {"nick": session.nick}

    def state(self) -> Any:
        """Return who is where, as of all that was handed over."""
        there = [room for room in self.hub.rooms() if room.everybody]
        rooms = [[room.key, room.name, [member.pid for member in room.everybody]] for room in there]
        people = [[*being.card, being.heir] for being in self.people.all()]
        return {"runs": sorted(self.people.runs), "people": people, "rooms": rooms}

    def restore(self, state: Any) -> None:
        """Take over what another node says of who is where, None for nobody; see `Cluster.share`."""
        from chatd.chat.presence.snapshot import restore

        restore(self, state or {"runs": [self.cluster.run], "people": [], "rooms": []})
