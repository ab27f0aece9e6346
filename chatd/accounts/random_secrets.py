"""The secrets that stand for an account without its password: how they are made, and what is kept of them.

What is kept is their SHA-256 and nothing slower. A slow hash protects what somebody has thought of, for that can be
guessed; of 160 random bits nobody finds one by trying, however fast, and a token is looked at with every request.
"""

from __future__ import annotations

import re
import secrets
from hashlib import sha256
from typing import NamedTuple

ID_BYTES = 4
TOKEN_BYTES = 20
LOGIN_BYTES = 32
_TOKEN = re.compile(rf"chatd_([0-9a-f]{{{2 * ID_BYTES}}})_[0-9a-f]{{{2 * TOKEN_BYTES}}}", re.ASCII)
_LOGIN = re.compile(rf"[0-9a-f]{{{2 * LOGIN_BYTES}}}", re.ASCII)


class NewToken(NamedTuple):
    """A token that was just made."""

    id: str
    """What it is called by; anybody may know it."""
    secret: str
    """The whole token, ``chatd_``, its id, ``_`` and 160 random bits."""


def new_token() -> NewToken:
    """Return a token that nobody has."""
    id_ = secrets.token_hex(ID_BYTES)
    return NewToken(id_, f"chatd_{id_}_{secrets.token_hex(TOKEN_BYTES)}")


def token_id(secret: str) -> str | None:
    """Return what a token is called by, None if that is no token at all."""
    match = _TOKEN.fullmatch(secret)
    return None if match is None else match[1]


def new_login() -> str:
    """Return what a cookie, or a link that logs in once, is to have in it: 256 random bits."""
    return secrets.token_hex(LOGIN_BYTES)


def is_login(secret: str) -> bool:
    """Return whether something has the form of what `new_login` makes."""
    return _LOGIN.fullmatch(secret) is not None


def digest(secret: str) -> bytes:
    """Return what is kept of a secret."""
    return sha256(secret.encode()).digest()
