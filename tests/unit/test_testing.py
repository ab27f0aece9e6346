"""The server in memory that bots and clients are tested with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.application.internet import ClientService
from twisted.internet import error
from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.endpoints import connectProtocol
from twisted.internet.interfaces import IAddress, IHalfCloseableProtocol
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.logger import LogEvent
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.testing import EndlessTrafficError, Limits, MemoryServer

QUIT = "BYE quit taken=all goodbye; everything you sent was accepted"


class Recorder(Protocol):
    """Notes what becomes of its connection."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.reasons: list[type[BaseException] | None] = []

    def dataReceived(self, data: bytes) -> None:
        self.received.append(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.reasons.append(reason.type)

    def write(self, data: bytes) -> None:
        stream: Any = self.transport
        stream.write(data)


@implementer(IHalfCloseableProtocol)
class HalfCloseable(Recorder):
    """Goes on when the other side says no more."""

    ended = False
    sent = False

    def readConnectionLost(self) -> None:
        self.ended = True

    def writeConnectionLost(self) -> None:
        self.sent = True


class Unwilling(Factory[Recorder]):
    """Wants no connection after all."""

    noisy = False

    def buildProtocol(self, addr: IAddress | None) -> None:
        assert addr is not None


@pytest.fixture
def server() -> Iterator[MemoryServer]:
    with MemoryServer() as server:
        yield server


def ends(server: MemoryServer) -> int:
    return len(server._ends)


def test_somebody_joins_talks_is_cut_off_and_has_missed_nothing(server: MemoryServer) -> None:
    alice = server.client("alice", "#builds")
    bot = server.client("bot", "#builds", tagged=True)
    assert alice.lines() == ["JOIN bot #builds"]
    alice.send("MSG is the tree green?")
    assert bot.lines() == ["@id=1;time=2026-01-01T00:00:00.000Z MSG alice #builds is the tree green?"]
    bot.send("@label=a1 MSG it is")
    assert alice.lines() == ["MSG bot #builds it is"]

    server.disconnect(bot)
    assert bot.closed
    alice.send("MSG thanks")
    assert alice.lines() == ["PART bot #builds"]

    server.advance(1.5)
    bot = server.client()
    bot.send("HELLO 1", "JOIN bot #builds since=2 epoch=e1")
    assert bot.lines() == [
        "OK HELLO protocol=1 server=chatd/0.1.0 epoch=e1 max-line=8192 ping=45 register=no",
        "@id=3;time=2026-01-01T00:00:00.000Z;old MSG alice #builds thanks",
        "OK JOIN #builds 2 last=3 resume=secret2 recovered=yes",
    ]


def test_a_connection_that_is_dead_unnoticed_is_taken_over_with_its_secret(server: MemoryServer) -> None:
    alice = server.client("alice", "#builds")
    dead = server.client()
    dead.send("HELLO 1", "JOIN bot #builds")
    assert dead.lines()[-1] == "OK JOIN #builds 2 last=0 resume=secret1"
    dead.pause()
    alice.send("MSG anybody there?")
    alice.lines()

    bot = server.client()
    bot.send("HELLO 1", "JOIN bot #builds since=0 epoch=e1 resume=secret1")
    assert bot.lines()[1:] == [
        "@id=1;time=2026-01-01T00:00:00.000Z;old MSG alice #builds anybody there?",
        "OK JOIN #builds 2 last=1 resume=secret2 recovered=yes",
    ]
    server.advance(31)
    assert alice.lines() == []  # neither a PART nor a JOIN
    dead.resume()
    assert dead.closed


def test_all_are_cut_off_and_may_come_back_at_once(server: MemoryServer) -> None:
    alice, bot = server.client("alice"), server.client("bot", tagged=True)
    alice.send("MSG one")
    for client in (alice, bot):
        client.lines()
    server.disconnect_all()
    assert (alice.closed, bot.closed, ends(server)) == (True, True, 0)
    assert (alice.lines(), bot.lines()) == ([], [])
    bot = server.client()
    bot.send("HELLO 1", "JOIN bot since=1 epoch=e1")
    assert bot.lines()[-1] == "OK JOIN #lobby 1 last=1 resume=secret2 recovered=yes"  # the same epoch, and no one else


def test_two_servers_share_nothing(server: MemoryServer) -> None:
    with MemoryServer() as other:
        here, there = server.client("alice"), other.client("alice")
        here.send("MSG hello", "TOPIC tea")
        server.advance(59)
        assert other.clock.seconds() == server.clock.seconds() - 59
        there.lines()
        there.send("HISTORY", "TOPIC", "ROOMS", "WHO")
        assert there.lines() == [
            "OK HISTORY #lobby 0",
            "OK TOPIC #lobby",
            "ROOM #lobby 1",
            "OK ROOMS 1",
            "WHO #lobby alice",
            "OK WHO #lobby 1",
        ]
        other.stop()
        assert there.closed
        assert not here.closed
        here.send("PING")
        assert here.lines()[-1] == "PONG"


def test_the_journal_outlives_a_restart_and_an_index_of_words_with_it(server: MemoryServer) -> None:
    alice, bob = server.client("alice"), server.client("bob")
    alice.send("MSG release", "SEARCH release")
    bob.lines()
    server.restart()
    assert (alice.closed, bob.closed, bob.lines()) == (True, True, [])
    bob = server.client("bob")
    bob.send("SEARCH release")
    assert bob.lines() == ["OLD 2026-01-01T00:00:00.000Z MSG alice #lobby release", "OK SEARCH #lobby 1"]


def test_a_journal_that_is_lost_is_another_epoch(server: MemoryServer) -> None:
    server.client("alice").send("MSG release")
    server.restart(keep_journal=False)
    bot = server.client()
    bot.send("HELLO 1", "JOIN bot since=1 epoch=e1")
    hello, ok = bot.lines()
    assert "epoch=e2" in hello
    assert ok == "OK JOIN #lobby 1 last=0 resume=secret1 recovered=no since=unknown"


def test_a_stop_is_announced_and_nobody_can_connect_until_the_start(server: MemoryServer) -> None:
    alice = server.client("alice")
    server.stop()
    server.stop()
    assert alice.lines() == ["BYE shutdown the server is stopping"]
    assert alice.closed
    with pytest.raises(error.ConnectionRefusedError):
        server.client("alice")
    server.start()
    server.start()
    assert server.client("alice").lines() == []


def test_a_stop_cuts_off_who_does_not_read(server: MemoryServer) -> None:
    alice = server.client("alice")
    alice.pause()
    server.stop()
    assert alice.closed
    assert ends(server) == 0


def test_what_was_sent_before_a_cut_is_lost_or_heard(server: MemoryServer) -> None:
    alice, bot = server.client("alice"), server.connect(Recorder())
    bot.write(b"HELLO 1\r\nJOIN bot\r\n")
    server.flush()
    bot.write(b"@label=a1 MSG lost\r\n")
    server.disconnect(bot)
    assert alice.lines() == ["JOIN bot #lobby", "PART bot #lobby"]
    assert bot.reasons == [error.ConnectionLost]

    bot = server.connect(Recorder())
    bot.write(b"HELLO 1\r\nJOIN bot\r\n")
    server.flush()
    bot.received.clear()
    bot.write(b"@label=a2 MSG heard\r\n")
    server.disconnect(bot, heard=True)
    assert bot.received == []
    assert alice.lines() == ["JOIN bot #lobby", "MSG bot #lobby heard", "PART bot #lobby"]
    again = server.client("bot", tagged=True)
    again.send("@label=a2 MSG heard")
    assert again.lines() == ["@id=1;time=2026-01-01T00:00:00.000Z;old;label=a2 MSG bot #lobby heard"]
    assert alice.lines() == ["JOIN bot #lobby"]


def test_only_what_is_connected_here_can_be_cut(server: MemoryServer) -> None:
    bot = server.client("bot")
    server.disconnect(bot)
    for protocol in (bot, Recorder()):
        with pytest.raises(ValueError, match="is not connected to this server"):
            server.disconnect(protocol)


def test_a_client_service_comes_back_with_the_server(server: MemoryServer) -> None:
    made: list[Recorder] = []

    class Bots(Factory[Recorder]):
        noisy = False

        def protocol(self) -> Recorder:
            made.append(Recorder())
            return made[-1]

    bots = Bots()
    service = ClientService(server.endpoint(), bots, retryPolicy=lambda _: 10.0, clock=server.clock)
    service.startService()
    server.flush()
    assert made[0].received[0].startswith(b"NOTE This is chatd ")
    server.disconnect(made[0])
    server.stop()
    server.advance(25)
    assert len(made) == 1
    server.start()
    server.advance(10)
    assert len(made) == 2
    assert made[-1].received[0].startswith(b"NOTE This is chatd ")
    stopped = service.stopService()
    server.flush()
    assert stopped.called
    assert bots.numPorts == 0
    assert ends(server) == 0


def test_an_endpoint_connects_later_or_never(server: MemoryServer) -> None:
    outcomes: list[object] = []

    def note(connecting: Deferred[Any]) -> Deferred[Any]:
        return connecting.addBoth(lambda outcome: outcomes.append(getattr(outcome, "type", outcome)))

    bot = Recorder()
    note(connectProtocol(server.endpoint(), bot))
    assert outcomes == []
    server.flush()
    assert outcomes.pop() is bot
    note(connectProtocol(server.endpoint(), Recorder())).cancel()
    server.flush()
    assert outcomes.pop() is CancelledError
    note(server.endpoint().connect(Unwilling()))
    server.flush()
    assert outcomes.pop() is error.NoProtocol
    server.stop()
    note(connectProtocol(server.endpoint(), Recorder()))
    server.flush()
    assert outcomes.pop() is error.ConnectionRefusedError


def test_bytes_can_arrive_one_by_one() -> None:
    with MemoryServer(segment_bytes=1) as server:
        bot = server.connect(Recorder())
        bot.write("JOIN jürgen\r\n".encode())
        server.flush()
        assert {len(data) for data in bot.received} == {1}
        assert b"".join(bot.received).decode().endswith("OK JOIN #lobby 1 nick=jürgen\r\n")


def test_both_ways_of_closing_are_as_on_tcp(server: MemoryServer) -> None:
    nc = server.client("ci")
    nc.send("PIPE")
    nc.lines()
    nc._stream.write(b"the last line has no end")
    nc.half_close()
    assert nc.lines() == [QUIT]
    assert nc.closed
    gone = server.client("gone")
    gone.close()
    assert gone.closed
    reader = HalfCloseable()
    server.connect(reader).write(b"JOIN bob\r\nQUIT\r\n")
    server.flush()
    assert (reader.ended, reader.sent, reader.reasons) == (True, False, [])  # there is still time to say something
    stream: Any = reader.transport
    stream.loseWriteConnection()
    server.flush()
    assert (reader.sent, ends(server)) == (True, 1)  # the server has left, this end is its protocol's to close
    stream.loseConnection()
    server.flush()
    assert (reader.reasons, ends(server)) == ([error.ConnectionDone], 0)


def test_who_is_reset_learns_of_it(server: MemoryServer) -> None:
    alice, bot = server.client("alice"), server.connect(Recorder())
    bot.write(b"JOIN bot\r\nMSG hello\r\n")
    server.flush()
    stream: Any = bot.transport
    stream.abortConnection()
    server.flush()
    assert bot.reasons == [error.ConnectionAborted]
    assert alice.lines() == ["JOIN bot #lobby", "MSG bot #lobby hello", "PART bot #lobby"]


def test_who_does_not_read_is_sent_away(server: MemoryServer) -> None:
    alice, slow = server.client("alice"), server.client("slow")
    alice.lines()
    slow.pause()
    for _ in range(400):
        alice.send("MSG " + "x" * 8000)
    assert not slow.closed
    slow.resume()
    assert len(slow.lines()) < 400
    assert alice.lines() == ["PART slow #lobby"]
    assert slow.closed


def test_limits_hold_and_wait_for_the_clock() -> None:
    with MemoryServer(Limits(lines_per_second=10, line_burst=20, connections_per_address=1, waiting=3)) as server:
        alice = server.client("alice")
        alice.send(*["PING"] * 30)
        assert len(alice.lines()) < 30
        server.advance(2)
        assert alice.lines()
        server.client("bob", host="192.0.2.1")
        with pytest.raises(ValueError, match="BYE refused your address already has 1 connection; close one first"):
            server.client("eve", host="192.0.2.1")
        server.client("carol", host="2001:db8::1")


def test_a_name_that_is_taken_is_an_error_of_the_test(server: MemoryServer) -> None:
    server.client("alice")
    with pytest.raises(ValueError, match="alice could not join #lobby: ERR name-taken "):
        server.client("alice")


def test_time_passes_when_it_is_told_to(server: MemoryServer) -> None:
    bot = server.client("bot", tagged=True)
    server.advance(44)
    assert bot.lines() == []
    server.advance(1)
    assert bot.lines() == ["PING 1767225645"]
    server.advance(45)
    assert bot.lines() == ["BYE idle nothing was received for 90 seconds"]


def test_a_protocol_may_ask_for_a_flush_and_what_it_raises_reaches_the_test(server: MemoryServer) -> None:
    class Eager(Recorder):
        def dataReceived(self, data: bytes) -> None:
            server.flush()
            if b"NOTE" in data:
                raise LookupError(data)

    with pytest.raises(LookupError, match="This is chatd"):
        server.connect(Eager())


def test_two_bots_that_answer_each_other_for_ever_are_found() -> None:
    class Chatterbox(Recorder):
        def __init__(self, nick: str) -> None:
            super().__init__()
            self.nick = nick

        def connectionMade(self) -> None:
            self.write(f"JOIN {self.nick}\r\n".encode())

        def dataReceived(self, data: bytes) -> None:
            assert data
            self.write(b"MSG and you?\r\n")

    with MemoryServer(Limits(lines_per_second=0)) as server:
        first = server.connect(Chatterbox("first"))
        with pytest.raises(EndlessTrafficError):
            server.connect(Chatterbox("second"))
        server.disconnect(first)


def test_nothing_is_left_on_the_clock_when_it_ends(nothing_left_behind: list[LogEvent]) -> None:
    with MemoryServer() as server:
        alice = server.client("alice", tagged=True)
        server.client("bob").pause()
        alice.send("MSG hello", "SEARCH hello", "QUIT")
    assert server.clock.getDelayedCalls() == []
    assert nothing_left_behind == []


@pytest.mark.parametrize("end", ["stop", "restart", "restart without journal", "disconnect", "disconnect all"])
def test_nothing_is_left_whenever_it_ends(end: str, nothing_left_behind: list[LogEvent]) -> None:
    for rounds in range(25):
        outcomes: list[object] = []
        with MemoryServer(Limits(lines_per_second=2, line_burst=3), segment_bytes=20) as server:
            server.client("bob", "#a").pause()
            alice = server.connect(Recorder())
            alice.write(b"HELLO 1\r\nJOIN alice #a\r\nMSG one\r\nSEARCH one\r\nWHO #a\r\nHISTORY #a\r\nMSG two\r\n")
            connecting = connectProtocol(server.endpoint(), late := Recorder())
            connecting.addBoth(outcomes.append)
            for _ in range(rounds):
                server.clock.advance(0)
                for each in list(server._ends):
                    each.turn()
            match end:
                case "stop":
                    server.stop()
                case "restart":
                    server.restart()
                case "restart without journal":
                    server.restart(keep_journal=False)
                case "disconnect":
                    server.disconnect(alice)
                case "disconnect all":
                    server.disconnect_all()
            assert len(alice.reasons) == 1
            assert len(outcomes) == 1
        assert len(late.reasons) == (late in outcomes)
        assert server.clock.getDelayedCalls() == []
        assert ends(server) == 0
    assert nothing_left_behind == []


def test_nothing_that_waited_for_its_rate_before_a_restart_is_said_after_it() -> None:
    with MemoryServer(Limits(lines_per_second=1, line_burst=2)) as server:
        alice = server.connect(Recorder())
        alice.write(b"POST alice #a hi\r\n" * 9)
        server.flush()
        server.restart()
        bob = server.client("bob", "#a")
        server.advance(10)
        assert bob.lines() == []
