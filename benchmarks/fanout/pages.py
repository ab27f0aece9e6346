"""chatd's words in WebSocket frames, as a page in the browser speaks them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from typing_extensions import override

from benchmarks.fanout.dialects import Chatd

_HANDSHAKE = (
    b"GET /-/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n"
    b"Sec-WebSocket-Protocol: chatd.v1\r\n\r\n"
)
_TEXT = 0x81
_MASKED = 0x80
_NO_MASK = b"\0\0\0\0"


@dataclass(frozen=True, slots=True)
class ChatdPage(Chatd):
    """What `Chatd` says, in frames that are masked with zeros."""

    in_frames: bool = True

    @override
    def entrance(self, nick: bytes, room: bytes) -> Sequence[tuple[bytes, bytes]]:
        return [(_HANDSHAKE, b"chatd.v1"), (_frame(b"JOIN %b %b\r\n" % (nick, room)), b"OK JOIN ")]

    @override
    def saying(self, room: bytes, text: bytes) -> bytes:
        return _frame(b"MSG %b\r\n" % text)


def _frame(payload: bytes) -> bytes:
    assert len(payload) < 126, "the texts of this benchmark are short"
    return bytes((_TEXT, _MASKED | len(payload))) + _NO_MASK + payload


class Unframer:
    """Takes a stream of frames, and gives on what is in them; what comes before the first is given on as it is."""

    def __init__(self) -> None:
        self.take_payload: Callable[[memoryview], bytes]
        self._rest = b""
        self._missing = 0  # how much of the frame that has begun is still to come
        self._handshake = True

    def take(self, data: memoryview) -> bytes:
        """Take what came; return what whoever takes the payload returns."""
        if self._handshake:
            return self._take_handshake(bytes(data))
        if self._rest:
            data, self._rest = memoryview(self._rest + data), b""
        letters, at, size = b"", 0, len(data)
        while at < size:
            if not self._missing:
                begin, length = _header(data, at)
                if begin > size:
                    self._rest = bytes(data[at:])
                    break
                at, self._missing = begin, length
            end = min(at + self._missing, size)
            letters += self.take_payload(data[at:end])
            self._missing -= end - at
            at = end
        return letters

    def _take_handshake(self, data: bytes) -> bytes:
        self._rest += data
        head, end, rest = self._rest.partition(b"\r\n\r\n")
        if end:
            self._rest, self._handshake = b"", False
            self.take_payload(memoryview(head + end))
            return self.take(memoryview(rest)) if rest else b""
        return b""


def _header(data: memoryview, at: int) -> tuple[int, int]:
    """Return where the payload of the frame at a place begins, and how long it is; no more than a header may miss."""
    size = len(data)
    if at + 2 > size:
        return size + 1, 0
    length = data[at + 1]
    extra = {126: 2, 127: 8}.get(length, 0)
    begin = at + 2 + extra
    if begin > size:
        return size + 1, 0
    return begin, int.from_bytes(data[at + 2 : begin]) if extra else length
