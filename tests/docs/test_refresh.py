"""One command puts into the pages what their commands print, and the versions that they name."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd import __version__
from tests.support.pages import ROOT, name_of, pages
from tools import options_page
from tools.pictures import TOOLS
from tools.refresh_docs import main, set_versions

PAGE = """
.. file: one.txt

.. code-block:: text

   one

Text.

.. code-block:: console

   $ cat one.txt
   {shown}
   $ echo a; echo b; date +%F
   ...
   2026-11-29
"""


@pytest.mark.parametrize("page", pages(), ids=name_of)
def test_the_versions_on_the_pages_are_the_present_ones(page: Path) -> None:
    text = page.read_text()
    assert set_versions(text) == text, "python -m tools.refresh_docs puts them in"


def test_versions_are_put_in() -> None:
    old = "chatd-0.0.1-py3-none-any.whl chatd_0.0.1-1~deb12_amd64.deb, Python 3.2 or newer; NOTE This is chatd 0.0.1."
    new = set_versions(old)
    assert new.count(__version__) == 3
    assert "Python 3.11 or newer" in new


def test_what_has_changed_is_put_in_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.rst"
    page.write_text(PAGE.format(shown="two"))
    assert main([str(page), "--check"]) == 1
    assert page.read_text() == PAGE.format(shown="two")
    assert main([str(page)]) == 0
    assert page.read_text() == PAGE.format(shown="one")
    assert main([str(page), "--check"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said == [
        *("would change: page.rst", "    @@ -13 +13 @@", "    -   two", "    +   one"),
        *("changed: page.rst", "    @@ -13 +13 @@", "    -   two", "    +   one"),
        "as it was: page.rst",
    ]


def test_a_command_that_fails_is_told_and_the_rest_is_refreshed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.rst"
    page.write_text(PAGE.format(shown="two") + "\n.. code-block:: sh\n\n   false\n")
    assert main([str(page)]) == 1
    assert "two" not in page.read_text()
    assert "failed: page.rst:20: 'false' ended with 1" in capsys.readouterr().out


def test_a_page_that_does_not_exist_is_told_before_any_is_refreshed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.rst"
    page.write_text(PAGE.format(shown="two"))
    with pytest.raises(SystemExit):
        main([str(page), str(tmp_path / "nowhere.rst")])
    assert capsys.readouterr().err.endswith(f"error: no such page: {tmp_path / 'nowhere.rst'}\n")
    assert page.read_text() == PAGE.format(shown="two")


def test_the_pictures_that_it_takes_are_those_that_there_are() -> None:
    made = [path.stem for path in (ROOT / "tools").glob("*_picture*.py")]
    assert sorted(made) == sorted(TOOLS)


def test_the_tables_of_options_are_written_from_the_program() -> None:
    text = options_page.PAGE.read_text()
    stale = text.replace("(default: 10319)", "(default: 1)")
    assert stale != text
    assert options_page.refreshed(stale) == text
