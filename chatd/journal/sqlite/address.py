"""Where ``--journal sqlite:PATH`` says that the file is."""

from __future__ import annotations

from pathlib import Path


def sqlite_path(description: str) -> Path:
    """Return the file that ``sqlite:PATH`` names. Raise `ValueError`, with a sentence for the user, if none."""
    kind, _, path = description.partition(":")
    if kind != "sqlite" or not path:
        raise ValueError(f"{description!r} is not a journal in a file; give sqlite:PATH")
    found = Path(path).resolve()
    if not found.name:
        raise ValueError(f"{description!r} is not a journal in a file: {found} is a directory")
    return found


def in_directory(description: str, directory: Path) -> str:
    """Return a description whose file, if it names one by a relative path, is looked for in a directory."""
    kind, _, path = description.partition(":")
    return f"sqlite:{directory / path}" if kind == "sqlite" and path else description
