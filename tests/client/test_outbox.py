"""What waits is kept as JSON; what is no such thing is passed over."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.client.model.outbox import Waiting, dump, load
from tests.client.test_settings import JSON

GOOD: dict[str, Any] = {"room": "#r", "text": "hi", "label": "a1", "time": 5, "sent": False}


def test_what_is_dumped_is_loaded() -> None:
    messages = [Waiting("#r", "hi", "a1", 5), Waiting("bob", "psst\t", "a2", 6, sent=True)]
    assert list(load(json.loads(json.dumps(dump(iter(messages)))))) == messages


@pytest.mark.parametrize(
    "change",
    [
        {"room": "bad name"},
        {"room": "#"},
        {"room": "\ud800"},
        {"room": None},
        {"text": ""},
        {"text": "x" * 9000},
        {"text": 5},
        {"label": ""},
        {"label": "a b"},
        {"label": "x" * 65},
        {"time": -1},
        {"time": 10**20},
        {"time": "now"},
        {"sent": 0},
    ],
)
def test_what_cannot_be_sent_is_not_loaded(change: dict[str, Any]) -> None:
    assert [each.label for each in load([GOOD | change, GOOD | {"label": "a2"}])] == ["a2"]


def test_a_label_is_loaded_once_and_controls_are_shown() -> None:
    assert list(load([GOOD | {"text": "a\nb\ud800"}, GOOD])) == [Waiting("#r", "a␊b\ufffd", "a1", 5)]


@given(JSON | st.lists(st.dictionaries(st.sampled_from(sorted(GOOD)), JSON | st.sampled_from(list(GOOD.values())))))
def test_whatever_is_in_the_file_nothing_is_raised(data: Any) -> None:
    for message in load(data):
        assert message.text
