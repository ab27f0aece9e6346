"""What IRC clients ask: WHO, WHOIS, WHOWAS, LIST, HELP and what the server says of itself."""

from __future__ import annotations

import pytest

from chatd.edges.irc.glob import matcher
from chatd.edges.irc.help_texts import ABSENT, HELP
from chatd.edges.irc.table import COMMANDS
from tests.support.irc import IrcChat, IrcClient, commands


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


@pytest.fixture
def ann(chat: IrcChat) -> IrcClient:
    return chat.irc("ann", rooms="#den")


def test_who_of_a_room_names_everybody_in_it(chat: IrcChat, ann: IrcClient) -> None:
    chat.lines("carol")
    chat.irc("bob", rooms="#den")
    ann.take()
    *replies, end = ann.says("WHO #DEN")
    assert [(each.command, each.params[1], each.params[4:7]) for each in replies] == [
        ("352", "#den", ["irc.example.org", nick, "H"]) for nick in ("ann", "bob", "carol")
    ]
    assert replies[1].text == "0 Bob Example"
    assert (end.command, end.params[1]) == ("315", "#DEN")


@pytest.mark.parametrize(("mask", "found"), [("bob", ["bob"]), ("bo*", ["bob"]), ("B?B", ["bob"]), ("nobody", [])])
def test_who_finds_people_by_name_or_mask(chat: IrcChat, ann: IrcClient, mask: str, found: list[str]) -> None:
    chat.irc("bob")
    *replies, end = ann.says(f"WHO {mask}")
    assert ([each.params[5] for each in replies], end.command) == (found, "315")


def test_masks_find_nobody_on_lines_who_is_in_no_room_of_ones_own(chat: IrcChat, ann: IrcClient) -> None:
    chat.lines("carol", "#other")
    assert commands(ann.says("WHO c*")) == ["315"]
    assert commands(ann.says("WHO carol")) == ["352", "315"]
    assert commands(ann.says("WHO #other")) == ["315"]


def test_fields_are_told_in_the_order_of_whox(chat: IrcChat, ann: IrcClient) -> None:
    chat.irc("bob", rooms="#den")
    ann.take()
    (told, _) = ann.says("WHO bob %rtnaf,42")
    assert (told.command, told.params) == ("354", ["ann", "42", "bob", "H", "0", "Bob Example"])


def test_whois_tells_the_rooms_that_both_are_in_and_no_others(chat: IrcChat, ann: IrcClient) -> None:
    bob = chat.irc("bob", rooms="#den,#secret")
    bob.says("PRIVMSG #den :hi")
    ann.take()
    told = ann.says("WHOIS bob")
    assert commands(told) == ["311", "319", "312", "317", "318"]
    assert told[1].text == "#den"
    assert told[0].text == "Bob Example"
    assert commands(ann.says("WHOIS nobody")) == ["401", "318"]
    assert commands(ann.says("WHOIS")) == ["431"]


def test_whowas_tells_the_last_first(chat: IrcChat, ann: IrcClient) -> None:
    for ident in ("one", "two"):
        bob = chat.connect()
        bob.says("NICK bob", f"USER {ident} 0 * :Bob", "QUIT")
    told = ann.says("WHOWAS bob")
    assert [each.params[2] for each in told if each.command == "314"] == ["~two", "~one"]
    assert commands(ann.says("WHOWAS bob 1")) == ["314", "312", "369"]
    assert commands(ann.says("WHOWAS nobody")) == ["406", "369"]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("", ["#den", "#two"]),
        ("#two", ["#two"]),
        ("*e*", ["#den"]),
        ("!*e*", ["#two"]),
        (">1", ["#two"]),
        ("<2", ["#den"]),
        ("#den >1", []),
        ("T<5", ["#two"]),
        ("#nothing", []),
    ],
)
def test_list_takes_names_masks_and_conditions(chat: IrcChat, ann: IrcClient, wanted: str, found: list[str]) -> None:
    chat.irc("bob", rooms="#two")
    dan = chat.irc("dan", rooms="#two")
    dan.says("TOPIC #two :tea")
    start, *rooms, end = ann.says(f"LIST {wanted}")
    assert [each.params[1] for each in rooms] == found
    assert commands([start, *rooms, end]) == ["321", *["322"] * len(found), "323"]
    if "#two" in found:
        assert rooms[-1].params[2:] == ["2", "tea"]


@pytest.mark.parametrize(
    ("command", "numerics"),
    [
        ("VERSION", ["351", "005"]),
        ("TIME", ["391"]),
        ("ADMIN", ["256", "257"]),
        ("INFO", ["371", "374"]),
        ("LINKS", ["365"]),
        ("STATS", ["219"]),
        ("LUSERS", ["251", "253", "254", "255", "265", "266"]),
        ("MOTD", ["375", "372", "376"]),
    ],
)
def test_the_server_says_what_it_is(ann: IrcClient, command: str, numerics: list[str]) -> None:
    told = ann.says(command)
    assert list(dict.fromkeys(commands(told))) == numerics
    assert all(each.params[0] == "ann" and each.text for each in told)


def test_help_has_every_command(ann: IrcClient) -> None:
    for command in sorted(COMMANDS.keys() - {"HELPOP"}):
        told = ann.says(f"HELP {command}")
        assert list(dict.fromkeys(commands(told))) == ["704", "705", "706"], command
        assert {each.params[1] for each in told} == {command}
        assert command in HELP
    assert commands(ann.says("HELP thisisnone")) == ["524"]
    assert ann.says("HELP knock")[0].text == ABSENT["KNOCK"]


def test_help_lists_the_commands_by_the_alphabet_and_the_modes_there_are(ann: IrcClient) -> None:
    assert list(HELP) == sorted(HELP)
    told = "\n".join(each.text for each in ann.says("HELP MODE"))
    known = next(each for each in ann.says("VERSION") if "CHANMODES=" in each.line)
    modes = known.line.partition("CHANMODES=")[2].partition(" ")[0].replace(",", "") + "ov"
    assert [letter for letter in modes if f"+{letter} " not in told] == []


@pytest.mark.parametrize(
    ("mask", "text", "matches"),
    [("a*c", "abbc", True), ("a?c", "abc", True), ("A*", "abc", True), ("a*d", "abc", False), ("*", "", True)],
)
def test_masks(mask: str, text: str, matches: bool) -> None:
    assert matcher(mask)(text) is matches


def test_a_mask_of_many_stars_takes_no_longer_than_it_is() -> None:
    assert not matcher("*a" * 200 + "b")("a" * 2000)
