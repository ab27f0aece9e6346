"""``chatd reload``: makes the running daemon read its configuration again."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from chatd.app.control_client import ask
from chatd.app.options import PlaceOptions

ABOUT = """\
Make the running server read its configuration file and certificates again and apply the changes, without
disconnecting anybody. Print what has changed and what needs a restart. If something is wrong, nothing is changed and
the exit status is 1."""


def main(arguments: Sequence[str]) -> None:
    """Ask the daemon. Raise `SystemExit`, with one line if it could not be asked, or with its answer's status."""
    given = vars(make_parser().parse_args(arguments))
    options = PlaceOptions()
    words = [f"--{name.replace('_', '-')}={value}" for name, value in given.items() if value is not None]
    try:
        options.parseOptions(words)
    except SystemExit as stop:
        raise SystemExit(f"{stop.code}; nothing was changed") from None
    try:
        status = ask(options.state_directory, "reload", print)
    except ValueError as error:
        raise SystemExit(f"chatd: {error}") from None
    raise SystemExit(status)


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    parser = argparse.ArgumentParser(prog="chatd reload", description=ABOUT)
    parser.add_argument("-c", "--config", metavar="FILE", help="configuration of the server, which sets the rest")
    about = "directory of the server (default: $STATE_DIRECTORY or the working directory)"
    parser.add_argument("--state-directory", metavar="DIR", help=about)
    return parser
