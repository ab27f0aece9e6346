"""Logs of irssi: a time before each line, and the day in lines of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time

from chatd.importing.clock_times import LocalTimes
from chatd.importing.irc_text import bare_nick
from chatd.importing.line_logs import Log, ParseLine, Settings, read_logs
from chatd.importing.record import JOINS, Found, LeftOut, Record, action
from chatd.importing.sources import Sources

_OPENED = re.compile(r"--- Log opened \S+ (\S+) +(\d+) [\d:]+ (\d{4})")
_DAY = re.compile(r"--- Day changed \S+ (\S+) +(\d+) (\d{4})")
_CLOSED = re.compile(r"--- Log closed .*")
_LINE = re.compile(r"\[?(\d\d):(\d\d)(?::(\d\d))?\]? (.*)", re.DOTALL)
_SAID = re.compile(r"<(.[^>]*)> ?(.*)", re.DOTALL)
_ACTION = re.compile(r" ?\* (\S+) ?(.*)", re.DOTALL)
_NOTICE = re.compile(r"-([^ :!-][^ :]*?)(?::[^ ]+)?- (.*)", re.DOTALL)
_TOPIC = re.compile(r"-!- (\S+) changed the topic of \S+ to: (.*)", re.DOTALL)
_NAMES = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_MONTHS = {name: number for number, name in enumerate(_NAMES, 1)}


def read(sources: Sources, settings: Settings) -> Iterator[Found]:
    """Yield what the logs say."""
    return read_logs(sources, settings, _parser, "*.log", "*.log.gz", "*.txt")


def _parser(log: Log) -> ParseLine:
    times = LocalTimes(log.zone)
    today: list[date] = []

    def change_day(found: re.Match[str]) -> None:
        today.clear()
        month, day, year = found.groups()
        if month not in _MONTHS:
            raise ValueError(f"{month} is not an English month, so the lines after it have no date")
        today.append(date(int(year), _MONTHS[month], int(day)))

    def parse(line: str) -> Record | LeftOut | None:
        if line.startswith("--- "):
            if found := _OPENED.fullmatch(line) or _DAY.fullmatch(line):
                change_day(found)
                return None
            if _CLOSED.fullmatch(line):
                return None
            raise ValueError("not a line of irssi that gives a date")
        if not line.strip():
            return None
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise ValueError("it does not start with a time")
        if not today:
            raise ValueError("no line before it gives the date")
        clock = time(int(parts[1]), int(parts[2]), int(parts[3] or 0))
        return _said(log, times.milliseconds(datetime.combine(today[0], clock)), parts[4])

    return parse


def _said(log: Log, at: int, text: str) -> Record | LeftOut:
    if said := _SAID.fullmatch(text):
        return Record(at, log.room, bare_nick(said[1]), said[2])
    if topic := _TOPIC.fullmatch(text):
        return Record(at, log.room, topic[1], topic[2], is_topic=True)
    if text.startswith("-!-"):
        return LeftOut(JOINS)
    if doing := _ACTION.fullmatch(text):
        return Record(at, log.room, bare_nick(doing[1]), action(doing[2]))
    if notice := _NOTICE.fullmatch(text):
        return Record(at, log.room, bare_nick(notice[1]), notice[2])
    raise ValueError("it has no sender")
