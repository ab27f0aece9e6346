"""What a node says to the others of those who are connected to it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING

from chatd.journal import UNASKED, Entry, Happening
from chatd.model.cluster import Card, Source, prove
from chatd.protocol.events import Joined, Parted, Renamed, Said, TopicSet
from chatd.protocol.moderation_commands import SERVER

if TYPE_CHECKING:
    from chatd.chat.presence import Presence
    from chatd.chat.session import Session

AGAIN_SECONDS = 1
"""How long to wait before something is said again that the journal could not take."""


class Voice:
    """The run of this node, and what its sessions are known by in it."""

    def __init__(self, presence: Presence) -> None:
        self.run = ""
        """The run in which our people are known; a moment after a run was given up it is behind the cluster's."""
        self._presence = presence
        self._numbers = count(1)
        self._sessions: dict[str, Session] = {}
        self._unsaid: dict[str, Entry] = {}
        self._waiting = False

    def begin(self) -> None:
        """Take the cluster's run for ours."""
        self.run = self._presence.cluster.run

    def enroll(self, session: Session) -> str:
        """Return what a session is to be known by."""
        person = f"{self.run}.{next(self._numbers)}"
        self._sessions[person] = session
        return person

    def session(self, person: str) -> Session | None:
        """Return the session of ours that is known as a person, until it has left for good."""
        return self._sessions.get(person)

    def forget(self, person: str) -> None:
        """Know no such session any more."""
        self._sessions.pop(person, None)

    def begin_again(self) -> None:
        """Be another run, and announce in it who is here."""
        self.begin()
        self._unsaid.clear()
        for person, session in list(self._sessions.items()):
            if not session.ended:
                self.forget(person)
                session.pid = self.enroll(session)
        for session in self._presence.hub.sessions:
            self.announce(session)

    def source(self, session: Session, event: Happening) -> Source:
        """Return what is to go with something that a session does."""
        if type(event) is Said or type(event) is TopicSet:
            return Source(self.run, Card(session.pid, session.nick))
        return Source(self.run, self.card(session))

    def card(self, session: Session) -> Card:
        """Return what the others are to know of a session."""
        address, takeover = session.peer.address, session.takeover
        return Card(
            session.pid,
            session.nick,
            session.account,
            None if address is None else str(address),
            session.is_operator,
            prove(takeover.secret, takeover.proof),
            takeover.takes,
        )

    def announce(self, session: Session) -> None:
        """Let the others know all of a session that they should and do not, if it came in at all."""
        if session.card is None or session.ended:
            return
        source = Source(self.run, self.card(session))
        self._append(Entry("", Renamed(session.nick, session.nick), verb=UNASKED, source=source))
        for room in session.rooms:
            if session not in room.everybody:
                self._append(Entry(room.key, Joined(session.nick, room.name), verb=UNASKED, source=source))

    def leave(self, session: Session, said: str | None) -> None:
        """Let a session leave for good, unless it never came in."""
        if session.card is None and session.joining is None:
            self.forget(session.pid)
        else:
            self.dismiss(Card(session.pid, session.nick), said)

    def dismiss(self, card: Card, said: str | None = None) -> None:
        """Let somebody leave for good: a session that ended, or one whose heir will not come for the places."""
        self._append(Entry(SERVER, Parted(card.nick, SERVER, said), verb=UNASKED, source=Source(self.run, card)))

    def withdraw(self, session: Session, key: str, name: str) -> None:
        """Let a session leave a room that it is in only by what the others know."""
        source = Source(self.run, self.card(session))
        self._append(Entry(key, Parted(session.nick, name), verb=UNASKED, source=source))

    def lay_ghosts(self, session: Session, ghosts: Sequence[Session]) -> None:
        """Let those leave for good whose places a session may take, ``ghosts`` among them."""
        cards = {being.card.person: being.card for being in self._presence.people.ghosts(session.pid)}
        cards |= {ghost.pid: Card(ghost.pid, ghost.nick) for ghost in ghosts}
        for card in cards.values():
            self.dismiss(card)

    def said(self, entry: Entry) -> bool:
        """Return whether an entry is one of our present run."""
        return entry.source is not None and entry.source.run == self.run

    def say_again(self, entry: Entry) -> None:
        """Say, in a while, what concerns the same person as an entry that the journal could not take."""
        assert entry.source is not None and entry.source.card is not None
        person = entry.source.card.person
        if person not in self._unsaid or isinstance(entry.event, Parted):
            self._unsaid[person] = entry
        if not self._waiting:
            self._waiting = True
            wheel = self._presence.hub.wheel
            wheel.add(self._say_unsaid, wheel.now + AGAIN_SECONDS)

    def _say_unsaid(self, _now: float) -> None:
        self._waiting = False
        unsaid, self._unsaid = self._unsaid, {}
        for person, entry in unsaid.items():
            assert entry.source is not None
            session, card = self._sessions.get(person), entry.source.card
            if session is not None and not session.ended:
                if isinstance(entry.event, Parted) and entry.room != SERVER:
                    self.withdraw(session, entry.room, entry.event.room)
                self.announce(session)
            elif card is not None and isinstance(entry.event, Parted):
                self.dismiss(card, entry.event.text)

    def _append(self, entry: Entry) -> None:
        self._presence.hub.journal.append(entry)
