"""MARKREAD: up to when somebody has read, over IRC and on lines."""

from __future__ import annotations

import pytest

from chatd.edges.irc.read_times import MAX_READ, ReadTimes
from chatd.edges.irc.stamps import stamp_of
from tests.support.in_memory_accounts import PASSWORD
from tests.support.irc import IrcChat, IrcClient, commands
from tests.support.irc_owners import IrcChatWithOwners

CAPABILITY = "draft/read-marker"


def marker(client: IrcClient, line: str) -> list[str]:
    (told,) = client.says(line)
    assert told.command == "MARKREAD", told.line
    return told.params


def test_what_is_set_is_had_again_and_only_rises() -> None:
    ann = IrcChat().irc("ann", CAPABILITY, rooms="#den")
    assert marker(ann, "MARKREAD #nowhere") == ["#nowhere", "*"]
    early, late = "timestamp=1970-01-04T14:33:26.123Z", "timestamp=1970-01-09T00:00:00.000Z"
    for target in ("#den", "bob"):
        assert marker(ann, f"MARKREAD {target} {early}") == [target, early]
        assert marker(ann, f"MARKREAD {target}") == [target, early]
        assert marker(ann, f"MARKREAD {target} {late}") == [target, late]
        assert marker(ann, f"MARKREAD {target} {early}") == [target, late]
    ann.says("PART #den")
    told = ann.says("JOIN #den")
    assert commands(told) == ["JOIN", "MARKREAD", "353", "366"]
    assert told[1].params == ["#den", late]


def test_nothing_can_be_read_that_was_not_said_yet() -> None:
    chat = IrcChat()
    ann = chat.irc("ann", CAPABILITY, rooms="#den")
    now = f"timestamp={stamp_of(chat.hub.now)}"
    assert marker(ann, "MARKREAD #den timestamp=2999-01-01T00:00:00.000Z") == ["#den", now]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("MARKREAD", "NEED_MORE_PARAMS"),
        ("MARKREAD #den *", "INVALID_PARAMS"),
        ("MARKREAD #den timestamp=not-a-timestamp", "INVALID_PARAMS"),
        ("MARKREAD #den 1970-01-04T14:33:26.123Z", "INVALID_PARAMS"),
        ("MARKREAD * timestamp=1970-01-04T14:33:26.123Z", "INVALID_PARAMS"),
    ],
)
def test_what_is_no_marker_is_refused(line: str, code: str) -> None:
    (told,) = IrcChat().irc("ann", CAPABILITY, rooms="#den").says(line)
    assert (told.command, told.params[:2]) == ("FAIL", ["MARKREAD", code])


def test_other_clients_of_the_account_are_told_and_nobody_else() -> None:
    chat = IrcChatWithOwners("root", "ann", "bob")
    desk, phone = (chat.owner("ann", CAPABILITY, rooms="#den", nick=nick) for nick in ("ann", "ann2"))
    plain, bob = chat.owner("ann", rooms="#den", nick="ann3"), chat.owner("bob", CAPABILITY, rooms="#den")
    desk.says("PRIVMSG #den :hello")
    for each in (desk, phone, plain, bob):
        each.take()
    now = f"timestamp={stamp_of(chat.hub.now)}"
    assert marker(desk, f"MARKREAD #den {now}") == ["#den", now]
    assert [each.params for each in phone.take()] == [["#den", now]]
    assert (plain.take(), bob.take()) == ([], [])
    assert marker(phone, "MARKREAD #den") == ["#den", now]


def test_what_an_account_has_read_is_known_when_it_comes_again_and_on_lines() -> None:
    chat = IrcChatWithOwners("root", "ann", "bob")
    first = chat.owner("ann", CAPABILITY, rooms="#den")
    bob = chat.owner("bob", rooms="#den")
    bob.says("PRIVMSG #den :one", "PRIVMSG ann :psst")
    read = f"timestamp={stamp_of(chat.hub.now)}"
    chat.clock.advance(5)
    bob.says("PRIVMSG #den :two", "PRIVMSG ann :psst again")
    first.says(f"MARKREAD #den {read}", f"MARKREAD bob {read}", "QUIT")
    again = chat.owner("ann", CAPABILITY)
    joined = again.says("JOIN #den")
    assert [each.params for each in joined if each.command == "MARKREAD"] == [["#den", read]]
    assert marker(again, "MARKREAD bob") == ["bob", read]
    lines = chat.program(f"LOGIN ann {PASSWORD}")
    lines.says("JOIN annie #den")
    chat.turn()
    assert any(" seen=1" in line for line in lines.take())
    lines.says("SEEN 3")
    chat.turn()
    (told,) = [each for each in again.take() if each.command == "MARKREAD"]
    assert told.params == ["#den", f"timestamp={stamp_of(chat.hub.now)}"]


def test_so_many_are_known_and_not_more() -> None:
    times = ReadTimes()
    for number in range(MAX_READ + 1):
        times.raise_to(str(number), number)
    assert (times.get("0"), times.get("1"), times.get(str(MAX_READ))) == (None, 1, MAX_READ)
