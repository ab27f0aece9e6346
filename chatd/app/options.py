"""The options of ``twistd chatd``, and the service made from them."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from ipaddress import ip_network
from typing import Any, ClassVar, NamedTuple, NoReturn, Self

from twisted.internet.endpoints import quoteStringArgument
from twisted.internet.interfaces import IReactorTime
from twisted.python import usage

from chatd import __version__
from chatd.accounts.audited import AuditedAccounts
from chatd.app.account_options import AccountOptions
from chatd.app.announce_options import AnnounceOptions
from chatd.app.asyncio_reactor import use_asyncio
from chatd.app.configuration.layers import COMMAND_LINE, GivenElsewhereError
from chatd.app.control import Control
from chatd.app.doors import Spoken, Wish
from chatd.app.edges import Edges
from chatd.app.exit_status import ExitStatus
from chatd.app.hook_options import HookOptions
from chatd.app.irc_options import IrcOptions, IrcPlace
from chatd.app.log_options import LogOptions
from chatd.app.log_output import LOG_OPTION
from chatd.app.oidc_options import OidcOptions
from chatd.app.option_fields import from_options, parameter, parameters
from chatd.app.option_needs import unmet
from chatd.app.places_file import places_of
from chatd.app.reference.help_text import help_text, short_help_text
from chatd.app.reference.output import until_closed, width
from chatd.app.reference.spelling import no_command
from chatd.app.reloading.applying import Applying
from chatd.app.reloading.reloader import Reloader
from chatd.app.service import ChatService
from chatd.app.systemd import standing, take_notifier
from chatd.app.web_options import BACKLOG, WebOptions, WebPlace
from chatd.chat.assembly import make_hub
from chatd.chat.limits import Limits
from chatd.edges.gateway import EdgeFactory, Gateway
from chatd.edges.line import LineFactory
from chatd.journal import Environment, Retention
from chatd.journal.factory import DEFAULT_JOURNAL, from_string, is_cluster, without_secrets
from chatd.journal.sqlite.address import in_directory
from chatd.runtime.clocks import tell_monotonic_time
from chatd.runtime.epoll import read_without_context
from chatd.runtime.error_texts import in_one_line
from chatd.runtime.option import Number
from chatd.runtime.threads import Thread

DEFAULT_PORT = 10319
DEFAULT_PID_FILE = "twistd.pid"
"""The file of twistd's own choice."""
PORT = Number("port", "PORT", f"port to listen on; 0 picks a free one (default: {DEFAULT_PORT})", 0, 65535)


class Place(NamedTuple):
    """Where to listen: what the user calls it, the description of the endpoint, and the edge that speaks there."""

    name: str
    description: str
    edge: type[EdgeFactory]
    option: str = "listen"


def _listen_option(edge: type[EdgeFactory], about: str) -> Callable[[Options, str], None]:
    """Return what is called for each endpoint that an edge is to listen on; ``about`` is for ``--help``."""

    def listen(self: Options, description: str) -> None:
        self["listen"].append(Place(description, description, edge))

    listen.__doc__ = about
    return listen


