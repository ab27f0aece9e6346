"""The options of the IRC edge."""

from __future__ import annotations

import re
from typing import NamedTuple

from twisted.internet.endpoints import quoteStringArgument
from twisted.python import usage

from chatd.edges.irc.server import DEFAULT_LAST_LINES, DEFAULT_NAME
from chatd.protocol.commands import MAX_HISTORY
from chatd.protocol.text import clean
from chatd.runtime.option import Number

_BACKLOG = 1024
_NAME = re.compile(r"[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")


class IrcPlace(NamedTuple):
    """Where the IRC edge listens."""

    name: str
    """What the user calls it."""
    description: str
    """That of the endpoint."""
    option: str = "irc"


class IrcOptions(usage.Options):
    """The options of the IRC edge."""

    def __init__(self) -> None:
        super().__init__()
        self["irc"] = []
        self["irc-name"] = DEFAULT_NAME
        self["irc-history"] = DEFAULT_LAST_LINES

    def opt_irc(self, where: str) -> None:
        """port or endpoint for IRC clients, such as 6667 or tls:DIRECTORY:port=6697 (repeatable; default: none)"""
        if where.isdecimal():
            try:
                Number("irc", "PORT", "", 0, 65535).parse(where)
            except ValueError as error:
                raise usage.UsageError(str(error)) from None
        elif ":" not in where:
            wanted = "a port or an endpoint such as tls:DIRECTORY:port=6697"
            raise usage.UsageError(f"--irc takes {wanted}, not {clean(where)!r}")
        self["irc"].append(where)

    def opt_irc_name(self, name: str) -> None:
        """server name that IRC clients see (default: irc.local)"""
        if not _NAME.fullmatch(name) or len(name) > 63:
            raise usage.UsageError(f"--irc-name takes a name with a dot, such as irc.example.org, not {clean(name)!r}")
        self["irc-name"] = name

    def opt_irc_history(self, count: str) -> None:
        """messages replayed on JOIN to IRC clients that cannot request history; 0 for none (default: 20)"""
        try:
            self["irc-history"] = Number("irc-history", "COUNT", "", 0, MAX_HISTORY).parse(count)
        except ValueError as error:
            raise usage.UsageError(str(error)) from None

    @property
    def irc_places(self) -> list[IrcPlace]:
        """Where the IRC edge is to listen, nowhere unless it is asked for."""
        return [_place(where, self["interface"]) for where in dict.fromkeys(self["irc"])]


def _place(where: str, interface: str) -> IrcPlace:
    if not where.isdecimal():
        return IrcPlace(where, where)
    description = f"tcp:{where}:interface={quoteStringArgument(interface)}:backlog={_BACKLOG}"
    return IrcPlace(f"port {where} of {interface}", description)
