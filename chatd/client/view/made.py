"""What is made when it is first asked for: a sheet that nobody opens costs the start nothing."""

from __future__ import annotations

from typing import Any


def made(owner: object, *names: str) -> list[Any]:
    """Return those of an object's cached properties that somebody has asked for, in the order of the names."""
    return [vars(owner)[name] for name in names if name in vars(owner)]
