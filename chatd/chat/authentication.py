"""Who somebody is: LOGIN, REGISTER, and whose nick is whose."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

from twisted.internet.defer import Deferred

from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Done

if TYPE_CHECKING:
    from chatd.chat.session import Session

Work = Coroutine[Deferred[Any], Any, None]


def check_owner(session: Session, nick: str) -> None:
    """Raise `ChatError` if a session may not go by a nick, because it is, or looks like, somebody else's own."""
    accounts, key = session.hub.accounts, names.key(nick)
    if accounts.members_only and session.account is None:
        raise ChatError(Code.NOT_ALLOWED, "only members may come in here: LOGIN <nick> <password> first")
    if session.account == key:
        return
    if accounts.is_registered(key):
        raise ChatError(Code.NOT_ALLOWED, f"{nick} is somebody's own; if it is yours, LOGIN {nick} <password> first")
    twin = accounts.looks_like(nick)
    if twin is not None and names.key(twin) != session.account:
        raise ChatError(Code.NAME_TAKEN, f"{nick} could be mistaken for {twin}; take another name")


def log_in(session: Session, nick: str, password: str, label: str | None) -> Work:
    """Return what is left to do of a LOGIN."""
    _check_private(session)
    if session.nick:
        raise ChatError(Code.ALREADY_IN, "LOGIN comes before the first JOIN")
    return _log_in(session, nick, password, label)


def register(session: Session, password: str, code: str | None, label: str | None) -> Work:
    """Return what is left to do of a REGISTER."""
    _check_private(session)
    if not session.nick:
        raise ChatError(Code.NAME_NEEDED, "JOIN under the name that is to be yours first")
    if session.account is not None:
        raise ChatError(Code.ALREADY_IN, "you have an account and are logged in to it")
    return _register(session, password, code, label)


def _check_private(session: Session) -> None:
    """Raise `ChatError` where somebody else could read a password; whatever it is, it is not looked at."""
    if not session.peer.private:
        raise ChatError(Code.TLS_NEEDED, "passwords go over TLS only; take that port, and take another password")


async def _log_in(session: Session, nick: str, password: str, label: str | None) -> None:
    address = session.peer.address
    session.account = await session.hub.accounts.log_in(nick, password, str(address) if address else None)
    session.tell(Done("LOGIN", (session.hub.accounts.name(session.account),)), label)


async def _register(session: Session, password: str, code: str | None, label: str | None) -> None:
    address = session.peer.address
    nick = session.nick
    session.account = await session.hub.accounts.register(nick, password, code, str(address) if address else None)
    if session.hub.presence is not None:
        session.hub.presence.announcer.announce(session)
    session.tell(Done("REGISTER", (nick,)), label)
