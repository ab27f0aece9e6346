"""What a row about a verb says."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from chatd.protocol.arguments import Arguments
from chatd.protocol.commands import Command


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb of the protocol: the value it stands for, how it is written, what it does, how it is read.

    ``read`` gets what follows the verb. It takes words before ``key=value`` words, and those before the text; an
    optional room is there exactly when the next word begins with ``#``. It raises `ChatError` for anything else.
    """

    command: type[Command]
    usage: str
    summary: str
    read: Callable[[Arguments], Command]
