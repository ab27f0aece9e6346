"""Local sockets that are bound already: by systemd, or by the daemon itself with a mode of its own.

Twisted's own way to adopt one gives everybody the right to connect, whatever the mode was, and removes the file when it
stops to listen, so that nobody would come to a socket that systemd keeps (26.10, ``twisted.internet.unix.Port``).
"""

from __future__ import annotations

import os
import socket
import stat
from typing import Any

from twisted.internet import unix
from twisted.internet.defer import Deferred, maybeDeferred, succeed
from twisted.internet.interfaces import IListeningPort, IProtocolFactory, IStreamServerEndpoint
from typing_extensions import override
from zope.interface import implementer


class _AdoptedPort(unix.Port):
    """Listens on a socket as it is."""

    @override
    def startListening(self) -> None:
        """Begin to listen, with the mode that the file has."""
        assert self._preexistingSocket is not None  # it is made for one alone
        name = self._preexistingSocket.getsockname()
        if name and name[0] not in ("\0", 0):
            self.mode = stat.S_IMODE(os.stat(name).st_mode)
        super().startListening()


class _KeptPort(_AdoptedPort):
    """Leaves the socket to whoever has it too."""

    @override
    def loseConnection(self, connDone: object = None) -> Deferred[None]:
        """Take no more connections: they wait in the kernel for the next process. The descriptor goes with this one."""
        self.disconnecting = True  # so that nothing lets it read again
        self.stopReading()
        return succeed(None)

    stopListening = loseConnection


def adopt(reactor: Any, descriptor: int, factory: IProtocolFactory, *, keep: bool) -> IListeningPort:
    """Begin to listen on a bound local socket, of which ``descriptor`` is copied, and return where.

    ``keep`` says whether the file stays when it stops to listen.
    """
    with socket.socket(fileno=os.dup(descriptor)) as listening:
        listening.setblocking(False)  # noqa: FBT003  # Python's
        kind = _KeptPort if keep else _AdoptedPort
        port: IListeningPort = kind._fromListeningDescriptor(reactor, listening.fileno(), factory)
    port.startListening()
    return port


@implementer(IStreamServerEndpoint)
class AdoptedUNIXEndpoint:
    """Listens on a local socket that somebody else has opened and keeps."""

    def __init__(self, reactor: Any, descriptor: int) -> None:
        self._reactor = reactor
        self._descriptor = descriptor

    def listen(self, protocolFactory: IProtocolFactory) -> Deferred[IListeningPort]:  # noqa: N803  # Twisted's
        """Begin to listen."""
        return maybeDeferred(adopt, self._reactor, self._descriptor, protocolFactory, keep=True)
