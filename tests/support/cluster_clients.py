"""Those who write and read while nodes and servers die under them, and what must then be true of what they heard."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import pairwise
from typing import NamedTuple

from tests.support.daemon import DEADLINE
from tests.support.node_processes import Node, NodeClient, tags
from tests.support.tagged_clients import body, value

ROOM = "#den"
_PAUSE = 0.1
"""Seconds until something is tried again."""
_THINKING = 0.01
"""Seconds between an answer and what is said next: whoever is away for long then misses less than can be told."""


class Line(NamedTuple):
    """A message as it was heard or kept."""

    id: int
    time: str
    nick: str
    text: str


class AwayError(Exception):
    """There is no connection any more, or none could be had."""


def message(line: str) -> Line | None:
    """Return the message that a line is; None for any other line."""
    if not body(line).startswith("MSG "):
        return None
    values = dict(tag.partition("=")[::2] for tag in tags(line))
    _, nick, _, text = body(line).split(" ", 3)
    return Line(int(values["id"]), values["time"], nick, text)


class RoamingClient:
    """Somebody who goes by one name in one room, from node to node, and keeps all that is heard there.

    Whatever ends the connection, the next one goes on after the last message heard: what was heard must then be all
    that was said, each once and in its order, wherever it was heard.
    """

    def __init__(self, nick: str, nodes: Sequence[Node], first: int) -> None:
        self.nick = nick
        self.heard: list[Line] = []
        self.refusals = 0
        """How often it was answered that something could not be stored."""
        self.visits = 0
        self._nodes = nodes
        self._at = first
        self._person: NodeClient | None = None
        self._words = ""
        self._begin = 0

    def close(self) -> None:
        """Go for good."""
        if self._person is not None:
            self._person.close()
            self._person = None

    def line(self) -> str:
        """Return the next line. Raise `AwayError` if there is none."""
        try:
            line = self._person.line_or_end() if self._person is not None else None
        except OSError:
            line = None
        if line is None or body(line).startswith("BYE "):
            self.close()
            raise AwayError
        if body(line).startswith("PING "):
            self.send("PING")  # any line is an answer
        said = message(line)
        if said is not None and not ("old" in tags(line) and any(tag.startswith("label=") for tag in tags(line))):
            self.heard.append(said)
        return line

    def send(self, line: str) -> None:
        """Send a line. Raise `AwayError` if that cannot be."""
        try:
            assert self._person is not None
            self._person.send(f"{line}\n".encode())
        except OSError:
            self.close()
            raise AwayError from None

    def until_there(self) -> None:
        """Return when there is a connection that has come in, to one node or another."""
        end = time.monotonic() + 2 * DEADLINE
        while self._person is None:
            assert time.monotonic() < end, f"{self.nick} does not come in anywhere"
            with suppress(AwayError, AssertionError, OSError):
                self._come_in()
            if self._person is None:
                self._at += 1
                time.sleep(_PAUSE)

    def _come_in(self) -> None:
        self._person = NodeClient(self._nodes[self._at % len(self._nodes)].port)
        words = f"since={self.heard[-1].id if self.heard else self._begin} {self._words}" if self.visits else ""
        self.send(f"@label=come JOIN {self.nick} {ROOM} {words}".rstrip())
        while "label=come" not in tags(answer := self.line()):
            pass
        if not body(answer).startswith("OK JOIN "):
            self.close()
            raise AwayError
        if self.visits and value(answer, "recovered") != "yes":
            raise ValueError(f"{self.nick} cannot resume: {answer}")
        self._words = f"epoch={self._person.epoch} resume={value(answer, 'resume')}"
        self._begin = self._begin if self.visits else int(value(answer, "last"))
        self.visits += 1


class Reader(RoamingClient):
    """One who stays with one node and only listens."""

    def __init__(self, nick: str, node: Node) -> None:
        super().__init__(nick, [node], 0)

    def run(self, enough: Callable[[], bool]) -> None:
        """Listen until it is enough."""
        while not enough():
            self.until_there()
            with suppress(AwayError):
                while not enough():
                    self.line()

    def hear(self, text: str) -> None:
        """Read up to a message with that text."""
        while not self.heard or self.heard[-1].text != text:
            self.until_there()
            with suppress(AwayError):
                self.line()


class Writer(RoamingClient):
    """One who says one thing after the other, each under a label until it is acknowledged."""

    def __init__(self, nick: str, nodes: Sequence[Node], first: int) -> None:
        super().__init__(nick, nodes, first)
        self.acknowledged: dict[str, int] = {}
        """The ids by the texts."""

    def run(self, enough: Callable[[], bool]) -> None:
        """Write until it is enough, and all that was said is acknowledged."""
        number = 0
        while not enough():
            text = f"{self.nick}.{number}"
            self.acknowledged[text] = self._say(text)
            number += 1
            time.sleep(_THINKING)

    def _say(self, text: str) -> int:
        while True:
            self.until_there()
            with suppress(AwayError):
                self.send(f"@label={text} TELL {ROOM} {text}")
                while f"label={text}" not in tags(answer := self.line()):
                    pass
                if (said := message(answer)) is not None:
                    assert (said.nick, said.text) == (self.nick, text), answer
                    return said.id
                if not body(answer).startswith("ERR unavailable "):
                    raise ValueError(answer)
                self.refusals += 1
                time.sleep(_PAUSE)


@contextmanager
def at_work(*clients: Reader | Writer) -> Iterator[Callable[[], None]]:
    """Let everybody do their work; what is yielded ends it, and raises what went wrong with one of them."""
    enough = threading.Event()
    wrong: list[BaseException] = []

    def work(one: Reader | Writer) -> None:
        try:
            one.run(enough.is_set)
        except BaseException as error:  # raised again where the test is
            wrong.append(error)

    threads = [threading.Thread(target=work, args=[one], daemon=True) for one in clients]

    def finish() -> None:
        enough.set()
        for thread, one in zip(threads, clients, strict=True):
            thread.join(4 * DEADLINE)
            assert not thread.is_alive(), f"{one.nick} does not come to an end"
        if wrong:
            raise wrong[0]

    for thread in threads:
        thread.start()
    try:
        yield finish
    finally:
        enough.set()
        for one in clients:
            one.close()


def kept(node: Node) -> list[Line]:
    """Return all that a node has of the room, oldest first."""
    found: list[Line] = []
    with NodeClient(node.port) as reader:
        reader.enter(f"historian{node.port}", ROOM)
        more = True
        while more:
            start = len(reader.tagged)
            answer = reader.ask(f"HISTORY 1000 since={found[-1].id if found else 0}")
            page = [said for line in reader.tagged[start:] if "old" in tags(line) and (said := message(line))]
            more = int(answer.split()[-1]) > 0
            found += page
    return found


def assert_one_order(nodes: Sequence[Node], readers: Sequence[Reader], writers: Sequence[Writer]) -> None:
    """Fail unless all that was acknowledged is kept once, and everybody everywhere heard the same in the same order."""
    order = kept(nodes[0])
    for node in nodes[1:]:
        assert kept(node) == order
    assert all(one.id < other.id for one, other in pairwise(order))
    for writer in writers:
        own = [said.text for said in order if said.nick == writer.nick]
        assert own[: len(writer.acknowledged)] == list(writer.acknowledged), writer.nick
        assert len(own) == len(set(own)) == len(writer.acknowledged), writer.nick
        ids = {said.text: said.id for said in order if said.nick == writer.nick}
        assert ids == writer.acknowledged, writer.nick
        begin = order.index(writer.heard[0])
        assert writer.heard == order[begin : begin + len(writer.heard)], writer.nick
    for reader in readers:
        assert reader.heard == order, reader.nick
