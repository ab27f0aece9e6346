"""Brings a SQLite file up to the newest version of its schema."""

from __future__ import annotations

import re
import sqlite3


def upgrade(db: sqlite3.Connection, script: str) -> None:
    """Apply those versions of a schema, each in a transaction of its own, that the file does not have yet.

    ``script`` has a line ``-- version N`` before each.
    """
    has: int = db.execute("PRAGMA user_version").fetchone()[0]
    steps = versions(script)
    for number in sorted(number for number in steps if number > has):
        try:
            db.executescript(f"BEGIN IMMEDIATE; {steps[number]}; PRAGMA user_version = {number}; COMMIT")
        except sqlite3.Error:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise


def versions(script: str) -> dict[int, str]:
    """Return the statements of a schema by version."""
    _, *parts = re.split(r"^-- version (\d+)$", script, flags=re.MULTILINE)
    return {int(number): statements for number, statements in zip(parts[::2], parts[1::2], strict=True)}
