"""The sheet with the settings of a room, and with what holds there: who is banned, muted, invited, an operator."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable, Sequence
from datetime import tzinfo
from tkinter import ttk

from chatd.client.model.room import Room
from chatd.client.model.rulings import Ruling
from chatd.client.model.standing import operates
from chatd.client.model.transcript import Transcript
from chatd.client.view.room_form import RoomForm
from chatd.client.view.rulings_list import RulingsList, question_before, taken_back
from chatd.client.view.sheet import Sheet
from chatd.client.view.theme import Look
from chatd.protocol.commands import Command
from chatd.protocol.moderation_commands import Set

NOT_YOURS = "Only operators of this room can change its settings."
OUTSIDE = "You are not in this room; join it to change its settings."
UNOWNED = "Nobody owns this room yet. Register it to become its owner and change its settings."
NO_ACCOUNT = "Nobody owns this room yet. To register it you need an account; see Account … in the menu."


class RoomSheet(Sheet):
    """``safe`` makes a text one that can be drawn; ``confirm`` asks a question, and does something if so wished."""

    def __init__(
        self,
        parent: tk.Misc,
        look: Look,
        safe: Callable[[str], str],
        zone: tzinfo,
        confirm: Callable[[str, Callable[[], None]], None],
    ) -> None:
        super().__init__(parent, "Room")
        self._safe = safe
        self._transcript: Transcript | None = None
        self._send: Callable[[Sequence[Command]], None] = lambda _: None
        self._confirm = confirm
        self._room: Room | None = None
        self.why = ttk.Label(self.body, justify="left", anchor="w", wraplength=look.pixels(480))
        self.why.grid(row=0, column=0, columnspan=2, sticky="ew")
        self.tabs = ttk.Notebook(self.body)
        self.tabs.grid(row=1, column=0, columnspan=2, sticky="nsew", pady=("6p", "6p"))
        self.form = RoomForm(self.tabs, look)
        self.rulings = RulingsList(self.tabs, look, safe, zone, self._take_back)
        self.tabs.add(self.form, text="Settings")
        self.tabs.add(self.rulings, text="Bans, mutes, operators")
        self.register_button = ttk.Button(self.body, text="Register this room", command=self._register_room)
        self.register_button.grid(row=2, column=0, sticky="w")
        self.save_button = ttk.Button(self.body, text="Save", command=self.submit, style="Accent.TButton")
        self.save_button.grid(row=2, column=1, sticky="e")
        self.body.rowconfigure(0, weight=0)
        self.body.rowconfigure(1, weight=1)
        self.tabs.enable_traversal()
        for keys in ("<Control-Tab>", "<Control-Shift-Tab>", "<Control-Prior>", "<Control-Next>"):
            self.form.topic.bind(keys, self._switch_tab)  # which mean something else in a text
        self.bind_all_inside()
        for widget in (self.form.topic, *self.form.boxes.values(), self.save_button):
            widget.bind("<Return>", lambda _: self.submit())

    def show_room(self, transcript: Transcript, room: Room, send: Callable[[Sequence[Command]], None]) -> None:
        """Open it for a room; ``send`` carries out what is asked for there, once the sheet is closed."""
        self._transcript, self._room, self._send = transcript, room, send
        self.heading.configure(text=self._safe(f"Settings of {room.name}"))
        self.tabs.select(0)
        self._draw_form(room)
        self.draw()
        self.open(self.form.topic)

    def rules_changed(self, key: str) -> None:
        """Show what holds now, if it is open for that room; what was changed in the fields stays."""
        room = self._room
        if room is None or room.key != key or not self.is_open:
            return
        if not self._is_edited():
            self._draw_form(room)
        self.draw()

    def draw(self) -> None:
        """Show what one may do, and what holds."""
        room = self._room
        if room is None or self._transcript is None:
            return
        runs = self._runs(room)
        runners = any(room.members.facts(nick).operator for nick in room.members)
        unowned = room.rulings.known and room.rulings.empty and not runners
        self._explain(self._why(room, runs=runs, unowned=unowned))
        unregistered = room.rulings.known and room.rulings.setting("registered") == "no"
        may_register = unregistered and (unowned or runs) and room.joined and room.reported_id is not None
        self.register_button.grid() if may_register else self.register_button.grid_remove()
        self.save_button.state(["!disabled"] if runs or self._may_set_topic(room) else ["disabled"])
        held = room.rulings.holding(self._transcript.now())
        self.tabs.tab(1, text=f"Bans, mutes, operators ({len(held)})")
        self.rulings.show(held, may=runs)

    def submit(self) -> None:
        """Close it, and send what was changed; or say what cannot be set."""
        room = self._room
        if room is None or self.save_button.instate(["disabled"]):
            return
        try:
            commands = self.form.changed()
        except ValueError as error:
            self._explain(f"! {error}", style="Alert.TLabel")
            return
        self.close()
        self._send(commands)

    def _explain(self, text: str, style: str = "TLabel") -> None:
        self.why.configure(text=text, style=style)
        self.why.grid() if text else self.why.grid_remove()

    def _switch_tab(self, _: tk.Event[tk.Misc]) -> str:
        self.tabs.select(1 - int(self.tabs.index("current")))
        return "break"

    def _why(self, room: Room, *, runs: bool, unowned: bool) -> str:
        if not room.joined:
            return OUTSIDE
        if unowned and not runs:
            return UNOWNED if room.reported_id is not None else NO_ACCOUNT
        return "" if runs else NOT_YOURS

    def _may_set_topic(self, room: Room) -> bool:
        return room.joined and (room.rulings.setting("topic") == "members" or self._runs(room))

    def _runs(self, room: Room) -> bool:
        return room.joined and self._transcript is not None and operates(self._transcript, room)

    def _draw_form(self, room: Room) -> None:
        runs = self._runs(room)
        self.form.show(room, topic=self._may_set_topic(room), settings=runs)

    def _is_edited(self) -> bool:
        try:
            return bool(self.form.changed())
        except ValueError:
            return True

    def _register_room(self) -> None:
        if self._room is not None:
            self._send([Set("registered", "yes", self._room.name)])

    def _take_back(self, ruling: Ruling) -> None:
        if self._room is None:
            return
        send = self._send
        question = question_before(ruling, private=self._room.rulings.setting("private") == "yes")
        if question:
            self.close()  # it would lie over the question
            self._confirm(question, lambda: send([taken_back(ruling)]))
        else:
            send([taken_back(ruling)])
