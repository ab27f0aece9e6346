"""The commands in the blocks of a page, and which of them go on."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

from tests.support.pages import Block

DAEMON = re.compile(
    r"""
    ^\s*(?:exec\ )?(?:[A-Z_]+=\S+\ )*
    (?:\S*/)?(?:chatd(?:\ class)?|twistd\ -n\S*\ (?:\S+\ )*?chatd)
    (?=$|\s+-|\s+&$)
    (?!.*\ --(?:help|version)\b)(?!.*[^\\]\|)
    """,
    re.VERBOSE,
)
"""What starts a daemon: ``chatd`` without a command."""
_GOES_ON = re.compile(r"(?<!\|)&\s*$|\bcurl (?:\S+ )*?-\w*N|^\s*(?:\S*/)?chatd tail\b(?!.*--once)")


class CommandError(Exception):
    """A command of a page did something else than it should."""


def is_daemon(command: str) -> bool:
    """Return whether a command ends in a daemon that stays in the foreground."""
    return DAEMON.search(command.rpartition("&& ")[2]) is not None


def goes_on(command: str) -> bool:
    """Return whether a command does not come to an end by itself."""
    return is_daemon(command) or _GOES_ON.search(command.rpartition("&& ")[2]) is not None


def is_whole(command: str) -> bool:
    """Return whether a shell has all of a command, or would read on."""
    if command.rstrip("\n").endswith("\\"):
        return False
    checked = subprocess.run(["bash", "-n"], input=command, capture_output=True, text=True, check=False)
    return checked.returncode == 0 and not checked.stderr


def whole_commands(lines: tuple[str, ...]) -> Iterator[str]:
    """Yield the commands of a script, each with all of its lines."""
    gathered = ""
    for line in lines:
        gathered += f"{line}\n"
        if is_whole(gathered):
            if gathered.strip() and not gathered.lstrip().startswith("#"):
                yield gathered.rstrip("\n")
            gathered = ""
    if gathered.strip():
        yield gathered.rstrip("\n")


def commands_of(block: Block) -> Iterator[tuple[str, list[str], list[str]]]:
    """Yield each command of a console, the lines in which it is typed, and those that it prints."""
    lines = list(block.lines)
    if not lines or not lines[0].startswith("$ "):
        raise CommandError(f"{block.place}: a console begins with '$ '")
    while lines:
        typed = [lines.pop(0)]
        command = typed[0].removeprefix("$ ")
        while lines and not is_whole(f"{command}\n"):
            typed.append(lines.pop(0))
            command += "\n" + typed[-1].removeprefix("> ")
        end = next((index for index, line in enumerate(lines) if line.startswith("$ ")), len(lines))
        shown, lines = lines[:end], lines[end:]
        yield command, typed, shown
