"""What the logs of IRC clients have in common: one line for each thing, and a file for each channel."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import tzinfo
from pathlib import Path
from typing import NamedTuple

from chatd.importing.irc_text import channel_of
from chatd.importing.record import Bad, Found, LeftOut, Record, in_this_age
from chatd.importing.sources import STANDARD_INPUT, SourceError, Sources, unreadable

MAX_SHOWN = 60
"""How many characters of a bad line are shown."""


class Settings(NamedTuple):
    """What whoever imports has said. ``zone`` is that of local times; ``room`` the one that everything goes to."""

    zone: tzinfo
    room: str | None = None


class Log(NamedTuple):
    """One file."""

    path: Path
    room: str
    zone: tzinfo


ParseLine = Callable[[str], Record | LeftOut | None]
"""Returns what a line says, None if nothing. Raises `ValueError`, with why, for one that is none of the format."""


def read_logs(
    sources: Sources, settings: Settings, parser: Callable[[Log], ParseLine], *patterns: str
) -> Iterator[Found]:
    """Yield what the files say, in their order, each with a parser of its own."""
    alone = len(sources.paths) == 1 and not sources.paths[0].is_dir()
    for path in sources.files(*patterns):
        named = None if path == STANDARD_INPUT else channel_of(path.absolute())
        room = settings.room or named
        if room is None and alone:
            what = "the standard input" if path == STANDARD_INPUT else f"the name of {path}"
            raise SourceError(f"{what} does not name a channel; add --room")
        if room is None:
            sources.passed(path)
            yield LeftOut("files of conversations outside channels")
            continue
        parse = parser(Log(path, room, settings.zone))
        for number, text in sources.lines(path):
            if text is None:
                yield Bad(f"{path}:{number}", unreadable(sources.charset))
                continue
            try:
                found = parse(text)
                if isinstance(found, Record) and not in_this_age(found.time):
                    raise ValueError("its time is out of range")
            except (ValueError, OverflowError) as error:
                yield Bad(f"{path}:{number}", f"{error}: {shown(text)}")
                continue
            if found is not None:
                yield found


def shown(text: str) -> str:
    """Return the beginning of a bad line."""
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}..."
