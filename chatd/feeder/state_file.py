"""The file in which a feeder keeps how far it is, so that the next one goes on there."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chatd.feeder.place import Place
from chatd.runtime.files import make_folder, open_own, replace_file

MAX_FILE_BYTES = 16 * 1024 * 1024
VERSION = 1


class StateError(Exception):
    """The state cannot be used; the argument is a sentence without its capital."""


@dataclass(slots=True)
class State:
    """How far a feeder is. ``target`` is where it says what: lines are known again only by the same room and nick."""

    target: str
    resume: str = ""
    """The secret by which a connection is taken over that has not noticed its death."""
    paths: dict[str, int] = field(default_factory=dict)
    """What was followed, and when what is known of it was last written, in nanoseconds since 1970."""
    places: list[Place] = field(default_factory=list)


class StateFile:
    """Where a state is kept, for one feeder at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    def lock(self) -> None:
        """Keep other feeders away until `release`. Raise `StateError` or `OSError`."""
        make_folder(self.path.parent, 0o700)
        self._lock = open_own(self.path.with_name(self.path.name + ".lock"))
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.release()
            raise StateError(f"another chatd tail uses {self.path}; choose another file with --state") from None

    def release(self) -> None:
        """Let others in."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def load(self, target: str) -> State:
        """Return what is kept, or an empty state if there is none. Raise `StateError` or `OSError`."""
        try:
            with self.path.open("rb") as file:
                content = file.read(MAX_FILE_BYTES + 1)
        except FileNotFoundError:
            return State(target)
        try:
            data: dict[str, Any] = json.loads(content)
            if data["version"] != VERSION:
                raise ValueError(f"unknown version {data['version']}")
            places = [_place(each) for each in data["files"]]
            state = State(str(data["target"]), str(data["resume"]), _times(data["paths"]), places)
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            raise StateError(f"{self.path} cannot be used: {error!r}; remove it to start over") from None
        if state.target != target:
            raise StateError(
                f"{self.path} belongs to {state.target}, not to {target}; choose another file with --state"
            )
        return state

    def save(self, state: State) -> None:
        """Keep a state: it is on the disk when this returns. Raise `OSError`."""
        files = [asdict(place) for place in state.places]
        kept = {"target": state.target, "resume": state.resume, "paths": state.paths, "files": files}
        data = {"version": VERSION} | kept
        replace_file(self.path, json.dumps(data, indent=1).encode())


def _times(data: dict[str, Any]) -> dict[str, int]:
    return {str(path): int(time) for path, time in data.items()}


def _place(data: dict[str, Any]) -> Place:
    place = Place(**data)
    texts, numbers = (place.path, place.token, place.tail), (place.device, place.inode, place.offset)
    if not all(isinstance(each, str) for each in texts) or not all(isinstance(each, int) for each in numbers):
        raise ValueError("no place")
    return place
