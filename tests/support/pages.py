"""The blocks of commands and code on the pages of documentation, each with the comments that steer how it is tested."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent

from docutils import nodes
from docutils.core import publish_doctree

ROOT = Path(__file__).parents[2]
STEERING = (
    "answers",
    "as",
    "before",
    "daemon",
    "earlier",
    "exit status",
    "file",
    "given",
    "keeps running",
    "not run",
    "others",
    "output of",
    "tested by",
    "typed",
)
"""The comments that a block may carry; docs/development/how-to.rst says what each is for."""
_SETTINGS = {"report_level": 5, "halt_level": 5, "syntax_highlight": "none", "input_encoding": "utf-8"}


@dataclass(frozen=True)
class Block:
    """A literal block, or one of code."""

    page: str
    """The path of its page within the project."""
    kind: str
    """The language that it names; empty if it names none."""
    lines: tuple[str, ...]
    steering: dict[str, str] = field(default_factory=dict)
    first: int | None = None
    """The index of its first line on the page; None if it stands in another file that is included."""
    indent: str = ""

    @property
    def text(self) -> str:
        return "".join(f"{line}\n" for line in self.lines)

    @property
    def place(self) -> str:
        """Where it stands, for people."""
        return self.page if self.first is None else f"{self.page}:{self.first + 1}"

    def list_of(self, key: str) -> list[str]:
        """Return the values of a steering comment: names have commas between them, lines that are typed semicolons."""
        ends = r"[,\n]" if key in ("others", "tested by") else r"[;\n]"
        return [each.strip() for each in re.split(ends, self.steering.get(key, "")) if each.strip()]


def pages() -> list[Path]:
    """Return all pages whose blocks are tested."""
    return [ROOT / "README.rst", ROOT / "CONTRIBUTING.rst", *sorted((ROOT / "docs").rglob("*.rst"))]


def name_of(page: Path) -> str:
    """Return a page's path within the project."""
    return str(page.relative_to(ROOT)) if page.is_relative_to(ROOT) else page.name


def blocks_of(page: Path) -> list[Block]:
    """Return the blocks of a page in their order."""
    text = page.read_text()
    tree = publish_doctree(text, source_path=str(page), settings_overrides=_SETTINGS)
    return list(_blocks(tree, text.splitlines(), name_of(page)))


def _blocks(tree: nodes.document, source: list[str], page: str) -> Iterator[Block]:
    position = 0
    for node in tree.findall(lambda node: isinstance(node, nodes.literal_block | nodes.doctest_block)):
        if isinstance(node.parent, nodes.system_message) or _is_of_another_page(node, page):
            continue
        kind = _kind(node)
        lines = tuple(node.astext().splitlines())
        found = _find(lines, source, position)
        steering = dict(_steering(node, kind))
        if found is None:
            yield Block(page, kind, lines, steering)
            continue
        position = found + len(lines)
        indent = source[found][: len(source[found]) - len(source[found].lstrip())]
        yield Block(page, kind, lines, steering, found, indent)


def _is_of_another_page(node: nodes.Element, page: str) -> bool:
    """Return whether a block comes from a page that this one includes, and is tested there."""
    source = Path(str(node.source))
    return source.suffix == ".rst" and source.name != Path(page).name


def _kind(node: nodes.Element) -> str:
    if isinstance(node, nodes.doctest_block):
        return "doctest"
    classes = [each for each in node["classes"] if each != "code"]
    return str(classes[0]) if classes else ""


def _find(lines: tuple[str, ...], source: list[str], start: int) -> int | None:
    """Return at which line of the page some lines stand, indented."""
    for first in range(start, len(source) - len(lines) + 1):
        window = source[first : first + len(lines)]
        if window[0].startswith(" ") and all(
            ours.strip() == theirs.strip() for ours, theirs in zip(lines, window, strict=True)
        ):
            return first
    return None


def _steering(node: nodes.Element, kind: str) -> Iterator[tuple[str, str]]:
    """Yield what the comments before a block say."""
    siblings = node.parent.children
    index = siblings.index(node)
    if not kind and index and isinstance(siblings[index - 1], nodes.paragraph):
        index -= 1  # the one that ends in two colons
    while index and isinstance(siblings[index - 1], nodes.comment):
        index -= 1
        text = siblings[index].astext()
        key, _, value = text.partition(":")
        first, _, rest = value.strip().partition("\n")
        yield key, "\n".join(filter(None, [first, dedent(rest)]))