class Options(AccountOptions, WebOptions, IrcOptions, AnnounceOptions, HookOptions, LogOptions, OidcOptions):
    """The options of ``twistd chatd``; a wrong one ends the process with one line."""

    longdesc = ""

    optParameters: ClassVar[list[list[object]]] = [
        parameter(PORT, None, "p"),
        ["interface", "i", "127.0.0.1", "address to listen on; 0.0.0.0 or :: opens the server to the network"],
        ["journal", "j", DEFAULT_JOURNAL, "where messages are stored: sqlite:PATH, memory: or nats://HOST,HOST"],
        [
            "logfile",
            None,
            None,
            "file of the log (default: standard output in the foreground, twistd.log in the background)",
        ],
        *parameters(Retention, Limits),
    ]

    # One row for each edge.
    opt_listen = _listen_option(
        LineFactory,
        "Twisted endpoint instead of --interface: tcp:, tcp6:, unix:, tls:, systemd: or haproxy: (repeatable)",
    )

    def __init__(self) -> None:
        super().__init__()
        self["listen"] = []
        self["trusted-proxy"] = []
        self.words: Sequence[str] = ()
        """The command line."""
        self.is_first = True
        """Whether the reactor is still to be chosen."""
        self.twistd: dict[str, Any] | None = None
        """What twistd itself was told, and how the log is written; None if it is not twistd that runs the service."""

    def opt_trusted_proxy(self, network: str) -> None:
        """network whose PROXY headers are trusted on haproxy: endpoints (repeatable; default: this machine)"""
        try:
            self["trusted-proxy"].append(ip_network(network))
        except ValueError as error:
            raise usage.UsageError(
                f"--trusted-proxy takes an address or a network such as 10.0.0.0/8: {error}"
            ) from None

    def opt_help(self) -> NoReturn:
        """print this help and exit"""
        with until_closed():
            print(self.help_text(width()), end="")
        raise SystemExit(0)

    opt_h = opt_help

    def help_text(self, columns: int) -> str:
        """Return what ``--help`` prints; a command that has these options too says in ``longdesc`` what it does."""
        if self.longdesc:
            return short_help_text(self, self.getSynopsis(), self.longdesc, columns)
        return help_text(self, columns)

    def opt_version(self) -> NoReturn:
        """print the version and exit"""
        print(f"chatd {__version__}")
        raise SystemExit(0)

    def parseOptions(self, options: Sequence[str] | None = None) -> None:
        """Read the command line. Raise `SystemExit`, with one line for the user, if it is wrong."""
        self.words = tuple(options or ())
        try:
            super().parseOptions(options)
        except GivenElsewhereError as error:
            raise SystemExit(f"chatd: {' '.join(str(error).split())}") from None
        except usage.UsageError as error:
            sentence = " ".join(str(error).split())
            hint = "" if sentence.endswith("?") else "; see chatd --help"
            raise SystemExit(f"chatd: {sentence}{hint}") from None
        except PermissionError as error:  # where one may not even see whether a file is there
            raise SystemExit(f"chatd: {in_one_line(error)}; run this as the user of the server, or as root") from None

    def postOptions(self) -> None:
        """Check what was given; install the reactor that the journal needs."""
        self._install_reactor()
        super().postOptions()
        self._check_needs()
        if self.parent is not None:
            self._take_over_pid_file(self.parent)

    def _check_needs(self) -> None:
        if (why := unmet(self)) is not None:
            raise usage.UsageError(why)

    def _install_reactor(self) -> None:
        if self.is_first and is_cluster(self["journal"]):
            try:
                use_asyncio()
            except ValueError as error:
                raise usage.UsageError(f"--journal {self['journal'].partition(':')[0]}://: {error}") from None

    def _take_over_pid_file(self, twistd: usage.Options) -> None:
        """See to the pid file in place of twistd, to which a number in it is proof; in the foreground none is needed.

        twistd looks at its options after this.
        """
        wanted, twistd["pidfile"] = twistd["pidfile"], ""
        if wanted == DEFAULT_PID_FILE and (twistd["nodaemon"] or twistd["debug"]):
            wanted = ""
        log_option = self.take_over_log(twistd)
        pid_file = wanted and os.path.join(self.state_directory, wanted)
        about_log = {LOG_OPTION: log_option, "log": self["log"], "log-level": self.log_level}
        self.twistd = {**twistd, "pidfile": pid_file, **about_log}

    def parseArgs(self, *extra: str) -> None:
        """Refuse what is no option: a command is looked for before the options are."""
        if extra:
            raise usage.UsageError(no_command(extra[0]))

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
        return [Place(f"port {port} of {self['interface']}", description, LineFactory, "port"), *places]

    @property
    def retention(self) -> Retention:
        """How much is kept of what is said."""
        return from_options(Retention, self)

    @property
    def wishes(self) -> list[Wish]:
        """Where to listen, and what is spoken there."""
        lines = [self._wish(Spoken.LINES, each) for each in self.places]
        irc = [self._wish(Spoken.IRC, each) for each in self.irc_places]
        web = self.web_place
        pages = [] if web is None else [self._wish(Spoken.HTTP, web)._replace(asked_for=web.asked_for)]
        return [*lines, *irc, *pages]

    def _wish(self, spoken: Spoken, place: Place | IrcPlace | WebPlace) -> Wish:
        return Wish(spoken, place.description, place.name, place.option, self._opened_by(place))

    def _opened_by(self, place: Place | IrcPlace | WebPlace) -> str:
        """Return what lets other machines connect to a place: what was said as an endpoint says it there."""
        name = place.option if place.name == place.description else "interface"
        given = self.given.get(name)
        on_the_line = given is None or given.origin == COMMAND_LINE
        said = f"--{name}" if on_the_line else name
        origin = "" if given is None or on_the_line else f" ({given.origin})"
        return f"{said} 0.0.0.0{origin}" if name == "interface" else f"interface=0.0.0.0 in {said}{origin}"

    def read_again(self) -> Self:
        """Return what the same command line and environment say now, with the file as it is now.

        Raise `SystemExit`, with one line for the user, if something of it is wrong.
        """
        again = type(self)()
        again.is_first = False
        again.parseOptions([*self.words, *(["--config", self["config"]] if self["config"] else [])])
        again.twistd = self.twistd
        return again

    @property
    def files(self) -> list[str]:
        """The files that the daemon uses, each with what it is, for the log."""
        named = (
            ("configuration", self["config"]),
            ("journal", in_directory(self["journal"], self.state_directory)),
            ("accounts", self.accounts_path),
            ("hooks", self.hooks_path),
            ("pid", self.twistd and self.twistd["pidfile"]),
            ("audit log", self.audit_path),
            ("log", self["logfile"] and os.path.abspath(self["logfile"])),
        )
        return [f"{what} {without_secrets(str(file))}" for what, file in named if file]


