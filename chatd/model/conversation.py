"""Private conversations: stored private messages of two people are in the journal like messages in a room of theirs.

The key of a conversation begins with ``=``, which no room does, and names its two parties, each as ``=`` and a name:
``=ann.5f0c=bob.d0``. A party is an account: its key and, after the last dot, a mark that no other account of that name
ever has. So whoever takes the name of a removed account can read nothing from before. Guests have no account to read
with and share one party: what they send to an account is for that account only.
"""

from __future__ import annotations

from chatd.protocol import names

GUESTS = "~"
"""The party of all who have no account. No account's is called so."""
_SIGN = "="


def conversation(one: str, other: str) -> str:
    """Return the key of the conversation of two parties, which may be the same."""
    # Folded as a whole, for whoever reads it from a stream folds it once more.
    return names.folded("".join(_SIGN + party for party in sorted((one, other))))


def is_conversation(room: str) -> bool:
    """Return whether a key belongs to a conversation rather than a room."""
    return room.startswith(_SIGN)


def parties(key: str) -> tuple[str, str]:
    """Return the two parties of a conversation."""
    _, one, other = key.split(_SIGN)
    return one, other


def account_of(party: str) -> str:
    """Return the key of a party's account, empty for that of the guests."""
    return party.rpartition(".")[0]


def all_of(account: str) -> str:
    """Return what stands for all conversations of accounts that have or had that name."""
    return _SIGN + account


def is_of(key: str, wanted: str) -> bool:
    """Return whether a conversation is among those that `all_of` stands for."""
    both = is_conversation(key) and is_conversation(wanted)
    return both and wanted.removeprefix(_SIGN) in map(account_of, parties(key))


def other_party(key: str, party: str) -> str:
    """Return the other party of a conversation, which may be the same."""
    one, other = parties(key)
    return one if other == party else other
