"""The messages that a bot receives, and how it answers them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from twisted.internet.defer import Deferred


@dataclass(eq=False)
class Message:
    """A message that somebody sent to a room."""

    room: str
    nick: str
    text: str
    id: int
    """Ids rise within a room and stay the same across restarts."""
    time: datetime
    """When the server stored it, in UTC."""
    old: bool
    """Whether it was sent while the bot was not connected."""
    _say: Callable[[int, str], Deferred[None]] = field(repr=False)
    answers: list[Deferred[None]] = field(default_factory=list, repr=False)
    """What `answer` has returned."""

    def answer(self, text: str) -> Deferred[None]:
        """Send ``text`` to the room of the message, once, even if the message is handled again after a crash.

        Return what `Bot.say` returns. Call it before the handler is done. Answers to one message are told apart by
        their order: if a handler that runs again gives a different answer, the first one stands.
        """
        self.answers.append(self._say(len(self.answers), text))
        return self.answers[-1]
