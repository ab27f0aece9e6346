"""What a hook connects to and what it takes of an answer: real sockets on this machine, names of its own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor, ssl
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IReactorSSL, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import capturedLogs, eventAsText
from twisted.python.failure import Failure

from chatd.hooks import receiver
from chatd.hooks.addresses import is_public
from chatd.hooks.receiver import Outcome, Receiver
from chatd.hooks.signing import key_of, new_secret, signature
from chatd.hooks.target import parse, shown
from chatd.runtime import http_endpoints
from tests.support.certificates import Authority, write_certificate
from tests.support.daemon import DEADLINE

NOW = 1_700_000_000.0


class Resolver:
    """Says what names stand for: each time the next, and the last for ever."""

    def __init__(self, *answers: list[str]) -> None:
        self.answers = list(answers)
        self.asked = 0

    def resolveHostName(self, receiver: Any, _name: str, port: int = 0, *_more: object) -> None:  # noqa: N802
        self.asked += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        receiver.resolutionBegan(None)
        for host in answer:
            receiver.addressResolved((IPv6Address if ":" in host else IPv4Address)("TCP", host, port))
        receiver.resolutionComplete()


class Named:
    """The reactor, with names of its own; it remembers what was connected to."""

    def __init__(self, resolver: Resolver) -> None:
        self.nameResolver = resolver
        self.connected: list[str] = []

    def connectTCP(self, host: str, *arguments: Any, **options: Any) -> Any:  # noqa: N802
        self.connected.append(host)
        return reactor.connectTCP(host, *arguments, **options)

    def __getattr__(self, name: str) -> Any:
        return getattr(reactor, name)


class Answering(Protocol):
    """Answers each request with the same bytes; with none it does not."""

    def __init__(self, answer: bytes, requests: list[bytes]) -> None:
        self._answer = answer
        self._requests = requests

    def dataReceived(self, data: bytes) -> None:
        self._requests.append(data)
        transport: Any = self.transport
        transport.write(self._answer)


@asynccontextmanager
async def answering(answer: bytes, tls: Path | None = None) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Listen; yields the port and what came."""
    requests: list[bytes] = []
    factory: Any = Factory.forProtocol(lambda: Answering(answer, requests))
    factory.noisy = False
    if tls is None:
        port: Any = reactor.listenTCP(0, factory, interface="127.0.0.1")
    else:
        context = ssl.DefaultOpenSSLContextFactory(str(tls), str(tls))
        port = IReactorSSL(reactor).listenSSL(0, factory, context, interface="127.0.0.1")
    try:
        yield port.getHost().port, requests
    finally:
        await maybeDeferred(port.stopListening)


async def post(url: str, resolver: Resolver | None = None, *, private: bool = True, times: int = 1) -> Outcome:
    named = Named(resolver or Resolver(["127.0.0.1"]))
    sender = Receiver(named, parse(url, private=private), lambda: NOW, private=private)
    for _ in range(times):
        outcome = await sender.post({"Webhook-Id": "a-1"}, b"{}")
    await sender.rest()
    return outcome


OK = b"HTTP/1.1 204 No Content\r\n\r\n"


@ensureDeferred
async def test_a_request() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok") as (port, requests):
        assert await post(f"http://us%20er:word@hook.test:{port}/in?a=b") == Outcome(200)
    head, _, body = requests[0].partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /in?a=b HTTP/1.1"
    assert b"Authorization: Basic dXMgZXI6d29yZA==" in lines
    assert b"Content-Type: application/json" in lines and b"Host: hook.test:%d" % port in lines
    assert body == b"{}"


@pytest.mark.parametrize(
    ("answer", "outcome"),
    [
        (b"500 Oops\r\nContent-Length: 0", Outcome(500, "answered 500")),
        (b"410 Gone\r\nContent-Length: 0", Outcome(410, "answered 410")),
        (b"503 Later\r\nContent-Length: 0\r\nRetry-After: 120", Outcome(503, "answered 503", 120)),
        (
            b"429 Slow\r\nContent-Length: 0\r\nRetry-After: " + formatdate(NOW + 90, usegmt=True).encode(),
            Outcome(429, "answered 429", 90),
        ),
        (b"503 Later\r\nContent-Length: 0\r\nRetry-After: soon", Outcome(503, "answered 503", 0)),
    ],
)
@ensureDeferred
async def test_an_answer_that_is_no_good(answer: bytes, outcome: Outcome) -> None:
    async with answering(b"HTTP/1.1 " + answer + b"\r\n\r\n") as (port, _):
        assert await post(f"http://hook.test:{port}/") == outcome


