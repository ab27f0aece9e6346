"""Lines come in any order and stand in one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client.model.lines import Kind, Line, describe, id_of, time_of
from chatd.client.model.timeline import Timeline
from chatd.protocol.wire import timestamp


def stored(timeline: Timeline, id_: int, time: int = 0) -> Line:
    return Line(timeline.serial(), Kind.SAID, time or id_, "bob", f"m{id_}", id_, timeline.run)


def passing(timeline: Timeline, text: str, time: int = 0, kind: Kind = Kind.NOTE) -> Line:
    return Line(timeline.serial(), kind, time, "", text)


def texts(timeline: Timeline) -> list[str]:
    return [line.text for line in timeline.lines]


def test_a_stored_line_goes_where_its_id_says_and_once() -> None:
    timeline = Timeline()
    assert [timeline.put(stored(timeline, id_), old=False) for id_ in (5, 9, 7, 5, 1, 9, 7)] == [
        0,
        1,
        1,
        None,
        0,
        *[None] * 2,
    ]
    assert texts(timeline) == ["m1", "m5", "m7", "m9"]
    assert timeline.last_id == 9


def test_what_passes_stays_behind_the_line_it_came_after() -> None:
    timeline = Timeline()
    timeline.last_id = 7  # as OK JOIN says
    timeline.add(passing(timeline, "came", 8))
    timeline.put(stored(timeline, 8), old=False)
    timeline.add(passing(timeline, "left", 9))
    for id_ in (3, 7, 9):
        timeline.put(stored(timeline, id_), old=id_ != 9)
    assert texts(timeline) == ["m3", "m7", "came", "m8", "left", "m9"]


def test_what_is_told_later_goes_before_what_passed_after_it_was_said() -> None:
    timeline = Timeline()
    timeline.put(stored(timeline, 1, 10), old=False)
    timeline.add(passing(timeline, "lost", 20))
    timeline.add(passing(timeline, "back", 40))
    assert timeline.put(stored(timeline, 2, 30), old=True) == 2
    assert timeline.put(stored(timeline, 3, 50), old=True) == 4
    assert texts(timeline) == ["m1", "lost", "m2", "back", "m3"]


def test_what_is_said_now_goes_to_the_end_whatever_the_clocks_say() -> None:
    timeline = Timeline()
    timeline.add(passing(timeline, "note", 1_000_000))
    timeline.put(stored(timeline, 1, 5), old=False)
    assert texts(timeline) == ["note", "m1"]


def test_a_bar_holds_what_is_after_it_and_stands_once() -> None:
    timeline = Timeline()
    for id_ in (1, 2, 30):
        timeline.put(stored(timeline, id_), old=True)
    timeline.add(passing(timeline, "note", 99))
    assert timeline.bar(passing(timeline, "gap", 99), 2) == 2
    assert timeline.bar(passing(timeline, "gap", 99), 2) is None
    timeline.put(stored(timeline, 20), old=True)
    assert texts(timeline) == ["m1", "m2", "gap", "m20", "m30", "note"]


def test_a_run_of_ids_begins_behind_the_one_before() -> None:
    timeline = Timeline()
    timeline.put(stored(timeline, 50), old=False)
    timeline.begin_run()
    timeline.bar(passing(timeline, "anew", 60), 0)
    timeline.add(passing(timeline, "note", 60))
    timeline.put(stored(timeline, 2, 70), old=True)
    timeline.put(stored(timeline, 1, 55), old=True)
    timeline.put(stored(timeline, 50, 80), old=True)
    assert texts(timeline) == ["m50", "anew", "m1", "note", "m2", "m50"]


def test_what_waits_stands_at_the_end_in_the_order_said() -> None:
    timeline = Timeline()
    first = passing(timeline, "first")
    second = passing(timeline, "second")
    assert [timeline.wait(first), timeline.wait(second)] == [0, 1]
    timeline.put(stored(timeline, 1), old=False)
    timeline.add(passing(timeline, "note"))
    assert texts(timeline) == ["m1", "note", "first", "second"]
    assert timeline.take_waiting(first.serial) == (first, 2)
    with pytest.raises(KeyError):
        timeline.take_waiting(first.serial)
    assert texts(timeline) == ["m1", "note", "second"]


def test_the_oldest_are_dropped_together_and_what_waits_stays() -> None:
    timeline = Timeline(limit=100)
    timeline.wait(passing(timeline, "waits"))
    dropped = []
    for id_ in range(1, 207):
        timeline.put(stored(timeline, id_), old=False)
        dropped.append(timeline.trim())
    assert sorted(set(dropped)) == [0, 6]
    assert len(timeline.lines) <= 105
    assert texts(timeline)[-2:] == ["m206", "waits"]
    assert timeline.full


def test_where_a_fold_begins_is_known_without_looking_back() -> None:
    timeline = Timeline()
    timeline.put(stored(timeline, 1), old=False)
    for _ in range(25):
        timeline.add(passing(timeline, "", 50, Kind.JOINED))
    assert [timeline.fold_start(i) for i in (0, 1, 10, 25)] == [0, 1, 1, 1]
    assert [timeline.fold_end(i) for i in (0, 1, 10, 25)] == [1, 26, 26, 26]
    timeline.put(stored(timeline, 2, 40), old=True)
    assert [timeline.fold_start(i) for i in (1, 2, 11, 26)] == [1, 2, 2, 2]
    assert timeline.folding(26) == (25, 25, 0)


def test_a_line_in_the_midst_of_a_fold_makes_two_of_it() -> None:
    timeline = Timeline()
    timeline.put(stored(timeline, 1), old=False)
    for time in range(10, 16):
        timeline.add(passing(timeline, "", time, Kind.JOINED))
    assert timeline.put(stored(timeline, 2, 12), old=True) == 4
    assert [timeline.fold_start(i) for i in range(8)] == [0, 1, 1, 1, 4, 5, 5, 5]
    assert [timeline.fold_end(i) for i in range(8)] == [1, 4, 4, 4, 5, 8, 8, 8]


STEPS = st.lists(
    st.tuples(st.just("put"), st.integers(1, 30), st.booleans(), st.integers(0, 40))
    | st.tuples(
        st.sampled_from(["add", "fold", "wait", "take", "run", "trim"]), st.just(0), st.booleans(), st.integers(0, 40)
    )
    | st.tuples(st.just("bar"), st.integers(0, 30), st.booleans(), st.just(5)),
    max_size=80,
)


@given(STEPS)
def test_whatever_comes_each_id_stands_once_and_in_order(steps: list[tuple[str, int, bool, int]]) -> None:
    timeline = Timeline(limit=20)
    waiting: list[Line] = []
    for step, id_, old, time in steps:
        size = len(timeline.lines)
        match step:
            case "put":
                index = timeline.put(stored(timeline, id_, time), old=old)
                assert (index is None) == (len(timeline.lines) == size)
                assert index is None or timeline.lines[index].id == id_
            case "add" | "fold":
                timeline.add(passing(timeline, "", time, Kind.JOINED if step == "fold" else Kind.NOTE))
            case "wait":
                waiting.append(passing(timeline, "waits", time))
                timeline.wait(waiting[-1])
            case "take" if waiting:
                assert timeline.take_waiting(waiting.pop(0).serial)[1] == size - len(waiting) - 1
            case "bar":
                timeline.bar(passing(timeline, "gap", time, Kind.GAP), id_)
            case "run":
                timeline.begin_run()
            case "trim":
                timeline.trim()
        lines = timeline.lines
        places = [timeline.place_of(i) for i in range(len(lines))]
        assert places == sorted(places)
        ids = [(line.run, line.id) for line in lines if line.id]
        assert ids == sorted(set(ids))
        assert [line.serial for line in lines[len(lines) - len(waiting) :]] == [line.serial for line in waiting]
        for i, line in enumerate(lines):
            assert timeline.index(line.serial, places[i]) == i
            start = timeline.fold_start(i)
            assert timeline.fold_end(start) > i
            assert all(each.kind is Kind.JOINED for each in lines[start : i + (i != start)])
            assert start == 0 or lines[i].kind is not Kind.JOINED or lines[start - 1].kind is not Kind.JOINED


@pytest.mark.parametrize("time", [0, 1, 999, 1_700_000_000_123])
def test_a_time_is_read_as_it_is_written(time: int) -> None:
    assert time_of({"time": timestamp(time)}) == time


@pytest.mark.parametrize(
    "value", ["", "x", "2026-02-30T00:00:00.000Z", "9999-12-31T23:59:59.999Z", "1969-12-31T00:00:00.000Z"]
)
def test_what_is_no_time_is_none(value: str) -> None:
    assert time_of({"time": value}) is None
    assert time_of({}) is None


@pytest.mark.parametrize(
    ("value", "id_"),
    [("1", 1), (str(2**63 - 1), 2**63 - 1), (str(2**63), 0), ("-1", 0), ("x", 0), ("٣", 0), ("9" * 64, 0)],
)
def test_an_id_is_a_number_that_the_server_can_mean(value: str, id_: int) -> None:
    assert id_of({"id": value}) == id_
    assert id_of({}) == 0


def test_a_line_is_told_in_a_sentence() -> None:
    def told(kind: Kind, text: str = "") -> str:
        return describe(Line(1, kind, 0, "bob", text))

    assert told(Kind.JOINED) == "bob joined"
    assert told(Kind.PARTED) == "bob left"
    assert told(Kind.PARTED, "lunch") == "bob left: lunch"
    assert told(Kind.RENAMED, "rob") == "bob is now rob"
    assert told(Kind.TOPIC, "tea") == "bob set the topic: tea"
    assert told(Kind.SAID, "hi") == "hi"
