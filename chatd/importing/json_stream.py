"""A large JSON object, of which one array is read item by item."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from io import TextIOBase
from typing import Any, NamedTuple

MAX_ITEM_CHARACTERS = 64 * 1024 * 1024
"""How long one value may be."""
_CHUNK_CHARACTERS = 1024 * 1024
_SPACE = re.compile(r"[ \t\r\n]*")


class Head(NamedTuple):
    """A value of the object that is not the array."""

    key: str
    value: Any


class Item(NamedTuple):
    """One of the values in the array, and the line in which it begins."""

    line: int
    value: Any


class _Text:
    """What was read and is not understood yet."""

    def __init__(self, file: TextIOBase) -> None:
        self.line = 1
        self._file = file
        self._text = ""
        self._at = 0
        self._decode = json.JSONDecoder().raw_decode

    def peek(self) -> str:
        """Return the next character that is no space, empty at the end."""
        while True:
            found = _SPACE.match(self._text, self._at)
            assert found is not None
            self._pass(found.end())
            if self._at < len(self._text) or not self._more():
                return self._text[self._at : self._at + 1]

    def skip(self, wanted: str) -> None:
        """Take a character away. Raise `ValueError` if another is there."""
        if self.peek() != wanted:
            raise ValueError(f"no {wanted} in line {self.line}")
        self._at += 1

    def value(self) -> Any:
        """Take a whole value away. Raise `ValueError` if there is none."""
        self.peek()
        while True:
            try:
                value, end = self._decode(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._more():
                    raise ValueError(f"not JSON in line {self.line}: {error.msg}") from None
                continue
            if end < len(self._text) or not self._more():  # a number could go on
                self._pass(end)
                return value

    def _more(self) -> bool:
        self._text, self._at = self._text[self._at :], 0
        if len(self._text) > MAX_ITEM_CHARACTERS:
            raise ValueError(f"the value that starts in line {self.line} is too long")
        # Twice as much each time, so that a long value costs no more than twice its length.
        more = self._file.read(max(_CHUNK_CHARACTERS, len(self._text)))
        self._text += more
        return bool(more)

    def _pass(self, end: int) -> None:
        self.line += self._text.count("\n", self._at, end)
        self._at = end


def items(file: TextIOBase, array: str) -> Iterator[Head | Item]:
    """Yield the values of an object, and of the one that is called ``array`` its items. Raise `ValueError`."""
    text = _Text(file)
    text.skip("{")
    while text.peek() == '"':
        key = text.value()
        text.skip(":")
        if key == array:
            text.skip("[")
            while text.peek() not in ("]", ""):
                line = text.line
                yield Item(line, text.value())
                if text.peek() == ",":
                    text.skip(",")
            text.skip("]")
        else:
            yield Head(key, text.value())
        if text.peek() == ",":
            text.skip(",")
    text.skip("}")
