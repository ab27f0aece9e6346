"""Whose requests are whose account's, by bearer tokens and cookies; logging in and out on the page."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple
from urllib.parse import parse_qsl

from chatd.edges.web.call import Call
from chatd.edges.web.credentials import bearer_token, cookie, cookie_name, set_cookie
from chatd.edges.web.errors import HTTPError
from chatd.edges.web.routes import ID, ROOM, Access, Route
from chatd.edges.web.visitors import WebVisitor
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.moderation_commands import MAX_PASSWORD_BYTES
from chatd.protocol.names import BadNameError, Nick

BODY_BYTES = 4096
_SAYING = ("POST", "PUT")


def visitor_of(call: Call, visitor: WebVisitor, route: Route) -> WebVisitor:
    """Return who sends a request. Raise `ChatError` or `HTTPError` if it names a token or login that holds no more.

    A login that is over is as none where anybody is answered: the page that says so must come.
    """
    accounts = call.hub.accounts
    token = bearer_token(call.header("Authorization"))
    if token is not None:
        grant = accounts.check_token(token, _address(visitor))
        if grant.rooms is not None or grant.post_only:
            _check_grant(call, route, grant.rooms, post_only=grant.post_only)
        return visitor.logged_in(grant.account, lambda: accounts.check_token(token, _address(visitor)).account)
    kept = _cookie(call)
    if kept is None:
        return visitor
    look_up = partial(accounts.check_login, kept.login)
    try:
        return visitor.logged_in(look_up(), look_up)
    except ChatError:
        if route.access is Access.ANYBODY:
            return visitor
        raise


def _check_grant(call: Call, route: Route, rooms: frozenset[str] | None, *, post_only: bool) -> None:
    """Raise `ChatError` if a limited token is not good for what is asked: it is for nothing but rooms' addresses."""
    place = route.place.split("/")
    if post_only and not (route.method in _SAYING and ROOM in place and ID not in place):
        raise ChatError(Code.NOT_ALLOWED, "this token can only send messages to rooms")
    if rooms is not None and (ROOM not in place or call.room.key not in rooms):
        known = ", ".join(sorted(rooms))
        raise ChatError(Code.NOT_ALLOWED, f"this token is valid for {known} only")


class Cookie(NamedTuple):
    """The cookie of a login."""

    name: str
    login: str
    """The login's secret."""


def _cookie(call: Call) -> Cookie | None:
    """Return the cookie that came, None if none did, or if others could have read it on its way."""
    if not call.private:
        return None
    sent, host = call.request.requestHeaders.getRawHeaders(b"cookie", []), call.header("Host")
    for encrypted in (True, False):
        name = cookie_name(host, encrypted=encrypted)
        if (login := cookie(sent, name)) is not None:
            return Cookie(name, login)
        if call.encrypted:
            break  # the other may have been set by whoever has a host beside this one, or the way to it
    return None


def _address(visitor: WebVisitor) -> str | None:
    return None if visitor.address is None else str(visitor.address)


async def _log_in(call: Call) -> None:
    _check_private(call)
    fields = _fields(call)
    nick, password = _nick(fields), _password(fields)
    await _begin(call, await call.hub.accounts.log_in(nick, password, _address(call.visitor)), 200)


async def _register(call: Call) -> None:
    _check_private(call)
    fields = _fields(call)
    nick, password = _nick(fields), _password(fields)
    if call.visitor.account is not None:
        raise ChatError(Code.ALREADY_IN, "you are already logged in to your account")
    if (why_not := call.hub.nick_refusal(nick, None)) is not None:
        raise why_not
    accounts = call.hub.accounts
    account = await accounts.register(nick, password, fields.get("code") or None, _address(call.visitor))
    await _begin(call, account, 201)


async def _redeem(call: Call) -> None:
    """Log in by a link that is good once. Where somebody else could read it, it is not looked at and stays good."""
    if not call.visitor.private:
        text = "this link needs TLS; open it as https://, or on the computer that the server runs on"
        raise ChatError(Code.TLS_NEEDED, text)
    code = _fields(call).get("code", "")
    await _begin(call, await call.hub.accounts.use_link(code, _address(call.visitor)), 200)


