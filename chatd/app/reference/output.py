"""Output to a terminal or to another program, which may stop reading at any time."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, cast

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
    stream = sys.stdout
    if stream is None:
        yield
        return
    watched = _Watched(stream)
    sys.stdout = cast(TextIO, watched)
    try:
        try:
            yield
        finally:
            if sys.stdout is cast(TextIO, watched):  # and not the log's
                sys.stdout = stream
                watched.flush()
    except OSError as error:
        if error is not watched.failure:
            raise
        _let_go(stream)
        if not isinstance(error, BrokenPipeError):
            raise SystemExit(f"chatd: cannot write to standard output: {error.strerror}") from None


class _Watched:
    """A stream that remembers why it could not be written to: what fails elsewhere may raise the same errors."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self.failure: OSError | None = None

    def write(self, text: str) -> int:
        """Write to the stream."""
        with self._noting():
            return self._stream.write(text)

    def flush(self) -> None:
        """Flush the stream."""
        with self._noting():
            self._stream.flush()

    @contextmanager
    def _noting(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.failure = error
            raise

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


def _let_go(stream: TextIO) -> None:
    """Let go of what is left in the buffer, which would be written, in vain, when Python ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
