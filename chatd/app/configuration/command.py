"""``chatd config``: which options hold and where each comes from, or a file to begin with."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from chatd.app.configuration.writing import default_file, effective_file
from chatd.app.options import ReadOptions

USAGE = """\
Usage: chatd config [--default] [options of the daemon]

Prints, as TOML, what holds for a daemon with these options, this environment and this --config, each value with the
place where it was given. With --default it prints a file to begin with instead, with every option in a comment."""


def main(arguments: Sequence[str]) -> None:
    """Do what the arguments after ``chatd config`` say. Raise `SystemExit`, with one line if something is wrong."""
    if {"--help", "-h"} & set(arguments):
        print(USAGE)
        return
    options = ReadOptions()
    if "--default" in arguments:
        if len(arguments) > 1:
            raise SystemExit("chatd: chatd config --default takes no other option: it says what holds without any")
        sys.stdout.write(default_file(options.settings))
        return
    options.parseOptions(arguments)
    sys.stdout.write(effective_file(options))
