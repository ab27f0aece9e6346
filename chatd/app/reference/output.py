"""Output to a terminal or to another program, which may stop reading at any time."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager

MIN_WIDTH, DEFAULT_WIDTH, MAX_WIDTH = 40, 80, 120
"""Columns."""


def width() -> int:
    """Return how many columns there are to write in: those of the terminal or of ``$COLUMNS``, or else 80."""
    return max(MIN_WIDTH, min(MAX_WIDTH, shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns))


@contextmanager
def until_closed() -> Iterator[None]:
    """Write what is printed in the block; if whoever reads it has had enough, let the rest go without a word.

    Raise `SystemExit`, with one line for the user, if it cannot be written for another reason, such as a full disk.
    """
    try:
        try:
            yield
        finally:
            if sys.stdout is not None:
                sys.stdout.flush()
    except BrokenPipeError:
        _let_go()
    except OSError as error:
        if error.filename is not None or sys.stdout is None:
            raise
        _let_go()
        raise SystemExit(f"chatd: cannot write to standard output: {error.strerror}") from None


def _let_go() -> None:
    """Let go of what is left in the buffer, which would be written, in vain, when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
