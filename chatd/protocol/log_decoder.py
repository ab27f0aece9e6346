"""A stream of what programs print to lines that can be said: charsets, terminals, and lines that are too long."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from enum import Enum

from chatd.protocol.telnet import ERASE_CHARACTER, ERASE_LINE, IAC, EndlessSubnegotiationError, Enquiry, Filter
from chatd.protocol.terminal_line import TerminalLine
from chatd.protocol.wire import MAX_LINE_BYTES

FOLD_BYTES = 4096
"""When so much of a line has come without its end, what a terminal would show of it takes its place."""
WORK_OF_A_LINE = 1024
"""How many characters that are folded cost as much as a line."""
UTF16 = "the input is UTF-16, not UTF-8; convert it with iconv -f UTF-16 -t UTF-8"
_BOM = codecs.BOM_UTF8
_LF = b"\n"
# What is not shown as it stands: the controls that `TerminalLine` knows, and C1 in UTF-8.
_SPECIAL = re.compile(rb"[\0\x07\x08\r\x0e\x0f\x1b]|\xc2[\x80-\x9f]")
_ENQUIRIES = re.compile(rb"^\xff(?:\xf6|[\xfb\xfd][0-9a-f]{2})\n", re.MULTILINE)
_MARKS = re.compile(re.escape(ERASE_CHARACTER.mark) + b"|" + re.escape(ERASE_LINE.mark))
_COLOURS = re.compile(rb"\x1b\[[0-9;:]*m")
_LOOKED_AT = 512
_MAX_NOTE_BYTES = 40  # of what stands for the end of a line that is cut; so many are missing at least


class LogError(ValueError):
    """What is piped cannot be said at all; the argument is a sentence that says what to do."""


class LongLines(Enum):
    """What becomes of a line that is too long for one message."""

    SPLIT = "split"
    """It is said in parts: ``(1) ...``, ``(2) ...``, ``(3, end) ...``."""
    CUT = "cut"
    """Its beginning is said, and how much is missing."""


CHARSETS = {"utf-8": "utf-8", "latin-1": "cp1252", "cp1252": "cp1252"}
"""By the name in PIPE. Who says Latin-1 means Windows-1252, as in the WHATWG's encodings: C1 is used by nobody."""


@dataclass(frozen=True, slots=True)
class LogOptions:
    """How what is piped is read."""

    charset: str = "utf-8"
    long: LongLines = LongLines.SPLIT


