"""The soak: a short one on a real daemon, and that each of its checks can fail."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest

from benchmarks.soak import __main__ as program
from benchmarks.soak import hostile
from benchmarks.soak.check import (
    FILES_BOUND,
    FORGED_LINE,
    FORGERY,
    MEMORY_BOUND_BYTES,
    MIB,
    PROCESSOR_BOUND,
    Heard,
    Said,
    check_files,
    check_heard,
    check_log,
    check_memory,
    check_processor,
    dirt,
)
from benchmarks.soak.daemon import Places
from benchmarks.soak.run import Outcome, Plan, Sample, soak
from benchmarks.soak.visitor import Gang, Tally
from benchmarks.soak.well_behaved import ATTACK, PHASES, Report

pytestmark = pytest.mark.slow

SHORT = Plan(seconds=8, warm_up_seconds=1, settle_seconds=30, rest_seconds=1, programs=12, scale=0.1)
ROOM = "#calm"
ROOMS = {ROOM: {"ann", "bob"}}
SAID = [Said(nick, ROOM, f"{nick} {number}", f"{nick}.{number}") for number in range(3) for nick in ("ann", "bob")]
STAMP = "2026-01-02T03:04:05+0000 [chatd.edges.line.LineProtocol#info] "


def heard_by(listener: str) -> list[Heard]:
    return [
        Heard(10 + place, said.nick, ROOM, said.text, said.label if said.nick == listener else None)
        for place, said in enumerate(SAID)
    ]


def faults(of_ann: Sequence[Heard], of_bob: Sequence[Heard] | None = None) -> list[str]:
    return check_heard(SAID, ROOMS, {"ann": of_ann, "bob": heard_by("bob") if of_bob is None else of_bob})


def test_what_all_heard_once_and_in_order_is_right() -> None:
    stranger = Heard(5, "mallory", ROOM, "buy now")
    assert faults([stranger, *heard_by("ann")]) == []


def lost(heard: list[Heard]) -> list[Heard]:
    return heard[:2] + heard[3:]


def echo_lost(heard: list[Heard]) -> list[Heard]:
    return heard[1:]


def doubled(heard: list[Heard]) -> list[Heard]:
    return [*heard, heard[2]._replace(id=99)]


def reordered(heard: list[Heard]) -> list[Heard]:
    return [heard[1], heard[0], *heard[2:]]


def renumbered(heard: list[Heard]) -> list[Heard]:
    return [*heard[:-1], heard[-1]._replace(id=77)]


def forged(heard: list[Heard]) -> list[Heard]:
    return [*heard, Heard(99, "bob", ROOM, "never said")]


def changed(heard: list[Heard]) -> list[Heard]:
    return [heard[0], heard[1]._replace(text="bob O"), *heard[2:]]


def unlabelled(heard: list[Heard]) -> list[Heard]:
    return [heard[0]._replace(label=None), *heard[1:]]


def with_the_label_of_another(heard: list[Heard]) -> list[Heard]:
    return [heard[0], heard[1]._replace(label="bob.0"), *heard[2:]]


@pytest.mark.parametrize(
    ("spoil", "named"),
    [
        (lost, "lost: 'ann 1' of ann"),
        (echo_lost, "lost: 'ann 0' of ann"),
        (doubled, "heard 2 times: 'ann 1' of ann"),
        (reordered, "out of order: the id 10 after 11"),
        (renumbered, "'bob 2' of bob has the id 15, and for others 77"),
        (forged, "forged: bob never said 'never said'"),
        (changed, "forged: bob never said 'bob O'"),
        (unlabelled, "'ann 0' of ann has the label None, not ann.0"),
        (with_the_label_of_another, "'bob 0' of bob has the label bob.0, not None"),
    ],
)
def test_what_was_heard_wrongly_is_named(spoil: Callable[[list[Heard]], list[Heard]], named: str) -> None:
    found = faults(spoil(heard_by("ann")))
    assert any(fault.endswith(named) and f" in {ROOM}: " in fault for fault in found), found


def test_what_one_said_must_be_stored_in_that_order() -> None:
    ids = [12, 11, 10, 13, 14, 15]

    def exchanged(listener: str) -> list[Heard]:
        spoilt = [each._replace(id=id_) for each, id_ in zip(heard_by(listener), ids, strict=True)]
        return sorted(spoilt, key=lambda each: each.id)

    assert faults(exchanged("ann"), exchanged("bob")) == ["'ann 1' of ann came before what was said before it"]


def test_of_many_faults_the_first_are_shown_and_the_others_counted() -> None:
    found = faults([])
    assert len(found) == 4
    assert found[-1] == f"ann in {ROOM}: 3 more such"


def test_the_log_as_it_should_be() -> None:
    good = f'{STAMP}said "{FORGERY}"\n{STAMP}\u241b[31m\n'
    assert check_log(good) == []


@pytest.mark.parametrize(
    ("line", "named"),
    [
        (f"{STAMP}\x1b[31mred", "a control character"),
        (f"{STAMP}a\rb", "a control character"),
        (f"{STAMP}\x9b31m", "a control character"),
        (f"{STAMP}a\u2028b", "a control character"),
        (FORGED_LINE, "a line that is not the daemon's"),
        (STAMP + FORGERY, "a line that is not the daemon's"),
        ("made up", "a line that is not the daemon's"),
        ("\tTraceback (most recent call last):", "an exception"),
        (STAMP.replace("info", "critical"), "an exception"),
    ],
)
def test_what_must_not_be_in_the_log_is_found(line: str, named: str) -> None:
    found = check_log(f"{STAMP}before\n{line}\n{STAMP}after\n")
    assert len(found) == 1
    assert named in found[0]
    assert found[0].isprintable()


def test_memory_files_and_work_that_do_not_come_back_are_found() -> None:
    assert check_memory(60 * MIB, 60 * MIB + MEMORY_BOUND_BYTES) == []
    assert "grew by 33.0 MiB" in check_memory(60 * MIB, 61 * MIB + MEMORY_BOUND_BYTES)[0]
    assert check_files(40, 40 + FILES_BOUND) == []
    assert "9 more files" in check_files(40, 41 + FILES_BOUND)[0]
    assert check_processor(0.125, 0.125 + PROCESSOR_BOUND) == []
    assert "90% of a processor" in check_processor(0.1, 0.9)[0]


@pytest.mark.parametrize(
    "bad", [b"\x1b[31m", b"\x07", b"\r", b"\x7f", b"\0", "\x9b".encode(), "\u202e".encode(), b"\n"]
)
def test_a_control_character_in_a_line_is_found(bad: bytes) -> None:
    assert dirt("MSG ann #calm tab\tand ünïcödé\r\nOK\r\n".encode()) is None
    assert dirt(b"MSG ann #calm " + bad + b"x\r\n") is not None


async def count_verdicts(answer: bytes) -> Tally:
    """Return what a visitor counts of an answer in small pieces, after which the server closes."""
    tally = Tally()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gang = Gang(Places(*[listener.getsockname()[1]] * 5), tally, random.Random(1))
        visitor = await gang.connect(listener.getsockname()[1])
        accepted, _ = listener.accept()
        with accepted:
            for start in range(0, len(answer), 7):
                accepted.sendall(answer[start : start + 7])
                await asyncio.sleep(0)
        await visitor.over(5)
        await gang.leave()
    return tally


def test_a_visitor_counts_verdicts_and_how_it_ended() -> None:
    answer = b"NOTE ERR no-code\r\nERR bad-nick JOIN no\r\n@label=a ERR bad-nick JOIN no\r\nBYE quit bye\r\n"
    assert asyncio.run(count_verdicts(answer)) == {"connections": 1, "ERR bad-nick": 2, "BYE quit": 1, "closed": 1}


def test_a_visitor_counts_what_no_terminal_should_get() -> None:
    tally = asyncio.run(count_verdicts(b"\xff\xfc\x01NOTE \x1b[31m\xff\xfe\x1f\r\n"))
    assert [key for key in tally if key.startswith("DIRT")] == [r"DIRT b'NOTE \x1b[31m\r\n'"]


async def count_irc_verdicts(answer: bytes) -> Tally:
    """Return what an IRC client counts of an answer."""
    tally = Tally()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        gang = Gang(Places(*[listener.getsockname()[1]] * 5), tally, random.Random(1))
        visitor = await gang.connect(listener.getsockname()[1], irc=True)
        accepted, _ = listener.accept()
        with accepted:
            accepted.sendall(answer)
        await visitor.over(5)
        await gang.leave()
    return tally


def test_a_visitor_over_irc_counts_numerics_and_what_no_terminal_should_get() -> None:
    answer = b":s 001 ann :hi\r\n@a=b :s 433 * ann :no\r\nFAIL NICK X :no\r\nERROR :bye\r\n"
    tally = asyncio.run(count_irc_verdicts(answer + b":a PRIVMSG #b :\x01ACTION waves\x01\r\n:a PRIVMSG b :\x01\r\n"))
    dirty = [key for key in tally if key.startswith("DIRT")]
    assert len(dirty) == 1 and dirty[0].endswith(r"PRIVMSG b :\x01\r\n'")
    del tally[dirty[0]]
    assert tally == {"connections": 1, "433": 1, "FAIL NICK X": 1, "ERROR": 1, "closed": 1}


def test_each_kind_has_a_name_of_its_own() -> None:
    assert len({kind.name for kind in hostile.KINDS}) == len(hostile.KINDS)


@pytest.mark.serial
def test_a_short_soak_has_no_faults() -> None:
    names = {kind.name for kind in hostile.KINDS if not kind.name.startswith("IRC")}
    expected = {
        "endless line": "ERR too-long",
        "TLS or HTTP on plain": "BYE not-chatd",
        "noise in every field": "ERR not-utf8",
        "flood: bad tags": "ERR bad-tags",
        "flood: KICK, BAN, SET": "ERR not-allowed",
        "150 of one address": "BYE refused",
        "fifty for one nick": "ERR name-taken",
        "resume= of others": "ERR name-taken",
    }
    check_soak(replace(SHORT, only="^(?!IRC)"), names, expected)


@pytest.mark.serial
def test_a_short_soak_over_irc_has_no_faults() -> None:
    names = {kind.name for kind in hostile.KINDS if kind.name.startswith("IRC")}
    expected = {
        "IRC: TLS or HTTP on plain": "ERROR",
        "IRC: endless line": "417",
        "IRC: noise before coming in": "432",
        "IRC flood: AUTHENTICATE": "904",
        "IRC flood: NICK": "433",
    }
    check_soak(replace(SHORT, only="^IRC"), names, expected)


def check_soak(plan: Plan, names: set[str], expected: Mapping[str, str]) -> None:
    """Carry out a soak with the kinds of these names, each of which is to be told something."""
    outcome = soak(plan)
    assert not outcome.faults, "\n".join(outcome.faults)
    assert outcome.report.said >= plan.programs * plan.seconds / 2
    assert outcome.peak.files > outcome.before.files
    assert set(outcome.tallies) == names
    for kind, verdict in expected.items():
        assert outcome.tallies[kind].get(verdict), (kind, outcome.tallies[kind])


@pytest.mark.parametrize("fault", ["", "ann in #calm: lost: 'x'"])
def test_the_command_ends_with_1_and_names_the_faults(
    fault: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    plans: list[Plan] = []
    figures = {phase: {"own echo": [1.0, 2.0, 3.0], "delivery": [1.0, 120.0, 150.0]} for phase in PHASES}
    sample = Sample(60 * MIB, 40, 0.1)
    report = Report(10, 90, figures)
    outcome = Outcome(
        report,
        {"storm": {"left": 3}},
        sample,
        sample,
        sample,
        5,
        {"daemon": 0.5},
        7,
        {"slow": 2},
        [fault] * bool(fault),
    )

    def fake(plan: Plan) -> Outcome:
        plans.append(plan)
        return outcome

    monkeypatch.setattr(program, "soak", fake)
    monkeypatch.setattr("sys.argv", ["soak", "--quick", "--seconds", "3"])
    with pytest.raises(SystemExit) as ended:
        program.main()
    printed = capsys.readouterr().out
    assert ended.value.code == bool(fault)
    assert (f"FAULT: {fault}" if fault else "no faults") in printed
    assert f"{ATTACK}: missed" in printed
    assert plans[0].seconds == 3
    assert plans[0].programs == program.QUICK.programs
