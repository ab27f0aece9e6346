"""What an error says to the person at a terminal."""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from chatd.protocol.text import clean


def in_one_line(error: Exception) -> str:
    """Return what an error says, in one line; of one of the system its file, if any, and the reason."""
    text = str(error)
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        text = f"{os.fsdecode(error.filename)}: {error.strerror}"
    elif isinstance(error, OSError) and error.strerror:
        text = error.strerror
    return clean(" ".join(text.split()))


def of_sqlite(error: sqlite3.Error, path: Path | None, otherwise: str = "") -> str:
    """Return what an error of SQLite says about a file, and what to do where that is another user's.

    ``otherwise`` stands for the file if there is none.
    """
    text = f"{path or otherwise}: {error}"
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if path is None or code not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY) or not _is_closed_to_us(path):
        return text
    return f"{text}; run this as the user of the server, or as root"


def _is_closed_to_us(path: Path) -> bool:
    """Return whether this user may not write to a file or, where there is none, make one in its directory."""
    for there in (path, path.parent):
        try:
            there.stat()
        except PermissionError:  # one may not even see whether it is there
            return True
        except OSError:
            continue
        return not os.access(there, os.W_OK)
    return False
