"""What changed between the rows that are drawn and those that are to be drawn."""

from __future__ import annotations

from collections.abc import Sequence

from chatd.client.model.rows import DayRow, FoldRow, HeadRow, LineRow, OfLine, QuoteRow, ReactionsRow, Row

RowKey = tuple[object, ...]


def row_places(start: int, found: Sequence[Row]) -> list[int]:
    """Return of each row the index of its line, or of the line after it; ``start`` is that of the first."""
    places: list[int] = []
    following = start
    for row in reversed(found):
        if isinstance(row, OfLine | FoldRow):
            following = row.index
        places.append(following)
    return places[::-1]


def row_key(row: Row) -> RowKey:
    """Return what a row is called, wherever in the room it is and however it looks."""
    match row:
        case DayRow(date):
            return ("day", date)
        case HeadRow(_, line) | LineRow(_, line) | ReactionsRow(_, line):
            return (type(row), line.serial)
        case QuoteRow():
            return ("quote", row.serial)
        case FoldRow():
            return ("fold", row.key)
        case _:
            return ("unread",)


def same_row(one: Row, other: Row) -> bool:
    """Return whether two rows look the same, wherever in the room they are."""
    match one:
        case LineRow():
            return isinstance(other, LineRow) and one.line is other.line and one.shape is other.shape
        case HeadRow() | ReactionsRow():
            return type(one) is type(other) and one.line is other.line
        case FoldRow():
            return isinstance(other, FoldRow) and (one.key, one.text, one.unfolded) == (
                other.key, other.text, other.unfolded,
            )  # fmt: skip
        case QuoteRow():
            return isinstance(other, QuoteRow) and (one.serial, one.nick, one.text) == (
                other.serial, other.nick, other.text,
            )  # fmt: skip
        case _:
            return one == other


def common_rows(one: Sequence[Row], other: Sequence[Row]) -> int:
    """Return how many rows are the same at the beginning."""
    count = 0
    for left, right in zip(one, other, strict=False):
        if not same_row(left, right):
            break
        count += 1
    return count
