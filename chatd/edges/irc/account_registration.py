"""REGISTER and VERIFY: a nick becomes its owner's own (IRCv3 draft/account-registration)."""

from __future__ import annotations

from collections.abc import Mapping

from chatd.chat.command_rows import Work
from chatd.chat.sasl import MIN_PASSWORD_CHARACTERS
from chatd.chat.session import Session
from chatd.edges.irc.logging_in import tell_logged_in
from chatd.edges.irc.message import Message
from chatd.edges.irc.rows import Row
from chatd.edges.irc.user import IrcUser
from chatd.protocol import moderation_commands as commands
from chatd.protocol import names
from chatd.protocol.errors import NO_REGISTRATION, Code
from chatd.protocol.events import Refused

OWN = "*"
"""Stands for the nick as the account, and for no email."""
_CODES: Mapping[Code, str] = {
    Code.NAME_TAKEN: "ACCOUNT_EXISTS",
    Code.ALREADY_IN: "ALREADY_AUTHENTICATED",
    Code.NOT_ALLOWED: "INVALID_EMAIL",
    Code.BAD_PASSWORD: "UNACCEPTABLE_PASSWORD",
}
"""What the specification calls why it was not done; all else is ``TEMPORARILY_UNAVAILABLE``."""


def offered(session: Session) -> str | None:
    """Return the value of the capability, None where nobody can make an account."""
    return "" if session.peer.private and session.hub.accounts.takes_newcomers else None


def _register(user: IrcUser, message: Message) -> Work | None:
    account, email, password = message.params[:3]
    account = user.nick if account == OWN else account
    if not user.registered:
        _fail(user, "COMPLETE_CONNECTION_REQUIRED", account, "send NICK and USER first, then REGISTER")
    elif not user.hub.accounts.takes_newcomers:
        _fail(user, "TEMPORARILY_UNAVAILABLE", account, NO_REGISTRATION)
    elif names.key(account) != names.key(user.nick):
        _fail(
            user,
            "ACCOUNT_NAME_MUST_BE_NICK",
            account,
            f"the account must have the name of your nick; change it with NICK {account} first",
        )
    elif "@" in email:
        why = "this server takes no email addresses; write *, or your invitation code, in its place"
        _fail(user, "UNACCEPTABLE_EMAIL", account, why)
    else:
        return _make(user, account, password, None if email == OWN else email)
    return None


async def _make(user: IrcUser, account: str, password: str, code: str | None) -> None:
    result = await user.ask(commands.Register(password, code))
    if result.refused is not None:
        _refuse(user, account, result.refused, password, code)
        return
    name = str(user.session.nick)
    user.answer(Message("REGISTER", ("SUCCESS", name, f"the account {name} is now yours"), user.server.name))
    tell_logged_in(user)


def _refuse(user: IrcUser, account: str, refused: Refused, password: str, code: str | None) -> None:
    why, text = _CODES.get(refused.code, "TEMPORARILY_UNAVAILABLE"), refused.text
    if refused.code is Code.NOT_ALLOWED and code is None:
        text = f"you need an invitation code: REGISTER {OWN} <code> <password>"
    if refused.code is Code.BAD_PASSWORD and len(password) < MIN_PASSWORD_CHARACTERS:
        why = "WEAK_PASSWORD"
    _fail(user, why, account, text)


def _verify(user: IrcUser, message: Message) -> None:
    text = "accounts need no verification here"
    user.fail("VERIFY", "INVALID_CODE", message.param(0), text)


def _fail(user: IrcUser, code: str, account: str, why: str) -> None:
    user.fail("REGISTER", code, account, why)


ROWS: tuple[Row, ...] = (
    Row("REGISTER", _register, least=3, registered=False),
    Row("VERIFY", _verify, least=2, registered=False),
)
