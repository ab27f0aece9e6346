"""What somebody does rather than says: a message whose text begins with ``/me``, by the convention of XEP-0245.

It is stored and sent to programs as it is; people read ``* ann waves``.
"""

from __future__ import annotations

BEGINNING = "/me "


def shown(nick: str, text: str) -> str:
    """Return a text of somebody as people read it."""
    return f"* {nick} {text[len(BEGINNING) :]}" if text.startswith(BEGINNING) else text


def typed(line: str) -> str | None:
    """Return the text that a person says who typed a line; None for a line that is no action."""
    word, _, doing = line.partition(" ")
    return BEGINNING + doing if word.lower() == "/me" and doing.strip(" ") else None
