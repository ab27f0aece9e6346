"""Where links are in a text: what ends them, and what belongs to the sentence around them.

The page finds the same ones (``view-row.js``); ``tests/support/link_cases.py`` holds both to it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import NamedTuple

_START = re.compile(r"(?<![A-Za-z0-9])https?://|(?<![A-Za-z0-9.@/-])www\.(?=[^.])", re.IGNORECASE)
_USER = re.compile(r"[A-Za-z0-9_.~%!$&*+=:-]*@(?=[A-Za-z0-9\[\x80-\U0010ffff])")
_NUMBERS = re.compile(r"\[[0-9A-Fa-f:.]+\]")
_PORT = re.compile(r":[0-9]+")
_LATIN = re.compile(r"[-0-9A-Za-z]+(?=[\u0370-\u1dff\u1f00-\U0010ffff])")
_LEFT_OUT = re.compile(r"[,;|]https?://|’(?![A-Za-z\u00c0-\u024f])", re.IGNORECASE)
"""What ends an address though it could be a part of one: another address in a list, and a quotation mark."""

_ASCII_STOPS = frozenset('"<>\\`').union(map(chr, range(0x21)), "\x7f")
_INSIDE = frozenset("\u200c\u200d·・")
"""Joiners, and dots that are in words."""
_STOPS = ("P", "Z", "Cc", "Cf")
"""The categories of what ends an address otherwise.

Many scripts have no space behind their punctuation; what steers the direction of writing would make an address look
like another.
"""
_TRAILING = frozenset(".,;:!?'’*_~|–～([{")
"""What is a part of an address only if more of it follows."""
_CLOSING = {")": "(", "]": "[", "}": "{"}


class Link(NamedTuple):
    """A link in a text."""

    start: int
    end: int
    address: str
    """What a browser is given."""


def links(text: str) -> Iterator[Link]:
    """Find the links in a text, in their order. They do not overlap."""
    at = 0
    while (found := _START.search(text, at)) is not None:
        start, at = found.span()
        bare = not found[0].endswith("/")
        end = _end(text, start if bare else at)
        if end > at and not (bare and "." not in text[at:end]):
            at = _end_of_wrapped(text, start) or end
            yield Link(start, at, f"{'https://' if bare else ''}{text[start:at]}")


def _end_of_wrapped(text: str, start: int) -> int | None:
    """Return where what stands between < and > ends: it is an address as a whole (RFC 3986, appendix C)."""
    if text[start - 1 : start] != "<":
        return None
    for at in range(start, len(text)):
        if text[at] in '<>" ' or unicodedata.category(text[at]) in ("Zs", "Zl", "Zp", "Cc", "Cf"):
            return at if text[at] == ">" else None
    return None


def _end(text: str, begin: int) -> int:
    """Return where an address ends whose host begins at an index; one that is not behind it if there is no host."""
    user = _USER.match(text, begin)
    start = begin if user is None else user.end()
    numbers = _NUMBERS.match(text, start)
    end = _end_of_name(text, start) if numbers is None else numbers.end()
    if end == start:
        return begin
    label = text.rfind(".", start, end) + 1 or start
    if numbers is None and (latin := _LATIN.match(text, label, end)) is not None:
        return latin.end()  # no top-level domain is of two scripts: the sentence goes on
    if port := _PORT.match(text, end):
        end = port.end()
    if text[end : end + 1] in ("/", "?", "#"):
        end = _end_of_path(text, end)
    while end > start and text[end - 1] in _TRAILING:
        end -= 1
    return end


def _end_of_name(text: str, at: int) -> int:
    """Return where the name of a host ends. Letters of any script are in one."""
    if text[at : at + 1] in ("-", "_", "."):
        return at
    while at < len(text) and (text[at] in "-_." or (text[at].isalnum() and text[at].isascii()) or _foreign(text[at])):
        at += 1
    return at


def _end_of_path(text: str, at: int) -> int:
    """Return where the rest of an address ends: before a bracket that closes none of its own, at the latest."""
    opened: list[str] = []
    while at < len(text) and _goes_on(text[at]) and not _LEFT_OUT.match(text, at):
        character = text[at]
        if character in _CLOSING.values():
            opened.append(character)
        elif character in _CLOSING and (not opened or opened.pop() != _CLOSING[character]):
            break
        at += 1
    return at


def _goes_on(character: str) -> bool:
    """Return whether a character can be a part of an address."""
    return character not in _ASCII_STOPS if character.isascii() else character in "’–" or _foreign(character)


def _foreign(character: str) -> bool:
    """Return whether a character is a letter or a sign, and not of ASCII."""
    return not character.isascii() and (character in _INSIDE or not unicodedata.category(character).startswith(_STOPS))
