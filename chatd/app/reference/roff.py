"""Text as roff with the macros of man(7)."""

from __future__ import annotations

import re
from collections.abc import Iterable

_LITERAL = {"\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti", '"': "\\(dq"}
_DASHED = re.compile(r"(?<![\w-])--?[A-Za-z][\w-]*|\b[\w.]+(?:-[\w.]+)+\b")
"""Options, and names with hyphens in them: what somebody may copy."""


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


def title(name: str, section: int, version: str) -> str:
    """Return how a page begins; its date is left out, so that one version has one page."""
    return f'.TH {literal(name.upper())} {section} "" "chatd {literal(version)}" "chatd manual"\n.nh'


def heading(text: str) -> str:
    """Return how a section begins."""
    return f'.SH "{literal(text.upper())}"'


def subheading(text: str) -> str:
    """Return how a part of a section begins."""
    return f'.SS "{literal(text)}"'


def paragraph(text: str) -> str:
    """Return a paragraph of prose."""
    return f".PP\n{line(prose(text))}"


def tagged(tag: str, text: str) -> str:
    """Return something, in roff already, and what there is to say of it."""
    return f".TP\n{line(tag)}\n{line(prose(text)) if text else chr(92) + '&'}"


def example(lines: Iterable[str]) -> str:
    """Return lines that are shown as they are."""
    return "\n".join([".PP", ".RS 4", ".nf", *(line(literal(each)) for each in lines), ".fi", ".RE"])
