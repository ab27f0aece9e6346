"""State machines keep to their tables, and the log hears once of what goes on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum, auto

import pytest
from twisted.logger import Logger, capturedLogs

from chatd.journal.jetstream import inbox, journal_state, node_state, outbox_state
from chatd.journal.sqlite import journal as sqlite_journal
from chatd.runtime.states import Outage, StateMachine


class Light(Enum):
    RED = auto()
    GREEN = auto()


def test_a_state_follows_only_what_the_table_says() -> None:
    machine = StateMachine(Light.RED, {Light.RED: {Light.GREEN}, Light.GREEN: set()})
    machine.enter(Light.GREEN)
    assert machine.state is Light.GREEN
    with pytest.raises(RuntimeError, match=r"Light.RED cannot follow Light.GREEN"):
        machine.enter(Light.RED)


@pytest.mark.parametrize(
    "table",
    [
        inbox.TRANSITIONS,
        journal_state.TRANSITIONS,
        node_state.TRANSITIONS,
        outbox_state.TRANSITIONS,
        sqlite_journal.TRANSITIONS,
    ],
)
def test_a_table_names_every_state_and_reaches_it(table: Mapping[Enum, Collection[Enum]]) -> None:
    states = set(type(next(iter(table))))
    assert set(table) == states
    first = next(iter(table))
    assert {first}.union(*table.values()) == states


def test_an_outage_is_logged_when_it_begins_and_when_it_ends() -> None:
    outage = Outage(Logger(), "it fails", "it works again")
    with capturedLogs() as events:
        outage.ended()
        outage.began("the disk is full")
        outage.began("the disk is full")
        assert outage.active
        outage.ended()
        outage.ended()
    assert [event["what"] for event in events] == ["it fails", "it works again"]
    assert events[0]["why"] == "the disk is full"
