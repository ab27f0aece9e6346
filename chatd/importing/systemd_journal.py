"""What ``journalctl -o json`` prints: an object a line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from chatd.importing.line_logs import Settings
from chatd.importing.record import NO_TEXT, Bad, Found, LeftOut, Record, in_this_age
from chatd.importing.sources import Sources, unreadable

_NAMES = ("SYSLOG_IDENTIFIER", "_COMM", "_SYSTEMD_UNIT")
BINARY_LIMIT = "messages that journalctl left out for their size; export with journalctl --all"


def read(sources: Sources, settings: Settings) -> Iterator[Found]:
    """Yield what the files say. Without a room of its own, what a machine says goes to one of the machine's name."""
    for path in sources.files("*.json", "*.jsonl", "*.json.gz", "*.jsonl.gz"):
        for number, text in sources.lines(path):
            if text is None:
                yield Bad(f"{path}:{number}", unreadable(sources.charset))
            elif text.strip():
                try:
                    yield _said(json.loads(text), settings.room)
                except (ValueError, KeyError, TypeError, OverflowError, RecursionError) as error:
                    why = f"{error} is missing" if isinstance(error, KeyError) else str(error)
                    yield Bad(f"{path}:{number}", f"not an entry of a journal: {why}")


def _said(entry: Any, room: str | None) -> Found:
    if not isinstance(entry, dict):
        raise ValueError("not an object")
    at = int(entry["__REALTIME_TIMESTAMP"]) // 1000
    if not in_this_age(at):
        raise ValueError("its time is out of range")
    if "MESSAGE" not in entry:
        return LeftOut(NO_TEXT)
    if entry["MESSAGE"] is None:
        return LeftOut(BINARY_LIMIT)
    name = next((found for key in _NAMES if (found := _text(entry.get(key)))), "journal")
    return Record(at, room or _text(entry.get("_HOSTNAME")) or "journal", name, _text(entry["MESSAGE"]))


def _text(value: Any) -> str:
    """Return a field as text: with control characters it is a list of bytes, given several times a list of texts."""
    match value:
        case None:
            return ""
        case str():
            return value
        case [*parts] if all(isinstance(each, int) and 0 <= each < 256 for each in parts):
            return bytes(parts).decode(errors="replace")
        case [*parts]:
            return "\n".join(_text(each) for each in parts)
    raise ValueError("a field is not text")
