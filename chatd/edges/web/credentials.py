"""What a request says of who sends it: a token in the header Authorization, a login in a cookie."""

from __future__ import annotations

import re
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Iterable

from chatd.edges.web.errors import HTTPError

COOKIE_SECONDS = 400 * 24 * 60 * 60
"""How long a browser is to keep a cookie, which is as long as browsers do; when a login is over, the accounts say."""
_COOKIE = "chatd"
_ENCRYPTED = "__Host-"
_PORT = re.compile(r":(\d{1,5})$", re.ASCII)


def bearer_token(authorization: str | None) -> str | None:
    """Return the token in the header Authorization, None if there is none; the header is None if it was not sent.

    ``Basic`` is for what knows nothing else: the token is the password, and the user's name says nothing. Raise
    `HTTPError` for another scheme.
    """
    if authorization is None:
        return None
    scheme, _, value = authorization.strip().partition(" ")
    if scheme.lower() == "bearer":
        return value.strip()
    if scheme.lower() == "basic":
        try:
            return b64decode(value.strip(), validate=True).decode().partition(":")[2]
        except (Base64Error, ValueError):
            pass
    raise HTTPError(
        401, "bad-password", "send your token as Authorization: Bearer <token>; chatd user token makes tokens"
    )


def cookie_name(host: str | None, *, encrypted: bool) -> str:
    """Return what the cookie of a login is called at a host.

    Cookies know no ports, so that two servers on one machine need two names. Over TLS the prefix has browsers take it
    from this very host alone, and never from one beside it or over plain HTTP (RFC 6265bis, section 4.1.3).
    """
    match = _PORT.search(host or "")
    name = _COOKIE if match is None else f"{_COOKIE}-{match[1]}"
    return f"{_ENCRYPTED}{name}" if encrypted else name


def cookie(headers: Iterable[bytes], name: str) -> str | None:
    """Return the first cookie of a name that has a value; ``headers`` are those called Cookie, in any encoding."""
    for header in headers:
        for pair in header.decode("latin-1").split(";"):
            each, _, value = pair.strip().partition("=")
            if each == name and value:
                return value
    return None


def set_cookie(name: str, value: str, seconds: int = COOKIE_SECONDS, same_site: str = "Strict") -> str:
    """Return the header that has a browser keep a cookie, or forget it if ``value`` is empty.

    No script can read it. If it is ``Strict`` it is not sent with what a page of another site asks for, if it is
    ``Lax`` only where somebody follows a link or is sent on from there.
    """
    secure = "; Secure" if name.startswith(_ENCRYPTED) else ""
    kept = seconds if value else 0
    return f"{name}={value}; Path=/; Max-Age={kept}; HttpOnly; SameSite={same_site}{secure}"
