"""A stream of bytes to lines: telnet, terminators, limits, and the streams that are not of lines at all."""

from __future__ import annotations

import re
from enum import Enum, auto

from chatd.protocol.telnet import IAC, Edit, EndlessSubnegotiationError, Enquiry, Filter, Part
from chatd.protocol.wire import MAX_LINE_BYTES

BOM = b"\xef\xbb\xbf"

_ALIEN = re.compile(
    rb"\x16\x03|(?:GET|HEAD|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PRI) |[!-~]+ [!-~]+ HTTP/[0-9]"
    rb"|POST (?:[/*]|[0-9A-Za-z+.-]+://)"  # what HTTP posts to, which is no nick
)
_BLANK_LINES = re.compile(rb"(?:\r?\n|\xff[\xf6\xfb\xfd](?:[0-9a-f]{2})?\n)*")
"""Those that stand for what telnet asks among them."""
_CARRIAGE_RETURNS = re.compile(rb"\r*")
_NUL = 0x00
_BS, _ESC, _DEL = 0x08, 0x1B, 0x7F
_LF = 0x0A  # to look for a byte takes a sixth of the time that it takes to look for bytes


class FramingError(ValueError):
    """The stream is not one of lines, which is the peer's fault; its argument is a sentence that tells the peer so."""


class _State(Enum):
    """How the next bytes are read.

    ==========  =================  =======================================  ==========
    state       seen so far        on                                       becomes
    ==========  =================  =======================================  ==========
    FIRST_LINE  blank lines alone  a line with something on it, terminated  LINES
    FIRST_LINE                     more than a line may have, unterminated  SKIPPING
    LINES       lines              the same                                 SKIPPING
    SKIPPING    its beginning      its terminator                           LINES
    ==========  =================  =======================================  ==========
    """

    FIRST_LINE = auto()
    LINES = auto()
    SKIPPING = auto()


_FIRST_LINE, _LINES, _SKIPPING = _State  # Python 3.11 takes longer to look up a member than to split a line


