"""What an error says to the person at a terminal."""

from __future__ import annotations

import os

from chatd.protocol.text import clean


def in_one_line(error: Exception) -> str:
    """Return what an error says, in one line; of one of the system its file and the reason, without its number."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = f"{os.fsdecode(error.filename)}: {error.strerror}"
    return clean(" ".join(text.split()))
