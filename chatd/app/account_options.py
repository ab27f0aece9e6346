"""The account options of ``twistd chatd``, and the accounts made from them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.strcred import AuthOptionMixin, findCheckerFactories
from twisted.internet.interfaces import IReactorTime
from twisted.python import usage

from chatd.accounts import Accounts, NoAccounts, passwords, scram
from chatd.accounts.passwords import Hasher
from chatd.accounts.scram_store import ScramStore
from chatd.accounts.service import AccountService, Registration
from chatd.accounts.store import AccountStore, beside
from chatd.app.group_options import GroupOptions
from chatd.app.state_options import StateOptions
from chatd.journal.sqlite.address import sqlite_path
from chatd.runtime.extras import missing
from chatd.runtime.thread_pool import ThreadPool
from chatd.runtime.threads import Thread

HASHES_AT_A_TIME = 2
"""Each takes 64 MiB while it lasts."""
MAX_WAITING = 64
"""How many passwords may wait for their turn, before people are asked to come again later."""


class AccountOptions(StateOptions, GroupOptions, AuthOptionMixin):
    """``--accounts``, ``--auth``, ``--registration``, ``--members-only``, ``--scram``."""

    supportedInterfaces: Any = (IUsernamePassword,)
    optParameters: ClassVar[list[list[object]]] = [
        ["accounts", None, None, "file of the accounts (default: chatd.accounts.sqlite3 beside the journal)"],
        [
            "registration",
            None,
            Registration.OFF.value,
            "who may REGISTER a nick: off, open, or code for invited people",
        ],
    ]
    optFlags: ClassVar[list[list[object]]] = [
        ["members-only", None, "require an account to join"],
        ["scram", None, "let IRC clients log in with SCRAM-SHA-256, which stores more about each password"],
    ]

    def opt_auth(self, description: str) -> None:
        """another way to check passwords: pam, file:PATH or what --help-auth lists (repeatable)"""
        kind, _, path = description.partition(":")
        if kind == "file":
            # Twisted's only warns, and looks for the file at each login: from wherever a daemon is by then.
            if not Path(path).is_file():
                raise usage.UsageError(f"--auth {description}: no such file: {path!r}")
            description = f"file:{Path(path).resolve()}"
        elif kind not in {each.authType for each in findCheckerFactories()}:
            raise usage.UsageError(f"--auth takes pam, file:PATH or a method that --help-auth lists, not {kind!r}")
        super().opt_auth(description)

    def opt_help_auth(self) -> None:
        """list the methods that --auth takes"""
        super().opt_help_auth()

    def opt_help_auth_type(self, method: str) -> None:
        """explain a method that --auth takes"""
        super().opt_help_auth_type(method)

    def postOptions(self) -> None:
        """Check what was given."""
        super().postOptions()
        try:
            self["registration"] = Registration(self["registration"])
        except ValueError:
            choice = ", ".join(Registration)
            raise usage.UsageError(f"--registration takes one of {choice}, not {self['registration']!r}") from None
        if self["scram"] and self.checkers:
            raise usage.UsageError(
                "--scram and --auth exclude each other: --auth checks passwords, and SCRAM does not send them"
            )
        if not self["members-only"]:
            return
        if self["registration"] is not Registration.OFF:
            raise usage.UsageError(
                "--members-only and --registration exclude each other: only members could REGISTER;"
                " add accounts with chatd user add"
            )
        if self.accounts_path is None and not self.checkers and self.get("oidc-issuer") is None:
            raise usage.UsageError("with --members-only nobody could join; add --accounts or --auth")

    @property
    def checkers(self) -> Sequence[ICredentialsChecker]:
        """Those of ``--auth``, in their order."""
        checkers: Sequence[ICredentialsChecker] = self.get("credCheckers", [])
        return checkers

    @property
    def accounts_path(self) -> Path | None:
        """The file of the accounts; None if they are kept in memory, as the journal is."""
        if self["accounts"] is not None:
            return self.in_state_directory(self["accounts"])
        try:
            return beside(sqlite_path(self["journal"]))
        except ValueError:
            return None

    def make_accounts(self, reactor: Any) -> Accounts:
        """Return the accounts that the options ask for, nothing opened yet.

        Raise `SystemExit`, with one line for the user, if something is not installed that they need.
        """
        path, registration = self.accounts_path, self["registration"]
        kept = self["accounts"] is not None or self["scram"] or self.get("oidc-issuer") is not None
        wanted = bool(registration is not Registration.OFF or kept or self.checkers)
        if path is None and not wanted:
            return NoAccounts()
        installed = passwords.is_installed()
        if registration is not Registration.OFF and not installed:
            raise SystemExit(f"chatd: --registration {passwords.missing()}")
        if self["scram"] and not scram.is_installed():
            raise SystemExit(f"chatd: --scram {missing('scramp', 'irc')}")
        store = AccountStore(path)
        threads = [Thread(reactor, f"chatd accounts {number}", patient=True) for number in range(HASHES_AT_A_TIME)]
        return AccountService(
            store,
            IReactorTime(reactor),
            ThreadPool(threads, MAX_WAITING),
            Hasher() if installed else None,
            self.checkers,
            registration=registration,
            members_only=bool(self["members-only"]),
            make=wanted,
            wall=time.time,
            scram=ScramStore(store) if self["scram"] else None,
            rules=self.group_rules,
        )
