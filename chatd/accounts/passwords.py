"""What a password may be, and its Argon2id hash."""

from __future__ import annotations

import os
from base64 import b64encode
from importlib.util import find_spec
from typing import Protocol

from chatd.protocol.normal_forms import nfc
from chatd.protocol.text import clean
from chatd.runtime import extras

MIN_CHARACTERS = 8
MAX_BYTES = 300
"""The same as in `chatd.protocol.moderation_commands`, and as many as clients of IRC count on."""
MEMORY_KIB = 64 * 1024
"""For the moment of a hash. This, the rounds and the lanes are the second choice of RFC 9106, section 4."""
ROUNDS = 3
LANES = 4
_SALT_BYTES, _HASH_BYTES = 16, 32


class DamagedHashError(Exception):
    """What was stored is no hash."""


def is_installed() -> bool:
    """Return whether argon2-cffi is installed, which a `Hasher` needs."""
    return find_spec("argon2") is not None


def missing() -> str:
    """Return the end of a sentence about what needs a `Hasher` where none is installed."""
    return extras.missing("Argon2", "accounts")


def check(password: str) -> None:
    """Raise `ValueError`, with a sentence for the user, if a password is not allowed."""
    if len(password) < MIN_CHARACTERS:
        raise ValueError(f"the password needs at least {MIN_CHARACTERS} characters")
    if len(password.encode(errors="surrogatepass")) > MAX_BYTES:
        raise ValueError(f"the password is too long; it can have at most {MAX_BYTES} bytes")
    if " " in password or "\t" in password or clean(password) != password:
        raise ValueError("the password has spaces or control characters, which LOGIN cannot send; choose another")


class _Argon2(Protocol):
    """What is used of ``argon2.PasswordHasher``; argon2-cffi need not be installed."""

    def hash(self, password: str | bytes) -> str: ...

    def verify(self, hash: str | bytes, password: str | bytes) -> bool: ...  # noqa: A002  # its name there

    def check_needs_rehash(self, hash: str | bytes) -> bool: ...  # noqa: A002  # its name there


class Hasher:
    """Argon2id. Its methods take a tenth of a second or so, so they belong in a thread; any thread will do.

    Raises `ImportError` unless it `is_installed`.
    """

    def __init__(self, rounds: int = ROUNDS, memory_kib: int = MEMORY_KIB, lanes: int = LANES) -> None:
        from argon2 import PasswordHasher

        self._argon2: _Argon2 = PasswordHasher(rounds, memory_kib, lanes, _HASH_BYTES, _SALT_BYTES)
        salt, hash_ = (_base64(os.urandom(size)) for size in (_SALT_BYTES, _HASH_BYTES))
        self.nobodys = f"$argon2id$v=19$m={memory_kib},t={rounds},p={lanes}${salt}${hash_}"
        """A hash that no password has, for those who have none: to find that out takes as long as any other."""

    def hash(self, password: str) -> str:
        """Return the hash of a password."""
        return self._argon2.hash(_composed(password))

    def verify(self, hash_: str, password: str) -> bool:
        """Return whether a hash is that of a password. Raise `DamagedHashError` if it is none at all."""
        from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

        try:
            return self._argon2.verify(hash_, _composed(password))
        except VerifyMismatchError:
            return False
        except (InvalidHashError, VerificationError):
            raise DamagedHashError("a stored password is damaged; set a new one with chatd user passwd") from None

    def is_outdated(self, hash_: str) -> bool:
        """Return whether a hash was made at another cost than today's."""
        return self._argon2.check_needs_rehash(hash_)


def _composed(password: str) -> bytes:
    """Return the same for letters with marks whichever way a keyboard writes them (RFC 8265, section 4.2)."""
    return nfc(password).encode()


def _base64(data: bytes) -> str:
    return b64encode(data).decode().rstrip("=")