class ReadOptions(Options):
    """The same options, for commands that run no daemon with them."""

    def _install_reactor(self) -> None:
        """Leave the reactor as it is."""


class PlaceOptions(ReadOptions):
    """The same options, for commands that take from them only where the files are."""

    def _check_needs(self) -> None:
        """Let an option stand that has no effect: the daemon refuses it, and nothing here depends on it."""


def makeService(options: Options) -> ChatService:
    """Return the service that the options ask for; nothing is opened before it starts.

    Raises `SystemExit`, with one line for the user, for an endpoint or a journal that is none.
    """
    try:
        return _make_service(options)
    except SystemExit as stop:
        if isinstance(stop.code, str):
            raise SystemExit(f"chatd: {options.explain(stop.code.removeprefix('chatd: '))}") from None
        raise


def _make_service(options: Options) -> ChatService:
    from twisted.internet import reactor

    tell_monotonic_time(reactor)
    read_without_context(reactor)
    clock = IReactorTime(reactor)
    limits, retention = options.limits, options.retention
    exit_status = ExitStatus(reactor)
    environment = Environment(
        clock, time.time, lambda: secrets.token_hex(8), partial(Thread, reactor), retention, exit_status.give_up
    )
    try:
        journal = from_string(options["journal"], environment)
    except ValueError as error:
        raise SystemExit(f"chatd: --journal: {error}") from None
    accounts = options.make_accounts(reactor)
    hub = make_hub(journal, clock, limits, accounts=accounts, wall=time.time)
    options.settle_groups(hub, clock)
    audit_log = options.make_audit_log(clock)
    if options.audit_path is not None:
        hub.audit, hub.accounts = audit_log, AuditedAccounts(accounts, audit_log)
    gateway = Gateway(hub, clock)
    edges = Edges(reactor, gateway, options, options.make_sign_on(reactor, hub))
    places = [edges.listening(wish) for wish in options.wishes]
    announcer = options.make_announcer(reactor)
    hooks = options.make_hooks(reactor, hub)
    notifier = take_notifier(os.environ, clock, partial(standing, gateway))
    control = Control(reactor, options.state_directory)
    kept_places = places_of(options["journal"])
    parts = (announcer, hooks, options.files, control, notifier, kept_places, audit_log)
    service = ChatService(clock, gateway, places, exit_status, options.twistd, *parts)
    applying = Applying(reactor, gateway, accounts, edges, service)
    service.reloader = Reloader(reactor, options, applying, service.under_way, notifier.reloading, notifier.ready)
    return service
