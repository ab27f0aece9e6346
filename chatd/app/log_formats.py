"""How an event of the log is written: as text for people, as JSON for programs, and for the journal of systemd.

In each of them an event is told from the next whatever a peer has put into it: control characters are escaped in JSON,
and what follows a line break is indented in the others.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from enum import StrEnum

from twisted.logger import LogEvent, LogLevel, eventAsText, formatEventAsClassicLogText
from twisted.python.failure import Failure

Format = Callable[[LogEvent], str | None]
"""Returns what is written of an event, with the line break at its end; None for nothing."""

FIELDS: Mapping[str, str] = {
    "address": "the address that the server listens on",
    "count": "how many: of the same events in a minute, or of nodes",
    "files": "the files that the server uses",
    "name": "the name under which the server is announced, or of a file",
    "nick": "the nick whose messages are erased",
    "page": "the URL to open in a browser",
    "path": "the file that the event is about",
    "place": "where on the stream of a cluster reading starts again",
    "server": "the NATS server that a node has connected to",
    "signal": "the signal that was sent",
    "why": "the reason alone",
}
"""What an event may have beside its sentence, and what that is."""
PARTS = frozenset({"what", "where"})
"""What is only ever a part of the sentence."""
_JOURNAL_LEVELS = {
    LogLevel.critical: 2,
    LogLevel.error: 3,
    LogLevel.warn: 4,
    LogLevel.info: 6,
    LogLevel.debug: 7,
}
"""As syslog(3) counts them; 5 and 1 and 0 are for what chatd knows nothing of."""


class LogFormat(StrEnum):
    """What ``--log`` takes."""

    TEXT = "text"
    JSON = "json"
    JOURNALD = "journald"


def format_of(chosen: LogFormat) -> Format:
    """Return what writes events so."""
    match chosen:
        case LogFormat.TEXT:
            return formatEventAsClassicLogText
        case LogFormat.JSON:
            return as_json
        case LogFormat.JOURNALD:
            return as_journal_lines


def as_json(event: LogEvent) -> str | None:
    """Return one line of JSON, in ASCII."""
    fields: dict[str, object] = {
        "time": _time(event.get("log_time", 0.0)),
        "level": level_of(event).name,
        "system": system_of(event),
        "message": _sentence(event),
    }
    for name in FIELDS:
        if (value := event.get(name)) is not None:
            fields[name] = value if isinstance(value, int) else str(value)
    if (failure := event.get("log_failure")) is not None:
        fields["traceback"] = _traceback(failure)
    return json.dumps(fields).replace("\x7f", "\\u007f") + "\n"


def as_journal_lines(event: LogEvent) -> str | None:
    """Return lines that each begin with the level, as sd-daemon(3) describes: journald takes each for one message."""
    text = f"[{system_of(event)}] {_sentence(event)}"
    if (failure := event.get("log_failure")) is not None:
        text = f"{text}\n{_traceback(failure)}"
    first, *more = text.splitlines()
    level = _JOURNAL_LEVELS[level_of(event)]
    return "".join(f"<{level}>{line}\n" for line in (first, *(f"\t{line}" for line in more if line)))


def level_of(event: LogEvent) -> LogLevel:
    """Return the level of an event; those of old have none."""
    level: LogLevel | None = event.get("log_level")
    return LogLevel.info if level is None or level not in _JOURNAL_LEVELS else level


def system_of(event: LogEvent) -> str:
    """Return which part of the program an event comes from."""
    system = event.get("log_system") or event.get("log_namespace") or "-"
    return " ".join(str(system).split())


def _sentence(event: LogEvent) -> str:
    return eventAsText(event, includeTraceback=False, includeTimestamp=False, includeSystem=False)


def _traceback(failure: Failure) -> str:
    try:
        return failure.getTraceback().rstrip("\n")
    except Exception as error:  # what failed may be broken enough for that
        return f"its traceback cannot be shown: {type(error).__name__}"


def _time(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
