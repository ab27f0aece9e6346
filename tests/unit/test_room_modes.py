"""speak=, slow= and keep= of a room, AWAY, and what WHO tells of each."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import Clock

from chatd.chat.slow_rooms import MAX_REMEMBERED, SlowRooms
from chatd.journal import Journal, Retention
from chatd.journal.factory import from_string
from chatd.journal.memory import MemoryJournal
from chatd.protocol import wire
from chatd.protocol.events import read
from chatd.protocol.member_details import MemberDetails
from tests.cluster.test_people import come_in
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.in_memory_chat import ChatClient, InMemoryChat, journal_environment
from tests.support.in_memory_cluster import InMemoryCluster, bodies
from tests.unit.test_moderation import Names, ask, den, owner


@pytest.fixture
def chat() -> InMemoryChat:
    return with_accounts(InMemoryChat())


def with_accounts(chat: InMemoryChat) -> InMemoryChat:
    chat.hub.accounts = Names("ann", "bob", operators=("root",))  # type: ignore[assignment]
    return chat


def refusals(chat: InMemoryChat, person: ChatClient, *lines: str) -> list[str]:
    """Return what is answered to lines that are not carried out."""
    return [line for line in ask(chat, person, *lines) if line.startswith("ERR ")]


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("SET speak=nobody", "ERR bad-syntax SET speak= takes members or operators;"),
        ("SET slow=fast", "ERR bad-syntax SET slow= takes off or a duration:"),
        ("SET slow=2h", "ERR bad-syntax SET slow= takes off or a duration from 1s to 1h;"),
        ("SET keep=59s", "ERR bad-syntax SET keep= takes all or a duration from 1m to 10000w;"),
        ("SET keep=", "ERR bad-syntax SET keep= takes all or a duration:"),
        ("SET slow=60s", "OK SET #den slow=1m"),
        ("SET keep=48h", "OK SET #den keep=2d"),
        ("SET slow=off", "OK SET #den slow=off"),
        ("SET keep=all", "OK SET #den keep=all"),
    ],
)
def test_what_a_setting_can_be(chat: InMemoryChat, line: str, answer: str) -> None:
    ann, _, _ = den(chat)
    assert ask(chat, ann, line)[-1].startswith(answer)


def test_where_operators_speak_others_read(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    ask(chat, ann, "SET speak=operators")
    for person in (bob, mallory):
        assert refusals(chat, person, "MSG hello", "TOPIC mine") == [
            f"ERR not-allowed {verb} only operators may speak in this room; you can still read"
            for verb in ("MSG", "TOPIC")
        ]
    assert refusals(chat, ann, "MSG quiet, please") == []
    assert "MSG ann #den quiet, please" in bob.take()
    assert ask(chat, mallory, "NICK max")[-1] == "OK NICK max"
    ask(chat, ann, "OP bob")
    assert refusals(chat, bob, "MSG thank you") == []
    ask(chat, ann, "DEOP bob", "SET speak=members")
    assert refusals(chat, mallory, "MSG at last") == []


def test_what_was_said_before_operators_alone_may_speak_is_judged_in_its_turn(chat: InMemoryChat) -> None:
    ann, bob, _ = den(chat)
    bob.take()
    ann.says("SET speak=operators")
    bob.says("MSG too late")
    chat.turn()
    assert bob.take()[-1].startswith("ERR not-allowed MSG only operators may speak")


def test_a_slow_room_takes_a_message_in_a_while(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    ask(chat, ann, "SET slow=10s")
    assert refusals(chat, mallory, "MSG one") == []
    chat.clock.advance(2.5)
    slow = "ERR slow-down MSG #den takes one message every 10s from each person; send it again in 8s"
    assert ask(chat, mallory, "MSG two")[-1] == slow
    assert ask(chat, mallory, "NICK max", "MSG two")[-1] == slow
    assert refusals(chat, bob, "MSG others may") == []
    assert refusals(chat, ann, "MSG its operators", "MSG as they like") == []
    chat.clock.advance(7.5)
    assert refusals(chat, mallory, "MSG two") == []
    ask(chat, ann, "SET slow=off")
    assert refusals(chat, mallory, "MSG three") == []


def test_who_changes_what_was_said_is_no_faster_in_a_slow_room(chat: InMemoryChat) -> None:
    ann, _, mallory = den(chat)
    ask(chat, ann, "SET slow=10s")
    assert refusals(chat, mallory, "MSG one") == []
    slow = "ERR slow-down EDIT #den takes one message every 10s from each person; send it again in 10s"
    assert refusals(chat, mallory, "EDIT last two") == [slow]
    chat.clock.advance(10)
    assert refusals(chat, mallory, "EDIT last two") == []
    assert refusals(chat, mallory, "MSG three")[0].startswith("ERR slow-down MSG ")


def test_a_topic_is_a_message_of_a_slow_room(chat: InMemoryChat) -> None:
    ann, _, mallory = den(chat)
    ask(chat, ann, "SET slow=10s")
    assert refusals(chat, mallory, "TOPIC one") == []
    slow = "ERR slow-down TOPIC #den takes one message every 10s from each person; send it again in 10s"
    assert refusals(chat, mallory, "TOPIC two") == [slow]
    assert refusals(chat, ann, "TOPIC its operators", "TOPIC as they like") == []


def test_who_posts_speaks_there(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    ask(chat, ann, "SET slow=10s")
    ci = chat.person()
    assert ask(chat, ci, "POST ci #den one")[-1].startswith("OK POST #den ")
    assert ask(chat, ci, "POST ci #den two")[-1].startswith("ERR slow-down POST #den takes one message every 10s")
    ask(chat, ann, "SET slow=off", "SET speak=operators")
    assert ask(chat, ci, "POST ci #den two")[-1].startswith("ERR not-allowed POST only operators may speak")


def test_who_comes_again_under_the_same_name_is_no_faster(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    ask(chat, ann, "SET slow=10s")
    ask(chat, mallory, "MSG one", "QUIT")
    ask(chat, bob, "MSG one", "QUIT")
    again = chat.person("JOIN mallory #den")
    assert ask(chat, again, "MSG two")[-1].startswith("ERR slow-down MSG ")
    bert = owner(chat, "bob", "JOIN bert #den")
    assert ask(chat, bert, "MSG two")[-1].startswith("ERR slow-down MSG ")


def test_who_may_speak_again_is_forgotten() -> None:
    rooms = SlowRooms()
    for number in range(MAX_REMEMBERED + 1):
        rooms.note("#a", (str(number),), 0, 10)
    rooms.note("#a", ("last",), 11, 21)
    assert len(rooms._free_at) == 1
    assert rooms.wait("#a", ("last", "0"), 15) == 6


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_a_room_keeps_as_long_as_it_says(kind: str, tmp_path: Path) -> None:
    def journal(clock: Clock) -> Journal:
        return from_string("memory:" if kind == "memory" else f"sqlite:{tmp_path / 'j'}", journal_environment(clock))

    chat = with_accounts(InMemoryChat(journal=journal))
    ann, bob, _ = den(chat)
    ask(chat, bob, "JOIN #hall", "MSG for long", "TELL #den for short")
    ask(chat, ann, "SET #den keep=1h")
    chat.wait(3500)
    ask(chat, bob, "TELL #den newer")
    chat.wait(161)
    bob.take()
    assert [line.split(" MSG ")[1] for line in ask(chat, bob, "HISTORY #den")[:-1]] == ["bob #den newer"]
    assert ask(chat, bob, "SEARCH #den short")[-1] == "OK SEARCH #den 0"
    assert len(ask(chat, bob, "HISTORY #hall")) == 2
    ask(chat, ann, "SET #den keep=all")
    chat.wait(3700)
    assert len(ask(chat, bob, "HISTORY #den")) >= 2
    chat.journal.stop()


def test_a_room_keeps_nothing_longer_than_the_server(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    assert isinstance(chat.journal, MemoryJournal)
    chat.journal.retention = Retention(seconds=7 * 24 * 60 * 60)
    why = "ERR not-allowed SET this server stores messages for 1w; a room cannot store them for longer"
    assert ask(chat, ann, "SET keep=8d") == [why]
    assert ask(chat, ann, "SET keep=7d")[-1] == "OK SET #den keep=1w"


def test_who_is_there_in_detail(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    robot = chat.person("HELLO 1 bot=yes", "JOIN robot #den")
    robot.take()
    assert ask(chat, bob, "AWAY back in an hour")[-1] == "OK AWAY"
    chat.wait(40)
    ask(chat, ann, "MSG anybody?")
    mallory.take()
    assert ask(chat, mallory, "WHO details=yes") == [
        "NOTE ann: operator, here",
        "NOTE bob: away (back in an hour), idle for 40s",
        "NOTE mallory: idle for 40s",
        "NOTE robot: bot, idle for 40s",
        "OK WHO #den 4",
    ]
    assert bodies(ask(chat, robot, "WHO details=yes")[-5:]) == [
        "IS ann #den operator=yes idle=0",
        "IS bob #den away=yes idle=40 back in an hour",
        "IS mallory #den idle=40",
        "IS robot #den bot=yes idle=40",
        "OK WHO #den 4",
    ]
    assert ask(chat, bob, "AWAY")[-1] == "OK AWAY"
    mallory.take()
    assert ask(chat, mallory, "WHO details=yes")[1] == "NOTE bob: idle for 40s"
    assert robot.farewell is None


def test_who_says_away_alone_is_told_what_that_means(chat: InMemoryChat) -> None:
    _, ann, _ = den(chat)
    ann.take()
    assert ask(chat, ann, "AWAY") == ["NOTE You were not away. Write AWAY <text> to say why you are.", "OK AWAY"]
    assert ask(chat, ann, "AWAY lunch", "AWAY") == ["OK AWAY", "NOTE You are back.", "OK AWAY"]


def test_who_tells_something_to_one_who_is_away_is_told_so(chat: InMemoryChat) -> None:
    _, bob, mallory = den(chat)
    ask(chat, bob, "AWAY lunch")
    assert "NOTE bob is away: lunch" in ask(chat, mallory, "TELL bob hello")
    robot = chat.person("HELLO 1", "JOIN robot #den")
    assert ask(chat, robot, "TELL bob hello")[-1].startswith("OK TELL bob stored=no away=yes")


def test_one_person_is_away_over_all_connections() -> None:
    chat = ChatWithAccounts("ann", "bob")
    desk, phone = (chat.visitor(f"LOGIN bob {PASSWORD}", "JOIN bob #den") for _ in range(2))
    ask(chat, desk, "AWAY lunch")
    chat.wait(40)
    ask(chat, phone, "MSG not quite")
    assert [line for line in ask(chat, phone, "WHO details=yes") if "bob" in line] == ["NOTE bob: away (lunch), here"]
    ask(chat, phone, "AWAY")
    assert [line for line in ask(chat, desk, "WHO details=yes") if "bob:" in line] == ["NOTE bob: here"]
    chat.close()


def test_why_one_is_away_is_short_and_nothing_the_muted_say(chat: InMemoryChat) -> None:
    _, bob, _ = den(chat)
    assert ask(chat, bob, f"AWAY {'x' * 201}")[-1].startswith("ERR too-long AWAY ")
    root = owner(chat, "root", "JOIN root #den")
    ask(chat, root, "MUTE bob #*")
    assert ask(chat, bob, "AWAY hello everybody")[-1].startswith("ERR muted AWAY ")
    assert ask(chat, bob, "AWAY")[-1] == "OK AWAY"


def test_those_on_other_nodes_are_asked_for() -> None:
    cluster = InMemoryCluster(2)
    one, two = cluster.nodes
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a")
    bob = come_in(cluster, two, "HELLO 1 bot=yes", "JOIN bob #a", "AWAY gone")
    bodies(alice.take())
    alice.says("WHO details=yes", "TELL bob hello")
    cluster.settle()
    assert [line for line in bodies(alice.take()) if "bob" in line or "alice" in line] == [
        "IS alice #a idle=0",
        "IS bob #a bot=yes away=yes idle=0 gone",
        "OK TELL bob stored=no away=yes",
    ]
    assert isinstance(bob, ChatClient)


@pytest.mark.parametrize(
    "details",
    [
        MemberDetails("ann", "#den", text="here"),
        MemberDetails("ann", "#den", operator=True, bot=True, away=True, idle=7, text="a = b c=d"),
        MemberDetails("ann", "#den", away=True, idle=0, text="idle=7 bot=yes"),
    ],
)
def test_a_line_about_a_member_is_read_as_it_was_written(details: MemberDetails) -> None:
    verb, rest = wire.render(details).split(" ", 1)
    assert verb == "IS"
    assert read(verb, rest) == details
