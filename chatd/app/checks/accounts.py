"""The accounts, who may make one, and what passwords are checked with."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path

from chatd.accounts import passwords
from chatd.accounts.database import APPLICATION_ID, VERSION
from chatd.accounts.service import Registration
from chatd.app.checks.database import Kind, check_file, count, has_table
from chatd.app.checks.question import Configured, Question
from chatd.app.checks.result import Result, good, warning, wrong
from chatd.app.checks.sqlite_file import number
from chatd.protocol.text import counted
from chatd.runtime.extras import install_command

_KIND = Kind("accounts", "accounts of chatd", APPLICATION_ID, VERSION)


def check(question: Question) -> Iterator[Result]:
    """Yield what is found of the accounts."""
    path = question.options.accounts_path
    if path is None:
        return
    yield from check_file(question, _KIND, path, lambda db: _contents(db, path, question.options))
    if not path.exists():
        yield from _nobody(question.options, path)


def _contents(db: sqlite3.Connection, path: Path, options: Configured) -> Iterator[Result]:
    if not has_table(db, "account") or number(db, "user_version") != VERSION:
        return
    accounts, operators = count(db, "account"), count(db, "account", "operator")
    ranked = counted(operators, "server operator")
    yield good("accounts.count", f"{path} has {counted(accounts, 'account')}, including {ranked}")
    if not accounts:
        yield from _nobody(options, path)
        return
    if not operators:
        do = "chatd user add NICK --operator"
        yield warning("accounts.operators", "there is no server operator to ban people or close rooms", do)
    if count(db, "account", "hash IS NOT NULL") and not passwords.is_installed():
        what = f"{path} contains passwords, but Argon2 is not installed"
        yield wrong("accounts.argon2", what, install_command("accounts"))
    if options["registration"] is Registration.CODE:
        yield from _codes(db)


def _codes(db: sqlite3.Connection) -> Iterator[Result]:
    open_codes = "uses > 0 AND (expires IS NULL OR expires > ?)"
    (found,) = db.execute(f"SELECT count(*) FROM code WHERE {open_codes}", (int(time.time()),)).fetchone()
    if found:
        yield good("accounts.codes", f"{counted(found, 'invitation code')} can be used")
    else:
        yield _no_code()


def _no_code() -> Result:
    return warning(
        "accounts.codes", "--registration is code, but no code exists, so nobody can register", "chatd user invite"
    )


def _nobody(options: Configured, path: Path) -> Iterator[Result]:
    """Yield what follows from it that nobody has an account."""
    if options["members-only"] and not options.checkers:
        yield warning("accounts.members", f"--members-only is on, but {path} has no accounts", "chatd user add NICK")
    if options["registration"] is Registration.CODE:
        yield _no_code()
