"""Whose a message is: this decides, and never a nick alone, who may delete or edit it and who has already reacted.

A key belongs to an account or, for a guest, to the session that sent the message; it passes to whoever takes the
connection over with its resume secret. The server makes it; it is in no line, and nobody can claim one.
"""

from __future__ import annotations

from typing import NamedTuple

_ACCOUNT = "account="


class Rights(NamedTuple):
    """What somebody who refers to a message may do, as judged at the place of that command in the order."""

    moderates: bool
    """Whether they are an operator of the room, or of the server."""
    readable_after: int
    """The id after which they may read the room."""
    public_after: int = 0
    """The id after which anybody may who is there; what is before was said while the room was private."""


def account_key(account: str) -> str:
    """Return the key of an account, given that of its nick."""
    return f"{_ACCOUNT}{account}"


def session_key(session: str) -> str:
    """Return the key of a session, given an id that no other session has."""
    return f"session={session}"


def account_of(author: str) -> str:
    """Return the key of the account behind an author's key; empty for a session."""
    return author.removeprefix(_ACCOUNT) if author.startswith(_ACCOUNT) else ""


def lasting(author: str) -> str:
    """Return a key if it outlives its session, for an export; else an empty text."""
    return author if author.startswith(_ACCOUNT) else ""


def is_own(author: str, keys: str) -> bool:
    """Return whether a message belongs to the holder of ``keys``, which are separated by spaces."""
    return author != "" and author in keys.split(" ")


def main_key(keys: str) -> str:
    """Return by which of the ``keys`` of somebody what they say is kept."""
    return keys.partition(" ")[0]
