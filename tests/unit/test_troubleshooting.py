"""Every sentence that docs/troubleshooting.rst and docs/logins.rst quote is one that the program prints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "troubleshooting.rst").read_text()
LOGINS = (ROOT / "docs" / "logins.rst").read_text()
_MARK = ".. tested by: tests/unit/test_troubleshooting.py::test_what_is_quoted_is_what_the_program_says\n"
_BLOCK = re.compile(re.escape(_MARK) + r"\n\.\. code-block:: text\n\n((?: {4}.+\n)+)")
_BEFORE = re.compile(r"(?:ERR [a-z-]+ [A-Z]+|BYE [a-z-]+) |chatd: (?:\S+, line [0-9]+: )?")
_FIELD = re.compile(r"\{[a-z_]+\}")
_BETWEEN = re.compile(r"[:;] ")
_VALUE = "\0"


def quoted() -> list[str]:
    """Return the lines of all blocks that this module tests, without the code or the name that comes before them."""
    lines = [line.strip() for block in _BLOCK.findall(PAGE) for line in block.splitlines()]
    return [_BEFORE.sub("", line, count=1) for line in lines]


def logged() -> list[str]:
    """Return what the table of log lines quotes, a value in the place of each field."""
    table = PAGE.partition("Lines of the log\n---")[2]
    return [_FIELD.sub("7", line) for line in re.findall(r"^   \* - ``(.+)``$", table, re.MULTILINE)]


def _templates(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else _VALUE for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield _FIELD.sub(_VALUE, node.value)


@cache
def sentences() -> set[str]:
    """Return all texts in the program, a mark in the place of each value."""
    return {text for path in (ROOT / "chatd").rglob("*.py") for text in _templates(path)}


@cache
def parts() -> list[tuple[re.Pattern[str], int]]:
    """Return a pattern for each part of a sentence in the program, and how many of its characters are literal."""
    found = {part for text in sentences() for part in _BETWEEN.split(text)}
    rows = [(part.strip(), len(re.sub(r"[\0 ]", "", part))) for part in found]
    return [
        (re.compile(".*".join(map(re.escape, part.split(_VALUE)))), literal) for part, literal in rows if literal > 5
    ]


def _is_printed(part: str) -> bool:
    """Return whether a template of the program makes it, a quarter of which at least is not values."""
    least = len(part.replace(" ", "")) / 4
    return any(literal >= least and pattern.fullmatch(part) for pattern, literal in parts())


@pytest.mark.parametrize("line", quoted())
def test_what_is_quoted_is_what_the_program_says(line: str) -> None:
    assert [part for part in _BETWEEN.split(line) if " " in part and not _is_printed(part)] == []


@pytest.mark.parametrize("line", logged())
def test_the_log_has_these_lines(line: str) -> None:
    assert [part for part in _BETWEEN.split(line) if " " in part and not _is_printed(part)] == []


def test_what_the_program_does_not_say_is_not_taken_for_it() -> None:
    assert quoted()
    assert logged()
    assert not _is_printed("alice is somebody else's own")
    assert not _is_printed("the port had gone to another program")


@pytest.mark.parametrize("said", re.findall(r"^\*(.+?)\*  ", LOGINS, re.MULTILINE))
def test_what_the_page_on_logins_quotes_is_what_the_program_says(said: str) -> None:
    if said == "invalid_client":  # the provider's word (RFC 6749, 5.2)
        return
    for words in re.split(r'\*, \*| "|: | \(', said):
        assert any(words in text for text in sentences()) or words.startswith(
            ("...", "certificate verify", "preferred")
        )
