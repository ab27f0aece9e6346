"""What SCRAM-SHA-256 (RFC 5802, RFC 7677) needs of a password: keys, made where the password is at hand.

An Argon2id hash is of no use to SCRAM, so these are kept beside it. They are the cheaper of the two to guess at for
somebody who has the file, which is why a server keeps them only when it is told to: see ``docs/security.rst``.
"""

from __future__ import annotations

import hashlib
import hmac
import os
from importlib.util import find_spec
from typing import NamedTuple

from chatd.accounts.passwords import MIN_CHARACTERS
from chatd.protocol.normal_forms import nfc

NAME = "SCRAM-SHA-256"
ITERATIONS = 600_000
"""What OWASP asks of PBKDF2 with HMAC-SHA-256. It takes the thread that makes the keys, and each client that logs in,
the seventh part of a second; the reactor has two HMACs to compute for a login, whatever the number."""
SALT_BYTES = 16


class Keys(NamedTuple):
    """What is kept of a password for SCRAM."""

    salt: bytes
    stored_key: bytes
    server_key: bytes
    iterations: int


def is_installed() -> bool:
    """Return whether scramp is installed, without which SCRAM is not spoken."""
    return find_spec("scramp") is not None


def make_keys(password: str, iterations: int = ITERATIONS) -> Keys | None:
    """Return the keys of a password, with a new salt; None if there are to be none.

    It takes a moment, so it belongs in a thread. Needs scramp.
    """
    prepared = _prepared(password)
    # What SASLprep leaves out, such as soft hyphens, must not make a short password of a long one.
    if len(prepared) < MIN_CHARACTERS:
        return None
    salt = os.urandom(SALT_BYTES)
    salted = hashlib.pbkdf2_hmac("sha256", prepared.encode(), salt, iterations)
    stored_key = hashlib.sha256(hmac.digest(salted, b"Client Key", "sha256")).digest()
    return Keys(salt, stored_key, hmac.digest(salted, b"Server Key", "sha256"), iterations)


def nobodys_keys(secret: bytes, key: str, iterations: int = ITERATIONS) -> Keys:
    """Return what stands for the keys of an account that has none: always the same salt, and no password fits it."""
    salt, stored_key, server_key = (
        hmac.digest(secret, f"{what} {key}".encode(), "sha256") for what in ("salt", "stored", "server")
    )
    return Keys(salt[:SALT_BYTES], stored_key, server_key, iterations)


def _prepared(password: str) -> str:
    """Return a password as clients put it into SCRAM.

    That is SASLprep (RFC 4013), which knows no character younger than 2002 and refuses some passwords in scripts that
    are written from the right. Clients that send those all the same do not prepare them, beyond what a keyboard does.
    """
    from scramp import ScramException
    from scramp.utils import saslprep

    composed = nfc(password)
    try:
        prepared: str = saslprep(composed)
    except ScramException:
        return composed
    return prepared
