"""Joins, departures and new names in a row, in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from chatd.client.model.lines import Kind, Line
from chatd.client.model.room import Room
from chatd.protocol import names
from chatd.protocol.text import counted

MAX_TOLD = 100
"""How many lines are told by the names of the people; more are only counted, so that one more costs no more."""
MAX_NAMES = 3


def fold_text(room: Room, start: int, end: int) -> str:
    """Return the sentence that stands for the lines from ``start`` up to ``end``, all of which can be folded."""
    if end - start <= MAX_TOLD:
        return summary(room.lines[start:end])
    count, joined, parted = room.timeline.folding(end - 1)
    return _and(_some(joined, "join"), _some(parted, "departure"), _some(count - joined - parted, "new nick"))


def _some(count: int, what: str) -> str:
    return counted(count, what) if count else ""


def _and(*parts: str) -> str:
    """Return what is not empty with commas and an ``and``."""
    said = [part for part in parts if part]
    return " and ".join(filter(None, (", ".join(said[:-1]), said[-1])))


@dataclass(slots=True)
class _Person:
    """What one person did within a fold."""

    nick: str
    was: str
    joined_first: bool
    left_last: bool = False
    moved: bool = False
    """Whether the person joined or left at all."""

    def did(self) -> tuple[str, str]:
        """Return a name and what its bearer did in all."""
        if self.joined_first:
            return self.nick, "joined and left" if self.left_last else "joined"
        if self.moved:
            return self.nick, "left" if self.left_last else "left and rejoined"
        return self.was, f"is now {self.nick}" if self.nick != self.was else "changed nicks and changed back"


def summary(lines: Sequence[Line]) -> str:
    """Return in one sentence what lines that can be folded say: ``alice, bob and 3 others joined; carol left``."""
    groups: dict[str, list[str]] = {}
    for nick, did in map(_Person.did, _people(lines)):
        groups.setdefault(did, []).append(nick)
    return "; ".join(f"{_listed(nicks)} {did}" for did, nicks in _in_order(groups))


def _in_order(groups: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Yield those who joined, then those who left, then what each of the others did, as it happened."""
    for did in ("joined", "left", "joined and left", "left and rejoined"):
        if did in groups:
            yield did, groups.pop(did)
    yield from groups.items()


def _people(lines: Sequence[Line]) -> list[_Person]:
    """Return what each person did in all, those who did something first at the beginning."""
    people: list[_Person] = []
    present: dict[str, _Person] = {}
    for line in lines:
        key = names.key(line.nick)
        person = present.get(key)
        if person is None:
            person = present[key] = _Person(line.nick, line.nick, line.kind is Kind.JOINED)
            people.append(person)
        if line.kind is Kind.RENAMED:
            del present[key]
            person.nick = line.text
            present[names.key(line.text)] = person
        else:
            person.moved = True
            person.left_last = line.kind is Kind.PARTED
    return people


def _listed(nicks: Sequence[str]) -> str:
    """Return up to three names, or two and how many others."""
    if len(nicks) > MAX_NAMES:
        return f"{nicks[0]}, {nicks[1]} and {len(nicks) - 2} others"
    return _and(*nicks)
