"""How far a bot is in each of its rooms, and the file that keeps it."""

from __future__ import annotations

import fcntl
import json
import os
from pathlib import Path
from typing import NamedTuple

from chatd.bot.catching_up import CatchingUp
from chatd.protocol import names
from chatd.runtime.files import open_own, read_whole, replace_file

_MAX_FILE_BYTES = 1 << 20


class BotError(Exception):
    """The bot cannot continue, and a new attempt does not help; the argument is a sentence without its capital."""


class Place(NamedTuple):
    """A message in a room: its id, and the epoch under which it was heard."""

    id: int
    epoch: str

    @property
    def journal(self) -> str:
        """The name of the history that the id belongs to: the part of the epoch that restarts do not change."""
        return self.epoch.partition(".")[0]


class Places:
    """What was heard and what is done, by room. ``file`` keeps what is done; None keeps nothing."""

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._lock: int | None = None
        self._heard: dict[str, Place] = {}
        self._done: dict[str, Place] = {}
        self.behind = CatchingUp()
        """The rooms in which more was sent than was heard."""

    def load(self) -> None:
        """Keep other bots from the file until `release`, and read it if there is one.

        Raise `BotError` if it cannot be used.
        """
        if self._file is None:
            return
        self._keep_others_out(self._file)
        try:
            kept = json.loads(read_whole(self._file, _MAX_FILE_BYTES))
            self._done = {str(room): Place(int(id_), str(epoch)) for room, (id_, epoch) in kept["rooms"].items()}
        except FileNotFoundError:
            return
        except OSError as error:
            raise BotError(f"cannot read {self._file}: {error.strerror}") from None
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            raise BotError(f"{self._file} is not a bot's state; remove it to start with new messages") from None
        self._heard = dict(self._done)

    def _keep_others_out(self, file: Path) -> None:
        lock = file.with_name(f"{file.name}.lock")  # the file itself is another one after each `save`
        try:
            self._lock = open_own(lock)
        except OSError as error:
            if os.path.lexists(lock):
                raise BotError(f"cannot open {lock}: {error.strerror}") from None
            return  # nothing can be saved there either
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise BotError(f"another bot uses {file}; stop it or choose another state file") from None
        except OSError:  # on a file system without locks
            self.release()

    def release(self) -> None:
        """Let other bots use the file."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def save(self) -> None:
        """Keep what is done: it is on the disk when this returns. Raise `OSError`."""
        if self._file is not None:
            replace_file(self._file, json.dumps({"rooms": self._done}).encode())

    def heard(self, room: str) -> Place | None:
        """Return the last message that was heard in a room, None if none was."""
        return self._heard.get(names.key(room))

    def hear(self, room: str, place: Place) -> None:
        """Note that a message was heard."""
        self._heard[names.key(room)] = place

    def finish(self, room: str, place: Place) -> bool:
        """Note that a message is done; return whether it is the first one in its room."""
        is_first = names.key(room) not in self._done
        self._done[names.key(room)] = place
        return is_first
