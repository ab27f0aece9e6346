"""A small OpenID provider: strict as a real one, and wrong in one point where a test wants it to be.

``python -m tests.support.provider FILE REDIRECT`` runs it by itself, and writes its address into the file.
"""

from __future__ import annotations

import hmac
import json
import secrets
import sys
import time
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Callable, Mapping
from fnmatch import fnmatch
from hashlib import sha256
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, RSAKey
from twisted.internet.interfaces import IReactorTCP
from twisted.web.http import Request
from twisted.web.http_headers import Headers
from twisted.web.resource import Resource
from twisted.web.server import NOT_DONE_YET, Site
from twisted.web.test.requesthelper import DummyRequest

from chatd.oidc import ProviderError
from chatd.oidc.fetching import Answer

CLIENT_ID = "chat"
CLIENT_SECRET = "a secret: with / and ü"
Key = RSAKey | ECKey


def rsa_key(kid: str) -> RSAKey:
    return RSAKey.generate_key(2048, {"kid": kid, "use": "sig"})


class Provider(Resource):
    """Vouches for `user` to whoever asks on behalf of the client, and has them come back to ``redirects`` alone."""

    isLeaf = True  # noqa: N815  # Twisted's
    _first_key: ClassVar[RSAKey | None] = None

    def __init__(self, wall: Callable[[], float] = time.time, *, secret: str | None = CLIENT_SECRET) -> None:
        super().__init__()
        if Provider._first_key is None:
            Provider._first_key = rsa_key("first")  # takes its time, so all have the same
        self.issuer = ""
        self.redirects: list[str] = []
        """Where people come back to; ``*`` stands for anything."""
        self.secret = secret
        self.key: Any = Provider._first_key
        self.published: list[Any] = [self.key]
        self.algorithm = "RS256"
        self.header: dict[str, Any] = {}
        self.user: dict[str, Any] = {"sub": "user-1", "preferred_username": "ann"}
        self.userinfo: dict[str, Any] | None = None
        """What only the userinfo endpoint says."""
        self.changes: dict[str, Any] = {}
        """What of an ID token is other than it should be; None leaves a claim out."""
        self.metadata: dict[str, Any] = {}
        """The same of what the provider says of itself."""
        self.raw: dict[str, tuple[int, bytes]] = {}
        """By path what is answered in place of all else."""
        self.silent: set[str] = set()
        """The paths that are not answered."""
        self.asks = False
        """Whether somebody is to press a button before they come back."""
        self.asked: list[str] = []
        """The paths of the requests, in their order."""
        self.sign: Callable[[dict[str, Any]], str] = self._signed
        self._wall = wall
        self._codes: dict[str, dict[str, str]] = {}
        self._access: set[str] = set()

    def listen(self, reactor: Any, port: int = 0) -> Any:
        """Listen on a port of this machine, and return it."""
        site: Any = Site(self)
        listening: Any = IReactorTCP(reactor).listenTCP(port, site, interface="127.0.0.1")
        self.issuer = f"http://127.0.0.1:{listening.getHost().port}"
        return listening

    def rotate(self) -> None:
        """Sign with another key from now on, and publish no other."""
        self.key = rsa_key(secrets.token_hex(4))
        self.published = [self.key]

    def render(self, request: Request) -> Any:
        """Answer a request."""
        path = request.path.decode()
        self.asked.append(path)
        if path in self.silent:
            return NOT_DONE_YET
        if path in self.raw:
            status, body = self.raw[path]
            request.setResponseCode(status)
            return body
        answers: dict[str, Callable[[Request], bytes]] = {
            "/.well-known/openid-configuration": self._describe,
            "/authorize": self._authorize,
            "/keys": lambda request: _json(request, KeySet(self.published).as_dict(private=False)),
            "/token": self._token,
            "/userinfo": self._userinfo,
        }
        return answers[path](request)

    def _describe(self, request: Request) -> bytes:
        described = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "response_types_supported": ["code"],
            "scopes_supported": ["openid", "profile", "groups"],
            **self.metadata,
        }
        return _json(request, {name: value for name, value in described.items() if value is not None})

    def _authorize(self, request: Request) -> bytes:
        asked = _fields(request)
        if not any(fnmatch(asked["redirect_uri"], each) for each in self.redirects) or asked["client_id"] != CLIENT_ID:
            return _json(request, {"error": "invalid_request", "error_description": asked["redirect_uri"]}, 400)
        assert asked["response_type"] == "code"
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        if self.asks and "yes" not in asked:
            fields = "".join(f'<input type="hidden" name="{k}" value="{v}">' for k, v in asked.items())
            button = '<button name="yes" value="1" id="yes">Yes, that is me</button>'
            name = self.user["preferred_username"]
            page = f"<!doctype html><link rel=icon href=data:><title>Provider</title><h1>{name}?</h1>"
            return f"{page}<form action=/authorize>{fields}{button}</form>".encode()
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        answer = {"code": code, "state": asked["state"]}
        if "authorization_response_iss_parameter_supported" in self.metadata:
            answer["iss"] = self.issuer
        request.setResponseCode(303)
        request.setHeader("Location", f"{asked['redirect_uri']}?{urlencode(answer)}")
        return b""

    def _token(self, request: Request) -> bytes:
        given = _fields(request)
        if not self._is_client(request, given):
            return _json(request, {"error": "invalid_client"}, 401)
        asked = self._codes.pop(given["code"], None)
        challenge = _base64(sha256(given["code_verifier"].encode()).digest())
        if (
            asked is None
            or given["grant_type"] != "authorization_code"
            or asked["redirect_uri"] != given["redirect_uri"]
            or asked["code_challenge"] != challenge
        ):
            return _json(request, {"error": "invalid_grant", "error_description": "that code <b>is</b> none"}, 400)
        now = int(self._wall())
        standard = {"iss": self.issuer, "aud": CLIENT_ID, "exp": now + 300, "iat": now, "nonce": asked["nonce"]}
        claims = {**standard, **self.user, **self.changes}
        access = secrets.token_urlsafe(8)
        self._access.add(access)
        token = self.sign({name: value for name, value in claims.items() if value is not None})
        return _json(request, {"token_type": "Bearer", "access_token": access, "id_token": token})

    def _signed(self, claims: dict[str, Any]) -> str:
        header = {"alg": self.algorithm, "kid": self.key.kid, **self.header}
        return jwt.encode(header, claims, self.key, algorithms=[self.algorithm])

    def _is_client(self, request: Request, given: dict[str, str]) -> bool:
        if self.secret is None:
            return given.get("client_id") == CLIENT_ID
        kind, _, value = (request.getHeader("Authorization") or "").partition(" ")
        if kind == "Basic":
            name, _, secret = b64decode(value).decode().partition(":")
            return (unquote(name), unquote(secret)) == (CLIENT_ID, self.secret) and "client_secret" not in given
        return (given.get("client_id"), given.get("client_secret")) == (CLIENT_ID, self.secret)

    def _userinfo(self, request: Request) -> bytes:
        token = (request.getHeader("Authorization") or "").partition(" ")[2]
        if token not in self._access:
            return _json(request, {"error": "invalid_token"}, 401)
        return _json(request, {"sub": self.user["sub"]} if self.userinfo is None else self.userinfo)


