"""What the client keeps from one start to the next, in two small JSON files of its user's alone.

Preferences are in ``client.json`` in the user's configuration directory, what comes of use (the window's place,
messages that wait) in the state directory. Keys that are not known, of a newer client perhaps, stay where they are.
"""

from __future__ import annotations

import copy
import errno
import json
import os
import re
import stat
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any

import platformdirs

from chatd.client.model import kept_servers, preferences
from chatd.client.model.kept_servers import OLD_KEYS, KeptServer, text, texts, with_those_of_others
from chatd.client.model.kept_state import KeptNowhere, KeptState
from chatd.client.model.preferences import Preferences, yes_or_no
from chatd.protocol import names

FILE_NAME = "client.json"
MAX_FILE_BYTES = 32 * 1024 * 1024
MIN_FONT_SIZE, MAX_FONT_SIZE = 6, 72
MAX_SCALE = 100
NOTHING_KEPT = "No settings are saved yet; using the defaults."
_GEOMETRY = re.compile(r"[0-9]{2,5}x[0-9]{2,5}([+-]-?[0-9]{1,5}){2}|[0-9]{2,5}x[0-9]{2,5}")


class Theme(StrEnum):
    """The colours of the window."""

    LIGHT = "light"
    DARK = "dark"
    SYSTEM = "system"


@dataclass(slots=True)
class Settings:
    """What is kept; the window and the link set it as they please."""

    servers: list[KeptServer] = field(default_factory=list)
    """Where to connect at the start, in the order of the window; none before the first."""
    nick: str = ""
    """The name that was entered last, which is proposed for the next server."""
    muted: list[str] = field(default_factory=list)
    """The rooms and nicks that give no notice."""
    font_size: int = 11
    """In points."""
    theme: Theme = Theme.SYSTEM
    preferences: Preferences = field(default_factory=Preferences)
    people: bool = True
    """Whether the people of a room are seen beside it."""
    geometry: str = ""
    """The window's place as Tk writes it, ``800x600+10+20``; empty for wherever the system puts it."""
    scale: float = 0.0
    """How many pixels a point had where that was; 0 if it is not known."""
    emoji: list[str] = field(default_factory=list)
    """Those that were chosen last, the newest first."""
    waiting: dict[str, list[Any]] = field(default_factory=dict)
    """For each server, what an older client has kept of `Transcript.dump_waiting`: not checked here but where it is
    loaded."""
    unknown: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What else the files hold, by file."""
    conversations: KeptState = field(default_factory=KeptNowhere, compare=False, repr=False)
    """What keeps conversations, which change too often and are too much for these files."""


_CONFIG, _STATE = "config", "state"
_FILES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        _CONFIG: ("servers", "nick", "muted", "font_size", "theme", "preferences"),
        _STATE: ("geometry", "scale", "people", "emoji", "waiting"),
    }
)


class Store:
    """The two files. ``config`` and ``state`` are the directories they are in, by default the user's for chatd."""

    def __init__(self, config: Path | None = None, state: Path | None = None) -> None:
        self._paths = {
            _CONFIG: (config or Path(platformdirs.user_config_dir("chatd", appauthor=False))) / FILE_NAME,
            _STATE: (state or Path(platformdirs.user_state_dir("chatd", appauthor=False))) / FILE_NAME,
        }
        self._broken: set[str] = set()
        self._known: dict[str, dict[str, Any]] = {}
        """What was read or written last, by file."""
        self._tried: dict[str, dict[str, Any]] = {}
        """What was to be written last: after a failure only another change is a reason to try again."""

    @property
    def folder(self) -> Path:
        """The directory of what its user has decided."""
        return self._paths[_CONFIG].parent

    @property
    def state_folder(self) -> Path:
        """The directory of what comes of use."""
        return self._paths[_STATE].parent

    def load(self) -> tuple[Settings, str]:
        """Return what was kept, and a sentence about what could not be read; it is empty if everything could.

        Never raises: for what is missing or of no use, the defaults hold.
        """
        settings = Settings()
        problems: list[str] = []
        missing = 0
        for which, path in self._paths.items():
            self._broken.discard(which)
            bad: list[str] = []
            try:
                data = read_file(path)
            except FileNotFoundError:
                missing += 1
            except (OSError, ValueError, RecursionError) as error:
                self._broken.add(which)
                problems.append(f"{path} cannot be read ({_reason(error)})")
            else:
                bad = _take(settings, which, data)
                problems += [f"{path}: {key} is not valid" for key in bad]
            known = _values(settings, which)
            self._known[which] = {key: value for key, value in known.items() if key not in bad}
        if problems:
            return settings, "; ".join(problems) + "; using the defaults instead."
        return settings, NOTHING_KEPT if missing == len(self._paths) else ""

    def save(self, settings: Settings) -> str:
        """Write the files; return a sentence about what could not be written, empty if everything was. Never raises.

        Each file is the old one or the new one, whenever the power fails. One that could not be read is kept beside
        it, with ``.broken`` at the end of its name. What another client has changed meanwhile, and this one has not,
        stays as it is there.
        """
        return self._save(settings, list(_FILES))

    def save_changed(self, settings: Settings) -> str:
        """Do the same where anything has changed since it was read or written last."""
        return self._save(settings, [which for which in _FILES if self._has_changed(settings, which)])

    def _has_changed(self, settings: Settings, which: str) -> bool:
        known = self._tried.get(which) or self._known.get(which, {})
        return any(key in known and known[key] != value for key, value in _values(settings, which).items())

    def _save(self, settings: Settings, files: list[str]) -> str:
        problems: list[str] = []
        for which in files:
            path, values = self._paths[which], _values(settings, which)
            try:
                # A link that somebody put there is followed, not replaced.
                target = Path(os.path.realpath(path))
                if which in self._broken:
                    with suppress(FileNotFoundError):
                        target.replace(target.with_name(target.name + ".broken"))
                    self._broken.discard(which)
                there = {key: value for key, value in _there(target).items() if which != _CONFIG or key not in OLD_KEYS}
                known = self._known.get(which, {})
                mine = {key: value for key, value in values.items() if key not in there or known.get(key) != value}
                if "servers" in mine:
                    mine["servers"] = with_those_of_others(
                        mine["servers"], known.get("servers", []), there.get("servers", [])
                    )
                data = settings.unknown.get(which, {}) | there | mine
                write_file(target, json.dumps(data, indent=2, default=_plain).encode())
                self._known[which] = values
            except (OSError, ValueError, TypeError, RecursionError) as error:
                problems.append(f"{path} cannot be written ({_reason(error)})")
            self._tried[which] = values
        return "; ".join(problems) + "; the settings were not saved." if problems else ""


