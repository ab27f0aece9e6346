"""What every journal promises: the same tests for each."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatd.chat.replay import MAX_MISSED
from chatd.journal import LABEL_SECONDS, Journal, Query, Retention, TooMuchError
from chatd.journal.factory import from_string
from chatd.journal.read_markers import WRITE_SECONDS, Marker
from chatd.model.entry import Entry, StoredEvent, unavailable
from chatd.model.health import Health
from chatd.protocol.errors import Code
from chatd.protocol.events import Joined, Moderated, Said, TopicSet
from tests.support.cluster_journals import drive, event_loop
from tests.support.in_memory_chat import journal_environment
from tests.support.nats_servers import NatsServer, nats_server

T = TypeVar("T")
DAY = 24 * 60 * 60


class Kit:
    """A journal on a clock, what it has handed back, and the means to restart it."""

    first = 1
    """The id of what is stored first."""
    spent = 0
    """How many ids something costs that is not stored: passing by, or said before."""

    def __init__(self, description: str) -> None:
        self.clock = Clock()
        self.clock.advance(1_000_000.5)
        self.description = description
        self.retention = Retention()
        self.batches: list[list[Entry]] = []

    def open(self, retention: Retention | None = None) -> Journal:
        self.journal = from_string(self.description, journal_environment(self.clock, retention))
        self.journal.follow(lambda entries: self.batches.append(list(entries)))
        self.journal.start()
        return self.journal

    def close(self) -> None:
        result(self.journal.stop())

    def turn(self) -> None:
        while any(call.getTime() <= self.clock.seconds() for call in self.clock.getDelayedCalls()):
            self.clock.advance(0)

    def say(self, *texts: str, room: str = "#a", nick: str = "alice", label: str | None = None) -> list[Entry]:
        """Append messages, and return them as they came back."""
        entries = [Entry(room.lower(), Said(nick, room, text), None, label) for text in texts]
        for entry in entries:
            self.journal.append(entry)
        self.turn()
        return entries

    def write_markers(self) -> None:
        """Let markers be written that are due."""
        self.clock.advance(WRITE_SECONDS)
        self.drive(self.journal.markers.flush())

    def drive(self, until: Deferred[None]) -> None:
        """Let the time pass that something takes."""
        assert until.called

    def read(self, **wanted: object) -> list[StoredEvent]:
        """Return all pages of an answer."""
        query = Query(**{"room": "#a", **wanted})  # type: ignore[arg-type]
        kept: list[StoredEvent] = []
        while True:
            page = result(self.journal.read(query))
            kept += page.kept
            if not page.more:
                return kept
            query = replace(query, after=kept[-1].id, count=query.count - len(page.kept), newest=False)

    def search(self, *words: str, room: str = "#a", before: int = 2**62, count: int = 50) -> list[str]:
        return [kept.event.text or "" for kept in result(self.journal.search(room, words, before, count))]


def result(deferred: Deferred[T]) -> T:
    results: list[T] = []
    deferred.addCallback(results.append)
    return results[0]


def texts(kept: Sequence[StoredEvent]) -> list[str]:
    return [each.event.text or "" for each in kept]


class ClusterKit(Kit):
    """A journal on a real nats-server, by whose time it is what the kit's clock says."""

    first = 3
    spent = 1

    def __init__(self, description: str, loop: asyncio.AbstractEventLoop, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__(description)
        self.loop = loop
        monkeypatch.setattr("chatd.journal.jetstream.feed.stream_time", lambda _: int(self.clock.seconds() * 1000))
        monkeypatch.setattr("chatd.journal.jetstream.sameness.TIME_SLACK", inf)  # the stream has kept its own times

    def open(self, retention: Retention | None = None) -> Journal:
        journal = super().open(retention)
        drive(self.loop, lambda: journal.health is Health.WORKING, super().turn)
        self.batches.clear()
        return journal

    def close(self) -> None:
        stopped = self.journal.stop()
        self.drive(stopped)
        result(stopped)

    def turn(self) -> None:
        super().turn()
        while not (flushed := self.journal.flush()).called:
            self.drive(flushed)

    def drive(self, until: Deferred[None]) -> None:
        drive(self.loop, lambda: until.called, super().turn)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(params=["memory:", "sqlite:", "nats:"])
def kit(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Kit]:
    with ExitStack() as stack:
        if request.param == "nats:":
            server: NatsServer = request.getfixturevalue("server")
            where = f"{server.url}/{uuid4().hex}?index={tmp_path}/j.sqlite3"
            kit: Kit = ClusterKit(where, stack.enter_context(event_loop()), monkeypatch)
        else:
            kit = Kit(f"sqlite:{tmp_path}/j.sqlite3" if request.param == "sqlite:" else request.param)
        kit.open()
        yield kit
        kit.close()
        assert kit.clock.getDelayedCalls() == []


def test_a_turn_comes_back_as_one_batch_in_order(kit: Kit) -> None:
    said = [Said("alice", "#a", str(n)) for n in range(3)]
    for event in said:
        kit.journal.append(Entry("#a", event))
    assert kit.batches == []
    kit.turn()
    assert len(kit.batches) == 1 or kit.spent
    now = 1_000_000_500
    expected = [(kit.first + n, now, said[n]) for n in range(3)]
    assert [(e.id, e.time, e.event) for batch in kit.batches for e in batch] == expected


def test_passing_entries_keep_their_place_and_have_no_id(kit: Kit) -> None:
    for event in (Said("a", "#a", "x"), Joined("b", "#a"), TopicSet("a", "#a", "t")):
        kit.journal.append(Entry("#a", event))
    kit.turn()
    entries = [entry for batch in kit.batches for entry in batch]
    assert [entry.id for entry in entries] == [kit.first, 0, kit.first + kit.spent + 1]
    assert [entry.stored for entry in entries] == [True, False, True]


def test_what_a_follower_appends_is_a_later_batch(kit: Kit) -> None:
    sizes: list[int] = []

    def follow(entries: Sequence[Entry]) -> None:
        sizes.append(len(entries))
        if len(sizes) < 3:
            kit.journal.append(Entry("#a", Said("a", "#a", "again")))

    kit.journal.follow(follow)
    kit.say("x")
    assert sizes == [1, 1, 1]


def test_what_is_judged_not_to_count_is_not_stored_and_takes_no_label(kit: Kit) -> None:
    def judge(entries: Sequence[Entry]) -> int:
        for entry in entries:
            if isinstance(entry.event, Said) and entry.event.text == "no":
                entry.refused = unavailable()
        return len(entries)

    kit.journal.follow(lambda entries: kit.batches.append(list(entries)), judge)
    said = kit.say("yes", "no", label="1")
    (again,) = kit.say("else", label="2")
    assert [(entry.stored, entry.refused is None) for entry in said] == [(True, True), (False, False)]
    assert said[1].refused is not None
    assert said[1].refused.code is Code.UNAVAILABLE
    (refused,) = kit.say("no", label="3")
    (taken,) = kit.say("fresh", label="3")
    assert (refused.id, taken.stored, taken.duplicate) == (0, True, False)
    assert again.stored
    assert texts(kit.read()) == ["yes", "else", "fresh"]
    assert kit.search("no") == []


def test_a_judge_who_has_to_know_more_is_asked_again_when_that_was_handed_back(kit: Kit) -> None:
    seen: list[tuple[int, int]] = []
    handed: list[Entry] = []

    def judge(entries: Sequence[Entry]) -> int:
        seen.append((len(handed), len(entries)))
        return 1

    kit.journal.follow(handed.extend, judge)
    said = kit.say("1", "2", "3")
    assert handed == said
    assert [entry.stored for entry in said] == [True] * 3
    assert [before for before, _ in seen] == [0, 1, 2]
    assert texts(kit.read()) == ["1", "2", "3"]


def test_rooms_and_people_of_irc_have_what_is_theirs(kit: Kit) -> None:
    rooms = ("##c++", "#c++", "##", "#[a]", "#{a}", "#a|b", "#a^", "#a`", "#_")
    for room in rooms:
        kit.say(f"in {room}", room=room, nick="a\\b", label="x")
        ruled = [Moderated("BAN", "ann", room, subject) for subject in ("[bob]", "{bob}", "a\\b", "_")]
        rule(kit, *ruled, Moderated("UNBAN", "ann", room, "[BOB]"))
        kit.journal.markers.note(Marker("[bob]", 5, room, 7))
    kit.write_markers()
    for _ in range(2):
        for room in rooms:
            assert texts(kit.read(room=room, said_only=True)) == [f"in {room}"]
            room_state = kit.journal.room_state(room)
            assert room_state is not None
            assert (room_state.name, len(room_state.policy)) == (room, 3)
        assert kit.journal.markers.of("[bob]", 5) == dict.fromkeys(rooms, 7)
        assert kit.journal.markers.of("{bob}", 5) == {}
        if kit.description == "memory:":
            break
        kit.close()
        kit.open()


def test_flush_hands_back_all_that_was_appended(kit: Kit) -> None:
    kit.journal.append(Entry("#a", Said("a", "#a", "x")))
    flushed = kit.journal.flush()
    kit.turn()
    assert result(flushed) is None
    assert len(kit.batches) == 1
    assert result(kit.journal.flush()) is None


def test_a_room_stands_as_of_the_last_batch_handed_back(kit: Kit) -> None:
    assert kit.journal.room_state("#a") is None
    seen: list[object] = []
    kit.journal.follow(lambda _: seen.append(kit.journal.room_state("#a")))
    kit.say("x", room="#A")
    assert seen == [None]
    kit.journal.append(Entry("#a", TopicSet("alice", "#A", "news")))
    kit.turn()
    room_state = kit.journal.room_state("#a")
    assert room_state is not None
    assert (room_state.name, room_state.last_id, room_state.watermark) == ("#A", kit.first + 1, 0)
    assert room_state.topic == StoredEvent(kit.first + 1, 1_000_000_500, TopicSet("alice", "#A", "news"))


def set_topic(kit: Kit, text: str, room: str = "#a") -> int:
    entry = Entry(room, TopicSet("alice", room, text))
    kit.journal.append(entry)
    kit.turn()
    return entry.id


def test_a_room_of_which_nothing_but_topics_is_left_can_be_forgotten(kit: Kit) -> None:
    kit.say("kept", room="#b")
    set_topic(kit, "first")
    last = set_topic(kit, "second")
    assert kit.journal.known_rooms["#a"].bare
    assert not kit.journal.known_rooms["#b"].bare
    kit.journal.forget({"#a": last})
    kit.turn()
    for _ in range(2):
        assert list(kit.journal.known_rooms) == ["#b"]
        assert kit.journal.room_state("#a") is None
        assert kit.read() == []
        assert [kept.event.text for kept in kit.read(room="#b")] == ["kept"] or kit.description == "memory:"
        if kit.description == "memory:":
            break
        kit.close()
        kit.open()
        kit.turn()
    assert set_topic(kit, "third") > last


def test_what_came_after_it_is_not_forgotten(kit: Kit) -> None:
    first = set_topic(kit, "first")
    second = set_topic(kit, "second")
    kit.journal.forget({"#a": first})
    kit.turn()
    room_state = kit.journal.room_state("#a")
    assert room_state is not None
    assert room_state.topic is not None
    assert room_state.topic.id == second
    assert [kept.id for kept in kit.read()] == [second]


def test_a_follower_forgets_what_it_has_just_been_told(kit: Kit) -> None:
    def forget(entries: Sequence[Entry]) -> None:
        kit.journal.forget({entry.room: entry.id for entry in entries if type(entry.event) is TopicSet})

    kit.journal.follow(forget)
    set_topic(kit, "first")
    assert kit.journal.room_state("#a") is None
    assert kit.read() == []


def test_what_was_said_can_be_read(kit: Kit) -> None:
    kit.say(*"123456")
    kit.say("elsewhere", room="#b")
    kit.journal.append(Entry("#a", TopicSet("alice", "#a", "t")))
    kit.turn()
    first = kit.first
    assert kit.read()[0] == StoredEvent(first, 1_000_000_500, Said("alice", "#a", "1"))
    assert texts(kit.read()) == [*"123456", "t"]
    assert texts(kit.read(said_only=True)) == [*"123456"]
    assert texts(kit.read(after=first + 1, before=first + 4)) == [*"34"]
    assert texts(kit.read(after=first + 1, count=2)) == [*"34"]
    assert texts(kit.read(count=2, newest=True)) == ["6", "t"]
    assert texts(kit.read(count=2, newest=True, said_only=True)) == [*"56"]
    assert texts(kit.read(before=first + 3, count=2, newest=True)) == [*"23"]
    assert kit.read(room="#nowhere") == []


def test_a_page_says_what_the_count_left_out(kit: Kit) -> None:
    kit.say(*"1234")
    for after, count, skipped in ((0, 4, False), (0, 3, True), (1, 3, False), (1, 2, True), (4, 1, False)):
        page = result(kit.journal.read(Query("#a", after and kit.first + after - 1, count=count, newest=True)))
        assert page.skipped is skipped
        assert len(page.kept) == min(count, 4 - after)


def test_a_long_answer_comes_in_pages_that_can_be_held(kit: Kit) -> None:
    kit.say(*(f"{n} " + "x" * 2000 for n in range(600)))
    page = result(kit.journal.read(Query("#a")))
    assert page.more
    assert len(page.kept) < 600
    assert [text.split()[0] for text in texts(kit.read())] == [str(n) for n in range(600)]
    assert len(kit.read(count=599)) == 599


def test_as_much_as_a_resume_may_replay_is_kept(kit: Kit) -> None:
    kit.say(*map(str, range(MAX_MISSED)))
    assert len(kit.read()) == MAX_MISSED


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (["hello"], ["Hello wörld", "hello, HELLO there!"]),
        (["HELLO", "there"], ["hello, HELLO there!"]),
        (["there", "hello"], ["hello, HELLO there!"]),
        (["hell"], []),
        (["world"], ["Hello wörld"]),
        (["WÖRLD"], ["Hello wörld"]),
        (["foo-bar"], ["the foo-bar of it"]),
        (["bar-foo"], []),
        (["OR", "hello"], []),
        (["NOT"], []),
        (["hel*"], ["Hello wörld", "hello, HELLO there!"]),
        (["h*llo"], []),
        (['"hello'], ["Hello wörld", "hello, HELLO there!"]),
        (["text:hello"], []),
        (["!!!"], []),
        (["!!!", "there"], ["hello, HELLO there!"]),
        (["привет"], ["ПРИВЕТ всем"]),
        (["viet"], ["Vi\u1ec7t"]),
        (["vie\u0323\u0302t"], ["Vi\u1ec7t"]),
        (["0"], []),
    ],
)
def test_a_search_finds_whole_words_and_has_no_operators(kit: Kit, words: list[str], found: list[str]) -> None:
    kit.say("Hello wörld", "hello, HELLO there!", "the foo-bar of it", "ПРИВЕТ всем", "Vi\u1ec7t")
    kit.say("hello there world foo-bar bar-foo", room="#b")
    assert kit.search(*words) == found


