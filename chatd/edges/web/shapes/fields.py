"""Fields of JSON that may be there or not, of whatever type."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


class Fields:
    """An object of JSON. What is not there, or of another type than asked for, is as if it were empty."""

    def __init__(self, value: Any) -> None:
        self._value = value if isinstance(value, dict) else {}

    def __bool__(self) -> bool:
        return bool(self._value)

    def inside(self, *path: str) -> Fields:
        """Return the object at the end of a path."""
        return Fields(self._at(path))

    def text(self, *path: str) -> str:
        """Return the text, or number, at the end of a path."""
        value = self._at(path)
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            return ""
        return str(value)

    def number(self, *path: str) -> int:
        """Return the number at the end of a path."""
        value = self._at(path)
        return value if isinstance(value, int) and not isinstance(value, bool) else 0

    def is_true(self, *path: str) -> bool:
        """Return whether ``true`` is at the end of a path."""
        return self._at(path) is True

    def list(self, *path: str) -> list[Fields]:
        """Return the objects of the list at the end of a path."""
        value = self._at(path)
        return [Fields(each) for each in value if isinstance(each, dict)] if isinstance(value, list) else []

    def items(self) -> Iterator[tuple[str, str]]:
        """Yield the fields that are texts or numbers."""
        for name in self._value:
            if text := self.text(name):
                yield name, text

    def _at(self, path: tuple[str, ...]) -> Any:
        value: Any = self._value
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value


def first_line(text: str) -> str:
    """Return the first line of a text, as of a commit's message."""
    return text.strip().partition("\n")[0].strip()


def joined(*words: str) -> str:
    """Return words with a space between them, without those that are empty."""
    return " ".join(word for word in words if word)


def some(texts: list[str], most: int = 3) -> str:
    """Return texts one after the other, the first few of many."""
    more = f" and {len(texts) - most} more" if len(texts) > most else ""
    return ", ".join(texts[:most]) + more
