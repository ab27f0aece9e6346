"""What a search for words is, in the language of SQLite's full-text index (FTS5)."""

from __future__ import annotations

from collections.abc import Sequence

TOKENIZE = "unicode61 remove_diacritics 2"
"""How text is taken apart into words; see https://www.sqlite.org/fts5.html#unicode61_tokenizer and ``schema.sql``."""


def match(room: int, words: Sequence[str]) -> str | None:
    """Return the FTS5 expression for messages of ``room`` with all of ``words``; None if no word has a letter or digit.

    Each word is quoted, so that nothing in it is an operator. https://www.sqlite.org/fts5.html#full_text_query_syntax
    """
    quoted = ['"' + word.replace('"', '""') + '"' for word in words if any(map(str.isalnum, word))]
    return f'room : "{room}" AND text : ({" ".join(quoted)})' if quoted else None
