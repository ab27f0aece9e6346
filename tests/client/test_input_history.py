"""Up and Down."""

from __future__ import annotations

from chatd.client.model.input_history import MAX_INPUTS, InputHistory


def test_up_and_down_go_through_what_was_typed_and_keep_the_draft() -> None:
    recall = InputHistory()
    assert recall.up("draft") == "draft"
    assert recall.down("draft") == "draft"
    for text in ("one", "two", "two", ""):
        recall.add_input(text)
    assert recall.up("draft") == "two"
    assert recall.up("two, changed") == "one"
    assert recall.up("one") == "one"
    assert recall.down("one") == "two"
    assert recall.down("two") == "draft"
    assert recall.down("draft") == "draft"


def test_sending_begins_at_the_newest_again() -> None:
    recall = InputHistory()
    recall.add_input("one")
    recall.add_input("two")
    recall.up("")
    recall.up("two")
    recall.add_input("three")
    assert recall.up("") == "three"
    assert recall.down("three") == ""


def test_so_much_is_kept_and_no_more() -> None:
    recall = InputHistory()
    for i in range(MAX_INPUTS + 10):
        recall.add_input(str(i))
    for _ in range(MAX_INPUTS + 10):
        oldest = recall.up("")
    assert oldest == "10"
