"""What an IRC client says first: it reads no error of ours, and would come back forever."""

from __future__ import annotations

import re

NOT_IRC = "this port speaks the chatd line protocol, not IRC; use the IRC port (--irc), or nc or telnet here"

# NICK is a verb here as well, and PASS may be somebody's guess at LOGIN; one of these follows both.
_REGISTRATION = re.compile(rb"(?:CAP (?:LS|LIST|REQ|END)(?: |$)|USER(?: +[^ ]+){3} +[^ ])", re.IGNORECASE)


def is_irc(line: bytes) -> bool:
    """Return whether a line that is none of chatd's is one with which IRC clients begin."""
    return _REGISTRATION.match(line) is not None
