"""MONITOR: who is told when those come and go whose nicks one names."""

from __future__ import annotations

import pytest

from chatd.edges.irc.onlooking import MAX_MONITORED
from tests.support.irc import IrcChat, IrcClient, Told, commands


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


def states(told: list[Told]) -> list[str]:
    """Return each message as its numeric and whom it is about."""
    return [f"{each.command} {each.text.partition('!')[0]}" for each in told]


def test_the_server_says_how_many_may_be_monitored(chat: IrcChat) -> None:
    told = chat.connect().says("NICK ann", "USER a 0 * :Ann")
    tokens = [token for each in told if each.command == "005" for token in each.params[1:-1]]
    assert f"MONITOR={MAX_MONITORED}" in tokens


def test_who_is_there_and_who_is_not_is_told_at_once(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann"), chat.irc("Bob")
    told = ann.says("MONITOR + bob,carol")
    assert states(told) == ["730 Bob", "731 carol"]
    assert [each.params[0] for each in told] == ["ann", "ann"]
    assert told[0].text.startswith("Bob!~Bob@")
    assert told[1].text == "carol"
    assert bob.take() == []


def test_who_comes_goes_and_comes_again_is_told_once_each_time(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    assert states(ann.says("MONITOR + bob")) == ["731 bob"]
    bob = chat.irc("bob")
    assert states(ann.take()) == ["730 bob"]
    bob.says("JOIN #den", "PART #den")
    assert ann.take() == []
    bob.says("QUIT :bye")
    assert states(ann.take()) == ["731 bob"]
    chat.irc("bob").lose()
    assert states(ann.take()) == ["730 bob", "731 bob"]


def test_people_of_other_edges_are_monitored_as_well(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    ann.says("MONITOR + bob")
    bob = chat.lines("bob")
    assert states(ann.take()) == ["730 bob"]
    bob.says("QUIT")
    chat.turn()
    assert states(ann.take()) == ["731 bob"]


def test_a_new_nick_is_told_and_another_spelling_is_not(chat: IrcChat) -> None:
    ann, baz = chat.irc("ann"), chat.irc("baz")
    ann.says("MONITOR + qux")
    baz.says("NICK qux")
    assert states(ann.take()) == ["730 qux"]
    baz.says("NICK QUX")
    assert ann.take() == []
    baz.says("NICK bazbat")
    told = ann.take()
    assert states(told) == ["731 QUX"]
    assert told[0].text == "QUX"


def test_a_nick_that_was_refused_is_nothing(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    chat.irc("bob")
    ann.says("MONITOR + bob,carol")
    other = chat.connect()
    assert commands(other.says("NICK bob", "USER x 0 * :X")) == ["433"]
    assert ann.take() == []
    other.says("NICK carol")
    assert states(ann.take()) == ["730 carol"]


def test_what_is_monitored_no_more_is_not_told(chat: IrcChat) -> None:
    ann, dora = chat.irc("ann"), chat.irc("dora")
    for each in (ann, dora):
        each.says("MONITOR + bob,carol")
    assert ann.says("MONITOR - BOB,nobody,*!*@*") == []
    chat.irc("bob")
    assert ann.take() == []
    assert states(dora.take()) == ["730 bob"]
    assert dora.says("MONITOR C") == []
    chat.irc("carol")
    assert dora.take() == []
    assert states(ann.take()) == ["730 carol"]


def test_the_list_is_as_it_was_written_and_has_an_end(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    chat.irc("bob")
    ann.says("MONITOR + Bob,carol", "MONITOR + BOB")
    told = ann.says("MONITOR L")
    assert [each.params[:-1] for each in told] == [["ann"], ["ann"]]
    assert [(each.command, each.text) for each in told] == [("732", "Bob,carol"), ("733", "End of MONITOR list")]
    assert states(ann.says("MONITOR S")) == ["730 bob", "731 carol"]
    ann.says("MONITOR C")
    assert commands(ann.says("MONITOR L")) == ["733"]


def test_a_long_list_is_in_several_messages(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    nicks = [f"{'n' * 20}{number}" for number in range(MAX_MONITORED)]
    for first in range(0, MAX_MONITORED, 20):
        ann.says(f"MONITOR + {','.join(nicks[first : first + 20])}")
    told = ann.says("MONITOR L")
    assert set(commands(told[:-1])) == {"732"}
    assert [nick for each in told[:-1] for nick in each.text.split(",")] == nicks
    assert all(len(each.line.encode()) <= 510 for each in told)
    assert len(told) > 3


def test_a_list_that_is_full_takes_no_more_and_names_what_it_did_not_take(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    for first in range(0, MAX_MONITORED, 50):
        ann.says(f"MONITOR + {','.join(f'n{number}' for number in range(first, first + 50))}")
    told = ann.says("MONITOR + bob,N5,carol")
    assert [each.command for each in told] == ["731", "734"]
    assert told[1].params == ["ann", str(MAX_MONITORED), "bob,carol", "Monitor list is full"]
    chat.irc("bob")
    assert ann.take() == []
    ann.says("MONITOR - n1")
    assert states(ann.says("MONITOR + bob")) == ["730 bob"]


@pytest.mark.parametrize("mask", ["*!username@localhost", "*!username@127.0.0.1", "*", "#den", "a b"])
def test_what_is_no_nick_is_not_there_and_not_kept(chat: IrcChat, mask: str) -> None:
    ann = chat.irc("ann")
    assert commands(ann.says(f"MONITOR + :{mask}")) == ["731"]
    assert commands(ann.says("MONITOR L")) == ["733"]
    chat.irc("username")
    assert ann.take() == []


@pytest.mark.parametrize(
    ("line", "numeric"), [("MONITOR", "461"), ("MONITOR +", "461"), ("MONITOR - :,", "461"), ("MONITOR X bob", "400")]
)
def test_what_makes_no_sense_is_answered(chat: IrcChat, line: str, numeric: str) -> None:
    assert commands(chat.irc("ann").says(line)) == [numeric]


def test_monitor_ends_with_the_connection(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    ann.says("MONITOR + bob")
    ann.lose()
    chat.irc("bob")
    again = chat.irc("ann")
    assert commands(again.says("MONITOR L")) == ["733"]


def test_an_answer_has_the_label_of_its_line(chat: IrcChat) -> None:
    ann = chat.irc("ann", "labeled-response", "batch")
    assert ann.says("@label=a MONITOR + bob")[0].tags == {"label": "a"}
    (told,) = ann.says("@label=b MONITOR C")
    assert (told.command, told.tags) == ("ACK", {"label": "b"})


# extended-monitor


def monitoring(chat: IrcChat, *capabilities: str) -> IrcClient:
    """Return a client that monitors bob and shares no room with him."""
    ann = chat.irc("ann", *capabilities)
    ann.says("MONITOR + bob")
    return ann


def test_away_of_those_who_are_monitored(chat: IrcChat) -> None:
    ann = monitoring(chat, "extended-monitor", "away-notify")
    bob = chat.irc("bob", rooms="#den")
    ann.take()
    bob.says("AWAY :afk")
    (told,) = ann.take()
    assert (told.command, told.nick, told.params) == ("AWAY", "bob", ["afk"])
    bob.says("AWAY")
    (told,) = ann.take()
    assert (told.command, told.nick, told.params) == ("AWAY", "bob", [])
    ann.says("JOIN #den")
    bob.says("AWAY :again")
    assert commands(ann.take()) == ["AWAY"]


@pytest.mark.parametrize("capabilities", [("extended-monitor",), ("away-notify",), ()])
def test_away_is_not_told_without_both_capabilities(chat: IrcChat, capabilities: tuple[str, ...]) -> None:
    ann = monitoring(chat, *capabilities)
    bob = chat.irc("bob")
    ann.take()
    bob.says("AWAY :afk", "AWAY")
    assert ann.take() == []


def test_real_names_of_those_who_are_monitored(chat: IrcChat) -> None:
    ann = monitoring(chat, "extended-monitor", "setname")
    bob = chat.irc("bob")
    ann.take()
    bob.says("SETNAME :new name")
    (told,) = ann.take()
    assert (told.command, told.nick, told.params) == ("SETNAME", "bob", ["new name"])


def test_real_names_are_not_told_without_the_capability(chat: IrcChat) -> None:
    ann = monitoring(chat, "setname")
    bob = chat.irc("bob")
    ann.take()
    bob.says("SETNAME :new name")
    assert ann.take() == []
