"""One attempt to log in: what binds the provider's answer to the browser that asked.

Nothing is kept here while somebody is at the provider. The browser has a secret in a cookie, and everything else is
derived from it: the state, which shows that an answer belongs to this browser (RFC 6749, section 10.12); the nonce,
which shows that the ID token does; and the verifier of PKCE (RFC 7636), which makes a code that somebody else was given
worthless here. So no flood of attempts pushes anybody's out, and any node can take the answer.
"""

from __future__ import annotations

import hmac
import re
import secrets
from base64 import urlsafe_b64encode
from hashlib import sha256

ATTEMPT_SECONDS = 10 * 60
"""How long somebody may take at the provider."""
_SECRET = re.compile(r"([0-9a-f]{8,12})-[0-9a-f]{64}", re.ASCII)


def new_secret(now: float) -> str:
    """Return the secret of a new attempt: when it ends, in seconds since 1970, and 256 random bits."""
    return f"{int(now) + ATTEMPT_SECONDS:08x}-{secrets.token_hex(32)}"


def is_fresh(secret: str, now: float) -> bool:
    """Return whether something is the secret of an attempt that has not ended."""
    match = _SECRET.fullmatch(secret)
    return match is not None and now < int(match[1], 16) <= now + ATTEMPT_SECONDS + 1


class Attempt:
    """What is derived from an attempt's secret."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()

    @property
    def state(self) -> str:
        """What comes back with the answer."""
        return self._derived("state")

    @property
    def nonce(self) -> str:
        """What comes back in the ID token."""
        return self._derived("nonce")

    @property
    def verifier(self) -> str:
        """What the code is exchanged with."""
        return self._derived("verifier")

    @property
    def challenge(self) -> str:
        """The hash of the verifier, for the address at the provider."""
        return _text(sha256(self.verifier.encode()).digest())

    def is_answered_by(self, state: str | None) -> bool:
        """Return whether an answer belongs to this attempt."""
        return state is not None and hmac.compare_digest(state.encode(), self.state.encode())

    def _derived(self, what: str) -> str:
        return _text(hmac.digest(self._secret, what.encode(), "sha256"))


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()
