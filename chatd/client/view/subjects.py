"""What is written about a message: an answer to it, or another text in its place."""

from __future__ import annotations

import tkinter as tk
from collections.abc import Callable
from typing import Protocol

from chatd.client.model.lines import Line
from chatd.client.model.presence import Presence
from chatd.client.model.room import Room
from chatd.client.model.transcript import Transcript
from chatd.client.view.connector import Connector
from chatd.client.view.message_field import MessageField
from chatd.client.view.message_menu import can_be_referred_to
from chatd.client.view.question import Question
from chatd.client.view.subject_line import Subject, SubjectLine
from chatd.protocol.reference_commands import Edit

NOT_NOW = "Not edited: you are not connected; try again later"
ONE_LINE = "A message is a single line; remove the line breaks"


class WritingWindow(Protocol):
    """The window in which something is written."""

    root: tk.Tk
    transcript: Transcript
    connector: Connector
    question: Question
    field: MessageField


class Subjects:
    """Keeps which message is answered or changed, says so in ``line``, and keeps the draft meanwhile."""

    def __init__(self, window: WritingWindow, main: tk.Misc, safe: Callable[[str], str]) -> None:
        self._window = window
        self._draft = ""
        """What stood in the field before a message was to be changed."""
        self.line = SubjectLine(main, safe, self.leave)

    @property
    def draft(self) -> str:
        """What stands in the field, but for a message that is changed: then what stood there before."""
        subject = self.line.subject
        return self._draft if subject is not None and subject.edits else self._window.field.content

    def answer(self, room: Room, line: Line) -> None:
        """Let what is written next answer a message."""
        self.leave()
        self.line.show(Subject(room, line, edits=False))
        self._window.field.text.focus_set()

    def edit(self, room: Room, line: Line) -> None:
        """Put a message of one's own into the field, to change it."""
        self.leave()
        field = self._window.field
        self._draft = field.content
        field.content = line.text
        self.line.show(Subject(room, line, edits=True))
        field.text.focus_set()

    def leave(self, front: Room | None = None) -> None:
        """Write about no message any more, unless it is of the room ``front``; the field has again what it had."""
        subject = self.line.subject
        if subject is None or subject.room is front:
            return
        self.line.show(None)
        if subject.edits:
            self._window.field.content, self._draft = self._draft, ""

    def finish_edit(self, text: str) -> bool | None:
        """Let a text take the place of the message that is changed; return whether it could, None if none is."""
        subject = self.line.subject
        if subject is None or not subject.edits:
            return None
        why = ONE_LINE if "\n" in text.strip() else ""
        if self._window.transcript.presence is not Presence.PRESENT:
            why = NOT_NOW
        if why:
            self._window.question.show_error(why)
            return False
        text = text.strip()
        if text != subject.line.text:
            self._window.connector.link.send_command(Edit(subject.line.id, subject.room.name, text), subject.room.name)
        self.line.show(None)
        draft, self._draft = self._draft, ""
        self._window.root.after_idle(lambda: self._restore(draft))
        return True

    def take_answered(self, name: str) -> int:
        """Return the id of the message that is answered in a room, 0 if none is; what follows answers nothing."""
        subject = self.line.subject
        if subject is None or subject.edits or self._window.transcript.find_room(name) is not subject.room:
            return 0
        self.line.show(None)
        return subject.line.id if subject.room.author_of(subject.line.id) else 0  # it may have been taken back

    def answer_newest(self, name: str) -> bool:
        """Let what is said next in a room answer the newest message of somebody else; return whether there is one."""
        room = self._window.transcript.find_room(name)
        for line in () if room is None else reversed(room.lines):
            if room is not None and not line.own and can_be_referred_to(room, line):
                self.line.show(Subject(room, line, edits=False))
                return True
        return False

    def _restore(self, draft: str) -> None:
        if draft and not self._window.field.content:
            self._window.field.content = draft
