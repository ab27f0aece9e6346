"""The connections of the load, and whether everybody is told the same, each message once and in one order."""

from __future__ import annotations

import re
import socket
from array import array
from collections.abc import Callable
from time import perf_counter
from zlib import crc32

from typing_extensions import override

from benchmarks.cluster.processes import HOST, BenchmarkError

MARK = b"=" * 48
"""A text that ends what people are told before the first message, of comings for instance."""
SECONDS_TO_ENTER = 30.0
_CHUNK_BYTES = 1 << 18
_FILLING = b"x" * 54
_TAGS = re.compile(rb"^@\S+ ", re.MULTILINE)
_LABEL = re.compile(rb"^@\S*label=(\d+)\S* (\S+)", re.MULTILINE)


class WrongError(Exception):
    """Somebody was told something else than what was said; the argument says what, in one line."""


def text(speaker: int, number: int) -> bytes:
    """Return what a speaker says as the message with that number: always as many bytes."""
    return b"%02d.%06d %b" % (speaker, number, _FILLING)


def room_name(room: int) -> bytes:
    """Return the name of the room with that number, always as long."""
    return b"#cluster%03d" % room


def speaker_nick(room: int, speaker: int) -> bytes:
    """Return who speaks in a room, always as long."""
    return b"s%02d-%03d" % (speaker, room)


def told(speaker: int, number: int, room: int = 0) -> bytes:
    """Return that as everybody is told it who has not asked for tags."""
    return b"MSG %b %b %b\r\n" % (speaker_nick(room, speaker), room_name(room), text(speaker, number))


LENGTH = len(told(0, 0))


class Listener:
    """One who says nothing and has no tags; of what is told after the mark, a length and a checksum are kept."""

    def __init__(self, nick: bytes, port: int, room: int = 0, hello: bytes = b"") -> None:
        self.nick = nick
        self.port = port
        self.room = room
        self.bytes = self.checksum = 0
        self.marked = False
        self._rest = b""
        self.socket = socket.create_connection((HOST, port), SECONDS_TO_ENTER)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.sendall(b"%bJOIN %b %b\n" % (hello, nick, room_name(room)))
        while b"OK JOIN " not in self._rest:
            try:
                data = self.socket.recv(_CHUNK_BYTES)
            except TimeoutError:
                data = b""
            if not data:
                raise BenchmarkError(f"{nick.decode()} was not let in: {self._rest[-200:]!r}")
            self._rest += data
        self.socket.settimeout(0)

    @property
    def messages(self) -> float:
        """How many were told by now; a part of one counts as such."""
        return self.bytes / LENGTH

    def receive(self) -> None:
        """Take in what has come."""
        try:
            data = self.socket.recv(_CHUNK_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            raise BenchmarkError(f"{self.nick.decode()} was cut off: {error.strerror}") from None
        if not data:
            raise BenchmarkError(f"the connection of {self.nick.decode()} was closed")
        if not self.marked:
            data = self._after_mark(data)
        if data:
            self.take(data)

    def take(self, data: bytes) -> None:
        """Take in what was told after the mark."""
        self.bytes += len(data)
        self.checksum = crc32(data, self.checksum)

    def _after_mark(self, data: bytes) -> bytes:
        self._rest += data
        found = self._rest.find(MARK + b"\r\n")
        if found < 0:
            return b""
        self.marked = True
        data, self._rest = self._rest[found + len(MARK) + 2 :], b""
        return data


class Reference(Listener):
    """A listener who keeps everything."""

    def __init__(self, nick: bytes, port: int, room: int = 0) -> None:
        super().__init__(nick, port, room)
        self._all: list[bytes] = []

    @override
    def take(self, data: bytes) -> None:
        super().take(data)
        self._all.append(data)

    def check(self, said: list[int]) -> None:
        """Raise `WrongError` unless this is all that was said, each speaker's messages once and in their order."""
        everything = b"".join(self._all)
        next_ = [0] * len(said)
        for start in range(0, len(everything), LENGTH):
            message = everything[start : start + LENGTH]
            digits = message[5:7]
            speaker = int(digits) if digits.isdigit() else len(said)
            if speaker >= len(said) or message != told(speaker, next_[speaker], self.room):
                raise WrongError(f"after {start // LENGTH} messages, something else than what was said: {message!r}")
            next_[speaker] += 1
        if next_ != said:
            raise WrongError(f"{sum(next_)} messages of {sum(said)} were told")


class Speaker(Listener):
    """One who says something, under labels, and notes when it is acknowledged."""

    def __init__(self, number: int, port: int, room: int = 0) -> None:
        super().__init__(speaker_nick(room, number), port, room, b"HELLO 1\n")
        self.said = self.acknowledged = 0
        self.latencies: list[float] | None = None
        """In milliseconds, from when something was to be said; they are measured while this is a list."""
        self.on_answers: Callable[[int], None] = lambda _: None
        """Called with the number of answers that just came."""
        self._number = number
        self._times = array("d")
        self._part = b""

    def say(self, count: int, due: float) -> None:
        """Say the next so many messages, which were to be said at that time."""
        numbers = range(self.said, self.said + count)
        self._send(b"".join([b"@label=%d MSG %b\n" % (number, text(self._number, number)) for number in numbers]))
        self.said += count
        self._times.extend([due] * count)

    def mark(self) -> None:
        """Say the mark."""
        self._send(b"MSG %b\n" % MARK)

    @override
    def take(self, data: bytes) -> None:
        whole, newline, part = (self._part + data).rpartition(b"\n")
        self._part = part
        if not newline:
            return
        whole += newline
        super().take(_TAGS.sub(b"", whole))
        answers = _LABEL.findall(whole)
        now = perf_counter()
        for label, verb in answers:
            if verb != b"MSG" or int(label) != self.acknowledged:
                raise WrongError(f"{self.nick.decode()} was answered {verb!r} to {label!r}")
            if self.latencies is not None:
                self.latencies.append((now - self._times[self.acknowledged]) * 1000)
            self.acknowledged += 1
        if answers:
            self.on_answers(len(answers))

    def _send(self, data: bytes) -> None:
        # A window of messages is less than what the system's buffers hold.
        self.socket.settimeout(SECONDS_TO_ENTER)
        self.socket.sendall(data)
        self.socket.settimeout(0)
