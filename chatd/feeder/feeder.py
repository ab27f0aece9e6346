"""What follows files and keeps a connection, and carries lines from the one to the other."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any

from twisted.application.internet import backoffPolicy
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime, IStreamClientEndpoint
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.feeder.connection import FeederConnection, Identity, Owner
from chatd.feeder.following import Following
from chatd.feeder.log_lines import texts
from chatd.feeder.outbox import FULL, WINDOW, Outbox
from chatd.feeder.state_file import State, StateFile
from chatd.protocol.errors import Code
from chatd.protocol.events import Refused
from chatd.runtime.connection_failures import why_not

LOOK_SECONDS = 0.25
"""How often it is looked whether a file has grown."""
SAVE_SECONDS = 1.0
"""How long after a line was acknowledged the place behind it is kept, at most."""
MAX_WAIT_SECONDS = 60.0
"""How long to wait between two tries, at most."""
STOP_SECONDS = 5.0
"""How long, when it is to stop, what is on its way may take."""
PATIENCE_SECONDS = 10.0
"""After which it is told that the server has not acknowledged anything."""

_OUTSIDE = frozenset({Code.NOT_IN_ROOM, Code.NAME_NEEDED})
_UNSAYABLE = frozenset(
    {Code.LABEL_REUSED, Code.TOO_LONG, Code.NOT_UTF8, Code.BAD_SYNTAX, Code.BAD_TAGS, Code.UNKNOWN_VERB}
)
"""What one line is refused with, however often it is sent."""


_log = Logger()


class Outcome(Enum):
    """How a feeder ended."""

    DONE = "all that was there has been said, or it was stopped"
    REFUSED = "the server refuses something for good, or a file that must be there is not"


class Mode(Enum):
    """When a feeder ends."""

    FOLLOW = "when it is stopped"
    ONCE = "when all that is in the files has been said"


class Feeder(Owner):
    """Says the lines of files. ``report`` is told a topic and what is the matter with it, which is empty if nothing is.

    ``chance`` is what the waits between two tries are drawn from.
    """

    def __init__(
        self,
        clock: IReactorTime,
        endpoint: IStreamClientEndpoint,
        identity: Identity,
        files: Sequence[Following],
        store: StateFile,
        state: State,
        report: Callable[[str, str], None],
        mode: Mode = Mode.FOLLOW,
        chance: random.Random | None = None,
    ) -> None:
        self.done: Deferred[Outcome] = Deferred()
        """Fires once, when nothing is left open."""
        self._clock = clock
        self._endpoint = endpoint
        self._identity = identity
        self._files = files
        self._store = store
        self._state = state
        paths = {file.path for file in files}
        self._others = [place for place in state.places if place.path not in paths]
        self._report = report
        self._mode = mode
        draw = (chance or random.Random()).uniform
        self._backoff = backoffPolicy(1.0, MAX_WAIT_SECONDS, jitter=lambda: draw(0.0, 1.0))
        self._failures = 0
        self._refusals = 0
        self._outbox = Outbox()
        self._connection: FeederConnection | None = None
        self._connecting: Deferred[Any] | None = None
        self._calls: dict[str, IDelayedCall] = {}
        self._outcome: Outcome | None = None
        self._recorded = False
        self._dirty = True
        self._saved_at = self._heard_at = clock.seconds()

    def start(self) -> None:
        """Begin."""
        self._look_on()
        if self._outcome is None:
            self._connect()

    def stop(self, outcome: Outcome = Outcome.DONE) -> Deferred[Outcome]:
        """Read no more, wait a little for what is on its way, leave, and return `done`."""
        if self._outcome is None:
            self._outcome = outcome
            if self._connection is not None and self._connection.inside and self._outbox.unanswered:
                self._later("leave", STOP_SECONDS, self._leave)
            else:
                self._leave()
        return self.done

    # The files.

    def _look_on(self) -> None:
        try:
            self._look()
        except Exception:
            _log.failure("the files could not be followed")
            self._report("files", "ended: internal error; see the traceback above")
            self.stop(Outcome.REFUSED)

    def _look(self) -> None:
        now = self._clock.seconds()
        self._settle()
        if sum([file.look(now) for file in self._files]):
            self._recorded = False
        missing = [file.path for file in self._files if file.missing]
        if missing and self._mode is Mode.ONCE:
            self._outcome = Outcome.REFUSED
            self._leave()
            return
        if not self._recorded or (self._dirty and now - self._saved_at >= SAVE_SECONDS):
            self._save()
        has_read = self._fill()
        self._send()
        if self._outbox.unanswered and now - self._heard_at >= PATIENCE_SECONDS:
            self._report("answers", "waiting for the server to acknowledge lines")
        if self._mode is Mode.ONCE and not has_read and not self._outbox and self._recorded:
            self.stop()
        elif self._outcome is None:
            self._later("look", 0 if has_read and not self._outbox else LOOK_SECONDS, self._look_on)

    def _fill(self) -> bool:
        """Read on, unless enough waits or it is not kept yet which file is which; return whether there was anything."""
        has_read = False
        if self._outcome is None and self._recorded and len(self._outbox) < FULL:
            for file in self._files:
                for piece in file.read(to_the_end=self._mode is Mode.ONCE):
                    self._outbox.add(piece, texts(piece.data))
                    has_read = True
            self._settle()
        return has_read

    def _settle(self) -> None:
        if sum([file.settle() for file in self._files]):
            self._dirty = True

    def _save(self) -> None:
        self._state.paths |= {file.path: file.newest for file in self._files}
        self._state.places = self._others + [place for file in self._files for place in file.places]
        self._saved_at = self._clock.seconds()
        try:
            self._store.save(self._state)
        except OSError as error:
            self._report("state", f"{self._store.path} cannot be written: {error.strerror or error}")
        else:
            self._report("state", "")
            self._recorded, self._dirty = True, False

    # The connection.

    def _connect(self) -> None:
        self._report("server", "connecting")
        factory = Factory.forProtocol(lambda: FeederConnection(self._clock, self, self._identity, self._state.resume))
        factory.noisy = False
        self._connecting = connecting = maybeDeferred(self._endpoint.connect, factory)
        connecting.addCallbacks(self._connected, self._not_connected)

    def _connected(self, _: object) -> None:
        self._connecting = None

    def _not_connected(self, failure: Failure) -> None:
        self._connecting = None
        if self._outcome is None:
            self._retry(f"cannot reach the server: {why_not(failure)}")
        else:
            self._finish()

    def _retry(self, why: str, asked: float | None = None) -> None:
        wait = self._backoff(self._failures) if asked is None else min(asked, MAX_WAIT_SECONDS)
        self._failures += 1
        self._report("server", f"{why}; trying again in {wait:.0f} s")
        self._later("connect", wait, self._connect)

    @override
    def opened(self, connection: FeederConnection) -> None:
        self._connection = connection

    @override
    def entered(self, resume: str) -> None:
        self._state.resume, self._dirty = resume, True
        self._heard_at = self._clock.seconds()
        self._report("server", f"sending to {self._identity.room} as {self._identity.nick}")
        self._send()

    @override
    def said(self, label: str) -> None:
        if not self._outbox.acknowledge(label):
            return
        self._heard_at = self._clock.seconds()
        self._failures = self._refusals = 0
        self._outbox.troubled = False
        self._report("answers", "")
        self._go_on()

    @override
    def message_refused(self, label: str, error: Refused) -> None:
        self._heard_at = self._clock.seconds()
        if error.code in _UNSAYABLE:
            if self._outbox.acknowledge(label):
                self._report(f"line {label}", f"skipped a line: {error.text}")
        elif self._outbox.refuse(label):
            self._report("answers", f"the server refuses a line: {error.text}")
            if error.code in _OUTSIDE and self._connection is not None:
                self._connection.give_up(f"no longer in the room: {error.text}")
                return
        self._go_on()

    @override
    def closed(self, why: str, *, is_final: bool, retry: float | None = None) -> None:
        self._connection = None
        self._outbox.put_back()
        if self._outcome is not None:
            self._finish()
        elif is_final:
            self._report("server", f"ended: {why}")
            self._outcome = Outcome.REFUSED
            self._finish()
        else:
            self._retry(why, retry)

    def _go_on(self) -> None:
        if self._outbox.troubled and not self._outbox.unanswered:
            self._later("release", self._backoff(self._refusals), self._release)
            self._refusals += 1
        elif self._outcome is not None:
            if not self._outbox.unanswered:
                self._leave()
        elif len(self._outbox) < WINDOW:
            self._fill()
        self._send()

    def _release(self) -> None:
        self._outbox.release()
        self._send()

    def _send(self) -> None:
        connection = self._connection
        if connection is None or not connection.inside or self._outcome is not None:
            return
        while (message := self._outbox.take_next()) is not None:
            connection.say(message.label, message.text)

    # The end.

    def _leave(self) -> None:
        if self._connection is not None:
            self._connection.leave()
        elif self._connecting is not None:
            self._connecting.cancel()
        else:
            self._finish()

    def _finish(self) -> None:
        if self.done.called:
            return
        for call in self._calls.values():
            if call.active():
                call.cancel()
        self._settle()
        if self._dirty:
            self._save()
        for file in self._files:
            file.close()
        self._store.release()
        assert self._outcome is not None
        self.done.callback(self._outcome)

    def _later(self, what: str, seconds: float, do: Callable[[], None]) -> None:
        if what in self._calls and self._calls[what].active():
            self._calls[what].cancel()
        self._calls[what] = self._clock.callLater(seconds, do)
