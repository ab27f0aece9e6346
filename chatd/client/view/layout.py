"""Where everything in the window stands."""

from __future__ import annotations

import tkinter as tk
from abc import abstractmethod
from functools import cached_property
from tkinter import ttk
from typing import Any

from chatd.client.model import persistence
from chatd.client.model.pasting import Pasting
from chatd.client.model.room import Room
from chatd.client.model.settings import Settings
from chatd.client.model.standing import heading
from chatd.client.model.transcript import Transcript
from chatd.client.view.accessibility import tell_readers
from chatd.client.view.account_sheet import AccountSheet
from chatd.client.view.actions import Actions
from chatd.client.view.clipboard import Clipboard
from chatd.client.view.connect_sheet import ConnectSheet
from chatd.client.view.connector import Connector
from chatd.client.view.find_bar import FindActions, FindBar
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.help_sheet import HelpSheet
from chatd.client.view.listings import fill_found, fill_rooms
from chatd.client.view.made import made
from chatd.client.view.members_pane import MembersPane, PeopleActions
from chatd.client.view.menus import Menus
from chatd.client.view.message_field import FieldActions, MessageField
from chatd.client.view.name_bar import NameBar
from chatd.client.view.notices import Notices
from chatd.client.view.panes import Panes
from chatd.client.view.paste_question import ask_how_to_paste
from chatd.client.view.place import geometry, this_screen
from chatd.client.view.preferences_sheet import PreferencesSheet
from chatd.client.view.question import Question
from chatd.client.view.room_header import HeaderActions, RoomHeader
from chatd.client.view.rooms_pane import RoomActions, RoomsPane, ServerActions
from chatd.client.view.servers import Servers, ServerSession
from chatd.client.view.sheet import Listing, Sheet
from chatd.client.view.status_line import StatusLine
from chatd.client.view.switcher import Switcher
from chatd.client.view.talk_pane import TalkActions, TalkPane
from chatd.client.view.talk_rows import LocalZone
from chatd.client.view.theme import GAP, TIGHT, WIDE, Look
from chatd.client.view.welcome import Welcome, WelcomeActions
from chatd.runtime.server_address import Address

TITLE = "chatd"


