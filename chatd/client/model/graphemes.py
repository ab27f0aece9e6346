"""Where one thing that a reader takes for a character ends: an emoji with all its parts, a letter with its marks.

The rules are those of Unicode's annex 29 as far as the standard library's tables tell them; what is not in those (the
marks that come before a letter, conjuncts of Indic scripts) is cut as if it were apart.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

_JOINER = "\u200d"
_NON_JOINER = "\u200c"
_FIRST_EMOJI_BLOCK, _LAST_EMOJI_BLOCK = "\U0001f000", "\U0001faff"
_TONES = ("\U0001f3fb", "\U0001f3ff")
_TAGS = ("\U000e0020", "\U000e007f")
_FLAG_LETTERS = ("\U0001f1e6", "\U0001f1ff")


def clusters(text: str) -> Iterator[str]:
    """Yield the parts of a text that are each one character to a reader."""
    start = 0
    for at in range(1, len(text) + 1):
        if at == len(text) or _breaks(text, start, at):
            yield text[start:at]
            start = at


def last_cluster(text: str) -> str:
    """Return the one at the end of a text, nothing if there is none."""
    found = ""
    for found in clusters(text):  # noqa: B007  # the last one is wanted
        pass
    return found


def first_cluster(text: str) -> str:
    """Return the one at the beginning of a text, nothing if there is none."""
    return next(clusters(text), "")


def _breaks(text: str, start: int, at: int) -> bool:
    """Return whether a part ends before the character ``at``, the one that began at ``start``."""
    before, after = text[at - 1], text[at]
    if before == "\r" and after == "\n":
        return False
    if before < " " or after < " ":
        return True
    if _extends(after):
        return False
    if before == _JOINER and _is_pictograph(after):
        return not _is_pictograph(text[start])
    if _within(before, _FLAG_LETTERS) and _within(after, _FLAG_LETTERS):
        return (at - start) % 2 == 0
    return not _is_one_syllable(before, after)


def _extends(character: str) -> bool:
    if character < "\u0300":
        return False
    if character in (_JOINER, _NON_JOINER) or _within(character, _TONES) or _within(character, _TAGS):
        return True
    return unicodedata.category(character) in ("Mn", "Me", "Mc")


def _is_pictograph(character: str) -> bool:
    if _FIRST_EMOJI_BLOCK <= character <= _LAST_EMOJI_BLOCK:
        return not _within(character, _FLAG_LETTERS) and not _within(character, _TONES)
    return unicodedata.category(character) == "So"


def _within(character: str, bounds: tuple[str, str]) -> bool:
    return bounds[0] <= character <= bounds[1]


def _is_one_syllable(before: str, after: str) -> bool:
    """Return whether two parts of a Korean syllable belong together."""
    first, second = _hangul(before), _hangul(after)
    return second in {"L": ("L", "V", "LV", "LVT"), "LV": ("V", "T"), "V": ("V", "T"), "LVT": ("T",), "T": ("T",)}.get(
        first, ()
    )


def _hangul(character: str) -> str:
    if "\u1100" <= character <= "\u115f" or "\ua960" <= character <= "\ua97c":
        return "L"
    if "\u1160" <= character <= "\u11a7" or "\ud7b0" <= character <= "\ud7c6":
        return "V"
    if "\u11a8" <= character <= "\u11ff" or "\ud7cb" <= character <= "\ud7fb":
        return "T"
    if "\uac00" <= character <= "\ud7a3":
        return "LVT" if (ord(character) - 0xAC00) % 28 else "LV"
    return ""
