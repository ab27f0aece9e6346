"""Conversations of two: what one person told another and is kept stands in the journal as in a room of theirs.

Its key begins with ``=``, which no room does, and has its two parties, each as ``=`` and a name: ``=ann.5f0c=bob.d0``.
A party is an account: its key and, after the last dot, a mark that no other account of that name has, before or after
it; so whoever takes the name of an account that was removed reads nothing of what was told before. Guests have no
account to read with, and one party between them: what they tell an account is for that account alone.
"""

from __future__ import annotations

from chatd.protocol import names

GUESTS = "~"
"""The party of all who have no account. No account's is called so."""
_SIGN = "="


def conversation(one: str, other: str) -> str:
    """Return the key of the conversation of two parties, who may be the same."""
    # Folded as a whole, for whoever reads it from a stream folds it once more.
    return names.folded("".join(_SIGN + party for party in sorted((one, other))))


def is_conversation(room: str) -> bool:
    """Return whether a key is that of a conversation, and not of a room."""
    return room.startswith(_SIGN)


def parties(key: str) -> tuple[str, str]:
    """Return the two parties of a conversation."""
    _, one, other = key.split(_SIGN)
    return one, other


def account_of(party: str) -> str:
    """Return the key of a party's account, empty for that of the guests."""
    return party.rpartition(".")[0]


def all_of(account: str) -> str:
    """Return what stands for all conversations of whoever has, or had, an account of that name."""
    return _SIGN + account


def is_of(key: str, wanted: str) -> bool:
    """Return whether a conversation is among those that `all_of` stands for."""
    both = is_conversation(key) and is_conversation(wanted)
    return both and wanted.removeprefix(_SIGN) in map(account_of, parties(key))


def other_party(key: str, party: str) -> str:
    """Return whom a party talks to in a conversation, which may be itself."""
    one, other = parties(key)
    return one if other == party else other
