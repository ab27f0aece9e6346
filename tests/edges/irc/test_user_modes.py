"""MODE for oneself, and what a bot is known by."""

from __future__ import annotations

import pytest

from tests.support.in_memory_cluster import SharedAccounts
from tests.support.irc import IrcChat, commands


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


def test_a_bot_marks_itself_and_takes_that_back(chat: IrcChat) -> None:
    bot = chat.irc("botnick")
    assert bot.says("MODE botnick")[0].params == ["botnick", "+"]
    (told,) = bot.says("MODE BOTNICK +B")
    assert (told.command, told.nick, told.params) == ("MODE", "botnick", ["botnick", "+B"])
    (told,) = bot.says("MODE botnick")
    assert (told.command, told.params) == ("221", ["botnick", "+B"])
    assert bot.says("MODE botnick +B") == []
    assert bot.says("MODE botnick +i-B")[0].params == ["botnick", "+i-B"]
    assert bot.says("MODE botnick")[0].params == ["botnick", "+i"]


def test_what_a_bot_says_is_tagged_for_those_who_read_tags(chat: IrcChat) -> None:
    ann, without = chat.irc("ann", "message-tags", rooms="#den"), chat.irc("dora", rooms="#den")
    bot = chat.irc("botnick", "message-tags", "echo-message", rooms="#den")
    bot.says("MODE botnick +B")
    for each in (ann, without):
        each.take()
    for target, reader in (("ann", ann), ("#den", ann), ("#den", bot), ("ann", bot)):
        bot.take(), ann.take()
        told = bot.says(f"PRIVMSG {target} :beep boop")
        (message,) = ann.take() if reader is ann else told
        assert (message.command, message.params, message.tags["bot"]) == ("PRIVMSG", [target, "beep boop"], "")
        assert ";bot=" not in message.line and "@bot=" not in message.line
    assert [each.tags for each in without.take()] == [{}, {}]


def test_a_program_that_said_so_on_lines_is_a_bot(chat: IrcChat) -> None:
    ann = chat.irc("ann", "message-tags", rooms="#den")
    bot = chat.person("HELLO 1 bot=yes", "JOIN robo #den")
    assert ann.take()[0].tags == {"bot": ""}
    bot.says("MSG beep")
    chat.turn()
    assert ann.take()[0].tags["bot"] == ""


def test_the_letter_is_in_isupport_and_among_the_modes(chat: IrcChat) -> None:
    told = chat.connect().says("NICK ann", "USER a 0 * :Ann")
    assert "BOT=B" in [token for each in told if each.command == "005" for token in each.params]
    assert next(each for each in told if each.command == "004").params[3] == "Bio"


def test_an_operator_of_the_server_is_seen_to_be_one_and_nobody_else_becomes_it(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    assert ann.says("MODE ann +o") == []
    assert ann.says("MODE ann")[0].params == ["ann", "+"]
    chat.hub.accounts = accounts = SharedAccounts()
    accounts.operators.add("ann")
    ann.protocol.peer.session.account = "ann"
    assert ann.says("MODE ann -o", "MODE ann")[0].params == ["ann", "+o"]


def test_what_cannot_be_done_is_answered(chat: IrcChat) -> None:
    ann = chat.irc("ann")
    chat.irc("bob")
    assert commands(ann.says("MODE bob +B")) == commands(ann.says("MODE bob")) == ["502"]
    assert commands(ann.says("MODE nobody +B")) == commands(ann.says("MODE *!*@*")) == ["401"]
    assert commands(ann.says("MODE ann +wxB")) == ["MODE", "501"]
    assert commands(ann.says("MODE")) == ["461"]