def test_a_search_gives_the_newest_oldest_first(kit: Kit) -> None:
    kit.say(*(f"word {n}" for n in range(10)))
    kit.journal.append(Entry("#a", TopicSet("alice", "#a", "word of the day")))
    kit.turn()
    assert kit.search("word", count=2) == ["word 8", "word 9"]
    assert kit.search("word", before=kit.first + 2) == ["word 0", "word 1"]
    assert kit.search("word", room="#nowhere") == []


def test_the_same_under_the_same_label_is_stored_once(kit: Kit) -> None:
    (first,) = kit.say("hi", label="l1")
    kit.clock.advance(5)
    again, other = kit.say("hi", label="l1")[0], kit.say("ho", label="l1")[0]
    assert (again.id, again.time, again.duplicate, again.stored) == (first.id, first.time, True, False)
    assert other.refused is not None
    assert (other.refused.code, other.stored) == (Code.LABEL_REUSED, False)
    assert texts(kit.read()) == ["hi"]


def test_a_label_is_its_senders_own_in_one_room(kit: Kit) -> None:
    kit.say("hi", label="l1")
    for nick, room, stored in (("bob", "#a", True), ("alice", "#b", True), ("ALICE", "#A", False)):
        (entry,) = kit.say("hi", nick=nick, room=room, label="l1")
        assert entry.stored is stored


