"""A provider: where it sends people, and who it says that they are when they come back."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

from twisted.internet.interfaces import IReactorTime

from chatd.accounts import Vouched
from chatd.oidc import ProviderError, id_token
from chatd.oidc.addresses import discovery_url, endpoint
from chatd.oidc.attempt import Attempt
from chatd.oidc.fetching import OK, Fetcher
from chatd.oidc.id_token import UnknownKeyError
from chatd.oidc.kept_document import KeptDocument
from chatd.protocol.text import clean, excerpt
from chatd.runtime.clocks import WallClock

MAX_NAME = 200
MAX_GROUPS = 2000
MAX_CODE = 4096


@dataclass(frozen=True, slots=True)
class ProviderSettings:
    """What whoever runs this server has agreed on with a provider."""

    issuer: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    """None for a public client."""
    name_claim: str = "preferred_username"
    groups_claim: str = "groups"
    wants_groups: bool = False
    """Whether groups mean anything here."""


@dataclass(frozen=True, slots=True)
class Description:
    """What a provider says of itself."""

    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    userinfo_endpoint: str | None
    scopes: frozenset[str]
    names_issuer: bool
    """Whether each of its answers says whose it is (RFC 9207)."""
    takes_basic: bool
    """Whether a client's secret may be in the header Authorization."""


class Provider:
    """One provider, as a client of it sees it. Its methods raise `ProviderError`."""

    def __init__(self, settings: ProviderSettings, fetcher: Fetcher, clock: IReactorTime, wall: WallClock) -> None:
        self._settings = settings
        self._fetcher = fetcher
        self._wall = wall
        self._description = KeptDocument(self._describe, clock)
        self._keys = KeptDocument(self._fetch_keys, clock)

    async def login_address(self, attempt: Attempt, redirect_uri: str) -> str:
        """Return where a browser is to go, and comes back to ``redirect_uri`` from."""
        found = await self._description.get()
        asked = {
            "response_type": "code",
            "client_id": self._settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": " ".join(self._scopes(found)),
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        sign = "&" if "?" in found.authorization_endpoint else "?"
        return f"{found.authorization_endpoint}{sign}{urlencode(asked)}"

    async def identify(self, answer: Mapping[str, str], attempt: Attempt, redirect_uri: str) -> Vouched:
        """Return who it is, by what a browser has brought back, whose state was looked at already."""
        found = await self._description.get()
        issuer = answer.get("iss")
        if issuer != self._settings.issuer and (issuer is not None or found.names_issuer):
            raise ProviderError("the answer is from another provider")
        if (code := answer.get("code")) is None or not 0 < len(code) <= MAX_CODE:
            raise ProviderError("the provider's answer has no code")
        tokens = await self._exchange(found, code, attempt, redirect_uri)
        token = tokens.get("id_token")
        if not isinstance(token, str):
            raise ProviderError("the provider's answer has no ID token")
        claims = await self._verified(token)
        id_token.check_claims(claims, self._settings.issuer, self._settings.client_id, attempt.nonce, self._wall())
        return self._vouched(await self._completed(found, claims, tokens.get("access_token")))

    def _scopes(self, found: Description) -> list[str]:
        wanted = ["openid", "profile"]
        if self._settings.name_claim == "email":
            wanted.append("email")
        if self._settings.wants_groups and "groups" in found.scopes:
            wanted.append("groups")
        return wanted

    async def _describe(self) -> Description:
        status, document = await self._fetcher.fetch(discovery_url(self._settings.issuer))
        if status != OK:
            raise ProviderError(f"the provider answered {status} to the request for its configuration")
        if document.get("issuer") != self._settings.issuer:
            said = clean(excerpt(str(document.get("issuer")), 100))
            raise ProviderError(f"the provider calls itself {said}, which is not what --oidc-issuer says")
        has_userinfo = "userinfo_endpoint" in document
        return Description(
            endpoint(document, "authorization_endpoint"),
            endpoint(document, "token_endpoint"),
            endpoint(document, "jwks_uri"),
            endpoint(document, "userinfo_endpoint") if has_userinfo else None,
            frozenset(_texts(document.get("scopes_supported"))),
            document.get("authorization_response_iss_parameter_supported") is True,
            "client_secret_basic"
            in (_texts(document.get("token_endpoint_auth_methods_supported")) or ["client_secret_basic"]),
        )

    async def _fetch_keys(self) -> Any:
        found = await self._description.get()
        status, document = await self._fetcher.fetch(found.jwks_uri)
        if status != OK:
            raise ProviderError(f"the provider answered {status} to the request for its keys")
        return id_token.key_set(document)

    async def _exchange(
        self, found: Description, code: str, attempt: Attempt, redirect_uri: str
    ) -> Mapping[str, object]:
        settings = self._settings
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": redirect_uri,
            "code_verifier": attempt.verifier,
        }
        headers: dict[str, str] = {}
        if settings.client_secret is None or not found.takes_basic:
            form["client_id"] = settings.client_id
        if settings.client_secret is not None and found.takes_basic:  # RFC 6749, section 2.3.1
            pair = f"{quote(settings.client_id, safe='')}:{quote(settings.client_secret, safe='')}"
            headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
        elif settings.client_secret is not None:
            form["client_secret"] = settings.client_secret
        status, answer = await self._fetcher.fetch(found.token_endpoint, form, headers)
        if status != OK:
            raise ProviderError(f"the provider did not accept its own answer: {why_refused(answer, str(status))}")
        return answer

    async def _verified(self, token: str) -> dict[str, Any]:
        try:
            return id_token.verified(token, await self._keys.get())
        except UnknownKeyError:
            return id_token.verified(token, await self._keys.get_anew())

    async def _completed(
        self, found: Description, claims: Mapping[str, Any], access_token: object
    ) -> Mapping[str, Any]:
        """Return what is known of somebody, with what the provider keeps for whoever asks separately."""
        wanted = [self._settings.name_claim] + [self._settings.groups_claim] * self._settings.wants_groups
        missing = any(name not in claims for name in wanted)
        if not missing or found.userinfo_endpoint is None or not isinstance(access_token, str):
            return claims
        if not access_token.isascii() or not access_token.isprintable():
            raise ProviderError("the provider's answer has no usable access token")
        headers = {"Authorization": f"Bearer {access_token}"}
        status, more = await self._fetcher.fetch(found.userinfo_endpoint, headers=headers)
        if status != OK or more.get("sub") != claims["sub"]:
            raise ProviderError("the provider gives no details about who logged in")
        return {**more, **claims}

    def _vouched(self, claims: Mapping[str, Any]) -> Vouched:
        name = claims.get(self._settings.name_claim)
        if not isinstance(name, str) or not 0 < len(name) <= MAX_NAME:
            raise ProviderError(f"the provider does not give your name ({self._settings.name_claim})")
        groups = frozenset(_texts(claims.get(self._settings.groups_claim))[:MAX_GROUPS])
        return Vouched(self._settings.issuer, id_token.subject_of(claims), name, groups)


def why_refused(answer: Mapping[str, object], otherwise: str) -> str:
    """Return what a provider says of why it refuses (RFC 6749, section 5.2), as it may be shown."""
    said = [str(answer[name]) for name in ("error", "error_description") if isinstance(answer.get(name), str)]
    return clean(excerpt(": ".join(said), 200)) if said else otherwise


def _texts(value: object) -> list[str]:
    """Return the texts of a list, or one that stands alone."""
    if isinstance(value, str):
        return [value]
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
