"""Long lists as people read them: in lines and columns that fit a terminal of 80 characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from unicodedata import category, east_asian_width

from chatd.protocol.text import clean
from chatd.protocol.verbs import explained

WIDTH = 80
"""How many columns a terminal has."""
_USUAL = (
    ("JOIN <your name> [#room]", "join a room (default: #lobby)"),
    ("MSG <text>", "send a message to the room you joined last"),
    ("TALK", "send every line; commands then begin with /"),
    ("TELL <nick> <text>", "send a message to one person only"),
    ("TELL <#room> <text>", "send a message to another room you are in"),
    ("WHO", "list who is in the room"),
    ("ROOMS", "list the rooms"),
    ("JOIN <#room>", "join another room, or go back to one"),
    ("PART", "leave the room"),
    ("NICK <nick>", "change your nick"),
    ("HISTORY", "show earlier messages; HISTORY 10 shows 10"),
    ("SEARCH <words>", "find messages with these words"),
    ("TOPIC [text]", "show or set the topic of the room"),
    ("IGNORE <nick>", "hide somebody's messages"),
    ("TIME on", "show the time before each line"),
    ("QUIT", "disconnect"),
    ("HELP <verb>", "explain one of these commands"),
    ("HELP ALL", "list all commands, also for operators"),
)
"""What people need most, in at most 19 lines; the answer ends in one more."""


def help_lines(verb: str | None, *, newcomers: bool = True) -> Iterator[str]:
    """Yield what HELP says to a person: about one verb, all of them if that is ``ALL``, or the usual ones.

    ``newcomers`` is whether people can REGISTER.
    """
    if verb is None:
        longest = max(len(form) for form, _ in _USUAL)
        yield from (f"NOTE {form.ljust(longest)}  {text}" for form, text in _USUAL)
        return
    for each in explained(verb, newcomers=newcomers):
        line = f"NOTE {each.usage} - {each.summary}"
        if len(line) <= WIDTH:
            yield line
        else:
            yield from (f"NOTE {part}" for part in wrap(each.usage, WIDTH - len("NOTE "), break_on_hyphens=False))
            yield from (f"NOTE     {part}" for part in wrap(each.summary, WIDTH - len("NOTE     ")))


def present_lines(room: str, nicks: Sequence[str]) -> Iterator[str]:
    """Yield the lines that list who is in a room: one if they fit it, else columns."""
    head = f"WHO {room}"
    if sum(map(_columns, (head, *nicks))) + len(nicks) <= WIDTH:
        if nicks:
            yield clean(" ".join((head, *nicks)))
        return
    widest = max(map(_columns, nicks)) + 1
    in_a_line = max(1, (WIDTH - _columns(head)) // widest)
    for first in range(0, len(nicks), in_a_line):
        shown = "".join(
            f" {nick}".ljust(widest + len(nick) - _columns(nick)) for nick in nicks[first : first + in_a_line]
        )
        yield clean((head + shown).rstrip())


def _columns(text: str) -> int:
    """Return how many columns of a terminal a name takes: two for a wide letter, none for a mark on one."""
    if text.isascii():
        return len(text)
    return sum(0 if category(c) in ("Mn", "Me", "Cf") else 2 if east_asian_width(c) in "WF" else 1 for c in text)
