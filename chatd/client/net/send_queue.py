"""What is to be said to the server and in which order, and what is held back meanwhile."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from chatd.protocol.commands import Command


class Message(NamedTuple):
    """Something said, in the order in which it was said."""

    label: str
    text: str


class Question(NamedTuple):
    """Any other command, and the room it was asked in."""

    label: str
    command: Command
    room: str | None
    own: bool = False
    """Whether nobody but the link asked."""


class Flow(Enum):
    """What is done with messages."""

    OPEN = "they are sent in their turn"
    HELD = "the server could not take one now: all are held back until it is sent again"


class SendQueue:
    """Questions that go before all else, and behind them messages and questions in their order."""

    def __init__(self) -> None:
        self.flow = Flow.OPEN
        self._urgent: deque[Question] = deque()
        self._queue: deque[Message | Question] = deque()
        self._refused: list[Message] = []
        self._held: list[Message] = []

    def append_item(self, item: Message | Question) -> None:
        """Put something behind all that is there."""
        self._queue.append(item)

    def append_all(self, items: Iterable[Message]) -> None:
        """Put messages behind all that is there."""
        self._queue.extend(items)

    def append_urgent(self, question: Question) -> None:
        """Put a question behind those that go before all else."""
        self._urgent.append(question)

    def put_back(self, item: Message | Question) -> None:
        """Put something that was taken before all else that is not urgent."""
        self._queue.appendleft(item)

    def take_next(self) -> Message | Question | None:
        """Take out what is to be sent next, None if nothing is there."""
        queue = self._urgent or self._queue
        return queue.popleft() if queue else None

    def hold(self, message: Message) -> None:
        """Keep a message whose room is still to be joined, or which was said after one that was refused."""
        self._held.append(message)

    def hold_refused(self, message: Message) -> None:
        """Keep a message that the server could not take now. It goes before what is held."""
        self._refused.append(message)

    def release(self) -> None:
        """Put what was held back to where it was, before all that was said after it."""
        if self.flow is Flow.OPEN:
            self._queue.extendleft(reversed(self._refused + self._held))
            self._refused, self._held = [], []