def _values(settings: Settings, which: str) -> dict[str, Any]:
    """Return what is to stand in a file, apart from what changes later."""
    return copy.deepcopy({key: getattr(settings, key) for key in _FILES[which]})


def _there(path: Path) -> dict[str, Any]:
    """Return what stands in a file now; nothing if that is of no use."""
    try:
        return read_file(path)
    except (OSError, ValueError, RecursionError):
        return {}


def _reason(error: Exception) -> str:
    """Return why a file is of no use, in a few words without its name."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return "it is not a chatd settings file" if isinstance(error, ValueError | RecursionError) else str(error)


def read_file(path: Path) -> dict[str, Any]:
    """Return the object in a file. Raise `OSError`, `ValueError` or `RecursionError` if there is none."""
    # A pipe in its place must not keep the client waiting.
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ValueError("no file")
    with open(descriptor, "rb") as file:
        content = file.read(MAX_FILE_BYTES + 1)
    if len(content) > MAX_FILE_BYTES:
        raise ValueError("too long")
    data = json.loads(content.decode())
    if not isinstance(data, dict):
        raise ValueError("no object")
    return data


def write_file(path: Path, content: bytes) -> None:
    """Replace a file at once, readable by its owner alone. Raise `OSError` and leave the old one if that fails."""
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, "it is read-only")
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")  # with mode 0600
    try:
        with open(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise


def _plain(value: object) -> dict[str, Any]:
    """Return as plain values what JSON has none for. Raise `TypeError` for what is not of the settings."""
    if isinstance(value, KeptServer | Preferences):
        return asdict(value)
    raise TypeError(f"{type(value).__name__} cannot be kept")


def _take(settings: Settings, which: str, data: dict[str, Any]) -> list[str]:
    """Set what one file holds; return the keys whose values are none, for which the defaults stay."""
    bad: list[str] = []
    if which == _CONFIG and "servers" not in data:
        settings.servers = kept_servers.old_servers(data, bad)
    read = {*_FILES[which], *(OLD_KEYS if which == _CONFIG else ())}
    settings.unknown[which] = {key: value for key, value in data.items() if key not in read}
    for key in _FILES[which]:
        if key in data:
            try:
                setattr(settings, key, _CHECKS[key](data[key]))
            except (ValueError, TypeError):
                bad.append(key)
    return bad


def _places(value: object) -> list[str]:
    return [names.room(place) if place.startswith("#") else names.nick(place) for place in texts(value)]


def _font_size(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not MIN_FONT_SIZE <= value <= MAX_FONT_SIZE:
        raise ValueError
    return value


def _geometry(value: object) -> str:
    place = text(value)
    if place and not _GEOMETRY.fullmatch(place):
        raise ValueError
    return place


def _scale(value: object) -> float:
    if not isinstance(value, int | float) or isinstance(value, bool) or not 0 <= value < MAX_SCALE:
        raise ValueError
    return float(value)


def _waiting(value: object) -> dict[str, list[Any]]:
    if not isinstance(value, dict) or not all(isinstance(each, list) for each in value.values()):
        raise ValueError
    return value


_CHECKS: Mapping[str, Callable[[object], Any]] = MappingProxyType(
    {
        "servers": kept_servers.servers,
        "nick": kept_servers.nick,
        "muted": _places,
        "font_size": _font_size,
        "theme": lambda value: Theme(text(value)),
        "preferences": preferences.load,
        "geometry": _geometry,
        "scale": _scale,
        "people": yes_or_no,
        "emoji": texts,
        "waiting": _waiting,
    }
)
