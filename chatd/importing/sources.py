"""The files of an import: folders, what gzip has packed, lines with their numbers."""

from __future__ import annotations

import gzip
import sys
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

MAX_LINE_BYTES = 64 * 1024 * 1024
"""A longer line is not read: nothing that people have said is as long."""
STANDARD_INPUT = Path("-")
_BOM = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_GZIP = b"\x1f\x8b"
_BROKEN_ZIP = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError)
"""What an archive raises that is broken, or packed in a way that Python does not know."""


class SourceError(ValueError):
    """A file is none of the format; the argument is a sentence without its capital."""


class Line(NamedTuple):
    """A line without its end; ``text`` is None if it is too long or not in the charset."""

    number: int
    text: str | None


class Sources:
    """The files that were named, and how far they were read. ``charset`` is what lines are in that are not UTF-8."""

    def __init__(self, paths: Sequence[Path], charset: str | None = None) -> None:
        self.paths = paths or [STANDARD_INPUT]
        self.charset = charset
        self._total = sum(_size(path) for path in paths)
        self._done = 0
        self._position: Callable[[], int] = lambda: 0

    @property
    def fraction(self) -> float | None:
        """How much was read, from 0 to 1; None if it is not known how much there is."""
        return min(1.0, (self._done + self._position()) / self._total) if self._total else None

    def files(self, *patterns: str) -> Iterator[Path]:
        """Yield the files that were named, and those of folders whose names fit one of the patterns, in order."""
        for path in self.paths:
            if path.is_dir():
                found = {each for pattern in patterns for each in path.rglob(pattern) if each.is_file()}
                yield from sorted(found)
            else:
                yield path

    def lines(self, path: Path) -> Iterator[Line]:
        """Yield the lines of a file, of the standard input for `STANDARD_INPUT`. Raise `SourceError` or `OSError`."""
        with self.opened(path) as file:
            number = 0
            while data := file.readline(MAX_LINE_BYTES + 1):
                number += 1
                if number == 1:
                    if data.startswith(_UTF_16):
                        raise SourceError(f"{path} is UTF-16; convert it with iconv -f UTF-16 -t UTF-8")
                    data = data.removeprefix(_BOM)
                too_long = len(data) > MAX_LINE_BYTES
                while len(data) > MAX_LINE_BYTES and not data.endswith(b"\n"):
                    data = file.readline(MAX_LINE_BYTES + 1) or b"\n"
                yield Line(number, None if too_long else self._decoded(data.rstrip(b"\r\n")))

    @contextmanager
    def opened(self, path: Path) -> Iterator[BinaryIO]:
        """Yield an open file, unpacked if gzip has packed it. Raise `SourceError` or `OSError`."""
        if path == STANDARD_INPUT:
            if sys.stdin is None:
                raise SourceError("standard input is closed; name a file")
            yield sys.stdin.buffer
            return
        with path.open("rb") as raw:
            self._position = raw.tell
            packed = raw.read(2) == _GZIP
            raw.seek(0)
            try:
                with gzip.open(raw) if packed else raw as file:
                    yield cast(BinaryIO, file)
            except (gzip.BadGzipFile, EOFError, zlib.error) as error:
                raise SourceError(f"{path} is damaged: {error}") from None
            finally:
                self._position = lambda: 0
        self._done += _size(path)

    @contextmanager
    def unzipped(self, path: Path) -> Iterator[zipfile.ZipFile]:
        """Yield an archive, and count how much of it is read. Raise `SourceError` or `OSError`."""
        try:
            with path.open("rb") as raw, zipfile.ZipFile(raw) as archive:
                self._position = raw.tell
                yield archive
        except _BROKEN_ZIP as error:
            raise SourceError(f"{path} cannot be unpacked: {error}") from None
        finally:
            self._position = lambda: 0
        self._done += _size(path)

    def passed(self, path: Path) -> None:
        """Count a file that was read in another way, or is not read."""
        self._done += _size(path)

    def _decoded(self, data: bytes) -> str | None:
        try:
            return data.decode()
        except UnicodeDecodeError:
            if self.charset is None:
                return None
        try:
            return data.decode(self.charset)
        except UnicodeDecodeError:
            return None


def _size(path: Path) -> int:
    try:
        if path.is_dir():
            return sum(each.stat().st_size for each in path.rglob("*") if each.is_file())
        return path.stat().st_size
    except OSError:
        return 0


def unreadable(charset: str | None) -> str:
    """Return why a line has no text."""
    if charset is None:
        return "not UTF-8; for lines of older Windows and IRC programs, add --charset cp1252"
    return f"neither UTF-8 nor {charset}"


def is_encrypted(member: zipfile.ZipInfo) -> bool:
    """Return whether a file in an archive needs a password."""
    return bool(member.flag_bits & 1)
