"""The link: without a network on a clock turned by hand, and against the real daemon on real sockets."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint
from twisted.internet.error import ConnectionDone, ConnectionLost, ConnectionRefusedError, DNSLookupError  # noqa: A004  # Twisted's
from twisted.internet.protocol import Factory, connectionDone
from twisted.internet.task import deferLater
from twisted.internet.testing import MemoryReactorClock, StringTransport
from twisted.logger import LogEvent
from twisted.python.failure import Failure

from chatd.client.model.changes import Change, RoomsChanged
from chatd.client.model.lines import Delivery, Kind
from chatd.client.model.membership import MembershipCue
from chatd.client.model.transcript import UNKNOWN_FATE, Transcript
from chatd.client.net import session
from chatd.client.net.connection import CLOSE_SECONDS, HELLO_SECONDS, PING_SECONDS
from chatd.client.net.link import NOT_CONNECTED, Link
from chatd.client.net.reconnector import MAX_DETAIL
from chatd.client.net.session import MAX_RETRY_SECONDS, MAX_UNANSWERED, MIN_RETRY_SECONDS
from chatd.client.net.status import LinkState, Status
from chatd.protocol import commands
from chatd.protocol.wire import MAX_SERVER_LINE_BYTES
from chatd.runtime.connection_failures import why_lost
from tests.support.linked_users import Stage, port_of, real_reactor, until

NOTE = "NOTE welcome"
HELLO = "OK HELLO protocol=1 server=test/1 epoch=e1 max-line=8192 ping=60"


class Wire(StringTransport):
    """The link's end of a connection; what is lost is told when it is asked for, as a reactor does it."""

    def __init__(self, protocol: Any) -> None:
        super().__init__()
        self.protocol = protocol
        self.aborted = False
        self.lost = False

    def abortConnection(self) -> None:
        self.aborted = True

    def drop(self, reason: Exception | None = None) -> None:
        """Let the connection be gone."""
        self.lost = True
        self.protocol.connectionLost(Failure(reason) if reason else connectionDone)


class Rig:
    """A link on a reactor without a network, and what its window was told."""

    def __init__(self, *rooms: str, chance: random.Random | None = None) -> None:
        self.clock: Any = MemoryReactorClock()
        self.transcript = Transcript("me", lambda: int(self.clock.seconds() * 1000))
        for room in rooms:
            self.transcript.open_room(room).change_membership(MembershipCue.WANT)
        self.changes: list[Change] = []
        self.told: list[Status] = []
        self.on_status: Callable[[Status], None] = lambda _: None
        labels = (f"L{n}" for n in count(1))
        endpoint = TCP4ClientEndpoint(self.clock, "example.org", 10319)
        self.link = Link(
            self.clock,
            endpoint,
            self.transcript,
            self._changed,
            self._status,
            lambda: next(labels),
            chance or random.Random(1),
        )
        self.wire: Wire | None = None
        self._tried = 0

    def _changed(self, changes: Sequence[Change]) -> None:
        assert changes
        self.changes += changes

    def _status(self, status: Status) -> None:
        self.told.append(status)
        self.on_status(status)

    @property
    def now(self) -> tuple[LinkState, str]:
        return self.told[-1].state, self.told[-1].detail

    def start(self) -> None:
        self.link.start()
        self.clock.advance(0)

    def tries(self) -> int:
        """Return how many connections were tried since the last time."""
        tried, self._tried = self._tried, len(self.clock.tcpClients)
        return self._tried - tried

    def connect(self) -> list[str]:
        """Let the last try succeed; return what the link says first."""
        factory = self.clock.tcpClients[-1][2]
        protocol = factory.buildProtocol(None)
        self.wire = Wire(protocol)
        protocol.makeConnection(self.wire)
        self.clock.advance(0)
        return self.said()

    def fail(self, why: Exception) -> None:
        """Let the last try fail."""
        self.clock.tcpClients[-1][2].clientConnectionFailed(self.clock.connectors[-1], Failure(why))
        self.clock.advance(0)

    def hears(self, *lines: str) -> list[str]:
        """Let the server say lines; return what the link says to that."""
        return self.hears_bytes(b"".join(line.encode() + b"\r\n" for line in lines))

    def hears_bytes(self, data: bytes) -> list[str]:
        assert self.wire is not None
        self.wire.protocol.dataReceived(data)
        return self.said()

    def said(self) -> list[str]:
        assert self.wire is not None
        data: str = self.wire.value().decode()
        self.wire.clear()
        return data.split("\r\n")[:-1]

    def drop(self, reason: Exception | None = None) -> None:
        assert self.wire is not None
        self.wire.drop(reason)

    def join(self) -> list[str]:
        """Connect and be let in to the first room; return what the link says to that."""
        self.start()
        return self.enter()

    def enter(self, extra: str = "") -> list[str]:
        assert self.connect() == ["HELLO 1"]
        (join,) = self.hears(NOTE, HELLO)
        label, verb, _, room, *_ = join.split()
        assert verb == "JOIN"
        return self.hears(f"{label} OK JOIN {room} 1 last=0 resume=s1{extra}")

    def wait_for_retry(self) -> float:
        """Let time pass until the next try; return how long that was."""
        at = self.told[-1].retry_at
        assert at is not None
        seconds = at - self.clock.seconds()
        self.clock.advance(seconds)
        self.clock.advance(0)
        return float(seconds)

    def lines(self, room: str, kind: Kind = Kind.SAID) -> list[tuple[str, Delivery]]:
        place = self.transcript.find_room(room)
        assert place is not None
        return [(line.text, line.state) for line in place.lines if line.kind is kind]


def label(line: str) -> str:
    return line.split()[0].removeprefix("@label=")


def labels(lines: list[str], verb: str) -> list[str]:
    return [label(line) for line in lines if line.split()[1] == verb]


def echo(line: str, id_: int) -> str:
    """Return the server's echo of a TELL to a room."""
    head, _, room, text = line.split(" ", 3)
    return f"{head};id={id_} MSG me {room} {text}"


