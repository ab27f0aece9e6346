"""What the window needs of a link, so that it can be tried without one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred

from chatd.client.net.address import Address
from chatd.protocol.commands import Command


class Linked(Protocol):
    """See `chatd.client.net.link.Link`."""

    def start(self) -> None:
        """Begin to connect."""

    def stop(self, said: str | None = None) -> Deferred[None]:
        """Leave."""

    def reconnect(self) -> None:
        """Try now."""

    def say(self, room: str, text: str) -> None:
        """Say something in a room, or to a nick."""

    def send(self, command: Command, room: str | None = None) -> None:
        """Carry out any other command."""

    def join(self, room: str) -> None:
        """Enter a room."""

    def ask_older(self, room: str) -> None:
        """Ask for what was said before."""


Dial = Callable[[Address], Linked]
"""Returns a link to a server, or raises `ValueError` with a sentence."""
