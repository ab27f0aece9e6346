"""The tables of one version of Unicode, by which all nodes judge names, whatever their Pythons know.

They are read when the first of them is asked for. `tools.make_unicode_tables` makes the file.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import NamedTuple

VERSION = "17.0.0"
"""The version of Unicode that the tables are made from, for those who do not need the tables."""


class Characters:
    """A set of characters that are many and stand together."""

    __slots__ = ("_firsts", "_lasts")

    def __init__(self, lines: Iterable[str]) -> None:
        points = [_points(line) for line in lines]
        self._firsts = [each[0] for each in points]
        self._lasts = [each[-1] for each in points]

    def __contains__(self, character: str) -> bool:
        at = bisect_right(self._firsts, ord(character)) - 1
        return at >= 0 and ord(character) <= self._lasts[at]

    def __str__(self) -> str:
        """Return the inside of a class of a regular expression."""
        return "".join(f"\\U{a:08x}-\\U{b:08x}" for a, b in zip(self._firsts, self._lasts, strict=True))


class Tables(NamedTuple):
    """The tables, by character. What a character maps to is a text; the keys of what `str.translate` takes are numbers.

    The syllables of Hangul, which are composed by rule, are in none of those for normal forms.
    """

    version: str
    letters: Characters
    marks: Characters
    numbers: Characters
    digits: Characters
    refused: Characters
    """The letters, marks and digits that are not of the IdentifierClass of PRECIS (RFC 8264, section 4.2).

    Those that it has by their context alone are not among them.
    """
    settled: Characters
    """Those below U+10000 that even the oldest Python knows.

    Normal forms and case folding never change for what is assigned (https://www.unicode.org/policies/).
    """
    bidi: Mapping[str, str]
    """The bidirectional class, if it is not L, of the other letters, marks and digits."""
    combining: Mapping[str, int]
    """The combining classes that are not 0."""
    canonical: Mapping[int, str]
    """What is left of a character when nothing more can be decomposed, for NFD and NFC."""
    compatible: Mapping[int, str]
    """The same for NFKD and NFKC."""
    composed: Mapping[str, str]
    """What two characters are composed to."""
    folded: Mapping[int, str]
    """Full case folding."""
    looks: Mapping[int, str]
    """What looks like a character: its prototype in UTS #39, section 4."""


def is_later(version: str) -> bool:
    """Return whether a version of Unicode, as ``16.0.0``, is later than that of the tables; an empty one is not."""
    return _number(version) > _number(VERSION)


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isascii() and part.isdigit())


@cache
def tables() -> Tables:
    """Return the tables; they are the same whenever they are asked for."""
    sections = _sections(files("chatd.protocol").joinpath("unicode_tables.txt").read_text("ascii"))
    canonical = dict(_mapping(sections["canonical"]))
    return Tables(
        version=sections["version"][0],
        letters=Characters(sections["letters"]),
        marks=Characters(sections["marks"]),
        numbers=Characters(sections["numbers"]),
        digits=Characters(sections["digits"]),
        refused=Characters(sections["refused"]),
        settled=Characters(sections["settled"]),
        bidi=dict(_classified(sections, "bidi ")),
        combining={character: int(value) for character, value in _classified(sections, "class ")},
        canonical=canonical,
        compatible=canonical | dict(_mapping(sections["compatible"])),
        composed={_text(pair): _text(to) for pair, _, to in (line.rpartition(" ") for line in sections["composed"])},
        folded=dict(_mapping(sections["folded"])),
        looks=dict(_mapping(sections["look"])),
    )


def _sections(text: str) -> dict[str, list[str]]:
    """Return the lines of each section; its name begins with a small letter, code points are in capital ones."""
    sections: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in text.splitlines():
        if line[0].islower():
            lines = sections[line] = []
        elif line[0] != "#":
            lines.append(line)
    return sections


def _classified(sections: Mapping[str, list[str]], prefix: str) -> Iterator[tuple[str, str]]:
    for name, lines in sections.items():
        if name.startswith(prefix):
            yield from ((chr(point), name.removeprefix(prefix)) for line in lines for point in _points(line))


def _points(line: str) -> range:
    first, _, more = line.partition("+")
    return range(int(first, 16), int(first, 16) + int(more or "0", 16) + 1)


def _mapping(lines: Iterable[str]) -> Iterator[tuple[int, str]]:
    for line in lines:
        points, _, to = line.partition(" ")
        if "+" in points:
            yield from zip(_points(points), map(chr, range(int(to, 16), 0x110000)), strict=False)
        else:
            yield int(points, 16), _text(to)


def _text(points: str) -> str:
    return "".join([chr(int(point, 16)) for point in points.split(" ")])
