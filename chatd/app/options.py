"""What ``twistd chatd`` takes on its command line, and the service that comes of it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Sequence
from functools import partial
from importlib.util import find_spec
from ipaddress import ip_network
from typing import ClassVar, NoReturn

from twisted.internet.endpoints import quoteStringArgument, serverFromString
from twisted.internet.interfaces import IReactorCore, IReactorTime, IStreamServerEndpoint
from twisted.python import usage

from chatd import __version__
from chatd.app.account_options import AccountOptions
from chatd.app.asyncio_reactor import use_asyncio
from chatd.app.service import ChatService, Listening
from chatd.chat.assembly import make_hub
from chatd.chat.limits import Limits
from chatd.edges.gateway import Gateway
from chatd.edges.line import LineFactory
from chatd.edges.proxy import THIS_MACHINE, ProxiedEndpoint
from chatd.journal import Environment, Retention
from chatd.journal.factory import DEFAULT_JOURNAL, from_string, is_cluster
from chatd.protocol.duration import seconds
from chatd.runtime.threads import Thread

DEFAULT_PORT = 10319
BACKLOG = 1024
"""How many connections the kernel may keep ready to be accepted; Twisted's own 50 turn people away in a rush."""

_MAY_BE_NONE = (
    "max-connections",
    "max-per-address",
    "max-waiting",
    "line-rate",
    "name-rate",
    "max-rooms-per-connection",
    "max-rooms",
)

Proxied = Callable[[IStreamServerEndpoint], IStreamServerEndpoint]
"""Makes of an endpoint one for proxies."""


class Options(AccountOptions):
    """The options of ``twistd chatd``; a wrong one ends the process with one line."""

    longdesc = (
        "A chat daemon that speaks lines: people connect with telnet, netcat or a client."
        " What its journal keeps: chatd export, chatd import, chatd erase. Who has an account: chatd user."
        " A certificate to start with: chatd certificate."
    )
    optParameters: ClassVar[list[list[object]]] = [
        ["port", "p", None, f"Port to listen on, 0 for any free one.  [default: {DEFAULT_PORT}]"],
        ["interface", "i", "127.0.0.1", "Address to listen on; 0.0.0.0 or :: opens it to the network."],
        ["journal", "j", DEFAULT_JOURNAL, "Where what was said is kept: sqlite:PATH, memory:, nats://HOST,HOST."],
        ["keep", None, None, "How long it is kept: 90s, 15m, 12h, 30d, 2w.  [default: for ever]"],
        ["keep-messages", None, None, "How many messages of each room are kept.  [default: all]"],
        ["join-timeout", None, Limits().join_seconds, "Seconds that a connection may take to JOIN."],
        ["ping-interval", None, Limits().ping_seconds, "Seconds of a program's silence until a PING."],
        ["send-queue", None, Limits().send_queue_bytes, "Bytes that may wait for a slow reader."],
        ["max-connections", None, Limits().connections, "Connections in all; 0 for no limit, as below."],
        ["max-per-address", None, Limits().connections_per_address, "From one address, IPv6 from one /64."],
        ["max-waiting", None, Limits().waiting, "Connections in all that have not come in with JOIN."],
        ["line-rate", None, Limits().lines_per_second, "Lines a second that are read from one connection."],
        ["line-burst", None, Limits().line_burst, "Lines that may come before that rate holds."],
        ["name-rate", None, Limits().names_per_minute, "JOINs and NICKs a minute from one connection."],
        ["max-rooms-per-connection", None, Limits().rooms_per_connection, "Rooms that one connection is in."],
        ["max-rooms", None, Limits().rooms, "Rooms in all."],
    ]

    def __init__(self) -> None:
        super().__init__()
        self["listen"] = []
        self["trusted-proxy"] = []

    def opt_listen(self, description: str) -> None:
        """Listen on a Twisted endpoint (tcp: tcp6: unix: tls: systemd: haproxy:) and not on --interface; repeatable."""
        self["listen"].append(description)

    def opt_trusted_proxy(self, network: str) -> None:
        """Network whose PROXY headers count on haproxy: endpoints; repeatable.  [default: this machine]"""
        try:
            self["trusted-proxy"].append(ip_network(network))
        except ValueError as error:
            raise usage.UsageError(f"--trusted-proxy takes an address or a network like 10.0.0.0/8: {error}") from None

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
        """Turn what was given as numbers into numbers; have the reactor that the journal needs."""
        if is_cluster(self["journal"]):
            try:
                use_asyncio()
            except ValueError as error:
                raise usage.UsageError(f"--journal {self['journal'].partition(':')[0]}://: {error}") from None
        super().postOptions()
        if self["port"] is not None:
            self["port"] = self._number("port", 0, 65535)
        for name in ("join-timeout", "ping-interval", "send-queue", "line-burst"):
            self[name] = self._number(name, 1, 2**31)
        for name in _MAY_BE_NONE:
            self[name] = self._number(name, 0, 2**31)
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
    limits = _limits(options)
    retention = Retention(options["keep"], options["keep-messages"])
    surroundings = Environment(clock, lambda: secrets.token_hex(8), partial(Thread, reactor), retention)
    try:
        journal = from_string(options["journal"], surroundings)
    except ValueError as error:
        raise SystemExit(f"chatd: {error}") from None
    hub = make_hub(journal, clock, limits, accounts=options.make_accounts(reactor))
    gateway = Gateway(hub, clock)
    trusted = options["trusted-proxy"] or THIS_MACHINE
    proxied = partial(ProxiedEndpoint, trusted=trusted, timers=hub.timers, header_seconds=limits.join_seconds)
    places = [_listening(IReactorCore(reactor), name, place, proxied) for name, place in options.places.items()]
    return ChatService(clock, gateway, LineFactory(gateway), places)


