"""Each of the examples says how it is run, and a test runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.pages import ROOT

FILES = sorted(path for path in (ROOT / "examples").iterdir() if path.suffix in (".py", ".sh"))
HEAD_LINES = 12
TESTS = [ROOT / "tests" / "end_to_end" / "test_examples.py", ROOT / "tests" / "unit" / "test_bots.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_its_head_has_the_command_that_runs_it(path: Path) -> None:
    head = path.read_text().splitlines()[:HEAD_LINES]
    assert any(f"examples/{path.name}" in line for line in head)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_test_names_it(path: Path) -> None:
    texts = "".join(test.read_text() for test in TESTS)
    assert path.name in texts or f"examples.{path.stem}" in texts
