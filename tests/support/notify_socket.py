"""The receiving side of sd_notify(3), as systemd has it."""

from __future__ import annotations

import socket
from types import TracebackType
from typing import Self

from tests.support.daemon import wait_until


class NotifySocket:
    """Takes what a service tells, at a path or, after an ``@``, an abstract name."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.messages: list[str] = []
        """All that has come and was read so far."""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(address.replace("@", "\0", 1))
        self._socket.setblocking(False)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._socket.close()

    def read(self) -> list[str]:
        """Return the messages that have come since it was asked last."""
        before = len(self.messages)
        while True:
            try:
                self.messages.append(self._socket.recv(1 << 16).decode())
            except BlockingIOError:
                return self.messages[before:]

    def has(self, assignment: str) -> bool:
        """Return whether some message has had an assignment."""
        self.read()
        return any(assignment in message.split("\n") for message in self.messages)

    def wait_for(self, assignment: str) -> None:
        """Return when it has come; fail if it does not in time."""
        wait_until(lambda: self.has(assignment), lambda: f"{assignment}, only {self.messages}")

    def wait(self, seconds: float) -> str:
        """Return the next message. Raise `TimeoutError` if none comes in time."""
        self._socket.settimeout(seconds)
        try:
            return self._socket.recv(1 << 16).decode()
        finally:
            self._socket.setblocking(False)
