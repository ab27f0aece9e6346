"""Print the copyright file of a Debian package from what the projects in a folder say of their terms."""

from __future__ import annotations

import sys
from email import message_from_string
from importlib import metadata
from pathlib import Path

_HEAD = """\
Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/
Upstream-Name: chatd
Comment: chatd brings the Python projects that it needs along. The texts of their
 licences are in the folders of their names below {folder}.
"""
_CLASSIFIER = "License :: OSI Approved :: "


def terms(project: metadata.Distribution) -> str:
    """Return the licence that a project names, in one line."""
    information = message_from_string(project.read_text("METADATA") or "")
    expression = str(information.get("License-Expression", ""))
    classifiers = [str(each) for each in information.get_all("Classifier", [])]
    classified = " and ".join(each.removeprefix(_CLASSIFIER) for each in classifiers if each.startswith(_CLASSIFIER))
    return expression or classified or "as in its own files"


def paragraphs(folder: Path, where: str) -> list[str]:
    """Return one paragraph for each project in a folder that will be ``where``."""
    found = sorted(metadata.distributions(path=[str(folder)]), key=lambda each: each.name.lower())
    return [
        f"Files: {where}/{project.name.replace('-', '_')}*\n"
        f"Copyright: the authors of {project.name} {project.version}\nLicense: {terms(project)}\n"
        for project in found
    ]


def main() -> None:
    """Print it for the folder that the command line names."""
    folder = Path(sys.argv[1])
    where = f"/usr/lib/{folder.name}"
    own = Path(__file__).parents[1] / "LICENSE"
    text = "".join(f" {line}\n" if line.strip() else " .\n" for line in own.read_text().splitlines())
    everything = "Files: *\nCopyright: the authors of chatd\nLicense: MIT and Unicode-3.0\n" + text
    print("\n".join([_HEAD.format(folder=where), everything, *paragraphs(folder, where)]), end="")


if __name__ == "__main__":
    main()
