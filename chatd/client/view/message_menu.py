"""What can be done with a message: the menu of a line in the conversation."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from chatd.client.model.emoji import Recent
from chatd.client.model.lines import Delivery, Kind, Line, describe
from chatd.client.model.links import links
from chatd.client.model.room import Room
from chatd.client.model.standing import operates
from chatd.client.model.transcript import Transcript
from chatd.client.view.menu_entries import SEPARATOR, Entry
from chatd.client.view.question import Answer
from chatd.protocol.commands import Command
from chatd.protocol.reference_commands import React, Retract, Unreact
from chatd.protocol.text import excerpt

USUAL = ("👍", "❤️", "😂", "🎉", "😮", "🙏")
"""The reactions that are offered first; those that were given come before them."""


class MessageActions(Protocol):
    """What the menu asks for."""

    recent: Recent
    """Those that were given last, the newest first."""

    @property
    def transcript(self) -> Transcript:
        """What the client knows."""

    def send(self, command: Command) -> None:
        """Carry out a command, asked for in the room in front."""

    def ask(self, text: str, answers: list[Answer]) -> None:
        """Ask before something is done."""

    def answer(self, room: Room, line: Line) -> None:
        """Let what is written next answer a message."""

    def edit(self, room: Room, line: Line) -> None:
        """Put a message of one's own into the field, to change it."""

    def choose_reaction(self, chosen: Callable[[str], None]) -> None:
        """Show all emoji; one that is chosen is told."""

    def copy(self, text: str) -> None:
        """Put a text into the clipboard."""

    def write_again(self, text: str) -> None:
        """Put a text that was not sent into the field."""

    def selection(self, *, names: bool) -> str:
        """Return what is selected in the conversation; with ``names``, each line with its time and who said it."""

    def with_name(self, line: Line) -> str:
        """Return a message as it is copied with its name and time."""

    def person_entries(self, nick: str) -> tuple[Entry, ...]:
        """Return what can be done with somebody."""


def can_be_referred_to(room: Room, line: Line) -> bool:
    """Return whether a line is a message that can be answered, changed or reacted to."""
    stored = line.kind is Kind.SAID and line.state is Delivery.STORED and line.id > 0
    return stored and room.joined and not room.is_from_before(line)


class MessageMenu:
    """Makes the entries for one line. ``safe`` makes a text one that can be drawn."""

    def __init__(self, actions: MessageActions, safe: Callable[[str], str]) -> None:
        self._actions = actions
        self._safe = safe

    def entries(self, room: Room, line: Line) -> tuple[Entry, ...]:
        """Return what can be done with a line; what one may not do is there, and cannot be chosen."""
        found: list[Entry] = []
        if line.kind is Kind.SAID:
            found += [*self._said(room, line), SEPARATOR]
        found += self._copies(line)
        if line.nick:
            found.append(SEPARATOR)
            found.append(Entry(self._safe(line.nick), below=self._actions.person_entries(line.nick)))
        return tuple(found)

    def may_retract(self, room: Room, line: Line) -> bool:
        """Return whether one may take a message back."""
        return can_be_referred_to(room, line) and (line.own or operates(self._actions.transcript, room))

    def may_edit(self, room: Room, line: Line) -> bool:
        """Return whether one may change a message."""
        return can_be_referred_to(room, line) and line.own

    def _said(self, room: Room, line: Line) -> Iterator[Entry]:
        actions, may = self._actions, can_be_referred_to(room, line)
        if line.state is Delivery.FAILED:
            yield Entry("Edit and send again", lambda: actions.write_again(line.text))
            return
        yield Entry("Reply", lambda: actions.answer(room, line), may)
        yield Entry("React", below=self._reactions(room, line), enabled=may)
        yield Entry("Edit", lambda: actions.edit(room, line), self.may_edit(room, line))
        yield Entry("Delete …", lambda: self.ask_retract(room, line), self.may_retract(room, line))

    def _reactions(self, room: Room, line: Line) -> tuple[Entry, ...]:
        first = dict.fromkeys((*line.reacted, *self._actions.recent, *USUAL))
        offered = [self._reaction(room, line, emoji) for emoji in list(first)[: len(USUAL) + len(line.reacted)]]
        more = Entry("More …", lambda: self.choose_reaction(room, line))
        return (*offered, SEPARATOR, more)

    def _reaction(self, room: Room, line: Line, emoji: str) -> Entry:
        label = f"Remove {emoji}" if emoji in line.reacted else emoji
        return Entry(self._safe(label), lambda: self.toggle(room, line, emoji))

    def choose_reaction(self, room: Room, line: Line) -> None:
        """Show all emoji to react with."""
        self._actions.choose_reaction(lambda emoji: self.toggle(room, line, emoji))

    def toggle(self, room: Room, line: Line, emoji: str) -> None:
        """Give a reaction, or take back one that was given."""
        actions = self._actions
        if emoji in line.reacted:
            actions.send(Unreact(line.id, emoji, room.name))
            return
        actions.recent.add(emoji)
        actions.send(React(line.id, emoji, room.name))

    def ask_retract(self, room: Room, line: Line) -> None:
        """Ask whether to take a message back."""
        whose = "your message" if line.own else f"the message from {line.nick}"
        question = f"Delete {whose} {excerpt(line.text)}? It will be deleted for everybody."
        do = self._actions.send
        self._actions.ask(question, [("Delete", lambda: do(Retract(line.id, room.name))), ("Cancel", _nothing)])

    def _copies(self, line: Line) -> Iterator[Entry]:
        copy = self._actions.copy
        if self._actions.selection(names=False):
            for label, names in (("Copy selection", False), ("Copy selection with nicks and times", True)):
                selected = self._actions.selection(names=names)
                yield Entry(label, lambda selected=selected: copy(selected))  # type: ignore[misc]
        yield Entry("Copy text", lambda: copy(describe(line)))
        yield Entry("Copy with nick and time", lambda: copy(self._actions.with_name(line)))
        found = list(dict.fromkeys(link.address for link in links(line.text)))
        if len(found) == 1:
            yield Entry("Copy link", lambda: copy(found[0]))
        elif found:
            below = tuple(Entry(self._safe(link), lambda link=link: copy(link)) for link in found)  # type: ignore[misc]
            yield Entry("Copy link", below=below)


def _nothing() -> None:
    """Do nothing."""
