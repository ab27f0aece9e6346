"""Private lines: how many one may send, and what becomes of them where they are not read."""

from __future__ import annotations

import pytest
from twisted.internet.testing import StringTransport

from chatd.chat.limits import Limits
from chatd.chat.shares import CONNECTIONS
from chatd.edges.writer import PRIVATE_SHARE, BufferedWriter
from tests.edges.test_line import Edge
from tests.support.in_memory_chat import ChatClient, InMemoryChat

LONG = "x" * 8000


def codes(lines: list[str]) -> list[str]:
    return [" ".join(line.split()[:3]) for line in lines]


def test_private_lines_have_a_rate_of_their_own() -> None:
    chat = InMemoryChat(Limits(tells_per_minute=60))
    alice, mallory = chat.person("JOIN alice"), chat.person("JOIN mallory")
    alice.take()
    mallory.says(*(f"TELL alice {number}" for number in range(200)))
    chat.turn()
    assert len(alice.take()) == 60
    assert codes(mallory.take()) == ["OK TELL alice"] * 60 + ["ERR slow-down TELL"] * 140
    mallory.says("MSG rooms have theirs", "TELL #lobby and this")
    chat.turn()
    assert len(alice.take()) == 2
    chat.wait(10)
    mallory.says(*(f"TELL alice {number}" for number in range(20)))
    chat.turn()
    assert len(alice.take()) == 10


def test_it_is_shared_by_the_connections_of_one_address() -> None:
    chat = InMemoryChat(Limits(tells_per_minute=60))
    alice, heard = chat.person("JOIN alice"), 0
    for number in range(3 * CONNECTIONS):
        mallory = ChatClient(chat.hub, "192.0.2.1")
        mallory.says(f"JOIN m{number}", *["TELL alice hello"] * 60, "QUIT")
        chat.turn()
        heard += sum(line.startswith("FROM ") for line in alice.take())
    assert heard == 60 * CONNECTIONS


def test_a_rate_of_none_is_no_limit() -> None:
    chat = InMemoryChat(Limits(tells_per_minute=0))
    alice, bob = chat.person("JOIN alice"), chat.person("JOIN bob")
    alice.take()
    bob.says(*["TELL alice hello"] * 2000)
    chat.turn()
    assert len(alice.take()) == 2000


def test_who_does_not_read_is_not_sent_away_because_of_them() -> None:
    edge = Edge(Limits(tells_per_minute=0))  # with a send queue of 10,000 bytes
    _alice, out = edge.connect(b"HELLO 1", b"JOIN alice #a")
    mallory, answers = edge.connect(b"HELLO 1", b"JOIN mallory #b")
    speaker, _ = edge.connect(b"JOIN bob #a")
    out.clear()
    out.producer.pauseProducing()  # type: ignore[union-attr]
    for _ in range(50):
        mallory.dataReceived(b"TELL alice " + b"x" * 900 + b"\r\n")
        edge.turn(3)
    refused = [
        line
        for line in answers.value().decode().splitlines()
        if "ERR full TELL alice has too many unread messages" in line
    ]
    assert len(refused) == 50 - 10_000 // PRIVATE_SHARE // 950
    # What a room says has as much room as if there had been none.
    for _ in range(9):
        speaker.dataReceived(b"MSG " + b"y" * 1000 + b"\r\n")
        edge.turn()
    assert not out.disconnecting
    out.producer.resumeProducing()  # type: ignore[union-attr]
    edge.turn()
    assert out.value().count(b" MSG bob #a ") == 9
    assert out.value().count(b" TELL mallory ") == 10_000 // PRIVATE_SHARE // 950
    mallory.dataReceived(b"TELL alice again\r\n")
    edge.turn()
    assert b"TELL mallory again" in out.value()


class Listener:
    overflowed = 0

    def write_queue_drained(self) -> None:
        pass

    def write_queue_overflowed(self) -> None:
        self.overflowed += 1


@pytest.mark.parametrize("private", [0, 30])
def test_the_bound_for_all_else_is_the_same_with_private_lines_and_without(private: int) -> None:
    listener = Listener()
    writer = BufferedWriter(StringTransport(), 1000, listener)
    writer.pauseProducing()
    taken = [writer.write_private(b"p" * 10) for _ in range(private)]
    assert sum(taken) == min(private, 1000 // PRIVATE_SHARE // 10)
    for _ in range(100):
        writer.write(b"r" * 10)
    assert listener.overflowed == 0
    writer.write(b"r" * 10)
    assert listener.overflowed == 1
