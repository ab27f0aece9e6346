"""What ``twistd chatd`` takes on its command line, and the service that comes of it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Sequence
from functools import partial
from importlib.util import find_spec
from typing import ClassVar, NoReturn

from twisted.internet.endpoints import quoteStringArgument, serverFromString
from twisted.internet.interfaces import IReactorCore, IReactorTime
from twisted.python import usage

from chatd import __version__
from chatd.duration import seconds
from chatd.hub import Hub, Limits
from chatd.journal import DEFAULT_JOURNAL, Retention, Surroundings, from_string
from chatd.line import MAX_WAITING_BYTES, LineFactory
from chatd.service import ChatService, Listening
from chatd.threads import Thread

DEFAULT_PORT = 10319
BACKLOG = 1024
"""How many connections the kernel may keep ready to be accepted; Twisted's own 50 turn people away in a rush."""


class Options(usage.Options):
    """The options of ``twistd chatd``; a wrong one ends the process with one line."""

    longdesc = (
        "A chat daemon that speaks lines: people connect with telnet, netcat or a client."
        " What its journal keeps: chatd export, chatd import, chatd erase."
    )
    optParameters: ClassVar[list[list[object]]] = [
        ["port", "p", None, f"Port to listen on, 0 for any free one.  [default: {DEFAULT_PORT}]"],
        ["interface", "i", "127.0.0.1", "Address to listen on; 0.0.0.0 or :: opens it to the network."],
        ["journal", "j", DEFAULT_JOURNAL, "Where what was said is kept; memory: is lost at the end."],
        ["keep", None, None, "How long it is kept: 90s, 15m, 12h, 30d, 2w.  [default: for ever]"],
        ["keep-messages", None, None, "How many messages of each room are kept.  [default: all]"],
        ["join-timeout", None, Limits().join_seconds, "Seconds that a connection may take to JOIN."],
        ["ping-interval", None, Limits().ping_seconds, "Seconds of a program's silence until a PING."],
        ["send-queue", None, MAX_WAITING_BYTES, "Bytes that may wait for a slow reader."],
    ]

    def __init__(self) -> None:
        super().__init__()
        self["listen"] = []

    def opt_listen(self, description: str) -> None:
        """Listen on a Twisted endpoint (tcp: tcp6: unix: tls: systemd: haproxy:) and not on --interface; repeatable."""
        self["listen"].append(description)

    def opt_version(self) -> NoReturn:
        """Print the version and exit."""
        print(f"chatd {__version__}")
        raise SystemExit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Read the command line. Raise `SystemExit`, with one line for the user, if it is wrong."""
        try:
            super().parseOptions(options)
        except usage.UsageError as error:
            raise SystemExit(f"chatd: {' '.join(str(error).split())}; --help lists the options") from None

    def postOptions(self) -> None:
        """Turn what was given as numbers into numbers."""
        if self["port"] is not None:
            self["port"] = self._number("port", 0, 65535)
        for name in ("join-timeout", "ping-interval", "send-queue"):
            self[name] = self._number(name, 1, 2**31)
        if self["keep-messages"] is not None:
            self["keep-messages"] = self._number("keep-messages", 1, 2**31)
        if self["keep"] is not None:
            try:
                self["keep"] = seconds(self["keep"])
            except ValueError as error:
                raise usage.UsageError(f"--keep: {error}") from None

    def _number(self, name: str, least: int, most: int) -> int:
        text = str(self[name])
        if not (text.isascii() and text.isdigit() and least <= int(text) <= most):
            raise usage.UsageError(f"--{name} takes a whole number from {least} to {most}, not {text!r}")
        return int(text)

    def parseArgs(self, *extra: str) -> None:
        """Refuse what is no option."""
        if extra:
            raise usage.UsageError(f"{extra[0]!r} is no option")

    def getSynopsis(self) -> str:
        """Return the first line of the help."""
        return "Usage: twistd [twistd options] chatd [options], or in the foreground: chatd [options]"

    @property
    def places(self) -> dict[str, str]:
        """The endpoints to listen on, by what the user calls them.

        They are those of --listen, and before them that of --port if it was given or nothing else is.
        """
        places: dict[str, str] = {}
        if self["port"] is not None or not self["listen"]:
            port = DEFAULT_PORT if self["port"] is None else self["port"]
            interface = quoteStringArgument(self["interface"])
            places[f"port {port} of {self['interface']}"] = f"tcp:{port}:interface={interface}:backlog={BACKLOG}"
        return places | {description: description for description in self["listen"]}


def makeService(options: Options) -> ChatService:
    """Return the service that the options ask for; nothing is opened before it starts.

    Raises `SystemExit`, with one line for the user, for an endpoint or a journal that is none.
    """
    from twisted.internet import reactor

    clock = IReactorTime(reactor)
    limits = Limits(join_seconds=options["join-timeout"], ping_seconds=options["ping-interval"])
    retention = Retention(options["keep"], options["keep-messages"])
    surroundings = Surroundings(clock, lambda: secrets.token_hex(8), partial(Thread, reactor), retention)
    try:
        journal = from_string(options["journal"], surroundings)
    except ValueError as error:
        raise SystemExit(f"chatd: {error}") from None
    hub = Hub(journal, clock, limits)
    factory = LineFactory(hub, clock, options["send-queue"])
    places = [_listening(IReactorCore(reactor), name, place) for name, place in options.places.items()]
    return ChatService(clock, hub, factory, places)


def _listening(reactor: IReactorCore, name: str, description: str) -> Listening:
    if re.match(r"(haproxy:)?(ssl|tls):", description) and find_spec("OpenSSL") is None:
        raise SystemExit(f"chatd: {description!r} needs TLS, which is not installed: pip install 'chatd[tls]'")
    try:
        return Listening(name, serverFromString(reactor, description))
    except Exception as error:  # endpoints are plugins: each has its own way to refuse its arguments
        why = f"{type(error).__name__}: {error}" if not isinstance(error, ValueError) else str(error)
        raise SystemExit(f"chatd: {description!r} is no endpoint: {' '.join(why.split())}") from None
