"""Logs of ZNC's module ``log``: a time before each line, and the day in the name of the file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time

from chatd.importing.clock_times import LocalTimes
from chatd.importing.irc_text import bare_nick
from chatd.importing.line_logs import Log, ParseLine, Settings, read_logs
from chatd.importing.record import JOINS, Found, LeftOut, Record, action
from chatd.importing.sources import SourceError, Sources

_DAY = re.compile(r"(\d{4})-?(\d\d)-?(\d\d)(?=\.)")
_LINE = re.compile(r"\[(\d\d):(\d\d):(\d\d)\] (.*)", re.DOTALL)
_SAID = re.compile(r"<([^>]+)> ?(.*)", re.DOTALL)
_ACTION = re.compile(r"\* (\S+) ?(.*)", re.DOTALL)
_NOTICE = re.compile(r"-([^ ]+?)- (.*)", re.DOTALL)
_TOPIC = re.compile(r"\*\*\* (\S+) changes topic to '(.*)'", re.DOTALL)


def read(sources: Sources, settings: Settings) -> Iterator[Found]:
    """Yield what the logs say."""
    return read_logs(sources, settings, _parser, "*.log", "*.log.gz")


def _parser(log: Log) -> ParseLine:
    times = LocalTimes(log.zone)
    found = _DAY.search(log.path.name)
    if found is None:
        raise SourceError(f"the name of {log.path} has no date, such as 2026-11-28.log")
    try:
        day = date(*map(int, found.groups()))
    except ValueError:
        raise SourceError(f"the date in the name of {log.path} does not exist") from None

    def parse(line: str) -> Record | LeftOut | None:
        if not line.strip():
            return None
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise ValueError("it does not start with a time in brackets")
        at = times.milliseconds(datetime.combine(day, time(int(parts[1]), int(parts[2]), int(parts[3]))))
        return _said(log, at, parts[4])

    return parse


def _said(log: Log, at: int, text: str) -> Record | LeftOut:
    if said := _SAID.fullmatch(text):
        return Record(at, log.room, bare_nick(said[1]), said[2])
    if topic := _TOPIC.fullmatch(text):
        return Record(at, log.room, topic[1], topic[2], is_topic=True)
    if text.startswith("***"):
        return LeftOut(JOINS)
    if doing := _ACTION.fullmatch(text):
        return Record(at, log.room, bare_nick(doing[1]), action(doing[2]))
    if notice := _NOTICE.fullmatch(text):
        return Record(at, log.room, bare_nick(notice[1]), notice[2])
    if text.startswith(("Connected to IRC", "Disconnected from IRC", "Broadcast: ")):
        return LeftOut(JOINS)
    raise ValueError("it has no sender")
