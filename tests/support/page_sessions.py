"""Sessions of one person on a page: what is typed and what is read are mixed, as on a terminal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import suppress

from tests.support.daemon import Client
from tests.support.page_commands import CommandError
from tests.support.page_output import ELLIPSIS, matches
from tests.support.page_world import World

_ANSWERS = re.compile(r"(?:@\S+ )?(?:NOTE|OK|ERR|BYE|PONG|OLD|IS|ROOM|FROM)\b")
"""How lines begin that only a server says."""


class Person:
    """A connection whose lines are read only when all is there that the server has to say."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._client = Client(("127.0.0.1", int(world.ports["10319"])))
        self._asked = 0
        self._talks = False
        self.nick = ""
        self.unread = [world.outward(self._client.line())]
        self.is_open = True

    def type(self, line: str) -> None:
        """Send a line, and wait for all that it brings."""
        if not self.is_open:
            raise CommandError(f"{line!r} is typed after the connection was closed")
        self._client.send(f"{self._world.inward(line)}\n".encode())
        verb, _, rest = line.partition(" ")
        if verb.upper().lstrip("/") in ("JOIN", "NICK") and rest and not rest.startswith("#"):
            self.nick = rest.split()[0]
        self._talks |= line.upper() == "TALK"
        self.read_all()

    def read_all(self) -> None:
        """Take in all that the server has said so far: it answers a PING after everything before that."""
        if not self.is_open:
            return
        self._asked += 1
        token = f"page-{self._asked}"
        with suppress(OSError):  # closed after its last lines, which are still to be read
            self._client.send(f"{'/' if self._talks else ''}PING {token}\n".encode())
        while (line := self._client.line_or_end()) is not None:
            if line.endswith(f"PONG {token}"):
                return
            self.unread.append(self._world.outward(line))
        self.is_open = False

    def close(self) -> None:
        self._client.close()


class Company:
    """The others of a page, each with a connection, who do what the lines of a session tell of them."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._people: dict[str, Person] = {}

    def do(self, nick: str, line: str) -> None:
        """Have somebody send a line; whoever is not there connects first. Raises `CommandError` if it is refused."""
        person = self._people.get(nick)
        if person is None or not person.is_open:
            person = self._people[nick] = Person(self._world)
        person.read_all()
        person.unread.clear()
        first = not person.nick
        person.type(f"JOIN {nick} {line.split()[1]}" if first and re.fullmatch(r"JOIN #\S+", line) else line)
        if refused := [each for each in person.unread if each.startswith("ERR ")]:
            raise CommandError(f"{nick} typed {line!r} and was answered {refused}")

    def close(self) -> None:
        for person in self._people.values():
            person.close()
        self._people.clear()


def deed(line: str, me: str) -> tuple[str, str] | None:
    """Return who has to do what, so that a person is told a line; None if it tells of nobody."""
    is_tagged = line.startswith("@")
    words = re.sub(r"^@\S+ ", "", line).split(" ", 3)
    verb, nick, *rest = words if len(words) > 1 else (*words, "")
    match verb, rest:
        case "JOIN", [room]:
            return nick, f"JOIN {room}"
        case "PART" | "TOPIC" | "EDIT" | "KICK" | "MUTE", [room, *text]:
            return nick, " ".join([verb, room, *text])
        case "MSG", [room, text]:
            return nick, f"TELL {room} {text}"
        case "FROM" | "TELL", [*text] if is_tagged == (verb == "TELL"):
            return nick, f"TELL {me} {' '.join(text)}"
        case "REACT" | "UNREACT" | "RETRACT", [room, text]:
            return nick, f"{verb} {text} {room}"
        case "NICK", [new]:
            return nick, f"NICK {new}"
    return None


class Session:
    """Plays the lines of a session, and notes what they have to be."""

    def __init__(self, person: Person, company: Company) -> None:
        self.person, self._company = person, company

    def play(self, lines: Sequence[str], others: Sequence[str]) -> list[str]:
        """Type what is typed, and return the session as it was. A line that is not the next one read was typed."""
        played: list[str] = []
        elided = False
        for line in lines:
            if line.strip() == ELLIPSIS:
                elided = True
                played.append(line)
                continue
            if elided:
                self._skip_to(line)
                elided = False
            played += self._step(line, others)
        if elided:
            self.person.unread.clear()
        played += self.person.unread
        self.person.unread.clear()
        return played

    def _step(self, line: str, others: Sequence[str]) -> list[str]:
        """Return what stands in the place of a line: itself, if it is right."""
        person = self.person
        if not person.unread:
            person.read_all()
        if not person.unread and (done := deed(line, person.nick)) is not None and done[0] in others:
            self._company.do(*done)
            person.read_all()
            if not person.unread:
                raise CommandError(f"{line!r} is shown, but was not read after {' typed '.join(done)}")
            if not matches([line], person.unread[:1]):
                return [person.unread.pop(0)]
        if person.unread:
            if matches([line], [person.unread[0]]):
                person.unread.pop(0)
                return [line]
            if _ANSWERS.match(line):
                return [person.unread.pop(0)]
            return [person.unread.pop(0), *self._step(line, others)]
        if _ANSWERS.match(line):
            return []
        if re.match(r"(?:@\S+ )?MSG \S+ #\S+ ", line):
            raise CommandError(f"{line!r} was not read; if somebody else says it, name them in the comment 'others'")
        person.type(line)
        return [line]

    def _skip_to(self, line: str) -> None:
        """Leave out what was read, up to a line."""
        unread = self.person.unread
        found = next((index for index, each in enumerate(unread) if matches([line], [each])), len(unread))
        del unread[:found]
