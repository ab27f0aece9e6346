"""``chatd --help``: how to begin, the commands by task, and the options by section."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from twisted.python import usage

from chatd.app.command_table import TASKS
from chatd.app.reference.entries import groups_of

ABOUT = "chat server for browsers, IRC clients, nc, curl and scripts"
"""What chatd is, in the words of the README."""
HEAD = f"""\
A {ABOUT}.

To start a server:   chatd                       (Ctrl+C stops it)
To connect to it:    open http://127.0.0.1:10380/, or run: nc 127.0.0.1 10319
To do more with it:  chatd COMMAND               (see chatd COMMAND --help)

Usage: chatd [options]
       twistd [options of twistd] chatd [options]
       chatd COMMAND ...

chatd runs in the foreground, twistd chatd in the background; both take the same options.
"""
EXAMPLES = (
    ("chatd --interface 0.0.0.0", "open the server to the network"),
    ("chatd --irc 6667 --keep 30d", "add IRC; keep messages for 30 days"),
    ("chatd --listen tls:/etc/chatd/tls:port=10320", "accept TLS only"),
    ("chatd --config /etc/chatd/chatd.toml", "read the options from a file"),
    ("twistd chatd --logfile /var/log/chatd.log", "run in the background"),
    ("chatd config --default > chatd.toml", "write a file with all options"),
    ("chatd user add ann --operator", "make ann a server operator"),
    ("chatd export '#builds' > builds.jsonl", "export the messages of a room"),
    ("chatd tail app.log --to 127.0.0.1 --room '#logs' --nick log", "post a log file to a room"),
)
"""Commands, each with what it does."""
FOOT = (
    "Options with a section can also be set in a configuration file, and in the environment as CHATD_ and the name"
    " in capitals: CHATD_MAX_ROOMS=50. The command line overrides the environment, which overrides the file."
    " Options of twistd itself go before the word chatd; twistd --help lists them.",
    "See chatd man | man -l - for the manual, and chatd completion --help for completion in the shell.",
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
