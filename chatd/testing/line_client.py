"""A client for tests: lines in, lines out, nothing in between."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from twisted.internet.protocol import connectionDone
from twisted.protocols.basic import LineOnlyReceiver
from twisted.python.failure import Failure
from typing_extensions import override

from chatd.protocol import wire


class LineClient(LineOnlyReceiver):
    """A connection of somebody who types. `MemoryServer.client` makes one; ``flush`` is that server's."""

    delimiter = wire.EOL.encode()
    MAX_LENGTH = wire.MAX_SERVER_LINE_BYTES

    def __init__(self, flush: Callable[[], None]) -> None:
        self.closed = False
        """Whether the connection is over."""
        self._flush = flush
        self._lines: list[str] = []

    def send(self, *lines: str) -> None:
        """Send lines, without terminators, and let all that follows from them happen."""
        self._stream.write("".join(line + wire.EOL for line in lines).encode())
        self._flush()

    def lines(self) -> list[str]:
        """Return the lines that arrived since this was last called, without terminators."""
        self._flush()
        lines, self._lines = self._lines, []
        return lines

    def read_past(self, start: str) -> str | None:
        """Drop what arrived, up to a line that begins with ``start``; return that, or None without dropping any."""
        self._flush()
        for number, line in enumerate(self._lines):
            body = line.partition(" ")[2] if line.startswith("@") else line
            if body.startswith(start):
                del self._lines[: number + 1]
                return line
        return None

    def half_close(self) -> None:
        """Send no more, as ``nc -N`` at the end of its input; what the server says still arrives."""
        self._stream.loseWriteConnection()
        self._flush()

    def close(self) -> None:
        """Close the connection in good order."""
        self._stream.loseConnection()
        self._flush()

    def pause(self) -> None:
        """Read no more until `resume`, as a terminal that was stopped with Ctrl-S."""
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
        """The transport; Twisted has no one interface for all that those of streams can do."""
        return self.transport
