"""Writes lines to a connection: at once while its reader keeps up, queued up to a limit while it does not."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from twisted.internet.interfaces import INegotiated, IPullProducer, IPushProducer, ITCPTransport
from twisted.internet.tcp import Connection
from typing_extensions import override
from zope.interface import implementer

PRIVATE_SHARE = 4
"""Private lines may be queued up to this part of the limit."""


class StreamTransport(Protocol):
    """What a writer needs of a transport; all of Twisted's that carry streams have it."""

    def write(self, data: bytes) -> None:
        """Send bytes, sooner or later."""

    def loseConnection(self) -> None:
        """Close when all is sent."""

    def abortConnection(self) -> None:
        """Close at once."""

    def registerProducer(self, producer: object, streaming: bool) -> None:  # noqa: FBT001  # Twisted's own
        """Tell ``producer`` when the buffer is full and when it is empty."""

    def unregisterProducer(self) -> None:
        """Stop telling it."""


class WriterListener(Protocol):
    """Hears of what becomes of what is written."""

    def write_queue_drained(self) -> None:
        """All that was queued has been written."""

    def write_queue_overflowed(self) -> None:
        """Something was not queued, because it would have been over the limit."""


class Writer:
    """Writes to a transport while that takes what it is given, and queues up to ``limit`` bytes while it does not.

    It is the transport's producer: that is how it learns that the transport's own buffer is full or empty again. What
    that holds (64 KiB, or the one batch that filled it) comes on top of ``limit``.
    """

    __slots__ = ("_closed", "_listener", "_private", "_queue", "_transport", "blocked", "limit", "translate", "waiting")

    def __init__(self, transport: StreamTransport, limit: int, listener: WriterListener) -> None:
        self.translate: Callable[[bytes], bytes] = bytes
        """What `write_translated` makes of what it is given."""
        self.blocked = False
        """Whether the reader has not yet taken what it was sent."""
        self.waiting = 0
        """How many bytes are queued."""
        self._transport = transport
        self.limit = limit
        self._listener = listener
        self._queue: deque[bytes] | None = None
        self._closed = False
        self._private = 0  # how many bytes of private lines were queued since the queue was last empty

    def write(self, data: bytes) -> None:
        """Write whole lines now, or queue them. Do nothing if it is closed or the connection lost."""
        raise NotImplementedError

    def write_translated(self, lines: bytes) -> None:
        """Write what the peer reads of whole lines. As what is called for each reader, it asks for no other object."""
        self.write(self.translate(lines))

    def write_private(self, data: bytes) -> bool:
        """Write a private line; return whether that was done, for only so many may be queued.

        They are queued on top of ``limit``, so that who is sent them is cut off no sooner than without them.
        """
        if self.blocked and not self._closed:
            if self._private + len(data) > self.limit // PRIVATE_SHARE:
                return False
            self._private += len(data)
        self.write(data)
        return True

    def close(self, last: bytes, *, discard: bool, half: bool) -> None:
        """Write the last line, after what is queued or, with ``discard``, instead of it; close when it is sent.

        With ``half`` only this side closes, where the transport can do that, and the caller waits for the other side: a
        socket that is closed while the peer still sends resets the connection, and the last line is lost on its way.
        """
        if not discard:
            self._transport.write(b"".join(self._queue or ()))
        self.stopProducing()
        self._transport.write(last)
        # A transport with a producer waits for it, and would never close.
        self._transport.unregisterProducer()
        if half and ITCPTransport.providedBy(self._transport) and not INegotiated.providedBy(self._transport):
            self._transport.loseWriteConnection()
        else:
            self._transport.loseConnection()

    def resumeProducing(self) -> None:
        """Called by the transport when its buffer is empty."""
        if not self.blocked or self._closed:
            return
        self.blocked = False
        while self._queue and not self.blocked:
            data = self._queue.popleft()
            self.waiting -= len(data)
            self.write(data)
        if not self.blocked:
            self._queue = None
            self._private = 0
            self._listener.write_queue_drained()

    def stopProducing(self) -> None:
        """Called by the transport when the connection is lost."""
        self._closed = self.blocked = True
        self._queue = None
        self.waiting = 0

    def _enqueue(self, data: bytes) -> None:
        if self._closed:
            return
        if self.waiting + len(data) > self.limit + self._private:
            self._listener.write_queue_overflowed()
            return
        if self._queue is None:
            self._queue = deque()
        self._queue.append(data)
        self.waiting += len(data)


@implementer(IPushProducer)
class BufferedWriter(Writer):
    """Writes to any transport, TLS and those inside others among them."""

    __slots__ = ()

    def __init__(self, transport: StreamTransport, limit: int, listener: WriterListener) -> None:
        super().__init__(transport, limit, listener)
        transport.registerProducer(self, streaming=True)

    @override
    def write(self, data: bytes) -> None:
        if self.blocked:
            self._enqueue(data)
        else:
            self._transport.write(data)

    def pauseProducing(self) -> None:
        """Called by the transport when its buffer is full."""
        self.blocked = True


@implementer(IPullProducer)
class DirectWriter(Writer):
    """Writes to a plain socket, past its transport, while the kernel takes everything: it saves a turn of the reactor.

    What the kernel does not take at once is the transport's, and nothing goes past it until that has been sent. The
    transport says so because it asks whoever does not stream for more whenever it holds nothing.
    """

    __slots__ = ("_send",)

    def __init__(self, transport: Connection, limit: int, listener: WriterListener) -> None:
        super().__init__(transport, limit, listener)
        self._send = transport.getHandle().send
        transport.registerProducer(self, streaming=False)

    @override
    def write(self, data: bytes) -> None:
        # Nothing is called as often as this.
        if self.blocked:
            self._enqueue(data)
            return
        try:
            sent = self._send(data)
        except OSError:  # the kernel's buffer is full; or it is the end, which the transport will notice as well
            sent = 0
        if sent < len(data):
            self.blocked = True
            self._transport.write(data[sent:])


def writer_for(transport: StreamTransport, limit: int, listener: WriterListener) -> Writer:
    """Return the fastest writer that is right for a transport."""
    # By its class: a transport inside another (TLS, haproxy:) hands out the socket too, but changes what it is given.
    if isinstance(transport, Connection) and not transport.TLS:
        return DirectWriter(transport, limit, listener)
    return BufferedWriter(transport, limit, listener)
