"""Where the programs are that tests start: those of other people, as their packages install them."""

from __future__ import annotations

import os
import shutil

_SYSTEM = "/usr/sbin:/sbin"


def program(name: str) -> str:
    """Return the path of a program, which ``tests/run`` installs. Raises LookupError where it is missing."""
    found = shutil.which(name, path=f"{os.environ.get('PATH', os.defpath)}:{_SYSTEM}")
    if found is None:
        raise LookupError(f"{name} is not installed; tests/run installs it where it may")
    return found
