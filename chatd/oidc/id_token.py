"""ID tokens: whether one is signed by the provider, and meant for this server, this browser and this moment.

The rules are those of OpenID Connect Core 1.0, section 3.1.3.7.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping
from typing import Any

from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet, import_key
from joserfc.jws import JWSRegistry

from chatd.oidc import ProviderError

ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519")
"""Those with a key of the provider's own. HMAC is not among them: whoever knows the client's secret could sign."""
LEEWAY_SECONDS = 60
"""By how much the clocks may differ."""
MAX_AGE_SECONDS = 10 * 60
"""How long ago it may have been made: it is fetched within a moment."""
MAX_SUBJECT = 255
_END_OF_TIME = 1e12
_FAMILIES = ("RSA", "EC", "OKP")


class UnknownKeyError(ProviderError):
    """A token names a key that is not among those that are known of the provider."""


def key_set(document: Mapping[str, Any]) -> KeySet:
    """Return the keys that a provider publishes, as far as they can be used. Raise `ProviderError` if none can."""
    listed = document.get("keys")
    keys = []
    for each in listed if isinstance(listed, list) else []:
        if isinstance(each, dict) and each.get("kty") in _FAMILIES and each.get("use", "sig") == "sig":
            try:
                keys.append(import_key(each))
            except (JoseError, ValueError, TypeError, KeyError):
                continue  # one that is broken, or of a kind that is not known here
    if not keys:
        raise ProviderError("the provider publishes no key for signing logins")
    return KeySet(keys)


def verified(token: str, keys: KeySet) -> dict[str, Any]:
    """Return what a token says. Raise `ProviderError` if it is not signed by one of the keys."""
    registry = JWSRegistry(algorithms=ALGORITHMS, strict_check_header=False)
    try:
        decoded = jwt.decode(token, keys, registry=registry)
    except InvalidKeyIdError:
        raise UnknownKeyError("the provider signed with a key that it does not publish") from None
    except (JoseError, ValueError, TypeError, KeyError, RecursionError) as error:
        why = f"the provider's answer has no valid signature ({type(error).__name__})"
        raise ProviderError(why) from None
    return dict(decoded.claims)


def check_claims(claims: Mapping[str, Any], issuer: str, client_id: str, nonce: str, now: float) -> None:
    """Raise `ProviderError` if a token is not for this server, this login and this moment.

    ``now`` is in seconds since 1970.
    """
    if claims.get("iss") != issuer:
        raise ProviderError("the answer is from another provider")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if client_id not in audiences:
        raise ProviderError("the answer is meant for another program")
    if claims.get("azp", client_id if len(audiences) == 1 else None) != client_id:
        raise ProviderError("the answer was given to another program")
    _check_times(claims, now)
    said = claims.get("nonce")
    if not isinstance(said, str) or not hmac.compare_digest(said.encode("utf-8", "replace"), nonce.encode()):
        raise ProviderError("the answer belongs to another login")
    subject_of(claims)


def subject_of(claims: Mapping[str, Any]) -> str:
    """Return by what a provider knows somebody. Raise `ProviderError` if it does not say."""
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        raise ProviderError("the provider does not say who it is (sub)")
    return subject


def _check_times(claims: Mapping[str, Any], now: float) -> None:
    expires, made, begins = _seconds(claims, "exp"), _seconds(claims, "iat"), _seconds(claims, "nbf")
    if expires is None or made is None:
        raise ProviderError("the answer does not say how long it is valid")
    late = "the answer is too old; if this happens again, check the clocks of this server and of the provider"
    early = "the answer is from the future; the clock of this server or of the provider is wrong"
    if expires <= now - LEEWAY_SECONDS or made < now - MAX_AGE_SECONDS - LEEWAY_SECONDS:
        raise ProviderError(late)
    if max(made, made if begins is None else begins) > now + LEEWAY_SECONDS:
        raise ProviderError(early)


def _seconds(claims: Mapping[str, Any], name: str) -> float | None:
    value = claims.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool):
        return None
    return value if 0 <= value < _END_OF_TIME else None  # which is not so of what JSON calls NaN
