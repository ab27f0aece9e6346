"""TIME: a clock before each line, for people alone."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from chatd.chat.line_stamp import LineClock
from chatd.protocol import zones
from tests.support.in_memory_chat import ChatClient, InMemoryChat
from tests.unit.test_guidance import ask

DAY = 24 * 60 * 60
NOW = "13:46"  # the clock of InMemoryChat stands at 1,000,000 seconds after 1970


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_each_line_has_it_from_then_on_and_nobody_else() -> None:
    chat = InMemoryChat()
    ann, bob = chat.person("JOIN ann #den"), chat.person("JOIN bob #den")
    ann.take()
    assert ask(chat, ann, "TIME on") == [
        f"{NOW} NOTE It is {NOW} on 1970-01-12, time zone +00:00.",
        f"{NOW} OK TIME on +00:00",
    ]
    bob.says("MSG hi", "TELL ann psst", "MSG again")
    chat.turn()
    assert ann.take() == [f"{NOW} MSG bob #den hi", f"{NOW} FROM bob psst", f"{NOW} MSG bob #den again"]
    assert bob.take() == ["OK TELL ann stored=no"]
    chat.wait(60)
    assert ask(chat, ann, "WHO", "TIME off", "WHO") == [
        "13:47 WHO #den ann bob",
        "13:47 OK WHO #den 2",
        "NOTE It is 13:47 on 1970-01-12, time zone +00:00.",
        "OK TIME off +00:00",
        "WHO #den ann bob",
        "OK WHO #den 2",
    ]


def test_the_last_line_has_it_too() -> None:
    chat = InMemoryChat()
    ann = chat.person("JOIN ann #den", "TIME on")
    assert ask(chat, ann, "QUIT")[0].startswith(f"{NOW} BYE quit ")


def test_a_line_from_before_has_its_own_time_in_short() -> None:
    chat = InMemoryChat()
    ann = chat.person("JOIN ann #den", "MSG first")
    chat.wait(60)
    ask(chat, ann, "MSG second")
    chat.clock.advance(DAY)
    assert ask(chat, ann, "MSG third", "TIME on +02:00", "HISTORY 3")[2:-1] == [
        "1970-01-12 15:46 OLD MSG ann #den first",
        "1970-01-12 15:47 OLD MSG ann #den second",
        "15:47 OLD MSG ann #den third",
    ]


def test_it_can_be_asked_for_without_being_shown() -> None:
    chat = InMemoryChat()
    assert ask(chat, chat.person(), "TIME") == [
        f"NOTE It is {NOW} on 1970-01-12, time zone +00:00.",
        "OK TIME off +00:00",
    ]


def test_the_zone_of_the_server_is_shown_where_none_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "XYZ-05:30")
    time.tzset()
    chat = InMemoryChat()
    chat.clock.advance(DAY / 2)  # a minute that was not shown before in another zone
    assert ask(chat, chat.person(), "TIME on")[1] == "07:16 OK TIME on +05:30"
    assert ask(chat, chat.person(), "TIME on -5")[1] == "20:46 OK TIME on -05:00"


def test_a_program_is_told_where_the_time_is() -> None:
    chat = InMemoryChat()
    bot = chat.program("JOIN bot")
    assert ask(chat, bot, "TIME on")[0].startswith("ERR not-allowed TIME TIME is for connections without tags")
    late = chat.person("TIME on")
    assert ask(chat, late, "HELLO 1")[0].startswith("OK HELLO ")
    assert ask(chat, late, "PING") == ["PONG"]


def test_the_same_lines_are_stamped_once_for_all() -> None:
    clock = LineClock(lambda: 1_000_000.0)
    data = b"MSG a #b one\r\nMSG a #b two\r\n"
    first = clock.stamp(None, data)
    assert first == b"13:46 MSG a #b one\r\n13:46 MSG a #b two\r\n"
    assert clock.stamp(None, data) is first
    assert clock.stamp(120, data) == b"15:46 MSG a #b one\r\n15:46 MSG a #b two\r\n"


def test_many_in_a_room_read_one_batch_in_one_form() -> None:
    chat = InMemoryChat()
    listeners = [chat.person(f"JOIN l{number}x #den", "TIME on") for number in range(3)]
    sent: list[bytes] = []
    for listener in listeners:
        assert isinstance(listener, ChatClient)
        listener.session.peer.send = sent.append  # type: ignore[method-assign,assignment]
        listener.session.show_clock(listener.session.stamp)
    chat.person("JOIN ann #den", "MSG hi")
    assert len(sent) == 6
    assert len({id(data) for data in sent}) == 2


@pytest.mark.parametrize(
    ("text", "minutes"), [("+02:00", 120), ("-5", -300), ("UTC+5:30", 330), ("utc", 0), ("+0930", 570), ("-14", -840)]
)
def test_zones(text: str, minutes: int) -> None:
    assert zones.minutes(text) == minutes
    assert zones.minutes(zones.written(minutes)) == minutes


@pytest.mark.parametrize("text", ["", "Berlin", "+15", "+2:60", "+123:00", "2", "../etc", "+١"])
def test_no_zones(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        zones.minutes(text)
