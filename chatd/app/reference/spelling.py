"""Suggestions for misspelled commands."""

from __future__ import annotations

from chatd.app.command_table import COMMANDS
from chatd.app.configuration.sources import meant
from chatd.protocol.text import clean


def no_command(word: str) -> str:
    """Return a sentence about a word that stands where only options do."""
    if word in COMMANDS:
        return f"put the command before the options: chatd {word} ..."
    if (near := meant(word.lower(), COMMANDS)) is not None:
        return f"unknown command: {word}; did you mean {near}?"
    return f"unknown command: {clean(word)}"
