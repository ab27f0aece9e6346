"""What was read and is not acknowledged: what is sent next, and what is sent again."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from chatd.feeder.open_file import Piece

WINDOW = 192
"""How many messages are on their way at once."""
FULL = 512
"""How many may wait before no more is read."""


class Message(NamedTuple):
    """One message. The label is the file's token and where in it the line begins: the same whoever reads it again."""

    label: str
    text: str
    piece: Piece


class Outbox:
    """Messages in their order."""

    def __init__(self) -> None:
        self.troubled = False
        """Whether the last answer was a refusal: then one at a time is tried."""
        self._waiting: deque[Message] = deque()
        self._sent: dict[str, Message] = {}
        self._refused: list[Message] = []

    def __len__(self) -> int:
        return len(self._waiting) + len(self._sent) + len(self._refused)

    @property
    def unanswered(self) -> int:
        """How many are on their way."""
        return len(self._sent)

    def add(self, piece: Piece, texts: list[str]) -> None:
        """Put what is to be said of a piece behind all that is there."""
        piece.waiting = len(texts)
        label = f"{piece.file.place.token}.{piece.start}"
        for number, text in enumerate(texts):
            self._waiting.append(Message(f"{label}.{number}" if number else label, text, piece))

    def take_next(self) -> Message | None:
        """Return what is to be sent now, None if nothing is."""
        window = 1 if self.troubled else WINDOW
        if not self._waiting or self._refused or len(self._sent) >= window:
            return None
        message = self._waiting.popleft()
        self._sent[message.label] = message
        return message

    def acknowledge(self, label: str) -> bool:
        """Note that a message was said, or never can be; return whether it is one that was on its way."""
        message = self._sent.pop(label, None)
        if message is None:
            return False
        message.piece.waiting -= 1
        return True

    def refuse(self, label: str) -> bool:
        """Note that a message is to be said again; return whether it is one that was on its way.

        Nothing is sent until `release`.
        """
        message = self._sent.pop(label, None)
        if message is None:
            return False
        self.troubled = True
        self._refused.append(message)
        return True

    def release(self) -> None:
        """Put what was refused before all that was not sent yet."""
        self._waiting.extendleft(reversed(self._refused))
        self._refused.clear()

    def put_back(self) -> None:
        """Put all that is on its way before all else: the connection is gone."""
        self._refused += self._sent.values()
        self._sent.clear()
        self.release()
