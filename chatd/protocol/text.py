"""What is done to text before a person, the store or the log sees it."""

from __future__ import annotations

from collections.abc import Mapping

from chatd.protocol.terminal import without_sequences

REPLACEMENT = "\ufffd"


def _replacements() -> Mapping[int, str]:
    """What stands for each character that could command a terminal, forge a line or reorder one.

    C0 controls but TAB, and DEL, become the pictures that Unicode has for them (U+2400 and up).
    C1 controls, the line and paragraph separators and the explicit bidirectional embeddings,
    overrides and isolates (UAX #9) become U+FFFD; so do lone surrogates, which UTF-8 cannot carry.
    """
    table = {c: chr(0x2400 + c) for c in range(0x20) if c != 0x09}
    table[0x7F] = "\u2421"
    for first, last in ((0x80, 0x9F), (0x2028, 0x202E), (0x2066, 0x2069), (0xD800, 0xDFFF)):
        table.update(dict.fromkeys(range(first, last + 1), REPLACEMENT))
    return table


_TABLE = _replacements()


def clean(text: str) -> str:
    """Return ``text`` with every character that could command a terminal replaced by one that shows it.

    Each character becomes exactly one; text that needs nothing comes back as it is.
    """
    # All that the table replaces is unprintable, and the test costs a tenth of the translation.
    return text if text.isprintable() else text.translate(_TABLE)


def plain(text: str) -> str:
    """Return what somebody said as it may be shown: control sequences leave nothing, all else is as in `clean`."""
    return text if text.isprintable() else without_sequences(text).translate(_TABLE)


def counted(number: int, noun: str) -> str:
    """Return how many there are: ``1 line``, ``2,000 lines``."""
    return f"{number:,} {noun}{'s' * (number != 1)}"


def excerpt(text: str, limit: int = 40) -> str:
    """Return the beginning of what a peer sent, at most ``limit`` characters, quoted for an error's text."""
    return f'"{text[:limit]}..."' if len(text) > limit else f'"{text}"'
