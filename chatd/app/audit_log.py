"""The audit log: a file of JSON lines that only its owner can read."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import pwd
import stat
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import fields
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol

from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger
from typing_extensions import override

from chatd.runtime.audit import Act, AuditEvent, Auditor, NoAuditor
from chatd.runtime.files import open_own
from chatd.runtime.sockets import origin
from chatd.runtime.states import Outage

MINUTE = 60
FROM_ONE = 60
"""How many failures a minute are written of one address, of IPv6 of one /64; the rest are counted."""
FROM_ALL = 3000
"""How many are written of all."""
FAILURES = frozenset({AuditEvent.LOGIN_FAILED, AuditEvent.REGISTER_FAILED, AuditEvent.REFUSED})
"""What anybody can cause as often as they like."""

_log = Logger()


class AuditLog(Auditor, Protocol):
    """An auditor that is there as long as the service is."""

    def start(self) -> None:
        """Begin. Raise `OSError` if that cannot be."""

    def stop(self) -> None:
        """End."""


class NoAuditLog(NoAuditor, AuditLog):
    """No audit log."""

    @override
    def start(self) -> None:
        pass

    @override
    def stop(self) -> None:
        pass


class AuditFile(AuditLog):
    """Writes acts to a file at ``path``, each as it happens; ``wall`` tells the time of day.

    The file may be moved away at any time: the next act begins a new one. When nothing can be written, the log says so
    once and the chat goes on.
    """

    def __init__(self, path: Path, clock: IReactorTime, wall: Callable[[], float]) -> None:
        self._path = path
        self._wall = wall
        self._file: int | None = None
        self._outage = Outage(_log, f"cannot write to the audit log {path}", f"writing to {path} again")
        self._torn = False
        self._written: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._minutes = LoopingCall(self._begin_minute)
        self._minutes.clock = clock

    @override
    def start(self) -> None:
        self._file = open_to_append(self._path)
        self._minutes.start(MINUTE, now=False).addErrback(lambda failure: _log.failure("auditing has stopped", failure))

    @override
    def stop(self) -> None:
        if self._minutes.running:
            self._minutes.stop()
        self._begin_minute()
        if self._file is not None:
            os.close(self._file)
            self._file = None

    @override
    def note(self, act: Act) -> None:
        if act.event in FAILURES:
            network = _network(act.address)
            if self._written[network] >= FROM_ONE or self._written.total() >= FROM_ALL:
                self._left_out[network if network in self._left_out or len(self._left_out) < FROM_ALL else ""] += 1
                return
            self._written[network] += 1
        self._write(act)

    def _begin_minute(self) -> None:
        """Write of how many failures nothing was written in the minute that has passed."""
        left_out = self._left_out
        self._written, self._left_out = Counter(), Counter()
        for network, count in left_out.items():
            self._write(Act(AuditEvent.LEFT_OUT, address=network or None, count=count))

    def _write(self, act: Act) -> None:
        if self._file is None:
            return
        why = self._follow()
        try:
            self._append(self._file, line(act, self._wall()))
        except OSError as error:
            why = error.strerror or str(error)
        if why is None:
            self._outage.ended()
        else:
            self._outage.began(why)

    def _append(self, file: int, data: bytes) -> None:
        """Write one line. Raise `OSError` if not all of it could be; the next one does not go on with it."""
        data = b"\n" + data if self._torn else data
        written = os.write(file, data)
        self._torn = written < len(data)
        if self._torn:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def _follow(self) -> str | None:
        """Open the file anew if it was moved away or removed; return why that cannot be, and go on with the old one."""
        assert self._file is not None
        with suppress(FileNotFoundError):
            if os.path.samestat(os.stat(self._path, follow_symlinks=False), os.fstat(self._file)):
                return None
        try:
            old, self._file = self._file, open_to_append(self._path)
        except OSError as error:
            return error.strerror or str(error)
        os.close(old)
        return None


def note_command(path: Path | None, command: str, subject: str | None = None, room: str | None = None) -> None:
    """Note, in a command, what it has done. Raise `ValueError`, with a sentence, if that cannot be."""
    if path is None:
        return
    try:
        file = open_to_append(path)
        try:
            act = Act(AuditEvent.COMMAND, command, by=_user(), room=room, subject=subject)
            os.write(file, line(act, datetime.now(UTC).timestamp()))
        finally:
            os.close(file)
    except OSError as error:
        raise ValueError(f"done, but it could not be recorded in {path}: {error.strerror}") from None


def open_to_append(path: Path) -> int:
    """Open an audit log, made for its owner alone if it is not there; several processes may write lines to it."""
    file = open_own(path)
    found = os.fstat(file)
    # A pipe that nobody reads would hold up the chat; in a folder of all, anybody could have made the file.
    why = "" if stat.S_ISREG(found.st_mode) else "it is not a regular file"
    folder = path.parent.stat()
    if not why and found.st_uid not in (os.geteuid(), 0, folder.st_uid) and folder.st_mode & stat.S_IWOTH:
        why = "it belongs to another user; remove it"
    if why:
        os.close(file)
        raise OSError(errno.EINVAL, why, str(path))
    fcntl.fcntl(file, fcntl.F_SETFL, fcntl.fcntl(file, fcntl.F_GETFL) | os.O_APPEND)
    return file


def line(act: Act, now: float) -> bytes:
    """Return an act as a line of JSON, in ASCII; ``now`` is in seconds since 1970."""
    time = datetime.fromtimestamp(now, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    values = {each.name: value for each in fields(act) if (value := getattr(act, each.name)) is not None}
    return json.dumps({"time": time, **values}).replace("\x7f", "\\u007f").encode() + b"\n"


def _network(address: str | None) -> str:
    return "" if address is None else origin(ip_address(address))


def _user() -> str:
    """Return who gave a command: behind sudo, whoever called that."""
    number = os.environ.get("SUDO_UID", "")
    user = int(number) if number.isdecimal() and len(number) < 10 else os.getuid()
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)
