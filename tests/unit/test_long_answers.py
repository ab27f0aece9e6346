"""What reading costs: long answers to one who does not read them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.daemon import rss
from tests.support.tagged_clients import JOURNAL, MIB, ROOM, Heard, Program, _label, body, heard, running, stop, value

MANY = 10_000
"""As much as one JOIN with since= tells."""
ANSWER_COSTS = 8 * MIB
"""More than what a reader may keep waiting (1 MiB and 64 KiB), a page (64 KiB of text) and SQLite's cache (2 MB for
each of two connections), with room for fragments; less than the 10 MB and more that each of the answers has."""


@pytest.fixture(scope="module")
def long_journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal of `MANY` messages of 1 KB each, left by a daemon that was stopped."""
    folder = tmp_path_factory.mktemp("long")
    with running(folder) as daemon:
        with Program(daemon.port, "ann") as ann:
            for start in range(0, MANY, 250):
                texts = [f"{number} ".ljust(1000, "x") for number in range(start, start + 250)]
                ann.send("".join(f"MSG {text}\n" for text in texts).encode())
                while len(ann.heard) < start + 250:
                    ann.line()
        stop(daemon, folder / JOURNAL)
    return folder / JOURNAL


LIVE = [f"live.{number} now" for number in range(300)]


@dataclass
class Costs:
    """What was measured of a daemon while somebody asked for much."""

    told: list[list[Heard]]
    """What was replayed, answer by answer."""
    live: list[Heard]
    end: list[str]
    """The OK lines of the answers."""
    grown: int
    """By how many bytes, at most, the daemon had more memory than before."""


def asked_and_not_read(folder: Path, journal: Path, ask: Callable[[str], list[str]], answers: int) -> Costs:
    """Ask for much, given the epoch; read the beginning, let others talk, then read the rest of so many answers."""
    shutil.copy(journal, folder / JOURNAL)
    with (
        running(folder) as daemon,
        Program(daemon.port, "ann") as ann,
        Program(daemon.port, "bob") as bob,
        daemon.client(receive_buffer=4096) as slow,
    ):
        bob.ask("HISTORY 1", "OK HISTORY ")
        before = most = rss(daemon.pid)
        slow.send("".join(f"{line}\n" for line in ["HELLO 1", *ask(ann.epoch)]).encode())
        lines = slow.until(lambda line: heard(line) is not None)  # so it was begun, and now nobody reads
        for text in LIVE:
            assert ann.say(text) is not None
            assert body(bob.until(lambda line: body(line).startswith("MSG "))[-1]) == f"MSG ann {ROOM} {text}"
            most = max(most, rss(daemon.pid))
        costs = Costs([[]], [], [], 0)
        while len(costs.end) < answers:
            line = lines.pop(0) if lines else slow.line()
            assert not line.startswith(("BYE ", "ERR ")), line
            said = heard(line)
            if said is not None and said.old:
                costs.told[-1].append(said)
                if said.id % 100 == 0:
                    most = max(most, rss(daemon.pid))
            elif said is not None:
                costs.live.append(said)
            elif line.startswith(f"OK {ask('')[-1].split()[0]} "):
                costs.end.append(line)
                costs.told.append([])
        costs.grown = most - before
    return costs


def test_a_join_that_tells_much_costs_little_while_nobody_reads_and_all_comes_later(
    tmp_path: Path, long_journal: Path
) -> None:
    costs = asked_and_not_read(tmp_path, long_journal, lambda epoch: [f"JOIN slow {ROOM} since=0 epoch={epoch}"], 1)
    told, _ = costs.told
    assert [said.id for said in told] == list(range(1, MANY + len(LIVE) + 1))
    assert [_label(said.text) for said in told[:MANY]] == [str(number) for number in range(MANY)]
    assert [said.text for said in told[MANY:]] == LIVE
    assert value(costs.end[0], "recovered") == "yes"
    assert costs.live == []
    assert costs.grown < ANSWER_COSTS, f"{costs.grown / MIB:.1f} MiB"


def test_many_histories_cost_little_while_nobody_reads_and_all_come_later(tmp_path: Path, long_journal: Path) -> None:
    many = [f"JOIN slow {ROOM}", *["HISTORY 1000"] * 20]
    costs = asked_and_not_read(tmp_path, long_journal, lambda _: many, 20)
    for told in costs.told[:20]:
        last = told[-1].id
        assert MANY <= last <= MANY + len(LIVE)
        assert [said.id for said in told] == list(range(last - 999, last + 1))
    assert costs.end == [f"OK HISTORY {ROOM} 1000"] * 20
    assert [said.text for said in costs.live] == LIVE
    assert costs.grown < ANSWER_COSTS, f"{costs.grown / MIB:.1f} MiB"
