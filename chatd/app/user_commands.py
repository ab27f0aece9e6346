"""``chatd user``: manages accounts, invitations and tokens. The daemon may be running."""

from __future__ import annotations

import argparse
import getpass
import secrets
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from chatd.accounts import AccountsError, passwords, scram
from chatd.accounts.groups import groups_in
from chatd.accounts.provided import is_provided
from chatd.accounts.scram_store import ScramStore
from chatd.accounts.store import Account, AccountStore, TakenError, open_account_store
from chatd.accounts.token_store import TokenStore
from chatd.app import token_commands
from chatd.app.account_file import path_of
from chatd.app.audit_log import note_command
from chatd.app.where import settle, where_options
from chatd.protocol import names
from chatd.protocol.duration import seconds
from chatd.protocol.text import clean
from chatd.runtime.error_texts import in_one_line

CODE_BYTES = 8


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd user`` say. Raise `SystemExit`, with one line if it could not be done."""
    options = make_parser().parse_args(arguments)
    carry_out: Callable[[argparse.Namespace], None] = options.carry_out
    settle(options)
    try:
        carry_out(options)
        if carry_out is not _list and options.command != "user tokens":
            note_command(options.audit, options.command, getattr(options, "nick", None))
    except BrokenPipeError:  # whoever reads it has had enough
        raise
    except (KeyboardInterrupt, EOFError):
        raise SystemExit("chatd: interrupted; nothing was changed") from None
    except (AccountsError, TakenError, OSError, ValueError) as error:
        raise SystemExit(f"chatd: {in_one_line(error)}") from None


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    parser = argparse.ArgumentParser(prog="chatd user", description="Manage accounts. The server may be running.")
    commands = parser.add_subparsers(required=True)
    file = where_options("accounts")

    def command(name: str, carry_out: Callable[[argparse.Namespace], None], about: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, parents=[file], help=about, description=about)
        made.set_defaults(carry_out=carry_out, command=f"user {name}")
        return made

    about = "Create an account. The password is prompted for, or read from standard input."
    add = command("add", _add, about)
    add.add_argument("nick")
    add.add_argument("--operator", action="store_true", help="make it a server operator")
    add.add_argument(
        "--no-password", action="store_true", help="set no password here; an --auth method of the server checks it"
    )
    about = (
        "Set a new password, prompted for or read from standard input. This ends the logins of the account on the page."
    )
    command("passwd", _passwd, about).add_argument("nick")
    about = "Remove an account; anybody may use the nick again. Existing connections stay logged in until they end."
    command("remove", _remove, about).add_argument("nick")
    command(
        "list",
        _list,
        "Print one line per account: nick, operator or -, password, oidc or auth, day of creation, groups.",
    )
    about = "Print a new invitation code for one account, to use with REGISTER if --registration is code."
    invite = command("invite", _invite, about)
    invite.add_argument("--expires", metavar="TIME", help="how long it is valid: 12h, 7d, 2w (default: until used)")
    about = "Delete what is stored for SCRAM about one password or, without NICK, about all; see --scram of the server."
    command("forget-scram", _forget_scram, about).add_argument("nick", nargs="?")
    token_commands.add_to(command)
    return parser


def _add(options: argparse.Namespace) -> None:
    nick = names.nick(options.nick)
    password = None if options.no_password else _new_password(_hasher())
    with open_account_store(path_of(options), make=True) as store:
        if store.find(names.key(nick)) is not None:
            raise ValueError(f"{nick} already belongs to a registered user; choose another, or see chatd user passwd")
        kept = None if password is None else password.hash
        store.add(Account(names.key(nick), nick, kept, options.operator, int(time.time())))
        _keep_for_scram(store, names.key(nick), password)
    print(f"created account {nick}")


def _passwd(options: argparse.Namespace) -> None:
    nick, hasher = names.nick(options.nick), _hasher()
    with open_account_store(path_of(options), make=False) as store:
        account = store.find(names.key(nick))
        password = None if account is None else _new_password(hasher)
        if account is None or password is None or not store.set_hash(account.key, password.hash):
            raise ValueError(f"{nick} has no account")
        _keep_for_scram(store, account.key, password)
        tokens = len(TokenStore(store).all(account.key))
    left = f"; its tokens stay valid, see chatd user tokens {account.name}" if tokens else ""
    print(f"changed the password of {account.name}{left}")


def _remove(options: argparse.Namespace) -> None:
    nick = names.nick(options.nick)
    with open_account_store(path_of(options), make=False) as store:
        if not store.remove(names.key(nick)):
            raise ValueError(f"{nick} has no account")
    left = "its rights in rooms pass to the next account of that nick; its private messages do not"
    print(f"removed account {nick}; {left}")


def _list(options: argparse.Namespace) -> None:
    with open_account_store(path_of(options), make=False) as store:
        for each in store.accounts():
            made = datetime.fromtimestamp(each.created, UTC).date().isoformat()
            groups = [clean(",".join(sorted(found)))] if (found := groups_in(store, each.key)) else []
            print(each.name, "operator" if each.operator else "-", _how(store, each), made, *groups, sep="\t")


def _how(store: AccountStore, account: Account) -> str:
    """Return by what one logs in to an account."""
    ways = ["oidc"] * is_provided(store, account.key) + ["password"] * (account.hash is not None)
    return "+".join(ways) or "auth"


def _invite(options: argparse.Namespace) -> None:
    now = int(time.time())
    expires = None if options.expires is None else now + seconds(options.expires)
    code = secrets.token_hex(CODE_BYTES)
    with open_account_store(path_of(options), make=True) as store:
        store.add_code(code, expires, now)
    print(code)


def _hasher() -> passwords.Hasher:
    if not passwords.is_installed():
        raise ValueError(f"a password {passwords.missing()}")
    return passwords.Hasher()


def _forget_scram(options: argparse.Namespace) -> None:
    with open_account_store(path_of(options), make=False) as store:
        kept = ScramStore(store)
        if options.nick is None:
            count = kept.end()
            accounts = f"{count} {'account' if count == 1 else 'accounts'}"
            print(f"deleted what was stored for SCRAM, of {accounts}; a server with --scram starts anew")
            return
        nick = names.nick(options.nick)
        if not kept.forget(names.key(nick)):
            raise ValueError(f"nothing is stored for SCRAM of {nick}")
    print(
        f"deleted what was stored for SCRAM of {nick}, until {nick} logs in with the password on a server with --scram"
    )


def _keep_for_scram(store: AccountStore, key: str, password: _NewPassword | None) -> None:
    """Keep what SCRAM needs of a password, where that is kept; without scramp, the next login does it."""
    kept = ScramStore(store)
    if password is not None and kept.keeps and scram.is_installed():
        kept.keep(key, password.hash, password.text)


class _NewPassword(NamedTuple):
    """A password that was just chosen."""

    text: str
    hash: str


def _new_password(hasher: passwords.Hasher) -> _NewPassword:
    """Ask for a new password, twice where nobody sees it."""
    if sys.stdin is None:
        raise ValueError("standard input is closed, so no password can be read")
    if sys.stdin.isatty():
        password = getpass.getpass("New password: ")
        passwords.check(password)
        if getpass.getpass("Again: ") != password:
            raise ValueError("the passwords differ; nothing was changed")
    else:
        password = sys.stdin.readline().rstrip("\r\n")
        passwords.check(password)
    return _NewPassword(password, hasher.hash(password))
