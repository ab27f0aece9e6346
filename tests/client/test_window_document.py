"""The window's document has each of its keys, and says of Tk what the command says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatd.client.__main__ import OLDEST_TK
from chatd.client.view.keys import KEYS

TEXT = (Path(__file__).parents[2] / "docs" / "window.rst").read_text()


@pytest.mark.parametrize("keys", sorted({each for keys, _ in KEYS for each in keys.split(", ")}))
def test_each_key_of_the_help_is_in_the_document(keys: str) -> None:
    table = TEXT.partition("Keys\n----\n")[2].partition("Everything is in a menu")[0]
    named = re.findall(r"^(\S.*?)  ", table, re.MULTILINE)
    assert any(keys in re.split(r"[,;] ", row.replace("``", "")) or keys in row for row in named)


def test_the_oldest_tk_is_the_one_that_the_command_takes() -> None:
    oldest = ".".join(map(str, OLDEST_TK))
    assert f"before {oldest} " in TEXT
    assert f"Tk {oldest} or later" in TEXT
