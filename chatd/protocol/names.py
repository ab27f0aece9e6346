"""What a nick and a room may be called, and when two names are the same or could be mistaken.

A nick has 1 to 32 characters, a room ``#`` and 1 to 63: letters, marks after a letter, digits and
``_ - .``, beginning with a letter or a digit, valid under PRECIS UsernameCasePreserved (RFC 8265,
section 3.4). Lengths count characters (code points) after that profile was enforced.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from functools import cache, lru_cache
from importlib.resources import files
from typing import Self

from precis_i18n import get_profile

from chatd.protocol.text import excerpt

MAX_NICK_LENGTH = 32
MAX_ROOM_LENGTH = 63
MAX_MARKS_IN_A_ROW = 4
"""More nonspacing marks on one letter are a drawing and not a name (UTS #39, section 5.4)."""

_ASCII = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_PUNCTUATION = "_-."
_profile = get_profile("UsernameCasePreserved")


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
    if name.isascii():
        return name.lower()
    # Folding can undo the normal form, and normalizing can make new letters to fold: once more settles both.
    for _ in range(2):
        name = unicodedata.normalize("NFKC", name).casefold()
    return unicodedata.normalize("NFKC", name)


@lru_cache(maxsize=4096)
def skeleton(name: str) -> str:
    """Return what nicks that look alike have in common (UTS #39, section 4), with case folded.

    ``alice`` and a Cyrillic twin, ``user1`` and ``userl``, ``modern`` and ``modem`` share theirs.
    """
    prototypes = _prototypes()
    drawn = "".join(prototypes.get(c, c) for c in unicodedata.normalize("NFD", name))
    return key(unicodedata.normalize("NFC", drawn))


def _name(text: str, what: str, longest: int) -> str:
    if not _ASCII.fullmatch(text):
        text = _enforced(text, what)
    if len(text) > longest:
        raise BadNameError(f"{excerpt(text)} is too long: {what} has at most {longest} characters")
    return text


def _enforced(text: str, what: str) -> str:
    refusal = BadNameError(
        f"{excerpt(text)} will not do: {what} is made of letters, digits and _ - . and begins with a letter or digit"
    )
    try:
        text = str(_profile.enforce(text))
    except UnicodeEncodeError:
        raise refusal from None
    marks: list[str] = []
    after_letter = False
    for position, character in enumerate(text):
        category = unicodedata.category(character)
        if category[0] == "M" and after_letter:
            if len(marks) == MAX_MARKS_IN_A_ROW or character in marks[-1:]:
                raise refusal
            marks.append(character)
            continue
        after_letter = category[0] == "L"
        marks.clear()
        if not (after_letter or category == "Nd" or (position and character in _PUNCTUATION)):
            raise refusal
    return text


@cache
def _prototypes() -> dict[str, str]:
    """Map each character that looks like another to what it looks like, as UTS #39 tabulates it.

    The table of confusable-homoglyphs lists every pair in both directions, and says nothing of which is the
    prototype. In the Unicode data a character has one prototype, and only prototypes are longer than
    one character, so each group of linked entries is a star: its centre is its longest entry, else the one with
    the most links.
    """
    source = files("confusable_homoglyphs").joinpath("confusables.json").read_text("utf-8")
    links: defaultdict[str, set[str]] = defaultdict(set)
    for entry, twins in json.loads(source).items():
        links[_bare(entry)].update(_bare(twin["c"]) for twin in twins)
    centres = {
        entry: max((*twins, entry), key=lambda e: (len(e) > 1, len(links[e]), e)) for entry, twins in links.items()
    }
    return {
        entry: "".join(centres.get(c, c) for c in centre) if len(centre) > 1 else centre
        for entry, centre in centres.items()
        if len(entry) == 1 and entry != centre
    }


def _bare(entry: str) -> str:
    """Return an entry without the direction marks that the Unicode data file wraps right-to-left letters in."""
    return entry.strip("\u200e")
