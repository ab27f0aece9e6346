"""Normalization (UAX #15) and case folding by the tables of `unicode_tables`: the same on every Python."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from chatd.protocol.unicode_tables import tables

_SYLLABLES, _LEADING, _VOWELS, _TRAILING = 0xAC00, 0x1100, 0x1161, 0x11A7
_SYLLABLE_COUNT, _LEADING_COUNT, _VOWEL_COUNT, _TRAILING_COUNT = 11172, 19, 21, 28
_HANGUL = re.compile("[\uac00-\ud7a3]")


def nfc(text: str) -> str:
    """Return a text in its canonical, composed form."""
    if _is_settled(text):
        return unicodedata.normalize("NFC", text)
    return _composed(_decomposed(text, tables().canonical))


def nfd(text: str) -> str:
    """Return a text in its canonical, decomposed form."""
    if _is_settled(text):
        return unicodedata.normalize("NFD", text)
    return _decomposed(text, tables().canonical)


def nfkc(text: str) -> str:
    """Return a text composed, with what stands for other characters replaced by those."""
    if _is_settled(text):
        return unicodedata.normalize("NFKC", text)
    return _composed(_decomposed(text, tables().compatible))


def casefold(text: str) -> str:
    """Return a text with its case folded, fully."""
    return text.casefold() if _is_settled(text) else text.translate(tables().folded)


def _is_settled(text: str) -> bool:
    """Return whether all Pythons agree about a text; they do what is done here in a fraction of the time."""
    return text.isascii() or _settled().fullmatch(text) is not None


@cache
def _settled() -> re.Pattern[str]:
    return re.compile(f"[{tables().settled}]*")


def _decomposed(text: str, mapping: Mapping[int, str]) -> str:
    marks, _ = _patterns()
    return marks.sub(_in_order, _HANGUL.sub(_jamo, text.translate(mapping)))


def _composed(text: str) -> str:
    _, joining = _patterns()
    return joining.sub(_put_together, text)


@cache
def _patterns() -> tuple[re.Pattern[str], re.Pattern[str]]:
    """Return what finds marks that may have to be put in order, and what may be composed with what is before it."""
    marks = set(tables().combining)
    joining = marks | {pair[1] for pair in tables().composed}
    joining |= {chr(_VOWELS + n) for n in range(_VOWEL_COUNT)} | {chr(_TRAILING + n) for n in range(1, _TRAILING_COUNT)}
    return re.compile(f"[{''.join(marks)}]{{2,}}"), re.compile(f"(?s:.)[{''.join(joining)}]+")


def _in_order(match: re.Match[str]) -> str:
    return "".join(sorted(match[0], key=tables().combining.__getitem__))


def _put_together(match: re.Match[str]) -> str:
    """Compose a starter with what follows it (The Unicode Standard, section 3.11, D117)."""
    combining = tables().combining
    done: list[str] = []
    starter, last = -1, 0
    for character in match[0]:
        value = combining.get(character, 0)
        blocked = starter < 0 or (len(done) - 1 > starter and last >= value)
        if not blocked and (whole := _pair(done[starter], character)) is not None:
            done[starter] = whole
            continue
        if value == 0:
            starter = len(done)
        last = value
        done.append(character)
    return "".join(done)


def _pair(first: str, second: str) -> str | None:
    """Return what two characters are composed to; for Hangul see The Unicode Standard, section 3.12."""
    leading, vowel = ord(first) - _LEADING, ord(second) - _VOWELS
    if 0 <= leading < _LEADING_COUNT and 0 <= vowel < _VOWEL_COUNT:
        return chr(_SYLLABLES + (leading * _VOWEL_COUNT + vowel) * _TRAILING_COUNT)
    syllable, trailing = ord(first) - _SYLLABLES, ord(second) - _TRAILING
    if 0 <= syllable < _SYLLABLE_COUNT and syllable % _TRAILING_COUNT == 0 and 0 < trailing < _TRAILING_COUNT:
        return chr(ord(first) + trailing)
    return tables().composed.get(first + second)


def _jamo(match: re.Match[str]) -> str:
    syllable, trailing = divmod(ord(match[0]) - _SYLLABLES, _TRAILING_COUNT)
    leading, vowel = divmod(syllable, _VOWEL_COUNT)
    return chr(_LEADING + leading) + chr(_VOWELS + vowel) + (chr(_TRAILING + trailing) if trailing else "")
