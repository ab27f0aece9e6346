"""What peers cause in the log: of each kind and address a line, and then a number."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.error import ConnectionDone
from twisted.internet.testing import StringTransport
from twisted.logger import LogEvent, eventAsText, globalLogPublisher
from twisted.python.failure import Failure

from chatd.chat.limits import Limits
from chatd.chat.session import Session
from chatd.edges.line import LineProtocol
from chatd.runtime.log_limiter import MAX_SOURCES, QUIET_SECONDS
from tests.edges.test_line import Edge

TIMES = 500


@pytest.fixture
def log() -> Iterator[list[str]]:
    lines: list[str] = []

    def note(event: LogEvent) -> None:
        lines.extend(eventAsText(event, includeTimestamp=False, includeSystem=False).splitlines())

    globalLogPublisher.addObserver(note)  # type: ignore[arg-type]  # any callable is one
    yield lines
    globalLogPublisher.removeObserver(note)  # type: ignore[arg-type]  # as above


def visit(edge: Edge, host: str, data: bytes) -> None:
    """Connect from an address, send something, and be gone."""
    address = IPv4Address("TCP", host, 4000)
    protocol, transport = edge.factory.buildProtocol(address), StringTransport(peerAddress=address)
    assert protocol is not None
    protocol.makeConnection(transport)
    protocol.dataReceived(data)
    edge.turn(3)
    if isinstance(protocol, LineProtocol):
        protocol.connectionLost(Failure(ConnectionDone()))


@pytest.mark.parametrize("data", [b"GET / HTTP/1.1\r\n\r\n", b"PIPE #nowhere\r\n", b"\x16\x03\x01\x02\x00\x01\x00"])
def test_one_who_is_sent_away_again_and_again_is_a_line_a_minute(log: list[str], data: bytes) -> None:
    edge = Edge()
    edge.hub.start()
    for _ in range(TIMES):
        visit(edge, "192.0.2.1", data)
    assert len(log) == 1
    visit(edge, "192.0.2.2", data)
    assert len(log) == 2, "one who floods the log hides nobody else's line"
    for _ in range(QUIET_SECONDS + 1):
        edge.clock.advance(1)
    assert len(log) == 3
    assert log[2].startswith("192.0.2.1:4000 was disconnected: ")
    assert log[2].endswith(f"; {TIMES - 1} such in a minute")
    edge.hub.timers.stop()


def test_what_many_addresses_cause_is_so_many_lines_and_one_number(log: list[str]) -> None:
    edge = Edge()
    edge.hub.start()
    for number in range(TIMES):
        visit(edge, f"192.0.{2 + number // 250}.{1 + number % 250}", b"GET / HTTP/1.1\r\n\r\n")
    assert len(log) == MAX_SOURCES
    for _ in range(QUIET_SECONDS + 1):
        edge.clock.advance(1)
    assert len(log) == MAX_SOURCES + 1
    assert log[-1].endswith(f"; {TIMES - MAX_SOURCES} such from others in a minute")
    edge.hub.timers.stop()


def test_those_who_are_refused_are_tallied_by_their_address(log: list[str]) -> None:
    edge = Edge(Limits(connections=1))
    edge.hub.start()
    edge.connect(b"JOIN alice")
    for _ in range(TIMES):
        visit(edge, "192.0.2.1", b"")
    visit(edge, "192.0.2.2", b"")
    assert [line.split()[3] for line in log] == ["192.0.2.1", "192.0.2.2"]
    edge.hub.log_limiter.flush()  # as when the daemon ends
    assert log[-1].endswith(f"; {TIMES - 1} such in a minute")
    edge.hub.timers.stop()


def test_a_fault_that_a_peer_sets_off_is_one_traceback(
    log: list[str], monkeypatch: pytest.MonkeyPatch, nothing_left_behind: list[LogEvent]
) -> None:
    def broken(_session: Session, _request: object) -> None:
        raise ArithmeticError("for the test")

    monkeypatch.setattr(Session, "receive", broken)
    edge = Edge()
    edge.hub.start()
    for _ in range(TIMES):
        visit(edge, "192.0.2.1", b"PING\r\n")
    assert sum("Traceback" in line for line in log) == 1
    assert len(log) < 50
    edge.hub.timers.stop()
    nothing_left_behind.clear()
