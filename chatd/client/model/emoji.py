"""Emoji by name: ``:smile:`` as people write it, and what there is to choose from."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from types import MappingProxyType

from chatd.client.model.emoji_table import COUNTRIES, EMOJI, GROUPS, SHORT, SIGNALS, TEXT_BY_DEFAULT

MAX_RECENT = 30
"""How many of those that were chosen last are kept."""
FLAGS = "Flags"
_AS_EMOJI = "\ufe0f"
_FLAG_LETTER_A = 0x1F1E6
_CODE_OR_ADDRESS = re.compile(r"(```.*?(?:```|\Z)|`[^`\n]*`|\S*://\S*)", re.DOTALL)
_NAMED = re.compile(r":([\w+-]{1,80}):")
_NAMES = re.compile(rf"(?<![\w:])(?:{_NAMED.pattern})+(?!:)")
_BEGUN = re.compile(r"(?<![\w:/])(:[A-Za-z0-9+][\w+-]+)\Z")


@cache
def groups() -> Mapping[str, tuple[str, ...]]:
    """Return all emoji by the groups they are shown in."""
    every = {chr(number) for number in _numbers(EMOJI)}
    signals = [chr(number) for number in _numbers(SIGNALS)]
    plain = {character for character in every if unicodedata.name(character, "")} - set(signals)
    found: dict[str, tuple[str, ...]] = {}
    for name, ranges in GROUPS:
        members = [character for number in _numbers(ranges) if (character := chr(number)) in plain]
        plain.difference_update(members)
        found[name] = tuple(_with_sign(character) for character in dict.fromkeys(members))
    found[FLAGS] = (*map(_with_sign, signals), *map(_flag, COUNTRIES.split()))
    return MappingProxyType(found)


@cache
def names() -> Mapping[str, str]:
    """Return all names, without colons, with the emoji that each means; what people say comes before what it is.

    Where people call one emoji by the name that Unicode gives another, that one has a 2 behind it.
    """
    found = dict(_short())
    for group in groups().values():
        for emoji in group:
            given = _given_name(emoji)
            found.setdefault(given if found.get(given, emoji) == emoji else f"{given}2", emoji)
    return MappingProxyType(found)


def name_of(emoji: str) -> str:
    """Return what an emoji is called, without colons."""
    given = _given_name(emoji)
    return _first_names().get(emoji) or (given if names().get(given, emoji) == emoji else f"{given}2")


def country_of(emoji: str) -> str:
    """Return the letters that a flag is made of, nothing for any other emoji."""
    if len(emoji) != 2 or emoji[1] == _AS_EMOJI:
        return ""
    return "".join(chr(ord(letter) - _FLAG_LETTER_A + ord("A")) for letter in emoji)


def find(part: str, most: int) -> list[tuple[str, str]]:
    """Return the emoji that a part of a name can mean, at most so many, each once, with the name that fits.

    Names that begin with it come first, those that people use before Unicode's.
    """
    wanted = _plain(part)
    whole = [(name, emoji) for name, emoji in names().items() if name == wanted]
    begin = [(name, emoji) for name, emoji in names().items() if name.startswith(wanted)]
    within = [(name, emoji) for name, emoji in names().items() if f"_{wanted}" in name]
    found: dict[str, str] = {}
    for name, emoji in (*whole, *begin, *within):
        found.setdefault(emoji, name)
        if len(found) == most:
            break
    return list(found.items())


def begun(before: str) -> str:
    """Return the part of a text before the cursor that begins a name, with its colon; nothing if there is none."""
    match = _BEGUN.search(before)
    return match[1] if match and "`" not in before.rpartition("\n")[2] else ""


def replace_names(text: str) -> str:
    """Return a text with the emoji in place of every ``:name:`` that is one; code and addresses stay as they are."""
    parts = _CODE_OR_ADDRESS.split(text)
    return "".join(part if number % 2 else _NAMES.sub(_emoji_of_all, part) for number, part in enumerate(parts))


class Recent:
    """The emoji that were chosen last, the newest first, in a list that somebody else may keep."""

    def __init__(self, kept: list[str]) -> None:
        self._kept = kept

    def add(self, emoji: str) -> None:
        """Note that one was chosen."""
        self._kept[:] = [emoji, *(each for each in self._kept if each != emoji)][:MAX_RECENT]

    def __iter__(self) -> Iterator[str]:
        return iter(tuple(self._kept))


def _emoji_of_all(match: re.Match[str]) -> str:
    return _NAMED.sub(_emoji_of, match[0])


def _emoji_of(match: re.Match[str]) -> str:
    return names().get(_plain(match[1]), match[0])


def _plain(name: str) -> str:
    """Return a name as it stands in the table: a text that was shown for an emoji has other strokes in it."""
    name = name.lower().strip()
    return name if name in ("-1", "+1") else re.sub(r"[\s-]", "_", name)


@cache
def _short() -> Mapping[str, str]:
    words = SHORT.split()
    return {name: _with_sign(chr(int(number, 16))) for name, number in zip(words[::2], words[1::2], strict=True)}


@cache
def _first_names() -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, emoji in _short().items():
        found.setdefault(emoji, name)
    return found


def _given_name(emoji: str) -> str:
    if country := country_of(emoji):
        return f"flag_{country.lower()}"
    return re.sub(r"\W+", "_", unicodedata.name(emoji[0], "").lower()).strip("_")


def _flag(letters: str) -> str:
    return "".join(chr(ord(letter) - ord("A") + _FLAG_LETTER_A) for letter in letters)


def _with_sign(character: str) -> str:
    return character + _AS_EMOJI if ord(character) in _text_by_default() else character


@cache
def _text_by_default() -> frozenset[int]:
    return frozenset(_numbers(TEXT_BY_DEFAULT))


def _numbers(ranges: str) -> Iterable[int]:
    for each in ranges.split():
        first, _, last = each.partition("-")
        yield from range(int(first, 16), int(last or first, 16) + 1)
