"""The manual page of the daemon, chatd(1)."""

from __future__ import annotations

from collections.abc import Iterator

from chatd import __version__
from chatd.app.command_table import TASKS
from chatd.app.options import ReadOptions
from chatd.app.reference import roff
from chatd.app.reference.entries import Entry, groups_of
from chatd.app.reference.help_text import ABOUT, EXAMPLES

_DESCRIPTION = (
    "chatd is a chat server. People connect with a browser, an IRC client, telnet or netcat; programs use a line"
    " protocol or HTTP. The messages of rooms are stored and can be searched.",
    "Without a command, chatd runs the server in the foreground; twistd chatd runs it in the background, with the same"
    " options. By default it listens on this machine only: on port 10319 for the line protocol and on port 10380 for"
    " browsers. Open http://127.0.0.1:10380/ or run nc 127.0.0.1 10319.",
    "With a command, chatd works beside the server. The server may be running unless the page of the command says"
    " otherwise.",
)
_OPTIONS = (
    "Options under a section name can also be set in that section of the configuration file and in the environment."
    " The command line overrides the environment, which overrides the file; see chatd.toml(5). Options of twistd"
    " itself go before the word chatd."
)
FILES = (
    ("chatd.sqlite3", "The journal: messages, topics, bans. While the server runs, the files beside it that end in"
     " -wal, -shm and -lock belong to it."),
    ("chatd.accounts.sqlite3", "The accounts, beside the journal."),
    ("chatd.hooks.sqlite3", "The webhooks, beside the journal."),
    ("chatd.control", "A local socket through which commands reach the running server."),
    ("twistd.pid", "The process ID, in the background."),
    ("twistd.log", "The log, in the background, unless --logfile names another file."),
)  # fmt: skip
_ENVIRONMENT = (
    ("CHATD_*", "Any option of the configuration file: CHATD_ and its name in capitals, with _ for -. A switch takes"
     " yes or no. With _FILE appended, the value is read from the file named."),
    ("CHATD_CONFIG", "The configuration file, unless --config names one."),
    ("CHATD_PASSWORD", "The password for chatd tail, unless --password-file names a file."),
    ("STATE_DIRECTORY", "The directory of the files, unless --state-directory names one. systemd sets it."),
    ("COLUMNS", "The width of the help, in columns."),
)  # fmt: skip
_SIGNALS = (
    ("SIGTERM, SIGINT", "Stop: tell everybody, store all messages, and exit with status 0."),
    ("SIGHUP", "Reopen the log, after another program has moved it, and reload as chatd reload does. In the"
     " foreground, stop when the terminal is gone."),
    ("SIGUSR1", "Drain, as chatd drain does: stop so that a new server can take over, with no message lost and nobody"
     " shown as gone."),
    ("SIGUSR2", "Start a new log file."),
)  # fmt: skip
_STATUS = (
    ("0", "The server stopped cleanly, or the command succeeded."),
    ("1", "The server could not start, or something failed; standard error says what happened and what to do."),
    ("2", "The arguments of a command were wrong."),
)


def text() -> str:
    """Return the page as roff."""
    return roff.page(_lines())


def _lines() -> Iterator[str]:
    yield roff.title("chatd", 1, __version__)
    yield roff.heading("Name")
    yield f"chatd \\- {roff.prose(ABOUT)}"
    yield roff.heading("Synopsis")
    yield f"{roff.bold('chatd')} [{roff.italic('options')}]\n.br"
    twistd, options = roff.italic("options of twistd"), roff.italic("options")
    yield f"{roff.bold('twistd')} [{twistd}] {roff.bold('chatd')} [{options}]\n.br"
    yield f"{roff.bold('chatd')} {roff.italic('command')} [{roff.italic('arguments')}]"
    yield roff.heading("Description")
    yield from map(roff.paragraph, _DESCRIPTION)
    yield from _commands()
    yield from _options()
    for title, rows in (
        ("Files", FILES),
        ("Environment", _ENVIRONMENT),
        ("Signals", _SIGNALS),
        ("Exit status", _STATUS),
    ):
        yield roff.heading(title)
        yield from (roff.tagged(roff.bold(name), about) for name, about in rows)
    yield roff.heading("Examples")
    for command, about in EXAMPLES:
        yield roff.paragraph(f"{about[0].upper()}{about[1:]}:")
        yield roff.example([command])
    yield roff.heading("See also")
    others = [f"chatd-{command.name}" for task in TASKS for command in task.commands]
    yield from see_also(*((name, 1) for name in sorted(["chatd-client", *others])), ("chatd.toml", 5), ("twistd", 1))


def tagged(entry: Entry) -> str:
    """Return an option or an argument, and what there is to say of it."""
    names = ", ".join(map(roff.bold, entry.names))
    unit = None if entry.unit is None else roff.italic(entry.unit)
    return roff.tagged(" ".join(filter(None, (names, unit))), entry.about)


def see_also(*pages: tuple[str, int]) -> Iterator[str]:
    """Yield references to other pages."""
    for number, (name, section) in enumerate(pages, 1):
        yield f".BR {roff.literal(name)} ({section}){',' if number < len(pages) else ''}"


def _commands() -> Iterator[str]:
    yield roff.heading("Commands")
    yield roff.paragraph("Each command has its own page, such as chatd-export(1).")
    for task in TASKS:
        yield roff.subheading(f"{task.title[0].upper()}{task.title[1:]}")
        for command in task.commands:
            yield roff.tagged(roff.bold(f"chatd {command.name}"), f"{command.about[0].upper()}{command.about[1:]}.")


def _options() -> Iterator[str]:
    yield roff.heading("Options")
    yield roff.paragraph(_OPTIONS)
    for group in groups_of(ReadOptions()):
        if group.section is not None:
            yield roff.subheading(f"[{group.section}] {group.about}")
        yield from map(tagged, group.entries)
