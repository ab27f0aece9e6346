"""Where the files of the daemon are that a command works on."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from chatd.app.configuration.layers import STATE_VARIABLE
from chatd.app.options import PlaceOptions
from chatd.journal.factory import DEFAULT_JOURNAL
from chatd.journal.sqlite.address import sqlite_path

_NAMES = ("config", "state_directory", "journal", "accounts", "hooks")


def where_options(*files: str) -> argparse.ArgumentParser:
    """Return the options that say so, as a parent of a command's parser: of ``accounts`` and ``hooks`` those named."""
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("-c", "--config", metavar="FILE", help="configuration of the server, which sets the rest")
    about = f"directory of the server (default: ${STATE_VARIABLE} or the working directory)"
    where.add_argument("--state-directory", metavar="DIR", help=about)
    where.add_argument("-j", "--journal", help=f"journal (default: {DEFAULT_JOURNAL})")
    for name in files:
        where.add_argument(f"--{name}", metavar="FILE", help=f"file of the {name} (default: beside the journal)")
    return where


def settle(options: argparse.Namespace, *, make: bool = False) -> None:
    """Put the daemon's own answers into ``options``: ``journal``, ``accounts``, ``hooks`` and ``audit``, by their
    whole paths.

    Raise `SystemExit`, with one line for the user, if the configuration is wrong or if nothing says where the files
    are, none is in the working directory and the command is not one to ``make`` them.
    """
    given = {name: value for name in _NAMES if (value := getattr(options, name, None)) is not None}
    read = PlaceOptions()
    read.parseOptions([f"--{name.replace('_', '-')}={value}" for name, value in given.items()])
    options.journal = read["journal"]
    options.accounts, options.hooks, options.audit = read.accounts_path, read.hooks_path, read.audit_path
    if not (read.given or make):
        _expect_files(read)


def _expect_files(read: PlaceOptions) -> None:
    files = (sqlite_path(read["journal"]), read.accounts_path, read.hooks_path)
    if not any(file is not None and file.exists() for file in files):
        raise SystemExit(
            f"chatd: no files of a server in {Path(os.path.abspath('.'))}; run this in the directory of the server,"
            " or name it with --state-directory or --config"
        )
