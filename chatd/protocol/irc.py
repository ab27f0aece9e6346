"""What an IRC client says first: it reads no error of ours, and would come back for ever."""

from __future__ import annotations

import re

NOT_IRC = "this port speaks chatd's own lines and not IRC, which --irc opens on another; try nc, telnet or chatd-client"

# NICK is a verb here as well, and PASS may be somebody's guess at LOGIN; one of these follows both.
_REGISTRATION = re.compile(rb"(?:CAP (?:LS|LIST|REQ|END)(?: |$)|USER(?: +[^ ]+){3} +[^ ])", re.IGNORECASE)


def is_irc(line: bytes) -> bool:
    """Return whether a line that is none of chatd's is one with which IRC clients begin."""
    return _REGISTRATION.match(line) is not None
