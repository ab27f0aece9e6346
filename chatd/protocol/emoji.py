"""What a reaction may be: one emoji or sign, as one sees it, or ``+1`` or ``-1``."""

from __future__ import annotations

from chatd.protocol.unicode_tables import tables

MAX_BYTES = 32
_WORDS = frozenset({"+1", "-1"})
_JOINER = "\u200d"
_KEYCAP = "\u20e3"
_FIRST_SIGN = 0xA9
"""Of what is below there are signs on every keyboard, which are part of the grammar of lines, and no emoji."""
_EMOJI_FROM = 0x1F000
_WRITTEN = frozenset((0x2139, 0x24C2, 0x1F170, 0x1F171, 0x1F17E, 0x1F17F))
"""Emoji that Unicode counts among letters and numbers: information, and the letters of blood groups."""


def is_emoji(word: str) -> bool:
    """Return whether a word may be a reaction.

    It is one sign with its modifiers (UTS #51, section 1.4.9), several that are joined to one, a flag, a keycap, or
    ``+1`` or ``-1``; it has no letter and no control character, and at most `MAX_BYTES` bytes.
    """
    if word in _WORDS:
        return True
    if not word or len(word.encode()) > MAX_BYTES:
        return False
    if word[0] in "0123456789#*":
        return word[1:] in (_KEYCAP, "\ufe0f" + _KEYCAP)
    if len(word) == 2 and all("\U0001f1e6" <= each <= "\U0001f1ff" for each in word):
        return True
    return all(map(_is_sign, word.split(_JOINER)))


def _is_sign(part: str) -> bool:
    """Return whether a text is one sign, with what changes its color or form."""
    return bool(part) and _is_base(part[0]) and all(map(_modifies, part[1:]))


def _is_base(character: str) -> bool:
    point = ord(character)
    if 0x1F1E6 <= point <= 0x1F1FF:  # one half of a flag
        return False
    if point < _FIRST_SIGN or 0xE000 <= point <= 0xF8FF or point >= 0xE0000:
        return False
    known = tables()
    if character in known.letters or character in known.marks or character in known.numbers:
        return point in _WRITTEN
    # What this Python does not know yet is taken, where emoji are: clients have newer ones than servers.
    return (character.isprintable() and not character.isspace()) or point > _EMOJI_FROM


def _modifies(character: str) -> bool:
    return (
        character in "\ufe0e\ufe0f"
        or "\U0001f3fb" <= character <= "\U0001f3ff"
        or "\U000e0020" <= character <= "\U000e007f"
    )
