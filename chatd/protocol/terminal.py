"""The control sequences of terminals (ECMA-48), which leave nothing behind them where text is read."""

from __future__ import annotations

import re

# What is cut off, by the end of the line or by what cannot belong to it, is one all the same.
CSI = r"(?:\x1b\[|\x9b)([0-?]*)([ -/]*)([@-~]?)"
STRING = r"((?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x18\x1a\x1b\x9c\r]*)(\x1b\\|[\x07\x18\x1a\x9c]?)"
"""OSC, DCS, SOS, PM and APC: a string, and its end. BEL ends it as well, CAN and SUB cancel it."""
SHORT = r"\x1b[ -/]*[0-~]?"

_SEQUENCE = re.compile(f"{CSI}|{STRING}|{SHORT}|\x9c")


def without_sequences(text: str) -> str:
    """Return a line of text without the control sequences in it, in their 7-bit forms and those of C1."""
    return _SEQUENCE.sub("", text)
