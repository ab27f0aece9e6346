"""What ii of suckless.org writes to ``out``: seconds since 1970 before each line, and CTCP as it came."""

from __future__ import annotations

import re
from collections.abc import Iterator

from chatd.importing.irc_text import bare_nick, ctcp_action, is_ctcp
from chatd.importing.line_logs import Log, ParseLine, Settings, read_logs
from chatd.importing.record import JOINS, Found, LeftOut, Record, action
from chatd.importing.sources import Sources

_LINE = re.compile(r"(\d{1,12}) (.*)", re.DOTALL)
_SAID = re.compile(r"<([^>]+)> ?(.*)", re.DOTALL)
_TOPIC = re.compile(r'-!- (\S+) changed topic to "(.*)"', re.DOTALL)


def read(sources: Sources, settings: Settings) -> Iterator[Found]:
    """Yield what the files say."""
    return read_logs(sources, settings, _parser, "out")


def _parser(log: Log) -> ParseLine:
    def parse(line: str) -> Record | LeftOut | None:
        if not line.strip():
            return None
        parts = _LINE.fullmatch(line)
        if parts is None:
            raise ValueError("it does not start with a number of seconds")
        at, text = int(parts[1]) * 1000, parts[2]
        if said := _SAID.fullmatch(text):
            nick, words = bare_nick(said[1]), said[2]
            if (doing := ctcp_action(words)) is not None:
                return Record(at, log.room, nick, action(doing))
            return LeftOut("queries between programs (CTCP)") if is_ctcp(words) else Record(at, log.room, nick, words)
        if topic := _TOPIC.fullmatch(text):
            return Record(at, log.room, topic[1], topic[2], is_topic=True)
        return LeftOut(JOINS)  # what the server says stands there as it came

    return parse
