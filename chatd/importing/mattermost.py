"""Bulk exports of Mattermost: an object a line, alone or in the zip that ``mmctl export`` makes."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from chatd.importing.line_logs import Settings
from chatd.importing.record import JOINS, NO_TEXT, Bad, Found, LeftOut, Record, action, in_this_age
from chatd.importing.sources import MAX_LINE_BYTES, Line, SourceError, Sources, is_encrypted, unreadable

PRIVATE = "messages of private channels and conversations, which are not imported"
_DIRECT = frozenset({"direct_post", "direct_channel"})


def read(sources: Sources, settings: Settings) -> Iterator[Found]:
    """Yield what the files say."""
    for path in sources.files("*.jsonl", "*.json", "*.zip", "*.jsonl.gz", "*.json.gz"):
        export = _Export(settings)
        for number, text in _lines(sources, path):
            if text is None:
                yield Bad(f"{path}:{number}", unreadable(sources.charset))
            elif text.strip():
                try:
                    yield from export.take(json.loads(text))
                except (ValueError, KeyError, TypeError, OverflowError, RecursionError, AttributeError) as error:
                    why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                    yield Bad(f"{path}:{number}", f"not a line of a bulk export: {why}")


def _lines(sources: Sources, path: Path) -> Iterator[Line]:
    if not zipfile.is_zipfile(path):
        yield from sources.lines(path)
        return
    with sources.unzipped(path) as archive:
        names = [each for each in archive.infolist() if each.filename.endswith(".jsonl") and "/" not in each.filename]
        if not names:
            raise SourceError(f"{path} has no .jsonl file, so it is not a bulk export")
        for name in names:
            if is_encrypted(name):
                raise SourceError(f"{path} is encrypted; unpack it first")
            with archive.open(name) as file:
                number = 0
                while data := file.readline(MAX_LINE_BYTES):
                    number += 1
                    yield Line(number, data.decode("utf-8-sig", errors="replace"))


class _Export:
    """What one file has said of its channels."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._public: dict[tuple[str, str], bool] = {}

    def take(self, line: Any) -> Iterator[Found]:
        """Yield what a line says. Raise what a line that is none of a bulk export leads to."""
        kind = line["type"]
        if kind == "post":
            yield from self._post(line["post"])
        elif kind == "channel":
            channel = line["channel"]
            self._public[channel["team"], channel["name"]] = channel["type"] == "O"
        elif kind in _DIRECT:
            if kind == "direct_post":
                yield LeftOut(PRIVATE)
        elif not isinstance(kind, str):
            raise ValueError("it has no type")

    def _post(self, post: dict[str, Any]) -> Iterator[Found]:
        place = post["team"], post["channel"]
        if place not in self._public:
            raise ValueError(f"no line before it describes the channel {place[1]}")
        for each in (post, *(post.get("replies") or ())):
            yield self._said(each, place) if self._public[place] else LeftOut(PRIVATE)

    def _said(self, post: dict[str, Any], place: tuple[str, str]) -> Found:
        at, user, text = post["create_at"], post["user"], post["message"]
        if not (isinstance(at, int) and isinstance(user, str) and isinstance(text, str) and in_this_age(at)):
            raise ValueError("it lacks a time, user or message")
        kind = post.get("type") or ""
        if kind.startswith("system_"):
            return LeftOut(JOINS)
        if kind == "me":
            text = action(text.strip("*"))
        files = [str(each.get("path") or "").rpartition("/")[2] for each in post.get("attachments") or ()]
        text = "\n".join([text, *(f"[file: {name}]" for name in files)]).strip()
        if not text:
            return LeftOut(NO_TEXT)
        if self._settings.room:
            return Record(at, self._settings.room, user, text)
        return Record(at, place[1], user, text, "/".join(place))
