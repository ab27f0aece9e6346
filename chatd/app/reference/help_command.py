"""``chatd help``: what ``--help`` prints, of the daemon or of a command."""

from __future__ import annotations

from collections.abc import Sequence

from chatd.app import command_table
from chatd.app.options import ReadOptions
from chatd.app.reference.spelling import no_command

USAGE = """\
Usage: chatd help [COMMAND]

Show how to start the server and connect to it, or the help of a command: chatd help user add."""


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd help`` say. Raise `SystemExit`, with one line if there is no such command."""
    if not arguments or arguments[0].startswith("-"):
        ReadOptions().parseOptions(["--help"])
        return
    name, *words = arguments
    if (command := command_table.COMMANDS.get(name)) is None:
        raise SystemExit(f"chatd: {no_command(name)}")
    command_table.run(command, [*words, "--help"])
