"""Takes up other options, in a daemon that runs: all of them, or none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

from twisted.logger import LogLevel

from chatd.accounts import Accounts, AccountsError
from chatd.accounts.service import AccountService, Registration
from chatd.app.announcing import Announcer
from chatd.app.doors import Doors, Listening, Wish
from chatd.app.edges import Edges
from chatd.app.option_fields import option_fields
from chatd.app.reloading.door_change import DoorChange
from chatd.app.wanted import Wanted
from chatd.chat.limits import Limits
from chatd.edges.gateway import Gateway
from chatd.journal import JournalError, Retention

ENDPOINTS = frozenset({"port", "interface", "listen", "web", "irc"})
EDGES = frozenset({"trusted-proxy", "web-host", "web-guests", "irc-history"})
ACCOUNTS = frozenset({"registration", "members-only"})
BOUNDS = frozenset(each.option.name for kind in (Limits, Retention) for each in option_fields(kind))
APPLIED = ENDPOINTS | EDGES | ACCOUNTS | BOUNDS | {"announce", "log-level"}
"""The options that are taken up; those of the table of options that are live."""

Take = Callable[[], Sequence[str]]
"""Takes something up that was prepared; returns what there is to say of it."""


@runtime_checkable
class Renewing(Protocol):
    """What serves certificates."""

    def renew(self) -> Take:
        """Read them again; return what takes them up. Raise `ValueError`, with a sentence, if they are of no use."""


class Served(Protocol):
    """The service that runs."""

    open_doors: Doors

    def set_log_level(self, level: LogLevel) -> None:
        """Log nothing below a level from here on."""

    async def announce(self, announcer: Announcer) -> None:
        """Announce what is open now, and by that announcer."""


class Applying:
    """What of a daemon takes options up."""

    def __init__(self, reactor: Any, gateway: Gateway, accounts: Accounts, edges: Edges, service: Served) -> None:
        self._reactor = reactor
        self._gateway = gateway
        self._accounts = accounts
        self._edges = edges
        self._service = service
        self._doors = service.open_doors

    async def apply(self, before: Wanted, after: Wanted) -> list[str]:
        """Let other options hold; return what there is to say of it, but for the options themselves.

        Raise `ValueError`, with a sentence, if something of it cannot be; then nothing has changed.
        """
        self._prepare_accounts(after)
        doors = self._door_change(before, after)
        certificates = list(self._renew_certificates(after))
        await doors.open()
        try:
            if before.retention != after.retention:
                await self._gateway.hub.journal.set_retention(after.retention)
        except JournalError as error:
            await doors.undo()
            raise ValueError(str(error)) from None
        self._gateway.set_limits(after.limits)
        self._edges.follow(after)
        self._service.set_log_level(after.log_level)
        self._take_accounts(after)
        told = list(dict.fromkeys(sentence for take in certificates for sentence in take()))
        await doors.close()
        if doors.is_one or before["announce"] != after["announce"]:
            await self._service.announce(after.make_announcer(self._reactor))
        return [*told, *doors.told]

    def _prepare_accounts(self, after: Wanted) -> None:
        accounts = self._accounts
        registration: Registration = after["registration"]
        if isinstance(accounts, AccountService):
            try:
                accounts.prepare_policy(registration)
            except AccountsError as error:
                raise ValueError(after.explain(f"--registration: {error}")) from None
        elif registration is not Registration.OFF or after["members-only"]:
            name = "members-only" if after["members-only"] else "registration"
            raise ValueError(
                after.explain(f"--{name} needs accounts, which this server does not have; restart to apply it")
            )

    def _take_accounts(self, after: Wanted) -> None:
        accounts = self._accounts
        if isinstance(accounts, AccountService):
            accounts.set_policy(after["registration"], members_only=bool(after["members-only"]))

    def _renew_certificates(self, after: Wanted) -> Iterator[Take]:
        wanted = {wish.key for wish in after.wishes}
        for opened in self._doors.opened:
            if opened.place.wish.key not in wanted:
                continue
            creator = getattr(opened.place.endpoint, "creator", None)
            if isinstance(creator, Renewing):
                yield creator.renew()

    def _door_change(self, before: Wanted, after: Wanted) -> DoorChange:
        wanted = {wish.key: wish for wish in after.wishes}
        there = {opened.place.wish.key for opened in self._doors.opened}
        there |= {wish.key for wish in before.wishes if not wish.asked_for}  # or not, and that was said at the start
        going = [each for each in self._doors.opened if each.place.wish.key not in wanted]
        coming = [self._listening(wish, after) for key, wish in wanted.items() if key not in there]
        return DoorChange(self._doors, coming, going)

    def _listening(self, wish: Wish, after: Wanted) -> Listening:
        try:
            return self._edges.listening(wish)
        except SystemExit as stop:
            raise ValueError(after.explain(str(stop).removeprefix("chatd: "))) from None
