"""AUTHENTICATE, PASS and OPER: who has an account proves it."""

from __future__ import annotations

from chatd.chat import sasl
from chatd.chat.command_rows import Work
from chatd.chat.session import Session
from chatd.edges.irc import numerics as n
from chatd.edges.irc.exchange import EMPTY, Exchange, TooLongError, pieces_of
from chatd.edges.irc.message import Message
from chatd.edges.irc.refusals import refuse
from chatd.edges.irc.rows import Row
from chatd.edges.irc.user import IrcUser
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code, DisconnectReason
from chatd.protocol.events import Refused
from chatd.protocol.names import BadNameError

ABORT = "*"
TOO_LONG = "the login data is too long; the login has ended"


def offered(session: Session) -> str | None:
    """Return the value of the capability ``sasl``, None where nobody can log in."""
    return ",".join(sasl.mechanisms(session)) or None


def tell_logged_in(user: IrcUser) -> None:
    """Tell a client that it is logged in."""
    account = user.session.account
    assert account is not None
    name = user.hub.name_of(account)
    mask = user.person.source if user.registered else f"{user.wanted_nick or '*'}!{user.ident or '*'}@*"
    user.reply(n.RPL_LOGGEDIN, mask, name, f"you are logged in as {name}")


async def before_registration(user: IrcUser, wanted_nick: str) -> bool:
    """Do what logging in has to do before a client comes in; return whether it may, and send it away if not."""
    if user.exchange is not None:
        _abort(user, "the login has ended because you registered before it was complete")
    password, user.password = user.password, ""
    if password and user.session.account is None:
        await _log_in_by_pass(user, *_name_and_password(password, wanted_nick))
    sasl.send_away_if_barred(user.session)
    return not user.session.ended


async def _log_in_by_pass(user: IrcUser, nick: str, password: str) -> None:
    try:
        if user.hub.accounts.mechanisms():  # else nobody has an account: whatever the password is for, it is not here
            await sasl.log_in(user.session, nick, password)
    except ChatError as error:
        user.reply(n.ERR_PASSWDMISMATCH, error.text)
        user.session.disconnect(DisconnectReason.REFUSED, error.text)


def _name_and_password(given: str, nick: str) -> tuple[str, str]:
    """Return whom PASS is for, and the password: ``account:password``, or the password for the nick."""
    account, colon, password = given.partition(":")
    try:
        return (names.nick(account), password) if colon else (nick, given)
    except BadNameError:
        return nick, given


def refuse_nick(user: IrcUser, refused: Refused | ChatError, nick: str) -> None:
    """Answer why a client cannot have a nick; if that is for want of an account, how one logs in here."""
    if refused.code is not Code.NOT_ALLOWED or user.session.account is not None:
        refuse(user, "NICK", refused, nick)
        return
    how = "log in with SASL or PASS account:password" if sasl.mechanisms(user.session) else "log in over TLS"
    if user.hub.accounts.members_only:
        user.reply(n.ERR_PASSWDMISMATCH, f"only registered users may join; {how}")
    else:
        user.reply(
            n.ERR_NICKNAMEINUSE, nick, f"nick {nick} belongs to a registered user; {how}, or choose another nick"
        )


def _pass(user: IrcUser, message: Message) -> None:
    if user.registered:
        user.reply(n.ERR_ALREADYREGISTERED, "PASS must come before NICK and USER")
    else:
        user.password = message.param(0)


def _authenticate(user: IrcUser, message: Message) -> Work | None:
    word = message.param(0)
    if word == ABORT:
        _abort(user, "the login has ended")
        return None
    if user.exchange is None:
        _begin(user, word.upper())
        return None
    try:
        answer = user.exchange.add(word)
    except TooLongError:
        user.exchange = None
        user.reply(n.ERR_SASLTOOLONG, TOO_LONG)
    except ValueError:
        user.exchange = None
        user.reply(n.ERR_SASLFAIL, "AUTHENTICATE takes base64; the login has ended")
    else:
        return None if answer is None else _step(user, user.exchange, answer)
    return None


def _begin(user: IrcUser, mechanism: str) -> None:
    try:
        user.exchange = Exchange(sasl.SaslLogin(user.session, mechanism))
    except ChatError as error:
        known = sasl.mechanisms(user.session)
        if error.code is Code.ALREADY_IN:
            user.reply(n.ERR_SASLALREADY, error.text)
            return
        if known and mechanism not in known:
            user.reply(n.RPL_SASLMECHS, ",".join(known), "are the available mechanisms")
        user.reply(n.ERR_SASLFAIL, error.text)
        return
    user.answer(Message("AUTHENTICATE", (EMPTY,)))


async def _step(user: IrcUser, exchange: Exchange, message: bytes) -> None:
    try:
        challenge = await exchange.login.step(message)
    except ChatError as error:
        user.exchange = None
        user.reply(n.ERR_SASLTOOLONG if error.code is Code.TOO_LONG else n.ERR_SASLFAIL, error.text)
        sasl.send_away_if_barred(user.session)
        return
    if user.session.ended:
        return
    if challenge is not None:
        for piece in pieces_of(challenge):
            user.answer(Message("AUTHENTICATE", (piece,)))
        return
    user.exchange = None
    tell_logged_in(user)
    user.reply(n.RPL_SASLSUCCESS, "you have logged in")
    sasl.send_away_if_barred(user.session)


def _abort(user: IrcUser, why: str) -> None:
    user.exchange = None
    user.reply(n.ERR_SASLABORTED, why)


async def _oper(user: IrcUser, message: Message) -> None:
    """Log in to the account of a server operator, of whom IRC expects that they do it after they have come in."""
    try:
        await sasl.log_in(user.session, message.param(0), message.param(1), operator=True)
    except ChatError as error:
        user.reply(n.ERR_PASSWDMISMATCH if error.code is Code.BAD_PASSWORD else n.ERR_NOOPERHOST, error.text)
        return
    user.reply(n.RPL_YOUREOPER, "you are now a server operator")
    user.answer(Message("MODE", (user.nick, "+o"), user.person.source))


ROWS: tuple[Row, ...] = (
    Row("AUTHENTICATE", _authenticate, least=1, registered=False),
    Row("PASS", _pass, least=1, registered=False),
    Row("OPER", _oper, least=2),
)
