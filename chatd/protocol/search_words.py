"""What the full-text index is fed by, and what a word that is looked for is in the index's language (SQLite's FTS5).

The index takes text apart where there are spaces and punctuation, and Japanese, Chinese, Korean, Thai, Lao, Khmer and
Burmese have none between words or join them in ways that only a dictionary undoes. So each run of such characters is
fed as pairs that overlap, and its last character once more, 天気は as 天気 気は は: any part of it that has two or
more characters is a phrase of pairs, and one character is the beginning of a pair. A segmenter would have to cut a
word out of every sentence alike, and pieces of three characters find no word of two, which most words are.

What else is fed differs from the text in this: it is in NFKC, what is invisible is left out, and so are accents and
points of vowels, which some write and others do not. Other marks belong to their words, and SQLite takes them for
spaces: each is replaced by a character for private use, which it takes for a letter. ASCII is fed as it is.

`fed` must return the same forever and on every Python: what is deleted is found in the index by it. So nothing is
normalized but what all Pythons know, which Unicode has promised not to change.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from operator import add
from typing import NamedTuple

from chatd.protocol.normal_forms import nfkc
from chatd.protocol.search_tables import INVISIBLE, MARKS, MARKS_TOGETHER, OPTIONAL, TOGETHER
from chatd.protocol.unicode_tables import tables

MIN_PREFIX_CHARACTERS = 3
"""How many characters of a word must stand before a ``*``: with fewer, half of all that was said is looked at."""
CHARACTERS_PER_WORD = 4
"""How many characters that are written together cost as much as a word."""
PRIVATE = 0xF0000
"""What is added to a mark, so that SQLite takes it for a letter."""
_PRIVATE_TOGETHER = 0xFF000
"""What the first mark of what is written together becomes. They stand in a row, so that they are quickly looked for."""
_PLAIN = re.compile("[\0-\x7f\xab\xbb\xc0-\u024f\u0400-\u0482\u048a-\u052f\u2013\u2014\u2018-\u201e\u2026\u20ac]*")
"""What most texts that are not ASCII are made of, and of which nothing is replaced but by NFKC."""
_TOKEN = r"(?:[^\W_]|[\U000f0000-\U000ffffd])"
_MATHEMATICAL = r"\U0001d400-\U0001d6a5\U0001d6a8-\U0001d7cb\U0001d7ce-\U0001d7ff"
"""Letters and digits in the shapes of mathematics, which are used as ornaments. NFKC makes ordinary ones of them."""


class _Patterns(NamedTuple):
    invisible: re.Pattern[str]
    known: re.Pattern[str]
    """What every Python normalizes alike."""
    marks: re.Pattern[str]
    together: re.Pattern[str]


def fed(text: str) -> str:
    """Return what the index is fed for a text."""
    if text.isascii():
        return text
    spelled = _spelled(text)
    return spelled if _PLAIN.fullmatch(spelled) else _patterns().together.sub(_pairs, spelled)


def phrase(word: str) -> str | None:
    """Return the FTS5 expression for a word that is looked for; None if there is no letter or digit in it.

    The word is quoted, so that nothing in it is an operator, but for one ``*`` at its end, which stands for the rest of
    a word. https://www.sqlite.org/fts5.html#full_text_query_syntax
    """
    bare, is_prefix = _bare(word)
    spelled = _spelled(bare)
    if not _has_token(spelled):
        return None
    runs = [] if spelled.isascii() else [run.span() for run in _patterns().together.finditer(spelled)]
    if runs and not _has_token(spelled[runs[-1][1] :]):
        start, end = runs[-1]
        last = spelled[start:end]
        # Its last character is the first of a pair, or alone: which of them depends on what follows in the text.
        found = f"{_patterns().together.sub(_pairs, spelled[:start])} {' '.join(_overlapping(last)) or last}"
        return _quoted(found, is_prefix=len(last) == 1)
    return _quoted(_patterns().together.sub(_pairs, spelled) if runs else spelled, is_prefix=is_prefix)


def phrase_before(word: str) -> str | None:
    """Return the same for messages that were fed as they are written: those in a file that an older chatd made.

    Of what is written together it finds the beginning of a run.
    """
    bare, is_prefix = _bare(word)
    spelled = _spelled(bare)
    if not _has_token(spelled):
        return None
    return _quoted(bare, is_prefix=is_prefix or (not spelled.isascii() and are_together(spelled[-1])))


def is_short_prefix(word: str) -> bool:
    """Return whether a ``*`` stands behind too few characters of a word to be looked for."""
    bare, is_prefix = _bare(word)
    spelled = _spelled(bare)
    if not is_prefix or (spelled and are_together(spelled[-1])):
        return False
    tokens = re.findall(f"{_TOKEN}+", spelled)
    return not tokens or len(tokens[-1]) < MIN_PREFIX_CHARACTERS


def size(text: str) -> int:
    """Return how many words it costs to look for a text."""
    spelled = _spelled(text)
    words = 0
    if not spelled.isascii():
        words = sum(-(-len(run) // CHARACTERS_PER_WORD) for run in _patterns().together.findall(spelled))
        spelled = _patterns().together.sub(" ", spelled)
    return words + len(re.findall(f"{_TOKEN}+|_+", spelled))


def are_together(characters: str) -> bool:
    """Return whether there are characters, and all are of those that are written without spaces between words."""
    return not characters.isascii() and _patterns().together.fullmatch(_spelled(characters)) is not None


def _bare(word: str) -> tuple[str, bool]:
    """Return a word without the ``*`` at its end, and whether there was one, and no other."""
    is_prefix = word.endswith("*") and word.count("*") == 1
    return (word[:-1] if is_prefix else word), is_prefix


def _quoted(text: str, *, is_prefix: bool) -> str:
    quoted = '"' + text.replace('"', '""') + '"'
    return f"{quoted} *" if is_prefix else quoted


def _has_token(text: str) -> bool:
    if text.isascii():
        return any(map(str.isalnum, text))
    known = tables()
    return any(each in known.letters or each in known.numbers or ord(each) >= PRIVATE for each in text)


def _spelled(text: str) -> str:
    """Return a text as it is fed, but for what is written together."""
    if text.isascii():
        return text
    if _PLAIN.fullmatch(text):
        return nfkc(text)
    patterns = _patterns()
    return patterns.marks.sub(_marked, patterns.known.sub(_normal, patterns.invisible.sub("", text)))


def _normal(match: re.Match[str]) -> str:
    return nfkc(match[0])


def _marked(match: re.Match[str]) -> str:
    return match[0].translate(_replaced())


def _pairs(match: re.Match[str]) -> str:
    run = match[0]
    return f" {' '.join([*_overlapping(run), run[-1]])} "


def _overlapping(run: str) -> list[str]:
    return list(map(add, run, run[1:]))


@cache
def _patterns() -> _Patterns:
    return _Patterns(
        re.compile(f"[{_inside(INVISIBLE)}]"),
        re.compile(f"[{tables().settled}{_MATHEMATICAL}]+"),
        re.compile(f"[{_inside(OPTIONAL)}{_inside(MARKS)}{_inside(MARKS_TOGETHER)}]+"),
        re.compile(f"[{_inside(TOGETHER)}{chr(_PRIVATE_TOGETHER)}-{max(_together().values())}]+"),
    )


@cache
def _replaced() -> dict[int, str]:
    kept = {point: chr(point + PRIVATE) for point in _points(MARKS)}
    return kept | _together() | dict.fromkeys(_points(OPTIONAL), "")


def _together() -> dict[int, str]:
    return {point: chr(_PRIVATE_TOGETHER + number) for number, point in enumerate(_points(MARKS_TOGETHER))}


def _points(runs: tuple[tuple[int, int], ...]) -> Iterator[int]:
    return (point for first, last in runs for point in range(first, last + 1))


def _inside(runs: tuple[tuple[int, int], ...]) -> str:
    """Return the inside of a class of a regular expression."""
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in runs)
