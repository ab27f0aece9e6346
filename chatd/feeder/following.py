"""One file that is followed over rotations: by rename, by copy and truncation, and one that is not there yet."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from enum import Enum

from chatd.feeder.open_file import OpenFile, Piece
from chatd.feeder.place import Place, holds, new_place, tail_of
from chatd.feeder.rest import open_regular, open_rest, open_unseen

QUIET_SECONDS = 5.0
"""How long a file that was rotated away must not have grown until nobody writes to it any more."""
_LOOK_BACK_BYTES = 64 * 1024

Report = Callable[[str, str], None]
"""Is told what is waited for: about which file, and a sentence without its capital, empty if all is well."""


class Start(Enum):
    """Where a file is begun that was not known before."""

    BEGINNING = "all of it is said"
    END = "what is written from now on is said"


class Following:
    """Follows ``path``. ``places`` and ``newest`` are what is known of it from an earlier run, None if there was none.

    Whoever has it calls `look` now and then, records `places`, and only then calls `read`.
    """

    def __init__(self, path: str, places: Iterable[Place], newest: int | None, start: Start, report: Report) -> None:
        self.path = path
        self.missing = True
        """Whether there is no such file, or none that can be read."""
        self.newest = newest or 0
        """When what is known of was last written, in nanoseconds since 1970: what is newer was not seen."""
        self._start = start if newest is None else Start.BEGINNING
        self._report = report
        self._files: list[OpenFile] = []
        if known := list(places):
            self._resume(known)

    @property
    def places(self) -> list[Place]:
        """What is to be known in the next run."""
        return [file.place for file in self._files if not file.gone]

    @property
    def settled(self) -> bool:
        """Whether all that was read has been said."""
        return all(file.settled for file in self._files)

    def look(self, now: float) -> bool:
        """Find out whether the file is another one by now; return whether `places` changed."""
        before = len(self._files), self._current
        self._look_under_the_path(now)
        try:
            self._check_truncation(now)
            self._note_newest()
            self._let_go(now)
        except OSError as error:  # a disk that fails, a network's file system that is away
            self._report(self.path, f"waiting for {self.path}: {_reason(error)}")
        return before != (len(self._files), self._current)

    def _look_under_the_path(self, now: float) -> None:
        try:
            status = os.stat(self.path)
            descriptor = None if self._is_current(status) else open_regular(self.path)
        except OSError as error:
            self.missing = True
            self._start = Start.BEGINNING  # what appears later is new
            self._report(self.path, f"waiting for {self.path}: {_reason(error)}")
            self._find_unseen(None, now)
        else:
            self.missing = False
            self._report(self.path, "")
            if descriptor is not None:
                self._begin(descriptor, now)

    def read(self, *, to_the_end: bool) -> Iterable[Piece]:
        """Yield what there is to read; ``to_the_end`` also a last line that has no end yet."""
        for file in list(self._files):
            try:
                yield from file.read(to_the_end=to_the_end or file.done)
            except OSError as error:
                self._report(self.path, f"waiting for {self.path}: {_reason(error)}")

    def settle(self) -> bool:
        """Note what was said; return whether a place moved."""
        return sum([file.settle() for file in self._files]) > 0

    def close(self) -> None:
        """Let go of all files."""
        for file in self._files:
            file.close()
        self._files.clear()

    @property
    def _current(self) -> OpenFile | None:
        """The file that was found under the path last, if there was one."""
        last = self._files[-1] if self._files else None
        return last if last is not None and last.quiet_since is None else None

    def _is_current(self, status: os.stat_result) -> bool:
        current = self._current
        return current is not None and (status.st_dev, status.st_ino) == (current.place.device, current.place.inode)

    def _begin(self, descriptor: int, now: float) -> None:
        status = os.fstat(descriptor)
        if (current := self._current) is not None:
            current.quiet_since = now
        self._find_unseen(status, now)
        offset, tail = 0, ""
        if self._start is Start.END:
            offset, tail = _last_line(descriptor, status.st_size)
        self._start = Start.BEGINNING
        self._files.append(OpenFile(new_place(self.path, status, offset, tail), descriptor))

    def _check_truncation(self, now: float) -> None:
        current = self._current
        if current is None or not current.was_truncated():
            return
        # Where it was copied first, what was not read yet is in the copy, under the token that it has.
        rest = open_rest(current.place)
        again = OpenFile(new_place(self.path, os.stat(current.descriptor)), os.dup(current.descriptor))
        self._files.remove(current)
        if rest is not None:
            rest.take_over(current)
            rest.quiet_since = now
            self._files.append(rest)
        else:
            current.give_up()
            current.quiet_since = now
            self._files.append(current)
        self._files.append(again)

    def _let_go(self, now: float) -> None:
        for file in list(self._files):
            if file.quiet_since is None:
                continue
            if not file.done and file.has_grown():
                file.quiet_since = now
            elif now - file.quiet_since >= QUIET_SECONDS:
                file.done = True
                if file.settled and not file.has_more():
                    self._files.remove(file)
                    file.close()

    def _resume(self, known: list[Place]) -> None:
        for place in known[:-1]:
            self._resume_rest(place)
        last = known[-1]
        try:
            descriptor = open_regular(self.path)
        except OSError:
            self._resume_rest(last)
            return
        status = os.fstat(descriptor)
        same = (status.st_dev, status.st_ino) == (last.device, last.inode)
        if same and holds(descriptor, last.offset, last.tail):
            self._files.append(OpenFile(last, descriptor))
            return
        os.close(descriptor)
        self._resume_rest(last)

    def _note_newest(self) -> None:
        for file in self._files:
            self.newest = max(self.newest, os.fstat(file.descriptor).st_mtime_ns)

    def _find_unseen(self, found: os.stat_result | None, now: float) -> None:
        """Take in what was rotated away before it was seen; ``found`` is the file that is there now."""
        self._note_newest()
        if not self.newest:
            return
        current = self._current
        known = {(file.place.device, file.place.inode) for file in self._files}
        known |= {(found.st_dev, found.st_ino)} if found is not None else set()
        for file in open_unseen(self.path, known, self.newest):
            file.quiet_since = 0.0
            self._files.append(file)
            if current is not None:
                current.quiet_since = now

    def _resume_rest(self, place: Place) -> None:
        """Go on with a file that was rotated away."""
        file = open_rest(place)
        if file is None:
            self._report("", f"{place.path} no longer has what followed byte {place.offset}; it was not sent")
            return
        file.quiet_since = 0.0
        self._files.append(file)


def _reason(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _last_line(descriptor: int, size: int) -> tuple[int, str]:
    """Return where the line begins that has no end yet, or the end of the file, and the tail there."""
    start = max(0, size - _LOOK_BACK_BYTES)
    data = os.pread(descriptor, size - start, start)
    end = data.rfind(b"\n") + 1 if b"\n" in data or not start else len(data)
    return start + end, tail_of(data[:end])
