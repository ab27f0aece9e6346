"""NickServ, to whom bots and bridges say their password: nobody's name here, and what is said to it is a login.

Nothing that is said to it reaches anybody else, whoever goes by that name.
"""

from __future__ import annotations

from chatd.chat import sasl
from chatd.edges.irc import logging_in
from chatd.edges.irc.message import Message
from chatd.edges.irc.rows import Row
from chatd.edges.irc.user import IrcUser
from chatd.protocol import names
from chatd.protocol.errors import NO_REGISTRATION, ChatError
from chatd.protocol.names import BadNameError

NAME = "NickServ"
_IDENTIFY = ("IDENTIFY", "ID", "LOGIN")
_HELP = "there are no services here; to log in, write IDENTIFY [<account>] <password> or use SASL"
_REGISTER = "to make an account for your nick, write /REGISTER * * <password> or /quote REGISTER * * <password>"


def is_meant(target: str) -> bool:
    """Return whether a message is for it; some clients name a server of services after an ``@``."""
    return target.partition("@")[0].lower() == NAME.lower()


async def say(user: IrcUser, text: str) -> None:
    """Do what a client asks of it, or say what can be asked."""
    verb, *words = text.split() or [""]
    match verb.upper(), words:
        case verb, [password] if verb in _IDENTIFY:
            await _log_in(user, user.nick, password)
        case verb, [account, password] if verb in _IDENTIFY:
            await _log_in(user, account, password)
        case "REGISTER", _:
            _answer(user, _REGISTER if user.hub.accounts.takes_newcomers else NO_REGISTRATION)
        case _:
            _answer(user, _HELP)


async def _log_in(user: IrcUser, account: str, password: str) -> None:
    try:
        await sasl.log_in(user.session, names.nick(account), password)
    except BadNameError as error:
        _answer(user, str(error))
    except ChatError as error:
        _answer(user, error.text)
    else:
        logging_in.tell_logged_in(user)
        _answer(user, "you have logged in")


def _answer(user: IrcUser, text: str) -> None:
    user.answer(Message("NOTICE", (user.nick, text), f"{NAME}!{NAME}@{user.server.name}"))


async def _command(user: IrcUser, message: Message) -> None:
    await say(user, " ".join(message.params))


ROWS: tuple[Row, ...] = (Row("NICKSERV", _command), Row("NS", _command))
