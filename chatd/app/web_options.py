"""The options of the web edge."""

from __future__ import annotations

from typing import Any, NamedTuple

from twisted.internet.endpoints import quoteStringArgument
from twisted.python import usage

from chatd.protocol.text import clean
from chatd.runtime.option import Number

DEFAULT_WEB_PORT = 10380
OFF = "off"
BACKLOG = 1024
"""How many connections the kernel may keep ready to be accepted; Twisted's own 50 drop connections in a rush."""


class WebPlace(NamedTuple):
    """Where the web edge listens."""

    name: str
    """What the user calls it."""
    description: str
    """That of the endpoint."""
    asked_for: bool
    """Whether the server does not start without it."""
    option: str = "web"


class WebOptions(usage.Options):
    """The options of the web edge."""

    def __init__(self) -> None:
        super().__init__()
        self["web"] = None
        self["web-guests"] = 0
        self["web-host"] = []

    def opt_web(self, where: str) -> None:
        """port or endpoint of the page, or off (default: 10380; off with --port 0, or with --listen and no --port)"""
        if where.isdecimal():
            try:
                Number("web", "PORT", "", 0, 65535).parse(where)
            except ValueError as error:
                raise usage.UsageError(str(error)) from None
        elif where != OFF and ":" not in where:
            wanted = "a port, an endpoint such as tls:DIRECTORY:port=443, or off"
            raise usage.UsageError(f"--web takes {wanted}, not {clean(where)!r}")
        self["web"] = where

    def opt_web_guests(self) -> None:
        """let HTTP requests from other machines read and post without a token or login"""
        self["web-guests"] = 1

    def opt_web_host(self, name: str) -> None:
        """host name that browsers use for the page, if it is not this machine's own (repeatable)"""
        if not name or any(sign in "/:@" or sign.isspace() for sign in name):
            wanted = "a host name without port or path, such as chat.example.org"
            raise usage.UsageError(f"--web-host takes {wanted}, not {clean(name)!r}")
        self["web-host"].append(name)

    @property
    def web_place(self) -> WebPlace | None:
        """Where the web edge is to listen, None for nowhere."""
        return _place(self["web"], self)


def _place(where: str | None, options: Any) -> WebPlace | None:
    if where == OFF:
        return None
    if where is None:
        if options["port"] == 0 or (options["port"] is None and options["listen"]):
            return None  # somebody who chooses the doors with such care expects no other
        return WebPlace("the page", _tcp(DEFAULT_WEB_PORT, options["interface"]), asked_for=False)
    if where.isdecimal():
        name = f"port {where} of {options['interface']}"
        return WebPlace(name, _tcp(int(where), options["interface"]), asked_for=True)
    return WebPlace(where, where, asked_for=True)


def _tcp(port: int, interface: str) -> str:
    return f"tcp:{port}:interface={quoteStringArgument(interface)}:backlog={BACKLOG}"
