"""``chatd class``: runs a server for one class in the foreground, open to the network."""

from __future__ import annotations

import os
import secrets
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

from twisted.application import app
from twisted.application.service import IServiceMaker
from twisted.plugin import IPlugin
from twisted.python import usage
from twisted.scripts.twistd import ServerOptions, runApp  # type: ignore[attr-defined]  # Twisted lists it nowhere
from typing_extensions import override
from zope.interface import implementer

from chatd.accounts import Accounts, AccountsError, passwords
from chatd.accounts.link_store import LinkStore, ensure_operator
from chatd.accounts.service import AccountService, Registration
from chatd.accounts.store import AccountStore, TakenError
from chatd.app import options as daemon
from chatd.app.announcing import ANY
from chatd.app.class_banner import INVITED, INVITED_HOURS, LINK_MINUTES, Opened, banner
from chatd.app.configuration.layers import COMMAND_LINE
from chatd.app.early_signals import hold_signals
from chatd.app.exit_status import ExitStatus
from chatd.app.options import Options
from chatd.app.qr_code import qr_code
from chatd.app.service import ChatService
from chatd.app.web_options import DEFAULT_WEB_PORT, OFF
from chatd.journal.sqlite.address import sqlite_path
from chatd.protocol import names
from chatd.runtime.interfaces import interfaces, outgoing_address, reachable

CODE_BYTES = 5
"""Of an invitation: it is written on a blackboard, holds for a day at most, and wrong ones are counted."""
DEFAULT_LOG = "chatd-class.log"


class ClassOptions(Options):
    """The options of ``chatd class``: those of the daemon, for a class by default, and its own."""

    longdesc = "Run a server for one class in the foreground, open to the network, and print how to join."

    optParameters: ClassVar[list[list[object]]] = [
        ["room", None, "#class", "room of the class"],
        ["nick", None, "teacher", "nick of the server operator's account that the link creates"],
    ]
    optFlags: ClassVar[list[list[object]]] = [["no-announce", None, "do not announce the server on the network"]]

    def __init__(self) -> None:
        super().__init__()
        self.accounts: Accounts | None = None
        self.defaults["interface"] = self["interface"] = "0.0.0.0"
        self["web-guests"] = 1
        self.defaults["logfile"] = self["logfile"] = DEFAULT_LOG
        if passwords.is_installed():
            self.defaults["registration"] = self["registration"] = Registration.CODE.value

    @override
    def getSynopsis(self) -> str:
        return "Usage: chatd class [options]"

    @override
    def postOptions(self) -> None:
        try:
            room = self["room"]  # a shell takes a # that is not quoted for the beginning of a comment
            self["room"] = names.room(room if room.startswith("#") else f"#{room}")
            self["nick"] = names.nick(self["nick"])
        except ValueError as error:
            raise usage.UsageError(str(error)) from None
        if self["web"] == OFF:
            raise usage.UsageError("a class needs the page; leave out --web off, or run chatd for a server without it")
        if self["web"] is None:
            self["web"] = str(DEFAULT_WEB_PORT)
        if self["members-only"]:
            self["registration"], self["web-guests"] = Registration.OFF.value, 0
        if self["no-announce"]:
            self._announce_nothing()
        elif self["announce"] is None and find_spec("zeroconf") is not None:
            self["announce"] = f"chatd on {socket.gethostname().partition('.')[0]}"[:40]
        super().postOptions()

    def _announce_nothing(self) -> None:
        if "announce" in self.given and self.given["announce"].origin == COMMAND_LINE:
            raise usage.UsageError("--announce and --no-announce exclude each other; leave one out")
        self["announce"] = None

    @override
    def make_accounts(self, reactor: Any) -> Accounts:
        self.accounts = super().make_accounts(reactor)
        return self.accounts

    @property
    def store(self) -> AccountStore | None:
        """The accounts, once the service was made; None if none are kept."""
        return self.accounts.store if isinstance(self.accounts, AccountService) else None