def test_a_label_counts_within_a_batch(kit: Kit) -> None:
    first, again, other = kit.say("hi", "hi", "ho", label="l1")
    assert (first.stored, again.duplicate, again.id) == (True, True, first.id)
    assert other.refused is not None
    assert kit.say("next")[0].id == first.id + 2 * kit.spent + 1


def test_a_message_is_no_topic_under_the_same_label(kit: Kit) -> None:
    kit.say("hi", label="l1")
    topic = Entry("#a", TopicSet("alice", "#a", "hi"), None, "l1")
    kit.journal.append(topic)
    kit.turn()
    assert topic.refused is not None


def test_a_label_is_remembered_for_a_day_and_then_forgotten(kit: Kit) -> None:
    kit.say("hi", label="l1")
    kit.clock.advance(LABEL_SECONDS - 60)
    kit.turn()
    assert kit.say("hi", label="l1")[0].duplicate
    kit.clock.advance(200)
    kit.turn()
    kit.clock.advance(200)
    assert kit.say("hi", label="l1")[0].stored


@pytest.fixture
def pruned(kit: Kit) -> Callable[..., Kit]:
    def reopen(**retention: int) -> Kit:
        kit.close()
        kit.open(Retention(**retention))
        return kit

    return reopen


def trimmed(kit: Kit) -> None:
    for _ in range(30):
        kit.clock.advance(10)
        kit.turn()


