"""CHATHISTORY, and the last lines on JOIN for clients that cannot ask."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from chatd.edges.irc.stamps import milliseconds_of, stamp_of
from chatd.journal.factory import from_string
from tests.support.in_memory_accounts import PASSWORD
from tests.support.in_memory_chat import journal_environment
from tests.support.irc import IrcChat, IrcClient, Told, commands
from tests.support.irc_owners import IrcChatWithOwners

CAPABILITIES = ("batch", "echo-message", "message-tags", "server-time", "draft/chathistory")
Line = tuple[str, str, str, str]


@pytest.fixture(params=["memory", "sqlite"])
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[IrcChat]:
    where = "memory:" if request.param == "memory" else f"sqlite:{tmp_path}/journal"
    chat = IrcChat(journal=lambda clock: from_string(where, journal_environment(clock)))
    yield chat
    chat.journal.stop()


def line(told: Told) -> Line:
    return (told.tags["time"], told.tags["msgid"], *told.params)  # type: ignore[return-value]


def batch_of(told: list[Told], target: str, kind: str = "chathistory") -> list[Told]:
    """Return what stands in the one batch that all of an answer is."""
    first, *inside, last = told
    assert first.params[1:] == [kind, target], first.line
    assert last.params == [f"-{first.params[0][1:]}"], last.line
    assert all(each.tags["batch"] == first.params[0][1:] for each in inside)
    return inside


def asked(client: IrcClient, line_: str, target: str = "#den") -> list[Line]:
    return [line(each) for each in batch_of(client.says(line_), target)]


def ids(lines: list[str]) -> list[str]:
    return [each.split("id=")[1].split(";")[0] for each in lines if " MSG carol" in each]


def talk(chat: IrcChat, client: IrcClient, count: int, target: str = "#den") -> list[Line]:
    said = []
    for number in range(count):
        chat.clock.advance(0.005)
        (echo,) = client.says(f"PRIVMSG {target} :message {number}")
        said.append(line(echo))
    return said


def test_messages_are_told_again_exactly_as_they_were_told_first(chat: IrcChat) -> None:
    ann = chat.irc("ann", *CAPABILITIES, rooms="#den")
    said = talk(chat, ann, 10)
    for by, of in {"msgid": 1, "timestamp": 0}.items():
        at = [f"{by}={each[of]}" for each in said]
        assert asked(ann, "CHATHISTORY LATEST #den * 20") == said
        assert asked(ann, "CHATHISTORY LATEST #den * 5") == said[-5:]
        assert asked(ann, f"CHATHISTORY LATEST #den {at[4]} 20") == said[5:]
        assert asked(ann, f"CHATHISTORY LATEST #den {at[4]} 2") == said[-2:]
        assert asked(ann, f"CHATHISTORY BEFORE #den {at[6]} 20") == said[:6]
        assert asked(ann, f"CHATHISTORY BEFORE #den {at[6]} 2") == said[4:6]
        assert asked(ann, f"CHATHISTORY AFTER #den {at[3]} 20") == said[4:]
        assert asked(ann, f"CHATHISTORY AFTER #den {at[3]} 3") == said[4:7]
        assert asked(ann, f"CHATHISTORY BETWEEN #den {at[0]} {at[9]} 20") == said[1:-1]
        assert asked(ann, f"CHATHISTORY BETWEEN #den {at[9]} {at[0]} 20") == said[1:-1]
        assert asked(ann, f"CHATHISTORY BETWEEN #den {at[0]} {at[9]} 3") == said[1:4]
        assert asked(ann, f"CHATHISTORY BETWEEN #den {at[9]} {at[0]} 3") == said[-4:-1]
        assert asked(ann, f"CHATHISTORY AROUND #den {at[7]} 1") == [said[7]]
        assert asked(ann, f"CHATHISTORY AROUND #den {at[7]} 3") == said[6:9]
        assert asked(ann, f"CHATHISTORY AROUND #den {at[9]} 4") == said[6:]
        assert asked(ann, f"CHATHISTORY AROUND #den {at[0]} 4") == said[:4]
    assert asked(ann, f"CHATHISTORY BETWEEN #den timestamp={said[2][0]} msgid={said[5][1]} 9") == said[3:5]
    assert asked(ann, f"CHATHISTORY BETWEEN #den msgid={said[5][1]} timestamp={said[2][0]} 9") == said[3:5]


def test_what_happened_besides_is_told_to_those_who_play_it_back(chat: IrcChat) -> None:
    ann = chat.irc("ann", *CAPABILITIES, "draft/event-playback", rooms="#den")
    happened = []
    for number in range(10):
        chat.clock.advance(0.005)
        happened += [line(each) for each in ann.says(f"TOPIC #den :topic {number}")]
        chat.clock.advance(0.005)
        happened += [line(each) for each in ann.says(f"PRIVMSG #den :message {number}")]
    assert len(happened) == 20
    assert asked(ann, "CHATHISTORY LATEST #den * 100") == happened
    assert asked(ann, f"CHATHISTORY BEFORE #den msgid={happened[12][1]} 3") == happened[9:12]
    assert asked(ann, f"CHATHISTORY AROUND #den timestamp={happened[7][0]} 3") == happened[6:9]
    plain = chat.irc("bob", *CAPABILITIES, rooms="#den")
    plain.take()
    assert set(commands(batch_of(plain.says("CHATHISTORY LATEST #den * 100"), "#den"))) == {"PRIVMSG"}
    assert asked(plain, "CHATHISTORY LATEST #den * 3") == happened[15::2]


def test_pages_with_events_are_full_whatever_became_of_messages(chat: IrcChat) -> None:
    carol = chat.program("JOIN carol #den")
    for number in range(8):
        carol.says(f"MSG message {number}")
        chat.turn()
    said = ids(carol.take())
    for number in range(6):
        carol.says(f"EDIT {said[number]} changed {number}")
        chat.turn()
    ann = chat.irc("ann", *CAPABILITIES, "draft/event-playback", rooms="#den")
    assert len(batch_of(ann.says("CHATHISTORY LATEST #den * 5"), "#den")) == 5
    assert len(batch_of(ann.says("CHATHISTORY LATEST #den * 100"), "#den")) == 8


def test_what_was_changed_is_told_as_it_is_and_what_was_taken_back_is_not(chat: IrcChat) -> None:
    carol = chat.program("JOIN carol #den")
    carol.says("MSG one", "MSG two")
    chat.turn()
    first, second = ids(carol.take())
    carol.says(f"EDIT {first} uno", f"RETRACT {second}")
    chat.turn()
    ann = chat.irc("ann", *CAPABILITIES, "draft/event-playback", rooms="#den")
    assert [each.text for each in batch_of(ann.says("CHATHISTORY LATEST #den * 10"), "#den")] == ["uno"]


@pytest.mark.parametrize(
    ("asked_for", "params"),
    [
        ("LATEST #nowhere * 10", ["INVALID_TARGET", "LATEST", "#nowhere"]),
        ("LATEST #other * 10", ["INVALID_TARGET", "LATEST", "#other"]),
        ("LATEST bob * 10", ["INVALID_TARGET", "LATEST", "bob"]),
        ("LATEST #den * x", ["INVALID_PARAMS", "LATEST", "x"]),
        ("LATEST #den * 0", ["INVALID_PARAMS", "LATEST", "0"]),
        ("LATEST #den *", ["INVALID_PARAMS", "LATEST"]),
        ("WHATEVER #den * 10", ["INVALID_PARAMS", "WHATEVER"]),
        ("BEFORE #den timestamp=yesterday 10", ["INVALID_PARAMS", "BEFORE", "timestamp=yesterday"]),
        ("BEFORE #den nonce=1 10", ["INVALID_MSGREFTYPE", "BEFORE", "#den", "nonce=1"]),
        ("BEFORE #den msgid=other-1 10", ["MESSAGE_ERROR", "BEFORE", "#den", "msgid=other-1"]),
    ],
)
def test_what_cannot_be_told_is_refused_with_its_code(chat: IrcChat, asked_for: str, params: list[str]) -> None:
    chat.lines("carol", "#other")
    ann = chat.irc("ann", *CAPABILITIES, rooms="#den")
    (told,) = ann.says(f"CHATHISTORY {asked_for}")
    assert (told.command, told.params[:-1]) == ("FAIL", ["CHATHISTORY", *params])


def test_what_was_said_under_a_nick_is_not_put_down_to_who_has_it_now() -> None:
    chat = IrcChatWithOwners("root", "bob")
    ann = chat.irc("ann", *CAPABILITIES, "account-tag", rooms="#den")
    guest = chat.irc("bobby", rooms="#den")
    guest.says("PRIVMSG #den :I am a guest", "QUIT")
    bob = chat.owner("bob", rooms="#den", nick="bobby")
    bob.says("PRIVMSG #den :I am bob")
    ann.take()
    first, second = batch_of(ann.says("CHATHISTORY LATEST #den * 10"), "#den")
    assert ("account" in first.tags, second.tags["account"]) == (False, "bob")
    assert first.line.split(" PRIVMSG")[0].rpartition("@")[2] != second.line.split(" PRIVMSG")[0].rpartition("@")[2]


def test_two_with_accounts_read_what_they_told_each_other_and_nobody_else_does() -> None:
    chat = IrcChatWithOwners("root", "ann", "bob", "eve")
    ann, bob = chat.owner("ann", *CAPABILITIES), chat.owner("bob", *CAPABILITIES)
    said = []
    for number in range(6):
        chat.clock.advance(0.005)
        speaker, to = ((ann, "bob"), (bob, "ann"))[number % 2]
        said += [line(each) for each in speaker.says(f"PRIVMSG {to} :message {number}")]
        (ann, bob)[1 - number % 2].take()
    assert asked(ann, "CHATHISTORY LATEST bob * 10", "bob") == said
    assert asked(bob, "CHATHISTORY LATEST ANN * 10", "ANN") == said
    assert asked(ann, f"CHATHISTORY BETWEEN bob msgid={said[4][1]} msgid={said[1][1]} 10", "bob") == said[2:4]
    eve = chat.owner("eve", *CAPABILITIES)
    assert asked(eve, "CHATHISTORY LATEST bob * 10", "bob") == []
    guest = chat.irc("kim", *CAPABILITIES)
    assert guest.says("CHATHISTORY LATEST bob * 10")[0].params[1] == "INVALID_TARGET"


def test_what_guests_have_told_one_is_told_by_their_nicks() -> None:
    chat = IrcChatWithOwners("root", "ann")
    ann = chat.owner("ann", *CAPABILITIES)
    kim, lou = chat.irc("kim"), chat.irc("lou")
    for number in range(3):
        kim.says(f"PRIVMSG ann :kim {number}")
        lou.says(f"PRIVMSG ann :lou {number}")
    told = {each.text: line(each) for each in ann.take()}
    assert asked(ann, "CHATHISTORY LATEST kim * 2", "kim") == [told["kim 1"], told["kim 2"]]


def test_the_conversations_of_a_time_are_listed_in_the_order_of_their_last_messages() -> None:
    chat = IrcChatWithOwners("root", "ann", "bob", "zoe")
    ann, bob = chat.owner("ann", *CAPABILITIES, rooms="#den,#two,#three"), chat.owner("bob", *CAPABILITIES)
    begin = stamp_of(chat.hub.now - 1)
    last = {}
    for client, target in ((ann, "#two"), (ann, "#den"), (bob, "ann"), (ann, "#two"), (ann, "zoe")):
        last[target] = talk(chat, client, 1, target)[0][0]
        ann.take()
    end = stamp_of(chat.hub.now + 1)
    first, *inside, _ = ann.says(f"CHATHISTORY TARGETS timestamp={begin} timestamp={end} 10")
    assert first.params[1:] == ["draft/chathistory-targets"]
    wanted = [["TARGETS", name, last[of]] for name, of in (("#den", "#den"), ("bob", "ann"), ("#two", "#two"))]
    assert [each.params for each in inside] == [*wanted, ["TARGETS", "zoe", last["zoe"]]]
    _, *inside, _ = ann.says(f"CHATHISTORY TARGETS timestamp={last['zoe']} timestamp={last['#den']} 1")
    assert [each.params for each in inside] == [wanted[-1]]


def test_what_was_said_while_a_room_was_private_is_for_those_who_were_let_in() -> None:
    chat = IrcChatWithOwners("root", "ann")
    keeper = chat.program(f"LOGIN root {PASSWORD}", "JOIN root #den", "MSG public")
    ann = chat.owner("ann", *CAPABILITIES, rooms="#den")
    (said,) = batch_of(ann.says("CHATHISTORY LATEST #den * 10"), "#den")
    for line_ in ("SET registered=yes", "SET private=yes who=remove", "MSG secret"):
        keeper.says(line_)
        chat.turn()
    ann.take()
    for line_ in ("LATEST #den * 10", f"AFTER #den msgid={said.tags['msgid']} 10"):
        assert ann.says(f"CHATHISTORY {line_}")[0].params[1] == "INVALID_TARGET"
    keeper.says("SET private=no", "MSG open again")
    chat.turn()
    ann.says("JOIN #den")
    for line_ in ("LATEST #den * 10", f"AFTER #den msgid={said.tags['msgid']} 10"):
        assert [each.text for each in batch_of(ann.says(f"CHATHISTORY {line_}"), "#den")] == ["open again"]
    assert "secret" not in str(chat.owner("ann", nick="anna").says("JOIN #den"))


# The last lines on JOIN.


def test_who_cannot_ask_is_told_the_last_lines_after_the_names(chat: IrcChat) -> None:
    carol = chat.lines("carol")
    for number in range(25):
        carol.says(f"MSG message {number}")
    carol.says("MSG /me waves")
    chat.turn()
    ann = chat.irc("ann")
    told = ann.says("JOIN #den")
    assert commands(told[:3]) == ["JOIN", "353", "366"]
    assert len(told) == 3 + 20
    assert told[3].params == ["#den", "[1970-01-12 13:46] message 6"]
    assert told[-1].params == ["#den", "\x01ACTION [1970-01-12 13:46] waves\x01"]
    bob = chat.irc("bob", "server-time", "batch")
    *_, begin, first = bob.says("JOIN #den")[:5]
    assert begin.params[1:] == ["chathistory", "#den"]
    assert (first.text, first.tags["time"]) == ("message 6", "1970-01-12T13:46:40.000Z")


@pytest.mark.parametrize("batch", [True, False])
@pytest.mark.parametrize("timed", [True, False])
def test_they_have_their_times_and_stand_in_a_batch_if_the_client_knows_these(
    chat: IrcChat, *, timed: bool, batch: bool
) -> None:
    carol = chat.lines("carol")
    carol.says("MSG one", "MSG two")
    chat.turn()
    chat.clock.advance(60)
    capabilities = [name for name, has in (("server-time", timed), ("batch", batch)) if has]
    told = chat.irc("ann", *capabilities).says("JOIN #den")[3:]
    inside = batch_of(told, "#den") if batch else told
    stamp = "" if timed else "[1970-01-12 13:46] "
    assert [each.params for each in inside] == [["#den", f"{stamp}one"], ["#den", f"{stamp}two"]]
    assert [each.tags.get("time") for each in inside] == ["1970-01-12T13:46:40.000Z" if timed else None] * 2
    assert {each.nick for each in inside} == {"carol"}


def test_they_come_under_the_label_of_the_join_each_time_and_for_each_room(chat: IrcChat) -> None:
    for room in ("#den", "#tea"):
        carol = chat.lines(f"carol-{room[1:]}", room)
        carol.says(f"MSG in {room}")
    chat.turn()
    ann = chat.irc("ann", "batch", "labeled-response", "server-time")
    for _ in range(2):
        first, *told, last = ann.says("@label=1 JOIN #den,#tea")
        assert (first.params[1], first.tags["label"]) == ("labeled-response", "1")
        assert last.params == [f"-{first.params[0][1:]}"]
        assert [each.text for each in told if each.command == "PRIVMSG"] == ["in #den", "in #tea"]
        ann.says("PART #den,#tea")


def test_a_room_in_which_nothing_was_said_has_none_and_no_batch(chat: IrcChat) -> None:
    assert commands(chat.irc("ann", "batch").says("JOIN #den")) == ["JOIN", "353", "366"]


@pytest.mark.parametrize(("count", "told"), [(0, []), (1, ["five"]), (3, ["three", "four", "five"])])
def test_they_are_as_many_as_whoever_runs_the_server_says(chat: IrcChat, count: int, told: list[str]) -> None:
    chat.lines("carol").says(*(f"MSG {word}" for word in ("one", "two", "three", "four", "five")))
    chat.turn()
    chat.factory.server.history = count
    ann = chat.irc("ann", "server-time", "batch").says("JOIN #den")
    assert [each.text for each in ann if each.command == "PRIVMSG"] == told
    assert ("BATCH" in commands(ann)) is bool(told)


def test_who_can_ask_is_told_nothing_unasked(chat: IrcChat) -> None:
    chat.lines("carol").says("MSG hello")
    chat.turn()
    assert commands(chat.irc("ann", *CAPABILITIES).says("JOIN #den")) == ["JOIN", "353", "366"]


@pytest.mark.parametrize(
    "stamp",
    ["2026-11-28T19:04:05.123Z", "1970-01-01T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "1969-12-31T23:59:59.001Z"],
)
def test_a_time_is_read_and_written_alike(stamp: str) -> None:
    milliseconds = milliseconds_of(stamp)
    assert milliseconds is not None
    assert stamp_of(milliseconds) == stamp


@pytest.mark.parametrize(
    "stamp", ["", "not-a-timestamp", "2026-13-28T19:04:05.123Z", "2026-11-28T19:04:05.123", "٢026-11-28T19:04:05Z"]
)
def test_what_is_no_time_is_none(stamp: str) -> None:
    assert milliseconds_of(stamp) is None
