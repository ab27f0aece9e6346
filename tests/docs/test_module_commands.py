"""The benchmarks and tools that pages tell to run are there, and take the arguments that are written."""

from __future__ import annotations

import runpy
import shlex
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.pages import Block, blocks_of, pages

PREFIX = ["python", "-m"]


class Parsed(Exception):  # noqa: N818  # it ends what was asked for, and is no error
    """The arguments were taken."""


def commands(block: Block) -> Iterator[list[str]]:
    """Yield the module and the arguments of each command that runs a benchmark or a tool."""
    for line in block.lines:
        if line.removeprefix("$ ").startswith(("python -m benchmarks", "python -m tools")):
            words = shlex.split(line.removeprefix("$ "), comments=True)
            yield words[len(PREFIX) : next((at for at, word in enumerate(words) if word in (">", "|", "&&")), None)]


@pytest.mark.parametrize(
    "words",
    [words for page in pages() for block in blocks_of(page) for words in commands(block)],
    ids=" ".join,
)
def test_modules_take_the_arguments_on_the_pages(words: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    real = ArgumentParser.parse_args

    def parse_and_end(self: ArgumentParser, *arguments: Any) -> Namespace:
        raise Parsed(real(self, *arguments))

    # What other tests have imported is run as it is in a process of its own.
    for name in (words[0], f"{words[0]}.__main__"):
        if not hasattr(sys.modules.get(name), "__path__"):
            monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setattr(ArgumentParser, "parse_args", parse_and_end)
    monkeypatch.setattr(sys, "argv", words)
    with pytest.raises(Parsed):
        runpy.run_module(words[0], run_name="__main__")
