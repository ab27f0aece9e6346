"""What the page about bots shows, against the server in memory."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "bots.rst").read_text()
BLOCKS = [dedent(block) for block in re.findall(r"code-block:: python\n\n((?: {3,}.*\n|\n)+)", PAGE)]


def test_the_values_on_the_page_are_what_the_code_returns() -> None:
    (block,) = [block for block in BLOCKS if block.startswith("from chatd.protocol import")]
    imports, *examples = block.strip().split("\n\n")
    scope: dict[str, object] = {}
    exec(imports, scope)
    for example in examples:
        line, result = example.split("\n# ")
        assert repr(eval(line, scope)) == result
    assert len(examples) == 2


def test_the_test_on_the_page_passes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (block,) = [block for block in BLOCKS if "def test_" in block]
    scope: dict[str, object] = {}
    monkeypatch.syspath_prepend(Path(__file__).parents[2] / "examples")
    monkeypatch.chdir(tmp_path)
    exec(block, scope)
    test = scope["test_the_bot_comes_back"]
    assert callable(test)
    test()
