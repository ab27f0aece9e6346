"""Requests: which are looked at, what they may cost, and how they are refused."""

from __future__ import annotations

import pytest
from twisted.internet.interfaces import ITCPTransport
from zope.interface import alsoProvides

from chatd.chat.limits import Limits
from chatd.edges.web.channel import MAX_HEADER_BYTES, MAX_HEADERS, REQUEST_SECONDS, WebChannel
from chatd.edges.web.errors import STATUS
from chatd.edges.web.page import CONTENT_SECURITY_POLICY, page_files
from chatd.edges.web.trust import Trust
from chatd.protocol.errors import Code
from tests.support.web import Transport, Web, parsed, written


def seconds(web: Web, count: float) -> None:
    for _ in range(int(count * 10)):
        web.chat.clock.advance(0.1)


def test_a_browser_gets_the_page_of_a_room_and_its_files() -> None:
    web = Web()
    for address in ("/", "/tea", "/caf%C3%A9"):
        answer = web.request("GET", address, headers={"Accept": "text/html,*/*;q=0.8"})
        assert answer.status == 200
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert answer.headers["x-content-type-options"] == "nosniff"
    for name, file in page_files().items():
        answer = web.request("GET", f"/-/page/{name}", headers={"Accept-Encoding": "gzip, br"})
        assert (answer.status, answer.headers["content-type"]) == (200, file.kind)
        assert answer.text.encode() == file.data


def test_a_file_that_has_not_changed_is_not_sent_again() -> None:
    web = Web()
    tag = web.request("GET", "/").headers["etag"]
    answer = web.request("GET", "/", headers={"If-None-Match": tag})
    assert (answer.status, answer.body) == (304, b"")
    assert web.request("GET", "/", headers={"If-None-Match": '"other"'}).status == 200


def test_head_has_no_body() -> None:
    answer = Web().request("HEAD", "/")
    assert answer.status == 200
    assert int(answer.headers["content-length"]) > 0
    assert answer.body == b""


@pytest.mark.parametrize("path", ["/-/nothing", "/-/page/../app.py", "/-/page/%2e%2e%2fcall.py", "/a/b/c/d", "//"])
def test_what_is_not_there_is_a_404_with_a_sentence(path: str) -> None:
    answer = Web().request("GET", path)
    assert answer.status == 404
    assert answer.json["text"]


def test_other_methods_are_told_which_there_are() -> None:
    answer = Web().request("TRACE", "/-/ws")
    assert answer.status == 405
    assert answer.headers["allow"] == "GET, HEAD"


def test_an_address_that_is_not_utf8_is_told_so() -> None:
    answer = Web().request("GET", "/%ff%fe")
    assert (answer.status, answer.json["error"]) == (400, "not-utf8")


def test_every_code_of_the_protocol_has_a_status() -> None:
    assert STATUS.keys() == set(Code)


@pytest.mark.parametrize(
    ("host", "is_ours"),
    [
        ("127.0.0.1:10380", True),
        ("[::1]:10380", True),
        ("192.168.1.20", True),
        ("localhost:10380", True),
        ("LOCALHOST.", True),
        ("chat.localhost", True),
        ("chat.example.org", True),
        ("CHAT.example.org:443", True),
        ("evil.example", False),
        ("localhost.evil.example", False),
        ("127.0.0.1.evil.example", False),
        ("127.0.0.1@evil.example", False),
        ("chat.example.org.evil.example", False),
        ("", False),
        ("a b", False),
        ("[::1", False),
    ],
)
def test_a_name_that_somebody_may_have_pointed_here_is_not_taken(host: str, is_ours: bool) -> None:
    assert Trust(["chat.example.org"]).is_ours(host) is is_ours


