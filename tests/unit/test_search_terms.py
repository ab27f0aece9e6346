"""What a SEARCH and a HISTORY ask for: how it is written, and what is refused."""

from __future__ import annotations

import pytest

from chatd.protocol.commands import History, Search
from chatd.protocol.errors import ChatError
from chatd.protocol.moments import Moment, is_moment
from chatd.protocol.names import Nick
from chatd.protocol.wire import parse_command
from tests.support.in_memory_chat import InMemoryChat
from tests.unit.test_replay import asks, chat

__all__ = ["chat"]
NOW = 1_800_000_000_000


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("SEARCH red  fox", Search(None, "red  fox")),
        ("SEARCH #r from:Bob", Search("#r", "", Nick("Bob"))),
        ("SEARCH red from:bob fox since=2h", Search(None, "red fox", Nick("bob"), Moment("2h"))),
        ("SEARCH since=3 before=2026-11-01 red", Search(None, "red", None, 3, Moment("2026-11-01"))),
        ('SEARCH "from:bob "since=2h', Search(None, '"from:bob "since=2h')),
        ("SEARCH from: since= x", Search(None, "from: since= x")),
        ("SEARCH fail* 天", Search(None, "fail* 天")),
        ('SEARCH "ab*"', Search(None, '"ab*"')),
        ("SEARCH " + "天気は晴" * 32, Search(None, "天気は晴" * 32)),
        ("HISTORY 5 since=2h before=2026-11-01T09:30", History(None, 5, Moment("2h"), Moment("2026-11-01T09:30"))),
    ],
)
def test_how_it_is_written(line: str, expected: Search | History) -> None:
    assert parse_command(line.encode()).command == expected


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("SEARCH since=3", "the words to look for are missing"),
        ("SEARCH ab*", '"ab\\*" is too short; write at least 3'),
        ("SEARCH 天 x from:a from:b", 'unexpected word: "from:b"'),
        ("SEARCH x since=1 since=2", 'unexpected word: "since=2"'),
        (
            "SEARCH x since=yesterday",
            "since= takes the id of a message, how long ago as in 2h, or a date as in 2026-11-01",
        ),
        ("SEARCH x from:<b>", "is not allowed"),
        ("SEARCH " + "天気は晴" * 32 + "れ", "at most 32"),
        ("HISTORY before=2026-13-01", "before= takes the id of a message"),
        ("JOIN a since=2h", "since= takes the id of a message;"),
    ],
)
def test_what_is_refused(line: str, why: str) -> None:
    with pytest.raises(ChatError, match=why):
        parse_command(line.encode())


@pytest.mark.parametrize(
    ("text", "milliseconds"),
    [
        ("90s", NOW - 90_000),
        ("2h", NOW - 2 * 60 * 60 * 1000),
        ("2026-11-01", 1_793_491_200_000),
        ("2026-11-01T00:00:00.250Z", 1_793_491_200_250),
        ("2026-11-01T01:00", 1_793_494_800_000),
        ("2026-11-01T01:00+01:00", 1_793_491_200_000),
    ],
)
def test_when_a_moment_is(text: str, milliseconds: int) -> None:
    assert Moment(text).milliseconds(NOW) == milliseconds


@pytest.mark.parametrize(
    "text", ["", "2", "20261101", "2026-11-31", "2026-11-01T24:00:01", "2026-11-1", "yesterday", "2026-W01", "0h", "٢h"]
)
def test_what_is_no_moment(text: str) -> None:
    assert not is_moment(text)


def test_what_was_said_between_two_times_is_told(chat: InMemoryChat) -> None:
    alice = chat.person("JOIN alice")
    for hour in range(4):
        alice.says(f"MSG word {hour}")
        chat.turn()
        chat.clock.advance(60 * 60)
    alice.take()
    assert [line[-6:] for line in asks(chat, alice, "SEARCH word since=150m")[:-1]] == ["word 2", "word 3"]
    assert [line[-6:] for line in asks(chat, alice, "HISTORY since=150m")[:-1]] == ["word 2", "word 3"]
    assert [line[-6:] for line in asks(chat, alice, "HISTORY before=150m")[:-1]] == ["word 0", "word 1"]
    assert [line[-6:] for line in asks(chat, alice, "SEARCH from:ALICE since=90m")[:-1]] == ["word 3"]
    assert asks(chat, alice, "SEARCH from:bob") == ["OK SEARCH #lobby 0"]
