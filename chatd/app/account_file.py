"""Which file of accounts a command is about."""

from __future__ import annotations

import argparse
from pathlib import Path

from chatd.journal.sqlite.address import sqlite_path


def path_of(options: argparse.Namespace) -> Path:
    """Return the file that the options say, once they are settled. Raise `ValueError` if there is none."""
    found: Path | None = options.accounts
    if found is None:
        sqlite_path(options.journal)
        raise ValueError("that journal has no accounts beside it; give --accounts FILE here and to the daemon")
    return found