def test_a_foreign_host_is_refused_whatever_is_asked_for() -> None:
    for target in ("/", "/tea", "/-/ws", "/-/page/index.html"):
        answer = Web().request("GET", target, headers={"Host": "rebound.example"})
        assert (answer.status, answer.json["error"]) == (403, "foreign-host")
        assert "--web-host" in answer.json["text"]
    assert Web(hosts=["chat.example.org"]).request("GET", "/", headers={"Host": "chat.example.org"}).status == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 200),
        ({"Origin": "http://127.0.0.1"}, 200),
        ({"Origin": "http://127.0.0.1:8000"}, 403),
        ({"Origin": "https://127.0.0.1"}, 200),  # a proxy in front may have added TLS
        ({"Origin": "null"}, 403),
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "http://127.0.0.1.evil.example"}, 403),
        ({"Origin": "http://[bad"}, 403),
        ({"Sec-Fetch-Site": "same-origin"}, 200),
        ({"Sec-Fetch-Site": "none"}, 200),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "cors"}, 403),
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, 200),  # a link in a mail leads to a room
        ({"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Origin": "null"}, 403),
    ],
)
def test_a_page_of_another_site_is_refused(headers: dict[str, str], status: int) -> None:
    assert Web().request("GET", "/", headers=headers).status == status


def test_a_request_without_a_host_is_refused_unless_it_is_old() -> None:
    connection = Web().connect()
    connection.send(b"GET / HTTP/1.1\r\n\r\n")
    assert parsed(connection.received()).status == 400
    connection = Web().connect()
    connection.send(b"GET / HTTP/1.0\r\n\r\n")
    assert connection.received().startswith(b"HTTP/1.0 200 ")


def test_requests_follow_one_another_on_one_connection() -> None:
    connection = Web().connect()
    assert [connection.request("GET", "/").status for _ in range(3)] == [200] * 3
    connection.send(written("HEAD", "/") * 3)
    assert connection.received().count(b"HTTP/1.1 200 OK\r\n") == 3


def test_a_body_that_nothing_takes_is_refused_before_it_comes() -> None:
    connection = Web().connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000000\r\n\r\n")
    answer = parsed(connection.received())
    assert (answer.status, answer.json["error"]) == (413, "too-long")
    connection.send(b"x" * 100_000)
    assert connection.received() == b"", "what is left of the body is no request"


def test_a_body_of_unknown_length_is_cut_off_when_it_is_too_long() -> None:
    connection = Web().connect()
    head = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection.send(head + b"100\r\n" + b"x" * 256 + b"\r\n")
    assert parsed(connection.received()).status == 413


@pytest.mark.parametrize("behind", [b"", b"GET /-/health HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"])
def test_a_body_that_is_refused_may_end_in_the_same_segment(behind: bytes) -> None:
    web = Web()
    connection = web.connect()
    head = b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    connection.send(head + b"3\r\nabc\r\n0\r\n\r\n" + behind)
    answer = connection.received()
    assert parsed(answer).status == 413
    assert answer.count(b"HTTP/1.1 ") == 1
    seconds(web, 10)
    assert web.gateway.admission.count == 0


@pytest.mark.parametrize(
    "head",
    [
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: -5\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: " + b"9" * 5000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost 127.0.0.1\r\n\r\n",
        b"HELLO 1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + b"X: 1\r\n" * (MAX_HEADERS + 1) + b"\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * MAX_HEADER_BYTES + b"\r\n\r\n",
    ],
)
def test_what_is_no_request_ends_the_connection(head: bytes) -> None:
    web = Web()
    connection = web.connect()
    connection.send(head)
    answer = connection.received()
    assert not answer or answer.startswith((b"HTTP/1.1 400 ", b"HTTP/1.1 413 "))
    seconds(web, 10)
    assert not connection.transport.connected or connection.transport.disconnecting


def test_a_request_that_comes_byte_by_byte_has_no_longer_than_others() -> None:
    web = Web()
    connection = web.connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    for _ in range(REQUEST_SECONDS + 1):
        if connection.transport.connected:
            connection.send(b"X: y\r\n")
        seconds(web, 1)
    assert parsed(connection.transport.value()).status == 408
    seconds(web, 10)
    assert not connection.transport.connected