@pytest.fixture
def calls_left() -> Iterator[list[Rig]]:
    """Stop the rigs that are put here, and see that no delayed call is left on their clocks."""
    rigs: list[Rig] = []
    yield rigs
    for rig in rigs:
        done: list[None] = []
        rig.link.stop().addCallback(done.append)
        if rig.wire is not None and not rig.wire.lost:
            rig.wire.drop()
        assert done == [None]
        assert [call for call in rig.clock.getDelayedCalls() if call.active()] == []


@pytest.fixture
def rig(calls_left: list[Rig]) -> Rig:
    rig = Rig("#a", "#b")
    calls_left.append(rig)
    return rig


# Coming in.


def test_it_says_hello_comes_in_and_asks_who_is_there(rig: Rig) -> None:
    rig.start()
    assert rig.now == (LinkState.CONNECTING, "connecting")
    assert rig.connect() == ["HELLO 1"]
    assert rig.hears(NOTE, HELLO) == ["@label=L1 JOIN me #a"]
    assert rig.now == (LinkState.CONNECTING, "connecting")
    said = rig.hears("@label=L1 OK JOIN #a 2 last=7 resume=s1")
    assert said == ["@label=L2 JOIN #b", "@label=L3 WHO #a", "@label=L4 HISTORY #a 100"]
    assert rig.now == (LinkState.CONNECTED, "connected as me")
    assert rig.hears("@label=L2 OK JOIN #b 1 last=0 resume=s2") == ["@label=L5 WHO #b", "@label=L6 HISTORY #b 100"]
    rig.hears("WHO #a me bob", "@label=L3 OK WHO #a 2", "@id=7;old MSG bob #a hi", "@label=L4 OK HISTORY #a 1")
    room = rig.transcript.rooms["#a"]
    assert (list(room.members), [line.text for line in room.lines]) == (["bob", "me"], ["hi"])
    assert not room.may_have_older


def test_without_a_room_it_goes_to_the_lobby(calls_left: list[Rig]) -> None:
    rig = Rig()
    calls_left.append(rig)
    rig.join()
    assert rig.transcript.rooms["#lobby"].joined


def test_it_comes_in_again_where_it_was_and_asks_for_what_it_missed(rig: Rig) -> None:
    (history,) = labels(rig.join(), "HISTORY")
    rig.hears("@id=5 MSG bob #a five", f"@label={history} OK HISTORY #a 0")
    rig.drop(ConnectionLost())
    assert rig.now == (LinkState.WAITING, "the connection was lost")
    assert 1 <= rig.wait_for_retry() <= 2
    assert rig.connect() == ["HELLO 1"]
    (join,) = rig.hears(NOTE, HELLO)
    assert join.endswith("JOIN me #a since=5 epoch=e1 resume=s1")
    said = rig.hears(f"@label={label(join)} OK JOIN #a 1 last=5 resume=s2 recovered=yes")
    assert [line.split()[1] for line in said] == ["JOIN", "WHO"]  # and no HISTORY


@pytest.mark.parametrize(("hello", "answer"), [(HELLO, " recovered=no"), (HELLO.replace("e1", "e2"), "")])
def test_what_was_missed_for_good_gives_way_to_the_newest(rig: Rig, hello: str, answer: str) -> None:
    rig.join()
    rig.hears("@id=5 MSG bob #a five")
    rig.drop()
    rig.wait_for_retry()
    rig.connect()
    (join,) = rig.hears(NOTE, hello)
    assert ("since=5" in join) is bool(answer)
    said = rig.hears(f"@label={label(join)} OK JOIN #a 1 last=500 resume=s2{answer}")
    assert "HISTORY #a 100" in " ".join(said)


def test_the_newest_are_asked_for_until_they_were_told(rig: Rig) -> None:
    rig.join()
    rig.drop()
    for _ in range(2):
        rig.wait_for_retry()
        (history,) = labels(rig.enter(" recovered=yes"), "HISTORY")
        rig.drop()
    rig.wait_for_retry()
    (history,) = labels(rig.enter(" recovered=yes"), "HISTORY")
    rig.hears(f"@label={history} OK HISTORY #a 0")
    rig.drop()
    rig.wait_for_retry()
    assert labels(rig.enter(" recovered=yes"), "HISTORY") == []


def test_the_first_try_that_fails_is_followed_by_ever_rarer_ones(rig: Rig) -> None:
    rig.start()
    waits = []
    for _ in range(20):
        rig.fail(ConnectionRefusedError())
        assert rig.now == (LinkState.WAITING, "cannot reach the server: connection refused")
        waits.append(rig.wait_for_retry())
        assert rig.now[0] is LinkState.CONNECTING
    assert 1 <= waits[0] <= 2
    assert 59 <= waits[-1] <= 60
    assert max(waits) <= 60
    assert rig.tries() == 21
    rig.fail(DNSLookupError())
    assert rig.now[1] == "cannot reach the server: there is no such host"
    rig.wait_for_retry()
    rig.enter()
    rig.drop()
    assert rig.wait_for_retry() <= 2  # the server is well again


@pytest.mark.parametrize("bye", ["slow", "refused", "internal"])
def test_a_server_that_sends_one_away_is_left_alone_ever_longer(rig: Rig, bye: str) -> None:
    rig.start()
    waits = []
    for _ in range(6):
        rig.enter()
        rig.hears(f"BYE {bye} not you")
        assert rig.wire is not None
        assert rig.wire.disconnecting
        rig.drop()
        assert rig.now == (LinkState.WAITING, "the server closed the connection: not you")
        waits.append(rig.wait_for_retry())
    assert waits[-1] > 5
    assert rig.lines("#a", Kind.NOTE)[0][0] == "The server closed the connection: not you"


