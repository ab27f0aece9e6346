"""What the window needs of a link, and what stands in for one while there is no server to talk to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred, succeed

from chatd.client.net.address import Address
from chatd.protocol.commands import Command

NO_NAME = "Enter your name at the top and press Join first"


class LinkPort(Protocol):
    """What the window asks of a link."""

    def start(self) -> None:
        """Begin to connect."""

    def stop(self, said: str | None = None) -> Deferred[None]:
        """Leave, with ``said`` as the last words; the Deferred fires when there is no connection any more."""

    def reconnect(self) -> None:
        """Try to connect now."""

    def send_message(self, room: str, text: str) -> None:
        """Say something in a room, or to a nick."""

    def send_command(self, command: Command, room: str | None = None) -> None:
        """Carry out any other command, asked for in a room."""

    def join_room(self, room: str) -> None:
        """Enter a room."""

    def ask_older(self, room: str) -> None:
        """Ask for what was said before."""


class NoLink:
    """Stands where a link will be: nobody has joined yet. What needs a server is refused by way of ``refuse``."""

    def __init__(self, refuse: Callable[[str], None]) -> None:
        self._refuse = refuse

    def start(self) -> None:
        """Do nothing: there is no server to connect to."""

    def stop(self, said: str | None = None) -> Deferred[None]:  # noqa: ARG002  # a link's
        """Return a Deferred that has fired: nothing is connected."""
        return succeed(None)

    def reconnect(self) -> None:
        """Refuse."""
        self._refuse(NO_NAME)

    def send_message(self, room: str, text: str) -> None:  # noqa: ARG002  # a link's
        """Refuse."""
        self._refuse(NO_NAME)

    def send_command(self, command: Command, room: str | None = None) -> None:  # noqa: ARG002  # a link's
        """Refuse."""
        self._refuse(NO_NAME)

    def join_room(self, room: str) -> None:  # noqa: ARG002  # a link's
        """Refuse."""
        self._refuse(NO_NAME)

    def ask_older(self, room: str) -> None:
        """Do nothing: the window asks by itself, whenever the beginning of a room is on the screen."""


Dial = Callable[[Address], LinkPort]
"""Returns a link to a server, or raises `ValueError` with a sentence."""
