"""The changelog of the site begins with what waits in changes/ for the next release."""

from __future__ import annotations

import textwrap
import tomllib
from pathlib import Path

from sphinx.application import Sphinx

_MARK = ".. towncrier release notes start\n"


def section(project: Path) -> str:
    """Return the fragments as the section that towncrier will make of them."""
    kinds = tomllib.loads((project / "pyproject.toml").read_text())["tool"]["towncrier"]["type"]
    lines: list[str] = []
    for kind in kinds:
        fragments = sorted((project / "changes").glob(f"+*.{kind['directory']}.rst"))
        if fragments:
            lines += ["", kind["name"], "~" * len(kind["name"]), ""]
        for fragment in fragments:
            text = textwrap.indent(fragment.read_text().strip(), "  ")
            lines.append(f"-{text[1:]}")
    return "\n".join(["", "Unreleased", "----------", *lines, ""]) if lines else ""


def insert(app: Sphinx, path: Path, _page: str, content: list[str]) -> None:
    """Put the section in front of the releases."""
    if path.name == "CHANGELOG.rst":
        project = Path(app.srcdir).parent
        app.env.note_dependency(project / "changes")
        content[0] = content[0].replace(_MARK, _MARK + section(project))


def setup(app: Sphinx) -> dict[str, bool]:
    """Do so whenever the changelog is included."""
    app.connect("include-read", insert)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
