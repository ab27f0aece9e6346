"""The pages become a site, and every link in them and in the texts beside them leads somewhere."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from docutils import nodes
from docutils.core import publish_doctree

ROOT = Path(__file__).parents[2]
BESIDE = sorted([*ROOT.glob("*.md"), *ROOT.glob("README.rst"), *ROOT.glob("*/README.rst")])
"""Texts that are read where the files are, and are no part of the site."""
LOCAL = re.compile(r"http://(?:127\.0\.0\.1|localhost)[:/]")
TEXTS = sorted({*BESIDE, *ROOT.glob("*.rst"), *ROOT.glob("changes/*.rst"), *ROOT.glob("docs/**/*.rst")})


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    """Make a site as ``nox -s docs`` does, the command that CONTRIBUTING.rst names."""
    options: list[str | Path] = ["-q", "-W", "--keep-going", "--no-color", "-d", target / "doctrees"]
    command: list[str | Path] = [sys.executable, "-m", "sphinx", *options, source, target / "site"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A site of one page with the configuration of ours."""
    (tmp_path / "docs").mkdir()
    (tmp_path / "chatd").symlink_to(ROOT / "chatd")
    (tmp_path / "docs" / "conf.py").write_text((ROOT / "docs" / "conf.py").read_text())
    (tmp_path / "docs" / "_site").symlink_to(ROOT / "docs" / "_site")
    return tmp_path / "docs"


def test_the_site_is_made_without_a_warning(tmp_path: Path) -> None:
    done = build(ROOT / "docs", tmp_path)
    assert done.stderr == ""
    assert done.returncode == 0
    assert 'href="configuration.html' in (tmp_path / "site" / "index.html").read_text()
    # The theme warns of a second table of contents on the page alone, in red, by its style sheet.
    assert [page.name for page in (tmp_path / "site").rglob("*.html") if 'class="contents' in page.read_text()] == []
    assert [page.name for page in (tmp_path / "site").rglob("*.html") if links_nowhere(page.read_text())] == []
    assert '<div class="highlight-python' in (tmp_path / "site" / "bots.html").read_text()
    changelog = (tmp_path / "site" / "changelog.html").read_text()
    assert ("Unreleased" in changelog) == bool(list(ROOT.glob("changes/+*.rst")))


def links_nowhere(page: str) -> set[str]:
    """Return the anchors that links on a page lead to, and that it does not have."""
    return set(re.findall(r'<a [^>]*href="#([^"]+)"', page)) - set(re.findall(r'\bid="([^"]+)"', page))


def test_links_of_the_site_that_lead_nowhere_are_errors(small: Path, tmp_path: Path) -> None:
    links = "`here <index.rst#page>`_ `gone <gone.rst>`_ `no anchor <index.rst#gone>`_ `no file <../gone.py>`_"
    page = f"Page\n====\n{links}\n"
    (small / "index.rst").write_text(page)
    done = build(small, tmp_path / "built")
    assert done.returncode == 1
    assert re.findall(r"WARNING: (.*)", done.stderr) == [
        "there is no file ../gone.py",
        "'page' reference target not found: gone [ref.page]",
        "the page index has no anchor gone",
    ]


@pytest.mark.parametrize("path", BESIDE, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_of_the_texts_beside_the_site_lead_somewhere(path: Path) -> None:
    links = markdown_links(path.read_text()) if path.suffix == ".md" else rst_links(path)
    for link in map(urlsplit, links):
        if link.scheme or link.netloc:
            continue
        target = path.parent / unquote(link.path) if link.path else path
        assert target.exists(), link.path
        if link.fragment:
            assert link.fragment in parse(target).ids, f"{link.path}#{link.fragment}"


def test_links_to_the_network_are_encrypted_and_whole() -> None:
    for path in TEXTS:
        # What is typed and shown is literal, and no link.
        prose = re.sub(r"``.+?``|(?<=::\n)\n*(?: +.*\n|\n)+", "", path.read_text(), flags=re.DOTALL)
        for link in re.findall(r"(?:https?|ftp):[^\s`>]*", prose):
            if not LOCAL.match(link):
                assert re.fullmatch(r"https://(?:[a-z0-9-]+\.)+[a-z]{2,}(?:[/#][^\s]*)?", link), f"{path.name}: {link}"


def test_news_fragments_have_names_that_towncrier_prints_none_of() -> None:
    kinds = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["towncrier"]["type"]
    kind = "|".join(each["directory"] for each in kinds)
    names = {path.name for path in (ROOT / "changes").iterdir()} - {"README.rst"}
    assert [name for name in names if not re.fullmatch(rf"\+[a-z0-9-]+\.(?:{kind})\.rst", name)] == []


def parse(path: Path) -> nodes.document:
    """Return the tree of a text; what is wrong in it raises."""
    settings = {"report_level": 2, "halt_level": 2, "input_encoding": "utf-8"}
    return publish_doctree(path.read_text(), source_path=str(path), settings_overrides=settings)


def rst_links(path: Path) -> list[str]:
    """Return where the links and the pictures of a text lead."""
    tree = parse(path)
    links = [reference["refuri"] for reference in tree.findall(nodes.reference) if "refuri" in reference]
    return links + [image["uri"] for image in tree.findall(nodes.image)]


def markdown_links(text: str) -> list[str]:
    """Return where the links of a text lead."""
    return re.findall(r"\]\(([^)\s]+)\)", text)
