"""Stands between clients and a server, and can lose what the server says: as a network does that breaks half."""

from __future__ import annotations

import socket
from contextlib import suppress
from threading import Thread
from typing import Self

from tests.support.relays import SECONDS


class LossyRelay:
    """Passes any number of connections on, to a port of this machine, where each begins with ``head``."""

    def __init__(self, port: int, head: bytes = b"") -> None:
        self._server = ("127.0.0.1", port)
        self._head = head
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._sockets: list[socket.socket] = []
        self._loses = False
        self._threads = [Thread(target=self._accept)]
        self._threads[0].start()

    @property
    def port(self) -> int:
        """Where clients are to connect."""
        found: int = self._listening.getsockname()[1]
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._threads[0].join()
        self.cut()
        for thread in self._threads:
            thread.join()
        self._listening.close()
        for each in self._sockets:
            each.close()

    def lose(self) -> None:
        """Lose what the server says from now on, until the connections are cut."""
        self._loses = True

    def cut(self) -> None:
        """End all connections; new ones lose nothing."""
        for each in self._sockets:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
        self._loses = False

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listening.accept()
                far = socket.create_connection(self._server, SECONDS)
                far.sendall(self._head)
                self._sockets += [near, far]
                for source, sink in ((near, far), (far, near)):
                    thread = Thread(target=self._pump, args=(source, sink, sink is near))
                    self._threads.append(thread)
                    thread.start()

    def _pump(self, source: socket.socket, sink: socket.socket, from_server: bool) -> None:
        with suppress(OSError):
            source.settimeout(SECONDS)
            while data := source.recv(1 << 16):
                if not (from_server and self._loses):
                    sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_RDWR)