def test_one_second_for_a_request_is_said_in_the_singular() -> None:
    web = Web(Limits(join_seconds=1))
    connection = web.connect()
    connection.send(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
    seconds(web, 3)
    assert b"within 1 second" in connection.transport.value()
    assert b"1 seconds" not in connection.transport.value()


def test_a_connection_that_asks_for_nothing_is_closed() -> None:
    web = Web()
    connection = web.connect()
    connection.request("GET", "/")
    seconds(web, REQUEST_SECONDS - 2)
    assert connection.transport.connected
    seconds(web, 4)
    assert not connection.transport.connected
    assert web.gateway.admission.count == 0
    assert len(web.gateway.connections) == 0


@pytest.mark.parametrize("headers", [{}, {"Connection": "close"}])
def test_who_does_not_take_the_answer_is_let_go(headers: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    web = Web()
    connection = web.connect()
    # A transport that is told to close does so once all that was written is taken.
    monkeypatch.setattr(connection.transport, "loseConnection", lambda: None)
    monkeypatch.setattr(connection.transport, "abortConnection", connection.lose)
    connection.send(written("GET", "/", headers=headers))
    seconds(web, REQUEST_SECONDS - 1)
    assert connection.transport.connected
    seconds(web, REQUEST_SECONDS + 2)
    assert not connection.transport.connected
    assert web.gateway.admission.count == 0


def test_requests_wait_for_the_line_rate() -> None:
    web = Web(Limits(lines_per_second=1, line_burst=3))
    connection = web.connect()
    for _ in range(10):
        connection.send(written("HEAD", "/"))
    assert 1 <= connection.transport.value().count(b"HTTP/1.1 200 OK\r\n") <= 4
    seconds(web, 12)
    assert connection.transport.value().count(b"HTTP/1.1 200 OK\r\n") == 10


def test_a_stop_closes_those_that_ask_for_nothing_at_once() -> None:
    web = Web()
    idle, asked = web.connect(), web.connect()
    asked.send(b"GET / HTTP/1.1\r\n")
    web.factory.stopFactory()
    assert not idle.transport.connected
    assert len(web.gateway.connections) <= 1


def test_who_sends_no_more_is_still_answered() -> None:
    connection = Web().connect()
    connection.protocol.dataReceived(
        written("HEAD", "/") + written("POST", "/builds?nick=ci", "x") + written("HEAD", "/")
    )
    connection.channel.readConnectionLost()
    connection.web.chat.turn()
    assert connection.received().count(b"HTTP/1.1 20") == 3
    assert not connection.transport.connected


def test_who_sends_no_more_before_a_request_is_whole_is_let_go() -> None:
    web = Web()
    for sent in (b"", b"GET / HTTP/1.1\r\n"):
        connection = web.connect()
        connection.send(sent)
        connection.channel.readConnectionLost()
        assert not connection.transport.connected
    assert web.gateway.admission.count == 0


def test_a_body_that_is_refused_is_not_asked_for() -> None:
    connection = Web().connect()
    connection.send(written("POST", "/builds", None, {"Expect": "100-continue", "Content-Length": "999999999"}))
    answer = connection.received()
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b"100 Continue" not in answer
    connection = Web().connect()
    connection.send(written("POST", "/builds", None, {"Expect": "100-continue", "Content-Length": "2"}))
    assert connection.received() == b"HTTP/1.1 100 Continue\r\n\r\n"
    connection.send(b"hi")
    assert parsed(connection.received()).status == 201


class TCPTransport(Transport):
    """One whose two directions end one by one."""

    sends_no_more = False

    def loseWriteConnection(self) -> None:  # noqa: N802  # Twisted's
        self.sends_no_more = True

    def setTcpNoDelay(self, enabled: object) -> None:  # noqa: N802  # Twisted's
        pass

    def unregisterProducer(self) -> None:  # Twisted's, and the real one's may be called twice
        self.producer = None


def test_who_was_refused_in_the_middle_is_let_go_as_soon_as_it_has_closed_its_side() -> None:
    web = Web()
    connection = web.connect()
    refused = web.factory.buildProtocol(connection.transport.getPeer())
    assert isinstance(refused, WebChannel)
    transport = TCPTransport(peerAddress=connection.transport.getPeer())
    alsoProvides(transport, ITCPTransport)
    transport.protocol = refused
    refused.makeConnection(transport)
    refused.dataReceived(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n\r\nx")
    assert transport.sends_no_more
    assert transport.connected
    refused.readConnectionLost()
    assert not transport.connected
    assert not [call for call in web.chat.clock.getDelayedCalls() if call.func == refused.forceAbortClient]
