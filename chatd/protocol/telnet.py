"""Takes telnet's negotiation out of a stream of bytes, so that what is left is lines (RFC 854, RFC 855)."""

from __future__ import annotations

import re

IAC = 0xFF
MAX_SUBNEGOTIATION_BYTES = 1024

_SB = 0xFA
# What stands between two marks: IAC with a command, with a command and an option, or with a subnegotiation's beginning.
_COMMAND = re.compile(rb"\xff(?:[\xf0-\xf9]|\xfa|[\xfb-\xfe](?s:.)|(?=[\x00-\xef\xff]))")
_UNFINISHED = re.compile(rb"\xff[\xfb-\xfe]?\Z")
# Inside a subnegotiation IAC IAC stands for one byte of 0xFF, so that IAC SE is found two bytes at a time.
_REST_OF_SUBNEGOTIATION = re.compile(rb"(?s:[^\xff]|\xff[^\xf0])*\xff\xf0")


class EndlessSubnegotiationError(Exception):
    """A subnegotiation went on past 1 KiB: nobody who means well sends that."""


class Filter:
    """Removes negotiation from a stream, whatever the segments it comes in; answers nothing.

    IAC (0xFF) with a byte from 0xF0 to 0xFE goes; 0xFB to 0xFE take the option that follows along;
    0xFA goes up to IAC SE. Any other 0xFF is left for the decoder to refuse. CR NUL, which telnet
    sends for the Return key, becomes CR LF. At most 1 KiB is held between calls.
    """

    __slots__ = ("_after_cr", "_held", "_inside")

    def __init__(self) -> None:
        self._held = b""
        self._inside = False
        self._after_cr = False

    def feed(self, data: bytes) -> bytes:
        """Return what is left of the next segment. Raise `EndlessSubnegotiationError`: then the stream is lost."""
        if self._held or self._inside or IAC in data:
            data = self._strip(self._held + data)
        if 0 in data:
            if self._after_cr and data[0] == 0:
                data = b"\n" + data[1:]
            data = data.replace(b"\r\0", b"\r\n")
        if data:
            self._after_cr = data[-1] == 0x0D
        return data

    def rest(self) -> bytes:
        """Return what was held back because the stream might have gone on, when it has ended."""
        return b"" if self._inside else self._held

    def _strip(self, data: bytes) -> bytes:
        kept: list[bytes] = []
        position = 0
        self._held = b""
        while True:
            if self._inside:
                rest = _REST_OF_SUBNEGOTIATION.match(data, position)
                if (rest.end() if rest else len(data)) - position > MAX_SUBNEGOTIATION_BYTES:
                    raise EndlessSubnegotiationError
                if rest is None:
                    self._held = data[position:]
                    break
                self._inside = False
                position = rest.end()
            found = _COMMAND.search(data, position)
            if found is None:
                cut = _UNFINISHED.search(data, position)
                stop = cut.start() if cut else len(data)
                kept.append(data[position:stop])
                self._held = data[stop:]
                break
            if len(found[0]) == 1:
                kept.append(data[position : found.end()])
            else:
                kept.append(data[position : found.start()])
                self._inside = found[0][1] == _SB
            position = found.end()
        return b"".join(kept)
