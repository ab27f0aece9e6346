"""What a nick and a room may be called, and when two names are the same or could be mistaken.

A nick has 1 to 32 characters, a room ``#`` and 1 to 63: letters, marks after a letter, digits and
``_ - .``, beginning with a letter or a digit, valid under PRECIS UsernameCasePreserved (RFC 8265,
section 3.4). Lengths count characters (code points) after that profile was enforced.

All of it is judged by `unicode_tables` and nothing by what the Python knows of Unicode: a name that one node takes
is a name on every node, and for whoever opens the journal next.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Self

from chatd.protocol.normal_forms import casefold, nfc, nfd, nfkc
from chatd.protocol.text import excerpt
from chatd.protocol.unicode_tables import tables

MAX_NICK_LENGTH = 32
MAX_ROOM_LENGTH = 63
MAX_MARKS_IN_A_ROW = 4
"""More nonspacing marks on one letter are a drawing and not a name (UTS #39, section 5.4)."""

MAX_COMPOSED = 4
"""How many characters NFC makes one of, at most."""

_ASCII = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PUNCTUATION = {"_": "ON", "-": "ES", ".": "CS"}
"""What is neither a letter, a mark nor a digit, with its bidirectional class."""
_WIDTHS = re.compile("[\uff01-\uffef]")
"""Fullwidth and halfwidth forms."""
_ARABIC_DIGITS = re.compile("[\u0660-\u0669]"), re.compile("[\u06f0-\u06f9]")
"""Digits of two kinds, which must not be in one name (RFC 5892, appendices A.8 and A.9)."""
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


class BadNameError(ValueError):
    """The text is no name; its argument is a sentence that says why, for whoever chose it."""


class Name(str):
    """A name that knows its key, so that it is folded once, however often it is looked up."""

    __slots__ = ("_key",)
    _key: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Return a text that is a valid name as one; what is one already comes back as it is."""
        return text if isinstance(text, cls) else cls(text)

    @property
    def key(self) -> str:
        """What all spellings of the name have in common, see `key`."""
        try:
            return self._key
        except AttributeError:
            self._key = key(self)
            return self._key


class Nick(Name):
    """What somebody goes by, as they write it."""

    __slots__ = ()


class RoomName(Name):
    """What a room is called, as somebody wrote it."""

    __slots__ = ()


def nick(text: str) -> Nick:
    """Return ``text`` as a nick: width-mapped and in NFC, case kept. Raise `BadNameError` if it cannot be one."""
    return Nick(_name(text, "a name", MAX_NICK_LENGTH))


def room(text: str) -> RoomName:
    """Return ``text``, which begins with ``#``, as a room's name. Raise `BadNameError` if it cannot be one."""
    if not text.startswith("#"):
        raise BadNameError(f"{excerpt(text)} is no room: a room begins with #")
    return RoomName("#" + _name(text[1:], "a room's name after its #", MAX_ROOM_LENGTH))


@lru_cache(maxsize=4096)
def key(name: str) -> str:
    """Return what two spellings of the same nick or room have in common: NFKC, with case folded."""
    return folded(name)


def folded(text: str) -> str:
    """Return the same for any text; unlike a name, it is not remembered."""
    if text.isascii():
        return text.lower()
    # Folding can undo the normal form, and normalizing can make new letters to fold: once more settles both.
    for _ in range(2):
        text = casefold(nfkc(text))
    return nfkc(text)


def in_word(character: str) -> bool:
    """Return whether a character could be one of a name's, or of a word's."""
    known = tables()
    return any(character in each for each in (_PUNCTUATION, known.letters, known.marks, known.numbers))


@lru_cache(maxsize=4096)
def skeleton(name: str) -> str:
    """Return what nicks that look alike have in common (UTS #39, section 4), with case folded.

    ``alice`` and a Cyrillic twin, ``user1`` and ``userl``, ``modern`` and ``modem`` share theirs.
    """
    return key(nfc(nfd(name).translate(tables().looks)))


def looks(name: str) -> tuple[str, str]:
    """Return what a nick or a room looks like as it is written, and in small letters."""
    return skeleton(name), skeleton(key(name))


def _name(text: str, what: str, longest: int) -> str:
    # Whatever it is made of, what is longer than this cannot become short enough, and is not worth normalizing.
    if len(text) <= MAX_COMPOSED * longest and not _ASCII.fullmatch(text):
        text = _enforced(text, what)
    if len(text) > longest:
        raise BadNameError(f"{excerpt(text)} is too long: {what} has at most {longest} characters")
    return text


def _enforced(text: str, what: str) -> str:
    refusal = BadNameError(
        f"{excerpt(text)} will not do: {what} is made of letters, digits and _ - . and begins with a letter or digit"
    )
    text = nfc(_WIDTHS.sub(_width_mapped, text))
    mixed_digits = all(digits.search(text) for digits in _ARABIC_DIGITS)
    if not text or mixed_digits or not _has_one_direction(text):
        raise refusal
    marks: list[str] = []
    after_letter = False
    for position, character in enumerate(text):
        kind = _kind(character)
        if kind == "mark" and after_letter:
            if len(marks) == MAX_MARKS_IN_A_ROW or character in marks[-1:]:
                raise refusal
            marks.append(character)
            continue
        after_letter = kind == "letter"
        marks.clear()
        if not (after_letter or kind == "digit" or (position and character in _PUNCTUATION)):
            raise refusal
    return text


def _kind(character: str) -> str:
    """Return what a character of a name is, empty if no name has it."""
    known = tables()
    if character in known.refused:
        return ""
    kinds = (("letter", known.letters), ("mark", known.marks), ("digit", known.digits))
    return next((kind for kind, characters in kinds if character in characters), "")


def _width_mapped(match: re.Match[str]) -> str:
    mapped = nfkc(match[0])
    return mapped if len(mapped) == 1 else match[0]


def _has_one_direction(text: str) -> bool:
    """Return whether a name obeys the Bidi Rule (RFC 5893, section 2); those without right-to-left letters do.

    What has such letters begins with one, and has no left-to-right ones.
    """
    known = tables().bidi
    kinds = [known.get(character) or _PUNCTUATION.get(character, "L") for character in text]
    if _RIGHT_TO_LEFT.isdisjoint(kinds):
        return True
    while kinds[-1] == "NSM":
        kinds.pop()
    mixed = "L" in kinds or {"EN", "AN"} <= set(kinds)
    return kinds[0] in ("R", "AL") and kinds[-1] in ("R", "AL", "EN", "AN") and not mixed