def _limits(options: Options) -> Limits:
    return Limits(
        join_seconds=options["join-timeout"],
        ping_seconds=options["ping-interval"],
        connections=options["max-connections"],
        connections_per_address=options["max-per-address"],
        waiting=options["max-waiting"],
        lines_per_second=options["line-rate"],
        line_burst=options["line-burst"],
        names_per_minute=options["name-rate"],
        rooms_per_connection=options["max-rooms-per-connection"],
        rooms=options["max-rooms"],
        send_queue_bytes=options["send-queue"],
    )


def _listening(reactor: IReactorCore, name: str, description: str, proxied: Proxied) -> Listening:
    if re.match(r"(haproxy:)?(ssl|tls):", description, re.IGNORECASE) and find_spec("OpenSSL") is None:
        raise SystemExit(f"chatd: {description!r} needs TLS, which is not installed: pip install 'chatd[tls]'")
    try:
        return Listening(name, _endpoint(reactor, description, proxied))
    except Exception as error:  # endpoints are plugins: each has its own way to refuse its arguments
        why = f"{type(error).__name__}: {error}" if not isinstance(error, ValueError) else str(error)
        raise SystemExit(f"chatd: {description!r} is no endpoint: {' '.join(why.split())}") from None


def _endpoint(reactor: IReactorCore, description: str, proxied: Proxied) -> IStreamServerEndpoint:
    """Return the endpoint of a description; only of ``tls:`` the certificates can be renewed."""
    kind, _, rest = description.partition(":")
    match kind.lower():
        case "tls":
            from chatd.tls.endpoint import endpoint

            return endpoint(reactor, description)
        case "haproxy":
            return proxied(_endpoint(reactor, rest, proxied))
    if re.match(r"(haproxy:)?ssl:.*(:sslmethod=|_METHOD(:|$))", description, re.IGNORECASE | re.DOTALL):
        raise ValueError("sslmethod= is not taken: it would let in what is older than TLS 1.2")
    made: IStreamServerEndpoint = serverFromString(reactor, description)
    return made
