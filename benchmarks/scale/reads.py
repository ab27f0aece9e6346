"""What is read from a big file: how long HISTORY and SEARCH take."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from math import ceil
from socket import create_connection
from statistics import median
from time import perf_counter
from typing import NamedTuple

from benchmarks.fanout.process import Process
from benchmarks.report import show_progress
from benchmarks.scale.big_file import Size
from benchmarks.scale.daemon import HOST
from benchmarks.scale.talk import VOCABULARY, room_name, words

_ANSWER_SECONDS = 30.0
_COMMON, _RARE = 20, 5000
"""How many of the commonest words, and of the rarest, are looked for."""


class Kind(NamedTuple):
    """A kind of question."""

    name: str
    target_ms: float
    room: int
    """Its rank."""
    line: Callable[[random.Random], str]
    """Returns one such question, another each time."""


class Answers(NamedTuple):
    """What the questions of a kind took, in milliseconds, and how many messages one found, in the median."""

    cpu_ms: float
    """Of the daemon's processor time, on average."""
    median_ms: float
    p99_ms: float
    max_ms: float
    found: int


def kinds(size: Size) -> Sequence[Kind]:
    """Return what is asked, in the biggest room: the others have less to go through."""
    vocabulary = words()
    common, rare = vocabulary[:_COMMON], vocabulary[VOCABULARY - _RARE :]
    return (
        Kind(
            "HISTORY 1000",
            20,
            1,
            lambda chance: f"HISTORY 1000 before={chance.randint(size.messages // 2, size.messages)}",
        ),
        Kind("SEARCH, a common word", 100, 1, lambda chance: f"SEARCH {chance.choice(common)}"),
        Kind("SEARCH, a rare word", 100, 1, lambda chance: f"SEARCH {chance.choice(rare)}"),
    )


def ask(server: Process, kind: Kind, times: int) -> Answers:
    """Ask a daemon questions of a kind, one after the other."""
    chance, room = random.Random(3), room_name(kind.room)
    with closing(create_connection((HOST, server.port), timeout=_ANSWER_SECONDS)) as connection:
        stream = connection.makefile("rb")
        connection.sendall(f"HELLO 1\r\nJOIN reader {room} last=0\r\n".encode())
        _answer(stream, b"JOIN")
        took, found = [], []
        cpu = server.cpu_seconds()
        for number in range(times):
            show_progress(number, times, kind.name)
            line = f"{kind.line(chance)}\r\n".encode()
            began = perf_counter()
            connection.sendall(line)
            found.append(_answer(stream, line.split(b" ")[0]))
            took.append((perf_counter() - began) * 1000)
        cpu = server.cpu_seconds() - cpu
        show_progress(times, times, "")
    took.sort()
    return Answers(cpu / times * 1000, median(took), took[ceil(len(took) * 0.99) - 1], took[-1], round(median(found)))


def _answer(lines: Iterator[bytes], verb: bytes) -> int:
    """Read up to the end of an answer; return how many lines were before it."""
    end, error = b"OK " + verb, b"ERR "
    for number, line in enumerate(lines):
        if line.startswith(end):
            return number
        if line.startswith(error):
            raise RuntimeError(f"the answer to {verb.decode()} was {line.decode()}")
    raise RuntimeError("the daemon closed the connection")
