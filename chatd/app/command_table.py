"""Which commands ``chatd`` has beside the daemon, by task; their modules are imported when they are called."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple


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
        "people",
        (
            Command("user", "chatd.app.user_commands", "who has an account, and who is invited to make one"),
            Command("ban", "chatd.app.ban_commands", "who is banned from the server"),
            Command("class", "chatd.app.class_command", "a server for a class in one room, opened for a lesson"),
        ),
    ),
    Task(
        "what was said",
        (
            Command("export", _ARCHIVE, "write a room, or everything, as lines of JSON", shares_parser=True),
            Command("import", _ARCHIVE, "add what an export wrote, or another program", shares_parser=True),
            Command("erase", _ARCHIVE, "take away all that one person has said", shares_parser=True),
            Command("backup", _ARCHIVE, "copy the journal as it is now to a new file", shares_parser=True),
            Command("restore", _ARCHIVE, "put a backup in the place of the journal", shares_parser=True),
            Command("compact", _ARCHIVE, "make what was deleted leave the file", shares_parser=True),
        ),
    ),
    Task(
        "other programs",
        (
            Command("tail", "chatd.app.tail_command", "say the lines of log files in a room"),
            Command("hook", "chatd.app.hook_command", "send what is said in a room on to a URL"),
        ),
    ),
    Task(
        "running a server",
        (
            Command("unit", "chatd.app.unit_command", "print the files with which systemd runs a server"),
            Command("config", "chatd.app.configuration.command", "which options hold, and where each comes from"),
            Command("reload", "chatd.app.reload_command", "make the daemon take up its configuration as it is now"),
            Command("check", "chatd.app.check_command", "what would keep the daemon from starting, or lose messages"),
            Command("drain", "chatd.app.drain_command", "end the daemon for one that follows it, as in an upgrade"),
            Command("certificate", _ARCHIVE, "make a certificate to start with", shares_parser=True),
            Command("kit", "chatd.app.kit_command", "one folder to install it from where there is no network"),
        ),
    ),
    Task(
        "what there is to read",
        (
            Command("help", "chatd.app.reference.help_command", "this help, or that of a command"),
            Command("man", "chatd.app.reference.man_command", "the manual pages, for man to show"),
            Command("completion", "chatd.app.reference.completion_command", "make bash or zsh complete all of this"),
        ),
    ),
)
COMMANDS = {command.name: command for task in TASKS for command in task.commands}


def run(command: Command, arguments: Sequence[str]) -> None:
    """Do what the arguments after a command say. Raise `SystemExit`, with one line if it could not be done."""
    given = [command.name, *arguments] if command.shares_parser else list(arguments)
    import_module(command.module).main(given)
