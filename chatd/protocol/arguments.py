"""What follows the verb of a line, taken apart word by word."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Never

from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.moments import Moment, is_moment
from chatd.protocol.names import Nick, RoomName
from chatd.protocol.text import excerpt, plain

MAX_ID = 2**63 - 1
_VALUE = re.compile(r"[A-Za-z0-9._:+-]{1,64}")


class Arguments:
    """What follows a verb, taken word by word; every refusal is a `ChatError` that shows how the line is written."""

    def __init__(self, usage: str, rest: str | None) -> None:
        self._usage = usage
        self._rest = rest

    def refuse(self, why: str, code: Code = Code.BAD_SYNTAX) -> Never:
        """Raise the error for this line."""
        raise ChatError(code, f"{why}; write {self._usage}" if code is Code.BAD_SYNTAX and self._usage else why)

    def word(self, what: str) -> str:
        """Take the next word."""
        word = self.maybe_word()
        return self.refuse(f"{what} is missing") if word is None else word

    def maybe_word(self) -> str | None:
        """Take the next word if there is one."""
        if self._rest is None:
            return None
        word, space, rest = self._rest.partition(" ")
        if not word:
            self.refuse("one space too many")
        self._rest = rest if space else None
        return word

    def takes(self, word: str) -> bool:
        """Take the next word if it is this one."""
        if self._rest is None or self._rest.partition(" ")[0] != word:
            return False
        self.maybe_word()
        return True

    def maybe_value(self, key: str) -> str | None:
        """Take the next word if it is ``key=value``; return the value."""
        if self._rest is None or not self._rest.startswith(f"{key}="):
            return None
        return self.word(key).partition("=")[2]

    def maybe_room(self) -> RoomName | None:
        """Take the next word if it is a room."""
        if self._rest is None or not self._rest.startswith("#"):
            return None
        return self.room_of(self.word("the room"))

    def maybe_person(self, *, bare: bool) -> Nick | None:
        """Take the next word if it is ``with=<nick>`` or, if ``bare``, a nick that does not begin with a digit."""
        nick = self.maybe_value("with")
        if nick is None and bare and self._rest is not None:
            word = self._rest.partition(" ")[0]
            if (word[:1].isalpha() or word.startswith(names.SPECIALS)) and "=" not in word:
                nick = self.word("the nick")
        return None if nick is None else self.nick_of(nick)

    def room_of(self, word: str) -> RoomName:
        """Return the room that a word names."""
        try:
            return names.room(word)
        except names.BadNameError as error:
            return self.refuse(str(error), Code.BAD_ROOM)

    def nick_of(self, word: str) -> Nick:
        """Return the nick that a word names."""
        try:
            return names.nick(word)
        except names.BadNameError as error:
            return self.refuse(str(error), Code.BAD_NICK)

    def values(self, *keys: str) -> dict[str, str]:
        """Take all that is left as ``key=value`` words, each of ``keys`` at most once."""
        found: dict[str, str] = {}
        while (word := self.maybe_word()) is not None:
            key, equals, value = word.partition("=")
            if not equals or key not in keys or key in found or not _VALUE.fullmatch(value):
                self.refuse(f"unexpected word: {excerpt(word)}")
            found[key] = value
        return found

    def maybe_number(self, what: str, least: int, most: int) -> int | None:
        """Take the next word if it is there and no ``key=value``: a whole number within bounds."""
        if self._rest is None or "=" in self._rest.partition(" ")[0]:
            return None
        word = self.word(what)
        if not _is_number(word) or not least <= int(word) <= most:
            self.refuse(f"{what} must be a number from {least} to {most}")
        return int(word)

    def id_of(self, key: str, values: Mapping[str, str], what: str = "the id of a message") -> int | None:
        """Return the id that one of ``key=value`` words gives, if it is there; ``what`` says what there may be."""
        value = values.get(key)
        if value is None:
            return None
        if not is_id(value):
            self.refuse(f"{key}= takes {what}")
        return int(value)

    def flag(self, key: str, values: Mapping[str, str]) -> bool:
        """Return whether one of ``key=value`` words is ``yes``; it is not if it is left out or ``no``."""
        value = values.get(key, "no")
        if value not in ("yes", "no"):
            self.refuse(f"{key}= takes yes or no")
        return value == "yes"

    def point_of(self, key: str, values: Mapping[str, str]) -> int | Moment | None:
        """Return the id or the moment that one of ``key=value`` words gives, if it is there."""
        value = values.get(key)
        if value is None or not is_moment(value):
            return self.id_of(key, values, "the id of a message, how long ago as in 2h, or a date as in 2026-11-01")
        return Moment(value)

    def number_of(self, key: str, values: Mapping[str, str], most: int) -> int | None:
        """Return the whole number, up to ``most``, that one of ``key=value`` words gives, if it is there."""
        value = values.get(key)
        if value is None:
            return None
        if not _is_number(value) or int(value) > most:
            self.refuse(f"{key}= takes a number from 0 to {most}")
        return int(value)

    def text(self) -> str:
        """Take all that is left as text."""
        text = self.maybe_text()
        return self.refuse("the text is missing") if text is None else text

    def maybe_text(self) -> str | None:
        """Take all that is left as text, if there is any."""
        rest, self._rest = self._rest, None
        if rest == "":
            self.refuse("the text is empty")
        text = None if rest is None else plain(rest)
        return self.refuse("the text has nothing but terminal control sequences") if text == "" else text

    def end(self) -> None:
        """Refuse whatever is left."""
        if self._rest is not None:
            self.refuse(f"unexpected text: {excerpt(self._rest)}")


def is_id(word: str) -> bool:
    """Return whether a word is an id, or 0."""
    return _is_number(word) and int(word) <= MAX_ID


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdigit() and len(word) <= 64
