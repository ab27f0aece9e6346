"""What a search for words is, in the language of SQLite's full-text index (FTS5)."""

from __future__ import annotations

from collections.abc import Sequence

from chatd.protocol.unicode_tables import tables

TOKENIZE = "unicode61 remove_diacritics 2"
"""How text is taken apart into words; see https://www.sqlite.org/fts5.html#unicode61_tokenizer and ``schema.sql``."""


def match(room: int, words: Sequence[str]) -> str | None:
    """Return the FTS5 expression for messages of ``room`` with all of ``words``; None if no word has a letter or digit.

    Each word is quoted, so that nothing in it is an operator. https://www.sqlite.org/fts5.html#full_text_query_syntax
    """
    quoted = ['"' + word.replace('"', '""') + '"' for word in words if _can_be_found(word)]
    return f'room : "{room}" AND text : ({" ".join(quoted)})' if quoted else None


def _can_be_found(word: str) -> bool:
    if word.isascii():
        return any(map(str.isalnum, word))
    known = tables()
    return any(character in known.letters or character in known.numbers for character in word)
