"""MODE of rooms: what holds in one, who may change it, and what all who are there read of that."""

from __future__ import annotations

import pytest

from chatd.chat.limits import Limits
from tests.support.irc import ELSEWHERE, IrcChat, IrcClient, commands


@pytest.fixture
def chat() -> IrcChat:
    """A chat in which who opens a room runs it."""
    return IrcChat(Limits(room_founders=True))


@pytest.fixture
def ann(chat: IrcChat) -> IrcClient:
    """The one who has opened #chan."""
    client = chat.irc("ann", rooms="#chan")
    client.take()
    return client


def test_who_opens_a_room_is_its_operator(chat: IrcChat) -> None:
    told = chat.irc("ann").says("JOIN #chan")
    assert commands(told) == ["JOIN", "353", "366"]
    assert told[1].params == ["ann", "=", "#chan", "@ann"]
    assert chat.irc("bob").says("JOIN #chan")[1].text == "@ann bob"


def test_modes_are_set_and_unset_in_one_message_each(ann: IrcClient) -> None:
    (told,) = ann.says("MODE #chan +imt")
    assert (told.command, told.nick, told.params) == ("MODE", "ann", ["#chan", "+imt"])
    modes, made = ann.says("MODE #chan")
    assert (modes.command, modes.params) == ("324", ["ann", "#chan", "+imt"])
    assert (made.command, made.params[:2]) == ("329", ["ann", "#chan"])
    assert int(made.params[2])
    assert [each.params for each in ann.says("MODE #chan -imt")] == [["#chan", "-imt"]]
    assert ann.says("MODE #chan")[0].params == ["ann", "#chan", "+"]
    assert ann.says("MODE #chan -m") == []


