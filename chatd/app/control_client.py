"""Requests of a command to the daemon, over the control socket."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from chatd.app.control import FILE, named
from chatd.protocol.text import clean, excerpt

SILENCE_SECONDS = 300
"""How long the daemon may say nothing; what takes long says how far it is."""
MAX_LINE = 10_000
"""How many characters of one line are read: whoever may write to the directory could have put a socket there."""


def ask(directory: Path, name: str, say: Callable[[str], None]) -> int:
    """Ask the daemon whose files are in a directory; ``say`` is told what it says. Return the exit status.

    Raise `ValueError`, with a sentence for the user, if there is none or if it ends in the middle.
    """
    path = directory / FILE
    with closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(SILENCE_SECONDS)
        _connect(connection, path)
        try:
            connection.sendall(name.encode() + b"\n")
            with connection.makefile(encoding="utf-8", errors="replace", newline="\n") as answer:
                while (line := answer.readline(MAX_LINE)).endswith("\n"):
                    word, _, rest = line.rstrip("\n").partition(" ")
                    if word == "END":
                        return _status(rest)
                    say(clean(rest))
        except OSError as error:
            raise ValueError(f"the server does not answer any more: {error}") from None
        if len(line) == MAX_LINE:
            raise ValueError(f"the program at {path} is not chatd: its answer has an endless line")
    raise ValueError("the server stopped before it answered; see its log")


def _connect(connection: socket.socket, path: Path) -> None:
    try:
        with named(path) as short:
            connection.connect(short)
    except PermissionError:
        whom = "the user of the server, or root"
        raise ValueError(f"cannot open {path}; run this as {whom}") from None
    except BlockingIOError:  # connect(2) of local sockets: their queue is full
        raise ValueError(f"the server at {path} is too busy or hangs; try again") from None
    except OSError:
        raise ValueError(
            f"no server listens at {path}; start it, or name its directory with --state-directory or --config"
        ) from None


def _status(text: str) -> int:
    try:
        return int(text)
    except ValueError:
        raise ValueError(
            f"unknown answer of the server, perhaps another version of chatd: {clean(excerpt(text))}"
        ) from None
