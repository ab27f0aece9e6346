"""Stands between a client and a server: notes what the client sends, and lets it wait for what the server says."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Self

SECONDS = 60.0
"""After which a connection is given up."""


class Relay:
    """Passes one connection on, what the server says ``delay`` seconds later."""

    def __init__(self, port: int, delay: float = 0.0) -> None:
        self.sent = b""
        """What the client has sent."""
        self.ended_first = False
        """Whether the client sent no more before the server did."""
        self._server = ("127.0.0.1", port)
        self._delay = delay
        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(SECONDS)
        self._near: socket.socket | None = None
        self._thread = Thread(target=self._serve)
        self._thread.start()

    @property
    def port(self) -> int:
        """Where the client is to connect."""
        found: int = self._listening.getsockname()[1]
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in (self._listening, self._near):
            if each is not None:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        with suppress(OSError):
            near, _ = self._listening.accept()
            self._near = near
            near.settimeout(SECONDS)
            with near, socket.create_connection(self._server, SECONDS) as far:
                back = Thread(target=self._pass_back, args=(far, near))
                back.start()
                ended = _pump(near, far, self._note)
                self.ended_first = ended and back.is_alive()
                back.join()

    def _pass_back(self, far: socket.socket, near: socket.socket) -> None:
        _pump(far, near, lambda _: time.sleep(self._delay))

    def _note(self, data: bytes) -> None:
        self.sent += data


def _pump(source: socket.socket, sink: socket.socket, note: Callable[[bytes], object]) -> bool:
    """Carry all that comes from one socket to the other; return whether it came to its end."""
    ended = False
    with suppress(OSError):
        while data := source.recv(4096):
            note(data)
            sink.sendall(data)
        ended = True
    with suppress(OSError):
        sink.shutdown(socket.SHUT_WR)
    return ended