def test_a_server_that_restarts_is_tried_when_it_says(rig: Rig) -> None:
    rig.start()
    for bye, least, most in (
        ("retry=0.25 ", 0.25, 0.25),
        ("retry=7.50 ", 7.5, 7.5),
        ("", 1, 2),
        ("retry=9999 ", 60, 60),
    ):
        rig.enter()
        rig.hears(f"BYE restart {bye}come back")
        rig.drop()
        assert rig.now == (LinkState.WAITING, "the server closed the connection: come back")
        assert least <= rig.wait_for_retry() <= most


def test_a_bad_host_name_is_a_failure_like_any_other(calls_left: list[Rig]) -> None:
    rig = Rig("#a")
    calls_left.append(rig)

    class Broken:
        def connect(self, _: object) -> Deferred[Any]:
            raise ValueError("a\nstrange name" + "x" * 500)

    rig.link._reconnector._endpoint = Broken()  # type: ignore[assignment]
    rig.start()
    assert rig.now[0] is LinkState.WAITING
    assert rig.now[1].startswith("cannot reach the server: a strange namexxx")
    assert len(rig.now[1]) == MAX_DETAIL
    rig.wait_for_retry()
    assert rig.told[-2].state is LinkState.CONNECTING


def test_a_name_that_is_taken_is_refused_without_a_storm(rig: Rig) -> None:
    rig.start()
    waits = []
    for _ in range(6):
        rig.connect()
        (join,) = rig.hears(NOTE, HELLO)
        assert rig.hears(f"@label={label(join)} ERR name-taken JOIN me is taken; choose another") == []
        rig.drop()
        assert rig.now == (LinkState.REFUSED, "me is taken; choose another")
        waits.append(rig.wait_for_retry())
    assert waits == sorted(waits)
    assert waits[-1] > 5
    assert [status.state for status in rig.told].count(LinkState.REFUSED) == 6
    assert rig.transcript.rooms["#a"].wanted
    assert rig.lines("#a", Kind.ERROR) == []


def test_another_name_is_tried_at_once(rig: Rig) -> None:
    rig.start()
    rig.connect()
    (join,) = rig.hears(NOTE, HELLO)
    rig.hears(f"@label={label(join)} ERR name-taken JOIN taken")
    rig.drop()
    rig.link.send_command(commands.Nick("you"))
    rig.clock.advance(0)
    assert rig.tries() == 2
    rig.connect()
    assert "JOIN you #a" in rig.hears(NOTE, HELLO)[0]


@pytest.mark.parametrize(
    ("line", "detail"),
    [
        ("OK HELLO protocol=2", "the server speaks version 2 of the protocol; chatd-client speaks version 1"),
        ("OK HELLO", "the server speaks version 0 of the protocol; chatd-client speaks version 1"),
        ("ERR bad-version HELLO this server speaks 2", "this server speaks 2"),
    ],
)
def test_another_version_is_refused(rig: Rig, line: str, detail: str) -> None:
    rig.start()
    rig.connect()
    assert rig.hears(NOTE, line) == []
    rig.drop()
    assert rig.now == (LinkState.REFUSED, detail)
    assert rig.told[-1].retry_at is not None


def test_a_room_that_cannot_be_entered_is_not_wanted_any_more(rig: Rig) -> None:
    rig.start()
    rig.connect()
    (join,) = rig.hears(NOTE, HELLO)
    (join,) = rig.hears(f"@label={label(join)} ERR not-allowed JOIN not you")
    assert join.endswith("JOIN me #b")
    (join,) = rig.hears(f"@label={label(join)} ERR banned JOIN nor there")
    assert join.endswith("JOIN me #lobby")
    assert not any(room.wanted for room in rig.transcript.rooms.values())
    assert rig.hears(f"@label={label(join)} ERR banned JOIN nowhere") == []
    assert rig.lines("#a", Kind.ERROR)[0][0] == "not you"
    rig.drop()
    assert rig.now == (LinkState.STOPPED, "nowhere")
    assert all(rig.transcript.rooms[room].wanted for room in ("#a", "#b"))  # it was not for their sake


def test_a_second_room_that_cannot_be_entered_fails_what_was_said_there(rig: Rig) -> None:
    rig.link.send_message("#b", "hi")
    said = rig.join()
    assert labels(said, "TELL") == []
    (join,) = labels(said, "JOIN")
    (tell,) = rig.hears(f"@label={join} ERR banned JOIN not you")
    assert tell.endswith("TELL #b hi")
    rig.hears(f"@label={label(tell)} ERR not-in-room TELL you are not in #b")
    assert rig.lines("#b") == [("hi", Delivery.FAILED)]


def test_a_second_room_that_is_full_for_now_is_tried_again(rig: Rig) -> None:
    rig.link.send_message("#b", "hi")
    (join,) = labels(rig.join(), "JOIN")
    assert rig.hears(f"@label={join} ERR unavailable JOIN later") == []
    rig.clock.advance(MIN_RETRY_SECONDS - 0.1)
    assert rig.said() == []
    rig.clock.advance(MAX_RETRY_SECONDS - MIN_RETRY_SECONDS + 0.1)
    (again,) = rig.said()
    assert again.endswith("JOIN #b")
    said = rig.hears(f"@label={label(again)} OK JOIN #b 1 last=0 resume=s1")
    assert said[-1].endswith("TELL #b hi")


def test_a_room_that_has_its_limit_of_people_keeps_nobody_out_of_the_others(rig: Rig) -> None:
    rig.link.send_message("#b", "hi")
    rig.start()
    rig.connect()
    (join,) = rig.hears(NOTE, HELLO)
    (join,) = rig.hears(f"@limit=2;label={label(join)} ERR full JOIN #a is full")
    assert join.endswith("JOIN me #b")
    assert not rig.transcript.rooms["#a"].wanted
    assert rig.hears(f"@label={label(join)} OK JOIN #b 1 last=0 resume=s1")[-1].endswith("TELL #b hi")


def test_a_second_room_that_has_its_limit_of_people_is_not_tried_again(rig: Rig) -> None:
    (join,) = labels(rig.join(), "JOIN")
    rig.hears(f"@limit=2;label={join} ERR full JOIN #b is full")
    rig.clock.advance(MAX_RETRY_SECONDS)
    assert rig.said() == []
    assert not rig.transcript.rooms["#b"].wanted


