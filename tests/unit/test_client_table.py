"""The page on connecting by hand has what the script printed that made its tables."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from docutils.core import publish_string

from tools.client_table import recipes, table
from tools.clients import PLAIN, TLS, Client

PAGE = (Path(__file__).parents[2] / "docs" / "connecting.rst").read_text()


def test_a_table_is_one_of_rst() -> None:
    made = table(("a", "b"), [("``one``", "x"), ("two", "a longer cell")])
    shown = publish_string(made, writer="html", settings_overrides={"report_level": 1, "halt_level": 1})
    assert b"a longer cell" in shown
    assert shown.count(b"<tr>") == 3


@pytest.mark.parametrize("clients", [PLAIN, TLS], ids=["plain", "tls"])
def test_the_page_has_every_line_that_is_tried(clients: tuple[Client, ...]) -> None:
    assert recipes(clients) in PAGE


def test_the_page_has_a_row_for_each_program_and_none_that_failed() -> None:
    rows = re.findall(r"^``([^`]+)``  +\S.*  (works|none)$", PAGE, re.MULTILINE)
    assert rows == [(client.name, "works" if client.recipe else "none") for client in (*PLAIN, *TLS)]
    typed = re.findall(r"^``([^`]+)``.*  is (?:edited|sent)  ", PAGE, re.MULTILINE)
    assert typed == [client.name for client in PLAIN if client.typed]
    assert "FAILS" not in PAGE


def test_the_page_names_every_package() -> None:
    assert all(f"{client.package} " in PAGE for client in (*PLAIN, *TLS))
