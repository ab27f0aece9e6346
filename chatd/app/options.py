"""What ``twistd chatd`` takes on its command line, and the service that comes of it."""

from __future__ import annotations

import os
import re
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from ipaddress import ip_network
from typing import Any, ClassVar, NamedTuple, NoReturn

from twisted.internet.endpoints import quoteStringArgument
from twisted.internet.interfaces import IReactorCore, IReactorTime
from twisted.python import usage

from chatd import __version__
from chatd.app.account_options import AccountOptions
from chatd.app.announce_options import AnnounceOptions
from chatd.app.asyncio_reactor import use_asyncio
from chatd.app.endpoints import Wrap, endpoint_from
from chatd.app.exit_status import ExitStatus
from chatd.app.hook_options import HookOptions
from chatd.app.irc_options import IrcOptions
from chatd.app.oidc_options import OidcOptions
from chatd.app.option_fields import from_options, parameter, parameters
from chatd.app.service import ChatService, Listening
from chatd.app.web_options import BACKLOG, WebOptions
from chatd.chat.assembly import make_hub
from chatd.chat.limits import Limits
from chatd.edges.gateway import EdgeFactory, Gateway
from chatd.edges.irc.connection import IrcFactory
from chatd.edges.line import LineFactory
from chatd.edges.proxy import THIS_MACHINE, ProxiedFactory
from chatd.edges.web.site import WebFactory
from chatd.journal import Environment, Retention
from chatd.journal.factory import DEFAULT_JOURNAL, from_string, is_cluster
from chatd.runtime.clocks import tell_monotonic_time
from chatd.runtime.option import Number
from chatd.runtime.threads import Thread

DEFAULT_PORT = 10319
DEFAULT_PID_FILE = "twistd.pid"
"""The file of twistd's own choice."""
PORT = Number("port", "PORT", f"Port to listen on, 0 for any free one.  [default: {DEFAULT_PORT}]", 0, 65535)


class Place(NamedTuple):
    """Where to listen: what the user calls it, the description of the endpoint, and the edge that speaks there."""

    name: str
    description: str
    edge: type[EdgeFactory]


def _listen_option(edge: type[EdgeFactory], about: str) -> Callable[[Options, str], None]:
    """Return what is called for each endpoint that an edge is to listen on; ``about`` is for ``--help``."""

    def listen(self: Options, description: str) -> None:
        self["listen"].append(Place(description, description, edge))

    listen.__doc__ = about
    return listen


class Options(AccountOptions, WebOptions, IrcOptions, AnnounceOptions, HookOptions, OidcOptions):
    """The options of ``twistd chatd``; a wrong one ends the process with one line."""

    longdesc = (
        "A chat daemon that speaks lines: people connect with telnet, netcat or a client."
        " What its journal keeps: chatd export, chatd import, chatd erase. Copies of it: chatd backup, chatd restore."
        " That what was deleted leaves its file: chatd compact."
        " Log files said in a room: chatd tail. Who has an account: chatd user. Who is banned: chatd ban."
        " A certificate to start with: chatd certificate. For a class in one room: chatd class."
        " What is said in a room, sent on to a URL: chatd hook."
    )
    optParameters: ClassVar[list[list[object]]] = [
        parameter(PORT, None, "p"),
        ["interface", "i", "127.0.0.1", "Address to listen on; 0.0.0.0 or :: opens it to the network."],
        ["journal", "j", DEFAULT_JOURNAL, "Where what was said is kept: sqlite:PATH, memory:, nats://HOST,HOST."],
        *parameters(Retention, Limits),
    ]

    # One row for each edge.
    opt_listen = _listen_option(
        LineFactory,
        "Listen on a Twisted endpoint (tcp: tcp6: unix: tls: systemd: haproxy:) and not on --interface; repeatable.",
    )

    def __init__(self) -> None:
        super().__init__()
        self["listen"] = []
        self["trusted-proxy"] = []
        self.twistd: dict[str, Any] | None = None
        """What twistd itself was told; None if it is not twistd that runs the service."""

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
        """Check what was given; install the reactor that the journal needs."""
        if is_cluster(self["journal"]):
            try:
                use_asyncio()
            except ValueError as error:
                raise usage.UsageError(f"--journal {self['journal'].partition(':')[0]}://: {error}") from None
        super().postOptions()
        if self.parent is not None:
            self._take_over_pid_file(self.parent)

    def _take_over_pid_file(self, twistd: usage.Options) -> None:
        """See to the pid file in place of twistd, to which a number in it is proof; in the foreground none is needed.

        twistd looks at its options after this.
        """
        wanted, twistd["pidfile"] = twistd["pidfile"], ""
        if wanted == DEFAULT_PID_FILE and (twistd["nodaemon"] or twistd["debug"]):
            wanted = ""
        self.twistd = {**twistd, "pidfile": wanted and os.path.abspath(wanted)}

    def parseArgs(self, *extra: str) -> None:
        """Refuse what is no option."""
        if extra:
            raise usage.UsageError(f"{extra[0]!r} is no option")

    def getSynopsis(self) -> str:
        """Return the first line of the help."""
        return "Usage: twistd [twistd options] chatd [options], or in the foreground: chatd [options]"

    @property
    def limits(self) -> Limits:
        """What one connection, and all of them, may use."""
        limits = from_options(Limits, self)
        if limits.room_founders is None:  # who comes with an IRC client expects to run the room that they open
            return replace(limits, room_founders=bool(self["irc"]))
        return limits

    @property
    def places(self) -> list[Place]:
        """Where to listen: on each endpoint of --listen once, and before them on --port if that or nothing is given."""
        places: list[Place] = list(dict.fromkeys(self["listen"]))
        if self["port"] is None and places:
            return places
        port = DEFAULT_PORT if self["port"] is None else self["port"]
        description = f"tcp:{port}:interface={quoteStringArgument(self['interface'])}:backlog={BACKLOG}"
        return [Place(f"port {port} of {self['interface']}", description, LineFactory), *places]


