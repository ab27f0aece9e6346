"""Every command, session and piece of code on the pages of documentation is run, here or by a test that it names."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.page_runner import RUN, Page
from tests.support.pages import ROOT, STEERING, Block, blocks_of, name_of, pages

HERE = Path(__file__).parent


def _listed(name: str) -> list[str]:
    return [line for line in (HERE / name).read_text().splitlines() if line and not line.startswith("#")]


PAGES = {name_of(page): blocks_of(page) for page in pages()}
STEERED = [(name, block) for name in PAGES for block in PAGES[name] if block.steering]


def _is_left_to_others(block: Block) -> bool:
    return bool({"tested by", "not run"} & block.steering.keys())


@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in PAGES if not all(map(_is_left_to_others, PAGES[name]))])
def test_the_blocks_of_a_page_do_what_it_says(name: str) -> None:
    # A socket has room for a hundred characters of path, and tests may be far down.
    with TemporaryDirectory() as folder, Page(Path(folder) / "page") as page:
        for block in PAGES[name]:
            difference = page.run(block)
            assert difference is None, str(difference)
        page.finish()


@pytest.mark.parametrize("name", PAGES)
def test_no_block_of_a_page_is_left_untested(name: str) -> None:
    def is_tested(block: Block) -> bool:
        return block.kind in RUN or bool({"tested by", "not run", "file", "output of"} & block.steering.keys())

    assert [block.place for block in PAGES[name] if not is_tested(block)] == []
    assert {key for block in PAGES[name] for key in block.steering} <= set(STEERING)


def _texts(test: Path) -> str:
    """Return a test's text and that of the support for this page that it imports."""
    text = test.read_text()
    support = re.findall(r"^from (tests\.support\.\w+) import", text, re.MULTILINE)
    return text + "".join((ROOT / f"{module.replace('.', '/')}.py").read_text() for module in support)


@pytest.mark.parametrize(
    "block", [block for _, block in STEERED if "tested by" in block.steering], ids=lambda block: block.place
)
def test_the_tests_that_pages_name_are_there_and_read_the_page(block: Block) -> None:
    for named in block.list_of("tested by"):
        path, _, test = named.partition("::")
        assert f"def {test}(" in (ROOT / path).read_text(), f"{block.place}: {named}"
        text = _texts(ROOT / path)
        assert Path(block.page).name in text or "pages()" in text, f"{named} does not read {block.page}"


def test_the_blocks_that_no_test_can_run_are_these_alone() -> None:
    found = {f"{name}: {block.steering['not run']}" for name, block in STEERED if "not run" in block.steering}
    assert found == set(_listed("not_run.txt"))
