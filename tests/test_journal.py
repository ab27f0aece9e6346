"""What every journal promises: the same tests for each."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from twisted.internet.task import Clock

from chatd.events import Joined, Said, TopicSet
from chatd.journal import Entry, Journal, from_string

Batches = list[list[tuple[int, int, object]]]


@pytest.fixture(params=["memory:"])
def make(request: pytest.FixtureRequest) -> Callable[[Clock], Journal]:
    return lambda clock: from_string(request.param, clock, lambda: "e1")


def followed(journal: Journal) -> Batches:
    batches: Batches = []
    journal.follow(lambda entries: batches.append([(e.id, e.time, e.event) for e in entries]))
    return batches


def test_a_turn_comes_back_as_one_batch_in_order(make: Callable[[Clock], Journal]) -> None:
    clock = Clock()
    clock.advance(12.5)
    journal = make(clock)
    batches = followed(journal)
    said = [Said("alice", "#a", str(n)) for n in range(3)]
    for event in said:
        journal.append(Entry("#a", event))
    assert batches == []
    clock.advance(0)
    assert batches == [[(1, 12500, said[0]), (2, 12500, said[1]), (3, 12500, said[2])]]


def test_passing_entries_keep_their_place_and_have_no_id(make: Callable[[Clock], Journal]) -> None:
    clock = Clock()
    journal = make(clock)
    batches = followed(journal)
    for event in (Said("a", "#a", "x"), Joined("b", "#a"), TopicSet("a", "#a", "t")):
        journal.append(Entry("#a", event))
    clock.advance(0)
    assert [entry_id for entry_id, _, _ in batches[0]] == [1, 0, 2]


def test_what_a_follower_appends_is_a_later_batch(make: Callable[[Clock], Journal]) -> None:
    clock = Clock()
    journal = make(clock)
    sizes: list[int] = []

    def follow(entries: object) -> None:
        sizes.append(len(list(entries)))  # type: ignore[call-overload]
        if len(sizes) < 3:
            journal.append(Entry("#a", Said("a", "#a", "again")))

    journal.follow(follow)
    journal.append(Entry("#a", Said("a", "#a", "x")))
    for _ in range(5):
        clock.advance(0)
    assert sizes == [1, 1, 1]


def test_flush_hands_everything_back_at_once(make: Callable[[Clock], Journal]) -> None:
    clock = Clock()
    journal = make(clock)
    batches = followed(journal)
    journal.append(Entry("#a", Said("a", "#a", "x")))
    journal.flush()
    assert len(batches) == 1
    clock.advance(0)
    assert len(batches) == 1
    assert clock.getDelayedCalls() == []


def test_a_journal_that_there_is_not_is_refused() -> None:
    with pytest.raises(ValueError, match="memory:"):
        from_string("tape:", Clock(), lambda: "e")
