"""The part of the window that has to do with servers: which there are, connecting to them, and how that goes."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from twisted.internet.defer import Deferred
from typing_extensions import override

from chatd.client.net.status import LinkState, Status
from chatd.client.net.trouble import Trouble
from chatd.client.view.accounts import Accounts
from chatd.client.view.admission import Admission, Visit
from chatd.client.view.controls import ControlledLayout
from chatd.client.view.servers import Servers, ServerSession
from chatd.protocol import names
from chatd.protocol.commands import LOBBY, Nick
from chatd.protocol.moderation_commands import Login
from chatd.runtime.server_address import Address


class ServerWindow(ControlledLayout):
    """A layout that holds `servers`; what is drawn of them is the `Window`'s to do."""

    servers: Servers
    admission: Admission
    accounts: Accounts

    @abstractmethod
    def bring_to_front(self, session: ServerSession) -> None:
        """Bring the room of a server to the screen that was there last, or its first one."""

    @abstractmethod
    def rooms_changed(self, sessions: Iterable[ServerSession]) -> None:
        """Show which rooms there are at some servers, and one of them."""

    # Connecting.

    def connect(self, address: Address, nick: str, rooms: Sequence[str], password: str = "") -> None:
        """Connect to one more server under a name, and join these rooms; without a name, once one is entered."""
        session = self.servers.place_for(address)
        session.choose(address, rooms, nick)
        self.bring_to_front(session)
        if nick:
            self.join_as(nick, password)
        else:
            self.draw_status()
            self.name_bar.field.focus_set()

    def go_to_server(self, address: Address) -> None:
        """Bring a server to the front."""
        if (session := self.servers.find(address)) is not None:
            self.bring_to_front(session)

    @override
    def join_as(self, name: str, password: str = "") -> None:
        session = self.servers.front
        self.question.forget_error()
        try:
            if not name:
                raise ValueError("Enter your nick first; others see it")
            nick = names.nick(name)
            if not session.connector.linked:
                session.connect(nick, password)
                self.show_room(session.connector.rooms[0])
            elif nick != self.transcript.nick:
                session.connector.link.send_command(Nick(nick))
            elif session.idle:
                session.connector.link.reconnect()
        except ValueError as error:
            self.question.show_error(str(error))
            self.name_bar.field.focus_set()
            return
        self.settings.nick = nick
        self.name_bar.show_name(nick, locked=True)
        self.write()

    @override
    def connect_elsewhere(self, address: Address, nick: str, room: str, password: str = "") -> None:
        session = self.servers.find(address)
        if session is None or not session.connector.linked:
            front = self.servers.front
            front.chosen = front.entered  # else this is another choice for it
            self.connect(address, nick, (room,), password)
        elif password:
            session.connector.link.send_command(Login(nick, password))
            self.go_to(room, session)
        elif session.connected:
            if nick != session.transcript.nick:
                session.connector.link.send_command(Nick(nick))
            self.go_to(room, session)
        else:
            self._connect_anew(session, nick, room)

    def _connect_anew(self, session: ServerSession, nick: str, room: str) -> None:
        """Come to a server as another, or as one who has no account there."""
        self.servers.store()

        def left(_: object) -> None:
            if not self.servers.waits_for(session):
                return
            address = session.address
            session.forget()
            if session is self.servers.front:
                self.show_room(None)
            self.connect(address, nick, (room,))

        session.detach().stop().addBoth(left)

    @override
    def move_server(self, old: Address, new: Address, nick: str, password: str = "") -> None:
        session = self.servers.find(old)
        if session is None or self.servers.find(new) is not None:
            if session is not None:
                self.remove_server(session)
            self.connect_elsewhere(new, nick, LOBBY, password)
            return
        rooms = session.kept().rooms

        def left(_: object) -> None:
            if not self.servers.waits_for(session):
                return
            self.admission.forget(old)
            session.choose(new, rooms, nick)
            self.bring_to_front(session)
            self.join_as(nick, password)

        session.detach().stop().addBoth(left)

    @override
    def show_account(self) -> None:
        front = self.servers.front
        self.accounts.open(self._visit(front), front.status)

    def write(self) -> None:
        """Let what is typed go to the message field."""
        self.field.text.focus_set()

    # Leaving.

    @override
    def reconnect_server(self, session: ServerSession) -> None:
        self.bring_to_front(session)
        if session.connector.linked:
            session.connector.link.reconnect()
        else:
            self.join_as(session.transcript.nick or self.settings.nick)

    @override
    def disconnect_server(self, session: ServerSession) -> None:
        session.connector.link.stop()

    @override
    def remove_server(self, session: ServerSession) -> None:
        link = session.detach()
        link.stop()
        self.admission.forget(session.address)
        self.bring_to_front(self.servers.remove(session))
        session.forget()
        self.rooms_changed(())
        self.store()

    def disconnect(self, said: str | None = None) -> Deferred[None]:
        """Leave all servers for good; the Deferred fires when that is done and everything that waits is kept."""
        self.admission.stop()
        self.clipboard.stop()
        return self.servers.leave(said)

    def store(self) -> None:
        """Put what is to be there at the next start into the settings."""
        self.settings.theme, self.settings.font_size = self.look.theme, self.look.size
        self.servers.store()

    # How that goes.

    def status(self, status: Status) -> None:
        """Show how the connection to the server in front is."""
        self.servers.front.status_changed(status)

    def session_status(self, session: ServerSession, before: Status | None) -> None:
        """Show how the connection to a server is, which was another ``before``."""
        status = session.status
        if status is None or session not in self.servers:
            return
        new = before is None or before.state is not status.state
        if new:
            self.rooms.show_state(session)
        visit = self._visit(session)
        self.admission.take(visit, status)
        self.accounts.take(visit, status)
        if session is not self.servers.front:
            return
        if new and status.state in (LinkState.REFUSED, LinkState.LOCKED):
            self._turned_away(status)
        elif session.connected or (new and status.state is LinkState.WAITING and not session.reached):
            # Who has never got in may have another name, or press Join again.
            self.name_bar.show_name(self.transcript.nick, locked=session.connected)
        self.draw_status()

    def _turned_away(self, status: Status) -> None:
        """Let another name be entered, if the server in front does not let this one in."""
        self.name_bar.show_name(self.transcript.nick, locked=False)
        if status.state is LinkState.REFUSED and status.trouble in (Trouble.NAME, None):
            self.name_bar.field.focus_set()
            self.name_bar.field.select_range(0, "end")

    def _visit(self, session: ServerSession) -> Visit:
        shown = session.shown
        room = "" if shown is None or shown.private else shown.name
        front = session is self.servers.front
        return Visit(session.address, session.transcript.nick, room, session.connector.link, front)

    def draw_status(self) -> None:
        """Show as whom and where one is connected."""
        front = self.servers.front
        self.status_line.show_away(front.transcript.away)
        self.status_line.show_status(front.status, front.transcript.nick, str(front.address))

    def refuse(self, why: str) -> None:
        """Say what is to be done first."""
        self.question.show_error(why)
