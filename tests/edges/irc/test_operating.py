"""KILL, what servers of IRC are run by, and what programs send that there is none of here; the table of commands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pytest

from chatd import __version__
from chatd.edges.irc.help_texts import ABSENT
from chatd.edges.irc.table import CAPABILITIES, COMMANDS, ROWS
from tests.support.irc import IrcChat, commands
from tests.support.irc_accounts import IrcChatWithAccounts


@pytest.fixture
def chat() -> Iterator[IrcChatWithAccounts]:
    """A chat in which ann is a server operator."""
    chat = IrcChatWithAccounts("ann", "bob")
    yield chat
    chat.close()


def test_no_command_and_no_capability_is_there_twice() -> None:
    for names in ([row.command for row in ROWS], [each.name for each in CAPABILITIES]):
        assert [name for name, count in Counter(names).items() if count > 1] == []
    assert COMMANDS.keys().isdisjoint(ABSENT)


def test_others_read_what_somebody_is_in_a_room_when_they_come_in(chat: IrcChatWithAccounts) -> None:
    bob, carol = chat.owner("bob", rooms="#den"), chat.irc("carol", rooms="#den")
    for line in ("MODE #den +r", "PART #den"):
        bob.says(line)
    carol.take()
    assert commands(bob.says("JOIN #den")) == ["JOIN", "353", "366"]
    joined, mode = carol.take()
    assert (joined.command, joined.nick) == ("JOIN", "bob")
    assert (mode.command, mode.nick, mode.params) == ("MODE", "irc.example.org", ["#den", "+o", "bob"])
    chat.owner("ann", rooms="#den")
    assert [each.params for each in carol.take()] == [["#den"], ["#den", "+o", "ann"]]
    chat.irc("dave", rooms="#den")
    assert commands(carol.take()) == ["JOIN"]


def test_server_operators_put_people_off_the_server(chat: IrcChatWithAccounts) -> None:
    ann, bob, carol = chat.owner("ann", rooms="#den"), chat.irc("bobby", rooms="#den"), chat.irc("carol", rooms="#den")
    for client in (ann, bob, carol):
        client.take()
    for nick in ("bobby", "carol"):
        (refused,) = carol.says(f"KILL {nick} :enough")
        assert (refused.command, refused.params[:-1]) == ("481", ["carol"])
    assert not bob.ended
    assert bob.take() == []
    told = ann.says("KILL Bobby :enough")
    assert sorted(commands(told)) == ["NOTICE", "QUIT"]
    assert next(each.params for each in told if each.command == "NOTICE")[0] == "*"
    assert bob.ended
    (last,) = bob.take()
    assert (last.command, last.params) == ("ERROR", ["Closing link: enough"])
    (gone,) = carol.take()
    assert (gone.command, gone.nick) == ("QUIT", "bobby")
    ann.says("KILL carol")
    assert carol.ended


@pytest.mark.parametrize(
    ("line", "command", "params"),
    [
        ("KILL nobody :x", "401", ["ann", "nobody"]),
        ("KILL #den :x", "401", ["ann", "#den"]),
        ("KILL irc.example.org :x", "483", ["ann"]),
        ("KILL", "461", ["ann", "KILL"]),
    ],
)
def test_who_cannot_be_put_off_is_answered(
    chat: IrcChatWithAccounts, line: str, command: str, params: list[str]
) -> None:
    (told,) = chat.owner("ann").says(line)
    assert (told.command, told.params[:-1]) == (command, params)


@pytest.mark.parametrize("command", ["CONNECT", "DIE", "REHASH", "RESTART", "SQUIT"])
def test_the_server_is_not_run_over_irc(chat: IrcChatWithAccounts, command: str) -> None:
    for client, nick in ((chat.owner("ann"), "ann"), (chat.irc("eve"), "eve")):
        (told,) = client.says(f"{command} irc.example.org 6667")
        assert (told.command, told.params) == (
            "481",
            [nick, "this server is administered on its own machine, not over IRC"],
        )


@pytest.mark.parametrize(
    ("line", "command", "params"),
    [
        ("SERVLIST", "235", ["*", "*"]),
        ("SQUERY irchelp :help", "408", ["irchelp"]),
        ("SQUERY", "461", ["SQUERY"]),
        ("STATS u", "219", ["u"]),
        ("STATS", "219", ["*"]),
        ("SUMMON bob", "445", []),
        ("TRACE bob", "262", ["irc.example.org", f"chatd-{__version__}"]),
        ("USERS", "446", []),
    ],
)
def test_what_there_is_nothing_of_is_answered(line: str, command: str, params: list[str]) -> None:
    (told,) = IrcChat().irc("eve").says(line)
    assert (told.command, told.params[1:-1]) == (command, params)
    assert told.text


def test_no_other_server_is_listed() -> None:
    (end,) = IrcChat().irc("eve").says("LINKS")
    assert (end.command, end.params[:2]) == ("365", ["eve", "*"])


@pytest.mark.parametrize("command", [*ABSENT, "NOPE"])
def test_of_what_there_is_none_the_answer_says_what_to_do_instead(command: str) -> None:
    (told,) = IrcChat().irc("eve").says(f"{command} x :y")
    assert (told.command, told.params[:2]) == ("421", ["eve", command])
    assert told.text == ABSENT.get(command, "unknown command; HELP lists the commands")


@pytest.mark.parametrize("target", ["@#den", "+#den", "%#den", "@+#den"])
def test_nobody_is_written_to_by_rank(target: str) -> None:
    chat = IrcChat()
    ann, eve = chat.irc("ann", rooms="#den"), chat.irc("eve", rooms="#den")
    ann.take()
    (told,) = eve.says(f"PRIVMSG {target} :hello")
    assert (told.command, told.params[:2]) == ("404", ["eve", target])
    assert "by rank" in told.text
    assert eve.says(f"NOTICE {target} :hello") == []
    assert ann.take() == []
