"""The benchmark of scale: the file that it makes, what it asks a real daemon, and what it prints."""

from __future__ import annotations

import resource
import sys
from collections import Counter
from contextlib import closing
from math import log10
from pathlib import Path
from xml.etree import ElementTree

import pytest

from benchmarks.chart import line_chart
from benchmarks.fanout.process import ServerError
from benchmarks.scale import __main__ as program
from benchmarks.scale import beside, growth, idle, talk
from benchmarks.scale.big_file import Size, big_file
from benchmarks.scale.daemon import Start, daemon
from benchmarks.scale.reads import Answers, Kind, ask, kinds
from chatd.journal.sqlite.store import Store

pytestmark = pytest.mark.slow

SMALL = Size(100, 2000)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return where the files of these tests are kept, as those of the benchmark are."""
    return tmp_path_factory.mktemp("scale")


def test_every_room_has_a_message_and_a_few_have_most() -> None:
    said = list(talk.messages(30_000, 300))
    assert said == list(talk.messages(30_000, 300))
    by_room = Counter(message.room for message in said)
    assert len(by_room) == 300
    assert sum(by_room[room] for room in range(1, 31)) > 15_000
    common = talk.words()[0]
    assert 6_000 < sum(common in message.text.split() for message in said) < 24_000


def test_the_file_is_made_once_and_is_a_daemons_own(directory: Path) -> None:
    path = big_file(directory, SMALL)
    made = path.stat().st_mtime_ns
    assert big_file(directory, SMALL) == path
    assert path.stat().st_mtime_ns == made
    assert [each.name for each in directory.glob(".*")] == []
    with closing(Store(path)) as store:
        states = store.room_states()
        assert len(states) == SMALL.rooms
        assert all(state.said_id for state in states.values())
        assert sum(state.topic is not None for state in states.values()) == 20
        assert sum(len(state.policy) > 0 for state in states.values()) == 10
        words = talk.words()
        found = store.searcher.search("#room-1", [words[0]], before=10**9, count=50, seconds=10)
    assert len(found) == 50


def test_what_is_asked_is_answered(directory: Path) -> None:
    with daemon(directory, big_file(directory, SMALL)) as server:
        server.start()
        found = [ask(server.process, kind, 5) for kind in kinds(SMALL)]
        assert found[0].found > 50
        assert all(0 < answers.median_ms <= answers.p99_ms <= answers.max_ms for answers in found)
        with pytest.raises(RuntimeError, match="the answer to HISTORY was ERR"):
            ask(server.process, Kind("", 1, 1, lambda _: "HISTORY 1001"), 1)


def test_a_daemon_that_does_not_start_says_why(directory: Path, tmp_path: Path) -> None:
    broken = tmp_path / "broken"
    broken.write_text("no journal")
    with daemon(directory, broken) as server, pytest.raises(ServerError, match="not a database"):
        server.start()


def test_growth_shows_its_slopes() -> None:
    sizes = growth.growing(Size(100_000, 10_000_000))
    assert [size.rooms for size in sizes[0]] == [1000, 10_000, 100_000]
    assert [size.messages for size in sizes[1]] == [200_000, 1_000_000, 10_000_000]
    found: dict[Size | None, growth.Found] = {None: growth.Found(0, Start(0.5, 0.4, 60), Start(0.5, 0.4, 60), {})}
    for size in {*sizes[0], *sizes[1]}:
        start = Start(size.messages / 1e7, size.rooms**0.5, 100)
        answers = {kind.name: Answers(1, 1, log10(size.messages) * 3, 30, 50) for kind in kinds(size)}
        found[size] = growth.Found(100, start, start, answers)
    assert "on the largest: met" in growth.start_table(found)
    assert "20: missed" in growth.read_table(found)
    assert "100: met" in growth.read_table(found)
    chart = line_chart("", growth.panels(sizes, found))
    assert "CPU seconds: slope 0.50" in chart
    assert "seconds: slope 1.00" in chart
    ElementTree.fromstring(chart)


def test_more_connections_than_files_are_allowed_are_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    def forbid(*_: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "getrlimit", lambda _: (1024, 1024))
    monkeypatch.setattr(resource, "setrlimit", lambda _, limits: None if limits == (1024, 1024) else forbid())
    assert idle.allowed(50_000) == 820
    assert idle.allowed(500) == 500


def arguments(monkeypatch: pytest.MonkeyPatch, directory: Path, *options: str) -> None:
    sizes = ["--rooms", str(SMALL.rooms), "--messages", str(SMALL.messages)]
    monkeypatch.setattr(sys, "argv", ["benchmarks.scale", "--quick", *sizes, "--directory", str(directory), *options])


def test_the_command_measures_all_parts(
    directory: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(idle, "IDLE_SECONDS", 0.1)
    monkeypatch.setattr(idle, "SETTLE_SECONDS", 0.1)
    arguments(monkeypatch, directory, "--connections", "100", "--charts", str(tmp_path))
    program.main()
    printed = capsys.readouterr()
    for head in ("first answer, s", "SEARCH, a rare word", "trimming", "a backup", "CPU while idle"):
        assert head in printed.out
    assert printed.err == ""
    chart = (tmp_path / "scale.svg").read_text()
    ElementTree.fromstring(chart)
    assert chart.count("slope") == 8
    assert sorted(each.suffix for each in directory.iterdir() if each.suffix != ".sqlite3-lock") == [".sqlite3"] * 4


def test_the_command_makes_the_file_and_no_more(
    directory: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments(monkeypatch, directory, "--make", str(directory))
    program.main()
    assert capsys.readouterr().out == f"{directory / SMALL.file_name}\n"


def test_a_daemon_that_fails_ends_the_benchmark(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ServerError("it is tired")

    monkeypatch.setattr(beside, "measure", fail)
    arguments(monkeypatch, directory, "--part", "beside")
    with pytest.raises(SystemExit, match="it is tired"):
        program.main()


def test_too_few_messages_are_refused(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks.scale", "--rooms", "200", "--messages", "400"])
    with pytest.raises(SystemExit):
        program.main()
    assert "more than two messages for each" in capsys.readouterr().err
