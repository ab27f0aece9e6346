"""The way of what a node says to the stream: acknowledgements lost, late and doubled, and what becomes of order."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs, eventAsText

from chatd.journal.backlog import SOFT_LIMIT
from chatd.journal.jetstream.errors import ApiError, NatsError, NoRespondersError, RequestTimeoutError
from chatd.journal.jetstream.messages import Message, MessageId, Subjects, WriteProbe, decode
from chatd.journal.jetstream.outbox import (
    ABANDON_SECONDS,
    FULL,
    LAG_SECONDS,
    QUIET_SECONDS,
    RETRY_SECONDS,
    Outbox,
)
from chatd.journal.jetstream.send_queue import MAX_BATCH, MAX_BATCH_BYTES, is_of_node
from chatd.model.cluster import MemberInfo, NodeDown, NodeUp, Source
from chatd.model.entry import Entry
from chatd.protocol.errors import Code
from chatd.protocol.events import Joined, Said


class Stream:
    """A stream as JetStream keeps one: a batch is stored once, together, whatever becomes of its acknowledgement."""

    def __init__(self) -> None:
        self.stored: list[Message] = []
        self.calls: list[tuple[list[Message], Deferred[bool]]] = []
        self._known: set[str] = set()

    def publish(self, messages: Sequence[Message], attempt: int) -> Deferred[bool]:  # noqa: ARG002
        answer: Deferred[bool] = Deferred()
        self.calls.append((list(messages), answer))
        return answer

    def store(self, messages: Sequence[Message]) -> bool:
        """Store a batch; return whether it is new."""
        if str(messages[0].id) in self._known:
            return False
        self._known |= {str(message.id) for message in messages}
        self.stored += messages
        return True


class Kit:
    def __init__(self) -> None:
        self.clock = Clock()
        self.delivers = True
        self.stream = Stream()
        self.refused: list[Entry] = []
        self.outbox = Outbox(self.clock, self.stream, Subjects("chatd"), self.refused.extend, lambda: self.delivers)
        self.outbox.start_incarnation("r1", Entry("", NodeUp("r1"), source=Source("r1", None)))
        self.outbox.open()
        self.turn()
        self.answer()
        self.back: list[Entry | WriteProbe] = []
        self.read = 0
        self.highest: dict[str, int] = {}
        self.read_on()
        self.back.clear()

    def turn(self, seconds: float = 0) -> None:
        self.clock.advance(seconds)
        while any(call.getTime() <= self.clock.seconds() for call in self.clock.getDelayedCalls()):
            self.clock.advance(0)

    def answer(self, *, stored: bool = True) -> None:
        """Store what was sent last, and say so."""
        messages, answer = self.stream.calls.pop()
        new = self.stream.store(messages)
        answer.callback(new and stored)

    def fail(self, error: NatsError | None = None) -> None:
        self.stream.calls.pop()[1].errback(error or NatsError("no answer in time"))

    def say(self, *texts: str) -> list[Entry]:
        entries = [Entry("#a", Said("alice", "#a", text)) for text in texts]
        for entry in entries:
            self.outbox.enqueue(entry)
        self.turn()
        return entries

    def read_on(self) -> None:
        """Read what is in the stream, as a node does."""
        for message in self.stream.stored[self.read :]:
            own = self.outbox.resolve(message.id)
            run, order = message.id.incarnation, message.id.order
            if order > self.highest.get(run, -1):
                self.highest[run] = order
                decoded = decode(message.payload)
                self.back.append(own or (decoded.event if isinstance(decoded.event, WriteProbe) else decoded.entry()))
        self.read = len(self.stream.stored)


def texts(entries: Sequence[Entry | WriteProbe]) -> list[str]:
    return [each.event.text for each in entries if isinstance(each, Entry) and isinstance(each.event, Said)]


def test_what_is_said_while_a_batch_is_on_its_way_is_the_next() -> None:
    kit = Kit()
    first = kit.say("1", "2")
    second = kit.say("3", "4", "5")
    assert len(kit.stream.calls) == 1
    kit.answer()
    kit.turn()
    kit.answer()
    kit.read_on()
    assert kit.back == [*first, *second]
    assert [message.id for message in kit.stream.stored[1:]] == [
        MessageId("r1", n, at) for n, at in ((2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
    ]


def test_a_batch_is_bounded_by_its_messages_and_by_its_bytes() -> None:
    kit = Kit()
    kit.say(*map(str, range(MAX_BATCH + 1)))
    assert len(kit.stream.calls[-1][0]) == MAX_BATCH
    kit.answer()
    kit.turn()
    kit.answer()
    kit.say(*["x" * 4000] * 300)
    sent = kit.stream.calls[-1][0]
    assert MAX_BATCH_BYTES / 2 < sum(len(message.payload) for message in sent) < MAX_BATCH_BYTES + 5000


def test_the_same_batch_is_sent_again_until_it_is_stored() -> None:
    kit = Kit()
    said = kit.say("1", "2")
    sent = kit.stream.calls[-1][0]
    for _ in range(5):
        kit.fail()
        kit.turn(0.5)
        assert kit.stream.calls[-1][0] == sent
    kit.answer()
    kit.read_on()
    assert kit.back == said
    assert kit.refused == []


def test_a_batch_that_is_known_already_counts_only_once_it_was_read() -> None:
    kit = Kit()
    said = kit.say("1", "2")
    kit.stream.store(kit.stream.calls[-1][0])
    kit.answer()
    kit.say("3")
    assert kit.stream.calls == []
    kit.read_on()
    assert kit.back == said
    kit.turn()
    assert texts([decode(kit.stream.calls[-1][0][0].payload).entry()]) == ["3"]


def test_what_cannot_be_stored_is_refused_and_so_is_what_follows_at_once() -> None:
    kit = Kit()
    said = kit.say("1")
    waiting = kit.say("2")
    began = kit.clock.seconds()
    while not kit.refused:
        kit.fail()
        kit.turn(0.5)
    assert ABANDON_SECONDS - 1 <= kit.clock.seconds() - began <= ABANDON_SECONDS
    assert kit.refused == [*said, *waiting]
    assert {entry.refused.code for entry in kit.refused if entry.refused} == {Code.UNAVAILABLE}
    late = kit.say("3")
    assert kit.refused[2:] == late
    kit.turn(1)
    kit.answer()
    kit.read_on()
    kit.turn()
    assert [type(each) for each in kit.back] == [WriteProbe]
    again = kit.say("4")
    kit.answer()
    kit.read_on()
    assert kit.back[1:] == again
    assert len(kit.refused) == 3


def fail_until_given_up(kit: Kit, error: NatsError | None = None) -> None:
    end = kit.clock.seconds() + 2 * LAG_SECONDS + ABANDON_SECONDS
    while not kit.outbox.unavailable and kit.clock.seconds() < end:
        if kit.stream.calls:
            kit.fail(error)
        kit.turn(RETRY_SECONDS)


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (
            ApiError(10047, "insufficient storage resources available"),
            "the servers say: insufficient storage resources",
        ),
        (RequestTimeoutError("no answer in time"), "free some space and restart them;"),
        (NoRespondersError("there is nobody to answer"), "free some space and restart them all;"),
        (NatsError("there is no connection"), "there is no connection;"),
    ],
)
def test_the_log_says_why_nothing_is_stored(error: NatsError, why: str) -> None:
    kit = Kit()
    kit.say("1")
    with capturedLogs() as events:
        fail_until_given_up(kit, error)
    (said,) = [eventAsText(event, includeTimestamp=False) for event in events]
    assert "the cluster does not store messages: " in said
    assert why in said
    assert said.endswith("messages are refused until they can be stored again")


def test_what_is_stored_and_will_not_be_handed_back_is_refused_and_comes_from_elsewhere() -> None:
    kit = Kit()
    stored = kit.say("1")
    kit.answer()
    kit.turn()
    on_its_way = kit.say("2")
    waiting = kit.say("3")
    kit.delivers = False
    kit.outbox.refuse_sent()
    assert kit.refused == [*stored, *on_its_way, *waiting]
    late = kit.say("4")
    assert kit.refused[3:] == late
    assert not kit.outbox.unavailable
    kit.stream.store(kit.stream.calls[-1][0])
    kit.answer()  # that it is known already counts only once it is read
    kit.read_on()
    assert texts(kit.back) == ["1", "2"]
    assert not {id(each) for each in kit.back} & {id(each) for each in kit.refused}
    kit.delivers = True
    again = kit.say("5")
    kit.answer()
    kit.read_on()
    assert kit.back[2:] == again
    assert not kit.outbox.over_soft_limit


def test_in_silence_it_finds_out_whether_anything_can_be_stored() -> None:
    kit = Kit()
    kit.outbox.probe_if_quiet()
    kit.turn(QUIET_SECONDS - 1)
    kit.outbox.probe_if_quiet()
    kit.turn()
    assert not kit.stream.calls
    kit.turn(1)
    kit.outbox.probe_if_quiet()
    kit.turn()
    kit.outbox.probe_if_quiet()
    assert [type(decode(message.payload).event) for message in kit.stream.calls[-1][0]] == [WriteProbe]
    fail_until_given_up(kit)
    assert kit.outbox.unavailable


def test_when_something_else_cannot_be_stored_it_finds_out_whether_anything_can() -> None:
    kit = Kit()
    kit.outbox.probe()
    kit.turn()
    assert [type(decode(message.payload).event) for message in kit.stream.calls[-1][0]] == [WriteProbe]
    fail_until_given_up(kit)
    assert kit.outbox.unavailable
    kit.outbox.probe()
    kit.turn(RETRY_SECONDS)
    kit.answer()
    assert not kit.outbox.unavailable


def test_what_was_stored_and_is_not_back_when_something_later_is_given_up_is_refused_with_it() -> None:
    kit = Kit()
    first = kit.say("1")
    kit.answer()
    second = kit.say("2")
    fail_until_given_up(kit)
    assert kit.refused == [*first, *second]
    # It may still turn up, and is then an entry from elsewhere, once.
    kit.read_on()
    assert texts(kit.back) == ["1"]
    assert kit.back != first


def test_what_was_stored_and_does_not_come_back_is_refused_though_nobody_says_more() -> None:
    kit = Kit()
    said = kit.say("1")
    began = kit.clock.seconds()
    kit.answer()
    fail_until_given_up(kit)
    assert kit.refused == said
    assert kit.clock.seconds() - began <= ABANDON_SECONDS


def test_who_speaks_waits_no_longer_than_that_for_servers_that_do_not_answer_at_all() -> None:
    kit = Kit()
    said = kit.say("1")
    kit.turn(ABANDON_SECONDS - RETRY_SECONDS)
    assert kit.refused == []
    with capturedLogs() as events:
        kit.turn(RETRY_SECONDS)
    assert kit.refused == said
    assert "the servers did not confirm that it is stored; " in eventAsText(events[0])
    # What it was told in the end changes nothing.
    kit.answer()
    kit.turn()
    assert kit.outbox.unavailable


def test_who_speaks_behind_what_took_long_waits_no_longer_either() -> None:
    kit = Kit()
    first = kit.say("1")
    kit.turn(RETRY_SECONDS)
    second = kit.say("2")
    kit.turn(ABANDON_SECONDS - 2 * RETRY_SECONDS)
    kit.answer()
    kit.turn()
    kit.read_on()
    assert kit.back == first
    kit.turn(2 * RETRY_SECONDS)
    assert kit.refused == second


def test_what_is_late_leaves_time_enough_to_store_what_is_new() -> None:
    kit = Kit()
    late = kit.say("1")
    kit.answer()
    for _ in range(ABANDON_SECONDS):
        kit.turn(LAG_SECONDS)
        while kit.stream.calls:
            kit.answer()
    new = kit.say("2")
    kit.turn(LAG_SECONDS / 2)
    kit.answer()
    kit.read_on()
    assert kit.refused == []
    assert [each for each in kit.back if isinstance(each, Entry)] == [*late, *new]


def test_what_comes_back_late_is_not_refused_while_the_stream_can_store() -> None:
    kit = Kit()
    said = kit.say("1")
    kit.answer()
    for _ in range(3 * ABANDON_SECONDS):
        kit.turn(LAG_SECONDS)
        if kit.stream.calls:
            kit.answer()
    kit.read_on()
    assert kit.refused == []
    assert texts(kit.back) == ["1"]
    assert kit.back[0] is said[0]
    kit.turn(LAG_SECONDS)
    assert kit.clock.getDelayedCalls() == []
    assert kit.stream.calls == []


def test_what_was_given_up_and_lands_behind_something_later_counts_for_nobody() -> None:
    kit = Kit()
    kit.say("lost")
    late = kit.stream.calls[-1][0]
    while not kit.refused:
        kit.fail()
        kit.turn(0.5)
    kit.turn(1)
    kit.answer()
    kit.stream.store(late)
    kit.read_on()
    assert texts(kit.back) == []


def test_what_was_given_up_and_lands_before_anything_else_is_an_entry_from_elsewhere() -> None:
    kit = Kit()
    (lost,) = kit.say("lost")
    kit.stream.store(kit.stream.calls[-1][0])
    while not kit.refused:
        kit.fail()
        kit.turn(0.5)
    kit.read_on()
    assert texts(kit.back) == ["lost"]
    assert kit.back[0] is not lost


def test_what_the_stream_took_away_unread_is_refused() -> None:
    kit = Kit()
    said = kit.say("1", "2", "3")
    kit.answer()
    del kit.stream.stored[1:3]
    kit.read_on()
    assert kit.refused == said[:2]
    assert kit.back == said[2:]


def test_what_somebody_did_under_an_earlier_run_is_refused() -> None:
    kit = Kit()
    source = Source("r1", MemberInfo("r1.1", "alice"))
    join = Entry("#a", Joined("alice", "#a"), source=source)
    said = Entry("#a", Said("alice", "#a", "hi"), source=source)
    gone = Entry("", NodeDown("r7"), source=Source("r1", None))
    for entry in (join, said, gone):
        kit.outbox.enqueue(entry)
    kit.outbox.start_incarnation("r2", Entry("", NodeUp("r2"), source=Source("r2", None)))
    kit.turn()
    assert kit.refused == [join, said]
    decoded = [decode(message.payload) for message in kit.stream.calls[-1][0]]
    assert [(a.id.incarnation, a.event) for a in decoded] == [
        ("r2", NodeUp("r2")),
        ("r2", NodeDown("r7")),
    ]


def test_what_a_node_says_of_itself_is_said_again_after_it_was_given_up() -> None:
    kit = Kit()
    gone = Entry("", NodeDown("r7"), source=Source("r1", None))
    kit.outbox.enqueue(gone)
    kit.turn()
    while not kit.outbox.unavailable:
        kit.fail()
        kit.turn(0.5)
    kit.turn(1)
    kit.answer()
    kit.read_on()
    assert kit.back == [gone]
    assert kit.refused == []


def test_it_says_when_nobody_should_add_more() -> None:
    kit = Kit()
    assert not kit.outbox.over_soft_limit
    kit.say(*["x"] * SOFT_LIMIT)
    assert kit.outbox.over_soft_limit
    assert not kit.outbox.over_hard_limit
    kit.say(*["x"] * (FULL - SOFT_LIMIT))
    assert kit.outbox.over_hard_limit
    while kit.stream.calls:
        kit.answer()
        kit.read_on()
        kit.turn()
    assert not kit.outbox.over_soft_limit
    assert not kit.outbox.over_hard_limit


def test_nothing_is_left_when_it_stops() -> None:
    kit = Kit()
    said = kit.say("1") + kit.say("2")
    kit.outbox.stop()
    assert kit.refused == said
    assert kit.clock.getDelayedCalls() == []
    assert kit.say("3") == kit.refused[2:]


STEPS = st.lists(
    st.sampled_from(["say", "stored", "lost", "ack lost", "lands late", "read", "wait", "long wait", "begin"]),
    max_size=60,
)


@settings(max_examples=200, deadline=None)
@given(STEPS)
def test_nothing_is_lost_doubled_or_out_of_order_whatever_happens_on_the_way(steps: list[str]) -> None:
    kit = Kit()
    said: list[Entry] = []
    in_the_air: list[list[Message]] = []
    runs = 1
    for step in steps:
        match step:
            case "say":
                said += kit.say(f"{len(said)}", f"{len(said) + 1}")
            case "stored" if kit.stream.calls:
                kit.answer()
            case "lost" if kit.stream.calls:
                in_the_air.append(kit.stream.calls[-1][0])
                kit.fail()
            case "ack lost" if kit.stream.calls:
                kit.stream.store(kit.stream.calls[-1][0])
                kit.fail()
            case "lands late" if in_the_air:
                kit.stream.store(in_the_air.pop(0))
            case "read":
                kit.read_on()
            case "wait":
                kit.turn(0.5)
            case "long wait":
                kit.turn(ABANDON_SECONDS)
            case "begin" if runs < 4:
                runs += 1
                kit.read_on()
                kit.outbox.start_incarnation(f"r{runs}", Entry("", NodeUp(f"r{runs}"), source=Source(f"r{runs}", None)))
        kit.turn()
    for _ in range(100):
        kit.turn(1)
        if kit.stream.calls:
            kit.answer()
        kit.read_on()
    refused = set(map(id, kit.refused))
    stored = [entry for entry in kit.back if isinstance(entry, Entry) and not is_of_node(entry)]
    own = [entry for entry in stored if any(entry is each for each in said)]
    assert len(refused) == len(kit.refused)
    assert len(own) + len(refused) == len(said)
    assert not refused & set(map(id, own))
    assert own == [entry for entry in said if id(entry) not in refused]
    seen = [int(text) for text in texts(stored)]
    assert len(seen) == len(set(seen))
    if runs == 1:
        assert seen == sorted(seen)
    assert not kit.outbox.over_soft_limit


def test_a_payload_is_json_that_others_can_read() -> None:
    kit = Kit()
    kit.say("hé")
    fields = json.loads(kit.stream.calls[-1][0][0].payload)
    assert fields == {"from": "r1", "n": 2, "i": 0, "kind": "MSG", "nick": "alice", "room": "#a", "text": "hé"}
