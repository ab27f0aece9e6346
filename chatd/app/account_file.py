"""Which file of accounts a command is about."""

from __future__ import annotations

import argparse
from pathlib import Path

from chatd.accounts.store import beside
from chatd.journal.factory import DEFAULT_JOURNAL
from chatd.journal.sqlite.address import sqlite_path


def file_options() -> argparse.ArgumentParser:
    """Return the options that say so, as a parent of a command's parser."""
    file = argparse.ArgumentParser(add_help=False)
    file.add_argument("--accounts", type=Path, metavar="FILE", help="the accounts [default: beside the journal]")
    file.add_argument("-j", "--journal", default=DEFAULT_JOURNAL, help="the journal [default: %(default)s]")
    return file


def path_of(options: argparse.Namespace) -> Path:
    """Return the file that the options say. Raise `ValueError` if the journal is in no file."""
    given: Path | None = options.accounts
    return beside(sqlite_path(options.journal)) if given is None else given.resolve()
