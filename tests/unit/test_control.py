"""The daemon's own door: who may ask, what is answered, and what is left behind."""

from __future__ import annotations

import os
import re
import socket
import stat
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
import pytest_twisted
from twisted.internet import reactor as installed
from twisted.internet.threads import deferToThread
from twisted.logger import LogEvent

from chatd.app.control import FILE, Control, Say
from chatd.app.control_client import MAX_LINE, ask

reactor: Any = installed


@asynccontextmanager
async def listening(directory: Path) -> AsyncIterator[Control]:
    control = Control(reactor, directory)
    control.start()
    try:
        yield control
    finally:
        await control.stop()


async def asked(directory: Path, name: str) -> tuple[int, list[str]]:
    said: list[str] = []
    return await deferToThread(ask, directory, name, said.append), said


async def greet(say: Say) -> int:
    say("hello\x1b[31m")
    say("two\nlines")
    return 3


@pytest_twisted.ensureDeferred
async def test_it_answers_with_sentences_and_a_status(tmp_path: Path) -> None:
    async with listening(tmp_path) as control:
        control.requests["greet"] = greet
        status, said = await asked(tmp_path, "greet")
        assert status == 3
        assert said[1] == "two lines"
        assert "\x1b" not in said[0]
        assert await asked(tmp_path, "sing") == (1, ["the server does not know 'sing'; it is another version of chatd"])


@pytest_twisted.ensureDeferred
async def test_what_breaks_is_a_sentence_and_a_traceback_in_the_log(
    tmp_path: Path, nothing_left_behind: list[LogEvent]
) -> None:
    async def break_down(say: Say) -> int:
        say("so far, so good")
        raise RuntimeError

    async with listening(tmp_path) as control:
        control.requests["break"] = break_down
        status, said = await asked(tmp_path, "break")
    assert (status, said[-1]) == (1, "it failed; see the log of the server")
    assert nothing_left_behind.pop()["log_failure"].check(RuntimeError)


@pytest_twisted.ensureDeferred
async def test_only_its_owner_may_open_it_and_nothing_is_left(tmp_path: Path) -> None:
    async with listening(tmp_path):
        assert stat.S_IMODE((tmp_path / FILE).stat().st_mode) == 0o600
    assert os.listdir(tmp_path) == []


@pytest_twisted.ensureDeferred
async def test_the_path_may_be_longer_than_a_socket_has_room_for(tmp_path: Path) -> None:
    deep = tmp_path / ("a" * 120)
    deep.mkdir()
    async with listening(deep) as control:
        control.requests["greet"] = greet
        assert (await asked(deep, "greet"))[0] == 3
    assert os.listdir(deep) == []


def left_behind(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))


@pytest_twisted.ensureDeferred
async def test_what_a_killed_daemon_left_is_taken_over(tmp_path: Path) -> None:
    left_behind(tmp_path / FILE)
    async with listening(tmp_path) as control:
        control.requests["greet"] = greet
        assert (await asked(tmp_path, "greet"))[0] == 3


def a_file(path: Path) -> None:
    path.write_text("mine")


@pytest.mark.parametrize("there", [a_file, Path.mkdir])
@pytest_twisted.ensureDeferred
async def test_what_is_not_its_own_stays_and_it_goes_on_without(tmp_path: Path, there: Callable[[Path], None]) -> None:
    there(tmp_path / FILE)
    async with listening(tmp_path):
        assert not stat.S_ISSOCK((tmp_path / FILE).stat().st_mode)
    assert (tmp_path / FILE).exists()


def test_where_no_daemon_is_it_says_so(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no server listens at "):
        ask(tmp_path, "greet", print)
    left_behind(tmp_path / FILE)
    with pytest.raises(ValueError, match="no server listens at "):
        ask(tmp_path, "greet", print)


@pytest.mark.parametrize(
    ("answer", "said", "why"),
    [
        (b"SAY \x1b[31mred\r\nEND 0\n", ["␛[31mred␍"], None),
        (b"SAY " + b"x" * (2 * MAX_LINE), [], "is not chatd: its answer has an endless line"),
        (b"SAY hello\nEND x\x1b[31m\n", ["hello"], 'perhaps another version of chatd: "x␛[31m"'),
        (b"SAY hel", [], "the server stopped before it answered"),
    ],
)
@pytest_twisted.ensureDeferred
async def test_who_may_write_to_the_directory_cannot_speak_to_the_terminal(
    tmp_path: Path, answer: bytes, said: list[str], why: str | None
) -> None:
    told: list[str] = []
    with socket.socket(socket.AF_UNIX) as listens:
        listens.bind(str(tmp_path / FILE))
        listens.listen()
        asking = deferToThread(ask, tmp_path, "greet", told.append)
        with listens.accept()[0] as connection:
            connection.recv(100)
            connection.sendall(answer)
            connection.shutdown(socket.SHUT_WR)
            if why is None:
                assert await asking == 0
            else:
                with pytest.raises(ValueError, match=re.escape(why)):
                    await asking
    assert told == said


def test_a_daemon_that_accepts_nothing_is_not_said_to_be_missing(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listens, socket.socket(socket.AF_UNIX) as waiting:
        listens.bind(str(tmp_path / FILE))
        listens.listen(0)
        waiting.connect(str(tmp_path / FILE))
        with pytest.raises(ValueError, match="is too busy or hangs; try again"):
            ask(tmp_path, "greet", print)
