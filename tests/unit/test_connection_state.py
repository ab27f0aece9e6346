"""The table of a connection's states: where it can begin and where it ends."""

from __future__ import annotations

from itertools import permutations

import pytest

from chatd.edges.connection_state import TRANSITIONS, Event, State


@pytest.mark.parametrize(
    "events", list(permutations(Event)), ids=lambda events: "-".join(event.name for event in events)
)
def test_a_connection_that_is_lost_and_has_its_farewell_is_closed_and_not_before(events: tuple[Event, ...]) -> None:
    # Nothing is heard of the input of a connection that is lost.
    heard = [
        event for event in events if event is not Event.INPUT_ENDED or events.index(Event.LOST) > events.index(event)
    ]
    state, states = State.OPEN, []
    for event in heard:
        state = TRANSITIONS[state, event]
        states.append(state)
    assert states[-1] is State.CLOSED
    assert State.CLOSED not in states[:-1]
    assert State.OPEN not in states


def test_nothing_happens_to_what_is_closed_and_nothing_opens_again() -> None:
    assert not [state for state, _ in TRANSITIONS if state is State.CLOSED]
    assert State.OPEN not in TRANSITIONS.values()
    assert set(TRANSITIONS.values()) == set(State) - {State.OPEN}