async def _begin(call: Call, account: str, status: int) -> None:
    """Begin a login of its own, whatever cookie came, and say whose it is."""
    _tell_who(call, account, status, await begin_login(call, account))


async def begin_login(call: Call, account: str) -> Cookie:
    """Begin a login of an account, whatever cookie came, and return its cookie."""
    before = _cookie(call)
    secret = await call.hub.accounts.open_login(account)
    if before is not None:
        await call.hub.accounts.end_login(before.login)
    return Cookie(cookie_name(call.header("Host"), encrypted=call.encrypted), secret)


async def _log_out(call: Call) -> None:
    kept = _cookie(call)
    if kept is None:
        call.json(200, {})
        return
    await call.hub.accounts.end_login(kept.login)
    call.json(200, {}, {"Set-Cookie": set_cookie(kept.name, "")})


async def _me(call: Call) -> None:
    kept, account = _cookie(call), call.visitor.account
    if account is None:
        if kept is not None:
            call.hub.accounts.check_login(kept.login)  # says why it is none
        raise HTTPError(401, "token-needed", "you are not logged in")
    _tell_who(call, account, 200, None if call.header("Authorization") else kept)


def _tell_who(call: Call, account: str, status: int, kept: Cookie | None) -> None:
    hub = call.hub
    who = {"nick": hub.accounts.name(account), "account": account, "operator": hub.is_operator(account)}
    call.json(status, who, None if kept is None else {"Set-Cookie": set_cookie(kept.name, kept.login)})


def _check_private(call: Call) -> None:
    """Raise `ChatError` where somebody else could read a password; whatever it is, it is not looked at."""
    if not call.private:
        text = "passwords are accepted over TLS only; open the page as https:// and use another password"
        raise ChatError(Code.TLS_NEEDED, text)


def _fields(call: Call) -> Mapping[str, str]:
    """Return what a body says, as an object of JSON or as a form. Raise `HTTPError` if it is neither."""
    kind = (call.header("Content-Type") or "").partition(";")[0].strip().lower()
    try:
        text = call.body().decode()
        if kind == "application/json":
            fields = json.loads(text)
        elif kind == "application/x-www-form-urlencoded":
            fields = dict(parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=10))
        else:
            raise HTTPError(415, "bad-syntax", "send nick and password as application/json")
    except (ValueError, RecursionError):
        raise HTTPError(400, "bad-syntax", "the body cannot be read") from None
    if not isinstance(fields, dict):
        raise HTTPError(400, "bad-syntax", "the body is not an object with nick and password")
    kept = {name: value for name, value in fields.items() if isinstance(value, str)}
    try:
        "".join(kept.values()).encode()
    except UnicodeEncodeError:  # half a character, which JSON can write
        raise HTTPError(400, "not-utf8", "the body is not UTF-8") from None
    return kept


def _nick(fields: Mapping[str, str]) -> Nick:
    try:
        return names.nick(fields.get("nick", ""))
    except BadNameError as error:
        raise ChatError(Code.BAD_NICK, str(error)) from None


def _password(fields: Mapping[str, str]) -> str:
    password = fields.get("password", "")
    if not 0 < len(password.encode()) <= MAX_PASSWORD_BYTES:
        raise HTTPError(400, "bad-syntax", f"the password must have 1 to {MAX_PASSWORD_BYTES} bytes")
    return password


ROWS: Sequence[Route] = (
    Route("POST", "/-/login", _log_in, Access.ANYBODY, BODY_BYTES),
    Route("POST", "/-/logout", _log_out, Access.ANYBODY, BODY_BYTES),
    Route("POST", "/-/register", _register, Access.ANYBODY, BODY_BYTES),
    Route("POST", "/-/redeem", _redeem, Access.ANYBODY, BODY_BYTES),
    Route("GET", "/-/me", _me, Access.ANYBODY),
)
