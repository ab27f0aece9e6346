"""What proves that a request comes from here: the headers of https://www.standardwebhooks.com."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from hashlib import sha256

PREFIX = "whsec_"
SECRET_BYTES = 32
LEAST_BYTES, MOST_BYTES = 24, 64
"""How long a secret is by that standard."""


def new_secret() -> str:
    """Return a new secret, as people and their programs keep it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(SECRET_BYTES)).decode()


def key_of(secret: str) -> bytes:
    """Return the key that a secret stands for. Raise `ValueError`, with a sentence for the user, if it is none."""
    try:
        key = base64.b64decode(secret.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not LEAST_BYTES <= len(key) <= MOST_BYTES:
        raise ValueError(
            f"bad secret; use {LEAST_BYTES} to {MOST_BYTES} bytes in Base64, with or without {PREFIX} before them"
        )
    return key


def signature(key: bytes, id_: str, timestamp: int, body: bytes) -> str:
    """Return the signature over a message's id, the time of the request in seconds since 1970, and its body."""
    signed = hmac.digest(key, b"%b.%d.%b" % (id_.encode(), timestamp, body), sha256)
    return "v1," + base64.b64encode(signed).decode()