class LogDecoder:
    """Cuts what is piped into lines of UTF-8, the same ones whatever the segments it arrives in, see `LineDecoder`.

    What telnet asks comes as a line of its own, see `Enquiry`. A line is what a terminal would show at its end, and has
    no more than `MAX_LINE_BYTES`. Bytes that are no text in the charset are U+FFFD. Raise `LogError`, wherever lines
    are returned, for UTF-16.

    ``telnet`` goes on with the negotiation of the stream; None if there was none before.
    """

    __slots__ = (
        "_charset", "_checked", "_decoder", "_filter", "_folding", "_line", "_long", "_lost", "_part", "_raw", "_ready",
        "_text", "has_lines", "telnet_commands",
    )  # fmt: skip

    def __init__(self, options: LogOptions, telnet: Filter | None = None) -> None:
        self.has_lines = False
        """Whether `next_lines` would return any."""
        self.telnet_commands = 0
        """What was fed besides lines, in lines; whoever charges for it sets it back to 0."""
        self._filter = telnet or Filter()
        self._charset = CHARSETS[options.charset]
        self._long = options.long
        self._decoder = codecs.getincrementaldecoder(self._charset)("replace")
        self._line = TerminalLine(self._take_part)
        self._raw = b""
        self._ready: list[bytes] = []
        self._folding = False  # whether the beginning of the line is in `_line`
        self._checked = False
        self._part = 0  # how many parts of the line there were
        self._text = ""  # the first of them, if the line is cut
        self._lost = 0

    @property
    def held_bytes(self) -> int:
        """How many bytes are held of what has not been folded."""
        return len(self._raw)

    def feed(self, data: bytes, at_most: int = -1) -> list[bytes]:
        """Take the next bytes of the stream; return the next ``at_most`` lines, or all that are whole."""
        self.telnet_commands += data.count(IAC)
        try:
            parts = self._filter.feed(data)
        except EndlessSubnegotiationError:
            raise LogError("a telnet command is longer than 1 KiB") from None
        self._ready += [part.as_line() for part in parts if isinstance(part, Enquiry)]
        self._take(b"".join(part for part in parts if type(part) is bytes))
        return self.next_lines(at_most) if self.has_lines and at_most else []

    def resume(self, data: bytes) -> None:
        """Take bytes of a `LineDecoder`, in which there are lines and marks for what telnet has asked for."""
        self._ready += [line[:-1] for line in _ENQUIRIES.findall(data)]
        self._take(_MARKS.sub(b"", _ENQUIRIES.sub(b"", data)))

    def _take(self, data: bytes) -> None:
        self._raw += data
        if len(self._raw) > FOLD_BYTES and not self._ready and _LF not in self._raw:
            raw, self._raw = self._raw, b""
            self._fold(raw)
        self.has_lines = bool(self._ready) or _LF in self._raw

    def next_lines(self, at_most: int = -1) -> list[bytes]:
        """Return the next ``at_most`` lines, or all that are whole; blank ones as ``b""``."""
        ready = self._ready
        wanted = at_most - len(ready) if at_most >= 0 else -1
        if wanted:
            *lines, self._raw = self._raw.split(_LF, max(0, wanted) if at_most >= 0 else -1)
            for line in lines:
                self._finish(line)
        found = ready[:at_most] if at_most >= 0 else ready[:]
        del ready[: len(found)]
        self.has_lines = bool(ready) or _LF in self._raw
        return found

    def end(self) -> bytes:
        """Take the end of the stream; return what is left, b"" if nothing is. It may be asked for once more."""
        raw, self._raw = self._raw + self._filter.rest(), b""
        self._filter = Filter()
        if raw or self._folding:
            self._finish(raw)
        last = self._ready.pop(0) if self._ready else b""
        self.has_lines = bool(self._ready)
        return last

    def clear(self) -> None:
        """Forget what is held."""
        self._raw = b""
        self._ready.clear()
        self.has_lines = False

    def _finish(self, raw: bytes) -> None:
        """Take the last bytes of a line; add the line, or its last part, to those that are ready."""
        if not self._folding:
            raw = raw.removeprefix(_BOM)
            self._check(raw)
            plain = raw.rstrip(b"\r")
            if b"\x1b" in plain:
                plain = _COLOURS.sub(b"", plain)
            if len(plain) <= MAX_LINE_BYTES and not _SPECIAL.search(plain):
                said = plain if plain.isascii() else plain.decode(self._charset, "replace").encode()
                if len(said) <= MAX_LINE_BYTES:
                    self._ready.append(said)
                    return
        text = self._line.finish(self._decoder.decode(raw, final=True))
        self._folding = False
        self._charge()
        self._add_last(text)

    def _fold(self, raw: bytes) -> None:
        """Take some more of a line whose end has not come."""
        if not self._folding:
            raw = raw.removeprefix(_BOM)
            self._check(raw)
            self._folding = True
        self._line.write(self._decoder.decode(raw))
        self._charge()

    def _charge(self) -> None:
        lines, self._line.work = divmod(self._line.work, WORK_OF_A_LINE)
        self.telnet_commands += lines

    def _check(self, raw: bytes) -> None:
        """Raise `LogError` if the first line of the stream is UTF-16."""
        if self._checked or len(raw) < 2:
            return
        self._checked = True
        beginning = raw[:_LOOKED_AT]
        zeros = beginning.count(0)
        # Half of them, and no two in a row: a log file that was cut while it was written may hold many.
        interleaved = 2 * len(beginning) <= 5 * zeros and b"\0\0" not in beginning
        if raw.startswith((codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE)) or (len(raw) > 3 and interleaved):
            raise LogError(UTF16)

    def _take_part(self, text: str) -> None:
        """Take a part of a line that is too long, but for the last one."""
        self._part += 1
        if self._long is LongLines.SPLIT:
            self._ready.append(f"({self._part}) {text}".encode())
        elif self._part == 1:
            self._text = text
        else:
            self._lost += len(text.encode())

    def _add_last(self, text: str) -> None:
        part, self._part = self._part, 0
        if not part:
            self._ready.append(text.encode())
        elif self._long is LongLines.SPLIT:
            self._ready.append(f"({part + 1}, end) {text}".encode())
        else:
            lost, self._lost = self._lost + len(text.encode()), 0
            whole = self._text.encode()
            beginning = whole[: MAX_LINE_BYTES - _MAX_NOTE_BYTES].decode(errors="ignore").encode()
            self._ready.append(beginning + f"... (cut: {lost + len(whole) - len(beginning)} bytes more)".encode())
