"""The control socket: a local socket beside the files, through which ``chatd reload`` and the like reach the daemon.

A request is one line, the name of what is asked for. The answer is lines of ``SAY <sentence>`` as it goes on and, last,
``END <status>``: the exit status of the command. Who may open the socket, its owner and root, may ask for all of it.
"""

from __future__ import annotations

import os
import socket
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred, ensureDeferred, maybeDeferred
from twisted.internet.interfaces import IListeningPort
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.protocols.basic import LineOnlyReceiver

from chatd.app.adopted_unix import adopt
from chatd.app.unix_sockets import binding
from chatd.protocol.text import clean

FILE = "chatd.control"
MAX_PATH_BYTES = 100
"""The name of a socket has at most 107 bytes (unix(7)); a longer one goes by way of its folder's descriptor."""
FAILED = 1

Say = Callable[[str], None]
"""Tells whoever asked a sentence."""
Request = Callable[[Say], Awaitable[int]]
"""Does what was asked for; returns the exit status of the command that asked."""

_log = Logger()


class Control:
    """Listens at `FILE` in a directory. ``requests`` are what can be asked for, by name."""

    def __init__(self, reactor: Any, directory: Path) -> None:
        self._reactor = reactor
        self._path = directory / FILE
        self._port: IListeningPort | None = None
        self._name = ExitStack()
        self.requests: dict[str, Request] = {}

    def start(self) -> None:
        """Begin to listen; if that cannot be, say so in the log and go on without."""
        if not hasattr(self._reactor, "adoptStreamPort"):
            return
        try:
            self._listen(self._name.enter_context(named(self._path)))
        except (OSError, ValueError) as error:
            why = clean(" ".join(str(getattr(error, "strerror", None) or error).split()))
            self._name.close()
            _log.info("continuing without {path}, which chatd reload needs: {why}", path=str(self._path), why=why)

    def _listen(self, name: str) -> None:
        with binding(name), socket.socket(socket.AF_UNIX) as listening:
            before = os.umask(0o177)
            try:
                listening.bind(name)
            finally:
                os.umask(before)
            listening.listen()
            self._port = adopt(self._reactor, listening.fileno(), _Requests(self.requests), keep=False)

    async def stop(self) -> None:
        """Stop to listen; who waits for an answer has until the process ends."""
        if self._port is None:
            return
        port, self._port = self._port, None
        with suppress(OSError):  # Twisted removes the file, which somebody may have done before
            await maybeDeferred(port.stopListening)
        self._name.close()


class _Requests(Factory):
    """Makes a connection of each command that asks."""

    noisy = False

    def __init__(self, requests: Mapping[str, Request]) -> None:
        self._requests = requests

    def buildProtocol(self, address: object) -> _Connection:  # noqa: ARG002  # Twisted's
        """Return what answers."""
        return _Connection(self._requests)


class _Connection(LineOnlyReceiver):
    """One command that asks."""

    delimiter = b"\n"
    MAX_LENGTH = 100

    def __init__(self, requests: Mapping[str, Request]) -> None:
        self._requests = requests
        self._asked = False

    def lineReceived(self, line: bytes) -> None:
        """Do what is asked for; what comes after it is nothing."""
        if self._asked:
            return
        self._asked = True
        name = line.decode(errors="replace")
        request = self._requests.get(name)
        if request is None:
            self._say(f"the server does not know {name!r}; it is another version of chatd")
            self._end(FAILED)
            return
        asked: Deferred[int] = ensureDeferred(_awaited(request, self._say))
        asked.addErrback(self._broken, name)
        asked.addCallback(self._end)

    def _broken(self, failure: Any, name: str) -> int:
        _log.failure("the request {name} failed", failure, name=name)
        self._say("it failed; see the log of the server")
        return FAILED

    def _say(self, sentence: str) -> None:
        self.sendLine(f"SAY {clean(' '.join(sentence.split()))}".encode())

    def _end(self, status: int) -> None:
        self.sendLine(f"END {status}".encode())
        if self.transport is not None:
            self.transport.loseConnection()


async def _awaited(request: Request, say: Say) -> int:
    return await request(say)


@contextmanager
def named(path: Path) -> Iterator[str]:
    """Yield a name for a local socket that is short enough, whatever the path."""
    if len(os.fsencode(path)) <= MAX_PATH_BYTES:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
