"""Notices: what comes in their pauses is told together, and no program that shows one lasts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.error import ProcessDone, ProcessExitedAlready
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatd.client.model.room import Room
from chatd.client.view import notices as view
from chatd.client.view.notices import MAX_TEXT, PAUSE, SHOW_SECONDS, Notices
from chatd.client.view.programs import MAX_OUTPUT_BYTES, Programs, Running
from tests.support.daemon import DEADLINE, is_running
from tests.support.linked_users import until

PROGRAM = "/usr/bin/notify-send"


class Process:
    """Stands for a program that runs until it is killed."""

    def __init__(self, protocol: Any) -> None:
        self.protocol = protocol
        self.ended = False
        protocol.makeConnection(self)

    def signalProcess(self, name: str) -> None:  # noqa: N802  # Twisted's
        assert name == "KILL"
        if self.ended:
            raise ProcessExitedAlready
        self.end(Failure(OSError("killed")))

    def end(self, reason: Failure | None = None) -> None:
        self.ended = True
        self.protocol.processExited(reason or Failure(ProcessDone(0)))


class Spawner(Clock):
    """A clock that notes which programs are to run, and runs none."""

    def __init__(self) -> None:
        super().__init__()
        self.commands: list[list[str]] = []
        self.processes: list[Process] = []

    def spawnProcess(self, protocol: Running, path: str, command: list[str], env: object, childFDs: object) -> None:  # noqa: ARG002, N802, N803  # Twisted's
        assert path == command[0]
        self.commands.append(command)
        self.processes.append(Process(protocol))

    @property
    def told(self) -> list[tuple[str, str]]:
        return [(title, text) for *_, title, text in self.commands]


class Rig:
    def __init__(self, program: str | None = PROGRAM) -> None:
        self.clock = Spawner()
        self.bells: list[float] = []
        self.rooms = {name: Room(name) for name in ("#r", "#ops", "ann", "#b", "#c", "#d")}
        self.notices = Notices(self.clock, lambda: self.bells.append(self.clock.seconds()), program)

    def give(self, nick: str, name: str, text: str = "hi") -> None:
        self.rooms[name].unread += 1
        self.notices.give(nick, self.rooms[name], text)


def test_a_notice_rings_and_is_shown_with_what_desktops_take_for_markup_written_out() -> None:
    rig = Rig()
    rig.give("bob", "#r", "<b>" + "x" * 500)
    rig.give("ann", "ann", "a word")
    rig.clock.advance(PAUSE)
    text = "&lt;b&gt;" + "x" * (MAX_TEXT - 3)
    assert rig.clock.commands[0] == [PROGRAM, "--app-name=chatd", "--", "bob in #r", text]
    assert rig.clock.told[1:] == [("ann", "a word")]
    assert rig.bells == [0, PAUSE]


def test_without_a_program_it_rings() -> None:
    rig = Rig(None)
    rig.give("bob", "#r")
    assert (rig.bells, rig.clock.commands) == ([0], [])


def test_what_comes_in_the_pause_is_told_in_one_notice_after_it() -> None:
    rig = Rig()
    rig.give("bob", "#r", "the first")
    for nick, room in (("bob", "#ops"), ("ann", "ann"), ("eve", "#ops")):
        rig.give(nick, room)
    assert rig.clock.told == [("bob in #r", "the first")]
    rig.clock.advance(PAUSE)
    assert rig.clock.told[1:] == [("3 more messages", "2 in #ops, 1 from ann")]
    rig.give("bob", "#r", "in the pause after that one")
    assert len(rig.clock.told) == 2
    rig.clock.advance(PAUSE)
    assert rig.clock.told[2:] == [("bob in #r", "in the pause after that one")]
    assert rig.bells == [0, PAUSE, 2 * PAUSE]
    rig.clock.advance(PAUSE)
    rig.give("bob", "#r", "at once again")
    assert rig.clock.told[3:] == [("bob in #r", "at once again")]


def test_what_was_read_in_the_pause_is_not_told() -> None:
    rig = Rig()
    rig.give("bob", "#r")
    rig.give("bob", "#ops")
    rig.give("ann", "ann", "unread")
    rig.rooms["#ops"].unread = 0
    rig.clock.advance(PAUSE)
    assert rig.clock.told[1:] == [("ann", "unread")]
    rig.give("bob", "#ops")
    rig.rooms["#ops"].unread = 0
    rig.clock.advance(PAUSE)
    assert len(rig.clock.told) == len(rig.bells) == 2
    assert not rig.notices._held


def test_a_notice_names_few_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(view, "MAX_PLACES", 2)
    rig = Rig()
    for name in ("#r", "#ops", "#ops", "#b", "#c", "#d"):
        rig.give("bob", name)
    rig.clock.advance(PAUSE)
    assert rig.clock.told[-1] == ("5 more messages", "2 in #ops, 1 in #b, 2 elsewhere")


@pytest.mark.parametrize(("rings", "shows"), [(False, True), (True, False), (False, False)])
def test_the_bell_and_the_notices_of_the_desktop_can_be_turned_off(rings: bool, shows: bool) -> None:
    rig = Rig()
    rig.notices.rings, rig.notices.shows = rings, shows
    rig.give("bob", "#r")
    assert (bool(rig.bells), bool(rig.clock.commands)) == (rings, shows)


def test_a_program_that_hangs_is_killed_and_the_next_notice_is_shown() -> None:
    rig = Rig()
    rig.give("bob", "#r", "one")
    rig.clock.advance(PAUSE)
    rig.give("bob", "#r", "two")
    assert [text for _, text in rig.clock.told] == ["one", "two"]
    first, second = rig.clock.processes
    rig.clock.advance(SHOW_SECONDS - PAUSE)
    assert (first.ended, second.ended) == (True, False)
    rig.notices.stop()
    assert second.ended
    assert not rig.clock.getDelayedCalls()


def test_after_the_end_nothing_is_told() -> None:
    rig = Rig()
    rig.give("bob", "#r")
    rig.give("bob", "#r", "held back")
    rig.clock.processes[0].end()
    rig.notices.stop()
    rig.clock.advance(PAUSE)
    assert len(rig.clock.told) == 1
    assert not rig.clock.getDelayedCalls()


def stand_in(folder: Path, body: str) -> tuple[list[str], Path]:
    """Return a command of a program that notes its id in a file, and that file."""
    noted = folder / "pid"
    program = folder / "program"
    lines = ["import os, pathlib, sys, time", f"pathlib.Path({str(noted)!r}).write_text(str(os.getpid()))", body]
    program.write_text("\n".join(lines))
    return [sys.executable, "-I", "-S", str(program)], noted


@ensureDeferred
@pytest.mark.parametrize(("body", "well"), [("", True), ("sys.exit(3)", False), ("os.abort()", False)])
async def test_how_a_real_program_ended_is_told(tmp_path: Path, body: str, well: bool) -> None:
    told: list[bool] = []
    command, _ = stand_in(tmp_path, body)
    programs = Programs(reactor)
    programs.run(command, DEADLINE, told.append)
    await until(lambda: told)
    assert told == [well]
    programs.stop()


@ensureDeferred
async def test_what_a_real_program_prints_is_told_if_it_ends_well(tmp_path: Path) -> None:
    told: list[bytes] = []
    programs = Programs(reactor)
    for body in ("print('no'); sys.exit(3)", "print('x' * 100_000)", "print('yes')"):
        command, _ = stand_in(tmp_path, body)
        programs.ask(command, DEADLINE, told.append)
        await until(lambda: not programs._running)
    programs.ask([str(tmp_path / "missing")], DEADLINE, told.append)
    assert told == [b"x" * MAX_OUTPUT_BYTES, b"yes\n"]


@ensureDeferred
@pytest.mark.parametrize("ends", ["in time", "with the window"])
async def test_a_real_program_that_does_not_answer_is_killed(tmp_path: Path, ends: str) -> None:
    told: list[bytes] = []
    command, noted = stand_in(tmp_path, "print('x', flush=True)\ntime.sleep(600)")
    programs = Programs(reactor)
    programs.ask(command, 1.0 if ends == "in time" else DEADLINE, told.append)
    if ends == "with the window":
        await until(lambda: noted.exists() and noted.read_text())
        programs.stop()
    await until(lambda: not programs._running)
    assert not noted.exists() or not is_running(int(noted.read_text() or 0))
    assert told == []


@ensureDeferred
async def test_a_program_that_is_not_there_ended_badly(tmp_path: Path) -> None:
    told: list[bool] = []
    Programs(reactor).run([str(tmp_path / "missing")], DEADLINE, told.append)
    await until(lambda: told)
    assert told == [False]


@ensureDeferred
@pytest.mark.parametrize("ends", ["in time", "with the window"])
async def test_a_real_program_that_hangs_is_killed(tmp_path: Path, ends: str) -> None:
    told: list[bool] = []
    command, noted = stand_in(tmp_path, "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\ntime.sleep(600)")
    programs = Programs(reactor)
    programs.run(command, 1.0 if ends == "in time" else DEADLINE, told.append)
    if ends == "with the window":
        await until(lambda: noted.exists() and noted.read_text())
        programs.stop()
        await until(lambda: not is_running(int(noted.read_text())))
        assert told == []  # there is no window any more that it could be shown in
        return
    await until(lambda: told)
    assert told == [False]
    assert not noted.exists() or not is_running(int(noted.read_text() or 0))
