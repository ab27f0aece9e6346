"""The window: it puts the panes together, tells the link what is typed, and draws what the transcript says changed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, succeed
from typing_extensions import override

from chatd.client.model import changes
from chatd.client.model.changes import Change
from chatd.client.model.room import Room
from chatd.client.model.settings import Settings
from chatd.client.model.transcript import Transcript
from chatd.client.net.port import Dial
from chatd.client.net.status import LinkState, Status
from chatd.client.view.browser import open_link
from chatd.client.view.connector import Connector
from chatd.client.view.desktop import Desktop
from chatd.client.view.drawing import Drawing
from chatd.client.view.glyphs import Glyphs, TkFont
from chatd.client.view.input_commands import carry_out
from chatd.client.view.layout import Layout
from chatd.client.view.notices import Notices
from chatd.client.view.theme import Look
from chatd.protocol import names
from chatd.protocol.commands import Nick, Part, Search
from chatd.protocol.moderation_commands import Login
from chatd.runtime.server_address import Address


class Window(Layout):
    """The window of one client, in ``root``.

    ``dial`` returns a link to a server that tells `changed` and `status`, or raises `ValueError` with a sentence.
    ``desktop`` is what it can use of the desktop around it. ``done`` is called when the window is gone and nothing is
    connected any more.
    """

    def __init__(
        self,
        root: tk.Tk,
        reactor: Any,
        transcript: Transcript,
        settings: Settings,
        dial: Dial,
        desktop: Desktop,
        drawn: Callable[[], None],
        done: Callable[[], None],
    ) -> None:
        self.transcript = transcript
        self.settings = settings
        self.shown: Room | None = None
        """The room on the screen; the transcript's ``front`` is none while the window has no focus."""
        self._reactor = reactor
        self.connector = Connector(transcript, settings, dial, self._refuse)
        self._desktop = desktop
        self._done = done
        self._status: Status | None = None
        self._going: str | None = None
        self._greeted: set[str] = set()
        self._leaving = False
        self._drawing = Drawing(self, reactor, drawn)
        self._notices = Notices(reactor, root.bell, desktop.notify_send)
        look = Look(root, settings.theme, settings.font_size, system_dark=desktop.dark)
        super().__init__(root, reactor, look, Glyphs(TkFont(root)))
        self.connect_sheet.nearby = desktop.nearby
        self.update_title()
        self.draw_topic()
        self.name_bar.show_name(transcript.nick, locked=False)

    # Connecting.

    def connect(self, address: Address, nick: str, rooms: Sequence[str], password: str = "") -> None:
        """Connect to a server under a name, and join these rooms; without a name, once one is entered."""
        self.connector.choose(address, rooms)
        self.name_bar.show_name(nick, locked=False)
        if nick:
            self.join_as(nick, password)
        else:
            self.draw_status()
            self.name_bar.field.focus_set()

    @override
    def join_as(self, name: str, password: str = "") -> None:
        self.question.forget_error()
        try:
            if not name:
                raise ValueError("Enter your name first: it is what others see")
            nick = names.nick(name)
            if self.connector.linked:
                self.connector.link.send_command(Nick(nick))
            else:
                self.changed(self.connector.connect(nick, password))
                self.show_room(self.connector.rooms[0])
        except ValueError as error:
            self.question.show_error(str(error))
            self.name_bar.field.focus_set()
            return
        self.settings.nick = nick
        self.name_bar.show_name(nick, locked=True)
        self.field.text.focus_set()

    @override
    def connect_elsewhere(self, address: Address, nick: str, room: str, password: str = "") -> None:
        if not self.connector.linked:
            self.connect(address, nick, (room,), password)
            return
        if password and address == self.connector.address:
            self.connector.link.send_command(Login(nick, password))
            self.go_to(room)
            return
        self.store()
        link = self.connector.detach()

        def left(_: object) -> None:
            self.transcript.forget_server()
            self._greeted.clear()
            self.show_room(None)
            self.connect(address, nick, (room,), password)

        link.stop().addBoth(left)

    # What the link tells.

    def changed(self, found: Sequence[Change]) -> None:
        """Draw what changed, soon."""
        self._drawing.take(found)

    def status(self, status: Status) -> None:
        """Show how the connection is."""
        before, self._status = self._status, status
        new = before is None or before.state is not status.state
        if new and status.state in (LinkState.REFUSED, LinkState.LOCKED):
            self.question.show_error(status.detail[:1].upper() + status.detail[1:])
            self.name_bar.show_name(self.transcript.nick, locked=False)
            self.name_bar.field.focus_set()
            self.name_bar.field.select_range(0, "end")
            if status.state is LinkState.LOCKED:
                self.ask_password(self.connector.address, status.detail)
        elif status.state is LinkState.CONNECTED:
            self.name_bar.show_name(self.transcript.nick, locked=True)
        self.draw_status()

    def draw_status(self) -> None:
        """Show as whom and where one is connected."""
        self.status_line.show_status(self._status, self.transcript.nick, str(self.connector.address))

    def show_change(self, change: Change) -> None:
        """Show what is no part of a room."""
        match change:
            case changes.OwnNickChanged(nick):
                self.settings.nick = nick
                self.name_bar.show_name(nick, locked=self.name_bar.locked)
                self.draw_status()
            case changes.RoomsListed():
                self.list_rooms()
            case changes.Found(key):
                self.list_found(key)
            case changes.StillWaiting(_, _, reason):
                self.status_line.remark = f"will be sent again: {reason}"
                self.draw_status()
            case changes.Notice(key, nick, text):
                room = self.transcript.find_room(key)
                self._notices.give(nick if room is None or room.private else f"{nick} in {room.name}", text)
            case _:
                self.menus.take_change(change)

    # Rooms.

    def rooms_changed(self) -> None:
        """Show which rooms there are, and one of them."""
        for room in self.transcript.rooms.values():
            if room.joined and room.key not in self._greeted:
                self._greeted.add(room.key)
                self.changed(self.transcript.add_note(room.key, f"{self.transcript.nick} has joined"))
        rooms = self.transcript.rooms
        if self._going in rooms:
            self.show_room(self._going)
        elif self.shown is None or rooms.get(self.shown.key) is not self.shown:
            self.show_room(next(iter(rooms), None))
        self.rooms.fill(rooms.values(), self.shown)
        self.update_title()
        self.draw_topic()
        self.menus.room_shown()

    @override
    def show_room(self, name: str | None) -> None:
        room, self._going = self.transcript.find_room(name), None
        self.menus.leave_subject(room)
        if self.shown is not None:
            self.shown.draft = self.field.content
        before, self.shown = self.shown, room
        found = self.transcript.set_front(room.key if room is not None and self.has_focus() else None)
        if room is not before:
            self.talk.show_room(room)
            self._drawing.forget_lines()
            self.field.content = room.draft if room is not None else ""
        self.members.show_room(room)
        self.rooms.fill(self.transcript.rooms.values(), room)
        self.draw_topic()
        self.update_title()
        self.menus.room_shown()
        self.changed(found)

    @override
    def go_to(self, name: str) -> None:
        if not name.startswith("#"):
            self.transcript.open_room(name)
            self.show_room(name)
        else:
            self.connector.link.join_room(name)
            if self.transcript.find_room(name) is not None:
                self._going = names.key(name)
                self.changed([changes.RoomsChanged()])

    @override
    def leave_room(self, key: str) -> None:
        if (room := self.transcript.find_room(key)) is not None:
            self.connector.link.send_command(Part(room.name), room.name)

    @override
    def close_room(self, key: str) -> None:
        room = self.transcript.find_room(key)
        if room is not None and (room.joined or room.wanted):
            self.leave_room(key)
        self._greeted.discard(key)
        self.changed(self.transcript.close_room(key))

    def _refuse(self, why: str) -> None:
        self.question.show_error(why)

    # What the panes ask for.

    @override
    def submit(self, text: str) -> bool:
        self.question.forget_error()
        return carry_out(self, text)

    @override
    def load_older(self) -> None:
        if self.shown is not None:
            self.connector.link.ask_older(self.shown.name)

    @override
    def search(self, words: str) -> None:
        room = self.shown
        if room is None or not room.private:
            name = None if room is None else room.name
            self.connector.link.send_command(Search(name, words), name)

    @override
    def reconnect(self) -> None:
        self.connector.link.reconnect()

    @override
    def open_link(self, url: str) -> None:
        open_link(self._reactor, self._desktop.open_browser, url, self.question.show_error)

    @override
    def focus_changed(self) -> None:
        looking = self.shown if self.has_focus() else None
        if looking is not self.transcript.front:
            self.changed(self.transcript.set_front(None if looking is None else looking.key))

    # Leaving.

    @override
    def ask_quit(self) -> None:
        self.question.ask("Quit chatd?", [("Quit", self.quit), ("Stay", lambda: None)])

    def quit(self, said: str | None = None) -> None:
        """Keep what is to be kept, leave the server, and go."""
        if not self._leaving:
            self._leaving = True
            self.store()
            self.settings.geometry = self.root.geometry()
            self.root.withdraw()
            self.disconnect(said).addBoth(lambda _: self._done())

    def disconnect(self, said: str | None = None) -> Deferred[None]:
        """Leave the server; the Deferred fires when that is done and everything that waits is kept."""
        if not self.connector.linked:
            return succeed(None)
        self.store()  # also if that takes too long
        link = self.connector.detach()

        def left(_: object) -> None:
            self.store()

        return link.stop(said).addBoth(left)

    def store(self) -> None:
        """Put what is to be there at the next start into the settings."""
        self.settings.theme, self.settings.font_size = self.look.theme, self.look.size
        self.connector.store_conversations()

    def stop_drawing(self) -> None:
        """Let go of the reactor; nothing is drawn any more."""
        self._drawing.stop()
        self.status_line.stop()
