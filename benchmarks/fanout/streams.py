"""Whether every message arrives at every member exactly once and in order."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from functools import partial
from zlib import crc32

from benchmarks.fanout.dialects import Dialect

FIRST_LETTER = ord("a")
_NUMBER_BYTES = 8
_HOLE = b"\0" * _NUMBER_BYTES
MIN_TEXT_BYTES = 1 + _NUMBER_BYTES


class WrongError(Exception):
    """A server did not deliver what it was given; the argument says what, in one line."""


class Sender:
    """What one member of a room says: its letter among the room's senders, a number, and a filling."""

    def __init__(self, dialect: Dialect, nick: bytes, room: bytes, index: int, text_bytes: int) -> None:
        self.letter = FIRST_LETTER + index
        start, filling = b"%c" % self.letter, b"x" * (text_bytes - MIN_TEXT_BYTES)
        self._text = start + _HOLE + filling
        self._said = dialect.saying(room, self._text).split(_HOLE)
        self._deliver = partial(dialect.delivery, nick, room)
        self.delivered: list[bytes] = []
        """What was said, as the others are to get it."""
        self.times = array("d")
        """When it was said, or due to be said."""

    def say(self, count: int, time: float) -> bytes:
        """Return the next so many messages, as they are sent."""
        first = len(self.delivered)
        numbers = [b"%08d" % number for number in range(first, first + count)]
        before, after = self._deliver(self._text).split(_HOLE)
        self.delivered += [before + number + after for number in numbers]
        self.times.extend([time] * count)
        before, after = self._said
        return b"".join([before + number + after for number in numbers])


class Stream:
    """What a member gets, of which only a count and a checksum are kept."""

    def __init__(self, length: int) -> None:
        self._length = length
        self._bytes = 0
        self.checksum = 0

    @property
    def messages(self) -> float:
        """How many messages have come; a part of one counts as such."""
        return self._bytes / self._length

    def take(self, data: memoryview) -> bytes:
        """Take in what came; return the letters of the senders whose messages are complete, if that is looked at."""
        self.checksum = crc32(data, self.checksum)
        self._bytes += len(data)
        return b""


class ReadStream(Stream):
    """What a member gets, every byte of which is compared with what was said.

    Raises `WrongError` if a message is missing, comes twice or overtakes one of the same sender.
    """

    def __init__(self, senders: Sequence[Sender], length: int, letter_at: int, noise: bytes) -> None:
        super().__init__(length)
        self._letter_at = letter_at
        self._noise = noise
        self._rest = b""
        self._next: dict[int, Iterator[bytes]] = {sender.letter: iter(sender.delivered) for sender in senders}
        self._times: dict[int, Iterator[float]] = {sender.letter: iter(sender.times) for sender in senders}
        self.order = bytearray()
        """The senders' letters, message after message."""

    def take(self, data: memoryview) -> bytes:
        """Take in what came, as `Stream` does, without what is noise for the server's dialect."""
        pending = self._rest + data
        if self._noise and self._noise in pending:
            pending = pending.replace(self._noise, b"")
        # Noise that is still incomplete is the last that came, and shorter than a message.
        whole = len(pending) // self._length * self._length
        self._rest = pending[whole:]
        if not whole:
            return b""
        messages = pending[:whole]
        letters = messages[self._letter_at :: self._length]
        if messages != self._expected(letters):
            raise WrongError(f"after {len(self.order)} messages, something else than what was said next: {messages!r}")
        self.order += letters
        self._bytes += whole
        self.checksum = crc32(messages, self.checksum)
        return letters

    def latencies(self, letters: bytes, now: float) -> list[float]:
        """Return how long the messages that just came were under way, in milliseconds."""
        times = self._times
        return [(now - next(times[letter])) * 1000 for letter in letters]

    def _expected(self, letters: bytes) -> bytes:
        """Return what those senders said next, shorter than it should be if one has said no more."""
        if not self._next.keys() >= set(letters):
            return b""
        return b"".join(map(next, map(self._next.__getitem__, letters)))


def check_count(stream: Stream, expected: int) -> None:
    """Raise `WrongError` if not so many messages have come."""
    if stream.messages != expected:
        raise WrongError(f"{stream.messages:g} instead of {expected} messages came")


def check_order(stream: Stream, reference: ReadStream, own_letter: int | None) -> None:
    """Raise `WrongError` if a member got other messages than the room's reference, or others' in another order.

    ``own_letter`` is that of a sender who does not get its own.
    """
    if isinstance(stream, ReadStream):
        own = b"" if own_letter is None else bytes([own_letter])
        same = stream.order == (reference.order.replace(own, b"") if own else reference.order)
    else:
        same = stream.checksum == reference.checksum
    if not same:
        raise WrongError("the messages are not those of the room's reference member, or not in that order")