def test_what_is_too_old_is_taken_away(pruned: Callable[..., Kit]) -> None:
    kit = pruned(seconds=DAY)
    kit.say(*(f"old {n}" for n in range(500)))
    kit.say("old", room="#b")
    last = kit.batches[-1][0].id
    kit.clock.advance(DAY - 1000)
    kit.say("new")
    assert len(kit.read()) == 501
    kit.clock.advance(1001)
    trimmed(kit)
    assert texts(kit.read()) == ["new"]
    assert kit.search("old") == []
    a, b = kit.journal.room_state("#a"), kit.journal.room_state("#b")
    assert a is not None and b is not None
    assert (a.watermark, b.watermark, b.last_id) == (last - 1, last, last)


def test_what_is_too_much_in_a_room_is_taken_away(pruned: Callable[..., Kit]) -> None:
    kit = pruned(messages=300)
    kit.say(*(f"word {n}" for n in range(1000)))
    kit.say("elsewhere", room="#b")
    trimmed(kit)
    assert texts(kit.read()) == [f"word {n}" for n in range(700, 1000)]
    assert texts(kit.read(room="#b")) == ["elsewhere"]
    assert kit.search("word", "699") == []
    room_state = kit.journal.room_state("#a")
    assert room_state is not None
    assert room_state.watermark == kit.read()[0].id - 1
    kit.say("one more")
    trimmed(kit)
    assert len(kit.read()) == 300


