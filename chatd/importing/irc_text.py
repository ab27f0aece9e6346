"""What IRC and terminals put into texts besides words, and what the names of log files say."""

from __future__ import annotations

import re
from pathlib import Path

_CODES = re.compile(
    r"\x03(?:\d{1,2}(?:,\d{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]"
)
"""Colours, bold, italic and so on of mIRC."""
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])?")
_MODES = "~&@%+!"
"""What IRC puts before the nick of an operator and the like."""
_ENDS = re.compile(r"(?:\.(?:weechatlog|log|txt|gz))+$|_\d{8}(?=\.log)|[._-]?\d{4}-\d{2}(?:-\d{2})?(?=\.)")
_CTCP = "\x01"
_ACTION = "\x01ACTION "


def plain(text: str) -> str:
    """Return a text without the codes of IRC and of terminals for colours and the like."""
    if text.isprintable():
        return text
    return _ESCAPES.sub("", _CODES.sub("", text))


def bare_nick(nick: str) -> str:
    """Return a nick without what shows its rank."""
    return nick.strip().lstrip(_MODES)


def ctcp_action(text: str) -> str | None:
    """Return what somebody does in a raw text; None if it is words."""
    return text.removeprefix(_ACTION).rstrip(_CTCP) if text.startswith(_ACTION) else None


def is_ctcp(text: str) -> bool:
    """Return whether a raw text is a question of one program to another."""
    return text.startswith(_CTCP)


def channel_of(path: Path) -> str | None:
    """Return the channel that a log is of by its name or those of its folders; None if they name none."""
    for part in reversed(path.parts):
        start = part.find("#")
        if start >= 0:
            return _ENDS.sub("", part[start:])
    return None
