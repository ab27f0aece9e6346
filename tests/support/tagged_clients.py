"""Programs that talk to a daemon in tags, and writers that say again what was not acknowledged."""

from __future__ import annotations

import random
import socket
import struct
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

from tests.support.daemon import Client, Daemon, wait_until

MIB = 1 << 20
ROOM = "#den"
JOURNAL = "chatd.sqlite3"
"""The file that a daemon keeps, if nothing else is said, in its working directory."""
WINDOW = 32
"""How many things a writer says ahead of their acknowledgement."""


class Heard(NamedTuple):
    """A MSG line, as a program gets it."""

    id: int
    nick: str
    text: str
    label: str | None
    old: bool


def heard(line: str) -> Heard | None:
    """Return what a line says that somebody said; None for every other line."""
    tags, _, body = line.partition(" ") if line.startswith("@") else ("", "", line)
    if not body.startswith("MSG "):
        return None
    values = dict(tag.partition("=")[::2] for tag in tags.removeprefix("@").split(";"))
    _, nick, room, text = body.split(" ", 3)
    assert room == ROOM
    return Heard(int(values["id"]), nick, text, values.get("label"), "old" in values)


def body(line: str) -> str:
    """Return a line without its tags."""
    return line.partition(" ")[2] if line.startswith("@") else line


def _label(text: str) -> str:
    return text.partition(" ")[0]


