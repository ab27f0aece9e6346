"""``chatd config``: prints the options in effect and where each comes from, or a file to start from."""

from __future__ import annotations

from collections.abc import Sequence

from chatd.app.configuration.writing import default_file, effective_file
from chatd.app.options import ReadOptions

USAGE = """\
Usage: chatd config [--default] [options of the server]

Print, as TOML, the options in effect for these arguments, this environment and this --config, each with the
place where it was set. With --default, print a file to start from instead, with every option in a comment."""


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd config`` say. Raise `SystemExit`, with one line if something is wrong."""
    if {"--help", "-h"} & set(arguments):
        print(USAGE)
        return
    options = ReadOptions()
    if "--default" in arguments:
        if len(arguments) > 1:
            raise SystemExit("chatd: chatd config --default takes no other arguments; leave them out")
        print(default_file(options.settings), end="")
        return
    options.parseOptions(arguments)
    print(effective_file(options), end="")
