"""What is believed of an OpenID provider, asked over real sockets, and what is not."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, OKPKey
from pytest_twisted import async_yield_fixture, ensureDeferred
from twisted.internet import reactor, ssl
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorSSL
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.task import Clock
from twisted.web.client import Agent

from chatd.accounts import Vouched
from chatd.oidc import ProviderError, fetching, id_token
from chatd.oidc.addresses import check_issuer, discovery_url, endpoint
from chatd.oidc.attempt import ATTEMPT_SECONDS, Attempt, is_fresh, new_secret
from chatd.oidc.fetching import HTTPFetcher
from chatd.oidc.kept_document import AFTER_FAILURE_SECONDS, ANEW_SECONDS, KEEP_SECONDS, KeptDocument
from chatd.oidc.provider import Provider, ProviderSettings
from chatd.runtime import http_endpoints
from chatd.runtime.http_endpoints import MAX_ANSWER
from tests.support import provider as fake
from tests.support.certificates import Authority, write_certificate
from tests.support.provider import CLIENT_ID, CLIENT_SECRET, rsa_key, signed_with_secret, unsigned

BACK = "https://chat.example.org/-/oidc/back"
NOW = 1_700_000_000.0


@async_yield_fixture()
async def theirs() -> AsyncIterator[fake.Provider]:
    """A provider that listens on this machine."""
    provider = fake.Provider(lambda: NOW)
    provider.redirects.append(BACK)
    port = provider.listen(reactor)
    yield provider
    await maybeDeferred(port.stopListening)


def ours(theirs: fake.Provider, clock: Clock | None = None, **settings: Any) -> Provider:
    """Return what this server makes of a provider."""
    settings = {"client_secret": theirs.secret, "wants_groups": True, **settings}
    agreed = ProviderSettings(theirs.issuer, CLIENT_ID, **settings)
    return Provider(agreed, HTTPFetcher(reactor), clock or Clock(), lambda: NOW)


async def answer_of(provider: Provider, attempt: Attempt) -> dict[str, str]:
    """Go to a provider, as a browser does, and return what that brings back."""
    address = await provider.login_address(attempt, BACK)
    response = await Agent(reactor).request(b"GET", address.encode())
    received = fetching._Received()
    response.deliverBody(received)
    await received.ended
    (location,) = response.headers.getRawHeaders("Location")
    assert location.startswith(f"{BACK}?")
    return dict(parse_qsl(urlsplit(location).query))


async def identified(provider: Provider, secret: str = "") -> Vouched:
    attempt = Attempt(secret or new_secret(NOW))
    return await provider.identify(await answer_of(provider, attempt), attempt, BACK)


# A login that goes well.


@ensureDeferred
async def test_who_has_logged_in_there_is_known_by_subject_name_and_groups(theirs: fake.Provider) -> None:
    theirs.user |= {"groups": ["staff", "ops"], "email": "ann@example.org"}
    assert await identified(ours(theirs)) == Vouched(theirs.issuer, "user-1", "ann", frozenset({"staff", "ops"}))
    by_mail = await identified(ours(theirs, name_claim="email", groups_claim="nothing"))
    assert by_mail == Vouched(theirs.issuer, "user-1", "ann@example.org", frozenset())


@ensureDeferred
async def test_what_the_browser_takes_to_the_provider(theirs: fake.Provider) -> None:
    attempt = Attempt(new_secret(NOW))
    address = await ours(theirs).login_address(attempt, BACK)
    asked = dict(parse_qsl(urlsplit(address).query))
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": BACK,
        "scope": "openid profile groups",
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": attempt.challenge,
        "code_challenge_method": "S256",
    }
    assert attempt.verifier not in address
    assert len({attempt.state, attempt.nonce, attempt.verifier, attempt.challenge}) == 4


@ensureDeferred
async def test_the_secret_is_sent_as_the_provider_takes_it(theirs: fake.Provider) -> None:
    await identified(ours(theirs))
    theirs.metadata["token_endpoint_auth_methods_supported"] = ["client_secret_post"]
    await identified(ours(theirs))
    with pytest.raises(ProviderError, match="invalid_client"):
        await identified(ours(theirs, client_secret="another"))
    theirs.secret = None
    await identified(ours(theirs))
    assert CLIENT_SECRET not in repr(ProviderSettings("https://a", CLIENT_ID, CLIENT_SECRET))


@pytest.mark.parametrize("algorithm", id_token.ALGORITHMS)
@ensureDeferred
async def test_each_algorithm_with_a_key_of_the_providers_own(theirs: fake.Provider, algorithm: str) -> None:
    theirs.algorithm = algorithm
    curves = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
    if algorithm in curves:
        theirs.key = ECKey.generate_key(curves[algorithm], {"kid": "ec"})
    elif algorithm == "Ed25519":
        theirs.key = OKPKey.generate_key("Ed25519", {"kid": "ed"})
    theirs.published = [theirs.key]
    assert (await identified(ours(theirs))).subject == "user-1"


@ensureDeferred
async def test_what_only_the_userinfo_endpoint_says(theirs: fake.Provider) -> None:
    theirs.user = {"sub": "user-1"}
    theirs.userinfo = {"sub": "user-1", "preferred_username": "ann", "groups": "staff"}
    assert await identified(ours(theirs)) == Vouched(theirs.issuer, "user-1", "ann", frozenset({"staff"}))
    theirs.userinfo["sub"] = "user-2"
    with pytest.raises(ProviderError, match="gives no details"):
        await identified(ours(theirs))
    theirs.metadata["userinfo_endpoint"] = None
    with pytest.raises(ProviderError, match=r"give your name \(preferred_username\)"):
        await identified(ours(theirs))


# What an ID token must not say.


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"iss": "https://evil.example"}, "another provider"),
        ({"iss": None}, "another provider"),
        ({"aud": "another"}, "meant for another program"),
        ({"aud": ["another"]}, "meant for another program"),
        ({"aud": None}, "meant for another program"),
        ({"aud": [CLIENT_ID, "another"]}, "given to another program"),
        ({"aud": [CLIENT_ID, "another"], "azp": "another"}, "given to another program"),
        ({"azp": "another"}, "given to another program"),
        ({"exp": NOW - 61}, "too old"),
        ({"exp": None}, "how long it is valid"),
        ({"exp": "never"}, "how long it is valid"),
        ({"exp": float("nan")}, "how long it is valid"),
        ({"exp": 10**400}, "how long it is valid"),
        ({"exp": True}, "how long it is valid"),
        ({"iat": NOW - 661}, "too old"),
        ({"iat": NOW + 61}, "from the future"),
        ({"nbf": NOW + 61}, "from the future"),
        ({"iat": None}, "how long it is valid"),
        ({"nonce": "another"}, "belongs to another login"),
        ({"nonce": None}, "belongs to another login"),
        ({"nonce": 1}, "belongs to another login"),
        ({"sub": None}, "does not say who"),
        ({"sub": ""}, "does not say who"),
        ({"sub": 7}, "does not say who"),
        ({"sub": "a" * 256}, "does not say who"),
        ({"sub": "a\nb"}, "does not say who"),
        ({"preferred_username": ["ann"]}, "give your name"),
        ({"preferred_username": "a" * 201}, "give your name"),
    ],
)
@ensureDeferred
async def test_a_token_that_is_not_for_this_login(theirs: fake.Provider, changes: dict[str, Any], why: str) -> None:
    theirs.changes = changes
    with pytest.raises(ProviderError, match=why):
        await identified(ours(theirs))


@pytest.mark.parametrize(
    "changes",
    [
        {"exp": NOW - 59},
        {"iat": NOW + 59, "nbf": NOW + 59},
        {"iat": NOW - 659},
        {"aud": [CLIENT_ID, "x"], "azp": CLIENT_ID},
    ],
)
@ensureDeferred
async def test_clocks_may_differ_a_little(theirs: fake.Provider, changes: dict[str, Any]) -> None:
    theirs.changes = changes
    assert (await identified(ours(theirs))).subject == "user-1"


@pytest.mark.parametrize("how", ["unsigned", "with the client's secret", "with the public key", "cut", "by another"])
@ensureDeferred
async def test_a_token_that_the_provider_has_not_signed(theirs: fake.Provider, how: str) -> None:
    other, kid, pem = rsa_key(theirs.key.kid), str(theirs.key.kid), theirs.key.as_pem(private=False)
    signing: dict[str, Callable[[dict[str, Any]], str]] = {
        "unsigned": unsigned,
        "with the client's secret": lambda claims: signed_with_secret(claims, CLIENT_SECRET.encode(), kid),
        "with the public key": lambda claims: signed_with_secret(claims, pem, kid),
        "cut": lambda claims: theirs._signed(claims)[:-4],
        "by another": lambda claims: jwt.encode({"alg": "RS256", "kid": kid}, claims, other),
    }
    theirs.sign = signing[how]
    with pytest.raises(ProviderError, match="no valid signature"):
        await identified(ours(theirs))


@ensureDeferred
async def test_a_key_of_the_kind_for_secrets_is_no_key(theirs: fake.Provider) -> None:
    shared = OctKey.generate_key(256, {"kid": "shared"})
    theirs.raw["/keys"] = (200, json.dumps({"keys": [shared.as_dict(private=True), {"kty": "RSA"}, 7]}).encode())
    with pytest.raises(ProviderError, match="publishes no key"):
        await identified(ours(theirs))


# Keys that change.


@ensureDeferred
async def test_new_keys_are_fetched_when_a_token_names_one(theirs: fake.Provider) -> None:
    clock = Clock()
    provider = ours(theirs, clock)
    await identified(provider)
    clock.advance(ANEW_SECONDS)
    theirs.rotate()
    await identified(provider)
    await identified(provider)
    assert theirs.asked.count("/keys") == 2


@ensureDeferred
async def test_keys_that_nobody_publishes_do_not_have_them_fetched_again_and_again(theirs: fake.Provider) -> None:
    clock = Clock()
    provider = ours(theirs, clock)
    await identified(provider)
    theirs.header = {"kid": "made up"}
    for _ in range(3):
        with pytest.raises(ProviderError, match="does not publish"):
            await identified(provider)
    assert theirs.asked.count("/keys") == 1
    clock.advance(ANEW_SECONDS)
    for _ in range(3):
        with pytest.raises(ProviderError, match="does not publish"):
            await identified(provider)
    assert theirs.asked.count("/keys") == 2


# Codes and answers.


@ensureDeferred
async def test_a_code_is_good_once_and_for_who_asked_for_it(theirs: fake.Provider) -> None:
    provider = ours(theirs)
    mine, victims = Attempt(new_secret(NOW)), Attempt(new_secret(NOW))
    answer = await answer_of(provider, victims)
    with pytest.raises(ProviderError, match="invalid_grant"):
        await provider.identify(answer, mine, BACK)  # the verifier is another's
    answer = await answer_of(provider, mine)
    await provider.identify(answer, mine, BACK)
    with pytest.raises(ProviderError, match="invalid_grant"):
        await provider.identify(answer, mine, BACK)


@ensureDeferred
async def test_an_answer_that_says_that_it_is_another_providers(theirs: fake.Provider) -> None:
    attempt, provider = Attempt(new_secret(NOW)), ours(theirs)
    answer = await answer_of(provider, attempt)
    with pytest.raises(ProviderError, match="another provider"):
        await provider.identify({**answer, "iss": "https://evil.example"}, attempt, BACK)
    theirs.metadata["authorization_response_iss_parameter_supported"] = True
    careful = ours(theirs)
    answer = await answer_of(careful, attempt)
    assert answer["iss"] == theirs.issuer
    with pytest.raises(ProviderError, match="another provider"):
        await careful.identify({**answer, "iss": ""}, attempt, BACK)
    del answer["iss"]
    with pytest.raises(ProviderError, match="another provider"):
        await careful.identify(answer, attempt, BACK)
    with pytest.raises(ProviderError, match="no code"):
        await provider.identify({"state": attempt.state}, attempt, BACK)


# A provider that is slow, huge or broken.


@pytest.mark.parametrize(
    ("path", "body", "why"),
    [
        ("/.well-known/openid-configuration", (500, b"oops"), "answered 500 to the request for its configuration"),
        ("/.well-known/openid-configuration", (200, b"<html>"), "something other than JSON at /.well-known"),
        ("/.well-known/openid-configuration", (200, b"[]"), "something other than JSON"),
        ("/.well-known/openid-configuration", (200, b"[" * 60_000), "something other than JSON"),
        ("/.well-known/openid-configuration", (200, bytes(2 * MAX_ANSWER)), "did not answer properly"),
        ("/.well-known/openid-configuration", (302, b"{}"), "answered 302"),
        ("/keys", (404, b"{}"), "answered 404 to the request for its keys"),
        ("/keys", (200, b'{"keys": "none"}'), "publishes no key"),
        ("/token", (500, b"<h1>"), "did not accept its own answer: 500"),
        ("/token", (200, b"{}"), "no ID token"),
        ("/token", (200, b'{"id_token": "a.b"}'), "no valid signature"),
    ],
)
@ensureDeferred
async def test_a_broken_provider(theirs: fake.Provider, path: str, body: tuple[int, bytes], why: str) -> None:
    theirs.raw[path] = body
    with pytest.raises(ProviderError, match=why):
        await identified(ours(theirs))


@pytest.mark.parametrize(
    ("metadata", "why"),
    [
        ({"issuer": "https://evil.example"}, 'calls itself "https://evil.example"'),
        ({"issuer": None}, "calls itself"),
        ({"token_endpoint": "http://login.example.org/token"}, "must be an https"),
        ({"authorization_endpoint": "javascript:alert(1)"}, "must be an https"),
        ({"jwks_uri": None}, "says nothing for its jwks_uri"),
        ({"userinfo_endpoint": "file:///etc/passwd"}, "must be an https"),
    ],
)
@ensureDeferred
async def test_what_a_provider_may_not_say_of_itself(theirs: fake.Provider, metadata: dict[str, Any], why: str) -> None:
    theirs.metadata = metadata
    with pytest.raises(ProviderError, match=why):
        await ours(theirs).login_address(Attempt(new_secret(NOW)), BACK)


@ensureDeferred
async def test_a_provider_that_does_not_answer(theirs: fake.Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "REQUEST_SECONDS", 0.2)
    theirs.silent.add("/token")
    began = time.monotonic()
    with pytest.raises(ProviderError, match=r"it took more than 0\.2 seconds"):
        await identified(ours(theirs))
    assert time.monotonic() - began < 5


@ensureDeferred
async def test_a_provider_that_is_not_there() -> None:
    gone = fake.Provider()
    await maybeDeferred(gone.listen(reactor).stopListening)
    settings = ProviderSettings(gone.issuer, CLIENT_ID)
    provider = Provider(settings, HTTPFetcher(reactor), Clock(), lambda: NOW)
    with pytest.raises(ProviderError, match=r"127\.0\.0\.1 did not answer properly: connection refused"):
        await provider.login_address(Attempt(new_secret(NOW)), BACK)


# Documents that are kept.


class Source:
    """Returns numbers, or fails."""

    def __init__(self) -> None:
        self.asked = 0
        self.fails = False
        self.waits: Deferred[None] | None = None

    async def fetch(self) -> int:
        self.asked += 1
        if self.waits is not None:
            await self.waits
        if self.fails:
            raise ProviderError("no luck")
        return self.asked


def now(coroutine: Any) -> Any:
    """Return what comes at once."""
    found: list[Any] = []
    Deferred.fromCoroutine(coroutine).addCallbacks(found.append, lambda failure: found.append(failure.value))
    return found[0] if found else None


def test_a_document_is_kept_and_one_that_is_too_old_serves_on() -> None:
    clock, source = Clock(), Source()
    kept = KeptDocument(source.fetch, clock)
    assert [now(kept.get()), now(kept.get())] == [1, 1]
    clock.advance(KEEP_SECONDS)
    source.fails = True
    assert [now(kept.get()), now(kept.get()), source.asked] == [1, 1, 2]
    source.fails = False
    clock.advance(AFTER_FAILURE_SECONDS)
    assert now(kept.get()) == 3


def test_who_comes_after_a_failure_does_not_ask_at_once() -> None:
    clock, source = Clock(), Source()
    source.fails = True
    kept = KeptDocument(source.fetch, clock)
    assert [str(now(kept.get())), str(now(kept.get())), source.asked] == ["no luck", "no luck", 1]
    clock.advance(AFTER_FAILURE_SECONDS)
    source.fails = False
    assert now(kept.get()) == 2


def test_many_who_need_it_have_it_fetched_once() -> None:
    source = Source()
    source.waits = Deferred()
    kept = KeptDocument(source.fetch, Clock())
    waiting = [Deferred.fromCoroutine(kept.get()) for _ in range(3)]
    source.waits.callback(None)
    assert [each.result for each in waiting] == [1, 1, 1]
    assert source.asked == 1


# Attempts and addresses.


def test_an_attempt_is_fresh_for_ten_minutes() -> None:
    secret = new_secret(NOW)
    assert is_fresh(secret, NOW)
    assert is_fresh(secret, NOW + ATTEMPT_SECONDS - 1)
    assert not is_fresh(secret, NOW + ATTEMPT_SECONDS)
    assert not is_fresh(secret, NOW - 5)  # made up, to last longer
    assert not is_fresh("", NOW)
    assert new_secret(NOW) != secret


def test_what_is_derived_of_an_attempt_is_that_ones_alone() -> None:
    one, same, other = Attempt("a"), Attempt("a"), Attempt("b")
    assert one.is_answered_by(same.state)
    for wrong in (other.state, one.nonce, "", None, "é"):
        assert not one.is_answered_by(wrong)
    assert {one.nonce, one.verifier}.isdisjoint({other.nonce, other.verifier})
    assert 43 <= len(one.verifier) <= 128


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example.org",
        "https://login.example.org/realms/x/",
        "http://localhost:8080/a",
        "http://[::1]:8080",
    ],
)
def test_addresses_of_providers(url: str) -> None:
    assert check_issuer(url) == url
    assert discovery_url(url) == f"{url.rstrip('/')}/.well-known/openid-configuration"


@pytest.mark.parametrize(
    "url",
    [
        "http://login.example.org", "login.example.org", "ftp://a", "https://", "https://a?b", "https://a#b", "https://a?",
        "https://ann:secret@a", "https://a b", "https://a\n", "https://é", "http://127.0.0.1.example.org", "https://a:b",
        "http://localhost.example.org", "",
    ],
)  # fmt: skip
def test_what_is_no_address_of_a_provider(url: str) -> None:
    with pytest.raises(ValueError, match="address"):
        check_issuer(url)
    with pytest.raises(ProviderError):
        endpoint({"x": f"{url}#"}, "x")


class Named:
    """The reactor; every name stands for one address."""

    def __init__(self, address: str) -> None:
        self.nameResolver = self
        self._address = address

    def resolveHostName(self, receiver: Any, _name: str, port: int = 0, *_more: object) -> None:  # noqa: N802
        receiver.resolutionBegan(None)
        receiver.addressResolved(IPv4Address("TCP", self._address, port))
        receiver.resolutionComplete()

    def __getattr__(self, name: str) -> Any:
        return getattr(reactor, name)


@ensureDeferred
async def test_plain_http_goes_to_this_machine_whatever_its_name_stands_for() -> None:
    with pytest.raises(ProviderError, match=r"its name resolves to 192\.0\.2\.7"):
        await HTTPFetcher(Named("192.0.2.7")).fetch("http://localhost/")


@ensureDeferred
async def test_a_certificate_that_nobody_vouches_for(tmp_path: Path) -> None:
    file = tmp_path / "tls.pem"
    write_certificate(file, file, "localhost")
    factory: Any = Factory.forProtocol(Protocol)
    factory.noisy = False
    context = ssl.DefaultOpenSSLContextFactory(str(file), str(file))
    port: Any = IReactorSSL(reactor).listenSSL(0, factory, context, interface="127.0.0.1")
    with pytest.raises(ProviderError, match="the TLS connection failed: certificate verify failed"):
        await HTTPFetcher(Named("127.0.0.1")).fetch(f"https://localhost:{port.getHost().port}/")
    await maybeDeferred(port.stopListening)


@ensureDeferred
async def test_an_authority_of_ones_own_that_the_environment_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority, file = Authority(tmp_path / "authority.pem"), tmp_path / "tls.pem"
    authority.sign(file, file, "localhost")
    factory: Any = Factory.forProtocol(Answering)
    factory.noisy = False
    context = ssl.DefaultOpenSSLContextFactory(str(file), str(file))
    port: Any = IReactorSSL(reactor).listenSSL(0, factory, context, interface="127.0.0.1")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    http_endpoints.verifying_tls.cache_clear()
    answer = await HTTPFetcher(Named("127.0.0.1")).fetch(f"https://localhost:{port.getHost().port}/")
    assert answer.value == {"a": 1}
    await maybeDeferred(port.stopListening)
    http_endpoints.verifying_tls.cache_clear()


class Answering(Protocol):
    """Answers whatever comes with an object, and closes."""

    def dataReceived(self, data: bytes) -> None:  # noqa: ARG002  # Twisted's
        transport: Any = self.transport
        transport.write(b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"a": 1}')
        transport.loseConnection()
