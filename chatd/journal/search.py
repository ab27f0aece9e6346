"""What a search for words is, in the language of SQLite's full-text index (FTS5).

The index has two columns: what was said, as `chatd.protocol.search_words.fed` makes it ready, and two words that say
where, the number of the room, and by whom. So a search in one room, or for what one has said there, does not walk
through the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

from chatd.protocol import names
from chatd.protocol.search_words import phrase, phrase_before

TOKENIZE = "unicode61 remove_diacritics 2"
"""How text is taken apart into words; see https://www.sqlite.org/fts5.html#unicode61_tokenizer and ``schema.sql``."""


def where(room: int, nick: str) -> str:
    """Return what the index is fed for a message's room and author."""
    return f"{room} {_author(nick)}"


def match(room: int, words: Sequence[str], author: str | None = None) -> str | None:
    """Return the FTS5 expression for messages of ``room`` with all of ``words``, by ``author`` if there is one.

    None if nothing is looked for: no author, and no word with a letter or digit.
    """
    found = [each for each in map(phrase, words) if each is not None]
    if not found and author is None:
        return None
    by = "" if author is None else f' AND room : "{_author(author)}"'
    return f'room : "{room}"{by}{_with(found)}'


def match_before(room: int, words: Sequence[str]) -> str:
    """Return the same for messages that are in the index as an older chatd has put them there, by whoever said them."""
    return f'room : "{room}"{_with([each for each in map(phrase_before, words) if each is not None])}'


def _with(phrases: Sequence[str]) -> str:
    return f" AND text : ({' '.join(phrases)})" if phrases else ""


@lru_cache(maxsize=4096)
def _author(nick: str) -> str:
    """Return a word that only the spellings of one nick have, and no room."""
    return "n" + blake2b(names.key(nick).encode(), digest_size=8).hexdigest()
