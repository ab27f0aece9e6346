"""Which ids a journal has given since which of its starts."""

from __future__ import annotations

import pytest

from chatd.journal.starts import Start, Starts

STARTS = [Start("b", 11), Start("c", 11), Start("d", 21)]


@pytest.mark.parametrize(
    ("epoch", "id_", "held"),
    [
        ("a", 0, True),
        ("a", 10, True),
        ("a", 11, False),  # given in the first start of the history that was lost
        ("a.b", 10, True),
        ("a.b", 11, False),  # that start gave nothing
        ("a.c", 20, True),
        ("a.c", 21, False),
        ("a.d", 21, True),
        ("a.d", 2**63 - 1, True),  # how far it has come is the room's to say
        ("a.e", 1, False),
        ("b", 1, False),
        ("", 0, False),
        (None, 0, False),
    ],
)
def test_what_was_told_under_an_epoch(epoch: str | None, id_: int, held: bool) -> None:
    starts = Starts("a", STARTS)
    assert starts.epoch == "a.d"
    assert starts.hold(epoch, id_) is held


def test_the_first_start_has_the_name_alone() -> None:
    starts = Starts("a", ())
    assert (starts.epoch, starts.hold("a", 5)) == ("a", True)
