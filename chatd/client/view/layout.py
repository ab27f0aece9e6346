"""Where everything in the window stands, and which keys do what."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from datetime import UTC, datetime
from tkinter import ttk
from typing import Any

from chatd.client.model import persistence
from chatd.client.model.room import Room
from chatd.client.model.settings import Settings, Theme
from chatd.client.model.standing import heading
from chatd.client.model.transcript import Transcript
from chatd.client.view.actions import Actions
from chatd.client.view.connect_sheet import ConnectSheet
from chatd.client.view.connector import Connector
from chatd.client.view.find_bar import FindActions, FindBar
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.help_sheet import HelpSheet
from chatd.client.view.members_pane import MembersPane, PeopleActions
from chatd.client.view.menus import Menus
from chatd.client.view.message_field import FieldActions, MessageField
from chatd.client.view.name_bar import NameBar
from chatd.client.view.question import Question
from chatd.client.view.rooms_pane import RoomActions, RoomsPane, ServerActions
from chatd.client.view.servers import Servers, ServerSession
from chatd.client.view.sheet import Listing
from chatd.client.view.status_line import StatusLine
from chatd.client.view.switcher import Switcher
from chatd.client.view.talk_pane import TalkActions, TalkPane
from chatd.client.view.talk_rows import LocalZone
from chatd.client.view.theme import Look
from chatd.runtime.server_address import Address

TITLE = "chatd"


class Layout(Actions):
    """The panes of the window and what opens over them; what they ask for is the `Window`'s to do."""

    transcript: Transcript
    settings: Settings
    servers: Servers
    shown: Room | None
    connector: Connector

    def __init__(self, root: tk.Tk, reactor: Any, look: Look, glyphs: Glyphs) -> None:
        self.root = root
        self.look = look
        self._fitted = look.size, 0
        self._sides: tuple[tuple[float, float], tuple[int, int]] = ((0, 0), (0, 0))
        """How wide the panes at the sides are for each point of the font, and how wide they were made."""
        self.glyphs = glyphs
        root.title(TITLE)
        root.minsize(520, 360)
        root.geometry(self.settings.geometry or "1000x680")
        root.columnconfigure(0, weight=1)
        root.rowconfigure(0, weight=1)
        main = ttk.Frame(root, padding=8)
        main.grid(row=0, column=0, sticky="nsew")
        main.columnconfigure(0, weight=1)
        main.rowconfigure(1, weight=1)
        self.name_bar = NameBar(main, look, self.join_as)
        self.name_bar.grid(row=0, column=0, sticky="ew", pady=(0, 8))
        self.menus = Menus(self, main, look, glyphs, LocalZone())
        self._panes(main)
        self.question = Question(main)
        self.question.grid(row=3, column=0, sticky="ew", pady=(8, 0))
        self.question.grid_remove()
        self.field = MessageField(main, look, glyphs, FieldActions(self.submit, self.ask_paste, self._context))
        self.menus.subjects.line.place_in(row=4)
        self.field.grid(row=5, column=0, sticky="ew", pady=8)
        self.status_line = StatusLine(main, reactor, self.reconnect)
        self.status_line.grid(row=6, column=0, sticky="ew")
        look.painters += [self.status_line.paint, self._fit_panes]
        self._sheets(root)
        self._menu()
        self._bind()

    def _panes(self, main: ttk.Frame) -> None:
        self.panes = ttk.PanedWindow(main, orient="horizontal")
        self.panes.grid(row=1, column=0, sticky="nsew")
        room_actions = RoomActions(
            self.show_room, self.toggle_mute, self.leave_room, self.close_room, self.menus.show_settings
        )  # fmt: skip
        server_actions = ServerActions(
            self.reconnect_server, self.disconnect_server, self.remove_server, self.ask_server
        )  # fmt: skip
        self.rooms = RoomsPane(self.panes, self.look, self.glyphs, room_actions, server_actions)
        middle = ttk.Frame(self.panes)
        middle.columnconfigure(0, weight=1)
        middle.rowconfigure(1, weight=1)
        self.topic = ttk.Label(middle, anchor="w", justify="left", padding=(8, 4))
        self.topic.grid(row=0, column=0, sticky="ew")
        self.topic.bind("<Configure>", lambda event: self.topic.configure(wraplength=max(100, event.width - 20)))
        talk_actions = TalkActions(
            self.load_older, self.open_link, self.typed_elsewhere, self.focus_changed,
            self.menus.open_message, self.menus.open_person, self.menus.toggle_reaction,
        )  # fmt: skip
        self.talk = TalkPane(middle, self.look, self.glyphs, LocalZone(), talk_actions)
        self.talk.grid(row=1, column=0, sticky="nsew")
        find_actions = FindActions(self._find, self.talk.reveal, self.search, self._found_closed)
        self.find_bar = FindBar(main, self.look, find_actions)
        self.find_bar.grid(row=2, column=0, sticky="ew")
        self.find_bar.grid_remove()
        people_actions = PeopleActions(self.go_to, self.menus.open_person)
        self.members = MembersPane(self.panes, self.look, self.glyphs, people_actions)
        self.panes.bind("<Configure>", lambda _: self.root.after_idle(self._fit_panes))
        self.panes.add(self.rooms, weight=0)
        self.panes.add(middle, weight=1)
        self.panes.add(self.members, weight=0)

    def _fit_panes(self) -> None:
        """Let the panes at the sides grow and shrink with what is in them."""
        width, size = self.panes.winfo_width(), self.look.size
        if self._fitted == (size, width) or not self.panes.winfo_viewable():
            return
        now = self.panes.sashpos(0), width - self.panes.sashpos(1)
        if now != self._sides[1]:  # somebody moved them
            self._sides = ((now[0] / self._fitted[0], now[1] / self._fitted[0]), now)
        self._fitted = size, width
        left, right = (min(round(side * size), round(width * 0.28)) for side in self._sides[0])
        self.panes.sashpos(0, left)
        self.panes.sashpos(1, width - right)
        self._sides = (self._sides[0], (self.panes.sashpos(0), width - self.panes.sashpos(1)))

    def _sheets(self, root: tk.Tk) -> None:
        self.switcher = Switcher(root, self.look, self.glyphs, self.show_room)
        self.connect_sheet = ConnectSheet(root, self.look, self.connect_elsewhere, self.glyphs.safe)
        self.help_sheet = HelpSheet(root, self.look)
        self.rooms_sheet = Listing(root, self.look, "Rooms on the server", ("Room", "People and topic"), self.go_to)
        self.found_sheet = Listing(root, self.look, "Found on the server", ("When and who", "What"))

    def _menu(self) -> None:
        menu = tk.Menu(self.name_bar.menu_button, tearoff=False)
        self.theme_choice = tk.StringVar(self.root, value=self.look.theme.value)
        menu.add_command(label="Rooms on the server …", command=lambda: self.submit("/rooms"))
        menu.add_command(label="Go to a room …", accelerator="Ctrl+K", command=self.switch)
        self.menus.add_to(menu, lambda: self.members.selected)
        menu.add_command(label="Find …", accelerator="Ctrl+F", command=self.find_bar.open)
        menu.add_command(label="Another server …", command=self.ask_server)
        menu.add_separator()
        for theme, label in ((Theme.LIGHT, "Light"), (Theme.DARK, "Dark"), (Theme.SYSTEM, "Follow the system")):
            menu.add_radiobutton(
                label=label,
                value=theme.value,
                variable=self.theme_choice,
                command=lambda t=theme: self.look.use(t),  # type: ignore[misc]
            )
        menu.add_separator()
        menu.add_command(label="Keys and commands", accelerator="F1", command=self.help)
        menu.add_command(label="Quit …", accelerator="Ctrl+Q", command=self.ask_quit)
        self.name_bar.menu_button.configure(menu=menu)
        self.menu = menu

    def _bind(self) -> None:
        root, look = self.root, self.look
        bindings: dict[str, Callable[[], object]] = {
            "<Control-k>": self.switch,
            "<Control-f>": self.find_bar.open,
            "<Control-q>": self.ask_quit,
            "<Control-plus>": lambda: look.zoom(1),
            "<Control-equal>": lambda: look.zoom(1),
            "<Control-KP_Add>": lambda: look.zoom(1),
            "<Control-minus>": lambda: look.zoom(-1),
            "<Control-KP_Subtract>": lambda: look.zoom(-1),
            "<Control-Key-0>": lambda: look.zoom(0),
            "<F1>": self.help,
            "<Escape>": self.escape,
            "<Alt-Up>": lambda: self.step_room(-1),
            "<Alt-Down>": lambda: self.step_room(1),
        }
        for event, act in bindings.items():
            # Some of these mean something else in a text: they are bound before its class.
            for widget in (root, self.field.text, self.talk.text):
                widget.bind(event, lambda _, act=act: (act(), "break")[1])  # type: ignore[misc]
        self.field.text.bind("<Prior>", lambda _: self.talk.scroll(-1))
        self.field.text.bind("<Next>", lambda _: self.talk.scroll(1))
        for event in ("<FocusIn>", "<FocusOut>"):
            root.bind(event, lambda _: root.after_idle(self.focus_changed), add=True)
        root.protocol("WM_DELETE_WINDOW", self.ask_quit)

    # What opens and closes.

    def switch(self) -> None:
        """Go to a room by part of its name."""
        self.switcher.ask(self.rooms.places)

    def step_room(self, by: int) -> None:
        """Go to the next room in the list, or the one before."""
        places = self.rooms.places
        at = next((place for place, (_, room) in enumerate(places) if room is self.shown), None)
        if at is not None:
            session, room = places[(at + by) % len(places)]
            self.show_room(room.key, session)

    def help(self) -> None:
        """List the keys and the commands."""
        self.help_sheet.open(self.help_sheet.text)

    def ask_server(self) -> None:
        """Ask where to go."""
        self.connect_sheet.ask(Address(), self.transcript.nick or self.settings.nick, "")

    def ask_password(self, address: Address, why: str) -> None:
        """Ask for the password, to log in where one is."""
        room = "" if self.shown is None or self.shown.private else self.shown.name
        self.connect_sheet.ask(address, self.transcript.nick, room, why[:1].upper() + why[1:])

    def list_rooms(self) -> None:
        """Show the rooms on the server."""
        safe = self.glyphs.safe
        listing = self.transcript.listing
        self.rooms_sheet.fill((each.room, safe(f"{each.members}  {each.topic or ''}".strip())) for each in listing)
        self.rooms_sheet.open(self.rooms_sheet.tree)

    def list_found(self, key: str) -> None:
        """Show what the server found in a room."""
        room = self.transcript.find_room(key)
        found = [] if room is None else room.found
        self.found_sheet.fill(
            (f"{_when(line.time)}  {line.nick}", self.glyphs.safe(line.text)) for line in found
        )  # fmt: skip
        if found:
            self.found_sheet.open(self.found_sheet.tree)
        else:
            self.question.show_error("The server found nothing")

    def escape(self) -> None:
        """Close what is open."""
        sheets = (self.switcher, self.help_sheet, self.rooms_sheet, self.found_sheet, self.connect_sheet)
        for sheet in (*self.menus.sheets, *sheets):
            if sheet.is_open:
                sheet.close()
                return
        if self.question.is_open:
            self.question.escape()
        elif self.find_bar.is_open:
            self.find_bar.close()
        else:
            self.menus.subjects.leave()

    def ask_paste(self, text: str) -> None:
        """Ask whether to put much into the field."""
        lines = text.strip("\n").splitlines()
        one = " ".join(line.strip() for line in lines if line.strip())
        self.question.ask(
            f"Paste {len(lines)} lines? Each will be sent as a separate message.",
            [
                (f"Paste {len(lines)} lines", lambda: self._pasted("\n".join(lines))),
                ("Paste as one line", lambda: self._pasted(one)),
                ("Do not paste", self.field.text.focus_set),
            ],
        )

    def _pasted(self, text: str) -> None:
        self.field.insert(text)
        self.field.text.focus_set()

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
        self.topic.configure(text=self.glyphs.safe(heading(self.transcript, room)))

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


def _when(time: int) -> str:
    return f"{datetime.fromtimestamp(time / 1000, UTC).astimezone():%Y-%m-%d %H:%M}"