def makeService(options: Options) -> ChatService:
    """Return the service that the options ask for; nothing is opened before it starts.

    Raises `SystemExit`, with one line for the user, for an endpoint or a journal that is none.
    """
    from twisted.internet import reactor

    tell_monotonic_time(reactor)
    clock = IReactorTime(reactor)
    limits, retention = options.limits, from_options(Retention, options)
    exit_status = ExitStatus(reactor)
    environment = Environment(
        clock, time.time, lambda: secrets.token_hex(8), partial(Thread, reactor), retention, exit_status.give_up
    )
    try:
        journal = from_string(options["journal"], environment)
    except ValueError as error:
        raise SystemExit(f"chatd: {error}") from None
    hub = make_hub(journal, clock, limits, accounts=options.make_accounts(reactor), wall=time.time)
    options.settle_groups(hub, clock)
    gateway = Gateway(hub, clock)
    trusted = options["trusted-proxy"] or THIS_MACHINE
    proxied = partial(
        ProxiedFactory,
        trusted=trusted,
        timers=hub.timers,
        header_seconds=limits.join_seconds,
        log_limiter=hub.log_limiter,
    )
    listen = partial(_listening, IReactorCore(reactor), proxied)
    places = [listen(place.name, place.description, place.edge(gateway)) for place in options.places]
    irc = IrcFactory(gateway, options["irc-name"], options["irc-history"]) if options.irc_places else None
    if irc is not None:
        places += [replace(listen(each.name, each.description, irc), is_irc=True) for each in options.irc_places]
    if (web := options.web_place) is not None:
        speech = None if irc is None else irc.speech
        sign_on = options.make_sign_on(reactor, hub)
        guests = bool(options["web-guests"])
        site = WebFactory(gateway, guests=guests, hosts=options["web-host"], irc=speech, sign_on=sign_on)
        page = listen(web.name, web.description, site)
        places.append(replace(page, asked_for=web.asked_for, is_page=True))
    announcer = options.make_announcer(reactor)
    return ChatService(clock, gateway, places, exit_status, options.twistd, announcer, options.make_hooks(reactor, hub))


def _listening(reactor: IReactorCore, proxied: Wrap, name: str, description: str, edge: EdgeFactory) -> Listening:
    if re.match(r"(haproxy:)?(ssl|tls):", description, re.IGNORECASE) and find_spec("OpenSSL") is None:
        raise SystemExit(f"chatd: {description!r} needs TLS, which is not installed: pip install 'chatd[tls]'")
    try:
        return Listening(name, endpoint_from(reactor, description, proxied), edge)
    except Exception as error:  # endpoints are plugins: each has its own way to refuse its arguments
        why = f"{type(error).__name__}: {error}" if not isinstance(error, ValueError) else str(error)
        raise SystemExit(f"chatd: {description!r} is no endpoint: {' '.join(why.split())}") from None
