"""The file of accounts that a command works on."""

from __future__ import annotations

import argparse
from pathlib import Path

from chatd.journal.sqlite.address import sqlite_path


def path_of(options: argparse.Namespace) -> Path:
    """Return the file that the options say, once they are settled. Raise `ValueError` if there is none."""
    found: Path | None = options.accounts
    if found is None:
        sqlite_path(options.journal)
        raise ValueError("there are no accounts beside that journal; give --accounts FILE here and to the server")
    return found
