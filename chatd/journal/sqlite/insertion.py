"""Inserts many rows with few statements."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

ROWS_PER_INSERT = 64
"""A statement for so many rows costs the full-text index a fraction of what one for each does.

Fewer rows are cut into powers of two: a statement keeps the values that it was last given, and one for each number of
rows would keep many megabytes.
"""


def insert(db: sqlite3.Connection, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows of some columns."""
    for chunk in chunks(rows):
        db.execute(_insertion(table, columns, len(chunk)), [value for row in chunk for value in row])


def chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    """Cut rows into pieces that are worth a statement each, see `ROWS_PER_INSERT`."""
    start, size = 0, ROWS_PER_INSERT
    while start < len(rows):
        while size > len(rows) - start:
            size //= 2
        yield rows[start : start + size]
        start += size


@lru_cache
def _insertion(table: str, columns: tuple[str, ...], rows: int) -> str:
    values = "(" + ", ".join("?" * len(columns)) + ")"
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([values] * rows)}"
