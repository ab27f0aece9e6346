"""The kind, help and default of each option, taken from the command line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Any, NamedTuple

from twisted.python import reflect, usage

from chatd.app.configuration.sections import ROWS

_NOTE = re.compile(r"\s*\((?:repeatable(?:; )?)?(?:default: (.*))?\)$")


class Kind(Enum):
    """What is given for an option."""

    VALUE = auto()
    FLAG = auto()
    """Nothing on the command line; yes or no elsewhere."""
    LIST = auto()
    """Any number of values: on the command line the option is repeated."""


class Setting(NamedTuple):
    """One option that can be given in the file, in the environment and on the command line."""

    name: str
    kind: Kind
    help: str
    default: object
    """None if the help says it, or there is none."""
    default_in_words: str | None
    """What the help says of the default, if it does."""
    parse: Callable[[str], object] | None = None
    """Raises `usage.UsageError` for a text that cannot be its value; None if that is known of the whole line only."""

    @property
    def variable(self) -> str:
        """The variable of the environment."""
        return f"CHATD_{self.name.upper().replace('-', '_')}"


def settings_of(options: usage.Options) -> Mapping[str, Setting]:
    """Return the settings among the options of the command line, by name, in the order of the file."""
    flags = {name for name in options.longOpt if not name.endswith("=")}
    rows: list[list[Any]] = []
    reflect.accumulateClassList(type(options), "optParameters", rows)
    parsers = {row[0]: row[4] for row in rows if len(row) > 4}
    made: dict[str, Setting] = {}
    for name in ROWS:
        if name not in options.docs:
            continue
        kind = Kind.FLAG if name in flags else Kind.LIST if _is_list(options, name) else Kind.VALUE
        told = " ".join((options.docs[name] or "").split())
        words = _NOTE.search(told)
        default: Any = None if kind is Kind.LIST else options.defaults.get(name, options.get(name))
        made[name] = Setting(
            name,
            kind,
            _NOTE.sub("", told),
            bool(default) if kind is Kind.FLAG else default,
            words and words[1],
            parsers.get(name),
        )
    return made


def _is_list(options: usage.Options, name: str) -> bool:
    return name == "auth" or isinstance(options.get(name), list)  # Twisted keeps what auth makes under another name
