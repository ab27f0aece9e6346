"""Messages about messages: replies, reactions, REDACT, new texts, and tags that are passed on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.chat.limits import Limits
from chatd.journal.factory import from_string
from tests.support.in_memory_accounts import PASSWORD
from tests.support.in_memory_chat import ChatClient, journal_environment
from tests.support.irc import IrcChat, IrcClient, IrcNode, Told, commands, irc_nodes
from tests.support.irc_owners import IrcChatWithOwners

CAPABILITIES = ("batch", "echo-message", "labeled-response", "message-tags", "server-time", "draft/message-redaction")


@pytest.fixture(params=["memory", "sqlite"])
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IrcChat]:
    """A chat in which who opens a room runs it."""
    where = "memory:" if request.param == "memory" else f"sqlite:{tmp_path}/journal"
    chat = IrcChat(Limits(room_founders=True), journal=lambda clock: from_string(where, journal_environment(clock)))
    yield chat
    chat.journal.stop()


@pytest.fixture
def ann(chat: IrcChat) -> IrcClient:
    return chat.irc("ann", *CAPABILITIES, rooms="#den")


@pytest.fixture
def bob(chat: IrcChat, ann: IrcClient) -> IrcClient:
    bob = chat.irc("bob", *CAPABILITIES, rooms="#den")
    ann.take()
    return bob


def said(client: IrcClient, text: str = "hello") -> str:
    """Say something in the room; return its msgid."""
    client.take()
    (echo,) = client.says(f"PRIVMSG #den :{text}")
    return echo.tags["msgid"]


def id_of(msgid: str) -> str:
    return msgid.rpartition("-")[2]


def one(told: list[Told]) -> Told:
    (only,) = told
    return only


# REDACT.


@pytest.mark.parametrize("ruling", ["MUTE bob #den", "SET #den slow=10m"])
def test_who_may_say_nothing_now_takes_back_without_a_reason(
    chat: IrcChat, ann: IrcClient, bob: IrcClient, ruling: str
) -> None:
    first, second = said(bob), said(bob)
    carol = chat.lines("carol")
    ann.says("MODE #den +o carol")
    carol.says(ruling)
    chat.turn()
    ann.take()
    bob.says(f"REDACT #den {first} :one", f"REDACT #den {second} :two")
    reasons = [each.params[2:] for each in ann.take() if each.command == "REDACT"]
    assert reasons == ([[], []] if ruling.startswith("MUTE") else [["one"], []])


@pytest.mark.parametrize("reason", ["", "wrong room"])
def test_one_takes_back_what_one_has_said(ann: IrcClient, bob: IrcClient, reason: str) -> None:
    msgid = said(bob)
    ann.take()
    echo = one(bob.says(f"REDACT #den {msgid} :{reason}" if reason else f"REDACT #den {msgid}"))
    told = one(ann.take())
    for each in (echo, told):
        assert (each.command, each.nick) == ("REDACT", "bob")
        assert each.params == ["#den", msgid, *filter(None, [reason])]
    assert echo.tags == told.tags
    assert echo.tags["msgid"] != msgid


def test_an_operator_takes_back_what_others_have_said_and_others_may_not(ann: IrcClient, bob: IrcClient) -> None:
    of_ann, of_bob = said(ann), said(bob)
    for client in (ann, bob):
        client.take()
    refused = one(bob.says(f"REDACT #den {of_ann} :spam"))
    assert (refused.command, refused.params[:-1]) == ("FAIL", ["REDACT", "REDACT_FORBIDDEN", "#den", of_ann])
    assert ann.take() == []
    assert one(ann.says(f"REDACT #den {of_bob} :spam")).params == ["#den", of_bob, "spam"]
    assert one(bob.take()).params == ["#den", of_bob, "spam"]
    assert one(ann.says(f"REDACT #den {of_ann}")).params == ["#den", of_ann]  # with no reason of bob's


@pytest.mark.parametrize(
    ("line", "params"),
    [
        ("REDACT #den nonsense", ["UNKNOWN_MSGID", "#den", "nonsense"]),
        ("REDACT #den e1-0", ["UNKNOWN_MSGID", "#den", "e1-0"]),
        ("REDACT #den e1-99", ["UNKNOWN_MSGID", "#den", "e1-99"]),
        ("REDACT #den e2-1", ["UNKNOWN_MSGID", "#den", "e2-1"]),
        ("REDACT #nowhere e1-1", ["INVALID_TARGET", "#nowhere"]),
        ("REDACT #other e1-1", ["INVALID_TARGET", "#other"]),
        ("REDACT ## e1-1", ["INVALID_TARGET", "##"]),
        ("REDACT bob e1-1", ["INVALID_TARGET", "bob"]),
    ],
)
def test_what_cannot_be_taken_back_is_refused_with_its_code(
    chat: IrcChat, ann: IrcClient, bob: IrcClient, line: str, params: list[str]
) -> None:
    chat.lines("carol", "#other")
    said(bob)
    ann.take()
    told = one(ann.says(line))
    assert (told.command, told.params[:-1]) == ("FAIL", ["REDACT", *params])
    assert bob.take() == []


def test_what_was_taken_back_is_not_there_to_be_taken_back(ann: IrcClient) -> None:
    msgid = said(ann)
    ann.says(f"REDACT #den {msgid}")
    assert one(ann.says(f"REDACT #den {msgid} :again")).params[1] == "UNKNOWN_MSGID"


def test_what_is_taken_back_on_lines_is_told_by_redact_to_those_who_know_it(chat: IrcChat, ann: IrcClient) -> None:
    plain = chat.irc("joe", "message-tags", rooms="#den")
    carol = chat.program("JOIN carol #den", "MSG hello", "RETRACT last")
    chat.turn()
    joined, message, redacted = ann.take()[-3:]
    assert commands([joined, message, redacted]) == ["JOIN", "PRIVMSG", "REDACT"]
    assert redacted.params == ["#den", message.tags["msgid"]]
    assert commands(plain.take()) == ["JOIN", "PRIVMSG"]
    assert carol.session.rooms


def test_redact_is_for_those_who_have_asked_for_it(chat: IrcChat, ann: IrcClient) -> None:
    joe = chat.irc("joe", "message-tags", "echo-message", rooms="#den")
    ann.take()
    msgid = said(joe)
    ann.take()
    assert commands(joe.says(f"REDACT #den {msgid}")) == ["421"]
    assert ann.take() == []
    assert commands(ann.says("REDACT #den")) == ["461"]


def test_a_label_is_on_the_redact_or_on_what_is_said_against_it(ann: IrcClient) -> None:
    msgid = said(ann)
    for command in ("REDACT", "FAIL"):
        told = one(ann.says(f"@label=x1 REDACT #den {msgid}"))
        assert (told.command, told.tags["label"]) == (command, "x1")


def test_an_operator_of_the_server_takes_back_messages_in_rooms_that_it_is_not_in() -> None:
    chat = IrcChatWithOwners("root")
    ann = chat.irc("ann", *CAPABILITIES, rooms="#den")
    root = chat.owner("root", *CAPABILITIES)
    msgid = said(ann)
    told = [one(root.says(f"REDACT #den {msgid} :spam")), one(ann.take())]
    assert [(each.command, each.nick, each.params) for each in told] == [
        ("REDACT", "root", ["#den", msgid, "spam"])
    ] * 2


def test_redactions_are_played_back_to_those_who_ask_for_events(chat: IrcChat, ann: IrcClient) -> None:
    msgid = said(ann)
    redacted = one(ann.says(f"REDACT #den {msgid} :oops"))
    wanted = {"draft/chathistory", "draft/event-playback"}
    bob = chat.irc("bob", *CAPABILITIES, *wanted, rooms="#den")
    _, replayed, _ = bob.says("CHATHISTORY LATEST #den * 10")
    assert (replayed.params, replayed.tags["msgid"]) == (redacted.params, redacted.tags["msgid"])
    joe = chat.irc("joe", "batch", "message-tags", *wanted, rooms="#den")
    assert commands(joe.says("CHATHISTORY LATEST #den * 10")) == ["BATCH", "BATCH"]


# Reactions.


def reactions(chat: IrcChat, ids: str) -> list[str]:
    """Return what a program reads of the reactions to a message."""
    program: ChatClient = chat.program("JOIN reader #den")
    program.says("HISTORY")
    chat.turn()
    found = [line.partition(" REACTIONS #den ")[2] for line in program.take() if " REACTIONS " in line]
    program.says("QUIT")
    chat.turn()
    return [each for each in found if each.split(" ")[0] == ids]


def test_a_reaction_is_kept_and_told_to_all_who_read_tags(chat: IrcChat, ann: IrcClient, bob: IrcClient) -> None:
    joe = chat.irc("joe", "server-time", rooms="#den")
    carol = chat.program("JOIN carol #den")
    msgid = said(ann)
    for client in (ann, bob, joe):
        client.take()
    carol.take()
    echo = one(bob.says(f"@+draft/react=👍;+draft/reply={msgid};+example=1 TAGMSG #den"))
    told = one(ann.take())
    for each in (echo, told):
        assert (each.command, each.params, each.nick) == ("TAGMSG", ["#den"], "bob")
        assert (each.tags["+draft/react"], each.tags["+draft/reply"]) == ("👍", msgid)
        assert each.tags["+example"] == "1"
    assert echo.tags == told.tags
    assert joe.take() == []
    assert one_line(carol).endswith(f" REACT bob #den {id_of(msgid)} 👍")
    assert reactions(chat, id_of(msgid)) == [f"{id_of(msgid)} 👍 1"]


def one_line(client: ChatClient) -> str:
    (only,) = client.take()
    return only


def test_it_is_taken_back_by_a_tag_or_by_redact(chat: IrcChat, ann: IrcClient, bob: IrcClient) -> None:
    msgid = said(ann)
    bob.take()
    given = one(bob.says(f"@+draft/react=👍;+draft/reply={msgid} TAGMSG #den"))
    bob.says(f"@+draft/react=🎉;+draft/reply={msgid} TAGMSG #den")
    ann.take()
    joe = chat.irc("joe", "message-tags", rooms="#den")
    ann.take(), bob.take()
    assert commands(bob.says(f"@+draft/unreact=🎉;+draft/reply={msgid} TAGMSG #den")) == ["TAGMSG"]
    told = one(ann.take())
    assert (told.tags["+draft/unreact"], told.tags["+draft/reply"]) == ("🎉", msgid)
    redacted = [one(bob.says(f"REDACT #den {given.tags['msgid']} :oops")), one(ann.take())]
    assert [each.params for each in redacted] == [["#den", given.tags["msgid"], "oops"]] * 2
    assert [each.tags["+draft/unreact"] for each in joe.take()] == ["🎉", "👍"]
    assert reactions(chat, id_of(msgid)) == []


def test_nobody_takes_back_anothers_reaction(ann: IrcClient, bob: IrcClient) -> None:
    msgid = said(ann)
    given = one(ann.says(f"@+draft/react=👍;+draft/reply={msgid} TAGMSG #den"))
    assert one(bob.says(f"REDACT #den {given.tags['msgid']}")[-1:]).params[1] == "UNKNOWN_MSGID"


def test_reactions_on_lines_are_told_in_tags(chat: IrcChat, ann: IrcClient) -> None:
    msgid = said(ann)
    carol = chat.program("JOIN carol #den")
    ann.take()
    carol.says(f"REACT {id_of(msgid)} 👍", f"UNREACT {id_of(msgid)} 👍")
    chat.turn()
    given, taken = ann.take()
    assert (given.tags["+draft/react"], taken.tags["+draft/unreact"]) == ("👍", "👍")
    assert given.tags["+draft/reply"] == taken.tags["+draft/reply"] == msgid


def test_reactions_are_played_back(chat: IrcChat, ann: IrcClient) -> None:
    msgid = said(ann)
    told = one(ann.says(f"@+draft/react=👍;+draft/reply={msgid} TAGMSG #den"))
    bob = chat.irc("bob", *CAPABILITIES, "draft/chathistory", "draft/event-playback", rooms="#den")
    _, message, replayed, _ = bob.says("CHATHISTORY LATEST #den * 10")
    assert message.tags["msgid"] == msgid
    assert {key: value for key, value in replayed.tags.items() if key != "batch"} == told.tags


def test_what_can_be_no_reaction_of_ours_is_passed_on(ann: IrcClient, bob: IrcClient, chat: IrcChat) -> None:
    msgid = said(ann)
    bob.take()
    both = f"+draft/react=👍;+draft/unreact=🎉;+draft/reply={msgid}"
    for tags in (f"+draft/react=lol;+draft/reply={msgid}", "+draft/react=👍;+draft/reply=123", "+draft/react=👍", both):
        echo = one(ann.says(f"@{tags} TAGMSG #den"))
        assert echo.tags["+draft/react"] == one(bob.take()).tags["+draft/react"]
    assert reactions(chat, id_of(msgid)) == []


def test_a_reaction_given_twice_is_refused(ann: IrcClient, bob: IrcClient) -> None:
    msgid = said(ann)
    bob.take()
    line = f"@label=x1;+draft/react=👍;+draft/reply={msgid} TAGMSG #den"
    assert [one(ann.says(line)).command for _ in range(2)] == ["TAGMSG", "404"]
    assert len(bob.take()) == 1


def test_without_echo_message_ones_reaction_does_not_come_back(chat: IrcChat, ann: IrcClient) -> None:
    joe = chat.irc("joe", "message-tags", "labeled-response", "batch", rooms="#den")
    msgid = said(ann)
    joe.take()
    assert joe.says(f"@+draft/react=👍;+draft/reply={msgid} TAGMSG #den") == []
    assert commands(joe.says(f"@label=1;+draft/react=🎉;+draft/reply={msgid} TAGMSG #den")) == ["ACK"]
    assert commands(ann.take()[-2:]) == ["TAGMSG", "TAGMSG"]


# What is passed on live.


def test_tags_alone_are_passed_on_to_those_who_read_them(chat: IrcChat, ann: IrcClient, bob: IrcClient) -> None:
    joe, lines = chat.irc("joe", "server-time", rooms="#den"), chat.lines("carol")
    ann.take(), bob.take()
    echo = one(bob.says(r"@label=x1;+buzz=fizz\:buzz;cat=dog;+typing=active TAGMSG #den"))
    told = one(ann.take())
    assert echo.tags.pop("label") == "x1"
    assert echo.tags == told.tags
    assert (told.tags["+buzz"], told.tags["+typing"], "cat" in told.tags) == ("fizz;buzz", "active", False)
    assert told.tags["msgid"] != one(bob.says("@+typing=active TAGMSG #den")).tags["msgid"]
    assert (commands(joe.take()), lines.take()) == (["JOIN"], [])


def test_tags_alone_go_to_a_person_and_come_back_to_oneself(ann: IrcClient, bob: IrcClient) -> None:
    echo = one(ann.says("@label=x1;+draft/react=l😃l;+draft/reply=7 TAGMSG bob"))
    told = one(bob.take())
    assert (echo.tags.pop("label"), echo.tags) == ("x1", told.tags)
    assert (told.params, told.tags["+draft/reply"]) == (["bob"], "7")
    labels = [each.tags.get("label") for each in ann.says("@label=x1;+a=1 TAGMSG ann")]
    assert labels == [None, "x1"]


@pytest.mark.parametrize(
    ("line", "numeric"),
    [
        ("@+a=1 TAGMSG", "461"),
        ("@+a=1 TAGMSG ,", "411"),
        ("@a=1 TAGMSG #den", "412"),
        ("@+a=1 TAGMSG a,b,c,d,e", "407"),
        ("@+a=1 TAGMSG nobody", "401"),
        ("@+a=1 TAGMSG a*b", "401"),
        ("@+a=1 TAGMSG #nowhere", "404"),
        ("@+a=1 TAGMSG #", "403"),
        (f"@+a={'x' * 4092} TAGMSG #den", "417"),
    ],
)
def test_what_cannot_be_passed_on_is_a_numeric(ann: IrcClient, line: str, numeric: str) -> None:
    assert commands(ann.says(line)) == [numeric]


def test_tags_as_long_as_they_may_be_are_passed_on(ann: IrcClient, bob: IrcClient) -> None:
    value = "a" * 4081
    for line in (f"@foo=bar;+baz={value} TAGMSG #den", f"@foo=bar;+baz={value} PRIVMSG #den hi"):
        assert one(ann.says(line)).tags["+baz"] == one(bob.take()).tags["+baz"] == value


@pytest.mark.parametrize("command", ["PRIVMSG #den :hi", "NOTICE bob :hi", "TAGMSG #den", "TAGMSG bob"])
def test_no_client_writes_the_tags_of_the_server(ann: IrcClient, bob: IrcClient, command: str) -> None:
    forged = "msgid=e1-77;time=2000-01-01T00:00:00.000Z;account=root;bot;batch=b;+a=1"
    for told in (one(ann.says(f"@{forged} {command}")), one(bob.take())):
        assert sorted(told.tags) == ["+a", "msgid", "time"]
        assert told.tags["msgid"] != "e1-77"
        assert told.tags["time"] == "1970-01-12T13:46:40.000Z"


def test_without_message_tags_there_is_no_tagmsg(chat: IrcChat, ann: IrcClient) -> None:
    joe = chat.irc("joe", "server-time", rooms="#den")
    ann.take()
    assert commands(joe.says("@+a=1 TAGMSG #den")) == ["421"]
    assert ann.take() == []


def test_who_may_not_speak_passes_nothing_on_and_is_not_told_so_of_typing(ann: IrcClient, bob: IrcClient) -> None:
    msgid = said(ann)
    ann.says("MODE #den +m")
    bob.take()
    for tags in ("+a=1", f"+draft/react=👍;+draft/reply={msgid}", "+typing=active;+a=1"):
        assert commands(bob.says(f"@{tags} TAGMSG #den")) == ["404"]
    assert bob.says("@+typing=active TAGMSG #den", "@+draft/typing=done TAGMSG #den") == []
    assert ann.take() == []


def test_who_is_ignored_passes_nothing_on(ann: IrcClient, bob: IrcClient) -> None:
    bob.protocol.peer.session.ignored = {"ann": "ann"}
    assert commands(ann.says("@+a=1 TAGMSG #den")) == ["TAGMSG"]
    assert commands(ann.says("@+a=1 TAGMSG bob")) == ["404"]
    assert bob.take() == []


def test_in_a_slow_room_typing_does_not_keep_one_from_saying_it() -> None:
    chat = IrcChatWithOwners("root")
    chat.owner("root", rooms="#den")
    root = chat.program(f"LOGIN root {PASSWORD}", "JOIN root #den", "SET registered=yes", "SET slow=10s")
    assert root.session.rooms
    ann, bob = (chat.irc(nick, *CAPABILITIES, rooms="#den") for nick in ("ann", "bob"))
    lines = ("@+a=1 TAGMSG #den", "@+a=2 TAGMSG #den", "PRIVMSG #den :one", "PRIVMSG #den :two")
    assert commands([told for line in lines for told in ann.says(line)][1:]) == ["TAGMSG", "404", "PRIVMSG", "404"]
    assert commands(bob.take()) == ["TAGMSG", "PRIVMSG"]


def test_private_tags_have_the_rate_of_private_messages(ann: IrcClient, bob: IrcClient) -> None:
    told = [commands(ann.says("@+a=1 TAGMSG bob")) for _ in range(301)]
    assert told[299] == ["TAGMSG"]
    assert told[300] == ["404"]
    assert len(bob.take()) == 300


# Replies and new texts.


def test_what_answers_a_message_says_so_in_both_directions(chat: IrcChat, ann: IrcClient, bob: IrcClient) -> None:
    carol = chat.program("JOIN carol #den")
    msgid = said(ann)
    ann.take(), bob.take(), carol.take()
    echo = one(bob.says(f"@+draft/reply={msgid} PRIVMSG #den :yes"))
    assert echo.tags["+draft/reply"] == one(ann.take()).tags["+draft/reply"] == msgid
    assert f";reply={id_of(msgid)} MSG bob #den yes" in one_line(carol)
    carol.says(f"@reply={id_of(msgid)} MSG no")
    chat.turn()
    assert one(ann.take()).tags["+draft/reply"] == msgid


@pytest.mark.parametrize("command", ["PRIVMSG", "NOTICE"])
def test_what_answers_nothing_that_is_there_is_said_all_the_same(ann: IrcClient, bob: IrcClient, command: str) -> None:
    gone = said(ann)
    ann.says(f"REDACT #den {gone}")
    bob.take()
    for msgid in ("e1-99", gone):
        echo = one(ann.says(f"@label=1;+draft/reply={msgid};+a=1 {command} #den :yes"))
        assert (echo.command, echo.tags["+a"], "+draft/reply" in echo.tags) == (command, "1", False)
        assert one(bob.take()).text == "yes"
    assert one(ann.says(f"@+draft/reply=elsewhere {command} #den :yes")).tags["+draft/reply"] == "elsewhere"


def test_answers_and_other_messages_keep_their_order(ann: IrcClient, bob: IrcClient) -> None:
    msgid = said(ann)
    bob.take()
    ann.says(*(f"@+draft/reply={msgid} PRIVMSG #den :{n}" if n % 2 else f"PRIVMSG #den :{n}" for n in range(10)))
    assert [each.text for each in bob.take()] == [str(n) for n in range(10)]


def test_a_new_text_is_told_as_a_message_that_answers_the_old_one(chat: IrcChat, ann: IrcClient) -> None:
    plain = chat.irc("joe", rooms="#den")
    carol = chat.program("JOIN carol #den", "MSG !restart a", "EDIT last !restart b")
    carol.says("MSG /me waves", "EDIT last /me winks")
    chat.turn()
    old, new, _, action = ann.take()[-4:]
    assert (new.command, new.nick, new.text) == ("PRIVMSG", "carol", "* !restart b (edited)")
    assert new.tags["+draft/reply"] == old.tags["msgid"] != new.tags["msgid"]
    assert action.text == "\x01ACTION winks (edited)\x01"
    assert [each.text for each in plain.take()[1:]] == [old.text, new.text, "\x01ACTION waves\x01", action.text]


def test_what_was_said_in_private_times_of_a_room_cannot_be_told_from_what_never_was() -> None:
    chat = IrcChatWithOwners("root")
    keeper = chat.program(f"LOGIN root {PASSWORD}", "JOIN root #den", "SET registered=yes", "SET private=yes")
    keeper.says("MSG secret")
    chat.turn()
    secret = one_line(keeper).partition("id=")[2].partition(";")[0]
    keeper.says("SET private=no")
    chat.turn()
    ann = chat.irc("ann", *CAPABILITIES, rooms="#den")
    told = []
    for msgid in (f"e1-{secret}", "e1-9999"):
        lines = [f"REDACT #den {msgid}", f"@+draft/react=👍;+draft/reply={msgid} TAGMSG #den"]
        lines += [f"@+draft/unreact=👍;+draft/reply={msgid} TAGMSG #den", f"@+draft/reply={msgid} PRIVMSG #den :hm"]
        answers = [each for line in lines for each in ann.says(line)]
        told.append([(each.command, sorted(each.tags), each.params[:2]) for each in answers])
        assert len(answers) == 4
    assert told[0] == told[1]


# On several nodes.


def settle(*nodes: IrcNode) -> None:
    for _ in range(3):
        for node in nodes:
            node.turn()


def test_on_other_nodes_reactions_and_redactions_are_told_and_what_is_not_kept_is_not() -> None:
    here, there = irc_nodes()
    ann = here.irc("ann", *CAPABILITIES, rooms="#den")
    bob = there.irc("bob", *CAPABILITIES)
    bob.says("JOIN #den")
    settle(here, there)
    bob.take()
    told = ann.says("PRIVMSG #den :hello")
    settle(here, there)
    msgid = [*told, *ann.take()][-1].tags["msgid"]
    assert one(bob.take()).tags["msgid"] == msgid
    for line in (f"@+draft/react=👍;+draft/reply={msgid} TAGMSG #den", f"REDACT #den {msgid} :oops"):
        ann.says(line)
        settle(here, there)
    reacted, redacted = bob.take()
    assert (reacted.tags["+draft/react"], reacted.tags["+draft/reply"]) == ("👍", msgid)
    assert redacted.params == ["#den", msgid]
    ann.take()
    told = ann.says("@+typing=active TAGMSG #den", "@+a=1 TAGMSG bob", "@+typing=active TAGMSG bob")
    settle(here, there)
    assert commands(told) == ["TAGMSG", "FAIL"]
    assert bob.take() == []
