"""What is typed into the field, carried out: said, sent as a command, or done by the window itself."""

from __future__ import annotations

from typing import Protocol

from chatd.client.model import slash
from chatd.client.model.room import Room
from chatd.client.model.transcript import Transcript
from chatd.client.net.port import NO_NAME
from chatd.client.view.connector import Connector
from chatd.client.view.menus import Menus
from chatd.client.view.question import Question
from chatd.client.view.talk_pane import TalkPane
from chatd.protocol import commands, names
from chatd.protocol import moderation_commands as orders
from chatd.protocol.commands import Command


class CommandTarget(Protocol):
    """What carries out what was typed: a window."""

    connector: Connector
    transcript: Transcript
    talk: TalkPane
    question: Question
    menus: Menus
    shown: Room | None

    def show_room(self, name: str | None) -> None:
        """Bring a room to the front."""

    def go_to(self, name: str) -> None:
        """Bring a room to the front that is to be joined first, or a conversation."""

    def help(self) -> None:
        """Show the keys and the commands."""

    def quit(self, said: str | None = None) -> None:
        """Leave the server, with ``said`` as the last words, and close the window."""


def carry_out(window: CommandTarget, text: str) -> bool:
    """Do what a text asks for; return whether it could be done, so that it need not stand in the field any more."""
    if (edited := window.menus.subjects.finish_edit(text)) is not None:
        return edited
    if not window.connector.linked:
        window.question.show_error(NO_NAME)
        return False
    front = window.shown
    typed = slash.read(text, None if front is None else front.name)
    if typed.complaint:
        window.question.show_error(typed.complaint)
        return False
    for command in typed.commands:
        room = window.transcript.find_room(command.to) if isinstance(command, commands.Tell) else None
        if room is not None and room.closed:
            window.question.show_error(room.closed)
            return False
        if isinstance(command, commands.Tell) and not _is_answer_to_something(window, command):
            return False
    for command in typed.commands:
        _one(window, command)
    return True


def _is_answer_to_something(window: CommandTarget, said: commands.Tell) -> bool:
    """Let what answers the newest message answer it; return whether there is one, if it answers any."""
    if said.reply is None or window.menus.subjects.answer_newest(said.to):
        return True
    window.question.show_error(f"There is no message to reply to in {said.to}")
    return False


def _one(window: CommandTarget, command: Command | slash.ShowSettings) -> None:
    link, front = window.connector.link, window.shown
    match command:
        case commands.Tell(to, text):
            link.send_message(to, text, window.menus.subjects.take_answered(to))
            if front is None or names.key(to) != front.key:
                window.show_room(to)
            window.talk.go_to_end()
        case commands.Join(None, room):
            window.go_to(room)
        case slash.ShowSettings(room):
            window.menus.show_settings(room)
        case orders.Set() if window.menus.ask_privacy(command):
            pass  # it is carried out when that is answered
        case commands.Help():
            window.help()
        case commands.Quit(said):
            window.quit(said)
        case _:
            link.send_command(command, None if front is None else front.name)
