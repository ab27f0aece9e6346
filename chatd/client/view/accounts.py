"""What can be done about one's account at a server, by way of the account sheet."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from chatd.client.net.kept_passwords import Keyring
from chatd.client.net.port import LinkPort
from chatd.client.net.status import LinkState, Status
from chatd.client.view.account_sheet import AccountSheet, Deed, Part, Shown
from chatd.client.view.admission import Visit
from chatd.client.view.connect_sheet import Entered, check_password
from chatd.client.view.troubles import is_this_machine
from chatd.protocol import names
from chatd.protocol.commands import LOBBY
from chatd.runtime.server_address import Address

MIN_PASSWORD_BYTES = 8
"""The shortest password that a server takes for a new account."""
NOT_ENCRYPTED = (
    "This connection is not encrypted, and passwords are sent over TLS only; connect to the server's TLS port to "
    "register or log in."
)
NO_NEWCOMERS = "You cannot register a nick over this connection; ask the operator of the server for an account."
"""The server does not say whether others can, over TLS."""
ELSEWHERE = (
    "To get a new password or a token for programs, ask the operator of the server to run "
    "chatd user passwd {account} or chatd user token {account}."
)


class Accounts:
    """Fills the sheet with the account at one server; ``enter`` logs in there."""

    def __init__(self, sheet: Callable[[], AccountSheet], keyring: Keyring, enter: Callable[[Entered], None]) -> None:
        self._make_sheet = sheet
        self._keyring = keyring
        self._enter = enter
        self._visit: Visit | None = None
        self._status: Status | None = None
        self._registering = ""
        """The password under which one registers, until that is answered."""

    @cached_property
    def _sheet(self) -> AccountSheet:
        deeds = {
            Deed.REGISTER: self._register, Deed.LOG_IN: self._log_in,
            Deed.LOG_OUT: self._log_out, Deed.FORGET: self._forget,
        }  # fmt: skip
        sheet = self._make_sheet()
        sheet.do = lambda deed: deeds[deed]()
        return sheet

    def open(self, visit: Visit, status: Status | None) -> None:
        """Show the account at a server."""
        self._visit, self._status, self._registering = visit, status, ""
        self._sheet.remember.set(False)
        self._sheet.say()
        self._fill()
        self._sheet.begin()

    def take(self, visit: Visit, status: Status) -> None:
        """Take how the connection to a server is."""
        if self._visit is not None and self._sheet.is_open and self._visit.address == visit.address:
            self._visit, self._status = visit, status
            self._fill()

    def answered(self, address: Address, problem: str) -> None:
        """Take what the server says to REGISTER."""
        password, self._registering = self._registering, ""
        if self._visit is None or self._visit.address != address:
            return
        nick = self._visit.nick
        if problem:
            self._sheet.say(problem=problem[:1].upper() + problem[1:])
            return
        self._sheet.say(f"The nick {nick} is now registered to you. It needs this password from now on.")
        if self._sheet.remember.get():
            self._keyring.put(address, nick, password).addCallback(self._kept)

    def _kept(self, problem: str) -> None:
        if problem:
            self._sheet.say(problem=f"The keyring did not store the password: {problem}")

    def _fill(self) -> None:
        if self._visit is not None:
            self._sheet.show(shown_of(self._visit.address, self._visit.nick, self._status))
            self._keyring.look().addCallback(self._sheet.explain_keyring)

    # What the buttons do.

    def _register(self) -> None:
        """Make the name one's own."""
        sheet = self._sheet
        password, code = sheet.own_password.get(), sheet.own_code.get().strip()
        try:
            check_new_password(password, sheet.own_again.get())
            if " " in code:
                raise ValueError("An invitation code has no spaces")
            self._link.register(password, code or None)
        except ValueError as error:
            sheet.say(problem=str(error))
            return
        self._registering = password
        sheet.say("Registering …")

    def _log_in(self) -> None:
        """Come to the server anew, with a password."""
        sheet, visit = self._sheet, self._visit
        if visit is None:
            return
        try:
            nick = names.nick(sheet.name.get().strip())
            password = check_password(sheet.password.get())
            if not password:
                raise ValueError("Enter the password")
        except ValueError as error:
            sheet.say(problem=str(error))
            return
        offered = bool(sheet.remember_box.winfo_manager())
        remember = offered and sheet.remember.get()
        sheet.close()
        self._enter(Entered(visit.address, nick, visit.room or LOBBY, password, remember, offered))

    def _log_out(self) -> None:
        """Leave, and forget the password here and in the keyring."""
        account = self._account
        if self._visit is not None and account:
            self._keyring.forget(self._visit.address, account)
            self._keyring.forget(self._visit.address, self._visit.nick)
        self._link.log_out()
        self._sheet.close()

    def _forget(self) -> None:
        """Let the keyring forget the password; the connection stays."""
        visit, sheet = self._visit, self._sheet
        if visit is None:
            return

        def forgotten(problem: str) -> None:
            done = f"The keyring has forgotten the password of {visit.nick}."
            sheet.say("" if problem else done, problem and f"The keyring could not forget the password: {problem}")

        self._keyring.forget(visit.address, visit.nick).addCallback(forgotten)

    @property
    def _link(self) -> LinkPort:
        assert self._visit is not None
        return self._visit.link

    @property
    def _account(self) -> str:
        return "" if self._status is None else self._status.account


def shown_of(address: Address, nick: str, status: Status | None) -> Shown:
    """Return what there is to say of the account at a server."""
    connected = status is not None and status.state is LinkState.CONNECTED
    account = status.account if status is not None and connected else ""
    if account:
        goes_by = f" and use the nick {nick}" if names.key(nick) != names.key(account) else ""
        who = f"You are logged in to the account {account} on {address.host}{goes_by}."
        return Shown(who, frozenset({Part.LOG_OUT}), nick, ELSEWHERE.format(account=account))
    if not connected:
        who = f"You are not connected to {address.host}."
    else:
        who = f"You are connected to {address.host} as the guest {nick}."
    if not (address.tls or is_this_machine(address.host)):
        return Shown(who, frozenset(), nick, NOT_ENCRYPTED)
    if status is not None and connected and status.takes_newcomers:
        return Shown(who, frozenset({Part.REGISTER, Part.LOG_IN}), nick)
    return Shown(who, frozenset({Part.LOG_IN}), nick, NO_NEWCOMERS if connected else "")


def check_new_password(password: str, again: str) -> None:
    """Raise `ValueError` with a sentence if this cannot be the password of a new account."""
    if len(check_password(password).encode()) < MIN_PASSWORD_BYTES:
        raise ValueError(f"A password has at least {MIN_PASSWORD_BYTES} characters and no spaces")
    if password != again:
        raise ValueError("The passwords do not match")
