"""draft/multiline: one message of several lines, what others read of it, and each way in which a batch is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.chat.limits import Limits
from chatd.edges.irc.composition import LINE_FEED, MAX_LINES, Piece, composed, is_whole, joined
from chatd.edges.irc.message import MAX_BODY_BYTES, Message, render
from tests.support.in_memory_chat import ChatClient
from tests.support.irc import IrcChat, IrcClient, Told, commands
from tests.support.irc_owners import IrcChatWithOwners

TAGS = ("batch", "echo-message", "labeled-response", "message-tags", "server-time")
MULTILINE = (*TAGS, "draft/multiline")
CONCAT = "draft/multiline-concat"
MAX_IN_PIECES = 20
POEM = ("hello", "#how is ", "+everyone?")


@pytest.fixture
def chat() -> IrcChat:
    return IrcChat()


def batch(client: IrcClient, *lines: str, target: str = "#den", tags: str = "") -> list[Told]:
    """Say lines in a batch; one that begins with ``+`` goes on with the one before it."""
    client.says(f"{tags and f'@{tags} '}BATCH +1 draft/multiline {target}")
    told = []
    for line in lines:
        goes_on = f";{CONCAT}" if line.startswith("+") else ""
        told += client.says(f"@batch=1{goes_on} PRIVMSG {target} :{line.removeprefix('+')}")
    return told + client.says("BATCH -1")


def says(chat: IrcChat, person: ChatClient, line: str) -> None:
    person.says(line)
    chat.turn()


def texts(told: list[Told]) -> list[str]:
    return [each.text for each in told if each.command == "PRIVMSG"]


def failed(told: list[Told]) -> list[str]:
    """Return the parameters, but for the sentence, of the one FAIL that there is."""
    (fail,) = told
    assert fail.command == "FAIL"
    assert fail.params[0] == "BATCH"
    assert " " in fail.text
    return fail.params[1:-1]


# What is told.


def test_it_is_offered_with_its_limits(chat: IrcChat) -> None:
    offered = " ".join(each.text for each in chat.connect().says("CAP LS 302"))
    assert "draft/multiline=max-bytes=4096,max-lines=32" in offered.split()
    assert "draft/multiline" in " ".join(each.text for each in chat.connect().says("CAP LS")).split()
    client = chat.connect()
    assert client.says("CAP REQ draft/multiline")[0].params[1] == "ACK", "batch may be asked for afterwards"


def test_others_read_it_as_one_message_in_the_lines_of_its_sender(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", *MULTILINE, rooms="#den"), chat.irc("bob", *MULTILINE, rooms="#den")
    ann.take()
    echo = batch(ann, *POEM, tags="label=xyz;+colour=red")
    for told in (echo, bob.take()):
        first, *inside, last = told
        assert (first.command, first.params[1:], first.nick) == ("BATCH", ["draft/multiline", "#den"], "ann")
        assert first.tags["msgid"] == echo[0].tags["msgid"]
        assert first.tags["+colour"] == "red"
        assert first.tags["time"]
        assert (last.command, last.params) == ("BATCH", [f"-{first.params[0][1:]}"])
        assert texts(inside) == ["hello", "#how is ", "everyone?"]
        assert [each.tags for each in inside] == [
            {"batch": first.params[0][1:], **({CONCAT: ""} if number == 2 else {})} for number in range(3)
        ]
    assert echo[0].tags["label"] == "xyz"


def test_others_without_it_read_messages_of_which_the_first_has_the_id(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", *MULTILINE, rooms="#den"), chat.irc("bob", *TAGS, rooms="#den")
    plain = chat.irc("carol", rooms="#den")
    ann.take()
    bob.take()
    echo = batch(ann, "", *POEM, tags="+colour=red")
    told = bob.take()
    assert texts(told) == ["hello", "#how is ", "everyone?"]
    assert [each.tags.get("msgid") for each in told] == [echo[0].tags["msgid"], None, None]
    assert {each.tags["time"] for each in told} == {echo[0].tags["time"]}
    assert {each.tags["+colour"] for each in told} == {"red"}
    assert not any(CONCAT in each.tags or "batch" in each.tags for each in told)
    assert texts(plain.take())[-3:] == ["hello", "#how is ", "everyone?"]


def test_it_can_be_put_together_without_any_other_tag(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", *MULTILINE, rooms="#den"), chat.irc("bob", "batch", "draft/multiline", rooms="#den")
    bob.take()
    batch(ann, *POEM)
    name = (told := bob.take())[0].params[0][1:]
    assert [each.tags for each in told] == [{}, {"batch": name}, {"batch": name}, {"batch": name, CONCAT: ""}, {}]


def test_empty_lines_are_kept_for_those_who_read_it_whole(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", *MULTILINE, rooms="#den"), chat.irc("bob", *MULTILINE, rooms="#den")
    ann.take()
    batch(ann, "", "a", "", "b", "")
    assert texts(bob.take()) == ["", "a", "", "b", ""]


def test_it_is_one_message_of_one_line_for_everybody_else(chat: IrcChat) -> None:
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    carol = chat.lines("carol")
    carol.take()
    (echo, *_) = batch(ann, *POEM)
    assert carol.take() == ["MSG ann #den hello␊#how is everyone?"]
    says(chat, carol, "HISTORY ids=yes")
    assert f" {echo.tags['msgid'].rpartition('-')[2]} MSG ann #den hello␊#how is everyone?" in carol.take()[0]


def test_nothing_comes_between_its_lines(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", *MULTILINE, rooms="#den"), chat.irc("bob", rooms="#den")
    ann.says("BATCH +1 draft/multiline #den", "@batch=1 PRIVMSG #den :one")
    bob.says("PRIVMSG #den :between")
    ann.says("@batch=1 PRIVMSG #den :two", "BATCH -1")
    carol = chat.irc("carol", *MULTILINE, "draft/chathistory", rooms="#den")
    assert texts(carol.says("CHATHISTORY LATEST #den * 10")) == ["between", "one", "two"]


def test_other_commands_may_come_while_one_is_open(chat: IrcChat) -> None:
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    ann.says("BATCH +1 draft/multiline #den", "@batch=1 PRIVMSG #den :one")
    assert commands(ann.says("PING x")) == ["PONG"]
    assert texts(ann.says("@batch=1 PRIVMSG #den :two", "BATCH -1")) == ["one", "two"]


def test_a_batch_of_one_line_is_an_ordinary_message(chat: IrcChat) -> None:
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    (echo,) = batch(ann, "hello", tags="label=1")
    assert (echo.command, echo.text, echo.tags["label"]) == ("PRIVMSG", "hello", "1")


def test_without_an_echo_a_label_has_its_ack(chat: IrcChat) -> None:
    ann = chat.irc("ann", "batch", "labeled-response", "draft/multiline", rooms="#den")
    (ack,) = batch(ann, *POEM, tags="label=1")
    assert (ack.command, ack.tags["label"]) == ("ACK", "1")


def test_colours_are_taken_out_of_each_line_and_control_characters_shown(chat: IrcChat) -> None:
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    assert texts(batch(ann, "\x02bold", "a\x07b")) == ["bold", "a␇b"]


def test_an_action_of_several_lines_is_several_actions(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", *MULTILINE, rooms="#den"), chat.irc("bob", *MULTILINE, rooms="#den")
    ann.take()
    echo = batch(ann, "\x01ACTION waves", "and bows\x01")
    assert texts(echo) == texts(bob.take()) == ["\x01ACTION waves\x01", "\x01ACTION and bows\x01"]
    assert [bool(each.tags.get("msgid")) for each in echo] == [True, False]


def test_lines_that_begin_as_an_action_does_are_one_for_all(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", *MULTILINE, rooms="#den"), chat.irc("bob", *MULTILINE, rooms="#den")
    ann.take()
    batch(ann, "/me waves", "and bows")
    assert texts(bob.take()) == ["\x01ACTION waves\x01", "\x01ACTION and bows\x01"]


@pytest.mark.parametrize("capabilities", [MULTILINE, TAGS])
def test_it_may_be_told_to_one_person(capabilities: tuple[str, ...]) -> None:
    chat = IrcChatWithOwners("ann", "bob")
    ann, bob = chat.owner("ann", *MULTILINE), chat.owner("bob", *capabilities)
    ann.take()
    echo = batch(ann, *POEM, target="bob", tags="label=1")
    assert echo[0].params[1:] == ["draft/multiline", "bob"]
    assert (echo[0].tags["label"], texts(echo)) == ("1", ["hello", "#how is ", "everyone?"])
    told = bob.take()
    assert told[0].tags["msgid"] == echo[0].tags["msgid"]
    assert texts(told) == ["hello", "#how is ", "everyone?"]
    assert ("BATCH" in commands(told)) is (capabilities is MULTILINE)
    chat.close()


def test_a_guest_is_told_it_too(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", *MULTILINE), chat.irc("bob", *MULTILINE)
    batch(ann, "one", "two", target="bob")
    assert texts(bob.take()) == ["one", "two"]


def test_who_may_not_speak_is_answered_once_under_the_label(chat: IrcChat) -> None:
    chat.lines("carol")
    ann = chat.irc("ann", *MULTILINE)
    (told,) = batch(ann, *POEM, tags="label=1")
    assert (told.command, told.tags["label"]) == ("404", "1")
    (told,) = batch(ann, *POEM, target="nobody", tags="label=2")
    assert (told.command, told.tags["label"]) == ("401", "2")


# What was said elsewhere.


def test_a_text_that_is_longer_than_a_line_is_one_message_for_those_who_can_read_it(chat: IrcChat) -> None:
    carol = chat.lines("carol")
    ann, bob = chat.irc("ann", *MULTILINE, rooms="#den"), chat.irc("bob", *TAGS, rooms="#den")
    ann.take()
    text = " ".join(f"word-{number}" for number in range(200))
    says(chat, carol, f"MSG {text}")
    told = ann.take()
    assert [each.command for each in told] == ["BATCH", *["PRIVMSG"] * (len(told) - 2), "BATCH"]
    assert [CONCAT in each.tags for each in told[1:-1]] == [False, *[True] * (len(told) - 3)]
    assert "".join(texts(told)) == text
    assert all(len(each.line.encode()) - len(f"@batch={each.tags['batch']};{CONCAT} ") <= 510 for each in told[1:-1])
    split = bob.take()
    assert "".join(texts(split)) == text
    assert [each.tags.get("msgid") for each in split] == [told[0].tags["msgid"], *[None] * (len(split) - 1)]


def test_a_line_end_that_is_shown_is_one(chat: IrcChat) -> None:
    carol = chat.lines("carol")
    ann, bob = chat.irc("ann", *MULTILINE, rooms="#den"), chat.irc("bob", rooms="#den")
    ann.take()
    says(chat, carol, "MSG one␊two")
    assert commands(ann.take()) == ["BATCH", "PRIVMSG", "PRIVMSG", "BATCH"]
    assert texts(bob.take()) == ["one", "two"]
    says(chat, carol, "MSG ␊␊")
    assert texts(ann.take()) == texts(bob.take()) == ["␊␊"]


def test_a_text_is_put_into_so_many_lines_and_not_more(chat: IrcChat) -> None:
    carol, bob = chat.lines("carol"), chat.irc("bob", rooms="#den")
    says(chat, carol, f"MSG {'␊'.join('x' * 200)}")
    told = texts(bob.take())
    assert told[: MAX_LINES - 1] == ["x"] * (MAX_LINES - 1)
    assert len(told) < MAX_LINES + 4


def test_a_notice_that_is_long_is_several(chat: IrcChat) -> None:
    carol, ann = chat.person("HELLO 1", "JOIN carol #den"), chat.irc("ann", *MULTILINE, rooms="#den")
    says(chat, carol, f"@notice MSG {'a ' * 400}")
    told = ann.take()
    assert set(commands(told)) == {"NOTICE"}
    assert "".join(each.text for each in told) == "a " * 400
    assert len(told) > 1


@pytest.mark.parametrize("capabilities", [MULTILINE, TAGS])
@pytest.mark.parametrize("long", [True, False])
def test_the_label_is_on_one_message_or_one_batch(chat: IrcChat, capabilities: tuple[str, ...], *, long: bool) -> None:
    ann = chat.irc("ann", *capabilities, rooms="#den")
    if capabilities is TAGS:
        first, *inside, last = ann.says("@label=1;+x=y PRIVMSG #den :one␊two")
    else:
        lines = ["\x01ACTION waves", *["and waves " * 40] * (4 if long else 1)]
        first, *inside, last = batch(ann, *lines, tags="label=1;+x=y")
    assert (first.command, first.params[1], first.tags["label"]) == ("BATCH", "labeled-response", "1")
    assert last.params == [f"-{first.params[0][1:]}"]
    assert all(each.tags["batch"] == first.params[0][1:] and "label" not in each.tags for each in inside)
    assert len(inside) > 1
    assert {each.tags["+x"] for each in inside} == {"y"}
    assert [bool(each.tags.get("msgid")) for each in inside] == [True, *[False] * (len(inside) - 1)]


@pytest.mark.parametrize("text", [f"\x01ACTION {'waves ' * 200}␊bows\x01", f"/me {'waves ' * 200}␊bows"])
def test_a_long_action_is_several_however_it_is_written(text: str) -> None:
    told = list(composed(Message("PRIVMSG", ("#den", text), "ann!~u@h", {"msgid": "e-1"}), MULTILINE))
    assert len(told) == 4
    assert all(each.params[1].startswith("\x01ACTION ") and each.params[1].endswith("\x01") for each in told)
    assert all(len(render(each._replace(tags={}))) <= MAX_BODY_BYTES + 2 for each in told)


# History.


def test_history_has_it_as_it_was_told(chat: IrcChat) -> None:
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    batch(ann, *POEM)
    ann.says("PRIVMSG #den :after")
    bob = chat.irc("bob", *MULTILINE, "draft/chathistory", rooms="#den")
    outer, first, *inside, last, after, _ = bob.says("CHATHISTORY LATEST #den * 2")
    assert texts(inside) == ["hello", "#how is ", "everyone?"]
    assert [first.params[1], first.tags["batch"], last.tags["batch"]] == ["draft/multiline", *[outer.params[0][1:]] * 2]
    assert (after.text, after.tags["batch"]) == ("after", outer.params[0][1:])
    (_, *told, _) = chat.irc("carol", *TAGS, "draft/chathistory", rooms="#den").says("CHATHISTORY LATEST #den * 2")
    assert texts(told) == ["hello", "#how is ", "everyone?", "after"]
    assert [bool(each.tags.get("msgid")) for each in told] == [True, False, False, True]
    assert texts(chat.irc("dora", *TAGS).says("JOIN #den")) == ["hello", "#how is ", "everyone?", "after"]


def test_a_time_stands_before_its_first_line(chat: IrcChat) -> None:
    batch(chat.irc("ann", *MULTILINE, rooms="#den"), *POEM)
    first, *others = texts(chat.irc("bob").says("JOIN #den"))
    assert first.startswith("[")
    assert first.endswith("] hello")
    assert others == ["#how is everyone?"]


def test_it_is_put_into_lines_anew_when_those_of_its_sender_are_forgotten(
    chat: IrcChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.edges.irc.remembered.MAX_REMEMBERED", MAX_IN_PIECES)
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    batch(ann, *POEM)
    for number in range(MAX_IN_PIECES):
        batch(ann, "x", f"y{number}")
    bob = chat.irc("bob", *MULTILINE, "draft/chathistory", rooms="#den")
    told = texts(bob.says(f"CHATHISTORY LATEST #den * {MAX_IN_PIECES + 1}"))
    assert told[:2] == ["hello", "#how is everyone?"]


def test_a_text_that_was_changed_is_not_put_into_the_lines_that_it_had() -> None:
    message = Message("PRIVMSG", ("#den", "new text"), "ann!~u@h", {"msgid": "e-1"})
    assert list(composed(message, MULTILINE, [Piece("old"), Piece("text")])) == [message]


@pytest.mark.parametrize("there", [True, False])
def test_it_may_answer_a_message_and_is_said_too_if_that_is_not_there(chat: IrcChat, *, there: bool) -> None:
    ann, bob = (chat.irc(nick, *MULTILINE, rooms="#den") for nick in ("ann", "bob"))
    ann.says("PRIVMSG #den :who comes?")
    msgid = bob.take()[-1].tags["msgid"]
    batch(ann, *POEM, tags=f"+draft/reply={msgid if there else msgid + '9'}")
    begins, *lines, _ = bob.take()
    assert texts(lines) == ["hello", "#how is ", "everyone?"]
    assert ("+draft/reply" in begins.tags) == there


# What is refused.


def test_lines_of_another_batch_or_of_none_end_it(chat: IrcChat) -> None:
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    for line in ("@batch=2 PRIVMSG #den :hi", "PRIVMSG #den :hi"):
        ann.says("@label=9 BATCH +1 draft/multiline #den", "@batch=1 PRIVMSG #den :one")
        told = ann.says(line)
        assert told[0].tags["label"] == "9"
        assert failed(told) == ["MULTILINE_INVALID"]
        assert ann.says("@batch=1 PRIVMSG #den :two", "BATCH -1") == [], "what is left of it is dropped"
    assert failed(ann.says("@batch=7 PRIVMSG #den :hi")) == ["MULTILINE_INVALID"]
    assert failed(ann.says("BATCH -7")) == ["MULTILINE_INVALID"]
    assert texts(ann.says("PRIVMSG #den :on")) == ["on"]


def test_a_line_that_names_no_batch_is_refused_under_its_own_label(chat: IrcChat) -> None:
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    for line in ("@batch=7;label=3 PRIVMSG #den :hi", "@label=3 BATCH -7"):
        told = ann.says(line)
        assert failed(told) == ["MULTILINE_INVALID"]
        assert told[0].tags["label"] == "3"


def test_a_batch_that_was_refused_is_refused_once(chat: IrcChat) -> None:
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    ann.says("BATCH +1 draft/multiline #den")
    assert len(ann.says("@batch=1 NOTICE #den :x")) == 1
    ann.send(b"@batch=1 PRIVMSG #den :caf\xe9")
    assert len(ann.take()) == 1, "that it is no UTF-8"
    assert ann.says("BATCH -1") == []


def test_the_target_may_be_spelt_otherwise_in_each_line(chat: IrcChat) -> None:
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    ann.says("BATCH +1 draft/multiline #den", "@batch=1 PRIVMSG #Den :one", "@batch=1 PRIVMSG #DEN :two")
    assert texts(ann.says("BATCH -1")) == ["one", "two"]


def test_an_ordinary_message_may_follow_one_that_was_refused(chat: IrcChat) -> None:
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    ann.says("BATCH +1 draft/multiline #den", "@batch=1 NOTICE #den :x")
    assert texts(ann.says("PRIVMSG #den :on")) == ["on"]
    assert texts(batch(ann, "one", "two")) == ["one", "two"]


def test_a_password_for_nickserv_is_not_said_in_a_batch(chat: IrcChat) -> None:
    ann = chat.irc("ann", *MULTILINE)
    assert failed(ann.says("BATCH +1 draft/multiline NickServ")) == ["MULTILINE_INVALID"]
    assert ann.says("@batch=1 PRIVMSG NickServ :IDENTIFY s3cret", "BATCH -1") == []


@pytest.mark.parametrize(
    ("lines", "fail"),
    [
        (("@batch=1 PRIVMSG #tea :hi",), ["MULTILINE_INVALID_TARGET", "#den", "#tea"]),
        (("@batch=1 PRIVMSG",), ["MULTILINE_INVALID_TARGET", "#den", "*"]),
        (("@batch=1 NOTICE #den :hi",), ["MULTILINE_INVALID"]),
        (("@batch=1;label=2 PRIVMSG #den :hi",), ["MULTILINE_INVALID"]),
        (("@batch=1 PRIVMSG #den :hi", f"@batch=1;{CONCAT} PRIVMSG #den :"), ["MULTILINE_INVALID"]),
        (("BATCH -1",), ["MULTILINE_INVALID"]),
        (("@batch=1 PRIVMSG #den :", "@batch=1 PRIVMSG #den :", "BATCH -1"), ["MULTILINE_INVALID"]),
        (("@batch=1 PRIVMSG #den :\x02", "BATCH -1"), ["MULTILINE_INVALID"]),
        (("@batch=1 PRIVMSG #den :\x01VERSION\x01", "BATCH -1"), ["MULTILINE_INVALID"]),
        (("BATCH +2 draft/multiline #den",), ["MULTILINE_INVALID"]),
        (["@batch=1 PRIVMSG #den hi"] * 33, ["MULTILINE_MAX_LINES", "32"]),
        ([f"@batch=1 PRIVMSG #den {'x' * 400}"] * 11, ["MULTILINE_MAX_BYTES", "4096"]),
        ([*[f"@batch=1 PRIVMSG #den :{chr(7) * 450}"] * 6, "BATCH -1"], ["MULTILINE_MAX_BYTES", "4096"]),
    ],
)
def test_what_is_no_batch_is_refused_and_not_said(chat: IrcChat, lines: list[str], fail: list[str]) -> None:
    carol = chat.lines("carol")
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    carol.take()
    assert ann.says("BATCH +1 draft/multiline #den") == []
    told = ann.says(*lines)
    assert failed(told) == fail
    assert ann.says("@batch=1 PRIVMSG #den :more") == [] or lines[-1].startswith("BATCH")
    assert carol.take() == []


@pytest.mark.parametrize(
    "line",
    ["BATCH +1 netsplit a b", "BATCH +1", "BATCH +1 draft/multiline", "BATCH +1 draft/multiline #a,#b", "BATCH 1"],
)
def test_what_opens_no_batch_is_refused(chat: IrcChat, line: str) -> None:
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    told = ann.says(f"@label=5 {line}")
    assert failed(told) == ["MULTILINE_INVALID"]
    assert told[0].tags["label"] == "5"


def test_it_is_for_those_who_have_asked_for_it(chat: IrcChat) -> None:
    for capabilities in (TAGS, ("draft/multiline", "message-tags")):
        client = chat.irc(f"ann-{len(capabilities)}", *capabilities, rooms="#den")
        assert failed(client.says("BATCH +1 draft/multiline #den")) == ["MULTILINE_INVALID"]
    assert texts(chat.irc("bob", *TAGS, rooms="#den").says("@batch=1 PRIVMSG #den :hi")) == ["hi"], "as ever"


@pytest.mark.parametrize("line", [b"x" * 511, b"@batch=1 PRIVMSG #den :caf\xe9"])
def test_a_batch_with_a_line_that_cannot_be_read_is_not_said(chat: IrcChat, line: bytes) -> None:
    carol = chat.lines("carol")
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    carol.take()
    ann.says("@label=1 BATCH +1 draft/multiline #den", "@batch=1 PRIVMSG #den :one")
    ann.send(line)
    assert commands(ann.take()) in (["417"], ["FAIL"])
    told = ann.says("@batch=1 PRIVMSG #den :two", "BATCH -1")
    assert failed(told) == ["MULTILINE_INVALID"]
    assert told[0].tags["label"] == "1"
    assert carol.take() == []


def test_the_longest_that_is_promised_is_taken(chat: IrcChat) -> None:
    ann, bob = chat.irc("ann", *MULTILINE, rooms="#den"), chat.irc("bob", *MULTILINE, rooms="#den")
    ann.take()
    lines = ["x" * 127] * 31 + ["y" * 128]
    echo = batch(ann, *lines, tags="label=1")
    assert texts(echo) == texts(bob.take()) == lines
    assert sum(map(len, lines)) + 31 == 4096
    assert failed(batch(ann, *lines[:-1], "y" * 129)) == ["MULTILINE_MAX_BYTES", "4096"]
    assert texts(batch(ann, *lines[:-2], f"+{'x' * 127}", "y" * 129)) == [*lines[:-1], "y" * 129]


def test_it_counts_as_one_message_where_the_room_is_slow() -> None:
    chat = IrcChatWithOwners("ann", "bob")
    ann, bob = chat.person("HELLO 1"), chat.owner("bob", *MULTILINE, rooms="#den")
    ann.session.become_owner("ann")
    for line in ("JOIN ann #den", "SET registered=yes", "SET slow=1m"):
        says(chat, ann, line)
    bob.take()
    assert texts(batch(bob, *POEM)) == ["hello", "#how is ", "everyone?"]
    assert commands(batch(bob, *POEM)) == ["404"]
    chat.close()


def test_each_of_its_lines_waits_for_the_rate() -> None:
    chat = IrcChat(Limits(lines_per_second=1, line_burst=10))
    ann = chat.irc("ann", *MULTILINE, rooms="#den")
    assert batch(ann, *["x"] * 20) == []


# Texts and pieces.


@given(st.text(st.sampled_from("ab é☕😀␊ "), max_size=1500), st.booleans())
def test_whatever_is_said_fits_and_is_all_there(text: str, multiline: bool) -> None:
    message = Message("PRIVMSG", ("#den", text), "ann!~ann@0123456789.guest", {"msgid": "e-1"})
    told = list(composed(message, MULTILINE if multiline else TAGS))
    assert told == [message] or not is_whole(message)
    assert all(len(render(each._replace(tags={}))) <= MAX_BODY_BYTES + 2 for each in told)
    pieces = [Piece(each.params[1], CONCAT in each.tags) for each in told if each.command == "PRIVMSG"]
    if multiline:
        assert joined(pieces) == text
    else:
        assert "".join(each.text for each in pieces).replace(LINE_FEED, "") == text.replace(LINE_FEED, "")
        assert all(each.text for each in pieces) or not text