# What is said.


def test_what_is_said_is_sent_once_and_acknowledged(rig: Rig) -> None:
    rig.join()
    rig.link.send_message("#a", "hi")
    (tell,) = rig.said()
    assert tell.endswith("TELL #a hi")
    assert rig.lines("#a") == [("hi", Delivery.WAITING)]
    rig.hears(echo(tell, 1))
    assert rig.lines("#a") == [("hi", Delivery.STORED)]
    rig.link.send_message("bob", "psst")
    (tell,) = rig.said()
    rig.hears(f"@label={label(tell)} OK TELL bob")
    assert rig.lines("bob") == [("psst", Delivery.STORED)]


def test_what_is_said_without_a_connection_is_sent_when_there_is_one(rig: Rig) -> None:
    rig.link.send_message("#a", "one")
    rig.link.send_message("#b", "two")
    rig.link.send_message("#a", "three")
    said = rig.join()
    assert [line.split(" ", 2)[2] for line in said if " TELL " in line] == ["#a one", "#a three"]
    said = rig.hears(f"@label={labels(said, 'JOIN')[0]} OK JOIN #b 1 last=0 resume=s1")
    assert [line.split(" ", 2)[2] for line in said if " TELL " in line] == ["#b two"]


def test_what_was_not_acknowledged_is_sent_again_under_its_label(rig: Rig) -> None:
    rig.join()
    rig.link.send_message("#a", "one")
    rig.link.send_message("#a", "two")
    first, second = rig.said()
    rig.drop()
    rig.wait_for_retry()
    assert rig.enter(" recovered=yes")[-2:] == [first, second]


def test_what_was_sent_under_another_name_is_not_said_twice(rig: Rig) -> None:
    rig.join()
    rig.link.send_message("#a", "sent")
    rig.drop()
    rig.link.send_message("#a", "not sent")
    rig.link.send_command(commands.Nick("you"))
    rig.wait_for_retry()
    rig.connect()
    (join,) = rig.hears(NOTE, HELLO)
    said = rig.hears(f"@label={label(join)} OK JOIN #a 1 last=0 resume=s1 recovered=yes")
    assert [line.split(" ", 2)[2] for line in said if " TELL " in line] == ["#a not sent"]
    room = rig.transcript.rooms["#a"]
    (failed,) = (line for line in room.lines if line.state is Delivery.FAILED)
    assert (failed.text, failed.reason) == ("sent", UNKNOWN_FATE)


def test_no_more_than_64_lines_are_on_their_way(rig: Rig) -> None:
    texts = [f"text {n}" for n in range(200)]
    for text in texts:
        rig.link.send_message("#a", text)
    said = rig.join()
    assert len(said) == MAX_UNANSWERED
    tells = [line for line in said if " TELL " in line]
    others = [line for line in said if " TELL " not in line]
    for n, tell in enumerate(tells, 1):  # the list grows by what the answer to each lets through
        answers = rig.hears(echo(tell, n))
        assert len(answers) <= 1
        tells += answers
    assert [tell.split(" ", 3)[3] for tell in tells] == texts
    assert len(others) == 3
    assert rig.transcript.waiting() == []


def test_what_cannot_be_taken_now_is_sent_again_later_and_in_order(rig: Rig) -> None:
    rig.join()
    for text in ("one", "two", "three"):
        rig.link.send_message("#a", text)
    tells = rig.said()
    rig.hears(f"@label={label(tells[0])} ERR unavailable TELL the disk is full")
    rig.link.send_message("#a", "four")
    rig.hears(f"@label={label(tells[1])} ERR unavailable TELL the disk is full", echo(tells[2], 1))
    rig.clock.advance(MIN_RETRY_SECONDS - 0.1)
    assert rig.said() == []
    rig.clock.advance(MAX_RETRY_SECONDS - MIN_RETRY_SECONDS + 0.1)
    again = rig.said()
    assert again[:2] == tells[:2]
    assert again[2].endswith("TELL #a four")
    rig.hears(*(echo(tell, n) for n, tell in enumerate(again, 2)))
    assert [text for text, _ in rig.lines("#a")] == ["three", "one", "two", "four"]
    assert rig.transcript.waiting() == []


def test_what_cannot_be_taken_keeps_its_order_whatever_happens_meanwhile(rig: Rig) -> None:
    (join,) = labels(rig.join(), "JOIN")
    rig.link.send_message("#a", "one")
    rig.link.send_message("#a", "two")
    tells = rig.said()
    rig.hears(f"@label={label(tells[0])} ERR unavailable TELL the disk is full")
    rig.link.send_message("#a", "three")
    rig.hears(f"@label={join} OK JOIN #b 1 last=0 resume=s2")
    rig.hears(f"@label={label(tells[1])} ERR unavailable TELL the disk is full")
    rig.clock.advance(MAX_RETRY_SECONDS)
    assert [line.split(" ", 3)[3] for line in rig.said()] == ["one", "two", "three"]


def test_what_is_held_back_in_a_room_that_is_closed_is_not_sent(rig: Rig) -> None:
    rig.join()
    rig.link.send_message("#a", "one")
    (tell,) = rig.said()
    rig.hears(f"@label={label(tell)} ERR unavailable TELL the disk is full")
    rig.link.send_message("#a", "two")
    rig.transcript.close_room("#a")
    rig.clock.advance(MAX_RETRY_SECONDS)
    assert rig.said() == []


def test_what_was_said_in_a_room_that_is_closed_is_not_sent(rig: Rig) -> None:
    rig.link.send_message("#a", "hi")
    rig.transcript.close_room("#a")
    assert labels(rig.join(), "TELL") == []


