"""``chatd drain``: stops the daemon so that a new one can take over."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from chatd.app.control_client import ask
from chatd.app.drain import DRAINED
from chatd.app.options import PlaceOptions


def main(arguments: Sequence[str]) -> None:
    """Have the daemon drain, tell how far it is, and return when it has ended. Raise `SystemExit` if it does not."""
    given = {name: value for name, value in vars(make_parser().parse_args(arguments)).items() if value is not None}
    read = PlaceOptions()
    read.parseOptions([f"--{name.replace('_', '-')}={value}" for name, value in given.items()])
    told: list[str] = []

    def tell(sentence: str) -> None:
        told.append(sentence)
        print(sentence, flush=True)

    try:
        ask(read.state_directory, "drain", tell)
    except ValueError as error:
        if told[-1:] != [DRAINED]:  # else it has ended, as it should
            raise SystemExit(f"chatd: {error}") from None


def make_parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    parser = argparse.ArgumentParser(
        prog="chatd drain",
        description="Stop the server so that a new one can take over: it accepts no new connections, answers and"
        " stores what it has read, and tells everybody when to come back. Return when it has stopped.",
    )
    parser.add_argument("-c", "--config", metavar="FILE", help="configuration of the server")
    about = "directory of the server (default: $STATE_DIRECTORY or the working directory)"
    parser.add_argument("--state-directory", metavar="DIR", help=about)
    return parser
