"""What is done to a line before it is read if it was typed where nothing edits lines: on a terminal in raw mode."""

from __future__ import annotations

import re
from typing import NamedTuple

from chatd.protocol.telnet import ERASE_CHARACTER, ERASE_LINE
from chatd.protocol.unicode_tables import tables

_TAKES_BACK = re.compile("[\b\x7f]")
_JOINER = "\u200d"
_MODIFIERS = ("\U0001f3fb", "\U0001f3ff")
"""The first and the last of those that give an emoji the color of its skin."""
# What xterm, the Linux console and PuTTY send for keys that are no characters: arrows, Home, Delete, F1 and the like,
# with Shift and Control. A program's sequences, those for colours say, are left for whoever cleans the text.
_KEYS = re.compile(
    "\x1b(?:"
    r"\[(?:1;[0-9]{1,2})?[A-FHPQRS]"
    r"|\[[0-9]{1,3}(?:;[0-9]{1,2})?~"
    r"|\[\[[A-E]|\[Z"
    "|O[A-HMPQRSj-y])"
)


class Edited(NamedTuple):
    """A line as it was meant."""

    line: bytes
    has_keys: bool
    """Whether keys were pressed that do nothing, such as the arrows."""


def edited(line: bytes) -> Edited:
    """Return what is left of a line when all is taken back that whoever typed it took back.

    BS, DEL and telnet's Erase Character take back the character before them with the marks on it, as a terminal
    shows it: one place. Telnet's Erase Line and Interrupt Process take back all before them. What a key without a
    character sends is removed. Bytes that are not UTF-8 are a character each; there may be any.
    """
    line = line.rpartition(ERASE_LINE.mark)[2].replace(ERASE_CHARACTER.mark, b"\x7f")
    text, keys = _KEYS.subn("", line.decode(errors="surrogateescape"))
    kept: list[str] = []
    position = 0
    for found in _TAKES_BACK.finditer(text):
        kept += text[position : found.start()]
        _take_back(kept)
        position = found.end()
    text = "".join(kept) + text[position:]
    return Edited(text.encode(errors="surrogateescape"), keys > 0)


def unedited(line: bytes) -> bytes:
    """Return a line in which nothing is taken back: without what telnet has asked for."""
    return line.replace(ERASE_LINE.mark, b"").replace(ERASE_CHARACTER.mark, b"")


def _take_back(characters: list[str]) -> None:
    """Remove the last character and the marks on it; of an emoji all that is joined to one."""
    while characters:
        last = characters.pop()
        if not (_is_joined(last) or characters[-1:] == [_JOINER]):
            return


def _is_joined(character: str) -> bool:
    if character.isascii():
        return False
    return character == _JOINER or _MODIFIERS[0] <= character <= _MODIFIERS[1] or character in tables().marks