class InMemoryFetcher:
    """Asks a provider without a network; that one's issuer is no address then that anybody could reach."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def fetch(
        self, url: str, form: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        request: Any = DummyRequest([])
        request.path = urlsplit(url).path.encode()
        request.args = {name.encode(): [value.encode()] for name, value in (form or {}).items()}
        request.requestHeaders = Headers({name: [value] for name, value in (headers or {}).items()})
        body = self._provider.render(request)
        if body is NOT_DONE_YET:
            raise ProviderError("it does not answer")
        return Answer(request.responseCode or 200, json.loads(body))

    def visit(self, address: str) -> str:
        """Follow an address to the provider, as a browser does, and return where that is sent on to."""
        request: Any = DummyRequest([])
        parts = urlsplit(address)
        request.path = parts.path.encode()
        request.args = {name.encode(): [value.encode()] for name, value in parse_qsl(parts.query)}
        body = self._provider.render(request)
        assert request.responseCode == 303, body
        (location,) = request.responseHeaders.getRawHeaders("Location")
        return str(location)


def unsigned(claims: dict[str, Any]) -> str:
    """Return a token that nobody has signed."""
    return f"{_parts({'alg': 'none', 'typ': 'JWT'}, claims)}."


def signed_with_secret(claims: dict[str, Any], secret: bytes, kid: str) -> str:
    """Return a token that is signed with what others know too."""
    parts = _parts({"alg": "HS256", "kid": kid}, claims)
    return f"{parts}.{_base64(hmac.digest(secret, parts.encode(), 'sha256'))}"


def _parts(*objects: dict[str, Any]) -> str:
    return ".".join(_base64(json.dumps(each).encode()) for each in objects)


def _base64(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _fields(request: Request) -> dict[str, str]:
    arguments: dict[bytes, list[bytes]] = request.args or {}
    return {name.decode(): values[-1].decode() for name, values in arguments.items()}


def _json(request: Request, value: Any, status: int = 200) -> bytes:
    request.setResponseCode(status)
    request.setHeader("Content-Type", "application/json")
    return json.dumps(value).encode()


def main(file: Path, redirect: str) -> None:
    """Run until the process is ended."""
    from twisted.internet import reactor

    provider = Provider(secret=None)
    provider.asks = True
    provider.user |= {"groups": ["staff", "chat-operators"]}
    provider.redirects.append(redirect)
    provider.listen(reactor)
    file.with_suffix(".new").write_text(provider.issuer)
    file.with_suffix(".new").rename(file)
    running: Any = reactor
    running.run()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
