"""Health and metrics over HTTP: who is told, what, and that they are told it when nobody else is let in."""

from __future__ import annotations

import json

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.parser import text_string_to_metric_families as plain_families
from twisted.internet.address import IPv4Address, UNIXAddress
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IAddress, IProtocol
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.accounts.token_store import TokenStore
from chatd.chat.limits import Limits
from chatd.edges.admission import REFUSALS
from chatd.edges.gateway import Gateway
from chatd.edges.line import LineFactory
from chatd.edges.web.call import Call
from chatd.edges.web.routes import Route, Routes
from chatd.edges.web.site import MAX_WATCHERS, WebFactory
from chatd.edges.web.visitors import WebVisitor
from chatd.model.health import Health
from chatd.protocol.errors import ChatError, Code
from tests.support.in_memory_accounts import ChatWithAccounts
from tests.support.in_memory_chat import InMemoryChat

HERE = IPv4Address("TCP", "127.0.0.1", 40001)
ELSEWHERE = IPv4Address("TCP", "192.0.2.7", 40001)
OPENMETRICS = "application/openmetrics-text;version=1.0.0;q=0.5,text/plain;version=0.0.4;q=0.4"


class Answer:
    """What came back: a status, headers by their names in small letters, and a body."""

    def __init__(self, data: bytes) -> None:
        head, _, self.body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}


class Site:
    """A server and its web edge, in memory."""

    def __init__(self, limits: Limits | None = None, chat: InMemoryChat | None = None) -> None:
        self.chat = chat or InMemoryChat(limits)
        self.gateway = Gateway(self.chat.hub, self.chat.clock)
        self.factory = WebFactory(self.gateway)

    def connect(self, address: IAddress = HERE) -> tuple[IProtocol, StringTransport]:
        transport, protocol = StringTransport(peerAddress=address), self.factory.buildProtocol(address)
        assert protocol is not None
        protocol.makeConnection(transport)
        return protocol, transport

    def ask(self, path: str, *headers: str, method: str = "GET", address: IAddress = HERE) -> Answer:
        protocol, transport = self.connect(address)
        lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1:10380", *headers]
        protocol.dataReceived("\r\n".join([*lines, "", ""]).encode())
        self.chat.turn()
        return Answer(transport.value())


@pytest.mark.parametrize("address", [HERE, ELSEWHERE])
def test_health_is_ok_while_the_journal_takes_messages_and_says_nothing_else(address: IAddress) -> None:
    answer = Site().ask("/-/health", address=address)
    assert answer.status == 200
    assert json.loads(answer.body) == {"status": "ok"}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("health", [health for health in Health if health is not Health.WORKING])
def test_health_says_why_nothing_can_be_said(health: Health) -> None:
    site = Site()
    site.chat.journal.health = health  # type: ignore[misc]
    answer = site.ask("/-/health", address=ELSEWHERE)
    assert answer.status == 503
    found = json.loads(answer.body)
    assert found["status"] == health.value
    assert found["text"] == REFUSALS.get(health, found["text"]) and found.keys() == {"status", "text"}
    assert answer.headers["retry-after"] == "5"


def test_head_is_answered_without_a_body() -> None:
    site = Site()
    assert site.ask("/-/health", method="HEAD").status == 200
    assert site.ask("/-/health", method="HEAD").body == b""
    site.chat.journal.health = Health.JOINING  # type: ignore[misc]
    answer = site.ask("/-/health", method="HEAD")
    assert (answer.status, answer.body) == (503, b"")
    assert int(answer.headers["content-length"]) > 0


def test_what_is_no_question_is_refused() -> None:
    answer = Site().ask("/-/health", method="POST")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"


def test_whoever_watches_is_let_in_where_nobody_else_is() -> None:
    site = Site()
    site.chat.journal.health = Health.DISCONNECTED  # type: ignore[misc]
    assert site.ask("/-/metrics").status == 200
    refused = site.ask("/builds", "Accept: text/html")
    assert refused.status == 503
    assert json.loads(refused.body) == {"error": "refused", "text": REFUSALS[Health.DISCONNECTED]}
    handshake = ("Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13")
    key = ("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Protocol: chatd.v1")
    assert site.ask("/-/ws", *handshake, *key).status == 503
    line = LineFactory(site.gateway).buildProtocol(None)
    transport = StringTransport()
    assert line is not None
    line.makeConnection(transport)
    assert transport.value().startswith(b"BYE refused ")
    site.chat.journal.health = Health.WORKING  # type: ignore[misc]
    assert site.ask("/builds", "Accept: text/html").status == 200


@pytest.mark.parametrize("limits", [Limits(connections=2), Limits(waiting=2)])
def test_a_full_server_tells_this_machine_how_it_is_and_nothing_else(limits: Limits) -> None:
    site = Site(limits)
    for _ in range(2):
        site.connect()
    assert site.ask("/-/health").status == 200
    assert site.ask("/-/metrics").status == 200
    refused = site.ask("/builds", "Accept: text/html")
    assert refused.status == 503
    assert json.loads(refused.body)["error"] == "refused"
    assert site.ask("/-/health", address=ELSEWHERE).status == 503
    assert site.gateway.admission.refused.total() == 1