class Program(Client):
    """A connection that has said HELLO, and remembers all that it heard being said in the room.

    With a nick it has come in, as by `come_in`.
    """

    def __init__(self, port: int, nick: str | None = None, words: str = "", *, may_be_cut: bool = False) -> None:
        super().__init__(("127.0.0.1", port), may_be_cut=may_be_cut)
        self.heard: list[Heard] = []
        self.missed: list[Heard] = []
        """What it was told before the answer to its JOIN."""
        self.joined = ""
        """That answer."""
        try:
            self.epoch = value(self.ask("HELLO 1", "OK HELLO ")[-1], "epoch")
            if nick is not None:
                self.come_in(nick, words)
        except BaseException:
            self.close()
            raise

    def come_in(self, nick: str, words: str = "") -> None:
        """Come into the room; ``words`` follow it in the JOIN."""
        self.joined = self.ask(f"JOIN {nick} {ROOM} {words}".rstrip(), f"OK JOIN {ROOM} ")[-1]
        self.missed, self.heard = self.heard, []

    def line_or_end(self) -> str | None:
        line = super().line_or_end()
        if line is not None and (said := heard(line)) is not None:
            self.heard.append(said)
        return line

    def read_up(self) -> None:
        """Read all that was sent before now."""
        self.ask("PING up", "PONG up")

    def ask(self, command: str, answer: str) -> list[str]:
        """Send a command; return the lines up to the one that begins with ``answer``, without tags."""
        self.send(f"{command}\n".encode())
        return [body(line) for line in self.until(lambda line: body(line).startswith((answer, "ERR ")))]

    def say(self, text: str) -> int | None:
        """Say something; return its id, or None if it was answered that it could not be stored."""
        self.send_texts([text])
        return self.answer(text)

    def send_texts(self, texts: Iterable[str]) -> None:
        """Say things, each under its first word as the label, and do not wait for the answers."""
        self.send("".join(f"@label={_label(text)} MSG {text}\n" for text in texts).encode())

    def answer(self, text: str) -> int | None:
        """Read up to the answer to something said; return its id, or None if it could not be stored."""
        answer = self.until(lambda line: f"label={_label(text)} " in line)[-1]
        if body(answer).startswith("ERR unavailable MSG "):
            return None
        said = heard(answer)
        assert said is not None, answer
        assert said.text == text
        assert not said.old
        return said.id

    def drop(self) -> None:
        """Close at once, with a reset and without reading what has come."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()


def value(line: str, key: str) -> str:
    """Return what follows ``key=`` in an OK line."""
    return next(word.partition("=")[2] for word in line.split() if word.startswith(f"{key}="))


def read_back(program: Program) -> list[Heard]:
    """Return all that is kept of the room, oldest first."""
    program.read_up()
    kept: list[Heard] = []
    count = 1
    while count:
        program.heard.clear()
        since = kept[-1].id if kept else 0
        done = program.ask(f"HISTORY 1000 since={since}", "OK HISTORY ")[-1]
        count = int(done.split()[-1])
        page = [said for said in program.heard if said.old]
        assert len(page) == count
        kept += page
    ids = [said.id for said in kept]
    assert ids == sorted(set(ids))
    return kept


def kept_by(daemon: Daemon) -> list[Heard]:
    """Return all that a daemon keeps of the room."""
    with Program(daemon.port, "reader") as reader:
        return read_back(reader)


def said_and_ids(kept: Sequence[Heard]) -> list[tuple[str, int]]:
    return [(said.text, said.id) for said in kept]


@contextmanager
def running(folder: Path, *options: str, inside: Sequence[str] = ()) -> Iterator[Daemon]:
    """Run a daemon, which must not leave a traceback in its log; one that the caller did not end is killed."""
    with Daemon(folder, *options, inside=inside) as daemon:
        yield daemon
        assert "Traceback" not in daemon.log()


def stop(daemon: Daemon, journal: Path) -> None:
    """Stop a daemon as ever; all that it wrote must then be in the one file."""
    assert daemon.terminate() == 0, daemon.log()
    assert not journal.with_name(f"{journal.name}-wal").exists()


class Writer:
    """Says one numbered thing after the other, each under its label, and knows what became of them.

    It may be sent to one daemon after the other: there it says first, under the same labels, what it has no answer
    for, and the last thing that it has one for.
    """

    def __init__(self, nick: str) -> None:
        self.nick = nick
        self.said: list[str] = []
        """In the order first said."""
        self.ids: dict[str, int] = {}
        """Of what was acknowledged."""
        self.seen: dict[int, tuple[str, str]] = {}
        """By id, who was heard to say what, oneself included."""
        self.epochs: set[str] = set()
        self.answers = 0
        """How many came since this was last set to 0."""
        self._waiting: dict[str, str] = {}
        self._chance = random.Random(nick)

    def write(self, port: int, enough: Callable[[], bool] = lambda: False) -> str:
        """Write until the connection ends, or it is enough and all is acknowledged; return the last line."""
        line = ""
        with Program(port, self.nick, may_be_cut=True) as program:
            self.epochs.add(program.epoch)
            if self.ids:
                last = next(reversed(self.ids))
                self._waiting = {_label(last): last, **self._waiting}
            self._send(program, self._waiting)
            while self._waiting or not enough():
                if not enough():
                    self._send(program, self._new())
                next_line = program.line_or_end()
                if next_line is None:
                    break
                line = next_line
                self._take(line)
        return line

    def has_said(self, count: int) -> Callable[[], bool]:
        return lambda: len(self.said) >= count

    def _new(self) -> dict[str, str]:
        """Make up as much as fits into the window."""
        count = WINDOW - len(self._waiting)
        texts = [
            f"{self.nick}.{len(self.said) + n} {'x' * self._chance.choice([1, 20, 300])}" for n in range(max(0, count))
        ]
        self.said += texts
        new = {_label(text): text for text in texts}
        self._waiting |= new
        return new

    def _send(self, program: Program, texts: dict[str, str]) -> None:
        with suppress(ConnectionError):  # what was answered before can still be read
            program.send_texts(texts.values())

    def _take(self, line: str) -> None:
        said = heard(line)
        if said is None:
            assert not body(line).startswith("ERR "), line
            return
        assert self.seen.setdefault(said.id, (said.nick, said.text)) == (said.nick, said.text)
        if said.nick != self.nick:
            return
        assert said.label is not None
        assert self._waiting.pop(said.label) == said.text
        if said.text in self.ids:
            assert said.old, "said twice, stored twice"
        assert self.ids.setdefault(said.text, said.id) == said.id
        self.answers += 1


def four_writers() -> list[Writer]:
    return [Writer(nick) for nick in ("ann", "bob", "carol", "dave")]


def let_write(pool: ThreadPoolExecutor, writers: Sequence[Writer], daemon: Daemon, answers: int) -> list[Future[str]]:
    """Let all write at once, and return when all are at it and have so many answers together."""
    for writer in writers:
        writer.answers = 0
    began = [pool.submit(writer.write, daemon.port) for writer in writers]

    def at_it() -> bool:
        counts = [writer.answers for writer in writers]
        return (all(counts) and sum(counts) >= answers) or any(each.done() for each in began)

    wait_until(at_it, lambda: f"{[writer.answers for writer in writers]} answers")
    return began


def assert_all_acknowledged_is_kept(kept: Sequence[Heard], writers: Sequence[Writer]) -> None:
    """Fail if anything is missing that somebody was told of, or anything is there twice or in another order."""
    by_id = {said.id: (said.nick, said.text) for said in kept}
    for writer in writers:
        assert writer.ids, "nothing was acknowledged, so nothing was tested"
        lost = [(id_, what) for id_, what in writer.seen.items() if by_id.get(id_) != what]
        assert not lost, f"{writer.nick} was told what is not kept: {lost[:3]} and so on, {len(lost)} in all"
        texts = [said.text for said in kept if said.nick == writer.nick]
        assert texts == writer.said[: len(texts)]
