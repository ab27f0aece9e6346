"""Logging in: what the link sends before it comes in, and what it does when the server will not have it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import ISSLTransport
from zope.interface import alsoProvides

from chatd.client.model.lines import Kind
from chatd.client.net.link import NOT_CONNECTED
from chatd.client.net.session import NOT_PRIVATE
from chatd.client.net.status import LinkState
from chatd.client.view.connect_sheet import check_password
from chatd.protocol.commands import Command, Ignore, Nick, Unignore
from chatd.protocol.moderation_commands import Login, Register
from tests.client.test_link import HELLO, NOTE, Rig, label, labels

PASSWORD = "s3cret"


class PrivateRig(Rig):
    """A link whose server is on the same machine."""

    def connect(self) -> list[str]:
        said = super().connect()
        assert self.wire is not None
        self.wire.peerAddr = IPv4Address("TCP", "127.0.0.1", 10319)
        return said

    def hello(self) -> str:
        """Connect and say hello; return what the link says to that."""
        self.clock.advance(0)
        assert self.connect() == ["HELLO 1"]
        (said,) = self.hears(NOTE, HELLO)
        return said

    def log_in(self) -> str:
        """Connect, and let the password be the right one; return the JOIN that follows."""
        line = self.hello()
        assert line.endswith(f"LOGIN me {PASSWORD}")
        (join,) = self.hears(f"@label={label(line)} OK LOGIN me")
        return join


@pytest.fixture
def rig() -> Iterator[PrivateRig]:
    rig = PrivateRig("#a", "#b")
    yield rig
    rig.link.stop()
    if rig.wire is not None and not rig.wire.lost:
        rig.wire.drop()
    assert [call for call in rig.clock.getDelayedCalls() if call.active()] == []


def begin(rig: Rig) -> None:
    rig.link.send_command(Login("me", PASSWORD))


def test_the_login_goes_before_the_first_join_and_before_that_of_every_connection(rig: PrivateRig) -> None:
    begin(rig)
    line = rig.hello()
    assert line == f"@label=L1 LOGIN me {PASSWORD}"
    assert rig.hears("NOTE one moment") == []
    assert rig.now == (LinkState.CONNECTING, "connecting")
    (join,) = rig.hears("@label=L1 OK LOGIN me")
    assert join == "@label=L2 JOIN me #a"
    rig.hears("@label=L2 OK JOIN #a 1 last=0 resume=s1")
    assert rig.now == (LinkState.CONNECTED, "connected as me")
    rig.drop()
    rig.wait_for_retry()
    assert rig.log_in().endswith("JOIN me #a since=0 epoch=e1 resume=s1")
    assert PASSWORD not in repr((rig.transcript.asked, rig.link._memory, rig.told))


@pytest.mark.parametrize("code", ["bad-password", "tls-needed", "slow-down", "unknown-verb"])
def test_a_login_that_is_refused_is_the_end_until_one_tries_again(rig: PrivateRig, code: str) -> None:
    begin(rig)
    line = rig.hello()
    assert rig.hears(f"@label={label(line)} ERR {code} LOGIN that is not how it is") == []
    assert rig.wire is not None
    assert rig.wire.disconnecting
    rig.drop()
    assert rig.now == (LinkState.LOCKED, "that is not how it is")
    assert rig.told[-1].retry_at is None
    rig.clock.advance(1000)
    assert rig.tries() == 1
    assert all(room.wanted for room in rig.transcript.rooms.values())
    rig.link.send_command(Login("me", "other"))
    assert rig.hello().endswith("LOGIN me other")


@pytest.mark.parametrize(("code", "next_line"), [("bad-password", "JOIN me #a"), ("slow-down", "LOGIN me s3cret")])
def test_a_password_that_is_wrong_is_not_tried_twice(rig: PrivateRig, code: str, next_line: str) -> None:
    begin(rig)
    rig.hears(f"@label={label(rig.hello())} ERR {code} LOGIN no")
    rig.drop()
    rig.link.reconnect()
    assert rig.hello().endswith(next_line)


def test_rooms_that_are_refused_to_a_stranger_are_joined_after_a_login_that_comes_between(rig: PrivateRig) -> None:
    rig.link.start()
    (first,) = rig.hello().splitlines()
    rig.hears(f"@label={label(first)} ERR not-allowed JOIN it is somebody's own; LOGIN first")
    begin(rig)  # before it is known whether that is for the room's sake
    rig.drop()
    rig.clock.advance(1)
    assert rig.log_in().endswith("JOIN me #a")


@pytest.mark.parametrize("code", ["unavailable", "full"])
def test_a_server_that_cannot_look_now_is_asked_again(rig: PrivateRig, code: str) -> None:
    begin(rig)
    rig.hears(f"@label={label(rig.hello())} ERR {code} LOGIN later")
    rig.drop()
    assert rig.now == (LinkState.REFUSED, "later")
    rig.wait_for_retry()
    rig.log_in()


def test_a_room_that_cannot_be_entered_is_no_reason_to_log_in_again(rig: PrivateRig) -> None:
    begin(rig)
    join = rig.log_in()
    assert rig.transcript.asked.keys() == {label(join)}
    (join,) = rig.hears(f"@label={label(join)} ERR not-allowed JOIN that room is private")
    assert join.endswith("JOIN me #b")
    rig.hears(f"@label={label(join)} OK JOIN #b 1 last=0 resume=s1")
    assert [room.wanted for room in rig.transcript.rooms.values()] == [False, True]
    assert rig.now[0] is LinkState.CONNECTED


def test_another_name_can_be_taken_instead(rig: PrivateRig) -> None:
    begin(rig)
    rig.hears(f"@label={label(rig.hello())} ERR bad-password LOGIN no")
    rig.drop()
    rig.link.send_command(Nick("you"))
    assert rig.hello().endswith("JOIN you #a")


def test_nobody_can_listen_in_on_a_password() -> None:
    rig = Rig("#a")  # its server is elsewhere, and there is no TLS
    begin(rig)
    rig.clock.advance(0)
    rig.connect()
    assert rig.hears(NOTE, HELLO) == []
    rig.drop()
    assert rig.now == (LinkState.LOCKED, NOT_PRIVATE)
    rig.link.reconnect()
    rig.clock.advance(0)
    rig.enter()
    rig.link.send_command(Register(PASSWORD), "#a")
    assert rig.said() == []
    assert rig.lines("#a", Kind.ERROR)[-1][0] == NOT_PRIVATE
    assert rig.wire is not None
    alsoProvides(rig.wire, ISSLTransport)
    rig.link.send_command(Register(PASSWORD), "#a")
    (line,) = rig.said()
    assert line.endswith(f"REGISTER {PASSWORD}")
    rig.link.stop()
    rig.drop()


def test_what_is_private_is_what_twisteds_tls_provides() -> None:
    tls = pytest.importorskip("twisted.protocols.tls")
    assert ISSLTransport.implementedBy(tls.TLSMemoryBIOProtocol)


def test_whom_one_ignores_is_said_where_one_asked(rig: PrivateRig) -> None:
    rig.start()
    rig.connect()
    (join,) = rig.hears(NOTE, HELLO)
    rig.hears(f"@label={label(join)} OK JOIN #a 1 last=0 resume=s1")
    answers: dict[Command, tuple[str, str]] = {
        Ignore("eve"): ("OK IGNORE eve", "You ignore eve"),
        Ignore(None): ("OK IGNORE", "You ignore nobody"),
        Unignore("eve"): ("OK UNIGNORE eve", "You no longer ignore eve"),
    }
    for command, (answer, note) in answers.items():
        rig.link.send_command(command, "#a")
        (line,) = rig.said()
        rig.hears(f"@label={label(line)} {answer}")
        assert rig.lines("#a", Kind.NOTE)[-1][0] == note


def test_who_has_registered_logs_in_from_then_on(rig: PrivateRig) -> None:
    rig.start()
    rig.connect()
    (join,) = rig.hears(NOTE, HELLO)
    rig.hears(f"@label={label(join)} OK JOIN #a 1 last=0 resume=s1")
    rig.link.send_command(Register(PASSWORD, "code"), "#a")
    (line,) = rig.said()
    assert line.endswith(f"REGISTER {PASSWORD} code")
    rig.hears(f"@label={label(line)} OK REGISTER me")
    assert rig.lines("#a", Kind.NOTE)[-1][0] == "The nick me is now registered to you"
    rig.drop()
    rig.wait_for_retry()
    rig.log_in()


def test_to_log_in_later_is_to_come_in_anew_under_that_name(rig: PrivateRig) -> None:
    rig.start()
    rig.connect()
    (join,) = rig.hears(NOTE, HELLO)
    rig.hears(f"@label={label(join)} OK JOIN #a 1 last=0 resume=s1", "@id=3 MSG bob #a hi")
    rig.link.send_command(Login("Ann", PASSWORD), "#a")
    assert rig.wire is not None
    assert rig.wire.disconnecting
    rig.drop()
    rig.wait_for_retry()
    line = rig.hello()
    assert line.endswith(f"LOGIN Ann {PASSWORD}")
    (join,) = rig.hears(f"@label={label(line)} OK LOGIN Ann")
    assert join.split()[1:5] == ["JOIN", "Ann", "#a", "since=3"]
    assert rig.transcript.nick == "Ann"


def test_another_name_taken_later_is_not_the_one_that_is_proved(rig: PrivateRig) -> None:
    begin(rig)
    join = rig.log_in()
    said = rig.hears(f"@label={label(join)} OK JOIN #a 1 last=0 resume=s1")
    answers = [f"@label={each} ERR not-allowed JOIN no" for each in labels(said, "JOIN")]
    rig.hears(*answers, "NICK me you")
    rig.drop()
    rig.wait_for_retry()
    assert rig.log_in().split()[1:4] == ["JOIN", "you", "#a"]


def test_a_name_that_is_somebodys_own_asks_for_a_password_and_gives_no_room_up(rig: PrivateRig) -> None:
    rig.start()
    rig.connect()
    (join,) = rig.hears(NOTE, HELLO)
    for room in ("#b", "#lobby"):  # which of them it is for is not said
        (join,) = rig.hears(f"@label={label(join)} ERR not-allowed JOIN me is somebody's own; LOGIN first")
        assert join.endswith(f"JOIN me {room}")
    assert rig.hears(f"@label={label(join)} ERR not-allowed JOIN me is somebody's own; LOGIN first") == []
    rig.drop()
    assert rig.now == (LinkState.LOCKED, "me is somebody's own; LOGIN first")
    begin(rig)
    join = rig.log_in()
    said = rig.hears(f"@label={label(join)} OK JOIN #a 1 last=0 resume=s1")
    assert [line.split()[2] for line in said if line.split()[1] == "JOIN"] == ["#b"]


def test_without_a_connection_one_cannot_register(rig: PrivateRig) -> None:
    rig.link.send_command(Register(PASSWORD), "#a")
    assert rig.lines("#a", Kind.ERROR)[-1][0] == NOT_CONNECTED
    assert PASSWORD not in repr([room.lines for room in rig.transcript.rooms.values()])


def test_what_can_be_a_password() -> None:
    assert [check_password(text) for text in ("", "s3cret", "schön-漢", "x" * 300)][1:3] == ["s3cret", "schön-漢"]
    for text in ("two words", "x" * 301, "tab\there", "no\xa0break", "é" * 151):
        with pytest.raises(ValueError, match="no spaces"):
            check_password(text)
