"""Puts into the pages of documentation what their commands print now: ``python -m tools.refresh_docs [PAGE ...]``.

It runs the blocks of each page as ``tests/docs/test_pages.py`` does. Where a console, a session or the output of a
command shows something else than what happened, it is replaced; times, ids and sizes stay, and so does what ``...``
leaves out. The versions that pages name and the tables of options are set, too. ``--check`` writes nothing and fails
if it would.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tomllib
from collections.abc import Sequence
from difflib import unified_diff
from pathlib import Path
from tempfile import TemporaryDirectory

from chatd import __version__
from tests.support.page_commands import CommandError
from tests.support.page_runner import Difference, Page
from tests.support.pages import ROOT, blocks_of, name_of, pages
from tools import options_page


def set_versions(text: str) -> str:
    """Return a page with the versions of chatd, and of what it needs, as they are."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    python = project["requires-python"].removeprefix(">=")
    text = re.sub(r"(\bchatd-)\d+\.\d+\.\d+(?=-py3-none-any\.whl)", rf"\g<1>{__version__}", text)
    text = re.sub(r"(\bchatd_)\d+\.\d+\.\d+(?=-\d)", rf"\g<1>{__version__}", text)
    text = re.sub(r"(This is chatd |server=chatd/)\d+\.\d+\.\d+", rf"\g<1>{__version__}", text)
    return re.sub(r"(\bC?Python )3\.\d+(?= or (?:newer|later))", rf"\g<1>{python}", text)


def replace_blocks(text: str, differences: Sequence[Difference]) -> str:
    """Return a page with other lines in some of its blocks."""
    lines = text.splitlines()
    for each in sorted(differences, key=lambda each: each.block.first or 0, reverse=True):
        block = each.block
        assert block.first is not None, f"{block.place}: it stands in another file"
        lines[block.first : block.first + len(block.lines)] = [f"{block.indent}{line}".rstrip() for line in each.lines]
    return "".join(f"{line}\n" for line in lines)


def refresh(page: Path) -> tuple[str, list[str]]:
    """Return a page as it should be, and what could not be run."""
    differences, problems = [], []
    with TemporaryDirectory() as folder, Page(Path(folder) / "page") as run:
        for block in blocks_of(page):
            try:
                difference = run.run(block)
            except (CommandError, AssertionError) as problem:
                problems.append(str(problem))
                continue
            if difference is not None:
                differences.append(difference)
        try:
            run.finish()
        except CommandError as problem:
            problems.append(str(problem))
    text = set_versions(replace_blocks(page.read_text(), differences))
    return (options_page.refreshed(text) if page == options_page.PAGE else text), problems


def main(arguments: Sequence[str]) -> int:
    """Refresh the pages, and return the exit status: 1 if a command failed or, with --check, a page would change."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("pages", nargs="*", type=Path, help="pages to refresh (default: all)")
    parser.add_argument("--check", action="store_true", help="write nothing; fail if a page would change")
    parser.add_argument("--pictures", action="store_true", help="take the pictures again as well, which takes minutes")
    parser.add_argument("--tables", action="store_true", help="print the tables of docs/connecting.rst again, too")
    options = parser.parse_args(arguments)
    for page in options.pages:
        if not page.is_file():
            parser.error(f"no such page: {page}")
    status = 0
    for page in [page.resolve() for page in options.pages] or pages():
        status |= _refresh(page, check=options.check)
    for name in ["pictures"] * options.pictures + ["client_table"] * options.tables:
        status |= subprocess.run([sys.executable, "-m", f"tools.{name}"], cwd=ROOT, check=False).returncode
    return min(status, 1)


def _refresh(page: Path, *, check: bool) -> int:
    """Refresh one page, and say what changed."""
    name = name_of(page)
    text, problems = refresh(page)
    for each in problems:
        print(f"failed: {each}")
    before = page.read_text()
    if text == before:
        print(f"{'FAILED' if problems else 'as it was'}: {name}")
        return bool(problems)
    print(f"{'would change' if check else 'changed'}: {name}")
    for line in list(unified_diff(before.splitlines(), text.splitlines(), n=0, lineterm=""))[2:]:
        print(f"    {line}")
    if not check:
        page.write_text(text)
    return bool(check or problems)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
