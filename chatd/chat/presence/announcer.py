"""What a node says to the others of those who are connected to it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import count
from typing import TYPE_CHECKING

from chatd.model.cluster import MemberInfo, Source, proof_of
from chatd.model.entry import INTERNAL, Entry, RoomEvent
from chatd.protocol.events import Joined, Parted, Renamed, Said, TopicSet
from chatd.protocol.moderation_commands import SERVER

if TYPE_CHECKING:
    from chatd.chat.presence import Presence
    from chatd.chat.session import Session

AGAIN_SECONDS = 1
"""How long to wait before something is said again that the journal could not take."""


class Announcer:
    """The run of this node, and what its sessions are known by in it."""

    def __init__(self, presence: Presence) -> None:
        self.incarnation = ""
        """The run in which our people are known; a moment after a run was given up it is behind the cluster's."""
        self._presence = presence
        self._numbers = count(1)
        self._sessions: dict[str, Session] = {}
        self._unsaid: dict[str, Entry] = {}
        self._waiting = False

    def begin(self) -> None:
        """Take the cluster's run for ours."""
        self.incarnation = self._presence.cluster.incarnation

    def enroll(self, session: Session) -> str:
        """Return what a session is to be known by."""
        member_id = f"{self.incarnation}.{next(self._numbers)}"
        self._sessions[member_id] = session
        return member_id

    def session(self, member_id: str) -> Session | None:
        """Return the session of ours that is known as a person, until it has left for good."""
        return self._sessions.get(member_id)

    def forget(self, member_id: str) -> None:
        """Know no such session any more."""
        self._sessions.pop(member_id, None)

    def begin_again(self) -> None:
        """Be another run, and announce in it who is here."""
        self.begin()
        self._unsaid.clear()
        for member_id, session in list(self._sessions.items()):
            if not session.ended:
                self.forget(member_id)
                session.member_id = self.enroll(session)
        for session in self._presence.hub.sessions:
            self.announce(session)

    def source(self, session: Session, event: RoomEvent) -> Source:
        """Return what is to go with something that a session does."""
        if type(event) is Said or type(event) is TopicSet:
            return Source(self.incarnation, MemberInfo(session.member_id, session.nick))
        return Source(self.incarnation, self.info(session))

    def info(self, session: Session) -> MemberInfo:
        """Return what the others are to know of a session."""
        address, takeover = session.peer.address, session.takeover
        return MemberInfo(
            session.member_id,
            session.nick,
            session.account,
            None if address is None else str(address),
            session.is_operator,
            proof_of(takeover.secret, takeover.proof),
            takeover.takes,
        )

    def announce(self, session: Session) -> None:
        """Let the others know all of a session that they should and do not, if it came in at all."""
        if session.info is None or session.ended:
            return
        source = Source(self.incarnation, self.info(session))
        self._append(Entry("", Renamed(session.nick, session.nick), verb=INTERNAL, source=source))
        for room in session.rooms:
            if session not in room.everybody:
                self._append(Entry(room.key, Joined(session.nick, room.name), verb=INTERNAL, source=source))

    def leave(self, session: Session, said: str | None) -> None:
        """Let a session leave for good, unless it never came in."""
        if session.info is None and session.joining is None:
            self.forget(session.member_id)
        else:
            self.dismiss(MemberInfo(session.member_id, session.nick), said)

    def dismiss(self, info: MemberInfo, said: str | None = None) -> None:
        """Let somebody leave for good: a session that ended, or one whose heir will not come for the places."""
        self._append(
            Entry(SERVER, Parted(info.nick, SERVER, said), verb=INTERNAL, source=Source(self.incarnation, info))
        )

    def withdraw(self, session: Session, key: str, name: str) -> None:
        """Let a session leave a room that it is in only by what the others know."""
        source = Source(self.incarnation, self.info(session))
        self._append(Entry(key, Parted(session.nick, name), verb=INTERNAL, source=source))

    def release_stale(self, session: Session, stale_connections: Sequence[Session]) -> None:
        """Let those leave for good whose places a session may take, ``stale_connections`` among them."""
        cards = {
            occupant.info.member_id: occupant.info
            for occupant in self._presence.directory.stale_connections(session.member_id)
        }
        cards |= {stale.member_id: MemberInfo(stale.member_id, stale.nick) for stale in stale_connections}
        for info in cards.values():
            self.dismiss(info)

    def said(self, entry: Entry) -> bool:
        """Return whether an entry is one of our present run."""
        return entry.source is not None and entry.source.incarnation == self.incarnation

    def say_again(self, entry: Entry) -> None:
        """Say, in a while, what concerns the same person as an entry that the journal could not take."""
        assert entry.source is not None and entry.source.info is not None
        member_id = entry.source.info.member_id
        if member_id not in self._unsaid or isinstance(entry.event, Parted):
            self._unsaid[member_id] = entry
        if not self._waiting:
            self._waiting = True
            timers = self._presence.hub.timers
            timers.add(self._say_unsaid, timers.now + AGAIN_SECONDS)

    def _say_unsaid(self, _now: float) -> None:
        self._waiting = False
        unsaid, self._unsaid = self._unsaid, {}
        for member_id, entry in unsaid.items():
            assert entry.source is not None
            session, info = self._sessions.get(member_id), entry.source.info
            if session is not None and not session.ended:
                if isinstance(entry.event, Parted) and entry.room != SERVER:
                    self.withdraw(session, entry.room, entry.event.room)
                self.announce(session)
            elif info is not None and isinstance(entry.event, Parted):
                self.dismiss(info, entry.event.text)

    def _append(self, entry: Entry) -> None:
        self._presence.hub.journal.append(entry)
