"""What keeps a client from its server, as far as anything can be done about it."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from twisted.internet import error
from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from chatd.client.model.trust import NotAcceptedError


class TlsFailedError(Exception):
    """The TLS connection failed; the argument says why, without its capital and its full stop."""


class Trouble(Enum):
    """Why there is no connection, or none that lets one in."""

    NOTHING_LISTENS = "no program listens at that port"
    NO_ANSWER = "nothing answers from there"
    NO_HOST = "there is no host of that name"
    NO_ROUTE = "there is no way to that host"
    SPEAKS_TLS = "the port speaks TLS, and was spoken to without"
    SPEAKS_PLAIN = "the port is chatd's without TLS, and was spoken to with it"
    NOT_CHATD = "another program answers there"
    SILENT = "something took the connection and ended it without a word that made sense"
    NO_HANDSHAKE = "the connection could not be encrypted"
    NOT_ACCEPTED = "somebody said No to the server's certificate"
    FULL = "the server takes nobody in at the moment"
    BANNED = "the server will not have this person"
    KICKED = "somebody put this person off the server"
    REPLACED = "another connection has taken the name over"
    NAME = "the server will not have that name"
    PASSWORD_NEEDED = "the name needs a password"
    PASSWORD_WRONG = "the password is not the one of that name"
    PASSWORD_UNSAFE = "the name needs a password, and somebody could listen in on that connection"
    LOGIN_REFUSED = "the server takes no password now"

    @property
    def unclear(self) -> bool:
        """Whether it may be that the port speaks something else, which can be found out."""
        return self in (Trouble.SILENT, Trouble.NO_HANDSHAKE, Trouble.NOT_CHATD)

    @property
    def of_password(self) -> bool:
        """Whether it ends with a password, or with another name."""
        return self in (
            Trouble.PASSWORD_NEEDED, Trouble.PASSWORD_WRONG, Trouble.PASSWORD_UNSAFE, Trouble.LOGIN_REFUSED,
        )  # fmt: skip


Probe = Callable[[], Deferred[Trouble | None]]
"""Finds out what the port of a server speaks that is in trouble; None if that explains nothing. Never fails."""


def trouble_of(failure: Failure) -> Trouble | None:
    """Return why a connection did not come to be; None if nothing is known of that."""
    match failure.value:
        case error.ConnectionRefusedError():
            return Trouble.NOTHING_LISTENS
        case error.TimeoutError() | error.TCPTimedOutError():
            return Trouble.NO_ANSWER
        case error.DNSLookupError() | error.UnknownHostError():
            return Trouble.NO_HOST
        case error.NoRouteError():
            return Trouble.NO_ROUTE
        case TlsFailedError():
            return Trouble.NO_HANDSHAKE
        case NotAcceptedError():
            return Trouble.NOT_ACCEPTED
        case error.ConnectError(osError=OSError()):
            return Trouble.NO_ROUTE
    return None
