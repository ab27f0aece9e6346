"""The options and arguments of a command, described alike whichever library parses them."""

from __future__ import annotations

import argparse
import pathlib
from collections.abc import Iterator
from typing import NamedTuple, cast

from twisted.python import usage

from chatd.app.configuration.sections import SECTIONS
from chatd.app.configuration.settings import settings_of
from chatd.app.reference.values import Completion, Path, completion_of, completion_of_unit, unit_of


class Entry(NamedTuple):
    """One option, or one argument that is none."""

    names: tuple[str, ...]
    """With their dashes, the short one first; none of an argument."""
    unit: str | None
    """What its value is called; None if it takes none."""
    about: str
    completion: Completion = ()
    repeatable: bool = False
    required: bool = False

    @property
    def shown(self) -> str:
        """As it is written: ``-p, --port PORT``."""
        return " ".join(filter(None, (", ".join(self.names), self.unit)))


class Group(NamedTuple):
    """Options that belong together."""

    section: str | None
    """That of the configuration file; None if they cannot stand there."""
    about: str
    entries: tuple[Entry, ...]


class Described(NamedTuple):
    """A command, or one of several that a command has."""

    name: str
    """After ``chatd``: ``user add``."""
    about: str
    entries: tuple[Entry, ...] = ()
    arguments: tuple[Entry, ...] = ()
    commands: tuple[Described, ...] = ()
    usage: str = ""
    """What is typed after the name, where that is all that is known of it."""
    takes_daemon_options: bool = False


def groups_of(options: usage.Options) -> tuple[Group, ...]:
    """Return the options of the daemon by section; before them those that are in none."""
    settings = settings_of(options)
    left = [_on_the_line(options, name) for name in _long_names(options) if name not in settings]
    groups = [Group(None, "", tuple(left))]
    for section in SECTIONS:
        entries = tuple(_on_the_line(options, row.name) for row in section.rows if row.name in settings)
        if entries:
            groups.append(Group(section.name, section.about, entries))
    return tuple(groups)


def described(name: str, parser: argparse.ArgumentParser) -> Described:
    """Return a command as its parser has it."""
    entries: list[Entry] = []
    arguments: list[Entry] = []
    commands: list[Described] = []
    for action in parser._actions:  # argparse shows them to nobody
        if isinstance(action, argparse._SubParsersAction):
            commands += [described(f"{name} {each}".strip(), made) for each, made in action.choices.items()]
        elif action.help is not argparse.SUPPRESS:
            (entries if action.option_strings else arguments).append(_entry(action))
    return Described(name, parser.description or "", tuple(entries), tuple(arguments), tuple(commands))


def _long_names(options: usage.Options) -> Iterator[str]:
    return (name for name in sorted(each.rstrip("=") for each in options.longOpt) if len(name) > 1)


def _on_the_line(options: usage.Options, name: str) -> Entry:
    shorts = sorted(f"-{short}" for short, long in options.synonyms.items() if long == name and len(short) == 1)
    takes = f"{name}=" in options.longOpt
    about = " ".join((options.docs[name] or "").split())
    default = options.defaults.get(name)
    if takes and default is not None:
        about = f"{about} (default: {default})"
    return Entry(
        (*shorts, f"--{name}"),
        unit_of(name) if takes else None,
        about,
        completion_of(name) if takes else (),
        "repeatable" in about,
    )


def _entry(action: argparse.Action) -> Entry:
    several = action.nargs in ("*", "+") or isinstance(action, argparse._AppendAction)
    unit = None if action.nargs == 0 else _unit(action)
    names = tuple(sorted(action.option_strings, key=len))
    return Entry(names, unit, _help(action), _completion(action), several, action.required)


def _unit(action: argparse.Action) -> str:
    metavar = cast("str | None", action.metavar)
    if metavar is not None:
        return metavar.strip("'")
    if action.choices is not None:
        return "|".join(map(str, action.choices))
    return action.dest.upper().replace("_", "-")


def _help(action: argparse.Action) -> str:
    if isinstance(action, argparse._HelpAction):
        return "print this help and exit"
    if isinstance(action, argparse._VersionAction):
        return "print the version and exit"
    return " ".join((action.help or "").split()).replace("%%", "%")


def _completion(action: argparse.Action) -> Completion:
    if action.choices is not None:
        return tuple(map(str, action.choices))
    if action.nargs == 0:
        return ()
    if (known := completion_of_unit(_unit(action))) != ():
        return known
    return Path.FILE if action.type is pathlib.Path else ()
