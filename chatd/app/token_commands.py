"""``chatd user token``, ``tokens``, ``revoke`` and ``logout``: access without a password."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Protocol

from chatd.accounts.login_store import LoginStore
from chatd.accounts.random_secrets import token_id
from chatd.accounts.store import AccountStore, NoAccountError, open_account_store
from chatd.accounts.token_store import Token, TokenStore
from chatd.app.account_file import path_of
from chatd.protocol import names
from chatd.protocol.duration import seconds
from chatd.protocol.names import Nick

_ONCE = "It is not shown again; save it now. Programs send it in the header Authorization: Bearer TOKEN"


class AddCommand(Protocol):
    """Adds the parser of one command."""

    def __call__(
        self, name: str, carry_out: Callable[[argparse.Namespace], None], about: str
    ) -> argparse.ArgumentParser:
        """Return the parser of a command, which ``carry_out`` does."""


def add_to(command: AddCommand) -> None:
    """Add these commands to a parser."""
    about = "Print a new bearer token with which programs use an account over HTTP."
    token = command("token", _token, about)
    token.add_argument("nick")
    token.add_argument(
        "--room", action="append", metavar="'#ROOM'", help="room that the token is limited to (repeatable)"
    )
    token.add_argument("--post-only", action="store_true", help="allow posting only, no reading or changing")
    token.add_argument("--expires", metavar="TIME", help="how long it is valid: 12h, 90d, 2w (default: until revoked)")
    about = "Print one line per token: id, nick, rooms, post-only or -, and the days of creation, expiry and last use."
    command("tokens", _tokens, about).add_argument("nick", nargs="?")
    command("revoke", _revoke, "Revoke a token, by its id or by the whole token. It is invalid at once.").add_argument(
        "id"
    )
    about = "End all logins of an account on the page. Its tokens stay valid."
    command("logout", _logout, about).add_argument("nick")


def _token(options: argparse.Namespace) -> None:
    nick, now = names.nick(options.nick), int(time.time())
    rooms = None if options.room is None else list({room.key: room for room in map(names.room, options.room)}.values())
    expires = None if options.expires is None else now + seconds(options.expires)
    with open_account_store(path_of(options), make=False) as store:
        try:
            made = TokenStore(store).add(nick.key, now, rooms=rooms, post_only=options.post_only, expires=expires)
        except NoAccountError:
            raise ValueError(f"{nick} has no account; create one with chatd user add {nick} --no-password") from None
    print(made.secret)
    print(f"{_ONCE}. To revoke it: chatd user revoke {made.id}", file=sys.stderr)


def _tokens(options: argparse.Namespace) -> None:
    nick = None if options.nick is None else names.nick(options.nick)
    with open_account_store(path_of(options), make=False) as store:
        if nick is not None:
            _check_is_there(store, nick)
        for each in TokenStore(store).all(None if nick is None else nick.key):
            print(*_columns(each), sep="\t")


def _revoke(options: argparse.Namespace) -> None:
    id_ = token_id(options.id) or options.id
    with open_account_store(path_of(options), make=False) as store:
        if not TokenStore(store).remove(id_):
            raise ValueError("no such token; see chatd user tokens")
    print(f"revoked token {id_}")


def _logout(options: argparse.Namespace) -> None:
    nick = names.nick(options.nick)
    with open_account_store(path_of(options), make=False) as store:
        _check_is_there(store, nick)
        ended = LoginStore(store).end_all(nick.key)
    print(f"logged {nick} out of the page; logins ended: {ended}")


def _check_is_there(store: AccountStore, nick: Nick) -> None:
    if store.find(nick.key) is None:
        raise ValueError(f"{nick} has no account")


def _columns(token: Token) -> tuple[str, ...]:
    rooms = "any" if token.rooms is None else " ".join(token.rooms)
    days = _day(token.made, ""), _day(token.expires, "never"), _day(token.used, "unused")
    return token.id, token.nick, rooms, "post-only" if token.post_only else "-", *days


def _day(time_: int | None, none: str) -> str:
    return none if time_ is None else datetime.fromtimestamp(time_, UTC).date().isoformat()
