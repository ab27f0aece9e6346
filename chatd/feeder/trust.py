"""Which certificate of a server is accepted, where nobody can be asked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Trust:
    """Which certificate of a server is accepted: one that the system's authorities vouch for, by default."""

    authorities: Path | None = None
    """A PEM file with those that are trusted instead; a self-signed certificate is its own."""
    fingerprint: str | None = None
    """The SHA-256 of the only one that is accepted, whoever vouches for it."""
