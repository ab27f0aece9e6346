"""What a command beside the daemon asks it for, over its own socket."""

from __future__ import annotations

import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from chatd.app.control import FILE, named

SILENCE_SECONDS = 300
"""How long the daemon may say nothing; what takes long says how far it is."""


def ask(directory: Path, name: str, say: Callable[[str], None]) -> int:
    """Ask the daemon whose files are in a directory; ``say`` is told what it says. Return the exit status.

    Raise `ValueError`, with a sentence for the user, if there is none or if it ends in the middle.
    """
    path = directory / FILE
    with closing(socket.socket(socket.AF_UNIX)) as connection:
        connection.settimeout(SILENCE_SECONDS)
        try:
            with named(path) as short:
                connection.connect(short)
        except PermissionError:
            whom = "the user whom the daemon runs as, or root"
            raise ValueError(f"{path} may not be opened: do this as {whom}") from None
        except OSError:
            raise ValueError(
                f"no daemon listens at {path}: it does not run, or its directory is another: name that with"
                " --state-directory or its --config"
            ) from None
        connection.sendall(name.encode() + b"\n")
        try:
            for line in connection.makefile(encoding="utf-8", errors="replace"):
                word, _, rest = line.rstrip("\n").partition(" ")
                if word == "END":
                    return int(rest)
                say(rest)
        except OSError as error:
            raise ValueError(f"the daemon does not answer any more: {error}") from None
    raise ValueError("the daemon ended before it had answered; its log says why")
