"""What the Tab key makes of the word before the cursor: nicks, rooms after ``#``, commands after ``/``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from chatd.client.model.room import Room
from chatd.client.model.slash import SLASHES, holds_secret
from chatd.protocol import names
from chatd.protocol.moderation_commands import SETTINGS, WHO

_ABOUT_THE_ABSENT = frozenset({"/mute", "/unmute", "/ban", "/unban", "/invite", "/uninvite"})


class Completer:
    """Completes one entry. Pressing Tab again, with nothing changed in between, goes on to the next candidate."""

    def __init__(self) -> None:
        self._last: tuple[str, int] | None = None
        self._ends: Sequence[str] = ()
        self._next = 0
        self._head = self._tail = ""

    def complete(self, text: str, cursor: int, room: Room | None, rooms: Iterable[str], own: str) -> tuple[str, int]:
        """Return the entry's new text and the place of its cursor, in characters; the same ones if nothing fits.

        ``room`` is the one in front, ``rooms`` the names of those that are known, ``own`` is one's own nick, which
        comes after all others.
        """
        if (text, cursor) != self._last:
            self._begin(text, cursor, room, rooms, own)
        if not self._ends:
            self._last = None
            return text, cursor
        end = self._ends[self._next]
        self._next = (self._next + 1) % len(self._ends)
        head = self._head + end
        self._last = head + self._tail, len(head)
        return self._last

    def _begin(self, text: str, cursor: int, room: Room | None, rooms: Iterable[str], own: str) -> None:
        start = text.rfind(" ", 0, cursor) + 1
        word = text[start:cursor]
        self._head, self._tail, self._next = text[:start], text[cursor:], 0
        if word.startswith("#"):
            self._ends = [f"{name} " for name in _fitting(word, sorted(rooms, key=names.key))]
        elif word.startswith("/") and start == 0:
            self._ends = [f"{slash} " for slash in SLASHES if slash.startswith(word.lower())]
        elif holds_secret(text):
            self._ends = ()
        elif (command := text.partition(" ")[0].lower()) == "/set" and start:
            pairs = [f"{key}={value} " for key, values in SETTINGS.items() for value in values]
            pairs += [f"who={who} " for who in WHO]
            self._ends = [pair for pair in pairs if pair.startswith(word)]
        else:
            after, absent = " " if start else ": ", command in _ABOUT_THE_ABSENT
            self._ends = [nick + after for nick in _fitting(word, _nicks(room, own, absent=absent))] if word else ()


def _nicks(room: Room | None, own: str, *, absent: bool) -> list[str]:
    """Return who can be meant: those who spoke last, then the others who are there by name, oneself at the end.

    ``absent`` is whether those who spoke and are not there any more can be meant, too.
    """
    if room is None:
        return []
    here = [room.name, *room.members] if room.private else list(room.members)
    spoke = [nick for nick in room.speakers if absent or room.private or nick in room.members]
    nicks = {names.key(nick): nick for nick in (*spoke, *here)}
    if (mine := nicks.pop(names.key(own), None)) is not None:
        nicks[names.key(own)] = mine
    return list(nicks.values())


def _fitting(word: str, candidates: Iterable[str]) -> list[str]:
    beginning = names.key(word)
    return [name for name in candidates if names.key(name).startswith(beginning)]
