"""What is said in the rooms of a big file: made up, and the same each time.

Rooms, authors and words come by Zipf's law, as they do among people: a few rooms have most of what is said and a long
tail has a handful each, one word stands in a third of all messages and most stand nearly nowhere.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple

AUTHORS = 20_000
VOCABULARY = 50_000
WORDS = (3, 14)
"""How many words a message has, at least and at most."""
_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_AT_ONCE = 10_000
"""How many messages are drawn together: chance costs a fraction of what it does for one."""


class Message(NamedTuple):
    """Something that was said."""

    room: int
    """Its rank: 1 is the biggest room."""
    author: int
    text: str


def room_name(rank: int) -> str:
    """Return the name of a room, which is its key too."""
    return f"#room-{rank}"


def words() -> list[str]:
    """Return all words that are said, the commonest first; no two are alike."""
    chance = random.Random(1)
    found: dict[str, None] = {}
    while len(found) < VOCABULARY:
        found["".join(chance.choices(_LETTERS, k=chance.randint(2, 9)))] = None
    return list(found)


def messages(count: int, rooms: int) -> Iterator[Message]:
    """Yield ``count`` messages, at least one in each of ``rooms``; those that nobody has found yet appear evenly."""
    chance = random.Random(2)
    every = count // rooms
    vocabulary = words()
    room_weights, author_weights, word_weights = _weights(rooms), _weights(AUTHORS), _weights(VOCABULARY)
    for start in range(0, count, _AT_ONCE):
        here = min(_AT_ONCE, count - start)
        ranks = chance.choices(range(1, rooms + 1), cum_weights=room_weights, k=here)
        authors = chance.choices(range(AUTHORS), cum_weights=author_weights, k=here)
        lengths = chance.choices(range(WORDS[0], WORDS[1] + 1), k=here)
        said = chance.choices(vocabulary, cum_weights=word_weights, k=sum(lengths))
        at = 0
        for number, rank, author, length in zip(range(start, start + here), ranks, authors, lengths, strict=True):
            opened, between = divmod(number, every)
            room = opened + 1 if not between and opened < rooms else rank
            yield Message(room, author, " ".join(said[at : at + length]))
            at += length


def _weights(count: int) -> Sequence[float]:
    return list(accumulate(1 / rank for rank in range(1, count + 1)))
