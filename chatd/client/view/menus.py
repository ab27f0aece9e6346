"""The menus of people and messages, the settings of a room, and what is written about a message: put together."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from functools import cached_property
from tkinter import ttk
from typing import ParamSpec, Protocol

from chatd.client.model import changes, emoji
from chatd.client.model.changes import Change
from chatd.client.model.lines import Kind, Line, describe
from chatd.client.model.room import Room
from chatd.client.model.standing import to_refresh
from chatd.client.model.transcript import Transcript
from chatd.client.net.port import LinkPort
from chatd.client.view.connector import Connector
from chatd.client.view.emoji_panel import EmojiPanel
from chatd.client.view.glyphs import Glyphs
from chatd.client.view.made import made
from chatd.client.view.menu_entries import Entries, Entry, fill
from chatd.client.view.message_field import MessageField
from chatd.client.view.message_menu import MessageMenu, can_be_referred_to
from chatd.client.view.person_menu import PersonMenu
from chatd.client.view.privacy_question import ask_privacy
from chatd.client.view.question import Answer, Question
from chatd.client.view.reason_sheet import Asked, ReasonSheet
from chatd.client.view.room_sheet import RoomSheet
from chatd.client.view.servers import ServerSession
from chatd.client.view.sheet import Sheet
from chatd.client.view.status_line import StatusLine
from chatd.client.view.subjects import Subjects
from chatd.client.view.talk_pane import TalkPane
from chatd.client.view.theme import Look
from chatd.protocol.actions import shown
from chatd.protocol.commands import Command
from chatd.protocol.moderation_commands import Set

P = ParamSpec("P")
LOOK_AGAIN_MS = 15_000
"""How often it is looked whether to ask for something again."""


class MenuWindow(Protocol):
    """The window, as the menus know it."""

    root: tk.Tk
    transcript: Transcript
    connector: Connector
    shown: Room | None
    question: Question
    field: MessageField
    talk: TalkPane
    status_line: StatusLine

    def show_room(self, name: str | None, session: ServerSession | None = None) -> None:
        """Bring a room of a server to the front."""

    def go_to(self, name: str) -> None:
        """Bring a room to the front that is to be joined first, or a conversation."""

    def has_focus(self) -> bool:
        """Return whether what is typed goes to this window."""

    def draw_topic(self) -> None:
        """Show the name and the topic of the room in front."""


class Menus:
    """What is asked for with a menu, carried out in the ``window``; ``main`` is where the line above the field goes."""

    def __init__(
        self, window: MenuWindow, main: tk.Misc, look: Look, glyphs: Glyphs, zone: tzinfo, recent: list[str]
    ) -> None:
        self._window = window
        safe = self._safe = glyphs.line
        self._zone = zone
        self.recent = emoji.Recent(recent)
        self.popup = tk.Menu(window.root, tearoff=False)
        self.person = PersonMenu(self, safe)
        self.message = MessageMenu(self, safe)
        self._look, self._glyphs = look, glyphs
        self.subjects = Subjects(window, main, safe)
        self._due = window.root.after(LOOK_AGAIN_MS, self._look_again)

    @cached_property
    def emoji_panel(self) -> EmojiPanel:
        """What emoji are chosen from."""
        return EmojiPanel(self._window.root, self._look, self._glyphs, self.recent)

    @cached_property
    def reason_sheet(self) -> ReasonSheet:
        """Asks why something is done."""
        return ReasonSheet(self._window.root, self._look, self._safe)

    @cached_property
    def room_sheet(self) -> RoomSheet:
        """Shows the settings of a room."""
        return RoomSheet(self._window.root, self._look, self._safe, self._zone, self._confirm)

    def open_emoji_panel(self, at: tk.Misc, chosen: Callable[[str], None]) -> None:
        """Let an emoji be chosen next to a widget."""
        self.emoji_panel.open(at, chosen)

    @property
    def transcript(self) -> Transcript:
        """What the client knows."""
        return self._window.transcript

    @property
    def shown(self) -> Room | None:
        """The room in front."""
        return self._window.shown

    @property
    def sheets(self) -> Sequence[Sheet]:
        """What Escape closes, as far as it was made."""
        return made(self, "reason_sheet", "room_sheet")

    # Opening.

    def open_person(self, nick: str, x: int, y: int) -> None:
        """Open the menu of a person at a place of the screen."""
        self._open(self.person.entries(nick), x, y)

    def open_from(self, *labels: ttk.Label) -> None:
        """Let a click on what stands over the conversation open the settings of the room, or the menu of the person."""

        def clicked(event: tk.Event[tk.Misc]) -> None:
            if self.shown is not None and self.shown.private:
                self.open_person(self.shown.name, event.x_root, event.y_root)
            elif self.shown is not None:
                self.show_settings()

        for label in labels:
            label.configure(cursor="hand2")
            for button in ("<Button-1>", "<Button-3>"):
                label.bind(button, clicked, add=True)

    def open_message(self, line: Line, x: int, y: int) -> None:
        """Open the menu of a line of the room in front at a place of the screen."""
        if self.shown is not None:
            self._open(self.message.entries(self.shown, line), x, y)

    def toggle_reaction(self, line: Line, reaction: str) -> None:
        """Give a reaction that somebody has given to a line of the room in front, or take one's own back."""
        if self.shown is not None and can_be_referred_to(self.shown, line):
            self.message.toggle(self.shown, line, reaction)

    def selected_person_menu(self, parent: tk.Menu, selected: Callable[[], str | None]) -> tk.Menu:
        """Return the menu of the person who is selected when it opens."""
        people = tk.Menu(parent, tearoff=False)

        def fill_people() -> None:
            nick = selected()
            fill(
                people,
                [Entry("Select somebody in the list of people first")] if nick is None else self.person.entries(nick),
            )

        people.configure(postcommand=fill_people)
        return people

    def _open(self, entries: Entries, x: int, y: int) -> None:
        if entries:
            fill(self.popup, entries)
            self.popup.tk_popup(x, y)

    def show_settings(self, name: str | None = None, session: ServerSession | None = None) -> None:
        """Show the settings of a room, by default of the one in front, of a server, by default of that in front."""
        if session is not None:
            self._window.show_room(name, session)
        room = self.shown if name is None else self.transcript.find_room(name)
        if room is None or room.private:
            why = "You are not in that room; join it first" if name else "Go to a room first"
            self._window.question.show_error(why)
            return
        link = self._window.connector.link
        link.refresh(room.name)
        self.room_sheet.show_room(self.transcript, room, lambda asked: self._send_all(link, room, asked))

    # What the window tells.

    def room_shown(self) -> None:
        """Ask what is not known of the room in front, or not any more."""
        self._window.status_line.show_away(self.transcript.away)
        room = self.shown
        if room is not None and to_refresh(self.transcript, room):
            self._window.connector.link.refresh(room.name)

    def stop(self) -> None:
        """Ask nothing any more."""
        self._window.root.after_cancel(self._due)

    def _look_again(self) -> None:
        """Ask now and then, since nobody is told who goes away and comes back."""
        self._due = self._window.root.after(LOOK_AGAIN_MS, self._look_again)
        if self._window.has_focus():
            self.room_shown()

    def take_change(self, change: Change) -> None:
        """Show what is of no line: what holds in a room, who is away."""
        window = self._window
        if isinstance(change, changes.RulesChanged):
            for sheet in made(self, "room_sheet"):
                sheet.rules_changed(change.room)
            if self.shown is not None and self.shown.key == change.room:
                window.draw_topic()
        elif isinstance(change, changes.AwayChanged):
            window.status_line.show_away(self.transcript.away)
            window.draw_topic()

    # What the menus ask for.

    def go_to(self, name: str) -> None:
        """Open the conversation with somebody."""
        self._window.go_to(name)
        self._window.field.text.focus_set()

    def mention(self, nick: str) -> None:
        """Put a name into the field."""
        field = self._window.field
        before = field.text.get("1.0", "insert")
        field.insert(f"{'' if not before or before[-1].isspace() else ' '}@{nick} ")
        field.text.focus_set()

    def send(self, command: Command) -> None:
        """Carry out a command, asked for in the room in front; ask first if it puts people out."""
        if isinstance(command, Set) and self.ask_privacy(command):
            return
        self._window.connector.link.send_command(command, None if self.shown is None else self.shown.name)

    def ask_privacy(self, command: Set) -> bool:
        """Ask first, if a setting puts people out and does not say so; return whether it is asked."""
        return ask_privacy(self._window.question, self.transcript, command, self._here(self.send))

    def ask(self, text: str, answers: list[Answer]) -> None:
        """Ask before something is done."""
        self._window.question.ask(self._safe(text), [(label, self._here(act)) for label, act in answers])

    def _here(self, act: Callable[P, None]) -> Callable[P, None]:
        """Return what does the same, and nothing once another server is in front than the one it was asked for."""
        connector = self._window.connector

        def do(*values: P.args, **named: P.kwargs) -> None:
            if self._window.connector is connector:
                act(*values, **named)

        return do

    def ask_reason(self, asked: Asked) -> None:
        """Ask before something is done, and why."""
        self.reason_sheet.ask(asked)

    def answer(self, room: Room, line: Line) -> None:
        """Let what is written next answer a message."""
        self.subjects.answer(room, line)

    def edit(self, room: Room, line: Line) -> None:
        """Put a message of one's own into the field, to change it."""
        self.subjects.edit(room, line)

    def choose_reaction(self, chosen: Callable[[str], None]) -> None:
        """Show all emoji; one that is chosen is told."""
        self.emoji_panel.open(self._window.field, chosen)

    def copy(self, text: str) -> None:
        """Put a text into the clipboard."""
        self._window.root.clipboard_clear()
        self._window.root.clipboard_append(text)

    def write_again(self, text: str) -> None:
        """Put a text that was not sent into the field."""
        self._window.field.insert(text)
        self._window.field.text.focus_set()

    def selection(self, *, names: bool) -> str:
        """Return what is selected in the conversation; with ``names``, each line with its time and who said it."""
        talk = self._window.talk
        if not talk.text.tag_ranges("sel"):
            return ""
        return talk.selected_with_names() if names else talk.selected_text()

    def with_name(self, line: Line) -> str:
        """Return a message as it is copied with its name and time."""
        time = f"{datetime.fromtimestamp(line.time / 1000, self._zone):%Y-%m-%d %H:%M}"
        if line.kind is not Kind.SAID or line.action:
            return f"[{time}] {shown(line.nick, describe(line))}"
        return f"[{time}] {line.nick}: {line.text}"

    def person_entries(self, nick: str) -> tuple[Entry, ...]:
        """Return what can be done with somebody."""
        return self.person.entries(nick)

    def _confirm(self, question: str, do: Callable[[], None]) -> None:
        self.ask(question, [("Remove", do), ("Cancel", lambda: None)])

    def _send_all(self, link: LinkPort, room: Room, commands: Sequence[Command]) -> None:
        for command in commands:
            if not (isinstance(command, Set) and self.ask_privacy(command)):
                link.send_command(command, room.name)