class LineDecoder:
    r"""Cuts what a client sends into lines, the same ones whatever the segments it arrives in.

    A line ends with LF, CR LF or, from telnet, CR NUL. Lines are returned without their terminators and without a byte
    order mark, blank ones as ``b""``, and are not decoded: `chatd.protocol.wire.parse_command` does that. Telnet
    commands are removed wherever they stand (RFC 854).

    ``by_hand`` keeps what they ask for, as a server needs it. What is to be answered comes as a line of its own, as
    `chatd.protocol.telnet.Enquiry` writes it, before the line within which it stands: whoever waits for the answer has
    not ended that one. What takes back something of its line stays there, as two bytes that count toward the limit:
    whether it is heeded (`chatd.protocol.editing`) depends on the lines before.

    ``max_line_bytes`` is how many bytes a line may have, terminator and byte order mark excluded. Of a longer one
    ``max_line_bytes + 1`` are returned, so that whoever parses it sees that it is too long; if it is not terminated by
    then, it is returned as if it were, and what follows is dropped up to its terminator.

    Where lines are asked for by number, an unfinished one that is too long is cut when it is the next, and others come
    whole: what is before may be a PIPE, after which another decoder takes over, see `hand_over`.

    Held between calls are the lines that were not asked for, one unfinished line, and 1 KiB of a telnet command: a
    caller that reads no more of the stream while `has_lines` holds one segment at most beside the unfinished line. No
    line costs more than its length, nor do many; a line that arrives byte by byte is the exception, at
    ``max_line_bytes`` times that.
    """

    __slots__ = ("_buffer", "_by_hand", "_filter", "_max", "_state", "has_keys", "has_lines", "telnet_commands")

    def __init__(self, max_line_bytes: int = MAX_LINE_BYTES, *, by_hand: bool = False) -> None:
        self.has_lines = False
        """Whether `next_lines` would return any."""
        self.has_keys = False
        """Whether anything was fed, ``by_hand``, that a key or telnet has sent and that is no text."""
        self.telnet_commands = 0
        """How many bytes of 0xFF were fed; whoever charges for them sets it back to 0."""
        self._by_hand = by_hand
        self._max = max_line_bytes
        self._filter: Filter | None = None  # made when there is first anything for it
        self._buffer = b""
        self._state = _FIRST_LINE

    @property
    def held_bytes(self) -> int:
        """How many bytes are held, those of a telnet command excluded."""
        return len(self._buffer)

    def feed(self, data: bytes, at_most: int = -1) -> list[bytes]:
        """Take the next bytes of the stream; return the next ``at_most`` lines, or all that are whole.

        Raise `FramingError` if the stream is TLS or HTTP, or has a telnet command of more than 1 KiB. Then there is
        nothing more to be made of it, and no line of the bytes that caused it is returned.
        """
        if self._filter is not None or IAC in data or _NUL in data or data.endswith(b"\r"):
            data = self._without_telnet(data)
        if self._by_hand and not self.has_keys:
            self.has_keys = _BS in data or _DEL in data or _ESC in data
        state = self._state
        if state is _LINES and at_most and not self._buffer and 0 <= data.find(_LF) == len(data) - 1 <= self._max:
            # Nearly every segment, at half the cost of what follows.
            return [data[:-1].removesuffix(b"\r").removeprefix(BOM)]
        if state is _SKIPPING:
            data = self._skip(data)
        self._buffer += data
        if state is _FIRST_LINE:
            self._check_first_line()
        self.has_lines = _LF in self._buffer
        if len(self._buffer) > self._max:
            if at_most < 0:
                self._cut_endless_line()
            self.has_lines = self.has_lines or _LF in self._buffer or self._is_endless()
        return self.next_lines(at_most) if self.has_lines and at_most else []

    def next_lines(self, at_most: int = -1) -> list[bytes]:
        """Return the next ``at_most`` lines, or all that are whole: those that `feed` has not returned."""
        lines = self._buffer.split(b"\n", at_most)
        if (at_most < 0 or len(lines) == 1) and len(lines[-1]) > self._max:
            self._cut_endless_line()
            lines = self._buffer.split(b"\n", at_most)
        self._buffer = rest = lines.pop()
        self.has_lines = _LF in rest or (len(rest) > self._max and self._is_endless())
        if at_most >= 0:
            return [line.removesuffix(b"\r").removeprefix(BOM) for line in lines]
        length = self._max + 1
        return [line.removesuffix(b"\r").removeprefix(BOM)[:length] for line in lines]

    def hand_over(self) -> tuple[Filter | None, bytes]:
        """Return what another decoder goes on with: what has seen the negotiation, and the bytes that are held."""
        buffer, self._buffer = self._buffer, b""
        self.has_lines = False
        return self._filter, buffer

    def end(self) -> bytes:
        """Take the end of the stream; return the line that it has left unterminated, ``b""`` if there is none.

        Whole lines can be asked for still. After this, nothing may be fed.
        """
        if len(self._buffer) > self._max:
            self._cut_endless_line()
        terminated, lf, unfinished = self._buffer.rpartition(b"\n")
        self._buffer = terminated + lf
        if self._filter is not None:
            unfinished += self._filter.rest()
            self._filter = None
        return b"" if self._state is _SKIPPING else self._text(unfinished)

    def clear(self) -> None:
        """Forget the lines that were not asked for, and the unfinished one."""
        self._buffer = b""
        self.has_lines = False

    def _without_telnet(self, data: bytes) -> bytes:
        """Return the text that is left of a segment; none if it has commands that are kept, for then all is taken."""
        if self._filter is None:
            self._filter = Filter()
        self.telnet_commands += data.count(IAC)
        try:
            parts = self._filter.feed(data)
        except EndlessSubnegotiationError:
            raise FramingError("a telnet command is longer than 1 KiB") from None
        text = [part for part in parts if type(part) is bytes]
        if not self._by_hand:
            return b"".join(text)
        self.has_keys = self.has_keys or IAC in data
        if len(text) == len(parts):
            return b"".join(text)
        self._take_parts(parts)
        return b""

    def _take_parts(self, parts: list[Part]) -> None:
        """Take text and commands, in time that grows with their length alone."""
        whole, unfinished, length = self._open_buffer()
        for part in parts:
            if isinstance(part, Enquiry):
                whole.append(part.as_line() + b"\n")
                continue
            text = part.mark if isinstance(part, Edit) else part
            if self._state is _SKIPPING:
                text = self._skip(text)
            ended, lf, text = text.rpartition(b"\n")
            if lf:
                whole += [*unfinished, ended, lf]
                unfinished, length = [], 0
            unfinished.append(text)
            length += len(text)
            if length > self._max:
                self._buffer = b"".join(whole + unfinished)
                if self._state is _FIRST_LINE:
                    self._check_first_line()
                self._cut_endless_line()
                whole, unfinished, length = self._open_buffer()
        self._buffer = b"".join(whole + unfinished)

    def _open_buffer(self) -> tuple[list[bytes], list[bytes], int]:
        """Return the whole lines, the unfinished one and its length, each in a list to which more can be added."""
        whole, lf, unfinished = self._buffer.rpartition(b"\n")
        return [whole, lf], [unfinished], len(unfinished)

    def _skip(self, data: bytes) -> bytes:
        """Return what follows the terminator of a line that is dropped."""
        _, lf, rest = data.partition(b"\n")
        if lf:
            self._state = _LINES
        return rest

    def _check_first_line(self) -> None:
        buffer = self._buffer
        begun = _end_of(_BLANK_LINES, buffer, 0)
        # No more of the line than there would be if it arrived byte by byte.
        if _ALIEN.match(buffer, _end_of(_CARRIAGE_RETURNS, buffer, begun), begun + self._max + 1):
            raise FramingError("this port speaks the chatd line protocol, not TLS or HTTP; use nc or telnet")
        if buffer.find(b"\n", begun) >= 0:
            self._state = _LINES

    def _cut_endless_line(self) -> None:
        """End an unfinished line that is too long already, and drop the rest of it when that comes."""
        start = self._buffer.rfind(b"\n") + 1
        if len(self._text(self._buffer[start:])) > self._max:
            # As much as stays too long when a byte order mark and a CR have been taken off.
            self._buffer = self._buffer[: start + len(BOM) + self._max + 2] + b"\n"
            self._state = _SKIPPING

    def _is_endless(self) -> bool:
        start = self._buffer.rfind(b"\n") + 1
        return len(self._text(self._buffer[start:])) > self._max

    def _text(self, line: bytes) -> bytes:
        return line.removesuffix(b"\r").removeprefix(BOM)[: self._max + 1]


def _end_of(pattern: re.Pattern[bytes], buffer: bytes, start: int) -> int:
    """Return where what a pattern matches at ``start``, nothing perhaps, has its end."""
    match = pattern.match(buffer, start)
    return start if match is None else match.end()
