"""``chatd --help``: how to begin, the commands by task, and the options by section."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from twisted.python import usage

from chatd.app.command_table import TASKS
from chatd.app.reference.entries import groups_of

HEAD = """\
To start a server:   chatd                       Ctrl+C stops it
To connect to it:    http://127.0.0.1:10380/ in a browser, or nc 127.0.0.1 10319
To do more with it:  chatd COMMAND               chatd COMMAND --help says how

Usage: chatd [options]
       twistd [options of twistd] chatd [options]
       chatd COMMAND ...

chatd runs in the foreground, twistd chatd in the background. Both take the same options.
"""
EXAMPLES = (
    ("chatd --interface 0.0.0.0", "open it to the network"),
    ("chatd --irc 6667 --keep 30d", "IRC too, and a month of messages"),
    ("chatd --listen tls:/etc/chatd/tls:port=10320", "by TLS alone"),
    ("chatd --config /etc/chatd/chatd.toml", "with the options in a file"),
    ("twistd chatd --logfile /var/log/chatd.log", "in the background"),
    ("chatd config --default > chatd.toml", "a file of all options"),
    ("chatd user add ann --operator", "make ann a server operator"),
    ("chatd export '#builds' > builds.jsonl", "what was said in a room"),
    ("chatd tail app.log --to 127.0.0.1 --room '#logs' --nick log", "a log file, said in a room"),
)
"""What can be typed, and what comes of it."""
FOOT = (
    "Each option of a section can also stand in a file, and in the environment as CHATD_ and its name in capitals:"
    " CHATD_MAX_ROOMS=50. The command line goes before the environment, and that before the file."
    " The options of twistd itself come before the word chatd: twistd --help lists them.",
    "chatd man | man -l - has more, and chatd completion bash completes all of this.",
)
_COMMAND_COLUMNS, _EXAMPLE_COLUMNS, _NAME_COLUMNS, _MIN_TEXT_COLUMNS = 16, 44, 30, 20


def help_text(options: usage.Options, width: int) -> str:
    """Return the help of the daemon and its commands, in so many columns."""
    parts = [HEAD, "Examples:", *_examples(width), ""]
    for task in TASKS:
        parts.append(f"Commands: {task.title}")
        parts += [*_rows(((each.name, each.about) for each in task.commands), width, _COMMAND_COLUMNS), ""]
    parts += [*options_text(options, width), *_paragraphs(FOOT, width)]
    return "\n".join(parts) + "\n"


def short_help_text(options: usage.Options, synopsis: str, about: str, width: int) -> str:
    """Return the help of a command that has the options of the daemon and its own."""
    return "\n".join([synopsis, "", *_paragraphs([about], width), "", *options_text(options, width)]).rstrip() + "\n"


def options_text(options: usage.Options, width: int) -> Iterator[str]:
    """Yield the lines of all options, by section."""
    for group in groups_of(options):
        heading = f"Options: {group.about} [{group.section}]" if group.section else "Options:"
        yield from textwrap.wrap(heading, width)
        yield from _rows(((each.shown, each.about) for each in group.entries), width)
        yield ""


def _examples(width: int) -> Iterator[str]:
    for command, about in EXAMPLES:
        line = f"  {command:<{_EXAMPLE_COLUMNS}}  {about}"
        yield from [line] if len(line) <= width else [f"  {command}", f"      {about}"]


def _rows(rows: Iterable[tuple[str, str]], width: int, column: int = _NAME_COLUMNS) -> Iterator[str]:
    """Yield two columns; where the first is too narrow for a name, its text begins below."""
    for name, about in rows:
        start = f"  {name}"
        lines = textwrap.wrap(about, max(width - column, _MIN_TEXT_COLUMNS), break_on_hyphens=False)
        if len(start) + 2 <= column and lines:
            start = f"{start:<{column}}{lines.pop(0)}"
        yield start
        yield from (" " * column + line for line in lines)


def _paragraphs(texts: Iterable[str], width: int) -> Iterator[str]:
    for text in texts:
        yield from textwrap.wrap(text, width, break_on_hyphens=False)
