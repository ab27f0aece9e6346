"""How far a session with a server is."""

from __future__ import annotations

from enum import Enum


class Stage(Enum):
    """How far one is with the server."""

    ARRIVING = "it has not let one in yet, and nothing else is sent before"
    PRESENT = "it has"
    RENAMING = "a NICK is on its way: what is said after it waits, because labels hold for one name"
