"""The shapes of Arabic letters, which depend on their neighbours, as characters of their own.

Unicode has such characters for what does no shaping itself (Arabic Presentation Forms); which they are is in their
decompositions. Letters without them, as a few of Pashto and Uyghur's, stay as they are and are joined to none.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from functools import cache
from typing import NamedTuple

_LAM = "\u0644"
_JOINING = frozenset("\u0640\u200d")
"""Tatweel and the zero-width joiner: letters join to them on both sides."""
_BLOCKS = (range(0xFB50, 0xFBB2), range(0xFBD3, 0xFBEA), range(0xFBFC, 0xFC00), range(0xFE80, 0xFEFD))


class _Forms(NamedTuple):
    """What each letter, or lam with an alef, becomes: by ``isolated``, ``initial``, ``medial`` and ``final``."""

    letters: Mapping[str, Mapping[str, str]]
    ligatures: Mapping[str, Mapping[str, str]]


def shapes(text: str, has: Callable[[str], bool]) -> list[str]:
    """Return what is drawn for each character of a text. ``has`` is whether a shape can be drawn.

    Where it cannot, the letter is. What became a part of the character before it is an empty string.
    """
    forms = _forms()
    found = list(text)
    letters = [at for at, character in enumerate(text) if not _is_transparent(character)]
    joined = False
    skipped = False
    for number, at in enumerate(letters):
        if skipped:
            skipped = joined = False
            continue
        after = text[letters[number + 1]] if number + 1 < len(letters) else ""
        both = text[at] + after
        if (form := forms.ligatures.get(both, {}).get("final" if joined else "isolated")) and has(form):
            found[at], found[letters[number + 1]] = form, ""
            skipped = True
            continue
        goes_on = _joins(text[at], "initial") and _joins(after, "final")
        name = ("medial" if joined else "initial") if goes_on else ("final" if joined else "isolated")
        form = forms.letters.get(text[at], {}).get(name, text[at])
        if name != "isolated" and has(form):
            found[at] = form
        joined = goes_on
    return found


def _joins(character: str, form: str) -> bool:
    """Return whether a character is joined to the one after it (``initial``), or to the one before (``final``)."""
    return character in _JOINING or form in _forms().letters.get(character, ())


def _is_transparent(character: str) -> bool:
    """Return whether letters join across a character, as they do across marks."""
    return unicodedata.category(character) in ("Mn", "Me", "Cf") and character not in "\u200c\u200d"


@cache
def _forms() -> _Forms:
    letters: dict[str, dict[str, str]] = {}
    ligatures: dict[str, dict[str, str]] = {}
    for point in (point for block in _BLOCKS for point in block):
        tag, *points = unicodedata.decomposition(chr(point)).split() or [""]
        text = "".join(chr(int(each, 16)) for each in points)
        if len(text) == 1:
            letters.setdefault(text, {})[tag.strip("<>")] = chr(point)
        elif len(text) == 2 and text[0] == _LAM and point >= _BLOCKS[-1][0]:
            ligatures.setdefault(text, {})[tag.strip("<>")] = chr(point)
    return _Forms(letters, ligatures)
