"""The file beside a journal through which a draining daemon hands the places of its members to the next one."""

from __future__ import annotations

import errno
import json
import os
import stat
from pathlib import Path
from typing import Any

from twisted.logger import Logger
from typing_extensions import override

from chatd.chat import kept_places
from chatd.chat.hub import Hub
from chatd.chat.takeover import RESUME_SECONDS
from chatd.journal.sqlite.address import sqlite_path
from chatd.runtime.clocks import uptime
from chatd.runtime.files import replace_file

VERSION = 1
MAX_BYTES = 256 << 20
"""How much is read of it: a hundred times what 10,000 people in ten rooms each need."""

_log = Logger()


class NoPlaces:
    """Places that end with the daemon: nothing tells the next one that it goes on where this one has ended."""

    kept = False
    """Whether the next daemon knows who was where."""

    def write(self, hub: Hub) -> int:
        """Write down who is where; return how many. Raise `OSError` if that cannot be."""
        raise NotImplementedError

    def restore(self, hub: Hub) -> None:
        """Let those be there who are written down."""


class PlacesFile(NoPlaces):
    """A file that is read once, within `RESUME_SECONDS` of being written, by a daemon with the same journal."""

    kept = True

    def __init__(self, path: Path) -> None:
        self._path = path

    @override
    def write(self, hub: Hub) -> int:
        boot, seconds = uptime()
        state = kept_places.written(hub)
        head = {"version": VERSION, "epoch": hub.journal.epoch, "last": hub.last_id, "boot": boot, "uptime": seconds}
        replace_file(self._path, json.dumps(head | state, separators=(",", ":")).encode())
        return len(state["people"])

    @override
    def restore(self, hub: Hub) -> None:
        try:
            if (content := self._take()) is None:
                return
            count = kept_places.restore(hub, *kept_places.read(_checked(hub, content)))
        except OSError as error:
            why = error.strerror or str(error)
        except ValueError as error:
            why = str(error)
        except Exception:  # the server is to start, whatever is written there
            _log.failure("could not restore the places of members from {path}", path=self._path)
            return
        else:
            _log.info(
                "{what}",
                what=f"members who may come back unnoticed within {RESUME_SECONDS} seconds: {count}",
                count=count,
            )
            return
        _log.warn("not restoring the places of members from {path}: {why}", path=self._path, why=why)

    def _take(self) -> bytes | None:
        """Return what is in the file, and remove it; None if there is none. Raise `ValueError` if it is not ours."""
        try:
            descriptor = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
        except FileNotFoundError:
            return None
        except OSError as error:
            if error.errno == errno.ELOOP:
                raise ValueError("it is a symbolic link; remove it") from None
            raise
        with open(descriptor, "rb") as file:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode):
                raise ValueError("it is not a regular file; remove it")
            if found.st_uid not in self._writers() or found.st_mode & 0o077:
                raise ValueError("other users could have read or written it; remove it")
            content = file.read(MAX_BYTES + 1)
        self._path.unlink()
        return content

    def _writers(self) -> set[int]:
        """Return as whose the daemon before can have written the file, see `make_own`."""
        user = os.geteuid()
        return {user} if user else {user, self._path.parent.stat().st_uid}


def places_of(journal: str) -> NoPlaces:
    """Return where the places of the people of a daemon are kept that has this ``--journal``."""
    if not journal.startswith("sqlite:"):
        return NoPlaces()
    path = sqlite_path(journal)
    return PlacesFile(path.with_name(f"{path.name}-places"))


def _checked(hub: Hub, content: bytes) -> Any:
    """Return what a file says. Raise `ValueError` if it is not of a moment ago, and of this journal."""
    try:
        state = json.loads(content) if len(content) <= MAX_BYTES else None
    except (ValueError, RecursionError):
        state = None
    if not isinstance(state, dict):
        raise ValueError("it is damaged")  # to the caller it is what is written there
    if state.get("version") != VERSION:
        raise ValueError("another version of chatd wrote it")
    epoch, last, then = state.get("epoch"), state.get("last"), state.get("uptime")
    if not (isinstance(epoch, str) and isinstance(last, int) and isinstance(then, int | float)):
        raise ValueError("it is damaged")
    boot, now = uptime()
    if state.get("boot") != boot or not 0 <= now - then <= RESUME_SECONDS:
        raise ValueError(f"it is older than {RESUME_SECONDS} seconds")
    if not hub.journal.holds(epoch, last):
        raise ValueError("it belongs to another journal, or to a later state of this one")
    return state
