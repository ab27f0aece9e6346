"""The line of a configuration file on which a table or key stands."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

_ENDS = ("]", '"""', "'''")
"""What is in the last line of a value of several."""
_TRIES = 100
"""After how many such lines the end of one value is looked for no more."""
_DEEP = 2


def first_lines(text: str) -> dict[tuple[str, ...], int]:
    """Return the first line, from 1, of each table and of each key in it: by ``(table,)`` and ``(table, key)``.

    ``text`` is TOML as a whole. Each statement is read alone, so that long files take no longer than they are.
    """
    found: dict[tuple[str, ...], int] = {}
    header: tuple[str, ...] = ()
    for line, is_header, said in _statements(text.replace("\r\n", "\n").split("\n")):
        paths = list(_paths(said))
        if is_header:
            header = max(paths, key=len)
        else:
            paths = [(*header, *path) for path in paths]
        for path in paths:
            for size in range(1, _DEEP + 1):
                found.setdefault(path[:size], line)
    return found


def _statements(lines: list[str]) -> Iterator[tuple[int, bool, Mapping[str, Any]]]:
    """Yield each statement: its first line, whether it begins a table, and what it says."""
    begin = tries = 0
    for end, last in enumerate(lines, 1):
        if end - begin > 1 and not any(each in last for each in _ENDS):
            continue
        try:
            said = tomllib.loads("\n".join(lines[begin:end]))
        except tomllib.TOMLDecodeError:  # in the middle of a value of several lines
            tries += 1
            if tries > _TRIES:
                return
            continue
        yield begin + 1, lines[begin].lstrip(" \t").startswith("["), said
        begin, tries = end, 0


def _paths(said: object, deep: int = _DEEP) -> Iterator[tuple[str, ...]]:
    """Yield the paths of what a statement names: of tables, down to what they hold."""
    inside = said[0] if isinstance(said, list) and len(said) == 1 else said
    if not isinstance(inside, dict) or not deep:
        return
    for key, value in inside.items():
        yield (key,)
        yield from ((key, *rest) for rest in _paths(value, deep - 1))
