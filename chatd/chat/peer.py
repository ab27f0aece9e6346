"""What an edge gives a session to speak through."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from chatd.model.room_policy import IPAddress
from chatd.protocol.errors import DisconnectReason


class Peer(Protocol):
    """The other side of a connection."""

    __slots__ = ()  # or a dict would come with each connection, whatever the slots of its class

    @property
    def blocked(self) -> bool:
        """Whether the other side does not take what was sent, so that no more should be asked of the session."""

    @property
    def unreachable(self) -> bool:
        """Whether nothing reaches the other side any more, though what it said before is still to be done."""

    def charge(self, lines: int) -> None:
        """Count so many lines more than it sent, because what it asked for cost as much."""

    def in_turn(self, go_on: Callable[[], None]) -> None:
        """Call ``go_on`` when the others that have much to do have had their turns."""

    @property
    def address(self) -> IPAddress | None:
        """Where the other side is, if it comes over a network."""

    @property
    def private(self) -> bool:
        """Whether nobody can listen in: over TLS, from this machine, over a local socket."""

    def send(self, data: bytes) -> None:
        """Send whole lines; never blocks, never raises; after `close` it does nothing."""

    def send_private(self, data: bytes) -> bool:
        """Send a line of one person to the other side alone; return False if it reads too slowly to be sent more."""
        self.send(data)
        return True

    def read_as_log(self, charset: str, long: str) -> None:  # noqa: ARG002  # for peers that read no stream
        """Take what follows in the stream as what programs print; see `chatd.protocol.log_decoder.LogOptions`."""
        return

    def close(self, reason: DisconnectReason, data: bytes) -> None:
        """Send the last line, then close."""

    def resume_input(self) -> None:
        """Hand over requests again: the session is ready."""
