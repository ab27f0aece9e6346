"""The commands of ``chatd``, and the one of the window, as their own modules read their arguments."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from importlib import import_module
from types import ModuleType

from twisted.python import usage

from chatd.app.command_table import TASKS, Command
from chatd.app.options import ReadOptions
from chatd.app.reference.entries import Described, Entry, described, groups_of

CLIENT = "chatd-client"
_CLIENT_MODULE = "chatd.client.__main__"
"""The daemon imports nothing of the window; its parser is asked for where pages are made."""


def all_commands() -> Iterator[tuple[Command, Described]]:
    """Yield each command with its description, in the order of the help."""
    for task in TASKS:
        for command in task.commands:
            yield command, describe(command)


def describe(command: Command) -> Described:
    """Return what a command takes, as far as its module says so: by a parser, by options or by its usage in words."""
    module = import_module(command.module)
    make_parser: Callable[[], argparse.ArgumentParser] | None = getattr(module, "make_parser", None)
    if make_parser is not None:
        if not command.shares_parser:
            return described(command.name, make_parser())
        return next(each for each in described("", make_parser()).commands if each.name == command.name)
    if (options := _options(module)) is not None:
        about = f"{getattr(options, 'longdesc', '')} It takes all options of the server, see chatd(1), and these."
        typed = options.getSynopsis().removeprefix(f"Usage: chatd {command.name}").strip()
        daemon = groups_of(ReadOptions())[0].entries
        own = tuple(entry for entry in groups_of(options)[0].entries if entry not in daemon)
        return Described(command.name, about, own, usage=typed, takes_daemon_options=True)
    usage_line, _, words = str(getattr(module, "USAGE", "")).partition("\n\n")
    typed = usage_line.removeprefix(f"Usage: chatd {command.name}").strip()
    said = " ".join(words.split()) or _sentence(command)
    switches = tuple(Entry((name,), None, "") for name in re.findall(r"--[a-z-]+", typed))
    of_daemon = "options of the server" in typed
    return Described(command.name, said, switches, usage=typed, takes_daemon_options=of_daemon)


def _sentence(command: Command) -> str:
    return f"{command.about[0].upper()}{command.about[1:]}."


def describe_client() -> Described:
    """Return what the window's command takes."""
    parser: argparse.ArgumentParser = import_module(_CLIENT_MODULE).make_parser()
    return described(CLIENT, parser)


def _options(module: ModuleType) -> usage.Options | None:
    for each in vars(module).values():
        if isinstance(each, type) and issubclass(each, usage.Options) and each.__module__ == module.__name__:
            return each()
    return None
