"""The session of an IRC client: that of any program, and it knows of its messages what IRC wants to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from typing_extensions import override

from chatd.chat.hub import Hub
from chatd.chat.peer import Peer
from chatd.chat.session import Session
from chatd.edges.irc.person import Person
from chatd.model.entry import Entry, Place
from chatd.protocol import names
from chatd.protocol.events import Said


class Owner(Protocol):
    """Whose session it is, as far as the session needs to know."""

    ident: str

    @property
    def person(self) -> Person:
        """How it is shown to others."""

    def took_effect(self, entry: Entry) -> None:
        """Note that an entry of the session's has happened; what it is told of that comes after this."""

    def label_of_refused(self, room: str, text: str) -> str:
        """Return the label under which it is told that a text was not said in a room after all."""

    def go_on(self) -> None:
        """Go on with what waited for an answer."""

    def lost(self) -> None:
        """Note that the session has ended."""


class IrcSession(Session):
    """A session that its owner follows."""

    user: Owner | None = None
    labels_are_unique = True
    resumes = False
    is_deaf_to_itself = True
    deliver: Callable[[bytes], None]  # type: ignore[assignment]  # its owner's own: one call less for every batch

    def __init__(self, hub: Hub, peer: Peer) -> None:
        super().__init__(hub, peer)
        self.tagged = self.welcomed = True

    def say_at_once(self, target: str, text: str) -> bool:
        """Say a text in a room if nothing is told of that unless the journal refuses it; return whether that was so."""
        if self._in_flight and not self._saying:
            return False
        hub = self.hub
        room = hub.room(names.key(target))
        if room is None or room not in self.rooms or not (target == room.name or target.isascii()):
            return False
        if room.policy.may_silence or hub.server_policy.may_silence:
            return False
        self.spoke_at = hub.timers.now
        self.unknown_lines = 0
        self.submit(room.key, Said(self.nick, room.name, text), None, "TELL")
        return True

    @override
    def took_effect(self, entry: Entry, room: Place | None) -> bytes:
        if self.user is not None and (entry.label is not None or entry.refused is not None):
            if entry.label is None and type(entry.event) is Said:
                entry.label = self.user.label_of_refused(entry.event.room, entry.event.text)
            self.user.took_effect(entry)
        return super().took_effect(entry, room)

    @override
    def resume_commands(self) -> None:
        if self.user is not None:
            self.user.go_on()
        super().resume_commands()

    @override
    def connection_lost(self, *, parting: bool = True, parting_text: str | None = None) -> None:
        super().connection_lost(parting=parting, parting_text=parting_text)
        if self.user is not None:
            self.user.lost()
