"""The window: it puts the panes together, tells the links what is typed, and draws what the transcripts say changed."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from typing_extensions import override

from chatd.client.model import changes
from chatd.client.model.changes import Change
from chatd.client.model.kept_servers import can_keep
from chatd.client.model.room import Room
from chatd.client.model.settings import Settings
from chatd.client.model.transcript import Transcript
from chatd.client.view.accounts import Accounts
from chatd.client.view.admission import Admission
from chatd.client.view.browser import open_link
from chatd.client.view.connect_sheet import ConnectSheet
from chatd.client.view.desktop import Desktop
from chatd.client.view.drawing import Drawing
from chatd.client.view.glyphs import Glyphs, TkFont
from chatd.client.view.input_commands import carry_out
from chatd.client.view.keys_elsewhere import send_keys_to
from chatd.client.view.made import made
from chatd.client.view.notices import Notices
from chatd.client.view.server_window import ServerWindow
from chatd.client.view.servers import Servers, ServerSession, SessionDial
from chatd.client.view.theme import Look
from chatd.protocol import names
from chatd.protocol.commands import Part, Search


class Window(ServerWindow):
    """The window of one client, in ``root``.

    ``transcript`` is that of its first server. ``dial`` returns a link to a server that tells the session it is for of
    itself, or raises `ValueError` with a sentence. ``desktop`` is what it can use of the desktop around it. ``done`` is
    called when the window is gone and nothing is connected any more.
    """

    def __init__(
        self,
        root: tk.Tk,
        reactor: Any,
        transcript: Transcript,
        settings: Settings,
        dial: SessionDial,
        desktop: Desktop,
        drawn: Callable[[], None],
        done: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.servers = Servers(transcript, settings, dial, self)
        self._use(self.servers.front)
        self._reactor = reactor
        self._desktop = desktop
        self._done = done
        self._leaving = False
        self._drawing = Drawing(self, reactor, drawn)
        self.notices = Notices(reactor, root.bell, desktop.notify_send)
        look = Look(root, settings.theme, settings.font_size, system_dark=desktop.dark)
        super().__init__(root, reactor, look, Glyphs(TkFont(root)))
        send_keys_to(self.typed_elsewhere, self.rooms.tree, self.members.tree)
        self.preferences_changed()
        self.admission = Admission(reactor, self, self.question, desktop.keyring)
        self.accounts = Accounts(lambda: self.account_sheet, desktop.keyring, self.admission.entered)
        self.clipboard.read = desktop.read_clipboard
        self.update_title()
        self.draw_topic()
        self.name_bar.show_name(transcript.nick, locked=False)
        settings.conversations.before_save = self.note_draft
        for action in ("<Key>", "<Button>", "<MouseWheel>"):
            root.bind(action, self._attend, add=True)

    def _use(self, session: ServerSession) -> None:
        """Let a server be the one in front."""
        self.servers.front = session
        self.transcript, self.connector = session.transcript, session.connector
        self.shown: Room | None = session.shown
        """The room on the screen; the transcript's ``front`` is none while the window has no focus."""

    @override
    def prepare_connect_sheet(self, sheet: ConnectSheet) -> None:
        sheet.nearby = self._desktop.nearby
        self.admission.listen_to(sheet)

    # What the links tell.

    def changed(self, found: Sequence[Change]) -> None:
        """Draw what changed at the server in front, soon."""
        self._drawing.take(self.servers.front, found)

    def session_changed(self, session: ServerSession, found: Sequence[Change]) -> None:
        """Draw what changed at a server, soon."""
        if session in self.servers:
            self._drawing.take(session, found)

    def show_change(self, session: ServerSession, change: Change) -> None:
        """Show what is no part of a room."""
        front = session is self.servers.front
        match change:
            case changes.OwnNickChanged(nick):
                if front:
                    self.settings.nick = nick if can_keep(nick) else self.settings.nick
                    self.name_bar.show_name(nick, locked=self.name_bar.locked)
                    self.draw_status()
            case changes.RoomsListed() if front:
                self.list_rooms()
            case changes.Found(key) if front:
                self.list_found(key)
            case changes.RegisterAnswered(problem):
                self.accounts.answered(session.address, problem)
            case changes.StillWaiting(_, _, reason) if front:
                self.status_line.remark = f"retrying: {reason}"
                self.draw_status()
            case changes.Notice(key, nick, text):
                if (room := session.transcript.find_room(key)) is not None:
                    self.notices.give(nick, room, text, "" if len(self.servers) == 1 else session.title)
            case _ if front:
                self.menus.take_change(change)
            case _:
                pass

    # Rooms.

    def rooms_changed(self, sessions: Iterable[ServerSession]) -> None:
        """Show which rooms there are at some servers, and one of them."""
        for session in sessions:
            for room in session.transcript.rooms.values():
                if room.joined and room.key not in session.greeted:
                    session.greeted.add(room.key)
                    session.changed(session.transcript.add_note(room.key, f"{session.transcript.nick} has joined"))
            rooms = session.transcript.rooms
            there = session.shown is not None and rooms.get(session.shown.key) is session.shown
            if session is not self.servers.front:
                session.shown = session.shown if there else None
            elif session.going in rooms:
                self.show_room(session.going)
            elif not there:
                self.show_room(next(iter(rooms), None))
        self.rooms.fill(self.servers, self.servers.front)
        self.panes.widen_left(self.rooms.needed_width)
        self.update_title()
        self.draw_topic()
        self.menus.room_shown()

    @override
    def bring_to_front(self, session: ServerSession) -> None:
        rooms = session.transcript.rooms
        self.show_room(session.shown.key if session.shown is not None else next(iter(rooms), None), session)

    @override
    def show_room(self, name: str | None, session: ServerSession | None = None) -> None:
        self.menus.subjects.leave((session or self.servers.front).transcript.find_room(name))
        self.note_draft()
        before, front = self.shown, self.servers.front
        if session is not None and session is not front:
            front.transcript.set_front(None)
            self._use(session)
            for sheet in (*self.menus.sheets, *made(self, "rooms_sheet", "found_sheet")):
                sheet.close()  # it is about the server that was in front
            self.name_bar.show_name(self.transcript.nick, locked=session.connector.linked)
            self.draw_status()
        session = self.servers.front
        room, session.going = self.transcript.find_room(name), None
        self.shown = session.shown = room
        if room is not before:
            self.talk.show_room(room)
            self._drawing.forget_lines()
            self.field.content = room.draft if room is not None else ""
        self.members.show_room(room)
        self.rooms.fill(self.servers, session)
        self.draw_topic()
        self.update_title()
        self.menus.room_shown()
        self.focus_changed()

    @override
    def go_to(self, name: str, session: ServerSession | None = None) -> None:
        session = session or self.servers.front
        if not name.startswith("#"):
            session.transcript.open_room(name)
            self.show_room(name, session)
            return
        session.connector.link.join_room(name)
        if session.transcript.find_room(name) is not None:
            if session is not self.servers.front:
                self.bring_to_front(session)
            session.going = names.key(name)
            session.changed([changes.RoomsChanged()])

    @override
    def leave_room(self, key: str, session: ServerSession | None = None) -> None:
        session = session or self.servers.front
        if (room := session.transcript.find_room(key)) is not None:
            session.connector.link.send_command(Part(room.name), room.name)

    @override
    def close_room(self, key: str, session: ServerSession | None = None) -> None:
        session = session or self.servers.front
        room = session.transcript.find_room(key)
        if room is not None and (room.joined or room.wanted):
            self.leave_room(key, session)
        session.greeted.discard(key)
        session.changed(session.transcript.close_room(key))

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
        room = self.shown if self.has_focus() else None
        talk = self.talk
        found = self.transcript.set_front(None if room is None else room.key, reading_back=not talk.follow)
        if room is not None and room.unread and not talk.follow and talk.last_id > (room.seen_id or 0):
            found += room.mark_seen(talk.last_id)
        if found:
            self.changed(found)

    def _attend(self, _: tk.Event[tk.Misc]) -> None:
        if [session for session in self.servers if session.transcript.attend()]:
            self.focus_changed()

    # Leaving.

    @override
    def ask_quit(self) -> None:
        self.uncover()
        self.question.ask("Quit chatd?", [("Quit", self.quit), ("Cancel", lambda: None)])

    def quit(self, said: str | None = None) -> None:
        """Keep what is to be kept, leave the servers, and go."""
        if not self._leaving:
            self._leaving = True
            self.store()
            self.settings.geometry, self.settings.scale = self.root.geometry(), self.look.scale
            self.root.withdraw()
            self.disconnect(said).addBoth(lambda _: self._done())

    def note_draft(self) -> None:
        """Note what stands in the field."""
        if self.shown is not None:
            self.shown.draft = self.menus.subjects.draft

    def stop_drawing(self) -> None:
        """Let go of the reactor; nothing is drawn any more."""
        self._drawing.stop()
        self.notices.stop()
        self.menus.stop()
        self.admission.stop()
        self.status_line.stop()
