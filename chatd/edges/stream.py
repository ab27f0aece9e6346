"""What an edge brings for each stream: the cutting into lines, and the protocol that Twisted calls."""

from __future__ import annotations

from typing import Any, Protocol


class Decoder(Protocol):
    """Cuts a stream into what `StreamEdge.lineReceived` takes, as `chatd.protocol.framing.LineDecoder` does."""

    has_lines: bool
    """Whether `next_lines` would return any."""
    telnet_commands: int
    """What was fed besides lines and is to be charged for, in lines."""

    def feed(self, data: bytes, at_most: int) -> list[bytes]:
        """Take bytes; return ``at_most`` lines. Raise `FramingError` if the stream is of no use."""

    def next_lines(self, at_most: int) -> list[bytes]:
        """Return ``at_most`` lines of those not returned yet, empty ones for what is to be charged for alone."""

    def end(self) -> bytes:
        """Take the end of the stream; return what is left of an unfinished line."""

    def clear(self) -> None:
        """Forget what is held."""


class StreamEdge(Protocol):
    """What is Twisted's of a connection; every `twisted.protocols.basic.LineReceiver` has it."""

    kind: str
    """Which edge it is, in a word for programs."""
    transport: Any
    paused: Any
    """Whether nothing is read."""

    def lineReceived(self, line: bytes) -> None:
        """Hand the session what one line asks for. The line is not empty."""

    def pauseProducing(self) -> None:
        """Read no more for now."""

    def resumeProducing(self) -> None:
        """Read again."""
