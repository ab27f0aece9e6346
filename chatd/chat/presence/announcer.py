"""What a node says to the others of those who are connected to it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import count

from chatd.chat.client import Client
from chatd.chat.hub import Hub
from chatd.model.authorship import session_key
from chatd.model.cluster import Cluster, MemberInfo, Source, incarnation_of, proof_of, said_of_oneself
from chatd.model.entry import INTERNAL, Entry, RoomEvent
from chatd.protocol.errors import ChatError
from chatd.protocol.events import Joined, Parted, Renamed, Said, TopicSet
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.references import REFERRING

CHANGED_SECONDS = 1
"""How long to wait before it is said what somebody says of themselves, so that a flood of it is one entry a second."""
RETRY_SECONDS = 1
"""How long to wait before something is said again that the journal could not take."""


class Announcer:
    """The incarnation of this node, and what its clients are known by in it."""

    def __init__(self, hub: Hub, cluster: Cluster) -> None:
        self.incarnation = ""
        """In which our clients are known; a moment after one was given up it is behind the cluster's."""
        self._hub = hub
        self._cluster = cluster
        self._numbers = count(1)
        self._clients: dict[str, Client] = {}
        self._unsaid: dict[str, Entry] = {}
        self._retry_is_due = False
        self._changed: dict[Client, None] = {}

    def begin(self) -> None:
        """Take the cluster's incarnation for ours."""
        self.incarnation = self._cluster.incarnation

    def enroll(self, client: Client) -> str:
        """Return the member id of a client."""
        member_id = f"{self.incarnation}.{next(self._numbers)}"
        self._clients[member_id] = client
        return member_id

    def client(self, member_id: str) -> Client | None:
        """Return the client of ours that has a member id, until it has left for good."""
        return self._clients.get(member_id)

    def forget(self, member_id: str) -> None:
        """Know no such client any more."""
        self._clients.pop(member_id, None)

    def begin_again(self) -> None:
        """Be another incarnation, and announce in it who is here."""
        self.begin()
        self._unsaid.clear()
        for member_id, client in list(self._clients.items()):
            if not client.ended:
                self.forget(member_id)
                client.member_id = self.enroll(client)
        for client in self._hub.clients:
            self.announce(client)

    def source(self, client: Client, event: RoomEvent) -> Source:
        """Return what is to go with something that a client does."""
        if type(event) is Said or type(event) is TopicSet or type(event) in REFERRING:
            return Source(self.incarnation, MemberInfo(client.member_id, client.nick))
        return Source(self.incarnation, self.info(client))

    def info(self, client: Client) -> MemberInfo:
        """Return what the others are to know of a client."""
        address, takeover = client.address, client.takeover
        proof = proof_of(takeover.secret, takeover.proof)
        if client.voice != session_key(client.member_id):
            proof = f"{proof} {client.voice}".strip()
        proof = f"{proof} {said_of_oneself(client.away, client.realname, bot=client.bot)}".strip()
        return MemberInfo(
            client.member_id,
            client.nick,
            client.account,
            None if address is None else str(address),
            client.is_operator,
            proof,
            takeover.takes,
        )

    def announce(self, client: Client) -> None:
        """Let the others know all of a client that they should and do not, if it joined at all."""
        if client.info is None or client.ended:
            return
        source = Source(self.incarnation, self.info(client))
        self._append(Entry("", Renamed(client.nick, client.nick), verb=INTERNAL, source=source))
        for room in client.rooms:
            if client not in room.everybody:
                joined = Joined(client.nick, room.name)
                self._append(Entry(room.key, joined, verb=INTERNAL, source=source, again=True))

    def announce_soon(self, client: Client) -> None:
        """Let the others know within `CHANGED_SECONDS`, however often it changes, what a client says of itself."""
        if not self._changed:
            timers = self._hub.timers
            timers.add(self._announce_changed, timers.now + CHANGED_SECONDS)
        self._changed[client] = None

    def _announce_changed(self, _now: float) -> None:
        changed, self._changed = self._changed, {}
        for client in changed:
            self.announce(client)

    def leave(self, client: Client, parting_text: str | None) -> None:
        """Let a client leave for good, unless it never joined."""
        if client.info is None and client.joining is None:
            self.forget(client.member_id)
        else:
            self.dismiss(MemberInfo(client.member_id, client.nick), parting_text)

    def dismiss(self, info: MemberInfo, parting_text: str | None = None) -> None:
        """Let somebody leave for good: a client that ended, or one whose successor will not take the places."""
        source = Source(self.incarnation, info)
        self._append(Entry(SERVER, Parted(info.nick, SERVER, parting_text), verb=INTERNAL, source=source))

    def withdraw(self, client: Client, key: str, name: str) -> None:
        """Let a client leave a room that it is in only by what the others know."""
        source = Source(self.incarnation, self.info(client))
        self._append(Entry(key, Parted(client.nick, name), verb=INTERNAL, source=source))

    def release_stale(self, client: Client, known: Iterable[MemberInfo]) -> None:
        """Let those leave for good whose places a client may take: those that all nodes know, and those of here."""
        infos = {info.member_id: info for info in known}
        infos |= {
            stale.member_id: MemberInfo(stale.member_id, stale.nick) for stale in client.takeover.stale_connections
        }
        client.takeover.stale_connections = ()
        for info in infos.values():
            self.dismiss(info)

    def hand_on(self, client: Client, successor: str) -> None:
        """Have a member of another node told what a client of ours may not have got that was for it alone."""
        for line in client.take_untold():
            question = {"tell": successor, "time": line.time} | line.as_question()
            self._cluster.ask(incarnation_of(successor), question).addErrback(lambda failure: failure.trap(ChatError))

    def said(self, entry: Entry) -> bool:
        """Return whether an entry is one of our present incarnation."""
        return entry.source is not None and entry.source.incarnation == self.incarnation

    def retry_later(self, entry: Entry) -> None:
        """Say, in a while, what concerns the same member as an entry that the journal could not take."""
        assert entry.source is not None and entry.source.info is not None
        member_id = entry.source.info.member_id
        if member_id not in self._unsaid or isinstance(entry.event, Parted):
            self._unsaid[member_id] = entry
        if not self._retry_is_due:
            self._retry_is_due = True
            timers = self._hub.timers
            timers.add(self._retry, timers.now + RETRY_SECONDS)

    def _retry(self, _now: float) -> None:
        self._retry_is_due = False
        unsaid, self._unsaid = self._unsaid, {}
        for member_id, entry in unsaid.items():
            assert entry.source is not None
            client, info = self._clients.get(member_id), entry.source.info
            if client is not None and not client.ended:
                if isinstance(entry.event, Parted) and entry.room != SERVER:
                    self.withdraw(client, entry.room, entry.event.room)
                self.announce(client)
            elif info is not None and isinstance(entry.event, Parted):
                self.dismiss(info, entry.event.text)

    def _append(self, entry: Entry) -> None:
        self._hub.journal.append(entry)
