"""What the edge claims is claimed in a test: each of its numerics, capabilities and commands is named in one."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from chatd.edges import irc
from chatd.edges.irc import numerics
from chatd.edges.irc.table import CAPABILITIES, COMMANDS

_TESTS = Path(__file__).parents[2]


def _trees(directory: Path, pattern: str) -> list[ast.Module]:
    return [ast.parse(path.read_text()) for path in sorted(directory.rglob(pattern)) if path != Path(__file__)]


@cache
def _said() -> frozenset[str]:
    """Return the strings in the tests of IRC, and their words."""
    trees = [*_trees(_TESTS / "edges" / "irc", "test_*.py"), *_trees(_TESTS / "end_to_end", "test_irc*.py")]
    nodes = (node for tree in trees for node in ast.walk(tree))
    texts = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return frozenset(word for text in texts for word in (text, *text.split()))


def _sent() -> list[str]:
    """Return the names of the numerics that the edge sends."""
    nodes = (node for tree in _trees(Path(irc.__file__).parent, "*.py") for node in ast.walk(tree))
    names = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)}
    return sorted(name for name in names if name.startswith(("RPL_", "ERR_")))


@pytest.mark.parametrize("name", _sent())
def test_every_numeric_is_expected_somewhere(name: str) -> None:
    assert getattr(numerics, name) in _said()


@pytest.mark.parametrize("name", [each.name for each in CAPABILITIES])
def test_every_capability_is_asked_for_somewhere(name: str) -> None:
    assert name in _said()


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_is_given_somewhere(command: str) -> None:
    assert command in _said()