def test_the_others_read_what_changed(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol = chat.irc("bob", rooms="#chan"), chat.lines("carol", "#chan")
    bob.take()
    ann.says("MODE #chan +m+v bob")
    assert [each.params for each in bob.take()] == [["#chan", "+m"], ["#chan", "+v", "bob"]]
    assert [line.partition(" ")[0] for line in carol.take()] == ["NOTE", "NOTE"]
    assert commands(bob.says("PRIVMSG #chan :I have a voice")) == []
    assert carol.take() == ["MSG bob #chan I have a voice"]
    dave = chat.irc("dave", rooms="#chan")
    dave.take()
    assert commands(dave.says("PRIVMSG #chan :nor I")) == ["404"]


def test_a_topic_is_for_operators_where_they_say_so(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob", rooms="#chan")
    bob.take()
    ann.says("MODE #chan +t", "MODE #chan +v bob")
    bob.take()
    assert commands(bob.says("TOPIC #chan :tea")) == ["482"]
    assert commands(bob.says("TOPIC #chan :")) == ["482"]  # though there is none that would be taken away
    ann.says("MODE #chan -t")
    bob.take()
    assert commands(bob.says("TOPIC #chan :tea")) == ["TOPIC"]
    ann.says("MODE #chan +t")
    bob.take()
    assert commands(bob.says("TOPIC #chan :tea")) == ["482"]


@pytest.mark.parametrize(
    ("line", "command", "params"),
    [
        ("MODE #nowhere +m", "403", ["ann", "#nowhere"]),
        ("MODE #nowhere", "403", ["ann", "#nowhere"]),
        ("MODE #not,a +m", "403", ["ann", "#not,a"]),
        ("MODE", "461", ["ann", "MODE"]),
        ("MODE #chan +o", "461", ["ann", "MODE"]),
        ("MODE #chan +o nobody", "401", ["ann", "nobody"]),
        ("MODE #chan +o far", "441", ["ann", "far", "#chan"]),
        ("MODE #chan -o bob", "696", ["ann", "#chan", "o", "bob"]),
        ("MODE #chan -v bob", "696", ["ann", "#chan", "v", "bob"]),
        ("MODE #chan +Z", "472", ["ann", "Z"]),
        ("MODE #chan -n", "696", ["ann", "#chan", "n", "*"]),
        ("MODE #chan +k key", "696", ["ann", "#chan", "k", "*"]),
        ("MODE #chan +l 3", "696", ["ann", "#chan", "l", "*"]),
        ("MODE #chan +e bob!*@*", "696", ["ann", "#chan", "e", "*"]),
        ("MODE #chan +r", "482", ["ann", "#chan"]),
        ("MODE #chan -b bob!*@*", "698", ["ann", "#chan", "bob!*@*", "b"]),
        ("MODE #chan +b *!*@*", "696", ["ann", "#chan", "b", "*!*@*"]),
        ("MODE #chan +b b*!*@*", "696", ["ann", "#chan", "b", "b*!*@*"]),
        ("MODE #chan +b bob!x@*", "696", ["ann", "#chan", "b", "bob!x@*"]),
        ("MODE #chan +b *!*@*.guest", "696", ["ann", "#chan", "b", "*!*@*.guest"]),
        ("MODE #chan +b *!*@0123456789.guest", "696", ["ann", "#chan", "b", "*!*@0123456789.guest"]),
        ("MODE #chan +b bob!*@192.0.2.7", "696", ["ann", "#chan", "b", "bob!*@192.0.2.7"]),
    ],
)
def test_what_cannot_be_is_answered(chat: IrcChat, ann: IrcClient, line: str, command: str, params: list[str]) -> None:
    chat.irc("bob", rooms="#chan")
    chat.irc("far", rooms="#far")
    ann.take()
    (told,) = ann.says(line)
    assert (told.command, told.params[:-1]) == (command, params)
    assert told.text


def test_who_is_no_operator_changes_nothing(chat: IrcChat, ann: IrcClient) -> None:
    bob, far = chat.irc("bob", rooms="#chan"), chat.irc("far")
    for client in (ann, bob):
        client.take()
    assert commands(bob.says("MODE #chan +o bob")) == ["482"]
    assert commands(bob.says("MODE #chan +mt+b ann")) == ["482"]
    assert commands(far.says("MODE #chan +m")) == ["442"]
    assert commands(far.says("MODE #chan")) == ["324", "329"]
    assert ann.take() == []


def test_ranks_are_given_and_taken(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob", rooms="#chan")
    bob.take()
    ann.take()
    assert [each.params for each in ann.says("MODE #chan +o bob")] == [["#chan", "+o", "bob"]]
    assert [each.params for each in bob.take()] == [["#chan", "+o", "bob"]]
    assert [each.params for each in ann.says("MODE #chan -o ann")] == [["#chan", "-o", "ann"]]
    assert commands(ann.says("MODE #chan +m")) == ["482"]
    bob.take()
    assert [each.params for each in bob.says("MODE #chan +vv ann bob")] == [["#chan", "+vv", "ann", "bob"]]
    many = chat.irc("many", "multi-prefix")
    assert sorted(many.says("JOIN #chan")[1].text.split()) == ["+ann", "@+bob", "many"]


def test_only_so_many_changes_are_made_at_a_time(ann: IrcClient) -> None:
    changed, refused = ann.says("MODE #chan +m-m+m-m+m-m+m-m+m-m+t")
    assert changed.params == ["#chan", "+m-m+m-m+m-m+m-m+m-m"]
    assert refused.command == "400"
    assert ann.says("MODE #chan")[0].params[2] == "+"


def test_who_is_banned_by_name_does_not_come_in(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("Bob", address=ELSEWHERE)
    assert [each.params for each in ann.says("MODE #chan +b bob!*@*")] == [["#chan", "+b", "bob!*@*"]]
    assert commands(bob.says("JOIN #chan")) == ["474"]
    entry, end = ann.says("MODE #chan b")
    assert (entry.command, entry.params[:3]) == ("367", ["ann", "#chan", "bob!*@*"])
    assert (entry.params[3], int(entry.params[4])) == ("ann", 1_000_000)
    assert (end.command, end.params[:2]) == ("368", ["ann", "#chan"])
    assert [each.params for each in ann.says("MODE #chan -b bob")] == [["#chan", "-b", "bob!*@*"]]
    assert commands(bob.says("JOIN #chan")) == ["JOIN", "353", "366"]
    assert commands(ann.says("MODE #chan +b")) == ["JOIN", "368"]


def test_who_is_banned_by_the_host_that_is_shown_is_put_out(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob", rooms="#chan", address=ELSEWHERE)
    bob.take()
    (joined,) = ann.take()
    host = joined.line.partition("@")[2].partition(" ")[0]
    told = ann.says(f"MODE #chan +b *!*~bob@{host}"[:60])
    assert [each.params for each in told] == [["#chan", "+b", "bob!*@*"], ["#chan", "bob", "ann"]]
    assert commands(told) == ["MODE", "KICK"]
    assert commands(bob.take()) == ["MODE", "KICK"]
    assert commands(bob.says("JOIN #chan")) == ["474"]


@pytest.mark.parametrize("mask", ["*!*@192.0.2.0/24", "192.0.2.0/24", "*!*@192.0.2.*"])
def test_networks_are_banned(chat: IrcChat, ann: IrcClient, mask: str) -> None:
    assert [each.params for each in ann.says(f"MODE #chan +b {mask}")] == [["#chan", "+b", "*!*@192.0.2.0/24"]]
    assert commands(chat.irc("bob", address=ELSEWHERE).says("JOIN #chan")) == ["474"]


def test_nobody_bans_themselves(ann: IrcClient) -> None:
    assert commands(ann.says("MODE #chan +b *!*@127.0.0.0/8")) == ["482"]


def test_who_is_muted_reads_on(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob", rooms="#chan", address=ELSEWHERE)
    ann.take()
    bob.take()
    assert [each.params for each in ann.says("MODE #chan +q bob!*@*")] == [["#chan", "+q", "bob!*@*"]]
    assert commands(bob.says("PRIVMSG #chan :hello")) == ["MODE", "404"]
    entry, end = ann.says("MODE #chan q")
    assert (entry.command, entry.params[:4]) == ("728", ["ann", "#chan", "q", "bob!*@*"])
    assert (end.command, end.params[:3]) == ("729", ["ann", "#chan", "q"])
    ann.says("MODE #chan -q bob!*@*")
    assert commands(bob.says("PRIVMSG #chan :hello")) == ["MODE"]


def test_what_mode_cannot_say_is_a_notice(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol = chat.irc("bob", rooms="#chan"), chat.lines("carol", "#chan")
    ann.says("MODE #chan +o carol")
    bob.take()
    carol.says("BAN 192.0.2.7 #chan for=10m enough", "SET #chan slow=10s")
    chat.turn()
    banned, why, slow = bob.take()
    assert banned.params == ["#chan", "+b", "*!*@192.0.2.7"]
    assert (why.command, why.params[0]) == ("NOTICE", "#chan")
    assert "for 10m: enough" in why.text
    assert (slow.command, slow.text) == ("NOTICE", "carol lets everybody in #chan speak once every 10s")


def test_modes_of_people_are_not_those_of_rooms(ann: IrcClient) -> None:
    assert [(each.command, each.params) for each in ann.says("MODE ann")] == [("221", ["ann", "+"])]
    assert commands(ann.says("MODE ann +X", "MODE bob +i")) == ["501", "401"]