def test_a_topic_stays_when_its_entry_is_taken_away(pruned: Callable[..., Kit]) -> None:
    kit = pruned(messages=2)
    kit.journal.append(Entry("#a", TopicSet("alice", "#a", "news")))
    kit.say(*"123")
    trimmed(kit)
    assert texts(kit.read()) == ["2", "3"]
    room_state = kit.journal.room_state("#a")
    assert room_state is not None and room_state.topic is not None
    assert room_state.topic.event.text == "news"


def test_a_label_outlives_what_was_said(pruned: Callable[..., Kit]) -> None:
    kit = pruned(messages=1)
    (first,) = kit.say("hi", label="l1")
    kit.say("more")
    trimmed(kit)
    (again,) = kit.say("hi", label="l1")
    assert (again.duplicate, again.id) == (True, first.id)
    assert texts(kit.read()) == ["more"]


@pytest.mark.parametrize("description", ["tape:", "sqlite:", "memory:x", ""])
def test_a_journal_that_there_is_not_is_refused(description: str) -> None:
    with pytest.raises(ValueError, match=r"give sqlite:PATH, memory:"):
        from_string(description, journal_environment(Clock()))


def rule(kit: Kit, *events: Moderated, label: str | None = None) -> list[Entry]:
    entries = [Entry(event.room, event, None, label) for event in events]
    for entry in entries:
        kit.journal.append(entry)
    kit.turn()
    return entries


BAN = Moderated("BAN", "ann", "#a", "10.0.0.0/8", 3600, "spam, spam")


def test_rulings_are_kept_in_order_with_what_is_said(kit: Kit) -> None:
    kit.say("one")
    events = [BAN, Moderated("SET", "ann", "#a", "private=yes"), Moderated("KICK", "ann", "#a", "bob", None, "out")]
    assert [entry.id for entry in rule(kit, *events)] == [kit.first + n for n in (1, 2, 3)]
    kit.say("two")
    assert [kept.event for kept in kit.read()][1:4] == events
    assert texts(kit.read(said_only=True)) == ["one", "two"]