def test_only_so_many_are_heard_beyond_the_limit_and_their_places_are_free_again() -> None:
    site = Site(Limits(connections=1))
    site.connect()
    more = [site.connect() for _ in range(MAX_WATCHERS)]
    assert site.ask("/-/health").status == 503
    assert site.gateway.admission.count == 1 + MAX_WATCHERS
    for protocol, _ in more:
        protocol.connectionLost(Failure(ConnectionDone()))
    assert site.gateway.admission.count == 1
    assert site.ask("/-/health").status == 200


def test_metrics_come_as_openmetrics_to_who_asks_for_that_and_as_plain_text_to_others() -> None:
    site = Site()
    answer = site.ask("/-/metrics", f"Accept: {OPENMETRICS}")
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("application/openmetrics-text; version=1.0.0; charset=utf-8")
    assert answer.body.endswith(b"# EOF\n")
    names = {family.name for family in text_string_to_metric_families(answer.body.decode())}
    assert {"chatd_connections", "chatd_messages", "chatd_commit_seconds"} <= names
    answer = site.ask("/-/metrics", "Accept: */*")
    assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
    assert {family.name for family in plain_families(answer.body.decode())} >= {"chatd_connections", "chatd_messages"}


@pytest.mark.parametrize("version", ["words", "1.words", "", "-1", "1.0.0.0.0", '"1.0.0"'])
def test_a_version_that_is_none_is_no_fault_of_ours(version: str) -> None:
    answer = Site().ask("/-/metrics", f"Accept: application/openmetrics-text;version={version}")
    assert answer.status == 200


def test_metrics_count_the_connection_that_asks() -> None:
    body = Site().ask("/-/metrics").body.decode()
    assert 'chatd_connections{edge="web"} 1.0\n' in body
    assert 'chatd_connections{edge="line"} 0.0\n' in body


def test_a_page_that_speaks_websocket_is_one_connection() -> None:
    site = Site()
    handshake = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
    key = "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Protocol: chatd.v1\r\n"
    protocol, transport = site.connect()
    request = f"GET /-/ws HTTP/1.1\r\nHost: 127.0.0.1:10380\r\n{handshake}{key}\r\n"
    protocol.dataReceived(request.encode())
    site.chat.turn()
    assert b"101 Switching Protocols" in transport.value()
    body = site.ask("/-/metrics").body.decode()
    assert 'chatd_connections{edge="web"} 2.0\n' in body
    assert "chatd_connections_admitted_total 2.0\n" in body


def test_metrics_are_for_this_machine_or_an_operator(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site()
    assert site.ask("/-/metrics", address=UNIXAddress(None)).status == 200
    answer = site.ask("/-/metrics", address=ELSEWHERE)
    assert answer.status == 403
    assert b"chatd_" not in answer.body
    monkeypatch.setattr(WebVisitor, "is_operator", True)
    assert site.ask("/-/metrics", address=ELSEWHERE).status == 200


def test_the_token_that_elsewhere_takes_is_a_whole_one_of_an_operator() -> None:
    chat = ChatWithAccounts("ann", "bob")
    site, tokens = Site(chat=chat), TokenStore(chat.store)

    def status(account: str, *headers: str, post_only: bool = False) -> int:
        made = tokens.add(account, 0, rooms=None, post_only=post_only, expires=None)
        return site.ask("/-/metrics", f"Authorization: Bearer {made.secret}", *headers, address=ELSEWHERE).status

    assert status("ann") == 200
    assert status("ann", "X-Forwarded-For: 192.0.2.8") == 200
    assert status("ann", post_only=True) == 403
    assert status("bob") == 403
    chat.close()


@pytest.mark.parametrize("header", ["X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.7", "X-Real-IP: 192.0.2.7"])
def test_whoever_comes_through_a_proxy_on_this_machine_is_not_on_it(
    header: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site()
    answer = site.ask("/-/metrics", header)
    assert answer.status == 403
    assert json.loads(answer.body)["error"] == "not-allowed"
    assert site.ask("/-/health", header).status == 200
    monkeypatch.setattr(WebVisitor, "is_operator", True)
    assert site.ask("/-/metrics", header).status == 200


def test_an_error_over_http_is_counted_like_one_on_a_line(monkeypatch: pytest.MonkeyPatch) -> None:
    site = Site()

    async def refuse(_call: Call) -> None:
        raise ChatError(Code.MUTED, "you are muted")

    monkeypatch.setattr(site.factory, "_routes", Routes([Route("GET", "/-/metrics", refuse)]))
    assert site.ask("/-/metrics").status == 403
    monkeypatch.undo()
    assert 'chatd_errors_total{code="muted"} 1.0\n' in site.ask("/-/metrics").body.decode()
