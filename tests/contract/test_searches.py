"""What a search finds in every journal: words of many languages, beginnings, by whom and when they were said."""

from __future__ import annotations

import pytest

from benchmarks.search.judged import MESSAGES, QUERIES
from chatd.journal import Among, Times
from tests.contract.test_journal import Kit, kit, result, server, texts

__all__ = ["kit", "server"]
HOUR = 60 * 60


def find(kit: Kit, words: str, among: Among, before: int = 2**62, count: int = 50) -> list[str]:
    return texts(result(kit.journal.search("#a", words.split(), before, count, among)))


def test_what_those_who_know_a_language_expect_is_found(kit: Kit) -> None:
    kit.say(*MESSAGES)
    wrong = {
        query.words: found
        for query in QUERIES
        if (found := kit.search(*query.words.split())) != [MESSAGES[number] for number in query.found]
    }
    assert wrong == {}


def test_a_search_for_what_somebody_has_said(kit: Kit) -> None:
    kit.say("red fox", "red wine", nick="Bob")
    kit.say("red fox too", nick="bob-2")
    kit.say("from bob: fox", nick="carol")
    kit.say("fox elsewhere", nick="bob", room="#b")
    assert find(kit, "fox", Among(author="BOB")) == ["red fox"]
    assert find(kit, "", Among(author="bob")) == ["red fox", "red wine"]
    assert find(kit, "", Among(author="bob"), count=1) == ["red wine"]
    assert find(kit, "fox", Among(author="nobody")) == []
    assert find(kit, "", Among()) == []


def test_a_search_and_a_history_between_two_times(kit: Kit) -> None:
    times = []
    for number in range(4):
        times.append(int(kit.clock.seconds() * 1000))
        kit.say(f"word {number}")
        kit.clock.advance(HOUR)
    for times_, expected in (
        (Times(since=times[2]), ["word 2", "word 3"]),
        (Times(since=times[2] + 1), ["word 3"]),
        (Times(before=times[2]), ["word 0", "word 1"]),
        (Times(times[1], times[3]), ["word 1", "word 2"]),
        (Times(since=times[3] + 1), []),
        (Times(before=times[3] + 1), [f"word {number}" for number in range(4)]),
        (Times(times[3], times[1]), []),
    ):
        assert find(kit, "word", Among(times=times_)) == expected
        assert texts(kit.read(times=times_)) == expected
        assert texts(kit.read(times=times_, newest=True, count=1)) == expected[-1:]


def test_a_search_after_an_id(kit: Kit) -> None:
    ids = [entry.id for entry in kit.say(*(f"word {number}" for number in range(3)))]
    assert find(kit, "word", Among(after=ids[0])) == ["word 1", "word 2"]
    assert find(kit, "word", Among(after=ids[0]), before=ids[2]) == ["word 1"]


@pytest.mark.parametrize(
    "word", ["text:red", "room:0", "^red", "red+fox", "NEAR(red", "-red", "{text}:red", "red OR x"]
)
def test_nothing_in_a_word_is_an_operator(kit: Kit, word: str) -> None:
    kit.say("a red fox")
    assert find(kit, word, Among()) == (["a red fox"] if word in ("^red", "red+fox", "-red") else [])
