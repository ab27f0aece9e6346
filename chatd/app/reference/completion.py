"""What can be typed at each place after ``chatd`` and ``chatd-client``, for shells to complete."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from chatd.app.command_table import COMMANDS
from chatd.app.options import ReadOptions
from chatd.app.reference.commands import CLIENT, all_commands, describe_client
from chatd.app.reference.entries import Described, Entry, groups_of
from chatd.app.reference.pages import pages

ROOT = "chatd"
_NAMED = {"help": tuple(COMMANDS), "man": tuple(pages())}
"""Of commands whose argument is one of what there is."""


class Place(NamedTuple):
    """What can be typed after the words of ``path``."""

    path: tuple[str, ...]
    entries: tuple[Entry, ...]
    arguments: tuple[Entry, ...] = ()
    commands: tuple[tuple[str, str], ...] = ()
    """Names, each with what there is to say of it."""


def places() -> Iterator[Place]:
    """Yield all of them; those of a command after the one in which it can be typed."""
    daemon = tuple(entry for group in groups_of(ReadOptions()) for entry in group.entries)
    described = list(all_commands())
    yield Place((ROOT,), daemon, commands=tuple((command.name, command.about) for command, _ in described))
    for _, each in described:
        yield from _places(each, daemon if each.takes_daemon_options else ())
    client = describe_client()
    yield Place((CLIENT,), client.entries, client.arguments)


def _places(command: Described, more: tuple[Entry, ...]) -> Iterator[Place]:
    path = (ROOT, *command.name.split())
    named = _NAMED.get(command.name)
    arguments = command.arguments if named is None else (Entry((), "NAME", "", named),)
    commands = tuple((each.name.split()[-1], each.about) for each in command.commands)
    own = {entry.names[-1] for entry in command.entries}
    entries = (*command.entries, *(entry for entry in more if entry.names[-1] not in own))
    yield Place(path, entries, arguments, commands)
    for each in command.commands:
        yield from _places(each, ())
