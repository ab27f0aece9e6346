"""One answer that goes on for as long as its reader stays: backpressure, signs of life, and why it ends."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from chatd.chat.reading import Output, Reading
from chatd.edges.web.call import Call
from chatd.edges.web.errors import HTTPError
from chatd.edges.web.stream_forms import Form
from chatd.protocol.errors import ChatError, Code

GZIP_WINDOW = 16 + zlib.MAX_WBITS
STREAM_HEADERS: Mapping[str, str] = {"X-Accel-Buffering": "no"}
"""What a live answer has besides: nginx hands it on as it comes."""


@implementer(IPushProducer)
class Stream(Output):
    """Writes to one request as fast as its reader takes it, and no faster.

    A ``live`` one is sent a sign of life each ``--ping-interval``; a reader that takes nothing for more than twice that
    is given up. One that is not live may be compressed.
    """

    def __init__(self, call: Call, form: Form, *, live: bool, headers: Mapping[str, str]) -> None:
        self.blocked = False
        self.reading: Reading | None = None
        self._call = call
        self._form = form
        self._live = live
        self._headers = headers
        self._gateway = call.gateway
        self._timers = call.hub.timers
        self._waiting: list[Deferred[None]] = []
        self._deflate: Any = None
        self._begun = self._over = False
        self._stuck = 0  # at how many looks in a row the reader had taken nothing
        self._gateway.admission.readers += 1
        self._slot = self._timers.add(self._look, self._timers.now + self._seconds)
        call.when_lost(self._lose)
        call.request.registerProducer(self, streaming=True)

    @property
    def _seconds(self) -> int:
        return self._call.hub.limits.ping_seconds

    # What the reading tells it.

    def begin(self, since: int, *, recovered: bool) -> None:
        """Send the head of the answer, and where it begins."""
        call, headers = self._call, {**self._headers, **(STREAM_HEADERS if self._live else {})}
        if not self._live:
            headers.setdefault("Vary", "Accept-Encoding")
            if call.takes_gzip:
                headers["Content-Encoding"] = "gzip"
                self._deflate = zlib.compressobj(6, wbits=GZIP_WINDOW)
        call.begin(200, self._form.kind, headers)
        request: Any = call.request
        request.endless = self._live
        self._begun = True
        hub, room = call.hub, call.room
        found, state = hub.room(room.key), hub.journal.room_state(room.key)
        name = str(found.name) if found is not None else str(room) if state is None else state.name
        opened = {"event": "open", "epoch": hub.journal.epoch, "room": name, "since": since, "recovered": recovered}
        call.write(b"")  # the head goes out, whether or not there is something to say
        self.tell(self._form.aside(opened))

    def tell(self, data: bytes) -> None:
        """Send something."""
        if self._deflate is not None:
            data = self._deflate.compress(data)
        if data and not self._over:
            self._call.write(data)

    def next_turn(self) -> Deferred[None]:
        """Return a Deferred that fires when others have had their turn and the reader has taken what it was told."""
        channel: Any = self._call.request.channel
        if channel is not None and not self._over:
            self._gateway.rate_limiter.charge(channel, 1)
        turn: Deferred[None] = Deferred()
        self._gateway.turns.schedule(lambda: turn.callback(None))
        return turn.addCallback(lambda _: self.unblocked())

    def unblocked(self) -> Deferred[None]:
        """Return a Deferred that fires when the reader has taken what it was told."""
        if not self.blocked or self._over:
            return succeed(None)
        waiting: Deferred[None] = Deferred()
        self._waiting.append(waiting)
        return waiting

    def end(self, error: ChatError | None) -> None:
        """Send why there is nothing more, and end the answer."""
        if self._over:
            return
        if error is not None and not self._begun:
            self.close()
            self._call.refuse(HTTPError.of(error))
            self._wake()
            return
        if error is not None:
            self.tell(self._form.aside({"event": "end", "error": error.code.value, "text": error.text}))
        if self._deflate is not None:
            self._call.write(self._deflate.flush())
        self.close()
        self._call.finish()
        self._wake()

    def abort(self) -> None:
        """Break the connection off."""
        channel: Any = self._call.request.channel
        self.close()
        if channel is not None:
            channel.abort()

    def close(self) -> None:
        """Count no more, and send nothing more."""
        if self._over:
            return
        self._over = True
        self._gateway.admission.readers -= 1
        self._timers.discard(self._look, self._slot)
        if not self._call.lost:
            self._call.request.unregisterProducer()

    # What the transport tells it.

    def pauseProducing(self) -> None:  # Twisted's
        """Wait: what was sent has not been taken yet."""
        self.blocked = True
        self._stuck = 0

    def resumeProducing(self) -> None:
        """Go on: all that was sent was taken."""
        self.blocked = False
        self._wake()

    def stopProducing(self) -> None:
        """Send nothing more: the connection is lost."""
        self._lose()

    def _lose(self) -> None:
        if self.reading is not None:
            self.reading.close()
        self._call.lost = True
        self.close()
        self._wake()

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for each in waiting:
            each.callback(None)

    def _look(self, now: float) -> None:
        """Show that the connection lives; give up who takes nothing, and end what may be read no more."""
        if self._over:
            return
        self._slot = self._timers.add(self._look, now + self._seconds)
        if self.reading is not None:
            if self._call.visitor.is_over:
                self.reading.end(ChatError(Code.NOT_ALLOWED, "the login or token has expired; reconnect with another"))
            self.reading.look_again()
        if self._over:
            return
        if self.blocked:
            self._stuck += 1
            if self._stuck > 2:
                channel: Any = self._call.request.channel
                self._call.hub.log_limiter.note(
                    f"{channel.name} was disconnected: slow", "a reader was disconnected", channel.household
                )
                channel.abort()
        elif self._begun and self._live:
            self._call.write(self._form.keepalive)
