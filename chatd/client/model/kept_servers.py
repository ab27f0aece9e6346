"""The servers that the client goes to at its start, as they stand in its settings: one object for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from chatd.protocol import names

MAX_SERVERS = 100
MAX_ROOMS = 1000
MAX_TEXT = 1000
"""How many characters any text in the settings has at most."""
OLD_KEYS = ("server", "rooms")
"""What stood in the settings when there was one server; beside them stood ``nick``, which is still there."""


@dataclass(slots=True)
class KeptServer:
    """One server."""

    address: str
    """As `server_address.parse` reads it."""
    nick: str = ""
    """The name to join under; empty to ask for one."""
    rooms: list[str] = field(default_factory=list)
    """The rooms to join, in their order."""


def can_keep(name: str) -> bool:
    """Return whether the name of a room or a nick, as a server told it, is one that `servers` reads."""
    try:
        return bool(names.room(name) if name.startswith("#") else names.nick(name))
    except names.BadNameError:
        return False


def servers(value: object) -> list[KeptServer]:
    """Return what ``servers`` in the settings says, each address once. Raise `ValueError` for what is no such list."""
    if not isinstance(value, list) or len(value) > MAX_SERVERS:
        raise ValueError
    found: dict[str, KeptServer] = {}
    for each in map(_server, value):
        found.setdefault(each.address, each)
    return list(found.values())


def with_those_of_others(mine: list[KeptServer], known: list[KeptServer], there: object) -> list[KeptServer]:
    """Return servers with those behind them that another client has put there since they were read as ``known``."""
    try:
        found = servers(there)
    except ValueError:
        return mine
    addresses = {each.address for each in (*mine, *known)}
    return [*mine, *(each for each in found if each.address not in addresses)][:MAX_SERVERS]


def old_servers(data: Mapping[str, Any], bad: list[str]) -> list[KeptServer]:
    """Return the one server of settings from before there could be several, none if they have none.

    Into ``bad`` go the keys whose values are of no use.
    """
    checks = {"server": text, "rooms": rooms, "nick": nick}
    found: dict[str, Any] = {}
    for key, check in checks.items():
        if key in data:
            try:
                found[key] = check(data[key])
            except ValueError:
                if key != "nick":  # which is told by whoever reads it as the name entered last
                    bad.append(key)
    address = found.get("server", "")
    return [KeptServer(address, found.get("nick", ""), found.get("rooms", []))] if address else []


def _server(value: object) -> KeptServer:
    match value:
        case {"address": str(address), **more} if address:
            return KeptServer(text(address), nick(more.get("nick", "")), rooms(more.get("rooms", [])))
        case _:
            raise ValueError


def text(value: object) -> str:
    """Return a line of text. Raise `ValueError` for anything else."""
    if not isinstance(value, str) or len(value) > MAX_TEXT or not (value.isprintable() and _encodable(value)):
        raise ValueError
    return value


def texts(value: object) -> list[str]:
    """Return a list of such lines. Raise `ValueError` for anything else."""
    if not isinstance(value, list) or len(value) > MAX_ROOMS:
        raise ValueError
    return [text(each) for each in value]


def nick(value: object) -> str:
    """Return a nick, or nothing. Raise `ValueError` for what is neither."""
    name = text(value)
    return names.nick(name) if name else ""


def rooms(value: object) -> list[str]:
    """Return names of rooms. Raise `ValueError` for anything else."""
    return [names.room(room) for room in texts(value)]


def _encodable(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)