def test_a_room_stands_under_what_was_ruled(kit: Kit) -> None:
    rule(kit, BAN, Moderated("SET", "ann", "#a", "registered=yes"), Moderated("BAN", "ann", "#a", "bob"))
    rule(kit, Moderated("UNBAN", "ann", "#a", "Bob"), Moderated("MUTE", "root", "#*", "eve"))
    room_state, server = kit.journal.room_state("#a"), kit.journal.room_state("#*")
    assert room_state is not None
    assert server is not None
    assert sorted((ruling.id, ruling.event.verb) for ruling in room_state.policy) == [
        (kit.first, "BAN"),
        (kit.first + 1, "OP"),
        (kit.first + 1, "SET"),
    ]
    assert [ruling.event.subject for ruling in server.policy] == ["eve"]


def test_the_same_ruling_under_the_same_label_is_stored_once(kit: Kit) -> None:
    (first,) = rule(kit, BAN, label="x")
    (again,) = rule(kit, BAN, label="x")
    (other,) = rule(kit, Moderated("BAN", "ann", "#a", "bob"), label="x")
    assert (again.id, again.duplicate) == (first.id, True)
    assert other.refused is not None
    assert other.refused.code is Code.LABEL_REUSED


def test_what_holds_stays_when_its_entry_is_taken_away(pruned: Callable[..., Kit]) -> None:
    kit = pruned(messages=1)
    rule(kit, BAN)
    kit.say("one", "two")
    trimmed(kit)
    assert texts(kit.read()) == ["two"]
    room_state = kit.journal.room_state("#a")
    assert room_state is not None
    assert [ruling.event for ruling in room_state.policy] == [BAN]


def test_read_markers_only_rise_and_are_nothing_that_was_said(kit: Kit) -> None:
    markers = kit.journal.markers
    for marker in (Marker("alice", 5, "#a", 7), Marker("alice", 5, "alice bob", 9), Marker("alice", 5, "#a", 3)):
        markers.note(marker)
    kit.write_markers()
    assert markers.of("alice", 5) == {"#a": 7, "alice bob": 9}
    assert markers.of("alice", 6) == markers.of("bob", 5) == {}
    [first] = kit.say("hi")
    assert first.id == kit.first
    assert list(kit.journal.known_rooms) == ["#a"]


def test_read_markers_outlive_what_was_read_and_a_restart(pruned: Callable[..., Kit]) -> None:
    kit = pruned(seconds=DAY)
    [said] = kit.say("one")
    kit.journal.markers.note(Marker("alice", 5, "#a", said.id))
    kit.clock.advance(2 * DAY)
    trimmed(kit)
    assert kit.read() == []
    kit.journal.markers.note(Marker("alice", 5, "#b", said.id))  # and what is not written yet is when it is closed
    before = kit.journal
    kit.close()
    kit.open(Retention(seconds=DAY))
    kept = (before if kit.description == "memory:" else kit.journal).markers
    assert kept.of("alice", 5) == {"#a": said.id, "#b": said.id}


def test_the_numbers_say_what_waits_and_how_many_batches_were_stored(kit: Kit) -> None:
    before = dict(kit.journal.numbers.commits.at_most())[inf]
    kit.journal.append(Entry("#a", Said("alice", "#a", "hello")))
    assert kit.journal.numbers.waiting == 1
    kit.turn()
    numbers = kit.journal.numbers
    assert numbers.waiting == numbers.commits.failed == 0
    assert numbers.kind == kit.description.partition(":")[0]
    assert (dict(numbers.commits.at_most())[inf] > before) == (numbers.kind != "memory")
    assert numbers.size_bytes > 0
    assert (numbers.stream is not None) == (numbers.kind == "nats")
    if numbers.stream is not None:
        assert numbers.stream.connected and not numbers.stream.behind


def test_a_search_in_memory_that_takes_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.journal.memory_index.SEARCH_SECONDS", 0)
    monkeypatch.setattr("chatd.journal.memory_index._PROGRESS_STEPS", 10)
    kit = Kit("memory:")
    kit.open()
    kit.say(*(f"word {number}" for number in range(300)))
    failures: list[Failure] = []
    kit.journal.search("#a", ["word"], 2**62, 50).addErrback(failures.append)
    assert failures[0].check(TooMuchError)
    kit.close()
