"""WebSocket frames as the server sends them (RFC 6455): unmasked, whole, made once for all who are sent the same."""

from __future__ import annotations

import struct

TEXT, BINARY, CLOSE, PING = 0x81, 0x82, 0x88, 0x89
MASKED = 0x80
MAX_SHORT_BYTES = 125
"""Of longer payloads the length is written otherwise."""
MAX_REASON_BYTES = 123
"""A control frame has 125 bytes, two of which are the code."""


def frame(first: int, payload: bytes) -> bytes:
    """Return one frame; ``first`` is its first byte."""
    size = len(payload)
    if size < 126:
        return bytes((first, size)) + payload
    if size < 1 << 16:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def close_frame(code: int, reason: str) -> bytes:
    """Return the frame that says why a connection ends; a long reason is cut."""
    cut = reason.encode()[:MAX_REASON_BYTES].decode(errors="ignore")
    return frame(CLOSE, struct.pack("!H", code) + cut.encode())


def short_texts(data: bytes) -> tuple[list[bytes], int]:
    """Return what is in the whole masked text frames of 1 to 125 bytes that a segment begins with, and their length.

    Nearly all that people send is one; taken apart here they cost a small part of what they cost in the protocol.
    """
    texts: list[bytes] = []
    at, end = 0, len(data)
    while end - at > 6 and data[at] == TEXT and 0 < (size := data[at + 1] ^ MASKED) <= MAX_SHORT_BYTES:
        begin = at + 6
        if begin + size > end:
            break
        mask = (data[at + 2 : begin] * (size // 4 + 1))[:size]
        at = begin + size
        texts.append((int.from_bytes(data[begin:at]) ^ int.from_bytes(mask)).to_bytes(size))
    return texts, at


def size_when_masked(payload: bytes | bytearray | memoryview) -> int:
    """Return how long the frame of a payload is that comes from a client, its length written as short as can be."""
    size = len(payload)
    return size + (6 if size <= MAX_SHORT_BYTES else 8 if size < 1 << 16 else 14)


class TextFrames:
    """Makes frames of lines; of a batch that goes to many one after the other, the frame is made once."""

    def __init__(self) -> None:
        self._data = b""
        self._frame = b""

    def of(self, data: bytes) -> bytes:
        """Return the text frame of whole lines."""
        if data is not self._data:  # the same object, for comparing long ones takes as long as making them
            self._data, self._frame = data, frame(TEXT, data)
        return self._frame


class LineFrames:
    """Makes a frame of each line, without its end; of lines that go to many one after the other, they are made once.

    ``first`` is the first byte of each frame.
    """

    def __init__(self, first: int) -> None:
        self._first = first
        self._data = b""
        self._frames = b""

    def of(self, data: bytes) -> bytes:
        """Return the frames of whole lines."""
        if data is not self._data:
            frames = b"".join(frame(self._first, line) for line in data.split(b"\r\n") if line)
            self._data, self._frames = data, frames
        return self._frames
