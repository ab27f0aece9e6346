"""The last private lines that a connection was sent, until it is known to have got them."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

MAX_LINES = 50
MAX_CHARACTERS = 32 * 1024
"""How much is kept for one connection; of more, the newest."""
PROOF_SECONDS = 1
"""Whoever is heard so much later than something was sent has got it: what came sooner may have crossed it."""


class PrivateLine(NamedTuple):
    """What one person told another."""

    nick: str
    """Of the one who told it."""
    text: str
    time: int
    """In milliseconds since 1970."""
    notice: bool = False
    room: str = ""
    """Into which the other is invited; the text says so in words."""
    ref: str = ""
    """What the edge of its author calls it, as no other line is; empty if that has no need to."""

    def as_question(self) -> dict[str, object]:
        """Return what of it another node is asked to tell."""
        asked: dict[str, object] = {"from": self.nick, "text": self.text}
        asked |= {"notice": True} if self.notice else {}
        asked |= {"room": self.room} if self.room else {}
        return asked | ({"ref": self.ref} if self.ref else {})


class PrivateLines:
    """What one connection was told in private."""

    __slots__ = ("_characters", "_sent")

    def __init__(self) -> None:
        self._sent: deque[tuple[float, PrivateLine]] = deque()
        self._characters = 0

    def add(self, line: PrivateLine, now: float, heard: float) -> None:
        """Note a line that is sent ``now``; all that was sent well before the peer was last ``heard`` is forgotten."""
        self._forget_gotten(heard)
        self._sent.append((now, line))
        self._characters += len(line.text)
        while len(self._sent) > MAX_LINES or (self._characters > MAX_CHARACTERS and len(self._sent) > 1):
            self._drop_first()

    def take(self, heard: float) -> list[PrivateLine]:
        """Return what the peer may not have got, and know of nothing any more."""
        self._forget_gotten(heard)
        left = [line for _, line in self._sent]
        self._sent.clear()
        self._characters = 0
        return left

    def _forget_gotten(self, heard: float) -> None:
        while self._sent and self._sent[0][0] + PROOF_SECONDS < heard:
            self._drop_first()

    def _drop_first(self) -> None:
        _, line = self._sent.popleft()
        self._characters -= len(line.text)
