"""How an IRC client comes in: CAP, NICK, USER, the welcome, PING and QUIT."""

from __future__ import annotations

import pytest

from tests.support.irc import IrcChat, commands


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


def test_a_client_is_welcomed_in_the_order_that_all_servers_have(chat: IrcChat) -> None:
    client = chat.connect()
    told = client.says("NICK ann", "USER annie 0 * :Ann Example")
    numerics = list(dict.fromkeys(commands(told)))
    assert numerics == [
        "001",
        "002",
        "003",
        "004",
        "005",
        "251",
        "253",
        "254",
        "255",
        "265",
        "266",
        "375",
        "372",
        "376",
    ]
    assert told[0].params[0] == "ann"
    assert told[0].text.endswith(f"ann!~annie@{told[0].text.rpartition('@')[2]}")
    assert {each.nick for each in told} == {"irc.example.org"}
    for each in told:
        if each.command == "005":
            assert len(each.params) <= 15
            assert all(param.count("=") <= 1 for param in each.params[1:-1])


def test_registration_waits_for_the_end_of_the_negotiation(chat: IrcChat) -> None:
    client = chat.connect()
    assert commands(client.says("CAP LS 302", "NICK ann", "USER a 0 * :Ann")) == ["CAP"]
    listed = client.says("CAP REQ :multi-prefix", "CAP LIST")
    assert [each.params for each in listed] == [["*", "ACK", "multi-prefix"], ["*", "LIST", "cap-notify multi-prefix"]]
    assert "001" in commands(client.says("CAP END"))


@pytest.mark.parametrize("wanted", ["foo", "foo multi-prefix bar", "multi-prefix bar", "labeled-response"])
def test_what_is_asked_for_is_had_as_a_whole_or_not_at_all(chat: IrcChat, wanted: str) -> None:
    client = chat.connect()
    (told,) = client.says(f"CAP REQ :{wanted}")
    assert told.params == ["*", "NAK", wanted]
    assert client.says("CAP LIST")[0].params == ["*", "LIST", ""]


def test_an_unknown_subcommand_is_named(chat: IrcChat) -> None:
    for client, nick in ((chat.connect(), "*"), (chat.irc("ann"), "ann")):
        (told,) = client.says("CAP NOTACOMMAND")
        assert (told.command, told.params[:2]) == ("410", [nick, "NOTACOMMAND"])


def test_a_nick_that_will_not_do_is_refused_and_another_is_taken(chat: IrcChat) -> None:
    chat.irc("ann")
    client = chat.connect()
    refused = client.says("NICK *", "NICK :", "NICK", "NICK ANN", "USER x 0 * :X")
    assert commands(refused) == ["432", "431", "431", "433"]
    assert "001" in commands(client.says("NICK bob"))


def test_somebody_on_lines_keeps_the_name(chat: IrcChat) -> None:
    chat.lines("ann")
    client = chat.connect()
    assert commands(client.says("NICK ann", "USER x 0 * :X")) == ["433"]


def test_a_name_is_free_again_when_its_client_has_gone(chat: IrcChat) -> None:
    first = chat.irc("ann")
    (last,) = first.says("QUIT :bye")
    assert (last.command, first.ended) == ("ERROR", True)
    chat.irc("ANN")


def test_who_is_not_registered_is_told_so(chat: IrcChat) -> None:
    client = chat.connect()
    assert commands(client.says("JOIN #den", "PRIVMSG #den :x", "PING 1")) == ["451", "451", "PONG"]


@pytest.mark.parametrize(
    ("line", "command", "params"),
    [
        ("PING abc", "PONG", ["irc.example.org", "abc"]),
        ("PING", "409", None),
        ("USER a 0 * :b", "462", None),
        ("NONEXISTENT_COMMAND", "421", None),
        ("JOIN", "461", None),
    ],
)
def test_answers(chat: IrcChat, line: str, command: str, params: list[str] | None) -> None:
    (told,) = chat.irc("ann").says(line)
    assert told.command == command
    assert params is None or told.params == params


def test_a_rename_is_seen_by_oneself_and_by_those_in_the_room(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", rooms="#den"), chat.irc("bob", rooms="#den")
    carol = chat.lines("carol")
    ann.take()
    bob.take()
    assert [(each.nick, each.params) for each in ann.says("NICK anna")] == [("ann", ["anna"])]
    assert [(each.nick, each.params) for each in bob.take()] == [("ann", ["anna"])]
    assert carol.take() == ["NICK ann anna"]
    assert ann.says("NICK anna") == []
    assert commands(bob.says("NICK anna")) == ["433"]
