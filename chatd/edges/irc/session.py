"""The session of an IRC client: that of any program, and it knows of its messages what IRC wants to know."""

from __future__ import annotations

from typing import Protocol

from typing_extensions import override

from chatd.chat.hub import Hub
from chatd.chat.peer import Peer
from chatd.chat.session import Session
from chatd.edges.irc.person import Person
from chatd.model.entry import Entry, Place


class Owner(Protocol):
    """Whose session it is, as far as the session needs to know."""

    ident: str

    @property
    def person(self) -> Person:
        """How it is shown to others."""

    def took_effect(self, entry: Entry) -> None:
        """Note that an entry of the session's has happened; what it is told of that comes after this."""

    def go_on(self) -> None:
        """Go on with what waited for an answer."""

    def lost(self) -> None:
        """Note that the session has ended."""


class IrcSession(Session):
    """A session that its owner follows."""

    user: Owner | None = None
    labels_are_unique = True
    resumes = False

    def __init__(self, hub: Hub, peer: Peer) -> None:
        super().__init__(hub, peer)
        self.tagged = self.welcomed = True

    @override
    def took_effect(self, entry: Entry, room: Place | None) -> bytes:
        if self.user is not None:
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
