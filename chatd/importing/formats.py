"""The formats there are."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from chatd.importing import discord, ii, irssi, mattermost, slack, systemd_journal, weechat, znc
from chatd.importing.line_logs import Settings
from chatd.importing.record import Found
from chatd.importing.sources import Sources

Reader = Callable[[Sources, Settings], Iterator[Found]]
"""Yields what files say. Raises `SourceError` or `OSError` if they are none of the format, or cannot be read."""

FORMATS: Mapping[str, Reader] = MappingProxyType(
    {
        "weechat": weechat.read,
        "irssi": irssi.read,
        "znc": znc.read,
        "ii": ii.read,
        "slack": slack.read,
        "mattermost": mattermost.read,
        "discord": discord.read,
        "journal": systemd_journal.read,
    }
)
LOCAL_TIMES = frozenset({"weechat", "irssi", "znc"})
"""Those whose times are of a time zone that they do not name."""
