"""The commands of ``chatd`` beside the daemon, by task; their modules are imported when they are called."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple

from chatd.app.early_signals import raise_on_interrupt


class Command(NamedTuple):
    """One command: ``main`` of its module takes the arguments after its name."""

    name: str
    module: str
    about: str
    """One line, for the list in ``chatd --help``."""
    shares_parser: bool = False
    """Whether ``main`` is given the name too, because its module has several commands."""


class Task(NamedTuple):
    """What somebody wants to do, and the commands for it."""

    title: str
    commands: tuple[Command, ...]


_ARCHIVE = "chatd.app.archive_commands"
TASKS = (
    Task(
        "accounts and access",
        (
            Command("user", "chatd.app.user_commands", "manage accounts, invitations and tokens"),
            Command("ban", "chatd.app.ban_commands", "list and remove bans"),
            Command("class", "chatd.app.class_command", "run a server for one class, open to the network"),
        ),
    ),
    Task(
        "messages",
        (
            Command("export", _ARCHIVE, "export one room, or everything, as lines of JSON", shares_parser=True),
            Command("import", _ARCHIVE, "import an export, or the history of another program", shares_parser=True),
            Command("erase", _ARCHIVE, "delete all messages of one person", shares_parser=True),
            Command("backup", _ARCHIVE, "back up the journal while the server runs", shares_parser=True),
            Command("restore", _ARCHIVE, "replace the journal with a backup", shares_parser=True),
            Command("compact", _ARCHIVE, "remove deleted messages from the file for good", shares_parser=True),
        ),
    ),
    Task(
        "integration",
        (
            Command("tail", "chatd.app.tail_command", "post the lines of log files to a room"),
            Command("hook", "chatd.app.hook_command", "send the messages of a room to a webhook"),
        ),
    ),
    Task(
        "operation",
        (
            Command("unit", "chatd.app.unit_command", "print unit files for systemd"),
            Command(
                "config", "chatd.app.configuration.command", "show the options in effect and where each comes from"
            ),
            Command("reload", "chatd.app.reload_command", "make the running server read its configuration again"),
            Command("check", "chatd.app.check_command", "find problems that prevent a start or lose messages"),
            Command("drain", "chatd.app.drain_command", "stop the server so that a new one can take over"),
            Command("certificate", _ARCHIVE, "create a self-signed certificate", shares_parser=True),
            Command("kit", "chatd.app.kit_command", "make a folder to install chatd from without a network"),
        ),
    ),
    Task(
        "help",
        (
            Command("help", "chatd.app.reference.help_command", "show this help, or the help of a command"),
            Command("man", "chatd.app.reference.man_command", "print the manual pages"),
            Command(
                "completion", "chatd.app.reference.completion_command", "print completion scripts for bash and zsh"
            ),
        ),
    ),
)
COMMANDS = {command.name: command for task in TASKS for command in task.commands}


def run(command: Command, arguments: Sequence[str]) -> None:
    """Do what the arguments after a command say. Raise `SystemExit`, with one line if it could not be done."""
    given = [command.name, *arguments] if command.shares_parser else list(arguments)
    module = import_module(command.module)
    raise_on_interrupt()
    module.main(given)
