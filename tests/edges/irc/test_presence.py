"""AWAY, SETNAME, ISON and USERHOST, and what is told of others unasked."""

from __future__ import annotations

import pytest

from chatd.chat.member_details import MAX_AWAY_CHARACTERS
from chatd.edges.irc.server import MAX_REALNAME
from chatd.protocol.names import MAX_NICK_LENGTH
from tests.support.in_memory_cluster import SharedAccounts
from tests.support.irc import IrcChat, IrcNode, commands, irc_nodes


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


def tokens(chat: IrcChat) -> list[str]:
    told = chat.connect().says("NICK zoe", "USER z 0 * :Zoe")
    return [token for each in told if each.command == "005" for token in each.params[1:-1]]


# AWAY


def test_away_and_back_are_one_answer_each(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    for line, numeric in (("AWAY :lunch", "306"), ("AWAY", "305"), ("AWAY :lunch", "306"), ("AWAY :", "305")):
        (told,) = ann.says(line)
        assert (told.command, told.params[0], len(told.params)) == (numeric, "ann", 2)


def test_who_tells_somebody_something_who_is_away_is_told_why(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann"), chat.irc("bob")
    assert bob.says("PRIVMSG ann :hi") == []
    ann.says("AWAY :I'm not here right now")
    (told,) = bob.says("PRIVMSG ANN :hi")
    assert (told.command, told.params) == ("301", ["bob", "ann", "I'm not here right now"])
    assert bob.says("NOTICE ann :hi") == []
    ann.says("AWAY")
    assert bob.says("PRIVMSG ann :hi") == []


def test_why_one_is_away_is_cut_where_the_server_says(chat: IrcChat) -> None:
    assert f"AWAYLEN={MAX_AWAY_CHARACTERS}" in tokens(chat)
    bob, ann = chat.irc("bob", "away-notify", rooms="#den"), chat.irc("ann", rooms="#den")
    assert commands(ann.says(f"AWAY :{'x' * (MAX_AWAY_CHARACTERS + 5)}")) == ["306"]
    assert bob.take()[-1].text == "x" * MAX_AWAY_CHARACTERS
    assert bob.says("PRIVMSG ann :hi")[0].text == "x" * MAX_AWAY_CHARACTERS


def test_why_one_is_away_is_cut_at_a_character_so_that_it_fits_into_a_message(chat: IrcChat) -> None:
    ann = chat.lines("ann", "#den")
    bob = chat.irc("bob", "away-notify", rooms="#den")
    ann.says("AWAY " + "\N{PARTY POPPER}" * MAX_AWAY_CHARACTERS)
    chat.turn()
    told = [*bob.take(), *bob.says("PRIVMSG ann :hi")]
    assert commands(told) == ["AWAY", "301"]
    for each in told:
        assert set(each.text) == {"\N{PARTY POPPER}"}
        assert 500 < len(each.line.encode()) <= 510


@pytest.mark.parametrize("room", ["#*", "#den"])
def test_away_that_is_refused_says_why(chat: IrcChat, room: str) -> None:
    ann = chat.irc("ann", rooms="#den")
    chat.hub.accounts = accounts = SharedAccounts()
    accounts.operators.add("root")
    root = chat.lines("root")
    root.session.account = "root"
    root.says(f"MUTE ann {room}")
    chat.turn()
    ann.take()
    (told,) = ann.says("AWAY :lunch")
    assert (told.command, told.params[:2]) == ("FAIL", ["AWAY", "MUTED"])
    ann.says("CAP REQ setname")
    (told,) = ann.says("SETNAME :other")
    assert (told.command, told.params[:2]) == ("FAIL", ["SETNAME", "CANNOT_CHANGE_REALNAME"])


def test_others_are_told_of_no_more_texts_than_of_new_nicks(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", "setname", rooms="#den"), chat.irc("bob", "setname", "away-notify", rooms="#den")
    told = [each for number in range(100) for each in ann.says(f"AWAY :{number}", f"SETNAME :{number}")]
    assert [each.params[:2] for each in told[-2:]] == [["AWAY", "SLOW_DOWN"], ["SETNAME", "CANNOT_CHANGE_REALNAME"]]
    assert len(bob.take()) <= 101


# away-notify


def test_those_in_a_room_are_told_who_is_away(chat: IrcChat) -> None:
    ann = chat.irc("ann", "away-notify", rooms="#den,#too")
    without, elsewhere = chat.irc("dora", rooms="#den"), chat.irc("erin", "away-notify", rooms="#other")
    bob = chat.irc("bob", rooms="#den,#too")
    for each in (ann, without):
        each.take()
    bob.says("AWAY :i'm going away")
    (told,) = ann.take()
    assert (told.command, told.nick, told.params) == ("AWAY", "bob", ["i'm going away"])
    bob.says("AWAY")
    (told,) = ann.take()
    assert (told.command, told.params) == ("AWAY", [])
    assert without.take() == elsewhere.take() == []


def test_who_comes_in_and_is_away_is_told_to_be(chat: IrcChat) -> None:
    ann, without = chat.irc("ann", "away-notify", rooms="#den"), chat.irc("dora", rooms="#den")
    bob = chat.irc("bob", "away-notify")
    bob.says("AWAY :i'm already away")
    ann.take(), without.take()
    assert "AWAY" not in commands(bob.says("JOIN #den"))
    told = ann.take()
    assert [(each.command, each.nick, each.text) for each in told] == [
        ("JOIN", "bob", "#den"),
        ("AWAY", "bob", "i'm already away"),
    ]
    assert commands(without.take()) == ["JOIN"]


def test_people_of_other_edges_are_away_as_well(chat: IrcChat) -> None:
    ann = chat.irc("ann", "away-notify", rooms="#den")
    bob = chat.lines("bob")
    ann.take()
    bob.says("AWAY lunch", "AWAY")
    chat.turn()
    assert [(each.command, each.nick, each.params) for each in ann.take()] == [
        ("AWAY", "bob", ["lunch"]),
        ("AWAY", "bob", []),
    ]


def test_away_over_another_connection_of_ones_own(chat: IrcChat) -> None:
    chat.hub.accounts = accounts = SharedAccounts()
    accounts.owned.add("ann")
    line = chat.person()
    line.session.become_owner("ann")
    line.says("JOIN ann #den")
    chat.turn()
    client = chat.connect()
    client.protocol.peer.session.become_owner("ann")
    assert "001" in commands(client.says("NICK ann", "USER a 0 * :Ann"))
    line.says("AWAY lunch")
    chat.turn()
    assert [(each.command, each.params[0]) for each in client.take()] == [("306", "ann")]
    line.says("AWAY")
    chat.turn()
    assert commands(client.take()) == ["305"]


def test_each_is_told_in_the_form_that_it_has_asked_for(chat: IrcChat) -> None:
    ann, dora = chat.irc("ann", "away-notify", rooms="#den"), chat.irc("dora", "away-notify", rooms="#den")
    timed = chat.irc("erin", "away-notify", "server-time", rooms="#den")
    bob = chat.irc("bob", rooms="#den")
    for each in (ann, dora, timed):
        each.take()
    bob.says("AWAY :lunch")
    first, second, third = ann.take()[0], dora.take()[0], timed.take()[0]
    assert first.line == second.line
    assert (first.tags, list(third.tags)) == ({}, ["time"])
    chat.wait(2)
    bob.says("AWAY :dinner")
    assert ann.take()[0].text == "dinner"
    assert timed.take()[0].tags["time"] != third.tags["time"]


# account-notify


def test_accounts_are_told_to_those_in_a_room_and_to_oneself(chat: IrcChat) -> None:
    chat.hub.accounts = accounts = SharedAccounts()
    ann, without = chat.irc("ann", "account-notify", rooms="#den"), chat.irc("dora", rooms="#den")
    bob, elsewhere = chat.irc("bob", "account-notify", rooms="#den"), chat.irc("erin", "account-notify")
    for each in (ann, without):
        each.take()
    accounts.owned.add("bob")
    bob.protocol.peer.session.become_owner("bob")
    for each in (ann, bob):
        (told,) = each.take()
        assert (told.command, told.nick, told.params) == ("ACCOUNT", "bob", ["bob"])
    assert without.take() == elsewhere.take() == []
    accounts.owned.add("erin")
    elsewhere.protocol.peer.session.become_owner("erin")
    assert [(each.command, each.params) for each in elsewhere.take()] == [("ACCOUNT", ["erin"])]


# SETNAME


def test_a_real_name_is_told_to_those_in_a_room_who_know_of_it(chat: IrcChat) -> None:
    assert f"NAMELEN={MAX_REALNAME}" in tokens(chat)
    ann, without = chat.irc("ann", "setname", rooms="#den"), chat.irc("dora", rooms="#den")
    bob = chat.irc("bob", "setname", rooms="#den")
    ann.take(), without.take()
    for each in (bob.says("SETNAME qux"), ann.take()):
        assert [(told.command, told.nick, told.params) for told in each] == [("SETNAME", "bob", ["qux"])]
    assert without.take() == []
    assert without.says("SETNAME :Dora Other") == []
    assert ann.take()[0].params == ["Dora Other"]


def test_extended_join_tells_the_new_real_name(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", "extended-join", rooms="#den"), chat.irc("bob", "setname")
    bob.says("SETNAME :Bob Other", "JOIN #den")
    assert ann.take()[0].params == ["#den", "*", "Bob Other"]


@pytest.mark.parametrize("name", ["", " ", "x" * (MAX_REALNAME + 1)])
def test_a_real_name_that_will_not_do(chat: IrcChat, name: str) -> None:
    ann = chat.irc("ann", "setname")
    (told,) = ann.says(f"SETNAME :{name}")
    assert (told.command, told.params[:2]) == ("FAIL", ["SETNAME", "INVALID_REALNAME"])
    assert ann.says("WHOIS ann")[0].text == "Ann Example"
    assert chat.irc("bob").says(f"SETNAME :{name}") == []


def test_a_real_name_cannot_command_a_terminal(chat: IrcChat) -> None:
    ann = chat.irc("ann", "setname")
    assert ann.says("SETNAME :a\x1b[2Jb")[0].text == "a\N{SYMBOL FOR ESCAPE}[2Jb"


# ISON and USERHOST


def test_ison_names_those_who_are_there(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    chat.irc("Bob")
    chat.lines("carol")
    (told,) = ann.says("ISON bob nobody *!*@* CAROL ann bob")
    assert (told.command, told.params) == ("303", ["ann", "Bob carol ann"])
    assert ann.says("ISON :bob nobody")[0].params == ["ann", "Bob"]
    assert ann.says("ISON nobody")[0].params == ["ann", ""]
    assert commands(ann.says("ISON")) == ["461"]


def test_ison_is_one_message_that_fits(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    nicks = [f"{letter}" * MAX_NICK_LENGTH for letter in "bcdefghijklmnop"]
    for nick in nicks:
        chat.irc(nick)
    (told,) = ann.says(f"ISON {' '.join(nicks)}")
    assert told.text == " ".join(nicks[:-1])
    assert len(told.line) <= 510


def test_userhost_tells_who_is_here_away_and_an_operator(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann"), chat.irc("bob")
    (told,) = ann.says("USERHOST bob nobody ANN")
    assert told.command == "302"
    theirs, own = told.text.split(" ")
    assert theirs.startswith("bob=+~bob@")
    assert own.startswith("ann=+~ann@")
    bob.says("AWAY :lunch")
    chat.hub.accounts = accounts = SharedAccounts()
    accounts.operators.add("bob")
    bob.protocol.peer.session.account = "bob"
    assert ann.says("USERHOST bob")[0].text.startswith("bob*=-~bob@")
    assert ann.says("USERHOST nobody")[0].params == ["ann", ""]
    assert ann.says("USERHOST a b c d e bob")[0].text == ""
    assert commands(ann.says("USERHOST")) == ["461"]


# What other commands say.


def test_what_whois_and_who_say_of_people(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann"), chat.irc("bob")
    assert {"301", "335"}.isdisjoint(commands(ann.says("WHOIS bob")))
    assert ann.says("WHO bob")[0].params[6] == "H"
    bob.says("AWAY :lunch", "MODE bob +B")
    told = {each.command: each.params for each in ann.says("WHOIS bob")}
    assert told["301"] == ["ann", "bob", "lunch"]
    assert told["335"] == ["ann", "bob", "is a bot"]
    assert ann.says("WHO bob")[0].params[6] == "GB"
    chat.hub.accounts = accounts = SharedAccounts()
    accounts.operators.add("bob")
    bob.protocol.peer.session.account = "bob"
    assert ann.says("WHO bob")[0].params[6] == "G*B"


# Several nodes.


def settle(*nodes: IrcNode) -> None:
    """Let time pass until all nodes know what each of them does."""
    for _ in range(3):
        nodes[0].clock.advance(1)
        for _ in range(3):
            for node in nodes:
                node.turn()


def test_people_on_other_nodes_come_go_are_away_and_have_accounts() -> None:
    one, two = irc_nodes()
    capabilities = ("away-notify", "account-notify", "extended-join", "message-tags", "setname")
    ann = one.irc("ann", *capabilities, rooms="#den")
    ann.says("MONITOR + bob")
    settle(one, two)
    ann.take()
    bob = two.irc("bob", rooms="#den")
    settle(one, two)
    joined, there = ann.take()
    assert (joined.command, joined.params, there.command) == ("JOIN", ["#den", "*", "Bob Example"], "730")
    bob.says("SETNAME :Bob Other")
    settle(one, two)
    assert [(each.command, each.nick, each.params) for each in ann.take()] == [("SETNAME", "bob", ["Bob Other"])]
    assert ann.says("WHOIS bob")[0].text == "Bob Other"
    bob.says("AWAY :lunch")
    settle(one, two)
    assert [(each.command, each.nick, each.params) for each in ann.take()] == [("AWAY", "bob", ["lunch"])]
    assert ann.says("USERHOST bob")[0].text.startswith("bob=-~u@")
    (told,) = ann.says("PRIVMSG bob :hi")
    assert (told.command, told.params) == ("301", ["ann", "bob", "lunch"])
    bob.says("AWAY")
    settle(one, two)
    assert [(each.command, each.tags) for each in ann.take()] == [("AWAY", {})]
    bob.says("MODE bob +B")
    settle(one, two)
    bob.says("PRIVMSG #den :beep")
    settle(one, two)
    assert ann.take()[0].tags["bot"] == ""
    accounts = two.hub.accounts
    assert isinstance(accounts, SharedAccounts)
    accounts.owned.add("bob")
    bob.protocol.peer.session.become_owner("bob")
    two.hub.nodes.announce(bob.protocol.peer.session)
    settle(one, two)
    assert [(each.command, each.params) for each in ann.take()] == [("ACCOUNT", ["bob"])]
    bob.says("QUIT")
    settle(one, two)
    assert sorted(commands(ann.take())) == ["731", "QUIT"]
