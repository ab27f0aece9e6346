"""How starting and reading grow with what a file knows."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.chart import Line, LinePanel
from benchmarks.report import table
from benchmarks.scale.big_file import Size, big_file
from benchmarks.scale.daemon import Daemon, Start, daemon
from benchmarks.scale.reads import Answers, ask, kinds

START_TARGET_SECONDS = 1.0
STEPS = 2
"""How many smaller files there are, each with a tenth of the rooms, or of the messages, of the one before."""


class Found(NamedTuple):
    """What was measured on one file."""

    megabytes: float
    start: Start
    cold: Start
    """With nothing of the file in the system's memory."""
    answers: Mapping[str, Answers]


def growing(largest: Size) -> tuple[list[Size], list[Size]]:
    """Return the sizes that differ in their rooms, and those that differ in their messages, the largest last."""
    smaller = [10**step for step in range(STEPS, -1, -1)]
    messages = max(largest.messages // 10, largest.rooms)
    rooms = [Size(max(largest.rooms // share, 1), messages) for share in smaller]
    return rooms, [Size(largest.rooms, max(largest.messages // share, 2 * largest.rooms)) for share in smaller]


def measure(directory: Path, sizes: Sequence[Size], starts: int, questions: int) -> dict[Size | None, Found]:
    """Return what was measured on each file, and under None on a journal in memory, which knows nothing."""
    found: dict[Size | None, Found] = {}
    for size in (None, *dict.fromkeys(sizes)):
        file = None if size is None else big_file(directory, size)
        with daemon(directory, file) as server:
            megabytes = 0.0 if file is None else file.stat().st_size / 1e6
            cold = warm = _started(server, starts)
            answers = {}
            if size is not None:
                for kind in kinds(size):
                    answers[kind.name] = ask(server.process, kind, questions)
                server.stop()
                cold = _cold_start(server)
            found[size] = Found(megabytes, warm, cold, answers)
    return found


def _started(server: Daemon, starts: int) -> Start:
    """Start a daemon some times, the last of which it goes on; return the medians."""
    took = [server.start()]
    while len(took) < starts:
        server.stop()
        took.append(server.start())
    return Start(*map(median, zip(*took, strict=True)))


def _cold_start(server: Daemon) -> Start:
    """Let the system forget what it has of a journal, and start a daemon on it."""
    assert server.journal is not None
    with server.journal.open("rb") as file:
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    return server.start()


def start_table(found: Mapping[Size | None, Found]) -> str:
    """Return the table of starts."""
    lines = [["rooms", "messages", "file, MB", "first answer, s", "CPU, s", "not cached, s", "memory, MB"]]
    for size, (megabytes, start, cold, _) in found.items():
        rooms, messages = ("none", "none") if size is None else (f"{size.rooms:,}", f"{size.messages:,}")
        figures = [f"{start.seconds:.2f}", f"{start.cpu_seconds:.2f}", f"{cold.seconds:.2f}", f"{start.megabytes:.0f}"]
        lines.append([rooms, messages, f"{megabytes:,.0f}", *figures])
    largest = max((size for size in found if size is not None), key=lambda size: size.messages)
    met = verdict(found[largest].start.seconds <= START_TARGET_SECONDS)
    return f"{table(lines)}\nan answer within {START_TARGET_SECONDS:g} s of the start, on the largest: {met}"


def read_table(found: Mapping[Size | None, Found]) -> str:
    """Return the table of questions."""
    lines = [["question", "rooms", "messages", "found", "CPU, ms", "median, ms", "p99, ms", "max, ms", "p99 wanted"]]
    for size, (*_, answers) in found.items():
        if size is None:
            continue
        for kind in kinds(size):
            answer = answers[kind.name]
            figures = [f"{figure:.1f}" for figure in answer[:4]]
            wanted = f"{kind.target_ms:g}: {verdict(answer.p99_ms <= kind.target_ms)}"
            lines.append([kind.name, f"{size.rooms:,}", f"{size.messages:,}", str(answer.found), *figures, wanted])
    return table([lines[0], *sorted(lines[1:], key=lambda line: line[0])])


def verdict(met: bool) -> str:  # noqa: FBT001  # it is what is told
    """Return whether a target is met, in a word."""
    return "met" if met else "missed"


def panels(sizes: tuple[list[Size], list[Size]], found: Mapping[Size | None, Found]) -> list[LinePanel]:
    """Return the panels of the chart."""
    rooms, messages = sizes
    return [
        _starts(f"a start, over the rooms that {rooms[0].messages:,} messages are in", "rooms", rooms, found),
        _starts(f"a start, over the messages in {messages[0].rooms:,} rooms", "messages", messages, found),
        LinePanel(
            f"milliseconds, median, over the messages in {messages[0].rooms:,} rooms",
            "messages",
            [
                Line(name, [(size.messages, found[size].answers[name].median_ms) for size in messages])
                for name in ("HISTORY 1000", "SEARCH, a common word")
            ],
        ),
    ]


def _starts(title: str, axis: str, sizes: Sequence[Size], found: Mapping[Size | None, Found]) -> LinePanel:
    seconds = [(getattr(size, axis), found[size].start.seconds) for size in sizes]
    cpu = [(getattr(size, axis), found[size].start.cpu_seconds) for size in sizes]
    return LinePanel(title, axis, [Line("seconds", seconds), Line("CPU seconds", cpu)])
