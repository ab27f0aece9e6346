"""A client for tests that sends and receives lines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.protocol import wire


class LineClient(LineOnlyReceiver):
    """The connection of a person who types. `MemoryServer.client` makes one; ``flush`` is that server's."""

    delimiter = wire.EOL.encode()
    MAX_LENGTH = wire.MAX_SERVER_LINE_BYTES

    def __init__(self, flush: Callable[[], None]) -> None:
        self.closed = False
        """Whether the connection has ended."""
        self._flush = flush
        self._lines: list[str] = []

    def send(self, *lines: str) -> None:
        """Send lines, given without terminators, and run everything that follows from them."""
        self._stream.write("".join(line + wire.EOL for line in lines).encode())
        self._flush()

    def lines(self) -> list[str]:
        """Return the lines that arrived since the last call, without terminators."""
        self._flush()
        lines, self._lines = self._lines, []
        return lines

    def read_past(self, start: str) -> str | None:
        """Drop lines up to one that begins with ``start`` and return it; drop none and return None if there is none."""
        self._flush()
        for number, line in enumerate(self._lines):
            body = line.partition(" ")[2] if line.startswith("@") else line
            if body.startswith(start):
                del self._lines[: number + 1]
                return line
        return None

    def half_close(self) -> None:
        """Close the sending side, as ``nc -N`` at the end of its input; lines from the server still arrive."""
        self._stream.loseWriteConnection()
        self._flush()

    def close(self) -> None:
        """Close the connection cleanly."""
        self._stream.loseConnection()
        self._flush()

    def pause(self) -> None:
        """Stop reading until `resume`, like a terminal after Ctrl-S."""
        self._stream.pauseProducing()

    def resume(self) -> None:
        """Read again."""
        self._stream.resumeProducing()
        self._flush()

    @override
    def lineReceived(self, line: bytes) -> None:
        self._lines.append(line.decode())

    @override
    def connectionLost(self, reason: Failure = connectionDone) -> None:
        self.closed = True

    @property
    def _stream(self) -> Any:
        """The transport; Twisted has no single interface for everything that a stream's transport can do."""
        return self.transport
