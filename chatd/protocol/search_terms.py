"""What a SEARCH asks for: words, and among them ``from:nick``, ``since=`` and ``before=``, in any order.

A quotation mark before one of these, or after the ``*`` of a word, makes it a word like others: the index has none.
"""

from __future__ import annotations

from chatd.protocol import commands, search_words
from chatd.protocol.arguments import Arguments
from chatd.protocol.text import excerpt

_KEYS = ("since", "before", "ids")
_AUTHOR = "from:"


def read_search(words: Arguments) -> commands.Search:
    """Read what follows the verb."""
    room = words.maybe_room()
    text = words.text()
    left: list[str] = []
    author = None
    values: dict[str, str] = {}
    for word in text.split():
        key, equals, value = word.partition("=")
        if equals and value and key in _KEYS:
            _once(words, word, is_first=key not in values)
            values[key] = value
        elif word.startswith(_AUTHOR) and word != _AUTHOR:
            _once(words, word, is_first=author is None)
            author = words.nick_of(word.removeprefix(_AUTHOR))
        else:
            left.append(word)
    if author is None and not left:
        words.refuse("the words to look for are missing")
    if search_words.size(" ".join(left)) > commands.MAX_SEARCH_WORDS:
        words.refuse(f"too many words; a search takes at most {commands.MAX_SEARCH_WORDS}")
    for word in left:
        if search_words.is_short_prefix(word):
            least = search_words.MIN_PREFIX_CHARACTERS
            words.refuse(f"{excerpt(word)} is too short; write at least {least} letters or digits before the *")
    found = text if author is None and not values else " ".join(left)
    since, before = words.point_of("since", values), words.point_of("before", values)
    return commands.Search(room, found, author, since, before, words.flag("ids", values))


def _once(words: Arguments, word: str, *, is_first: bool) -> None:
    if not is_first:
        words.refuse(f"unexpected word: {excerpt(word)}")