def test_a_new_name_is_asked_for_alone(rig: Rig) -> None:
    said = rig.join()
    rig.link.send_message("#a", "one")
    rig.link.send_command(commands.Nick("you"), "#a")
    rig.link.send_message("#a", "two")
    (tell,) = rig.said()
    answers = [f"@label={each} OK HISTORY #a 0" for each in labels(said, "HISTORY")]
    answers += [f"@label={each} OK WHO #a 1" for each in labels(said, "WHO")]
    answers += [f"@label={each} ERR banned JOIN no" for each in labels(said, "JOIN")]
    assert rig.hears(*answers) == []
    (nick,) = rig.hears(echo(tell, 1))
    assert nick.endswith("NICK you")
    (tell,) = rig.hears(f"@label={label(nick)} OK NICK you")
    assert tell.endswith("TELL #a two")
    assert rig.now == (LinkState.CONNECTED, "connected as you")


# What else is asked.


def test_commands_are_answered_where_they_were_asked(rig: Rig) -> None:
    rig.join()
    rig.link.send_command(commands.Who("#a"), "#a")
    (who,) = rig.said()
    rig.hears("WHO #a me", f"@label={label(who)} OK WHO #a 1")
    assert rig.lines("#a", Kind.NOTE) == [("In #a: me", Delivery.STORED)]
    rig.link.send_command(commands.Topic("#b", "tea"), "#a")
    (topic,) = rig.said()
    rig.hears(f"@label={label(topic)} ERR not-in-room TOPIC you are not there")
    assert rig.lines("#a", Kind.ERROR) == [("you are not there", Delivery.STORED)]


def test_who_is_there_is_not_told_unless_somebody_asked(rig: Rig) -> None:
    (who,) = labels(rig.join(), "WHO")
    rig.hears("WHO #a me bob", f"@label={who} OK WHO #a 2")
    assert rig.lines("#a", Kind.NOTE) == []
    assert rig.transcript.rooms["#a"].count == 2


def test_older_lines_are_asked_for_one_page_at_a_time(rig: Rig) -> None:
    rig.link.ask_older("#a")
    (history,) = labels(rig.join(), "HISTORY")
    rig.link.ask_older("#a")
    assert rig.said() == []
    rig.hears("@id=500;old MSG bob #a hi", f"@label={history} OK HISTORY #a 100")
    rig.link.ask_older("#a")
    rig.link.ask_older("#a")
    (history,) = rig.said()
    assert history.endswith("HISTORY #a 100 before=500")


def test_rooms_are_entered_and_left_with_and_without_a_connection(rig: Rig) -> None:
    rig.link.join_room("#c")
    assert rig.transcript.rooms["#c"].wanted
    assert RoomsChanged() in rig.changes
    rig.link.send_command(commands.Part("#b"), "#b")
    assert not rig.transcript.rooms["#b"].wanted
    joins = [line for line in rig.join() if " JOIN " in line]
    assert [line.split(" ", 1)[1] for line in joins] == ["JOIN #c"]
    rig.link.join_room("#b")
    rig.link.join_room("#A")
    rig.link.send_command(commands.Join(None, "#d"))
    assert [line.split(" ", 1)[1] for line in rig.said()] == ["JOIN #b", "JOIN #d"]
    rig.link.send_command(commands.Part("#a", "bye"), "#a")
    (part,) = rig.said()
    rig.hears(f"@label={label(part)} OK PART #a")
    assert not rig.transcript.rooms["#a"].joined
    with pytest.raises(ValueError, match="not a room"):
        rig.link.join_room("bob")


def test_what_cannot_be_done_without_a_connection_says_so(rig: Rig) -> None:
    rig.link.send_command(commands.Rooms(), "#a")
    assert rig.lines("#a", Kind.ERROR) == [(NOT_CONNECTED, Delivery.STORED)]


@pytest.mark.parametrize("command", [commands.Talk(), commands.Pipe(), commands.Hello("1"), commands.Msg("x")])
def test_what_would_end_the_order_of_things_is_not_sent(rig: Rig, command: commands.Command) -> None:
    with pytest.raises(ValueError, match="not for this client"):
        rig.link.send_command(command)


# Signs of life.


def test_latency_is_measured(rig: Rig) -> None:
    rig.join()
    assert rig.told[-1].latency is None
    rig.clock.advance(PING_SECONDS)
    (ping,) = rig.said()
    rig.clock.advance(0.25)
    rig.hears(ping.replace("PING", "PONG"))
    assert rig.told[-1] == Status(LinkState.CONNECTED, "connected as me", None, 0.25)
    rig.clock.advance(PING_SECONDS)
    assert rig.said() == ["PING 2"]
    rig.hears("PONG 1", "PONG", "PONG 99")
    assert rig.told[-1].latency == 0.25


def test_a_server_that_is_not_heard_of_is_given_up(rig: Rig) -> None:
    rig.join()
    rig.clock.advance(PING_SECONDS)
    rig.clock.advance(PING_SECONDS - 1)
    assert rig.wire is not None
    assert not rig.wire.aborted
    rig.clock.advance(1)
    assert rig.wire.aborted
    rig.drop(ConnectionLost())
    assert rig.now == (LinkState.WAITING, "the server has not answered for 30 seconds")
    rig.wait_for_retry()
    assert rig.tries() == 2


def test_whatever_is_heard_is_a_sign_of_life(rig: Rig) -> None:
    rig.join()
    for _ in range(10):
        rig.clock.advance(PING_SECONDS)
        rig.hears("JOIN bob #a")
    assert rig.wire is not None
    assert not rig.wire.aborted


def test_a_question_for_a_sign_of_life_is_answered(rig: Rig) -> None:
    rig.join()
    assert rig.hears("PING 17", "PING") == ["PING alive", "PING alive"]
    assert rig.hears("PONG alive") == []


def test_who_does_not_say_hello_is_given_up(rig: Rig) -> None:
    rig.start()
    rig.connect()
    rig.hears(NOTE, "MSG bob #a too early", "OK JOIN #a 1")
    rig.clock.advance(HELLO_SECONDS)
    assert rig.wire is not None
    assert rig.wire.aborted
    rig.drop()
    assert rig.now == (LinkState.WAITING, "no chatd server answered within 30 seconds")
    assert rig.lines("#a") == []


