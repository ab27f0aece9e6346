"""What is unread follows the one who reads from one window to another."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from chatd.client.model.changes import UnreadChanged
from chatd.client.model.membership import MembershipCue
from chatd.client.net.seen_reports import SEEN_SECONDS
from chatd.protocol.moderation_commands import Login
from tests.client.test_link import label
from tests.client.test_login import PASSWORD, PrivateRig
from tests.client.test_transcript import Client, old, said


def joined(last: int, seen: int | None = None, room: str = "#r") -> str:
    return f"@label=j OK JOIN {room} 2 last={last} resume=s" + ("" if seen is None else f" seen={seen}")


def test_what_was_read_elsewhere_is_not_unread() -> None:
    client = Client(joined(2, 0), said(3), said(4), said(5))
    room = client.room()
    assert room.unread == 3
    assert UnreadChanged("#r") in client.hears("SEEN #r 4")
    assert room.unread == 1
    client.hears("SEEN #r 3")
    assert room.unread == 1
    assert room.unread_serial is not None
    client.hears("SEEN #r 5")
    assert room.unread == 0
    assert client.room().unread_serial is None


def test_what_was_said_since_is_unread_in_a_new_window() -> None:
    client = Client(joined(5, 3), *[old(id_) for id_ in (1, 2, 3, 4, 5)])
    assert client.room().unread == 2
    client.transcript.set_front("#r")
    assert client.room().unread == 0


@pytest.mark.parametrize("seen", [None, 0])
def test_a_room_in_which_nothing_was_ever_read_begins_with_nothing_unread(seen: int | None) -> None:
    client = Client(joined(5, seen), old(4), old(5))
    assert client.room().unread == 0
    client.hears(said(6))
    assert client.room().unread == 1


def test_after_a_reconnect_it_counts_what_was_read_meanwhile() -> None:
    client = Client(joined(2, 2), said(3))
    client.transcript.disconnected()
    client.hears("OK HELLO epoch=e", old(4), old(5), joined(5, 4))
    assert client.room().unread == 1


@pytest.mark.parametrize("line", ["SEEN #r -5", "SEEN #r 99", "SEEN #other 4", "SEEN bob 3"])
def test_a_server_that_says_nonsense_marks_nothing_for_ever(line: str) -> None:
    client = Client(joined(2, 2), said(3))
    client.hears(line, said(4))
    assert client.room().unread >= 1


def test_a_server_without_markers_is_believed_nothing() -> None:
    client = Client(joined(2), said(3))
    client.hears("SEEN #r 3")
    assert client.room().unread == 1


@pytest.fixture
def rig() -> Iterator[PrivateRig]:
    rig = PrivateRig("#a", "#b")
    yield rig
    rig.link.stop()
    if rig.wire is not None and not rig.wire.lost:
        rig.wire.drop()
    assert [call for call in rig.clock.getDelayedCalls() if call.active()] == []


def seen(lines: list[str]) -> list[str]:
    return [line.partition(" ")[2] for line in lines if " SEEN " in line]


def wait(rig: PrivateRig) -> list[str]:
    """Return the SEENs that are sent by the time that some are due."""
    rig.said()
    rig.clock.advance(SEEN_SECONDS)
    return seen(rig.said())


def test_the_server_is_told_what_was_read_and_not_for_every_line(rig: PrivateRig) -> None:
    rig.link.send_command(Login("me", PASSWORD))
    join = rig.log_in()
    after = rig.hears(f"@label={label(join)} OK JOIN #a 1 last=2 resume=s seen=2")
    second = next(line for line in after if "JOIN #b" in line)
    rig.hears(f"@label={label(second)} OK JOIN #b 1 last=9 seen=0")
    assert wait(rig) == []
    rig.hears(said(10, room="#a"), said(11, room="#a"))
    assert wait(rig) == []
    rig.transcript.set_front("#a")
    rig.hears(said(12, room="#a"), said(13, room="#a"))
    assert wait(rig) == ["SEEN 13 #a"]
    assert wait(rig) == []
    rig.hears("SEEN #a 13")
    rig.hears(said(14, room="#b"))
    rig.transcript.set_front("#b")
    assert wait(rig) == ["SEEN 14 #b"]


def test_a_refusal_is_not_shown_and_guests_say_nothing(rig: PrivateRig) -> None:
    rig.link.send_command(Login("me", PASSWORD))
    join = rig.log_in()
    rig.hears(f"@label={label(join)} OK JOIN #a 1 last=2 resume=s seen=2")
    rig.transcript.set_front("#a")
    rig.hears(said(10, room="#a"))
    rig.said()
    rig.clock.advance(SEEN_SECONDS)
    [line] = [line for line in rig.said() if " SEEN " in line]
    before = len(rig.transcript.rooms["#a"].lines)
    rig.hears(f"@label={label(line)} ERR unavailable SEEN not now")
    assert len(rig.transcript.rooms["#a"].lines) == before
    place = rig.transcript.open_room("#c")
    place.change_membership(MembershipCue.WANT)
    place.change_membership(MembershipCue.ADMITTED)
    place.seen_id = 7
    assert wait(rig) == []
