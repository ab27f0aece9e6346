"""The fan-out benchmark: what it checks, its load on real servers, and what it prints."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from xml.etree import ElementTree

import pytest

from benchmarks import __main__ as everything
from benchmarks.chart import Line
from benchmarks.fanout import __main__ as program
from benchmarks.fanout import growth, load
from benchmarks.fanout.dialects import Chatd, Redis
from benchmarks.fanout.members import Member
from benchmarks.fanout.process import ServerError, running
from benchmarks.fanout.results import Results
from benchmarks.fanout.run import Figures, run
from benchmarks.fanout.servers import SERVERS, Server
from benchmarks.fanout.streams import ReadStream, Sender, Stream, WrongError, check_count, check_order
from benchmarks.fanout.works import WORKS, Work, smaller

pytestmark = pytest.mark.slow

TINY = Work("tiny", "", rooms=2, members=5, senders=3, window=2)
LENGTH = len(Chatd().delivery(b"m0", b"#r", b"x" * 16))


def said() -> tuple[list[Sender], list[bytes]]:
    """Return two senders and what is delivered when they take turns."""
    senders = [Sender(Chatd(), b"m%d" % index, b"#r", index, 16) for index in range(2)]
    for sender in senders:
        sender.say(3, 0)
    return senders, [
        message for pair in zip(*(sender.delivered for sender in senders), strict=True) for message in pair
    ]


def read(senders: Sequence[Sender], messages: Sequence[bytes], *, piece: int = 7, noise: bytes = b"") -> ReadStream:
    """Return the stream of one who compares every byte, fed piece by piece."""
    stream = ReadStream(senders, LENGTH, len(b"MSG m0 #r "), noise)
    data = b"".join(messages)
    for start in range(0, len(data), piece):
        stream.take(memoryview(data[start : start + piece]))
    return stream


def counted(messages: Sequence[bytes]) -> Stream:
    """Return the stream of one who keeps a checksum."""
    stream = Stream(LENGTH)
    stream.take(memoryview(b"".join(messages)))
    return stream


@pytest.mark.parametrize("piece", [1, 7, LENGTH, 1000])
def test_what_was_said_is_right_however_it_is_cut(piece: int) -> None:
    senders, messages = said()
    stream = read(senders, messages, piece=piece)
    check_count(stream, 6)
    assert stream.order == b"ababab"
    check_order(counted(messages), stream, None)


def missing(messages: list[bytes]) -> list[bytes]:
    return messages[:2] + messages[3:]


def doubled(messages: list[bytes]) -> list[bytes]:
    return [*messages[:3], *messages[2:]]


def swapped(messages: list[bytes]) -> list[bytes]:
    return [messages[2], messages[1], messages[0], *messages[3:]]


def changed(messages: list[bytes]) -> list[bytes]:
    return [*messages[:2], messages[2].replace(b"x\r", b"y\r"), *messages[3:]]


def of_a_stranger(messages: list[bytes]) -> list[bytes]:
    return [*messages[:2], messages[2].replace(b" a0", b" z0"), *messages[3:]]


@pytest.mark.parametrize("spoil", [missing, doubled, swapped, changed, of_a_stranger])
def test_a_wrong_message_is_noticed(spoil: Callable[[list[bytes]], list[bytes]]) -> None:
    senders, messages = said()
    with pytest.raises(WrongError, match="something else"):
        read(senders, spoil(messages))
    with pytest.raises(WrongError):
        stream = counted(spoil(messages))
        check_count(stream, 6)
        check_order(stream, read(*said()), None)


def test_the_last_message_twice_or_not_at_all_is_noticed() -> None:
    senders, messages = said()
    with pytest.raises(WrongError, match="5 instead of 6"):
        check_count(read(senders, messages[:-1]), 6)
    senders, messages = said()
    with pytest.raises(WrongError, match="something else"):
        read(senders, [*messages, messages[-1]])
    with pytest.raises(WrongError, match="7 instead of 6"):
        check_count(counted([*messages, messages[-1]]), 6)


def test_another_order_of_senders_is_noticed() -> None:
    reference = read(*said())
    senders, messages = said()
    other = [messages[1], messages[0], *messages[2:]]
    for stream in (read(senders, other), counted(other)):
        check_count(stream, 6)
        with pytest.raises(WrongError, match="order"):
            check_order(stream, reference, None)


def test_a_sender_misses_its_own() -> None:
    reference = read(*said())
    senders, messages = said()
    stream = read(senders, messages[1::2])
    check_count(stream, 3)
    check_order(stream, reference, ord("a"))
    with pytest.raises(WrongError, match="order"):
        check_order(stream, reference, ord("b"))


@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_what_a_server_answers_a_sender_is_no_message(piece: int) -> None:
    senders, messages = said()
    answer = Redis().noise(10)
    stream = read(senders, [answer, messages[0], answer, *messages[1:], answer], piece=piece, noise=answer)
    check_count(stream, 6)


@pytest.mark.parametrize("name", ["bare", "threaded"])
def test_our_own_peers_deliver_what_they_should(name: str, tmp_path: Path) -> None:
    figures = run(SERVERS[name], TINY, 0.1, tmp_path)
    assert min(figures.per_cpu_second, figures.per_second) > 0
    assert 0 < figures.median <= figures.p99


def test_a_run_that_is_too_short_goes_on_until_something_is_delivered(tmp_path: Path) -> None:
    assert run(SERVERS["bare"], TINY, 0, tmp_path).median > 0


@pytest.mark.parametrize("name", [name for name, server in SERVERS.items() if server.program != sys.executable])
def test_peers_that_are_installed_deliver_what_they_should(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    if SERVERS[name].path is None:
        pytest.skip(f"{SERVERS[name].program} is not installed")
    assert run(SERVERS[name], TINY, 0.1, Path()).per_second > 0


def test_a_schedule_is_kept(tmp_path: Path) -> None:
    figures = run(SERVERS["bare"], Work("tiny", "", rooms=2, members=3, senders=2, rate=200), 0.5, tmp_path)
    assert 200 < figures.per_second < 500


def test_idle_connections_cost_memory(tmp_path: Path) -> None:
    figures = run(SERVERS["threaded"], Work("tiny", "", rooms=4, members=5, senders=0), 0.1, tmp_path)
    assert min(figures.kilobytes, figures.per_second) > 0


def test_what_is_lost_is_found_in_the_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "STALL_SECONDS", 0.3)
    with running(SERVERS["bare"], tmp_path) as process, load.Load(SERVERS["bare"], TINY, process.port) as lossy:
        lossy.enter()
        lossy.begin()
        monkeypatch.setattr(Member, "send", lambda _, data: None)  # noqa: ARG005  # it drops them
        lossy.until(perf_counter() + 0.1)
        with pytest.raises(WrongError, match=r"m000000 in #r0000: \d+ instead of \d+ messages"):
            lossy.finish()


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    server = replace(SERVERS["bare"], arguments=lambda _port, _file: ["-c", "raise SystemExit('not today')"])
    with pytest.raises(ServerError, match="did not start: not today"):
        run(server, TINY, 0.1, tmp_path)


def test_a_server_that_hangs_up_or_stands_still_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "STALL_SECONDS", 0.3)
    listen = "import socket, sys; s = socket.create_server(('127.0.0.1', int(sys.argv[1]))); c = [];"
    for then, why in (
        ("[s.accept()[0].close() for _ in range(99)]", "closed the connection of m0000|cut off m0000"),
        ("[c.append(s.accept()) for _ in range(99)]", r"stood still for 0.3 seconds: waited for b'OK JOIN '"),
    ):
        monkeypatch.setattr(Server, "command", lambda _self, port, _, then=then: python(f"{listen} {then}", port))
        with pytest.raises(ServerError, match=why):
            run(SERVERS["bare"], TINY, 0.1, tmp_path)


def python(program: str, port: int) -> list[str]:
    return [sys.executable, "-c", program, str(port)]


def arguments(monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks.fanout", *options])
    monkeypatch.setitem(WORKS, "turn", TINY)
    monkeypatch.setattr(program, "raise_file_limit", lambda: None)


def test_the_command_measures_chatd(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    where = ["--directory", str(tmp_path), "--charts", str(tmp_path)]
    only = ["--only", "chatd-memory", "chatd-sqlite", "bare", "--work", "turn"]
    arguments(monkeypatch, *where, *only, "--seconds", "0.2", "--repeat", "1")
    program.main()
    printed = capsys.readouterr()
    heads = [line for line in printed.out.splitlines() if "chatd memory  " in line and "chatd SQLite" in line]
    assert [head.split()[0] for head in heads] == ["deliveries", "median", "p99"]
    assert printed.err == ""
    assert ElementTree.parse(tmp_path / "fanout.svg").getroot().tag.endswith("svg")


@pytest.mark.parametrize(("name", "status"), [("bare", None), ("chatd-memory", "chatd memory, tiny: it is tired")])
def test_only_chatds_failure_ends_the_benchmark(
    name: str,
    status: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def fail(*_: object) -> None:
        raise ServerError("it is tired")

    monkeypatch.setattr(program, "run", fail)
    arguments(monkeypatch, "--directory", str(tmp_path), "--only", name, "--work", "turn")
    if status is not None:
        with pytest.raises(SystemExit, match=status):
            program.main()
    else:
        program.main()
        assert ".. [1] tiny, bare: failed: it is tired" in capsys.readouterr().out


def test_a_wrong_message_ends_the_benchmark(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def find_fault(*_: object) -> None:
        raise WrongError("spoiled")

    monkeypatch.setattr(load, "check_count", find_fault)
    arguments(monkeypatch, "--directory", str(tmp_path), "--only", "bare", "--work", "turn", "--seconds", "0.1")
    with pytest.raises(SystemExit, match="bare, tiny: m000000 in #r0000: spoiled"):
        program.main()


def test_a_server_that_is_not_installed_is_left_out(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(SERVERS, "redis", replace(SERVERS["redis"], program="no-such-program"))
    assert program.installed(["redis", "bare"]) == [SERVERS["bare"]]
    assert capsys.readouterr().out == "redis is left out: no-such-program is not installed\n"


def test_the_tables_compare_with_redis() -> None:
    servers = [SERVERS["chatd-memory"], SERVERS["redis"], SERVERS["nats"]]
    measured: dict[tuple[str, str], list[Figures] | str] = {
        ("busy", "chatd-memory"): [Figures(3_000_000, 2_000_000, 5, p99) for p99 in (11, 900, 12)],
        ("busy", "redis"): [Figures(1_000_000, 900_000, 10, 24)],
        ("busy", "nats"): "failed: it is tired",
        ("idle", "chatd-memory"): [Figures(9000, 8000, kilobytes=2.5)],
        ("idle", "redis"): [Figures(18000, 8000, kilobytes=10)],
        ("idle", "nats"): [Figures(4500, 4000, kilobytes=50)],
    }
    results = Results([WORKS["busy"], WORKS["idle"]], servers, measured)
    lines = [line.split() for line in results.tables().splitlines()]
    assert ["busy", "3.0", "M", "(3.00)", "1.0", "M", "-", "[1]_"] in lines
    assert ["busy", "12", "(0.50)", "24", "-", "[1]_"] in lines
    assert ["..", "[1]", "busy,", "nats:", "failed:", "it", "is", "tired"] in lines
    assert ["idle", "2.5", "(0.25)", "10", "50", "(5.00)"] in lines
    assert ["idle", "9", "k", "(0.50)", "18", "k", "4.5", "k", "(0.25)"] in lines
    texts = [
        element.text for element in ElementTree.fromstring(results.chart()).iter("{http://www.w3.org/2000/svg}text")
    ]
    assert texts.count("chatd memory") == 3
    assert "3.0 M" in texts


def test_growth_shows_its_slopes() -> None:
    kinds = growth.growing(quick=False)
    works = [work for kind in kinds for work in kind.works.values()]
    costs = {work.name: growth.Cost((work.connections * work.text_bytes) ** 0.5, 2.0) for work in works}
    assert "1 room of 10,000" in growth.growth_table(kinds, costs)
    chart = growth.growth_chart(kinds, costs)
    assert chart.count("a message: slope 0.50") == len(kinds)
    assert chart.count("a delivery: slope 0.00") == len(kinds)
    ElementTree.fromstring(chart)
    assert Line("", [(10, 1), (1000, 100)]).slope == pytest.approx(1)


def test_what_is_quick_is_smaller() -> None:
    assert all(smaller(work).connections < work.connections for work in WORKS.values())


def test_all_benchmarks_are_named_and_told_to_be_quick() -> None:
    for name in everything.NAMES:
        assert find_spec(f"benchmarks.{name}") is not None
        assert everything.command(name, quick=True) == [sys.executable, "-m", f"benchmarks.{name}", "--quick"]
        assert "--quick" not in everything.command(name, quick=False)