def test_what_is_no_chatd_is_found_out_at_once(rig: Rig) -> None:
    rig.start()
    rig.connect()
    rig.hears("SSH-2.0-OpenSSH_9.2p1")
    rig.drop()
    assert rig.now == (LinkState.WAITING, "the program on that port is not a chatd server")


# Stopping.


def test_a_stop_says_quit_and_waits_for_the_bye(rig: Rig) -> None:
    rig.join()
    rig.link.send_message("#a", "last words")
    (tell,) = rig.said()
    done: list[None] = []
    rig.link.stop("good night").addCallback(done.append)
    rig.link.stop().addCallback(done.append)
    assert rig.said() == ["QUIT good night"]
    rig.link.send_message("#a", "too late")
    assert rig.hears(echo(tell, 1), "BYE quit taken=all goodbye; all that you said was taken") == []
    assert rig.lines("#a") == [("last words", Delivery.STORED), ("too late", Delivery.WAITING)]
    assert done == []
    rig.drop()
    assert done == [None, None]
    assert rig.now == (LinkState.STOPPED, "not connected")
    assert rig.clock.getDelayedCalls() == []


def test_a_stop_does_not_wait_for_a_server_that_says_nothing(rig: Rig) -> None:
    rig.join()
    done: list[None] = []
    rig.link.stop().addCallback(done.append)
    rig.clock.advance(CLOSE_SECONDS)
    assert rig.wire is not None
    assert rig.wire.aborted
    rig.drop()
    assert done == [None]
    assert rig.clock.getDelayedCalls() == []


@pytest.mark.parametrize("when", ["before", "begun", "connecting", "failed", "greeted"])
def test_a_stop_leaves_nothing_behind_whenever_it_comes(rig: Rig, when: str) -> None:
    if when != "before":
        rig.link.start()
    if when not in ("before", "begun"):
        rig.clock.advance(0)
    if when == "failed":
        rig.fail(ConnectionRefusedError())
    if when == "greeted":
        rig.connect()
    done: list[None] = []
    rig.link.stop().addCallback(done.append)
    if when == "greeted":
        assert rig.said() == ["QUIT"]
        assert rig.hears(NOTE, HELLO) == []
        rig.drop()
    assert done == [None]
    assert [call for call in rig.clock.getDelayedCalls() if call.active()] == []
    assert when == "before" or rig.now == (LinkState.STOPPED, "not connected")
    rig.start()
    assert rig.now[0] is LinkState.CONNECTING


@pytest.mark.parametrize("state", [LinkState.CONNECTING, LinkState.WAITING, LinkState.CONNECTED, LinkState.REFUSED])
@pytest.mark.parametrize("what", ["stop", "reconnect"])
def test_whoever_is_told_something_may_stop_or_try_at_once(rig: Rig, state: LinkState, what: str) -> None:
    done: list[str] = []

    def react(status: Status) -> None:
        if status.state is state and not done:
            done.append(what)
            if what == "stop":
                rig.link.stop().addCallback(lambda _: done.append("stopped"))
            else:
                rig.link.reconnect()

    rig.on_status = react
    rig.start()
    if done != ["stop", "stopped"]:
        if state is LinkState.WAITING:
            rig.fail(ConnectionRefusedError())
        else:
            rig.connect()
            (join,) = rig.hears(NOTE, HELLO)
            answer = "ERR name-taken JOIN taken" if state is LinkState.REFUSED else "OK JOIN #a 1 last=0 resume=s"
            rig.hears(f"@label={label(join)} {answer}")
            if state is not LinkState.CONNECTING:
                rig.drop()
    rig.clock.advance(0)
    if what == "stop":
        assert done == ["stop", "stopped"]
        assert rig.now[0] is LinkState.STOPPED
    else:
        assert rig.tries() == (1 if state is LinkState.CONNECTING else 2)


def test_a_stop_at_the_moment_of_a_try_ends_it(rig: Rig) -> None:
    rig.start()
    rig.fail(ConnectionRefusedError())
    done: list[None] = []

    def react(status: Status) -> None:
        if status.state is LinkState.CONNECTING:
            rig.link.stop().addCallback(done.append)

    rig.on_status = react
    rig.wait_for_retry()
    assert done == [None]
    assert rig.tries() == 1


def test_a_server_that_is_back_and_still_has_the_old_connection_is_asked_again_soon(rig: Rig) -> None:
    rig.start()
    for _ in range(12):
        rig.fail(ConnectionRefusedError())
        rig.wait_for_retry()
    rig.connect()
    (join,) = rig.hears(NOTE, HELLO)
    rig.hears(f"@label={label(join)} ERR name-taken JOIN taken")
    rig.drop()
    assert rig.wait_for_retry() <= 2
    rig.connect()
    rig.hears(NOTE, HELLO)
    rig.drop()
    assert rig.wait_for_retry() <= 2


def test_one_can_try_at_once(rig: Rig) -> None:
    rig.start()
    rig.fail(ConnectionRefusedError())
    rig.link.reconnect()
    rig.clock.advance(0)
    assert rig.tries() == 2
    rig.link.reconnect()
    rig.clock.advance(0)
    assert rig.tries() == 0  # it is being tried
    rig.enter()
    rig.link.reconnect()
    assert rig.wire is not None
    assert rig.wire.disconnecting
    rig.drop()
    rig.clock.advance(0)
    assert rig.tries() == 1


def test_a_name_taken_over_is_not_taken_back_until_one_says_so(rig: Rig) -> None:
    rig.join()
    rig.hears("BYE replaced you joined over another connection")
    rig.drop()
    assert rig.now == (LinkState.STOPPED, "the server closed the connection: you joined over another connection")
    assert rig.clock.getDelayedCalls() == []
    assert rig.tries() == 1
    rig.link.reconnect()
    rig.clock.advance(0)
    assert rig.tries() == 1


# What a server can do wrong.


