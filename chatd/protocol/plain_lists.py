"""Long lists as people read them: in lines and columns that fit a terminal of 80 characters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import wrap
from unicodedata import category, east_asian_width

from chatd.protocol.text import clean
from chatd.protocol.verbs import VERBS

WIDTH = 80
"""How many columns a terminal has."""
_USUAL = (
    ("JOIN <your name> [#room]", "come in; #lobby if you name no room"),
    ("MSG <text>", "speak in the room you joined last"),
    ("TALK", "say each line from here; commands begin with /"),
    ("TELL <name> <text>", "speak to one person alone"),
    ("TELL <#room> <text>", "speak in another room that you are in"),
    ("WHO", "who is in the room"),
    ("ROOMS", "which rooms there are"),
    ("JOIN <#room>", "enter one more room, or go back to one"),
    ("PART", "leave the room"),
    ("NICK <name>", "go by another name"),
    ("HISTORY", "what was said before; HISTORY 10: 10 lines"),
    ("SEARCH <words>", "what was said with these words in it"),
    ("TOPIC [text]", "read or set what the room is about"),
    ("IGNORE <name>", "hear nothing more from somebody"),
    ("TIME on", "show the time before each line"),
    ("QUIT", "leave"),
    ("HELP <verb>", "more about one of these"),
    ("HELP ALL", "all there is, for operators and programs too"),
)
"""What people need most, in at most 19 lines; the answer ends in one more."""


def help_lines(verb: str | None) -> Iterator[str]:
    """Yield what HELP says to a person: about one verb, all of them if that is ``ALL``, or the usual ones."""
    if verb is None:
        longest = max(len(form) for form, _ in _USUAL)
        yield from (f"NOTE {form.ljust(longest)}  {text}" for form, text in _USUAL)
        return
    for each in VERBS.values() if verb == "ALL" else [VERBS[verb]]:
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
