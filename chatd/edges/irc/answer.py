"""What one line of a client is answered: message by message or, under a label, together (IRCv3 labeled-response)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from chatd.edges.irc.message import Message

MAX_COLLECTED = 50
"""How many messages of an answer are kept until it is known whether there are more; after that they come as they are
made, in a batch that is open."""


class Answer:
    """Sends what a line is answered; `close` as often as it was opened, which is once at first, ends it.

    Without a ``label`` messages are sent as they come. With one, a single message gets it, several stand in a batch
    that has it, and ``ACK`` says that there is none.
    """

    def __init__(self, send: Callable[[Message], None], label: str, numbers: count[int], server: str) -> None:
        self._send = send
        self._label = label
        self._numbers = numbers
        self._server = server
        self._open = 1
        self._collected: list[Message] = []
        self._last: list[Message] = []
        self._batch = ""

    @property
    def is_over(self) -> bool:
        """Whether nothing more is to come."""
        return self._open == 0

    def add(self, message: Message) -> None:
        """Send one more message, now or at the end."""
        if not self._label or self.is_over:
            self._send(message)
        elif self._batch:
            self._send(_tagged(message, "batch", self._batch))
        else:
            self._collected.append(message)
            if len(self._collected) > MAX_COLLECTED:
                self._begin_batch()

    def add_last(self, message: Message) -> None:
        """Send a message after all others of the answer."""
        if self.is_over:
            self._send(message)
        else:
            self._last.append(message)

    def open(self) -> None:
        """Expect more, until one more `close`."""
        self._open += 1

    def close(self) -> None:
        """Expect nothing more, if this was the last."""
        if self._open == 1:
            last, self._last = self._last, []
            for message in last:
                self.add(message)
        self._open -= 1
        if self._open or not self._label:
            return
        if not self._batch and not self._collected:
            self._send(Message("ACK", (), self._server, {"label": self._label}))
        elif not self._batch and len(self._collected) == 1 and self._collected[0].command != "BATCH":
            self._send(_tagged(self._collected[0], "label", self._label))
        else:
            if not self._batch:
                self._begin_batch()
            self._send(Message("BATCH", (f"-{self._batch}",), self._server))

    def _begin_batch(self) -> None:
        self._batch = f"L{next(self._numbers)}"
        self._send(Message("BATCH", (f"+{self._batch}", "labeled-response"), self._server, {"label": self._label}))
        collected, self._collected = self._collected, []
        for message in collected:
            self._send(_tagged(message, "batch", self._batch))


def _tagged(message: Message, key: str, value: str) -> Message:
    return message if key in message.tags else message._replace(tags={key: value, **message.tags})
