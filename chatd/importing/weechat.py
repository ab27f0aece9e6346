"""Logs of WeeChat's logger: time, prefix and message with tabs between them, ``*.weechatlog``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from chatd.importing.clock_times import LocalTimes
from chatd.importing.irc_text import bare_nick
from chatd.importing.line_logs import Log, ParseLine, Settings, read_logs
from chatd.importing.record import JOINS, Found, LeftOut, Record, action
from chatd.importing.sources import Sources

_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,9})?(Z)?")
"""Since WeeChat 4.8 with a fraction and in UTC, which its ``Z`` says."""
_TOPIC = re.compile(r'(\S+) has changed topic for \S+(?: from ".*")? to "(.*)"')
_NOTICE = re.compile(r"Notice\(([^)]+)\)(?: -> \S+)?: (.*)")
_OURS = frozenset({"-->", "<--", "--", "=!=", "***", "", "==="})
"""The prefixes of what nobody said."""


def read(sources: Sources, settings: Settings) -> Iterator[Found]:
    """Yield what the logs say."""
    return read_logs(sources, settings, _parser, "*.weechatlog", "*.weechatlog.gz", "*.log")


def _parser(log: Log) -> ParseLine:
    times = LocalTimes(log.zone)

    def moment(text: str) -> int:
        found = _TIME.fullmatch(text)
        if found is None:
            raise ValueError("it does not start with a time and a tab")
        day, clock, fraction, is_utc = found.groups()
        local = datetime.fromisoformat(f"{day} {clock}{(fraction or '')[:7]}")
        return round(local.replace(tzinfo=UTC).timestamp() * 1000) if is_utc else times.milliseconds(local)

    def parse(line: str) -> Record | LeftOut | None:
        if not line:
            return None
        time, *rest = line.split("\t", 2)
        at = moment(time)
        if len(rest) != 2:
            raise ValueError("it lacks a prefix and a message after the time, separated by a tab")
        prefix, text = rest[0].strip(), rest[1]
        if prefix == "*":
            nick, _, doing = text.partition(" ")
            return Record(at, log.room, bare_nick(nick), action(doing))
        if prefix not in _OURS:
            return Record(at, log.room, bare_nick(prefix.removeprefix("<").removesuffix(">")), text)
        if prefix == "--" and (topic := _TOPIC.fullmatch(text)):
            return Record(at, log.room, bare_nick(topic[1]), topic[2], is_topic=True)
        if prefix == "--" and (notice := _NOTICE.fullmatch(text)):
            return Record(at, log.room, bare_nick(notice[1]), notice[2])
        return LeftOut(JOINS)

    return parse
