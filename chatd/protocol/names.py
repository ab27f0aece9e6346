"""Which nicks and room names are valid, and when two names are the same or could be mistaken for each other.

A nick has 1 to 32 characters, a room ``#`` and 1 to 63 more: letters, marks after a letter, digits, ``_ - .`` and the
special characters of RFC 2812. A room cannot have a backslash but can have ``#`` and ``+``. No name begins with ``-``
or ``.``, and each is valid under PRECIS UsernameCasePreserved (RFC 8265, section 3.4). Lengths count characters (code
points) after that profile was enforced.

A room's web address is its name, percent-encoded. There, what begins with ``-`` is the server's own, what begins with
``.`` is a way through a file system, and browsers and proxies turn a backslash into a slash.

`unicode_tables` decides all of it, whatever Unicode the Python knows: a name that is valid on one node is valid on
every node, and for whoever opens the journal next.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple, Self

from chatd.protocol.normal_forms import casefold, nfc, nfd, nfkc
from chatd.protocol.text import excerpt
from chatd.protocol.unicode_tables import tables

MAX_NICK_LENGTH = 32
MAX_ROOM_LENGTH = 63
MAX_MARKS_IN_A_ROW = 4
"""More nonspacing marks on one letter are a drawing and not a name (UTS #39, section 5.4)."""

MAX_COMPOSED = 4
"""How many characters NFC makes one of, at most."""

_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_NEVER_FIRST = "-."
_IRC_SPECIALS = r"[]\`^{|}"
SPECIALS = ("_", *_IRC_SPECIALS)
"""What a nick may begin with that is neither a letter nor a digit."""
_PUNCTUATION = {"_": "ON", "-": "ES", ".": "CS", **dict.fromkeys(_IRC_SPECIALS, "ON"), "#": "ET", "+": "ES"}
"""What of a name is neither a letter, a mark nor a digit, with its bidirectional class."""
_WIDTHS = re.compile("[\uff01-\uffef]")
"""Fullwidth and halfwidth forms."""
_ARABIC_DIGITS = re.compile("[\u0660-\u0669]"), re.compile("[\u06f0-\u06f9]")
"""Digits of two kinds, which must not be in one name (RFC 5892, appendices A.8 and A.9)."""
_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


class BadNameError(ValueError):
    """The text is not a valid name; the argument says why, for the person who chose it."""


class Name(str):
    """A name that caches its key, so that it is folded once, however often it is looked up."""

    __slots__ = ("_key",)
    _key: str

    @classmethod
    def of(cls, text: str) -> Self:
        """Return a valid name as an instance; an instance comes back unchanged."""
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
    """A nick as its user writes it."""

    __slots__ = ()


class RoomName(Name):
    """The name of a room as somebody wrote it."""

    __slots__ = ()


class _Form(NamedTuple):
    """What nicks and rooms do not have in common."""

    what: str
    longest: int
    punctuation: str
    before: str = ""
    """What stands before the name itself."""


_NICK = _Form("a nick", MAX_NICK_LENGTH, f"_-.{_IRC_SPECIALS}")
_ROOM = _Form("after its #, a room name", MAX_ROOM_LENGTH, "_-.#+" + _IRC_SPECIALS.replace("\\", ""), "#")
_ASCII = {form: re.compile(f"(?![.-])[A-Za-z0-9{re.escape(form.punctuation)}]+") for form in (_NICK, _ROOM)}


def nick(text: str) -> Nick:
    """Return ``text`` as a nick: width-mapped, in NFC and with its case. Raise `BadNameError` if it is invalid."""
    return Nick(_name(text, _NICK))


def room(text: str) -> RoomName:
    """Return ``text``, which begins with ``#``, as a room's name. Raise `BadNameError` if it is invalid."""
    if not text.startswith("#"):
        raise BadNameError(f"{excerpt(text)} is not a room; rooms begin with #")
    return RoomName("#" + _name(text[1:], _ROOM))


def key(name: str) -> str:
    """Return what two spellings of the same nick or room have in common: NFKC, with case folded."""
    # To look up what is remembered takes as long, and 130 bytes more.
    return name.lower() if name.isascii() else _remembered(name)


@lru_cache(maxsize=4096)
def _remembered(name: str) -> str:
    return folded(name)


def folded(text: str) -> str:
    """Return the same for any text; unlike a name, it is not remembered."""
    if text.isascii():
        return text.lower()
    # Folding can undo the normal form, and normalizing can make new letters to fold: once more settles both.
    for _ in range(2):
        text = casefold(nfkc(text))
    return nfkc(text)


def in_nick(character: str) -> bool:
    """Return whether a character could be one of a nick's, or of a word's."""
    return character in _NICK.punctuation or _in_word(character)


def in_room(character: str) -> bool:
    """Return whether a character could be one of a room's, or of a word's."""
    return character in _ROOM.punctuation or _in_word(character)


def is_mark(character: str) -> bool:
    """Return whether a character is a mark on the letter before it."""
    return character in tables().marks


def _in_word(character: str) -> bool:
    known = tables()
    return any(character in each for each in (known.letters, known.marks, known.numbers))


@lru_cache(maxsize=4096)
def skeleton(name: str) -> str:
    """Return the skeleton that nicks that look alike share (UTS #39, section 4), with case folded.

    ``alice`` and a Cyrillic twin, ``user1`` and ``userl``, ``modern`` and ``modem`` share theirs.
    """
    return key(nfc(nfd(name).translate(tables().looks)))


def looks(name: str) -> tuple[str, str]:
    """Return what a nick or a room looks like as it is written, and in small letters."""
    plain = name.key if isinstance(name, Name) else key(name)
    if plain == name:
        look = skeleton(plain)
        return look, look
    return skeleton(name), skeleton(plain)


def _name(text: str, form: _Form) -> str:
    # Whatever it is made of, what is longer than this cannot become short enough, and is not worth normalizing.
    if len(text) <= MAX_COMPOSED * form.longest and not _ASCII[form].fullmatch(text):
        text = _enforced(text, form)
    if len(text) > form.longest:
        raise BadNameError(f"{excerpt(text)} is too long: {form.what} has at most {form.longest} characters")
    return text


def _enforced(text: str, form: _Form) -> str:
    text = nfc(_WIDTHS.sub(_width_mapped, text))
    if broken := _broken_rule(text, form):
        raise BadNameError(f"{excerpt(text)} is not allowed: {form.what} {broken}")
    return text


def _broken_rule(text: str, form: _Form) -> str:
    """Return the rule of names that a text breaks first, as what is said of a name; nothing if it obeys them all."""
    if not text:
        return "has at least one character"
    marks: list[str] = []
    after_letter = False
    for position, character in enumerate(text):
        kind = _kind(character)
        if kind == "mark" and after_letter:
            if len(marks) == MAX_MARKS_IN_A_ROW:
                return f"has at most {MAX_MARKS_IN_A_ROW} marks on a letter"
            if character in marks[-1:]:
                return f"cannot have the same mark twice in a row on a letter, such as {_shown(character)}"
            marks.append(character)
            continue
        after_letter = kind == "letter"
        marks.clear()
        if not (after_letter or kind == "digit") and (broken := _stray(text, position, kind, form)):
            return broken
    if all(digits.search(text) for digits in _ARABIC_DIGITS):
        return "cannot mix Arabic and Persian digits"
    return _broken_direction(text)


def _stray(text: str, position: int, kind: str, form: _Form) -> str:
    """Return what rule a character breaks that is neither a letter with its marks nor a digit, if it breaks one."""
    character = text[position]
    if character in form.punctuation:
        if position or character not in _NEVER_FIRST:
            return ""
        return f"cannot begin with {_shown(character)}{_instead(text, form)}"
    if kind == "mark":
        return f"may have marks on letters only, and {_shown(character)} follows none"
    plain = nfkc(character)
    if plain != character and _PLAIN.fullmatch(plain):
        return f'may not contain {_shown(character)}; write "{plain}"'
    allowed = " ".join(form.punctuation)
    return f"may contain letters, digits and any of {allowed} but not {_shown(character)}{_instead(text, form)}"


def _instead(text: str, form: _Form) -> str:
    """Return what to write instead of a text, with ``_`` for whatever no name has; nothing if that is no name."""
    kept = "".join(each if each in form.punctuation or _kind(each) else " " for each in text)
    name = "_".join(kept.split()).lstrip(_NEVER_FIRST)
    # What is left has fewer characters that no name has, so this comes to an end.
    if not name or len(name) > form.longest or name == text or _broken_rule(name, form):
        return ""
    return f'; write "{form.before}{name}"'


def _shown(character: str) -> str:
    """Return a character for a sentence, by its number if it may not be seen as what it is."""
    if character == " ":
        return "a space"
    if "!" <= character <= "~":
        return f'"{character}"'
    number = f"U+{ord(character):04X}"
    return f'"{character}" ({number})' if character in tables().letters or character in tables().numbers else number


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


def _broken_direction(text: str) -> str:
    """Return what of the Bidi Rule (RFC 5893, section 2) a name breaks; without right-to-left letters it cannot.

    What has such letters begins with one, and has no left-to-right ones.
    """
    known = tables().bidi
    kinds = [known.get(character) or _PUNCTUATION.get(character, "L") for character in text]
    if _RIGHT_TO_LEFT.isdisjoint(kinds):
        return ""
    while kinds[-1] == "NSM":
        kinds.pop()
    if "L" in kinds:
        return "cannot mix left-to-right and right-to-left letters"
    if {"EN", "AN"} <= set(kinds):
        return "cannot mix European and Arabic digits"
    if kinds[0] not in ("R", "AL"):
        return "written from right to left must begin with a letter"
    return "" if kinds[-1] in ("R", "AL", "EN", "AN") else "written from right to left must end with a letter or digit"
