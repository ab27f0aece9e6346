"""The README and the pages say what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from chatd.app.configuration.sections import ROWS
from chatd.app.options import Options
from chatd.app.reference.help_text import ABOUT
from chatd.chat.session import GREETING
from chatd.protocol.errors import Code, DisconnectReason
from chatd.protocol.verbs import VERBS
from tools import options_page

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.rst").read_text()
PROTOCOL = (ROOT / "docs" / "protocol.rst").read_text()
PAGES = sorted([*ROOT.glob("*.rst"), *(ROOT / "docs").rglob("*.rst")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_files_that_are_named_exist(page: Path) -> None:
    text = page.read_text()
    paths = re.findall(r"``((?:chatd|tests|benchmarks|docs|examples|tools|twisted)/[\w./]*)(?:::\w+)?``", text)
    assert [path for path in paths if not (ROOT / path).exists()] == []
    alone = set(re.findall(r"``(\w+\.(?:py|sql|rst))``", text))
    assert alone <= {path.name for top in ("chatd", "tests", "docs", "tools") for path in (ROOT / top).rglob("*.*")}


def test_the_map_names_every_package_and_no_other() -> None:
    packages = {path.parent.name for path in (ROOT / "chatd").glob("*/__init__.py")}
    page = (ROOT / "docs" / "development" / "architecture.rst").read_text()
    assert set(re.findall(r"^``chatd/(\w+)/``", page, re.MULTILINE)) == packages


def test_the_options_are_all_there_with_their_defaults() -> None:
    page = options_page.PAGE.read_text()
    rows = dict(re.findall(r"^``(?:-.``, ``)?--([a-z-]+)(?: [A-Z#=]+)?``(.*)", page, re.MULTILINE))
    for name, _, default, *_ in Options().optParameters:
        assert name in rows
        if default is not None:
            assert str(default) in rows[str(name)]
    assert {"listen", "version"} | ROWS.keys() <= rows.keys()


def test_the_page_of_options_says_what_the_program_does() -> None:
    page = options_page.PAGE.read_text()
    assert options_page.refreshed(page) == page, "python -m tools.options_page writes it anew"


def test_the_reference_names_every_verb_and_code() -> None:
    for verb in VERBS.values():
        assert f"``{verb.usage}``" in PROTOCOL
    words = set(re.findall(r"[a-z0-9-]+", PROTOCOL))
    assert {*Code, *DisconnectReason} <= words


def test_the_first_session_greets_as_the_server_does() -> None:
    assert f"NOTE {GREETING}" in (ROOT / "docs" / "start.rst").read_text()


def test_the_readme_is_read_on_one_screen_or_two() -> None:
    assert len(README.splitlines()) <= 170
    assert len(README) <= 9000


@pytest.mark.parametrize(
    "file",
    [
        "README.rst",
        "chatd/__init__.py",
        "chatd/units/chatd.service",
        "packaging/debian/chatd/control",
        "pyproject.toml",
        "twisted/plugins/chatd_plugin.py",
    ],
)
def test_what_it_is_is_said_alike_everywhere(file: str) -> None:
    words = " ".join((ROOT / file).read_text().replace("``", "").split())
    assert ABOUT in words.replace("Chat server", "chat server")


def test_every_row_of_the_threat_model_names_tests_that_there_are() -> None:
    text = (ROOT / "docs" / "security.rst").read_text()
    rows = [row for row in text.split("   * - ")[1:] if not row.startswith("attack\n")]
    assert len(rows) > 40
    for row in rows:
        named = re.findall(r"``tests/(\S+/test_\w+\.py)::(test_\w+)``", row)
        assert named, row
        for file, test in named:
            assert f"def {test}(" in (ROOT / "tests" / file).read_text(), f"{file}::{test}"
