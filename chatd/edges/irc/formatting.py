"""Colours and styles that IRC clients write into texts, which nobody else can read."""

from __future__ import annotations

import re

_CODES = re.compile(
    r"\x03(?:[0-9]{1,2}(?:,[0-9]{1,2})?)?|\x04(?:[0-9A-Fa-f]{6}(?:,[0-9A-Fa-f]{6})?)?|[\x02\x0f\x11\x16\x1d\x1e\x1f]"
)


def without_formatting(text: str) -> str:
    """Return a text without the codes for colours, bold, italics and the like."""
    return text if text.isprintable() else _CODES.sub("", text)
