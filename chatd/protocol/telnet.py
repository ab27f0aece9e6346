"""Takes telnet's commands out of a stream of bytes, and says what they ask for (RFC 854, RFC 855)."""

from __future__ import annotations

import re
from typing import NamedTuple

IAC = 0xFF
MAX_SUBNEGOTIATION_BYTES = 1024
TIMING_MARK = 0x06
"""An option that stands for a question: has all that came before been dealt with (RFC 860)?"""

_IP, _AYT, _EC, _EL, _SB, _WILL, _WONT, _DO, _DONT = 0xF4, 0xF6, 0xF7, 0xF8, 0xFA, 0xFB, 0xFC, 0xFD, 0xFE
_ENQUIRIES = frozenset({_AYT, _WILL, _DO})
_EDITS = {_IP: _EL, _EC: _EC, _EL: _EL}
_REFUSALS = {_WILL: _DONT, _DO: _WONT}
# What stands between two marks: IAC with a command, with a command and an option, or with a subnegotiation's beginning.
_COMMAND = re.compile(rb"\xff(?:[\xec-\xf9]|\xfa|[\xfb-\xfe](?s:.)|(?=[\x00-\xeb\xff]))")
_UNFINISHED = re.compile(rb"\xff[\xfb-\xfe]?\Z")
_LINE = re.compile(rb"\xff([\xf6\xfb\xfd])([0-9a-f]{2})?")
# Inside a subnegotiation IAC IAC stands for one byte of 0xFF, so that IAC SE is found two bytes at a time.
_REST_OF_SUBNEGOTIATION = re.compile(rb"(?s:[^\xff]|\xff[^\xf0])*\xff\xf0")


class EndlessSubnegotiationError(Exception):
    """A subnegotiation went on past 1 KiB: nobody who means well sends that."""


class Edit(NamedTuple):
    """A command that takes back something of the line in which it stands."""

    mark: bytes
    """What stands for it in that line: two bytes that no text in UTF-8 has."""


class Enquiry(NamedTuple):
    """A command that is to be answered: ``ARE_YOU_THERE``, or the offer of an option or the wish for one."""

    command: int
    option: int = -1

    def as_line(self) -> bytes:
        """Return what stands for it among lines, for `read`. No LF is in it, whatever the option."""
        head = bytes([IAC, self.command])
        return head if self.option < 0 else head + b"%02x" % self.option

    @classmethod
    def read(cls, line: bytes) -> Enquiry | None:
        """Return the enquiry that a line stands for, None if it is an ordinary one."""
        match = _LINE.fullmatch(line)
        return None if match is None else cls(match[1][0], -1 if match[2] is None else int(match[2], 16))


Part = bytes | Edit | Enquiry
ARE_YOU_THERE = Enquiry(_AYT)
ERASE_CHARACTER = Edit(bytes([IAC, _EC]))
ERASE_LINE = Edit(bytes([IAC, _EL]))
"""Interrupt Process asks for the same."""


def will(option: int) -> Enquiry:
    """Return the peer's offer to use an option."""
    return Enquiry(_WILL, option)


def do(option: int) -> Enquiry:
    """Return the peer's wish that this side use an option."""
    return Enquiry(_DO, option)


class Refusals:
    """Refuses every option, each once for either side, so that no two programs refuse each other's refusals forever.

    A timing mark is refused each time: until it is answered, telnet shows nothing more. Refusing it is an answer too.
    """

    __slots__ = ("_refused",)

    def __init__(self) -> None:
        self._refused = 0

    def answer(self, enquiry: Enquiry) -> bytes:
        """Return what tells the peer that there is no such option here; nothing if it was told."""
        command, option = enquiry
        bit = 1 << (option if command == _DO else 256 + option)
        if self._refused & bit:
            return b""
        if enquiry != (_DO, TIMING_MARK):
            self._refused |= bit
        return bytes([IAC, _REFUSALS[command], option])


class Filter:
    """Takes commands out of a stream, whatever the segments it comes in.

    IAC (0xFF) with a byte from 0xEC to 0xFE goes; 0xFB to 0xFE take the option that follows along;
    0xFA goes up to IAC SE. Any other 0xFF is left for the decoder to refuse. CR NUL, which telnet
    sends for the Return key, becomes CR LF. At most 1 KiB is held between calls.
    """

    __slots__ = ("_after_cr", "_held", "_inside")

    def __init__(self) -> None:
        self._held = b""
        self._inside = False
        self._after_cr = False

    def feed(self, data: bytes) -> list[Part]:
        """Return what the next segment is made of: text, which is never empty, and commands that ask for something.

        Raise `EndlessSubnegotiationError`: then the stream is lost.
        """
        if self._held or self._inside or IAC in data:
            return self._split(self._held + data)
        return [self._lines(data)] if data else []

    def rest(self) -> bytes:
        """Return what was held back because the stream might have gone on, when it has ended."""
        return b"" if self._inside else self._held

    def _lines(self, text: bytes) -> bytes:
        """Return a text, which is not empty, with LF for a NUL that follows CR."""
        if 0 in text:
            if self._after_cr and text[0] == 0:
                text = b"\n" + text[1:]
            text = text.replace(b"\r\0", b"\r\n")
        self._after_cr = text[-1] == 0x0D
        return text

    def _split(self, data: bytes) -> list[Part]:
        parts: list[Part] = []
        text: list[bytes] = []
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
                text.append(data[position:stop])
                self._held = data[stop:]
                break
            alone = len(found[0]) == 1
            text.append(data[position : found.end() if alone else found.start()])
            position = found.end()
            if not alone:
                self._inside = found[0][1] == _SB
                if (command := _meaning(found[0])) is not None:
                    self._add_text(parts, text)
                    parts.append(command)
        self._add_text(parts, text)
        return parts

    def _add_text(self, parts: list[Part], text: list[bytes]) -> None:
        if joined := b"".join(text):
            parts.append(self._lines(joined))
        text.clear()


def _meaning(command: bytes) -> Edit | Enquiry | None:
    """Return what a command asks for, if that is anything."""
    code = command[1]
    if code in _EDITS:
        return Edit(bytes([IAC, _EDITS[code]]))
    return Enquiry(code, *command[2:]) if code in _ENQUIRIES else None