GARBAGE = [
    b"\r\n\r\n",
    b"\xff\xfe\x00\r\n",
    b"@ \r\n@=;= MSG\r\n@label= OK\r\n",
    b"OK\r\nOK JOIN\r\nOK JOIN #a\r\nOK JOIN \r\nOK NICK\r\nOK HELLO protocol=9\r\n",
    b"@label=L3 OK JOIN bob\r\n@label=L4 ERR unavailable TELL x\r\n@label=L4 ERR unavailable HISTORY x\r\n",
    b"@id=99999999999999999999;time=x MSG me #a hi\r\nMSG a b c\r\n",
    b"ERR nothing at all\r\nERR full * x\r\nBYE nothing x\r\nBYE\r\n",
    b"WHO #a\r\nROOM #a -1\r\nROOM #a x\r\nPONG a b\r\nPING a b\r\n",
    b"x" * (MAX_SERVER_LINE_BYTES + 1),
    b"NOTE " + b"x" * MAX_SERVER_LINE_BYTES + b"\r\nNOTE x\r\n",
    b"PART me #a\r\nNICK me you\r\nNICK you me\r\nTELL #a x\r\n",
]
VOCABULARY = (
    "OK ERR BYE MSG TELL NICK JOIN PART WHO HELLO PING PONG HISTORY @label=L2 @label=L3;old @id=3 #a #b me bob last=2"
    " resume=x recovered=no protocol=1 unavailable name-taken banned replaced quit 7"
)
WORDS = st.sampled_from(VOCABULARY.split())
LINES = st.lists(WORDS, min_size=1, max_size=7).map(lambda words: " ".join(words).encode() + b"\r\n")


@settings(deadline=None, max_examples=200)
@given(
    greeted=st.booleans(),
    chunks=st.lists(LINES | LINES | st.binary(max_size=60) | st.sampled_from(GARBAGE), max_size=12),
)
@example(greeted=False, chunks=GARBAGE)
@example(greeted=True, chunks=GARBAGE)
def test_no_server_can_break_it(greeted: bool, chunks: list[bytes]) -> None:
    rig = Rig("#a", "#b")
    rig.start()
    if greeted:
        rig.enter()
        rig.link.send_message("#a", "hi")
    else:
        rig.connect()
    assert rig.wire is not None
    for chunk in chunks:
        rig.wire.protocol.dataReceived(chunk)
        rig.clock.advance(MAX_RETRY_SECONDS)
    rig.clock.advance(300)
    if not (rig.wire.disconnecting or rig.wire.aborted):
        rig.link.reconnect()
    rig.drop(ConnectionLost())
    rig.link.reconnect()
    rig.clock.advance(0)
    assert rig.now[0] is LinkState.CONNECTING
    done: list[None] = []
    rig.link.stop().addCallback(done.append)
    assert done == [None]
    assert [call for call in rig.clock.getDelayedCalls() if call.active()] == []


def test_a_line_without_end_ends_the_connection(rig: Rig) -> None:
    rig.join()
    rig.hears_bytes(b"NOTE " + b"x" * MAX_SERVER_LINE_BYTES)
    assert rig.wire is not None
    assert rig.wire.aborted
    rig.drop()
    assert rig.now == (LinkState.WAITING, f"the server sent a line of more than {MAX_SERVER_LINE_BYTES} bytes")


