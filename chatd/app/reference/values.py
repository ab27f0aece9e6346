"""What the options of the daemon take: how the value is called, and what a shell can complete it with."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto

from chatd.accounts.service import Registration
from chatd.app.configuration.settings import Kind, Setting
from chatd.app.log_formats import LogFormat
from chatd.app.log_options import LEVELS
from chatd.app.option_fields import option_fields
from chatd.chat.limits import Limits
from chatd.journal import Retention
from chatd.runtime.option import Option, Switch


class Path(Enum):
    """What kind of path is completed."""

    FILE = auto()
    DIRECTORY = auto()


Completion = Path | tuple[str, ...]
"""A path, or one of these words; without words, whatever the user types."""

_UNITS: Mapping[str, str] = {
    "accounts": "FILE",
    "announce": "NAME",
    "audit": "FILE",
    "auth": "METHOD",
    "config": "FILE",
    "help-auth-type": "METHOD",
    "hooks": "FILE",
    "interface": "ADDR",
    "irc": "WHERE",
    "irc-history": "COUNT",
    "irc-name": "NAME",
    "journal": "WHERE",
    "listen": "ENDPOINT",
    "log": "FORMAT",
    "log-level": "LEVEL",
    "logfile": "FILE",
    "nick": "NICK",
    "oidc-client-id": "ID",
    "oidc-client-secret": "FILE",
    "oidc-groups-claim": "CLAIM",
    "oidc-issuer": "URL",
    "oidc-name-claim": "CLAIM",
    "operators-group": "GROUP",
    "port": "PORT",
    "registration": "WHO",
    "room": "#ROOM",
    "room-group": "GROUP=ROOM",
    "state-directory": "DIR",
    "trusted-proxy": "NETWORK",
    "web": "WHERE",
    "web-host": "NAME",
}
_FIELDS: Mapping[str, Option] = {
    each.option.name: each.option for made_of in (Limits, Retention) for each in option_fields(made_of)
}
_WORDS: Mapping[str, tuple[str, ...]] = {
    "log": tuple(LogFormat),
    "log-level": LEVELS,
    "registration": tuple(Registration),
}
_PATHS: Mapping[str, Path] = {"FILE": Path.FILE, "DIR": Path.DIRECTORY, "DIRECTORY": Path.DIRECTORY}


def unit_of(name: str) -> str:
    """Return what the value of an option of the daemon is called."""
    return _FIELDS[name].unit if name in _FIELDS else _UNITS.get(name, "VALUE")


def completion_of(name: str) -> Completion:
    """Return what completes the value of an option of the daemon."""
    if isinstance(_FIELDS.get(name), Switch):
        return ("yes", "no")
    return _WORDS.get(name) or completion_of_unit(unit_of(name))


def completion_of_unit(unit: str) -> Completion:
    """Return what completes a value that is called so."""
    return _PATHS.get(unit, ())


def unit_of_setting(setting: Setting) -> str | None:
    """Return what the value of a setting is called; None if it takes none."""
    return None if setting.kind is Kind.FLAG else unit_of(setting.name)
