"""What somebody may have meant by a word that is none of those that there are."""

from __future__ import annotations

from chatd.app.command_table import COMMANDS
from chatd.app.configuration.sources import meant


def no_command(word: str) -> str:
    """Return a sentence about a word that stands where only options do."""
    if word in COMMANDS:
        return f"the command {word} goes before the options: chatd {word} ..."
    if (near := meant(word.lower(), COMMANDS)) is not None:
        return f"there is no command {word}; did you mean {near}?"
    return f"{word!r} is no option and no command"
