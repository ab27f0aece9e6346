"""The manual pages of the commands, such as chatd-user(1), and that of the window, chatd-client(1)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from chatd import __version__
from chatd.app.reference import roff
from chatd.app.reference.commands import CLIENT
from chatd.app.reference.daemon_page import see_also, tagged
from chatd.app.reference.entries import Described, Entry

_CLIENT_ABOUT = (
    "A graphical client for chatd. Without HOST it connects to the last server, or asks for one. Messages written"
    " while the server is unreachable are sent when it is back. F1 lists all keys and commands."
)


def command_text(command: Described, about: str) -> str:
    """Return the page of a command as roff; ``about`` is what the list of commands says of it."""
    return roff.page([*_lines(command, f"chatd-{command.name}", f"chatd {command.name}", about), *_end()])


def client_text(client: Described) -> str:
    """Return the page of the window as roff."""
    lines = [
        *_lines(client._replace(about=_CLIENT_ABOUT), CLIENT, CLIENT, "graphical client for chatd"),
        roff.heading("Examples"),
        roff.example(["chatd-client chat.example.org --tls --name ann --room '#builds'"]),
        *_end(),
    ]
    return roff.page(lines)


def _lines(command: Described, page: str, typed: str, about: str) -> Iterator[str]:
    shared = _shared(command)
    yield roff.title(page, 1, __version__)
    yield roff.heading("Name")
    yield f"{roff.literal(page)} \\- {roff.prose(about)}"
    yield roff.heading("Synopsis")
    parts = command.commands or (command,)
    prefix = "chatd " if typed.startswith("chatd ") else ""
    yield "\n.br\n".join(_synopsis(prefix, part) for part in parts)
    yield roff.heading("Description")
    yield roff.paragraph(command.about)
    if command.commands:
        yield roff.heading("Commands")
        for part in command.commands:
            yield roff.subheading(f"{prefix}{part.name}")
            yield roff.paragraph(part.about)
            yield from map(tagged, _worth_saying(part.arguments))
            yield from map(tagged, (each for each in part.entries if each not in shared))
    elif command.arguments and any(each.about for each in command.arguments):
        yield roff.heading("Arguments")
        yield from map(tagged, command.arguments)
    if shared:
        yield roff.heading("Common options" if command.commands else "Options")
        yield from map(tagged, shared)


def _worth_saying(arguments: Sequence[Entry]) -> Iterator[Entry]:
    return (each for each in arguments if each.about)


def _shared(command: Described) -> tuple[Entry, ...]:
    """Return the options of a command or, if it has several, those that all of them have."""
    if not command.commands:
        return tuple(each for each in command.entries if each.about)
    first, *others = command.commands
    return tuple(each for each in first.entries if all(each in other.entries for other in others))


def _synopsis(prefix: str, command: Described) -> str:
    """Return how a command is typed: what may be left out stands in brackets."""
    words = [roff.bold(f"{prefix}{command.name}")]
    if command.usage:
        words.append(roff.literal(command.usage))
    elif any(not each.required for each in command.entries):
        words.append(f"[{roff.italic('options')}]")
    words += [
        f"{roff.bold(each.names[-1])} {roff.italic(each.unit or '')}" for each in command.entries if each.required
    ]
    for each in command.arguments:
        shown = roff.italic(each.unit or "")
        more = f"{shown} ..." if each.repeatable else shown
        words.append(more if each.required else f"[{more}]")
    return " ".join(words)


def _end() -> Iterator[str]:
    yield roff.heading("See also")
    yield from see_also(("chatd", 1), ("chatd.toml", 5))
