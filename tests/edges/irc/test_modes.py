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
    assert (modes.command, modes.params) == ("324", ["ann", "#chan", "+imnt"])
    assert (made.command, made.params[:2]) == ("329", ["ann", "#chan"])
    assert int(made.params[2])
    assert [each.params for each in ann.says("MODE #chan -imt")] == [["#chan", "-imt"]]
    assert ann.says("MODE #chan")[0].params == ["ann", "#chan", "+n"]
    assert [each.params for each in ann.says("MODE #chan -n")] == [["#chan", "-n"]]
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


def test_who_is_not_in_a_room_speaks_there_only_if_its_operators_let_them(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob", "echo-message", "message-tags", "labeled-response", "batch")
    (refused,) = bob.says("@label=a1 PRIVMSG #chan :hello")
    assert (refused.command, refused.params[:2], refused.tags) == ("404", ["bob", "#chan"], {"label": "a1"})
    assert ann.take() == []
    ann.says("MODE #chan -n")
    (echo,) = bob.says("@label=a2 PRIVMSG #chan :hello")
    assert (echo.params, echo.tags["label"]) == (["#chan", "hello"], "a2")
    bob.says("PRIVMSG #chan,bob :hello both")
    heard = ann.take()
    assert [(each.nick, each.params) for each in heard] == [
        ("bob", ["#chan", "hello"]),
        ("bob", ["#chan", "hello both"]),
    ]
    assert echo.tags["msgid"]
    ann.says("MODE #chan +b bob")
    assert commands(bob.says("PRIVMSG #chan :hello")) == ["404"]
    ann.says("MODE #chan -b bob", "MODE #chan +m")
    assert commands(bob.says("PRIVMSG #chan :hello")) == ["404"]
    ann.says("MODE #chan +n-m")
    assert commands(bob.says("PRIVMSG #chan :hello")) == ["404"]


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
        ("MODE #chan +k key", "696", ["ann", "#chan", "k", "*"]),
        ("MODE #chan +p", "696", ["ann", "#chan", "p", "*"]),
        ("MODE #chan +l", "461", ["ann", "MODE"]),
        ("MODE #chan +l 0", "696", ["ann", "#chan", "l", "0"]),
        ("MODE #chan +l -1", "696", ["ann", "#chan", "l", "-1"]),
        ("MODE #chan +l abc", "696", ["ann", "#chan", "l", "abc"]),
        ("MODE #chan +l :", "696", ["ann", "#chan", "l", "*"]),
        ("MODE #chan +l 100001", "696", ["ann", "#chan", "l", "100001"]),
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


def test_who_runs_a_private_room_no_longer_stays_in_it(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol = chat.irc("bob", rooms="#chan"), chat.lines("carol", "#chan")
    ann.says("MODE #chan +o bob", "MODE #chan +i")
    bob.take()
    carol.take()
    (told,) = ann.says("MODE #chan -o ann")
    assert (told.command, told.params) == ("MODE", ["#chan", "-o", "ann"])
    assert [(each.command, each.params) for each in bob.take()] == [("MODE", ["#chan", "-o", "ann"])]
    assert carol.take()[0] == "NOTE ann invited ann to #chan: for as long as they are connected"
    assert commands(ann.says("NAMES #chan", "PRIVMSG #chan :still here")) == ["353", "366"]
    assert commands(ann.says("MODE #chan -o bob")) == ["482"]


def test_what_belongs_to_no_mode_is_no_mode(chat: IrcChat, ann: IrcClient) -> None:
    chat.irc("bob", rooms="#chan")
    ann.take()
    assert [(each.command, each.params[1]) for each in ann.says("MODE #chan +h bob")] == [("472", "h")]
    assert [each.params for each in ann.says("MODE #chan -l 30 +m -n")] == [["#chan", "+m-n"]]
    assert ann.says("MODE #chan")[0].params[2] == "+m"


def test_only_so_many_changes_are_made_at_a_time(ann: IrcClient) -> None:
    changed, refused = ann.says("MODE #chan +m-m+m-m+m-m+m-m+m-m+t")
    assert changed.params == ["#chan", "+m-m+m-m+m-m+m-m+m-m"]
    assert refused.command == "400"
    assert ann.says("MODE #chan")[0].params[2] == "+n"


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


def test_who_is_banned_by_the_host_that_is_shown_stays_and_is_silent(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol = chat.irc("bob", rooms="#chan", address=ELSEWHERE), chat.lines("carol", "#chan")
    bob.take()
    joined = ann.take()[0]
    host = joined.line.partition("@")[2].partition(" ")[0]
    (told,) = ann.says(f"MODE #chan +b *!*~bob@{host}")
    assert (told.command, told.params) == ("MODE", ["#chan", "+b", "bob!*@*"])
    assert carol.take() == ["NOTE ann banned bob from #chan: who is there may stay and read"]
    refused = bob.says("PRIVMSG #chan :hello", "NICK bobby", "TOPIC #chan :mine")
    assert commands(refused) == ["MODE", "404", "433", "404"]
    assert [each.text for each in refused if each.command == "404"] == ["you are muted and can only read"] * 2
    assert carol.take() == []
    ann.says("PRIVMSG #chan :you may listen")
    assert commands(bob.take()) == ["PRIVMSG"]
    ann.says("MODE #chan -b bob!*@*", "PING 1")
    bob.says("PRIVMSG #chan :hello again")
    assert (ann.take()[-1].nick, carol.take()[-1]) == ("bob", "MSG bob #chan hello again")


def test_a_ban_and_a_kick_put_somebody_out_for_good(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob", rooms="#chan")
    bob.take()
    ann.take()
    assert commands(ann.says("MODE #chan +b bob!*@*", "KICK #chan bob :enough")) == ["MODE", "KICK"]
    assert commands(bob.says("JOIN #chan")) == ["MODE", "KICK", "474"]


def test_a_ban_of_the_line_protocol_is_a_ban_and_a_kick(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol = chat.irc("bob", rooms="#chan"), chat.lines("carol", "#chan")
    ann.says("MODE #chan +o carol")
    bob.take()
    carol.says("BAN bob")
    chat.turn()
    assert [(each.command, each.params[:2]) for each in bob.take()] == [
        ("MODE", ["#chan", "+b"]),
        ("KICK", ["#chan", "bob"]),
    ]


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


def test_a_limit_is_set_with_its_number_and_taken_away(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob", rooms="#chan")
    ann.take()
    bob.take()
    assert [each.params for each in ann.says("MODE #chan +tl 002")] == [["#chan", "+tl", "2"]]
    assert [each.params for each in bob.take()] == [["#chan", "+t"], ["#chan", "+l", "2"]]
    assert ann.says("MODE #chan")[0].params == ["ann", "#chan", "+lnt", "2"]
    assert ann.says("MODE #chan +l 2") == []
    assert [each.params for each in ann.says("MODE #chan +l-t 3")] == [["#chan", "+l-t", "3"]]
    assert [each.params for each in ann.says("MODE #chan -l")] == [["#chan", "-l"]]
    assert ann.says("MODE #chan -l") == []
    assert ann.says("MODE #chan")[0].params[2:] == ["+n"]


def test_nobody_comes_into_a_full_room_but_who_is_let_in(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol = chat.irc("bob", rooms="#chan"), chat.irc("carol")
    ann.says("MODE #chan +l 1")
    bob.take()
    (full,) = carol.says("JOIN #chan")
    assert (full.command, full.params[:2]) == ("471", ["carol", "#chan"])
    assert full.text == "#chan is full (limit 1); JOIN it later, or ask an operator to INVITE you"
    assert commands(bob.says("PRIVMSG #chan :I am here still")) == []
    assert [each.text for each in ann.take()][-1] == "I am here still"
    assert commands(carol.says("JOIN #other")) == ["JOIN", "353", "366"]
    bob.says("INVITE carol #chan")
    carol.take()
    assert commands(carol.says("JOIN #chan")) == ["471"]
    assert "341" in commands(ann.says("INVITE carol #chan", "MODE #chan +II dave!*@* erin!*@*"))
    carol.take()
    assert commands(carol.says("JOIN #chan"))[:3] == ["JOIN", "353", "366"]
    assert commands(chat.irc("dave").says("JOIN #chan"))[:3] == ["JOIN", "353", "366"]
    chat.lines("erin", "#chan")
    assert [str(each.nick) for each in chat.hub.members("#chan")] == ["ann", "bob", "carol", "dave", "erin"]


def test_the_last_place_is_free_again_when_somebody_leaves(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol = chat.irc("bob", rooms="#chan"), chat.irc("carol")
    ann.says("MODE #chan +l 2")
    assert commands(carol.says("JOIN #chan")) == ["471"]
    bob.says("PART #chan")
    assert commands(carol.says("JOIN #chan")) == ["JOIN", "353", "366"]


def test_too_many_rooms_are_no_full_room() -> None:
    client = IrcChat(Limits(rooms_per_connection=1)).irc("ann", rooms="#chan")
    assert commands(client.says("JOIN #other")) == ["405"]


def test_a_limit_that_was_set_on_lines_is_a_mode(chat: IrcChat) -> None:
    gina = chat.lines("gina", "#chan")
    bob = chat.irc("bob", rooms="#chan")
    bob.take()
    gina.says("SET #chan limit=30", "SET #chan limit=off")
    chat.turn()
    assert [(each.command, each.params) for each in bob.take()] == [
        ("MODE", ["#chan", "+l", "30"]),
        ("MODE", ["#chan", "-l"]),
    ]


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
    assert (slow.command, slow.text) == ("NOTICE", "carol limited everybody in #chan to one message every 10s")


def test_modes_of_people_are_not_those_of_rooms(ann: IrcClient) -> None:
    assert [(each.command, each.params) for each in ann.says("MODE ann")] == [("221", ["ann", "+"])]
    assert commands(ann.says("MODE ann +X", "MODE bob +i")) == ["501", "401"]


def test_a_room_that_is_secret_is_found_by_those_who_know_of_it(chat: IrcChat, ann: IrcClient) -> None:
    bob, carol = chat.irc("bob"), chat.lines("carol", "#other")
    assert [each.params for each in ann.says("MODE #chan +s")] == [["#chan", "+s"]]
    assert ann.says("MODE #chan")[0].params == ["ann", "#chan", "+ns"]
    carol.take()
    carol.says("ROOMS")
    chat.turn()
    assert carol.take() == ["ROOM #other 1", "OK ROOMS 1"]
    assert [each.params[1] for each in ann.says("LIST") if each.command == "322"] == ["#chan", "#other"]
    assert [each.params[1] for each in bob.says("LIST", "LIST #chan") if each.command == "322"] == ["#other"]
    told = bob.says("JOIN #chan")
    assert told[1].params == ["bob", "@", "#chan", "@ann bob"]
    assert [each.params[1] for each in bob.says("LIST") if each.command == "322"] == ["#chan", "#other"]
    ann.says("MODE #chan -s")
    carol.says("ROOMS")
    chat.turn()
    assert carol.take()[-1] == "OK ROOMS 2"
