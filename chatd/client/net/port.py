"""What the window needs of a link, and what stands in for one while there is no server to talk to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from twisted.internet.defer import Deferred, succeed
from typing_extensions import override

from chatd.protocol.commands import Command
from chatd.runtime.server_address import Address

NO_NAME = "Enter your nick at the top first and press Join"


class LinkPort(Protocol):
    """What the window asks of a link."""

    def start(self) -> None:
        """Begin to connect, and keep at it until `stop`, or until somebody else takes the name over."""

    def stop(self, said: str | None = None) -> Deferred[None]:
        """Leave, with ``said`` as the last words; the Deferred fires when there is no connection any more.

        That takes two seconds at most. What was not acknowledged until then stays in the transcript.
        """

    def reconnect(self) -> None:
        """Try to connect now, instead of after the wait; what connection there is gives way to a new one."""

    def send_message(self, room: str, text: str, reply: int = 0) -> None:
        """Say something in a room, or to a nick: now, or when there is a connection.

        ``reply`` is the id of the message of that room that it answers, 0 for none.
        """

    def send_command(self, command: Command, room: str | None = None) -> None:
        """Carry out any other command, asked for in a room. Raise `ValueError` for one that is not for a client.

        Without a connection, leaving a room and taking another name can be done; NICK tries anew under it, if that is
        what is waited for. Everything else is refused with a line in the room. LOGIN connects anew, and is said again
        over every connection after that.
        """

    def register(self, password: str, code: str | None = None) -> None:
        """Make the name one's own, which `changes.RegisterAnswered` tells of.

        Raise `ValueError` with a sentence if it cannot be asked for: without a connection, or where others could
        listen in.
        """

    def log_out(self) -> None:
        """Leave, and forget the password: whoever connects after that comes as somebody without an account."""

    def join_room(self, room: str) -> None:
        """Join a room, now or when there is a connection. Raise `ValueError` if it is none."""

    def ask_older(self, room: str) -> None:
        """Ask for the messages of a room before those that are there; nothing if that is being done already."""

    def refresh(self, room: str) -> None:
        """Ask what holds in a room, and what is known of those in it; nothing if there is no connection."""


class NoLink(LinkPort):
    """Stands where a link will be: nobody has joined yet. What needs a server is refused by way of ``refuse``."""

    def __init__(self, refuse: Callable[[str], None]) -> None:
        self._refuse = refuse

    @override
    def start(self) -> None:
        pass  # there is no server to connect to

    @override
    def stop(self, said: str | None = None) -> Deferred[None]:
        return succeed(None)

    @override
    def reconnect(self) -> None:
        self._refuse(NO_NAME)

    @override
    def send_message(self, room: str, text: str, reply: int = 0) -> None:
        self._refuse(NO_NAME)

    @override
    def send_command(self, command: Command, room: str | None = None) -> None:
        self._refuse(NO_NAME)

    @override
    def register(self, password: str, code: str | None = None) -> None:
        raise ValueError(NO_NAME)

    @override
    def log_out(self) -> None:
        pass  # nobody is logged in

    @override
    def join_room(self, room: str) -> None:
        self._refuse(NO_NAME)

    @override
    def ask_older(self, room: str) -> None:
        pass  # nobody has asked: the window does so by itself, whenever the beginning of a room is on the screen

    @override
    def refresh(self, room: str) -> None:
        pass  # the window asks by itself


Dial = Callable[[Address], LinkPort]
"""Returns a link to a server, or raises `ValueError` with a sentence."""
