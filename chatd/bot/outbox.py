"""What a bot says: one message after the other, each under its label until the server has stored or refused it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from twisted.application.internet import backoffPolicy
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger

from chatd.protocol import commands, wire
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Refused

_log = Logger("chatd.bot")


@dataclass(frozen=True, slots=True, eq=False)
class _Outgoing:
    label: str
    command: commands.Tell
    stored: Deferred[None] = field(default_factory=Deferred)


class Outbox:
    """Sends the first message that waits, and the next one once that is answered: so they keep their order."""

    def __init__(self) -> None:
        self._waiting: deque[_Outgoing] = deque()
        self._write: Callable[[bytes], object] | None = None
        self._clock: IReactorTime | None = None
        self._backoff = backoffPolicy(1.0, 60.0)
        self._refusals = 0
        self._again: IDelayedCall | None = None

    def add(self, label: str, command: commands.Tell) -> Deferred[None]:
        """Say something under a label; return what fires when it is stored and fails if it is refused for good."""
        outgoing = _Outgoing(label, command)
        self._waiting.append(outgoing)
        if len(self._waiting) == 1:
            self._send()
        return outgoing.stored

    def attach(self, write: Callable[[bytes], object], clock: IReactorTime) -> None:
        """Send over a connection, beginning with what may not have arrived over the last one."""
        self._write, self._clock = write, clock
        self._send()

    def detach(self) -> None:
        """Let what is said wait for another connection."""
        self._write = None
        self._cancel()

    def stored(self, label: str) -> None:
        """Note that the server has stored what was said under a label."""
        if self.awaits(label):
            self._refusals = 0
            outgoing = self._waiting.popleft()
            self._send()
            outgoing.stored.callback(None)

    def refused(self, label: str, error: Refused) -> None:
        """Note that the server has not: try again later where that may help."""
        if not self.awaits(label):
            return
        if error.code.temporary:
            assert self._clock is not None
            self._again = self._clock.callLater(self._backoff(self._refusals), self._send)
            self._refusals += 1
        elif error.code is Code.LABEL_REUSED:  # it was said before, in other words: those stand
            self.stored(label)
        else:
            outgoing = self._waiting.popleft()
            _log.warn("not sent to {room}: {why}", room=outgoing.command.to, why=error.text)
            self._send()
            outgoing.stored.errback(ChatError(error.code, error.text))

    def awaits(self, label: str) -> bool:
        """Return whether the server's answer to a label is awaited."""
        return bool(self._waiting) and self._waiting[0].label == label

    def _send(self) -> None:
        """Send the first message that waits, once: whoever hears that one is stored may add the next."""
        self._cancel()
        if self._waiting and self._write is not None:
            first = self._waiting[0]
            self._write(wire.encode(wire.render(first.command), {"label": first.label, "notice": ""}))

    def _cancel(self) -> None:
        if self._again is not None and self._again.active():
            self._again.cancel()
