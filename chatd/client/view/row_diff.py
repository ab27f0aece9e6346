"""What changed between the rows that are drawn and those that are to be drawn."""

from __future__ import annotations

from collections.abc import Sequence

from chatd.client.model.folding import DayRow, FoldRow, LineRow, Row


def row_places(start: int, found: Sequence[Row]) -> list[int]:
    """Return of each row the index of its line, or of the line after it; ``start`` is that of the first."""
    places: list[int] = []
    following = start
    for row in reversed(found):
        if isinstance(row, LineRow | FoldRow):
            following = row.index
        places.append(following)
    return places[::-1]


def same_row(one: Row, other: Row) -> bool:
    """Return whether two rows look the same, wherever in the room they are."""
    if isinstance(one, LineRow):
        return isinstance(other, LineRow) and one.line is other.line
    if isinstance(one, FoldRow):
        return isinstance(other, FoldRow) and (one.key, one.text, one.unfolded) == (
            other.key, other.text, other.unfolded,
        )  # fmt: skip
    return type(one) is type(other) and (not isinstance(one, DayRow) or one == other)


def common_rows(one: Sequence[Row], other: Sequence[Row]) -> int:
    """Return how many rows are the same at the beginning."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if not same_row(left, right):
            break
        count += 1
    return count
