"""What people read has none of the phrases that docs/development/words.rst retires, and American spelling."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from chatd.app.reference.pages import pages

ROOT = Path(__file__).parents[2]
WORDS = ROOT / "docs" / "development" / "words.rst"
PUBLIC = ("chatd/bot/", "chatd/protocol/", "chatd/testing/")
"""Packages whose docstrings are for everybody."""
SPELLINGS = {
    "color": "colour",
    "favor": "favour",
    "honor": "honour",
    "neighbor": "neighbour",
    "behavior": "behaviour",
    "-ize": r"(?:authori|capitali|categori|customi|finali|generali|initiali|minimi|maximi|normali|optimi|organi"
    r"|prioriti|reali|recogni|saniti|seriali|speciali|standardi|summari|synchroni|tokeni|utili)s(?=e|ing|ation)",
    "-yze": r"(?:anal|catal|paral)ys(?=e[drs]?\b|ing)",
    "license": "licence",
    "defense": "defence",
    "offense": "offence",
    "gray": r"grey(?:s|ed|ish)?\b",
    "center": r"centr(?=e|ing)",
    "canceled": r"cancell(?=ed|ing)",
    "labeled": r"labell(?=ed|ing)(?!edby)",
    "modeled": r"modell(?=ed|ing)",
    "signaled": r"signall(?=ed|ing)",
    "traveled": "travell",
    "catalog": "catalogue",
    "dialog": "dialogue",
    "toward": r"towards\b",
    "while": r"whilst\b",
    "among": r"amongst\b",
    "artifact": "artefact",
    "learned": r"learnt\b",
    "judgment": "judgement",
    "acknowledgment": "acknowledgement",
}


_JAVASCRIPT = re.compile(
    r"""(?P<comment> //[^\n]* | /\*.*?\*/) | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*' | `(?:\\.|[^`\\])*`""",
    re.VERBOSE | re.DOTALL,
)


def retired() -> dict[str, str]:
    """Return patterns of the phrases in the last table of the word list, and what is written now."""
    table = WORDS.read_text().rpartition("\nNot any more\n")[2]
    rows = re.findall(r"^``(.+?)`` +``(.+?)``$", table, re.MULTILINE)
    return {rf"(?<!\w){re.escape(old)}(?!\w)": new for old, new in rows}


def texts() -> Iterator[tuple[str, str]]:
    """Yield the name of each thing that people read, and its text."""
    written = [*ROOT.glob("*.rst"), *ROOT.glob("*.md"), *ROOT.glob("docs/**/*.rst")]
    written += [*ROOT.glob("changes/*.rst"), *ROOT.glob("examples/*.rst")]
    pages_of_the_web = [*ROOT.glob("chatd/edges/web/**/*.html")]
    for path in {*written, *pages_of_the_web} - {WORDS}:
        yield str(path.relative_to(ROOT)), path.read_text()
    for path in ROOT.glob("chatd/**/*.py"):
        name = str(path.relative_to(ROOT))
        yield name, "\n".join(sentences(path.read_text(), docstrings=name.startswith(PUBLIC)))
    for path in ROOT.glob("chatd/edges/web/**/*.js"):
        yield str(path.relative_to(ROOT)), "\n".join(quoted(path.read_text()))
    for page, shown in pages().items():
        yield f"chatd man {page}", shown.text()


def sentences(code: str, *, docstrings: bool) -> Iterator[str]:
    """Yield strings of more than a word. Those that are statements are docstrings."""
    tree = ast.parse(code)
    statements = {node.value for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    read = [
        node for node in ast.walk(tree) if isinstance(node, ast.Constant) and (docstrings or node not in statements)
    ]
    yield from (node.value for node in read if isinstance(node.value, str) and " " in node.value)


def quoted(script: str) -> Iterator[str]:
    """Yield strings of more than a word that are in a script's code, not in its comments."""
    for match in _JAVASCRIPT.finditer(script):
        if not match["comment"] and " " in match[0]:
            yield match[0]


def found(text: str) -> list[str]:
    """Return what should be written otherwise, and how."""
    plain = re.sub(r"\s+", " ", text.replace("``", ""))
    american = {rf"\b(?:{british})": word for word, british in SPELLINGS.items()}
    rules = {**retired(), **american}
    return [f"{match[0]}: {new}" for old, new in rules.items() for match in re.finditer(old, plain, re.IGNORECASE)]


def test_no_retired_phrase_and_no_british_spelling() -> None:
    read = {name: found(text) for name, text in texts()}
    assert len(read) > 500
    assert {name: old for name, old in read.items() if old} == {}


def test_what_is_looked_for_is_found() -> None:
    assert len(retired()) >= 4
    assert found("10319 if nothing\nis said, in your ``favourite`` colours") == [
        "if nothing is said: default: ...",
        "colour: color",
        "favour: favor",
    ]
    code = '"""Of this."""\nword = "one"\nsaid = f"{word} is" " said"'
    assert list(sentences(code, docstrings=False)) == [" is said"]
    assert list(sentences(code, docstrings=True)) == ["Of this.", " is said"]
    script = "// it's a comment\nsay('no \\' end', \"b\", `c ${d}`) /* 'e f' */"
    assert list(quoted(script)) == ["'no \\' end'", "`c ${d}`"]
