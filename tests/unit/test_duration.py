"""Lengths of time."""

from __future__ import annotations

import pytest

from chatd.protocol.duration import MAX_SECONDS, seconds, written


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("1s", 1),
        ("90s", 90),
        ("15m", 900),
        ("12h", 43_200),
        ("30d", 2_592_000),
        ("2w", 1_209_600),
        ("10000w", MAX_SECONDS),
    ],
)
def test_lengths(text: str, length: int) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("length", [1, 59, 60, 90, 3600, 5400, 86400, 7 * 86400, 8 * 86400, MAX_SECONDS])
def test_a_length_is_written_as_it_is_read(length: int) -> None:
    assert seconds(written(length)) == length
    assert written(5400) == "90m"


@pytest.mark.parametrize(
    "text", ["", "5", "0d", "-1d", "1.5h", "1 d", "d", "10001w", "1D", "٣d", "9" * 5000 + "s", "1d\n"]
)
def test_what_is_no_length(text: str) -> None:
    with pytest.raises(ValueError, match="is not a duration; write 90s"):
        seconds(text)
