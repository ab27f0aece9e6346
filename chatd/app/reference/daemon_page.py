"""The manual page of the daemon, chatd(1)."""

from __future__ import annotations

from collections.abc import Iterator

from chatd import __version__
from chatd.app.command_table import TASKS
from chatd.app.options import ReadOptions
from chatd.app.reference import roff
from chatd.app.reference.entries import Entry, groups_of
from chatd.app.reference.help_text import EXAMPLES

ABOUT = "chat server for browsers, IRC clients, nc, curl and scripts"
_DESCRIPTION = (
    "chatd is a chat server. People reach it with a browser, an IRC client, telnet or netcat, programs by a protocol of"
    " lines or by HTTP. What was said in rooms is kept, and can be searched.",
    "Without a command, chatd runs the server in the foreground; twistd chatd runs it in the background, with the same"
    " options. It listens on this machine alone until it is told otherwise: for lines on port 10319, for browsers on"
    " port 10380. Open http://127.0.0.1:10380/ or type nc 127.0.0.1 10319.",
    "With a command, chatd does something beside the server, which may be running unless the page of the command says"
    " that it must not be.",
)
_OPTIONS = (
    "Every option below that stands in a section of the file can be given in the environment and on the command line"
    " too. The command line goes before the environment, and that before the file; see chatd.toml(5). The options of"
    " twistd itself come before the word chatd."
)
FILES = (
    ("chatd.sqlite3", "The journal: what was said in rooms, topics, bans. While the server runs, files that end with"
     " -wal, -shm and -lock lie beside it and belong to it."),
    ("chatd.accounts.sqlite3", "The accounts, beside the journal."),
    ("chatd.hooks.sqlite3", "The hooks, beside the journal."),
    ("chatd.control", "A local socket, by which commands ask the running server for something."),
    ("twistd.pid", "The number of the process, in the background."),
    ("twistd.log", "The log, in the background, unless --logfile names another."),
)  # fmt: skip
_ENVIRONMENT = (
    ("CHATD_*", "Any option that can stand in the file: its name in capitals, with _ for -, after CHATD_. A switch is"
     " yes or no. With _FILE at the end, the value is read from the file of that name."),
    ("CHATD_CONFIG", "The configuration file, if --config names none."),
    ("CHATD_PASSWORD", "The password for chatd tail, if --password-file names no file."),
    ("STATE_DIRECTORY", "The directory of the files, if --state-directory names none. systemd sets it."),
    ("COLUMNS", "How wide the help is, in columns."),
)  # fmt: skip
_SIGNALS = (
    ("SIGTERM, SIGINT", "Stop: everybody is told, what was said is stored, and the exit status is 0."),
    ("SIGHUP", "Open the log again, after another program has moved it away, and reload as chatd reload does. In the"
     " foreground, when the terminal is gone, stop."),
    ("SIGUSR1", "Drain, as chatd drain does: end for a server that follows, with nothing lost and nobody seen to go."),
    ("SIGUSR2", "Begin a new log file."),
)  # fmt: skip
_STATUS = (
    ("0", "The server was stopped and left nothing undone; the command did what it says."),
    ("1", "It could not start, or something failed; a sentence on the standard error says what, and what to do."),
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
    yield roff.paragraph("Each has a page of its own: chatd-export(1), and so on.")
    for task in TASKS:
        yield roff.subheading(f"{task.title[0].upper()}{task.title[1:]}")
        for command in task.commands:
            yield roff.tagged(roff.bold(f"chatd {command.name}"), f"{command.about[0].upper()}{command.about[1:]}.")


def _options() -> Iterator[str]:
    yield roff.heading("Options")
    yield roff.paragraph(_OPTIONS)
    for group in groups_of(ReadOptions()):
        if group.section is not None:
            yield roff.subheading(f"[{group.section}] {group.about.rstrip('.')}")
        yield from map(tagged, group.entries)
