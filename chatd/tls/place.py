"""What ``tls:DIRECTORY:port=10320`` says."""

from __future__ import annotations

import re
from pathlib import Path

_PLACE = re.compile(r"tls:((?:[^:\\]|\\.)+):(.+)", re.IGNORECASE | re.DOTALL)


def split(description: str) -> tuple[Path, str]:
    """Return the directory with the certificates, and what ``tcp6:`` takes. Raise `ValueError`, with a sentence."""
    parts = _PLACE.fullmatch(description)
    if parts is None:
        raise ValueError("write tls:DIRECTORY:port=10320")
    # twistd may change its working directory later.
    return Path(re.sub(r"\\(.)", r"\1", parts[1])).absolute(), parts[2]
