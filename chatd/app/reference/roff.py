"""Text as roff with the macros of man(7)."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable

_LITERAL = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", '"': "\\(dq"}
_DASHED = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*|\b[\w.]+(?:-[\w.]+)+\b")
"""Options, and names with hyphens in them: what somebody may copy."""


_NOTHING, _WIDTH = "\\&", 80


def literal(text: str) -> str:
    """Return what is shown as it is and can be copied: no dash or quote becomes a typographic one."""
    return "".join(_LITERAL.get(sign, sign) for sign in text)


def prose(text: str) -> str:
    """Return words of a paragraph, with the dashes of options and of names as they are typed."""
    text = text.replace("\\", "\\e").replace("`", "\\(ga").replace("^", "\\(ha").replace("~", "\\(ti")
    text = text.replace('"', "\\(dq").replace("'", "\\(aq")
    return _DASHED.sub(lambda found: found[0].replace("-", "\\-"), text)


def bold(text: str) -> str:
    """Return what is typed as it stands."""
    return f"\\fB{literal(text)}\\fR"


def italic(text: str) -> str:
    """Return what stands for something else."""
    return f"\\fI{literal(text)}\\fR"


def line(text: str) -> str:
    """Return a line of text that is not taken for a macro."""
    return f"\\&{text}" if text.startswith((".", "'")) else text


def page(parts: Iterable[str]) -> str:
    """Return a page of these parts: a heading begins a paragraph by itself."""
    return re.sub(r"^(\.S[HS] .*)\n\.PP$", r"\1", "\n".join(parts), flags=re.MULTILINE) + "\n"


def title(name: str, section: int, version: str) -> str:
    """Return how a page begins; its date is left out, so that one version has one page."""
    return f'.TH {literal(name.upper())} {section} "" "chatd {literal(version)}" "chatd manual"\n.nh\n.ad l'


def heading(text: str) -> str:
    """Return how a section begins."""
    return f'.SH "{literal(text.upper())}"'


def subheading(text: str) -> str:
    """Return how a part of a section begins."""
    return f'.SS "{literal(text)}"'


def paragraph(text: str) -> str:
    """Return a paragraph of prose."""
    return f".PP\n{_lines(text)}"


def tagged(tag: str, text: str) -> str:
    """Return something, in roff already, and what there is to say of it."""
    return f".TP\n{line(tag)}\n{_lines(text) or _NOTHING}"


def example(lines: Iterable[str]) -> str:
    """Return lines that are shown as they are."""
    return "\n".join([".PP", ".RS 4", ".nf", *(line(literal(each)) for each in lines), ".fi", ".RE"])


def _lines(text: str) -> str:
    return "\n".join(map(line, textwrap.wrap(prose(text), _WIDTH, break_long_words=False, break_on_hyphens=False)))
