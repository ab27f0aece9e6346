"""JSON files of DiscordChatExporter: one for each channel, or several parts of one."""

from __future__ import annotations

import io
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from chatd.importing.json_stream import Head, items
from chatd.importing.line_logs import Settings
from chatd.importing.record import JOINS, NO_TEXT, Bad, Found, LeftOut, Record, in_this_age
from chatd.importing.sources import SourceError, Sources

PRIVATE = "private conversations, which are not imported"
_PRIVATE_KINDS = ("Direct", "Private", "Group")
_SPOKEN = frozenset({"Default", "Reply", "ThreadStarterMessage", "20", "23"})
"""The kinds of what somebody said; the numbers are answers to commands, which have no name there."""


def read(sources: Sources, settings: Settings) -> Iterator[Found]:
    """Yield what the files say."""
    for path in sources.files("*.json", "*.json.gz"):
        with sources.opened(path) as file, io.TextIOWrapper(file, encoding="utf-8-sig", errors="replace") as text:
            yield from _channel(path, text, settings)


def _channel(path: Path, text: io.TextIOWrapper, settings: Settings) -> Iterator[Found]:
    room, room_id = settings.room, ""
    try:
        for found in items(text, "messages"):
            if isinstance(found, Head):
                if found.key == "channel":
                    name, room_id, kind = _described(found.value)
                    if any(each in kind for each in _PRIVATE_KINDS):
                        yield LeftOut(PRIVATE)
                        return
                    room = settings.room or name
                continue
            if room is None:
                raise SourceError(f"{path} is not an export of DiscordChatExporter: it names no channel")
            try:
                yield _said(found.value, room, "" if settings.room else room_id)
            except (ValueError, KeyError, TypeError, OverflowError, AttributeError) as error:
                why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                yield Bad(f"{path}:{found.line}", f"not a message of Discord: {why}")
    except SourceError:
        raise
    except (ValueError, RecursionError) as error:
        yield Bad(str(path), f"not complete JSON of DiscordChatExporter: {error}")


def _described(channel: Any) -> tuple[str, str, str]:
    if not isinstance(channel, dict):
        raise ValueError("its channel is not an object")
    return str(channel.get("name") or "discord"), str(channel.get("id") or ""), str(channel.get("type") or "")


def _said(message: dict[str, Any], room: str, room_id: str) -> Found:
    at = round(datetime.fromisoformat(message["timestamp"]).timestamp() * 1000)
    if not in_this_age(at):
        raise ValueError("its time is out of range")
    if message["type"] not in _SPOKEN:
        return LeftOut(JOINS)
    author = message["author"]
    parts = [str(message.get("content") or "")]
    parts += [f"[file: {each['fileName']}] {each['url']}" for each in message.get("attachments") or ()]
    parts += [f"[sticker: {each['name']}]" for each in message.get("stickers") or ()]
    parts += [f"{each.get('title') or ''} {each.get('description') or ''}" for each in message.get("embeds") or ()]
    text = "\n".join(part for part in parts if part.strip())
    if not text:
        return LeftOut(NO_TEXT)
    name = author.get("nickname") or author["name"]
    return Record(at, room, str(name), text, room_id, str(author.get("id") or ""))