class Layout(Actions):
    """The panes of the window and what opens over them; what they ask for is the `Window`'s to do."""

    transcript: Transcript
    settings: Settings
    servers: Servers
    shown: Room | None
    talk: TalkPane
    field: MessageField
    connector: Connector
    notices: Notices

    def __init__(self, root: tk.Tk, reactor: Any, look: Look, glyphs: Glyphs) -> None:
        self.root = root
        self.look = look
        self.glyphs = glyphs
        look.preferences = self.settings.preferences
        root.title(TITLE)
        screen = this_screen(root, look.scale)
        root.minsize(*screen.least)
        root.geometry(geometry(screen, self.settings.geometry, self.settings.scale))
        root.columnconfigure(0, weight=1)
        root.rowconfigure(0, weight=1)
        main = ttk.Frame(root)
        main.grid(row=0, column=0, sticky="nsew")
        main.columnconfigure(0, weight=1)
        main.rowconfigure(0, weight=1)
        self.panes = Panes(main, look)
        self.panes.grid(row=0, column=0, sticky="nsew")
        middle = self.middle = ttk.Frame(self.panes)
        self.menus = Menus(self, middle, look, glyphs, LocalZone(), self.settings.emoji)
        room_actions = RoomActions(
            self.show_room, self.toggle_mute, self.leave_room, self.close_room, self.menus.show_settings
        )  # fmt: skip
        server_actions = ServerActions(
            self.reconnect_server, self.disconnect_server, self.remove_server, self.ask_server
        )  # fmt: skip
        self.rooms = RoomsPane(self.panes, look, glyphs, room_actions, server_actions)
        self._fill_middle(middle)
        self.members = MembersPane(self.panes, look, glyphs, PeopleActions(self.go_to, self.menus.open_person))
        self.status_line = StatusLine(main, look, reactor, self.reconnect)
        self.status_line.grid(row=1, column=0, sticky="ew")
        for pane in (self.rooms, self.members, self.status_line):
            look.put_aside(pane)
        self.rooms.configure(padding=(0, look.pixels(TIGHT)))
        self.members.configure(padding=(0, look.pixels(TIGHT)))
        self.panes.fill(self.rooms, self.middle, self.members)
        look.painters.append(self.status_line.paint)
        self.readers = tell_readers(root, self.talk.text, self.field.text, self.rooms.tree, self.members.tree)

    def _fill_middle(self, middle: ttk.Frame) -> None:
        """Make what stands between the rooms and the people."""
        look = self.look
        edge, gap = look.pixels(WIDE), look.pixels(GAP)
        middle.columnconfigure(0, weight=1)
        middle.rowconfigure(3, weight=1)
        self.header = RoomHeader(middle, look, self.glyphs.line, HeaderActions(self.toggle_people, self.find))
        self.header.grid(row=0, column=0, sticky="ew")
        self.topic = self.header.topic
        self.menus.open_from(self.header.name, self.topic)
        ttk.Frame(middle, style="Divider.TFrame", height=look.pixels(0.75)).grid(row=1, column=0, sticky="ew")
        talk_actions = TalkActions(
            self.load_older, self.open_link, self.typed_elsewhere, self.focus_changed,
            self.menus.open_message, self.menus.open_person, self.menus.toggle_reaction,
        )  # fmt: skip
        self.talk = TalkPane(middle, look, self.glyphs, LocalZone(), talk_actions)
        self.talk.grid(row=3, column=0, sticky="nsew")
        self.welcome = Welcome(middle, look, WelcomeActions(lambda: self.submit("/rooms"), self.ask_server))
        self.name_bar = NameBar(middle, look, self.join_as, self.arrange)
        find_actions = FindActions(self._find, self.talk.reveal, self.search, self._found_closed)
        self.find_bar = FindBar(middle, look, find_actions)
        self.find_bar.grid(row=4, column=0, sticky="ew", padx=gap)
        self.find_bar.grid_remove()
        self.question = Question(middle)
        self.question.grid(row=5, column=0, sticky="ew", padx=edge, pady=(gap, 0))
        self.question.grid_remove()
        self.clipboard = Clipboard(self.root, self.question.show_error)
        field_actions = FieldActions(self.submit, self.ask_paste, self._context, self.menus.open_emoji_panel)
        self.field = MessageField(middle, look, self.glyphs, self.clipboard, field_actions)
        self.menus.subjects.line.place_in(6, edge, gap)
        self.field.grid(row=7, column=0, sticky="ew", padx=edge, pady=gap)

    def arrange(self) -> None:
        """Let be seen what is needed now, and nothing else."""
        room = self.shown
        self.welcome.arrange(self.name_bar, self.middle, alone=room is None)
        several = len(self.servers) > 1 or bool(self.transcript.rooms)
        self.panes.want(left=several, right=self.settings.people and room is not None and not room.private)

    # The sheets.

    @cached_property
    def switcher(self) -> Switcher:
        """Goes to a room."""
        return Switcher(self.root, self.look, self.glyphs, self.show_room)

    @cached_property
    def help_sheet(self) -> HelpSheet:
        """Lists the keys and the commands."""
        return HelpSheet(self.root, self.look)

    @cached_property
    def preferences_sheet(self) -> PreferencesSheet:
        """Asks what one prefers."""
        return PreferencesSheet(self.root, self.look, self.preferences_changed)

    @cached_property
    def rooms_sheet(self) -> Listing:
        """Lists the rooms on the server."""
        return Listing(self.root, self.look, "Rooms on the server", ("Room", "Members and topic"), self.go_to)

    @cached_property
    def found_sheet(self) -> Listing:
        """Lists what the server found."""
        return Listing(self.root, self.look, "Search results", ("Time and nick", "Message"))

    @cached_property
    def connect_sheet(self) -> ConnectSheet:
        """Asks where to go."""
        sheet = ConnectSheet(self.root, self.look, self.glyphs.line)
        self.prepare_connect_sheet(sheet)
        return sheet

    @cached_property
    def account_sheet(self) -> AccountSheet:
        """Shows one's account."""
        return AccountSheet(self.root, self.look)

    @abstractmethod
    def prepare_connect_sheet(self, sheet: ConnectSheet) -> None:
        """Let the sheet that asks where to go do what it is for."""

    @property
    def sheets(self) -> list[Sheet]:
        """The sheets that there are so far."""
        names = ("switcher", "help_sheet", "preferences_sheet", "rooms_sheet", "found_sheet")
        return [*self.menus.sheets, *made(self, *names, "connect_sheet", "account_sheet")]

    def preferences(self) -> None:
        """Ask what one prefers."""
        self.preferences_sheet.ask()

    # What opens and closes.

    def find(self) -> None:
        """Look for something in the room in front."""
        self.find_bar.open()

    def preferences_changed(self) -> None:
        """Let what was chosen hold; it is kept with the other settings."""
        self.settings.theme, self.settings.font_size = self.look.theme, self.look.size
        self.notices.rings, self.notices.shows = self.look.preferences.bell, self.look.preferences.notices
        self.talk.repaint()

    def toggle_people(self) -> None:
        """Let the people of the room be seen, or not."""
        self.settings.people = not self.settings.people
        self.arrange()

    def ask_server(self) -> None:
        """Ask where to go."""
        self.connect_sheet.ask(Address(), self.transcript.nick or self.settings.nick, "")

    def list_rooms(self) -> None:
        """Show the rooms on the server."""
        fill_rooms(self.rooms_sheet, self.transcript.listing, self.glyphs.line)

    def list_found(self, key: str) -> None:
        """Show what the server found in a room."""
        room = self.transcript.find_room(key)
        if not fill_found(self.found_sheet, [] if room is None else room.found, self.glyphs.line):
            self.question.show_error("Nothing found on the server")

    def ask_paste(self, pasting: Pasting) -> None:
        """Ask whether to put much into the field."""
        ask_how_to_paste(self.question, self.field, pasting)

    def update_title(self) -> None:
        """Let the title say how much is unread."""
        unread = sum(session.unread for session in self.servers)
        self.root.title(f"({unread}) {TITLE}" if unread else TITLE)

    def toggle_mute(self, key: str, session: ServerSession | None = None) -> None:
        """Turn the notifications of a room off, or on again."""
        session = session or self.servers.front
        if (room := session.transcript.find_room(key)) is not None:
            persistence.toggle_mute(self.settings, room)
            self.rooms.mark(session, room)
            self.update_title()

    def draw_topic(self) -> None:
        """Show the name and the topic of the room in front, and why nothing can be said in it if that is so."""
        room = self.shown
        self.field.explain("" if room is None else room.closed)
        self.arrange()
        self.field.show_purpose("" if room is None else f"Message {room.name}")
        if room is None:
            self.header.show("", "", None)
            return
        people = None if room.private else max(room.count, len(room.members))
        self.header.show(room.name, heading(self.transcript, room), people)

    def has_focus(self) -> bool:
        """Return whether what is typed goes to this window."""
        return bool(self.root.tk.call("focus", "-displayof", "."))

    def typed_elsewhere(self, text: str) -> None:
        """Let what is typed where nothing can be typed stand in the message field."""
        self.field.text.focus_set()
        self.field.insert(text)

    def _context(self) -> tuple[Room | None, list[str], str]:
        known = [room.name for room in self.transcript.rooms.values() if not room.private]
        listed = [each.room for each in self.transcript.listing if self.transcript.find_room(each.room) is None]
        return self.shown, [*known, *listed], self.transcript.nick

    def _find(self, part: str) -> list[int]:
        return [] if self.shown is None else self.transcript.find_lines(self.shown.key, part)

    def _found_closed(self) -> None:
        self.talk.forget_found()
        self.field.text.focus_set()
