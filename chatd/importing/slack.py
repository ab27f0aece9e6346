"""Exports of Slack: a folder or a zip, with a folder for each channel and a file for each day in it."""

from __future__ import annotations

import html
import json
import re
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator
from pathlib import Path, PurePath
from typing import IO, Any

from typing_extensions import override

from chatd.importing.line_logs import Settings
from chatd.importing.record import JOINS, NO_TEXT, Bad, Found, LeftOut, Record, action, in_this_age
from chatd.importing.sources import SourceError, Sources, is_encrypted

MAX_DOCUMENT_BYTES = 256 * 1024 * 1024
"""A file of a day that is larger is not read."""
_USERS = "users.json"
PRIVATE = "private conversations, which are not imported"
_SPOKEN = frozenset(
    {
        "",
        "bot_message",
        "file_share",
        "file_comment",
        "me_message",
        "thread_broadcast",
        "reply_broadcast",
    }
)
_LINK = re.compile(r"<([@#!]?)([^<>|]*)(?:\|([^<>]*))?>")


def read(sources: Sources, settings: Settings) -> Iterator[Found]:
    """Yield what the exports say."""
    for path in sources.paths:
        if path.is_dir():
            yield from _export(_Folder(path), settings)
            sources.passed(path)
        elif zipfile.is_zipfile(path):
            with sources.unzipped(path) as archive:
                yield from _export(_Zip(path, archive), settings)
        else:
            raise SourceError(f"{path} is not a folder or zip of a Slack export")


class _Tree(ABC):
    """The files of an export. They may be in a folder of their own, as those are that were packed again."""

    def __init__(self, path: Path, names: list[str]) -> None:
        self.path = path
        first = min((name for name in names if PurePath(name).name == _USERS), key=len, default=_USERS)
        self._root = first.removesuffix(_USERS)
        self.names = [name.removeprefix(self._root) for name in names if name.startswith(self._root)]

    def read(self, name: str) -> bytes:
        """Return what is in a file. Raise `OSError`, also for one that is not there."""
        with self._open(self._root + name) as file:
            data = file.read(MAX_DOCUMENT_BYTES + 1)
        if len(data) > MAX_DOCUMENT_BYTES:
            raise OSError(f"{name} is too long")
        return data

    @abstractmethod
    def _open(self, name: str) -> IO[bytes]: ...


class _Folder(_Tree):
    """The files of an export that was unpacked."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, [str(each.relative_to(path)) for each in path.rglob("*.json")])

    @override
    def _open(self, name: str) -> IO[bytes]:
        return (self.path / name).open("rb")


class _Zip(_Tree):
    """The files of an export as it came."""

    def __init__(self, path: Path, archive: zipfile.ZipFile) -> None:
        super().__init__(path, [name for name in archive.namelist() if name.endswith(".json")])
        self._archive = archive

    @override
    def _open(self, name: str) -> IO[bytes]:
        try:
            member = self._archive.getinfo(name)
        except KeyError as error:
            raise OSError(str(error)) from None
        if is_encrypted(member):
            raise OSError("it is encrypted; unpack it first")
        return self._archive.open(member)


def _export(tree: _Tree, settings: Settings) -> Iterator[Found]:
    users, channels = _Users(_listed(tree, _USERS)), _listed(tree, "channels.json")
    public = {str(each.get("name")): str(each.get("id") or "") for each in channels}
    days: dict[str, list[str]] = {}
    for name in sorted(tree.names):
        folder, slash, _ = name.rpartition("/")
        if slash:
            days.setdefault(folder, []).append(name)
    for folder, names in days.items():
        if folder not in public:
            yield LeftOut(PRIVATE)
            continue
        room, room_id = (settings.room, "") if settings.room else (folder, public[folder])
        for name in names:
            yield from _day(tree, name, users, room, room_id)


def _listed(tree: _Tree, name: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(tree.read(name).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise SourceError(f"{tree.path} is not a Slack export: cannot read {name}: {error}") from None
    if not isinstance(found, list):
        raise SourceError(f"{tree.path} is not a Slack export: {name} is not a list")
    return [each for each in found if isinstance(each, dict)]


def _day(tree: _Tree, name: str, users: _Users, room: str, room_id: str) -> Iterator[Found]:
    try:
        messages = json.loads(tree.read(name).decode("utf-8-sig"))
        if not isinstance(messages, list):
            raise ValueError("not a list")
    except (OSError, ValueError, RecursionError) as error:
        yield Bad(f"{tree.path}/{name}", f"cannot be read: {error}")
        return
    for number, message in enumerate(messages, 1):
        try:
            yield users.said(message, room, room_id)
        except (ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
            why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
            yield Bad(f"{tree.path}/{name}, message {number}", f"not a message of Slack: {why}")


class _Users:
    """Who has which id."""

    def __init__(self, users: list[dict[str, Any]]) -> None:
        self._names = {str(user.get("id")): _name_of(user) for user in users}

    def said(self, message: dict[str, Any], room: str, room_id: str) -> Found:
        """Return what a message says. Raise what one leads to that is none."""
        at = _milliseconds(message["ts"])
        kind = message.get("subtype") or ""
        text = self._plain(str(message.get("text") or ""))
        who, name = self._author(message)
        if kind == "channel_topic" and message.get("topic"):
            return Record(at, room, name, self._plain(str(message["topic"])), room_id, who, is_topic=True)
        if message.get("type") != "message" or kind not in _SPOKEN:
            return LeftOut(JOINS)
        files = [f"[file: {each.get('title') or each.get('name')}]" for each in message.get("files") or ()]
        if not text:
            text = "\n".join(self._plain(str(each.get("fallback") or "")) for each in message.get("attachments") or ())
        if kind == "me_message":
            text = action(text)
        text = "\n".join([text, *files]).strip()
        return Record(at, room, name, text, room_id, who) if text else LeftOut(NO_TEXT)

    def _author(self, message: dict[str, Any]) -> tuple[str, str]:
        who = str(message.get("user") or message.get("bot_id") or "")
        known = self._names.get(who)
        if known is None:
            profile = message.get("user_profile") or message.get("bot_profile") or {}
            known = message.get("username") or profile.get("display_name") or profile.get("name") or who
        if not known:
            raise ValueError("it has no author")
        return who, str(known)

    def _plain(self, text: str) -> str:
        return html.unescape(_LINK.sub(self._link, text))

    def _link(self, found: re.Match[str]) -> str:
        mark, target, label = found.groups()
        match mark:
            case "@":
                return f"@{label or self._names.get(target, target)}"
            case "#":
                return f"#{label or target}"
            case "!":
                return label or f"@{target.partition('^')[0]}"
        return f"{label} {target}" if label and label not in target else target


def _name_of(user: dict[str, Any]) -> str:
    profile = user.get("profile")
    shown = profile.get("display_name") if isinstance(profile, dict) else None
    return str(shown or user.get("name") or user.get("id"))


def _milliseconds(ts: Any) -> int:
    if not isinstance(ts, str) or not re.fullmatch(r"\d{1,12}(\.\d{1,9})?", ts):
        raise ValueError("its ts is not a string of seconds")
    seconds, _, fraction = ts.partition(".")
    at = int(seconds) * 1000 + int((fraction + "000")[:3])
    if not in_this_age(at):
        raise ValueError("its time is out of range")
    return at