def test_a_fault_of_the_transcript_costs_the_connection(
    rig: Rig, nothing_left_behind: list[LogEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.join()

    def broken(*_: object) -> list[Change]:
        raise ZeroDivisionError

    monkeypatch.setattr(session, "apply_event", broken)
    rig.hears("JOIN bob #a", "JOIN eve #a")
    assert rig.wire is not None
    assert rig.wire.aborted
    monkeypatch.undo()
    rig.drop()
    assert rig.now == (LinkState.WAITING, "an error occurred in chatd-client; see its log")
    assert len(nothing_left_behind) == 1
    nothing_left_behind.clear()


def test_a_fault_of_the_window_costs_nothing(rig: Rig, nothing_left_behind: list[LogEvent]) -> None:
    def broken(_: object) -> None:
        raise ZeroDivisionError

    rig.link._changed = broken
    rig.on_status = broken
    rig.join()
    rig.link.send_message("#a", "hi")
    assert rig.said()[-1].endswith("TELL #a hi")
    assert len(nothing_left_behind) >= 3
    nothing_left_behind.clear()
    rig.link._changed = lambda _: None
    rig.on_status = lambda _: None


# The real thing.


@ensureDeferred
async def test_two_see_each_other(stage: Stage) -> None:
    service = stage.serve()
    ann, bob = stage.user("ann", port_of(service), "#r"), stage.user("bob", port_of(service), "#r", "#s")
    await ann.connected()
    await bob.connected()
    ann.link.send_message("#r", "hello")
    await until(lambda: bob.said() == [("ann", "hello")])
    bob.link.send_message("#r", "hello, ann")
    bob.link.send_message("ann", "psst")
    await until(lambda: ann.said() == [("ann", "hello"), ("bob", "hello, ann")])
    await until(lambda: ann.said("bob") == [("bob", "psst")] and bob.said("ann") == [("bob", "psst")])
    await until(lambda: list(ann.transcript.rooms["#r"].members) == ["ann", "bob"])
    bob.link.send_command(commands.Nick("rob"), "#r")
    await until(lambda: bob.told[-1].detail == "connected as rob")
    bob.link.join_room("#t")
    await until(lambda: bob.transcript.rooms["#t"].joined)
    await bob.link.stop("bye")
    await until(lambda: list(ann.transcript.rooms["#r"].members) == ["ann"])
    assert ann.transcript.rooms["#r"].lines[-1].text == "bye"
    await ann.link.stop()
    assert ann.state is bob.state is LinkState.STOPPED


@ensureDeferred
async def test_a_server_that_was_away_gets_everything_once_and_in_order(stage: Stage) -> None:
    service = stage.serve()
    port = port_of(service)
    ann, bob = stage.user("ann", port, "#r", "#s"), stage.user("bob", port, "#r")
    await ann.connected()
    await bob.connected()
    texts = [f"text {n}" for n in range(600)]
    for text in texts[:200]:
        ann.link.send_message("#r", text)
    await until(lambda: len(bob.said()) > 20)
    await service.stopService()  # with some of them on their way
    await until(lambda: ann.state is bob.state is LinkState.WAITING)
    for text in texts[200:400]:
        ann.link.send_message("#r", text)
    ann.link.send_message("#s", "elsewhere")
    service = stage.serve(port)
    for text in texts[400:]:
        ann.link.send_message("#r", text)
    ann.link.reconnect()
    bob.link.reconnect()
    await until(lambda: not ann.transcript.waiting() and len(bob.said()) >= len(texts))
    expected = [("ann", text) for text in texts]
    assert ann.said() == bob.said() == expected
    assert ann.said("#s") == [("ann", "elsewhere")]
    assert Kind.GAP not in ann.kinds() + bob.kinds()
    assert Delivery.FAILED not in [line.state for line in ann.transcript.rooms["#r"].lines]
    late = stage.user("late", port, "#r")
    await late.connected()
    for _ in range(10):
        late.link.ask_older("#r")
        await until(lambda: not late.transcript.asked)
    assert late.said() == expected


@ensureDeferred
async def test_a_new_history_is_shown_as_one(stage: Stage) -> None:
    service = stage.serve()
    port = port_of(service)
    ann = stage.user("ann", port, "#r")
    await ann.connected()
    ann.link.send_message("#r", "before")
    await until(ann.said)
    await service.stopService()
    for path in stage.folder.glob("chatd.sqlite3*"):
        path.unlink()
    await until(lambda: ann.state is LinkState.WAITING)
    ann.link.send_message("#r", "after")
    service = stage.serve(port)
    ann.link.reconnect()
    await until(lambda: not ann.transcript.waiting())
    assert ann.said() == [("ann", "before"), ("ann", "after")]
    assert ann.kinds().count(Kind.BEGUN) == 1


@ensureDeferred
async def test_the_name_is_taken_over_from_a_connection_that_is_still_there(stage: Stage) -> None:
    service = stage.serve()
    between = stage.relays(service)
    ann, bob = stage.user("ann", between.port, "#r", "#s"), stage.user("bob", port_of(service), "#r")
    await ann.connected()
    await bob.connected()
    await until(lambda: list(bob.transcript.rooms["#r"].members) == ["ann", "bob"])
    before = bob.kinds()
    ann.link.reconnect()  # the server keeps the old connection
    ann.link.send_message("#r", "back again")
    await until(lambda: ("ann", "back again") in bob.said())
    await ann.connected()
    assert len(between.relays) == 2
    assert bob.kinds() == [*before, Kind.SAID]  # nobody saw it
    assert LinkState.REFUSED not in {status.state for status in ann.told}


@pytest.mark.parametrize("seed", range(3))
@ensureDeferred
async def test_wherever_a_connection_breaks_everything_arrives_once_and_in_order(stage: Stage, seed: int) -> None:
    chance = random.Random(seed)
    service = stage.serve()
    between = stage.relays(service)
    ann, bob = stage.user("ann", between.port, "#r", "#s"), stage.user("bob", between.port, "#r")
    for user in (ann, bob):
        await user.connected()
        user.impatient = True
    between.limit = lambda: chance.randrange(300, 6000)
    for relay in between.relays:
        relay.cut()
    texts = [f"text {n} " + "x" * chance.randrange(80) for n in range(400)]
    for n in range(0, 400, 20):
        for text in texts[n : n + 20]:
            ann.link.send_message("#r", text)
        bob.link.send_message("#r", f"{n}")
        await deferLater(real_reactor(), 0.01)
    between.limit = lambda: None
    await until(lambda: not ann.transcript.waiting() and not bob.transcript.waiting(), 30)
    await until(lambda: len(bob.said()) == len(ann.said()) == 420, 30)
    assert len(between.relays) > 5
    for nick, expected in (("ann", texts), ("bob", [str(n) for n in range(0, 400, 20)])):
        assert [text for who, text in ann.said() if who == nick] == expected
        assert [text for who, text in bob.said() if who == nick] == expected
    assert ann.said() == bob.said()


@ensureDeferred
async def test_a_name_is_taken_until_it_is_free(stage: Stage) -> None:
    service = stage.serve()
    first = stage.user("ann", port_of(service), "#r")
    await first.connected()
    second = stage.user("Ann", port_of(service), "#r")
    second.link.send_message("#r", "it is me")
    await until(lambda: second.state is LinkState.REFUSED)
    assert second.told[-1].retry_at is not None
    await first.link.stop()
    second.link.reconnect()
    await second.connected()
    await until(lambda: second.said() == [("Ann", "it is me")])
    third = stage.user("ann", port_of(service), "#r")
    await until(lambda: third.state is LinkState.REFUSED)
    third.link.send_command(commands.Nick("cat"))
    await third.connected()
    assert third.told[-1].detail == "connected as cat"


@ensureDeferred
async def test_nobody_there(stage: Stage) -> None:
    reactor: Any = real_reactor()
    port = reactor.listenTCP(0, Factory(), interface="127.0.0.1")
    number = port.getHost().port
    await port.stopListening()
    user = stage.user("ann", number, "#r")
    await until(lambda: user.state is LinkState.WAITING)
    assert user.told[-1].detail == "cannot reach the server: connection refused"


def test_a_certificate_that_is_not_trusted_is_the_reason_that_is_given() -> None:
    kind = type("Error", (Exception,), {"__module__": "OpenSSL.SSL"})  # as pyOpenSSL's, which need not be installed
    refused = kind([("SSL routines", "", "certificate verify failed")])
    assert why_lost(Failure(refused)) == "the TLS connection failed: certificate verify failed"
    assert why_lost(Failure(ConnectionLost())) == "the connection was lost"
    assert why_lost(Failure(ConnectionDone())) == "the server closed the connection"
