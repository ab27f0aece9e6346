"""The commands in the README and the pages are those that there are, with arguments that they take."""

from __future__ import annotations

import argparse
import re
import shlex
import tomllib
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path

import pytest

from chatd.app.command_table import COMMANDS
from tests.support.pages import blocks_of, name_of, pages

ROOT = Path(__file__).parents[2]
PAGES = [page for page in pages() if page.parent.name != "development"]  # that has designs of what is not built
_SHELL = {"|", ">", ">>", "<", "&&", "||", ";", "&"}


def typed(text: str) -> Iterator[list[str]]:
    """Yield the words after ``chatd`` of each command in blocks of code, but for those with gaps to fill in."""
    lines = re.findall(r"^ *(?:\$ )?(?:sudo -u chatd )?(?:\S*bin/)?chatd ([a-z].*)", text, re.MULTILINE)
    for line in lines:
        if re.search(r"\.\.\.|\[|\w: ", line):
            continue
        words = shlex.split(line, comments=True)
        end = next((index for index, word in enumerate(words) if word in _SHELL), len(words))
        yield words[:end]


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_command_that_is_printed_can_be_given(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = page.read_text()
    assert set(re.findall(r"``chatd (?!on [A-Z])([a-z]+)[^`]*``", text)) <= {*COMMANDS, "reload"}
    for words in typed("".join(block.text for block in blocks_of(page))):
        if words[1:] and (parser := _parser(words[0])) is not None:
            try:
                parser(words)
            except SystemExit:
                pytest.fail(f"chatd {shlex.join(words)}: {capsys.readouterr().err}")


def _parser(name: str) -> Callable[[list[str]], object] | None:
    """Return what takes the words of a command, if its module has a parser for it."""
    command = COMMANDS.get(name)
    make_parser = getattr(import_module(command.module), "make_parser", None) if command is not None else None
    if command is None or make_parser is None:
        return None
    parser: argparse.ArgumentParser = make_parser()
    return parser.parse_args if command.shares_parser else lambda words: parser.parse_args(words[1:])


def test_nothing_is_installed_from_an_index_that_does_not_have_it() -> None:
    for page in PAGES:
        assert re.findall(r"(?:install|inject) ['\"]?chatd(?![\w.-]*\.whl)\S*", page.read_text()) == [], page.name


def test_the_table_of_extras_has_each_of_them() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    rows = re.findall(r"^``([a-z]+)``  ", (ROOT / "docs" / "installing.rst").read_text(), re.MULTILINE)
    assert set(rows) == set(extras) - {"dev", "docs", "test"}