@implementer(IServiceMaker, IPlugin)
class ClassServiceMaker:
    """Makes the service of a class, for twistd."""

    tapname = "class"
    description = "A chat for a class."
    options = ClassOptions

    def makeService(self, options: ClassOptions) -> ChatService:
        """Return the service; what it has opened is printed once it runs."""
        from twisted.internet import reactor as installed

        reactor: Any = installed
        service = daemon.makeService(options)
        reactor.callWhenRunning(_opened, reactor, service, options)
        return service


class ClassServerOptions(ServerOptions):
    """twistd's own options, with the class as the only thing to run."""

    @property
    def subCommands(self) -> Iterator[tuple[str, None, type[ClassOptions], str]]:  # noqa: N802  # Twisted's
        """Yield the row of the class."""
        maker = ClassServiceMaker()
        self.loadedPlugins = {maker.tapname: maker}
        yield maker.tapname, None, ClassOptions, maker.description


def main(arguments: Sequence[str]) -> None:
    """Run the server for a class until it is stopped, with the arguments after ``chatd class``."""
    hold_signals()
    sys.argv[1:] = ["--nodaemon", "--pidfile=", ClassServiceMaker.tapname, *arguments]
    app.run(runApp, ClassServerOptions)


def _opened(reactor: Any, service: ChatService, options: ClassOptions) -> None:
    """Say what is open; or why that cannot be, and stop."""
    try:
        text = banner(_opening(service, options), lambda link: qr_code(link, colour=_is_terminal()))
    except (AccountsError, TakenError, ValueError) as error:
        ExitStatus(reactor).give_up(str(error))
        return
    _say(text)
    reactor.addSystemEventTrigger("after", "shutdown", _say, f"\nStopped. {_kept(options)}")


def _opening(service: ChatService, options: ClassOptions) -> Opened:
    """Return what is open. Raise `AccountsError`, `TakenError` or `ValueError`, with a sentence, if it cannot be."""
    page = next((door for door in service.doors if door.is_page), None)
    if page is None:
        raise ValueError(f"a class needs a page with a port; give one with --web instead of {options['web']}")
    own = interfaces()
    operator_code, invitation = _codes(options)
    return Opened(
        room=options["room"],
        nick=options["nick"],
        page=page,
        lines=next((door for door in service.doors if not door.is_page), None),
        addresses=page.addresses(reachable(own, outgoing_address())),
        operator_code=operator_code if page.tls or page.is_loopback or page.host in ANY else None,
        invitation=invitation,
        guests=not options["members-only"],
        kept=_kept(options),
        log=os.path.abspath(options["logfile"]),
        announced=options["announce"],
    )


def _codes(options: ClassOptions) -> tuple[str | None, str | None]:
    """Return the code of the operator's link and that of an invitation, None where there can be none.

    Raise `AccountsError`, or `TakenError` if the operator's name is another's.
    """
    store, now = options.store, int(time.time())
    if store is None:
        return None, None
    account = ensure_operator(store, options["nick"], now)
    code = LinkStore(store).make(account.key, now, now + LINK_MINUTES * 60)
    if options["registration"] is not Registration.CODE:
        return code, None
    invitation = secrets.token_hex(CODE_BYTES)
    store.add_code(invitation, now + INVITED_HOURS * 60 * 60, now, INVITED)
    return code, invitation


def _kept(options: ClassOptions) -> str:
    journal = options["journal"]
    try:
        path: Path = sqlite_path(journal)
    except ValueError:
        return (
            "Messages are lost when the server stops."
            if journal.startswith("memory:")
            else "Messages are stored in NATS."
        )
    return f"Messages are stored in {path.resolve()}."


def _say(text: str) -> None:
    # Flushed, since a process that a signal ends flushes nothing; and sys.stdout is the log's here.
    print(text, file=sys.__stdout__, flush=True)


def _is_terminal() -> bool:
    return sys.__stdout__ is not None and sys.__stdout__.isatty()
