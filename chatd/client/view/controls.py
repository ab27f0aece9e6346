"""The window's menu and keys, and what they open: everything is in the menu, and what is needed often has a key."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Any

from chatd.client.view.glyphs import Glyphs
from chatd.client.view.layout import Layout
from chatd.client.view.main_menu import Item, bind_keys, fill_menu, open_menu, zoom_keys
from chatd.client.view.parts import go_to_next_part
from chatd.client.view.sheet import NOWHERE, Sheet
from chatd.client.view.theme import Look


class ControlledLayout(Layout):
    """A layout with its menu and keys."""

    def __init__(self, root: tk.Tk, reactor: Any, look: Look, glyphs: Glyphs) -> None:
        super().__init__(root, reactor, look, glyphs)
        self._menu()
        self._bind()

    def _menu(self) -> None:
        self.menu = tk.Menu(self.header.menu_button, tearoff=False)
        self.header.menu_button.configure(menu=self.menu)
        people = self.menus.selected_person_menu(self.menu, lambda: self.members.selected)
        fill_menu(
            self.menu,
            [
                Item("Join a room …", lambda: self.submit("/rooms")),
                Item("Go to a room …", self.switch, "Ctrl+K"),
                Item("Room settings …", self.menus.show_settings),
                Item("Find …", self.find, "Ctrl+F"),
                Item("Emoji …", self.write_emoji, "Ctrl+."),
                Item(),
                Item("Selected person", menu=people),
                Item("Show or hide people", self.toggle_people, "Ctrl+Shift+P"),
                Item(),
                Item("Change your nick …", self.name_bar.change),
                Item("Account …", self.show_account, "Ctrl+Shift+A"),
                Item("Another server …", self.ask_server),
                Item("Disconnect from this server", lambda: self.disconnect_server(self.servers.front)),
                Item("Remove this server", lambda: self.remove_server(self.servers.front)),
                Item(),
                Item("Settings …", self.preferences, "Ctrl+,"),
                Item("Keys and commands", self.help, "F1"),
                Item("Quit …", self.ask_quit, "Ctrl+Q"),
            ],
        )

    def _bind(self) -> None:
        root, look = self.root, self.look
        bindings: dict[str, Callable[[], object]] = {
            "<Control-k>": self.switch,
            "<Control-f>": self._unless_covered(self.find),
            "<Control-q>": self.ask_quit,
            "<Control-Shift-A>": self.show_account,
            "<Control-comma>": self.preferences,
            "<Control-Shift-P>": self.toggle_people,
            "<F1>": self.help,
            "<F6>": self._unless_covered(self.go_to_next_part),
            "<F10>": lambda: open_menu(self.menu, self.header.menu_button),
            "<Escape>": self.escape,
            "<Alt-Up>": self._unless_covered(lambda: self.step_room(-1)),
            "<Alt-Down>": self._unless_covered(lambda: self.step_room(1)),
            **zoom_keys(look.zoom),
        }
        bind_keys(bindings, root, self.field.text, self.talk.text)
        self.field.text.bind("<Prior>", lambda _: self.talk.scroll(-1))
        self.field.text.bind("<Next>", lambda _: self.talk.scroll(1))
        for event in ("<FocusIn>", "<FocusOut>"):
            root.bind(event, lambda _: root.after_idle(self.focus_changed), add=True)
        root.bind(NOWHERE, lambda _: self.focus_home())
        root.protocol("WM_DELETE_WINDOW", self.ask_quit)

    # What they open.

    def go_to_next_part(self) -> None:
        """Go to what is asked, if anything is, and then from part to part of the window."""
        go_to_next_part(self.question, self.field.text, self.members.tree, self.rooms.tree, self.talk.text)

    def focus_home(self) -> None:
        """Let what is typed go where something is to be entered first."""
        (self.field.text if self.name_bar.locked else self.name_bar.field).focus_set()

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

    def escape(self) -> None:
        """Close what is open."""
        if covering := self._covering():
            covering[0].close()
            return
        if self.question.is_open:
            self.question.escape()
        elif self.find_bar.is_open:
            self.find_bar.close()
        else:
            self.menus.subjects.leave()
            self.name_bar.leave()

    def uncover(self) -> None:
        """Close what lies over the window, so that what is asked in it is seen."""
        for sheet in self._covering():
            sheet.close()

    def _covering(self) -> list[Sheet]:
        return [sheet for sheet in self.sheets if sheet.is_open]

    def _unless_covered(self, act: Callable[[], object]) -> Callable[[], object]:
        """Let something be done that is about what lies under a sheet, if none does."""
        return lambda: None if self._covering() else act()

    def write_emoji(self) -> None:
        """Choose an emoji for what is being written."""
        self.field.choose_emoji()
