"""The files of a kit beside the wheels: their hashes, the script that installs them, and the documentation."""

from __future__ import annotations

import hashlib
import re
import shutil
from collections import defaultdict
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path

import chatd
from chatd.app import own_wheel
from chatd.app.kit_wheels import Target
from chatd.runtime.extras import PROJECT

REQUIREMENTS, SUMS, WHEELS, SCRIPT = "requirements.txt", "SHA256SUMS", "wheels", "install"
_ONLY_FOR_THE_SITE = ("conf.py", "_site", "changelog.rst", "contributing.rst", "__pycache__")
_README = """\
{title}
{line}

For a machine without a network:

    sh install [FOLDER]

creates a virtual environment there (default: /opt/chatd), installs chatd into it and prints how to
start it. Put PYTHON=/usr/bin/python{python} in front to choose the interpreter. Only Python is
needed: pip is among the wheels, and no package index is contacted.

By hand, in an environment that has pip:

    pip install --no-index --find-links wheels --require-hashes -r requirements.txt

sha256sum --check SHA256SUMS checks that no file has changed; compare the hash of that
file itself with the one that chatd kit printed.

    wheels/           chatd and its dependencies{extras}
    requirements.txt  their versions and SHA-256 hashes
    docs/             the documentation; start with docs/README.rst
"""


def write_all(kit: Path, extras: Sequence[str], wanted: Target) -> None:
    """Write all that there is beside the wheels, the sums last."""
    (kit / REQUIREMENTS).write_text(requirements(kit / WHEELS, extras))
    script = Path(chatd.__file__).parent / "app" / "kit_install.sh"
    (kit / SCRIPT).write_text(script.read_text().replace("@PYTHON@", wanted.python))
    (kit / SCRIPT).chmod(0o755)
    copy_documentation(kit / "docs")
    with_extras = f", with the extras {', '.join(extras)}" if extras else ""
    title = f"chatd {chatd.__version__} for Python {wanted.python} on {wanted.platform}"
    text = _README.format(title=title, line="=" * len(title), python=wanted.python, extras=with_extras)
    (kit / "README").write_text(text)
    (kit / SUMS).write_text(_sums(kit))


def requirements(wheels: Path, extras: Sequence[str]) -> str:
    """Return the lines with which pip takes these wheels and no others. pip itself is not among them."""
    hashes: dict[tuple[str, str], list[str]] = defaultdict(list)
    for wheel in sorted(wheels.glob("*.whl")):
        name, version, *_ = wheel.name.split("-")
        if name != "pip":
            hashes[name, version].append(sha256(wheel))
    lines: list[str] = []
    for (name, version), of_name in hashes.items():
        with_extras = f"[{','.join(extras)}]" if name == PROJECT and extras else ""
        lines.append(" ".join([f"{name}{with_extras}=={version}", *(f"--hash=sha256:{each}" for each in of_name)]))
    return "\n".join(lines) + "\n"


def copy_documentation(folder: Path) -> None:
    """Copy README and docs so that their links to each other hold."""
    folder.mkdir()
    if (project := own_wheel.checkout()) is not None:
        source = project / "docs"
        (folder / "README.rst").write_text((project / "README.rst").read_text())
    else:
        source = Path(chatd.__file__).parent / "docs"
        (folder / "README.rst").write_text(_description(metadata.distribution(PROJECT).read_text("METADATA") or ""))
    if source.is_dir():
        shutil.copytree(source, folder / "docs", ignore=shutil.ignore_patterns(*_ONLY_FOR_THE_SITE))


def _description(information: str) -> str:
    """Return the README, which is what follows the headers."""
    return re.split(r"\r?\n\r?\n", information, maxsplit=1)[-1]


def _sums(kit: Path) -> str:
    """Return what ``sha256sum --check`` reads."""
    files = sorted(path for path in kit.rglob("*") if path.is_file() and path.name != SUMS)
    return "".join(f"{sha256(path)}  {path.relative_to(kit).as_posix()}\n" for path in files)


def sha256(path: Path) -> str:
    """Return the hash of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
