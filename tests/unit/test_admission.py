"""Newcomers are told the true reason while nothing can be said."""

from __future__ import annotations

import pytest

from chatd.edges.admission import REFUSALS, Admission
from chatd.model.health import Health
from tests.support.in_memory_chat import InMemoryChat


@pytest.mark.parametrize("health", Health)
def test_newcomers_are_refused_where_others_can_serve_them_and_told_why(health: Health) -> None:
    chat = InMemoryChat()
    admission = Admission(chat.hub)
    assert admission.refusal(None) is None
    chat.hub.journal.health = health  # type: ignore[misc]
    if health in (Health.WORKING, Health.UNWRITABLE):
        assert admission.refusal(None) is None
    else:
        assert admission.refusal(None) == REFUSALS[health]


def test_each_reason_has_its_own_sentence() -> None:
    assert len(set(REFUSALS.values())) == len(REFUSALS)
