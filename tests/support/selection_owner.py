"""Programs that have copied something, of every kind that there is: ``python -m tests.support.selection_owner MANNER``.

What was copied comes on standard input; once it is owned, a line is printed, and once it is given to somebody, another.
``MANNER`` is one of `MANNERS`.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Never

from chatd.client.view import x_wire
from chatd.client.view.x_display import find_display

MANNERS = (
    "utf8", "plain", "string", "text", "compound", "incr", "no text", "hangs", "hangs in the middle", "goes",
    "goes in the middle",
)  # fmt: skip
PIECE = 50_000
_REQUEST = 200_000
_REPLACE, _APPEND = 0, 2
_OFFERED = {
    "plain": "text/plain;charset=utf-8",
    "string": "STRING",
    "text": "TEXT",
    "compound": "TEXT",
    "no text": "image/png",
}
"""The one target that each manner has; all others have ``UTF8_STRING``."""


@contextmanager
def owner(manner: str, text: str, selection: str = "CLIPBOARD") -> Iterator[subprocess.Popen[bytes]]:
    """Run one on the display of this process."""
    command = [sys.executable, "-m", "tests.support.selection_owner", manner, selection]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(text.encode())
        process.stdin.close()
        assert process.stdout.readline()
        try:
            yield process
        finally:
            process.kill()


def given(process: subprocess.Popen[bytes]) -> bool:
    """Wait until what was copied is given to somebody; return whether that is so."""
    assert process.stdout is not None
    return bool(process.stdout.readline())


class _Owner:
    def __init__(self, manner: str, selection: str, data: bytes) -> None:
        self._manner = manner
        self._data = data
        display = find_display(os.environ["DISPLAY"])
        assert display is not None
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.connect(display.path)
        self._socket.sendall(x_wire.greet(b""))
        greeting = b""
        while (read := x_wire.read_greeting(greeting)) is None:
            greeting += self._socket.recv(65536)
        server, length = read
        self._rest = greeting[length:]
        self._window = server.first_id
        self._send(x_wire.create_window(self._window, server.root))
        self._target = self._atom(_OFFERED.get(manner, "UTF8_STRING"))
        self._kind = self._target if manner != "compound" else self._atom("COMPOUND_TEXT")
        self._incr = self._atom("INCR")
        number = x_wire.PRIMARY if selection == "PRIMARY" else self._atom(selection)
        self._send(struct.pack("<BBHIII", 22, 0, 4, self._window, number, 0))

    def serve(self) -> Never:
        print("owned", flush=True)
        while True:
            kind, event = self._next()
            if kind == 30:
                requestor, selection, target, name = struct.unpack_from("<IIII", event, 12)
                self._answer(requestor, selection, target, name)

    def _answer(self, requestor: int, selection: int, target: int, name: int) -> None:
        if self._manner == "hangs":
            time.sleep(3600)
        if self._manner == "goes":
            raise SystemExit
        if target != self._target:
            name = 0
        elif "incr" in self._manner or "middle" in self._manner:
            self._send(struct.pack("<BBHIII", 2, 0, 4, requestor, 1 << 11, 1 << 22))
            self._put(requestor, name, self._incr, struct.pack("<I", len(self._data)), 32)
        else:
            data = self._data
            if self._manner in ("string", "text"):
                data = data.decode().encode("latin-1")
            elif self._manner == "compound":
                data = b"\x1b%G" + data + b"\x1b%@"
            self._put(requestor, name, self._kind, data, 8)
        event = struct.pack("<BxHIIIII", 31, 0, 0, requestor, selection, target, name) + bytes(8)
        self._send(struct.pack("<BBHII", 25, 0, 11, requestor, 0) + event)
        if name and ("incr" in self._manner or "middle" in self._manner):
            self._put_pieces(requestor, name)
        if name:
            print("given", flush=True)

    def _put_pieces(self, requestor: int, name: int) -> None:
        pieces = [self._data[at : at + PIECE] for at in range(0, len(self._data), PIECE)]
        for number, piece in enumerate([*pieces, b""]):
            self._wait_until_taken()
            if number == 2 and "middle" in self._manner:
                if "hangs" in self._manner:
                    time.sleep(3600)
                raise SystemExit
            self._put(requestor, name, self._kind, piece, 8)
        # What was sent by a program that ends at once need not be read by the display any more.
        self._wait_until_taken()

    def _wait_until_taken(self) -> None:
        """Wait until a property was read and deleted."""
        while True:
            kind, event = self._next()
            if kind == 28 and event[16] == 1:
                break

    def _put(self, window: int, name: int, kind: int, data: bytes, bits: int) -> None:
        for at in range(0, max(1, len(data)), _REQUEST):
            part = data[at : at + _REQUEST]
            head = struct.pack("<IIIBxxxI", window, name, kind, bits, len(part) * 8 // bits)
            body = head + part + bytes(-len(part) % 4)
            self._send(struct.pack("<BBH", 18, _APPEND if at else _REPLACE, 1 + len(body) // 4) + body)

    def _atom(self, name: str) -> int:
        self._send(x_wire.intern_atom(name))
        while True:
            kind, message = self._next()
            if kind == 1:
                return x_wire.read_number(message)

    def _send(self, request: bytes) -> None:
        self._socket.sendall(request)

    def _next(self) -> tuple[int, bytes]:
        while len(self._rest) < 32:
            data = self._socket.recv(65536)
            if not data:
                raise SystemExit
            self._rest += data
        message, self._rest = self._rest[:32], self._rest[32:]
        if message[0] == 0:
            raise SystemExit(f"error {message[1]} of request {message[10]}")
        return message[0] & 0x7F, message


if __name__ == "__main__":
    _Owner(sys.argv[1], sys.argv[2], sys.stdin.buffer.read()).serve()