@ensureDeferred
async def test_a_redirect_is_not_followed() -> None:
    async with answering(OK) as (other, requests):
        where = b"HTTP/1.1 307 There\r\nContent-Length: 0\r\nLocation: http://127.0.0.1:%d/\r\n\r\n" % other
        async with answering(where) as (port, _):
            outcome = await post(f"http://hook.test:{port}/")
    assert outcome == Outcome(307, "answered 307; redirects are not followed")
    assert not requests


@pytest.mark.parametrize("address", ["127.0.0.1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "0.0.0.0", "::1"])
@pytest.mark.parametrize("before", [[], ["93.184.215.14"]])
@ensureDeferred
async def test_a_name_for_a_private_address_is_not_connected_to(address: str, before: list[str]) -> None:
    named = Named(Resolver([*before, address]))
    sender = Receiver(named, parse("https://hook.test/", private=False), lambda: NOW, private=False)
    outcome = await sender.post({}, b"{}")
    assert outcome.status is None and "is not public" in outcome.why and address in outcome.why
    assert named.connected == []


@ensureDeferred
async def test_what_was_checked_is_what_is_connected_to(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that stands for another address a moment later is looked up once for each connection."""
    monkeypatch.setattr(receiver, "is_public", lambda host: host == "127.0.0.1")
    async with answering(OK) as (port, requests):
        resolver = Resolver(["127.0.0.1"], ["127.0.0.2"])
        named = Named(resolver)
        target = parse(f"http://hook.test:{port}/", private=True)
        sender = Receiver(named, target, lambda: NOW, private=False)
        assert await sender.post({}, b"{}") == Outcome(204)
        assert (resolver.asked, named.connected, len(requests)) == (1, ["127.0.0.1"], 1)
        await sender.rest()
        assert "127.0.0.2" in (await sender.post({}, b"{}")).why
        assert named.connected == ["127.0.0.1"]


@ensureDeferred
async def test_another_address_is_tried_where_one_does_not_answer() -> None:
    async with answering(OK) as (port, _):
        named = Named(Resolver(["127.0.0.9", "127.0.0.1"]))
        sender = Receiver(named, parse(f"http://hook.test:{port}/", private=True), lambda: NOW, private=True)
        assert await sender.post({}, b"{}") == Outcome(204)
        assert named.connected == ["127.0.0.9", "127.0.0.1"]
        await sender.rest()


@ensureDeferred
async def test_a_connection_serves_for_several() -> None:
    async with answering(OK) as (port, requests):
        resolver = Resolver(["127.0.0.1"])
        assert await post(f"http://hook.test:{port}/", resolver, times=3) == Outcome(204)
        assert (len(requests), resolver.asked) == (3, 1)


class Refusing(Protocol):
    """Refuses each request, and tells when the connection has ended."""

    def __init__(self, ended: Deferred[None]) -> None:
        self._ended = ended

    def dataReceived(self, data: bytes) -> None:  # noqa: ARG002  # Twisted's
        transport: Any = self.transport
        transport.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n")

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002  # Twisted's
        self._ended.callback(None)


@ensureDeferred
async def test_a_connection_that_was_kept_is_broken_off() -> None:
    ended = Deferred[None]()
    factory: Any = Factory.forProtocol(lambda: Refusing(ended))
    factory.noisy = False
    port: Any = reactor.listenTCP(0, factory, interface="127.0.0.1")
    try:
        sender = Receiver(
            reactor, parse(f"http://127.0.0.1:{port.getHost().port}/", private=True), lambda: NOW, private=True
        )
        assert (await sender.post({}, b"{}")).status == 500
        assert not ended.called
        sender.abort()
        await ended.addTimeout(DEADLINE, IReactorTime(reactor))
    finally:
        await maybeDeferred(port.stopListening)


@ensureDeferred
async def test_a_request_is_not_worth_a_line_of_the_log() -> None:
    async with answering(OK) as (port, requests):
        with capturedLogs() as events:
            await post(f"http://hook.test:{port}/")
    assert requests
    assert [eventAsText(event) for event in events] == []


@ensureDeferred
async def test_no_such_name_and_nobody_there() -> None:
    assert await post("http://hook.test:1/", Resolver([])) == Outcome(None, "there is no such host")
    assert await post("http://hook.test:1/") == Outcome(None, "connection refused")


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nx"])
@ensureDeferred
async def test_a_receiver_that_is_slow_is_not_waited_for(head: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(receiver, "REQUEST_SECONDS", 0.3)
    async with answering(head) as (port, _):
        outcome = await post(f"http://hook.test:{port}/")
    assert outcome == (Outcome(200) if head else Outcome(None, "did not answer within 0.3 seconds"))


@pytest.mark.parametrize(
    "flood",
    [
        b"HTTP/1.1 200 OK\r\n" + b"X-More: 1234567890\r\n" * 20_000,
        b"HTTP/1.1 200 OK\r\n\r\n" + bytes(2 * http_endpoints.MAX_ANSWER),
    ],
    ids=["head", "body"],
)
@ensureDeferred
async def test_an_answer_without_end_is_cut_off(flood: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    came: list[int] = []
    bounded = http_endpoints._Bounded.dataReceived

    def count(self: Any, data: bytes) -> None:
        bounded(self, data)
        came.append(self.came)

    monkeypatch.setattr(http_endpoints._Bounded, "dataReceived", count)
    async with answering(flood) as (port, _):
        outcome = await post(f"http://hook.test:{port}/")
    assert outcome.status in (None, 200)
    assert max(came) <= http_endpoints.MAX_ANSWER + 64 * 1024


@ensureDeferred
async def test_a_certificate_that_nobody_vouches_for_is_refused(tmp_path: Path) -> None:
    write_certificate(tmp_path / "pem", tmp_path / "pem", "hook.test")
    async with answering(OK, tmp_path / "pem") as (port, requests):
        outcome = await post(f"https://hook.test:{port}/")
    assert outcome.status is None and "TLS" in outcome.why
    assert not requests


@ensureDeferred
async def test_a_certificate_is_that_of_the_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path / "authority")
    authority.sign(tmp_path / "pem", tmp_path / "pem", "right.test")
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.file))
    async with answering(OK, tmp_path / "pem") as (port, requests):
        assert await post(f"https://right.test:{port}/") == Outcome(204)
        wrong = await post(f"https://wrong.test:{port}/")
    assert wrong.status is None and "belongs to another server" in wrong.why
    assert len(requests) == 1


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "10.1.2.3", "100.64.0.1", "127.0.0.1", "169.254.169.254", "172.16.0.1", "172.31.9.9",
        "192.168.0.1", "192.0.0.8", "198.18.0.1", "203.0.113.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1",
        "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "fc00::1", "fd12::1", "fe80::1",
        "fe80::1%eth0", "2606:4700::1%eth0", "fec0::1", "ff02::1", "5f00::1", "no address", "",
    ],
)  # fmt: skip
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", ["1.1.1.1", "93.184.215.14", "172.32.0.1", "::ffff:1.1.1.1", "64:ff9b::101:101", "2606:4700::1111"]
)
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/", "http:// is not encrypted"),
        ("ftp://example.org/", "bad URL; use"),
        ("https:///in", "bad URL; use"),
        ("https://example.org/#part", "bad URL; use"),
        ("https://127.0.0.1/", "is not a public address"),
        ("https://[::1]/", "is not a public address"),
        ("https://example.org/a b", "bad URL; use at most"),
        ("https://exämple.org/", "bad URL; use at most"),
        ("https://example.org/\r\nX: y", "bad URL; use at most"),
        ("https://example.org:x/", "bad URL; use https"),
        ("https://example.org/" + "a" * 2000, "bad URL; use at most"),
    ],
)
def test_urls_that_are_none_for_a_hook(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        parse(url, private=False)


def test_what_is_shown_of_a_url() -> None:
    assert shown("https://user:word@example.org:8443/in/s3cret?token=s3cret") == "https://example.org:8443"


def test_signatures_are_those_of_the_standard() -> None:
    key = key_of("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    made = signature(key, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}')
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
    assert len(key_of(new_secret())) == 32
    for wrong in ("", "whsec_", "whsec_short", "whsec_!" + "a" * 40, "a" * 200):
        with pytest.raises(ValueError, match="bad secret; use"):
            key_of(wrong)
