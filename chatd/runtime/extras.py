"""What to type to install what is missing: chatd is on no index, so the packages of an extra are named themselves."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
from collections.abc import Iterable
from importlib.util import find_spec

PROJECT = "chatd"
_OF_EXTRA = re.compile(r"""\bextra\s*==\s*["']([\w.-]+)["']""")


def missing(what: str, extra: str) -> str:
    """Return how a sentence ends that began with what needs ``what``: that it is missing, and the command for it."""
    return f"needs {what}, which is not installed: {install_command(extra)}"


def install_command(extra: str) -> str:
    """Return the line for a shell that installs the packages of an extra where this Python looks for them."""
    packages = requirements(_declared(), extra)
    wanted = " ".join(shlex.quote(package) for package in packages) or shlex.quote(f".[{extra}]")
    return f"{_installer()} {wanted}"


def requirements(declared: Iterable[str], extra: str) -> list[str]:
    """Return what an extra adds, from the lines of ``Requires-Dist``, as pip takes it."""
    rows = (line.partition(";") for line in declared)
    return [wanted.strip().replace(" ", "") for wanted, _, marker in rows if extra in _OF_EXTRA.findall(marker)]


def names() -> list[str]:
    """Return the extras for those who use chatd, sorted: not those for its development."""
    found = {name for line in _declared() for name in _OF_EXTRA.findall(line)}
    return sorted(found - {"dev", "test"})


def _declared() -> list[str]:
    """Return nothing for a source tree that was never installed."""
    from importlib import metadata  # which takes a program that lacks nothing a part of its start

    try:
        return metadata.requires(PROJECT) or []
    except metadata.PackageNotFoundError:
        return []


def _installer() -> str:
    """Return what installs into the virtual environment that this is, whichever is active in the user's shell."""
    if find_spec("pip") is None and shutil.which("uv"):
        return f"uv pip install --python {shlex.quote(sys.prefix)}"
    if sys.prefix == sys.base_prefix:
        return "pip install"
    return f"{shlex.quote(sys.executable)} -m pip install"
