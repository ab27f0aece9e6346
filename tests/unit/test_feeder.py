"""What follows log files, on a server in memory: nothing is lost and nothing is said twice."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport

from chatd.feeder.connection import CLOSE_SECONDS, FeederConnection, Identity, Owner
from chatd.feeder.feeder import STOP_SECONDS, Feeder, Mode, Outcome
from chatd.feeder.following import QUIET_SECONDS, Following, Start
from chatd.feeder.log_lines import texts
from chatd.feeder.open_file import CHUNK_BYTES
from chatd.feeder.outbox import WINDOW
from chatd.feeder.state_file import StateError, StateFile
from chatd.testing import MemoryServer

TIMES = count(10**18, 10**9)
"""When files are written, in nanoseconds: the tests are faster than file systems tell times."""
TARGET = "memory #logs log"


class Run:
    """One run of a feeder, which says ``app.log`` of a folder in #logs."""

    def __init__(
        self,
        server: MemoryServer,
        folder: Path,
        mode: Mode = Mode.FOLLOW,
        start: Start = Start.END,
        nick: str = "log",
        *,
        flush: bool = True,
    ) -> None:
        self.told: list[str] = []
        self.ended: list[Outcome] = []
        self._server = server
        self._store = StateFile(folder / "state" / "state.json")
        self._store.lock()
        state = self._store.load(TARGET)
        path = str(folder / "app.log")
        files = [Following(path, state.places, state.paths.get(path), start, self._tell)]
        self.feeder = Feeder(
            server.clock,
            server.endpoint(),
            Identity(nick, "#logs"),
            files,
            self._store,
            state,
            self._tell,
            mode,
            random.Random(1),
        )
        self.feeder.done.addCallback(self.ended.append)
        self.feeder.start()
        if flush:
            server.flush()

    def _tell(self, _topic: str, what: str) -> None:
        if what:
            self.told.append(what)

    def kill(self) -> None:
        """End it as SIGKILL does: nothing is kept any more, and the connection breaks off."""
        self._store.save = lambda _: None  # type: ignore[method-assign,assignment]
        if self.feeder._connection is not None:
            self.feeder._connection.stream.abortConnection()
        self._server.flush()
        for call in self.feeder._calls.values():
            if call.active():
                call.cancel()
        for file in self.feeder._files:
            file.close()
        self._store.release()


@pytest.fixture
def server() -> Iterator[MemoryServer]:
    with MemoryServer() as made:
        yield made


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.log"


def add(log: Path, *lines: str) -> None:
    with log.open("a") as file:
        file.writelines(f"{line}\n" for line in lines)
    later = next(TIMES)
    os.utime(log, ns=(later, later))


def said(server: MemoryServer) -> list[str]:
    """Return what was said in the room so far."""
    reader = server.client("reader", "#logs")
    reader.send("HISTORY 1000")
    lines = [line.split(" ", 5)[5] for line in reader.lines() if line.startswith("OLD ") and " MSG log " in line]
    reader.send("QUIT")
    return lines


def test_what_is_written_is_said_and_not_what_was_there(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    add(log, "before")
    Run(server, tmp_path)
    add(log, "one", "", "two")
    server.advance(1)
    with log.open("a") as file:
        file.write("half of ")
    server.advance(1)
    assert said(server) == ["one", "two"]
    add(log, "a line")
    server.advance(1)
    assert said(server) == ["one", "two", "half of a line"]


def test_a_file_that_appears_later_is_said_from_its_beginning(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    run = Run(server, tmp_path)
    assert run.told[0] == f"waiting for {log}: no such file or directory"
    server.advance(1)
    add(log, "one")
    server.advance(1)
    assert said(server) == ["one"]


def test_a_file_that_is_renamed_is_said_to_its_end(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    add(log, "before")
    Run(server, tmp_path)
    add(log, "one")
    log.rename(tmp_path / "app.log.1")
    add(log, "three")
    with (tmp_path / "app.log.1").open("a") as file:
        file.write("two\nno end")
    server.advance(1)
    server.advance(QUIET_SECONDS)
    server.advance(1)
    assert said(server) == ["one", "two", "three", "no end"]


def test_a_file_that_is_emptied_is_said_anew(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    Run(server, tmp_path)
    add(log, "one", "two")
    server.advance(1)
    log.write_text("")
    server.advance(1)
    add(log, "one")
    server.advance(1)
    assert said(server) == ["one", "two", "one"]


def test_a_file_that_was_emptied_and_has_grown_past_is_seen(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    Run(server, tmp_path)
    add(log, "one")
    server.advance(1)
    log.write_text("")
    add(log, "three", "four")
    server.advance(1)
    assert said(server) == ["one", "three", "four"]


def test_the_rest_of_a_copy_is_said(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    Run(server, tmp_path)
    add(log, "one")
    server.advance(1)
    add(log, "two")  # and nobody looks before it is copied and emptied
    (tmp_path / "app.log.1").write_bytes(log.read_bytes())
    log.write_text("")
    add(log, "3")
    server.advance(1)
    assert said(server) == ["one", "two", "3"]


def test_what_was_said_is_not_said_again_though_it_was_not_kept(
    server: MemoryServer, tmp_path: Path, log: Path
) -> None:
    run = Run(server, tmp_path)
    add(log, *map(str, range(10)))
    server.clock.advance(0.25)  # they are sent, and stored, and the place is not kept yet
    server.flush()
    assert len(said(server)) == 10
    run.kill()
    assert '"offset": 20' not in (tmp_path / "state" / "state.json").read_text()
    add(log, "10")
    Run(server, tmp_path)
    server.advance(1)
    assert said(server) == [str(number) for number in range(11)]


def test_killed_at_any_moment_it_loses_and_doubles_nothing(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    chance = random.Random(3)
    written = 0
    run = Run(server, tmp_path, start=Start.BEGINNING)
    for turn in range(60):
        for _ in range(chance.randrange(40)):
            add(log, f"line {written}")
            written += 1
        match chance.randrange(7):
            case 0:
                run.kill()
                if log.exists() and chance.random() < 0.5:
                    log.rename(tmp_path / f"app.log.{turn}")
                    add(log, f"line {written}")
                    written += 1
                run = Run(server, tmp_path)
            case 1:
                server.restart()
            case 2 if log.exists():
                log.rename(tmp_path / f"app.log.{turn}")
            case 3:
                server.disconnect_all()
            case _:
                pass
        server.clock.advance(chance.choice([0, 0.1, 0.3]))
        if chance.random() < 0.5:
            server.flush()
        server.advance(chance.choice([0, 0.3, 1, 3]))
    for _ in range(40):
        server.advance(5)
    history = said(server)
    assert len(set(history)) == len(history)
    assert set(history) >= {f"line {number}" for number in range(max(0, written - 900), written)}


def test_files_that_were_rotated_meanwhile_are_said(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    run = Run(server, tmp_path)
    add(log, "one")
    server.advance(2)
    run.kill()
    add(log, "two")
    for number, text in enumerate(("three", "four")):
        log.rename(tmp_path / f"app.log.{number}")
        add(log, text)
    (tmp_path / "app.log.err").write_text("something else\n")
    Run(server, tmp_path)
    server.advance(2)
    assert said(server) == ["one", "two", "three", "four"]


def test_what_is_gone_is_told(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    run = Run(server, tmp_path)
    add(log, "one")
    server.advance(2)
    run.kill()
    log.unlink()
    add(log, "two")
    run = Run(server, tmp_path)
    server.advance(2)
    assert f"{log} no longer has what followed byte 4; it was not sent" in run.told
    assert said(server) == ["one", "two"]


def test_it_waits_for_a_server_that_is_away_and_says_so(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    server.stop()
    run = Run(server, tmp_path, start=Start.BEGINNING)
    add(log, "one")
    server.advance(1)
    assert run.told[-1].startswith("cannot reach the server: connection refused; trying again in ")
    server.start()
    server.advance(70)
    assert said(server) == ["one"]


def test_it_comes_back_when_a_server_that_restarts_wants_it(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    log.write_text("")
    run = Run(server, tmp_path)
    run.feeder.closed("it restarts", is_final=False, retry=7.0)
    assert run.told[-1] == "it restarts; trying again in 7 s"
    run.kill()


def test_it_waits_for_its_name(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    other = server.client("log", "#logs")
    run = Run(server, tmp_path, start=Start.BEGINNING)
    add(log, "one")
    server.advance(1)
    assert "trying again in" in run.told[-1]
    assert said(server) == []
    other.send("QUIT")
    server.advance(70)
    assert said(server) == ["one"]


def test_a_name_that_is_none_ends_it(server: MemoryServer, tmp_path: Path) -> None:
    run = Run(server, tmp_path, nick="-")
    server.advance(1)
    assert run.ended == [Outcome.REFUSED]
    assert run.told[-1].startswith("ended: ")


def test_once_ends_at_the_end_with_what_has_no_end(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    add(log, *[f"line {number}" for number in range(900)])
    with log.open("a") as file:
        file.write("last")
    run = Run(server, tmp_path, Mode.ONCE, Start.BEGINNING)
    for _ in range(20):
        server.advance(1)
    assert run.ended == [Outcome.DONE]
    assert said(server) == [*(f"line {number}" for number in range(900)), "last"]
    again = Run(server, tmp_path, Mode.ONCE, Start.BEGINNING)
    server.advance(2)
    assert again.ended == [Outcome.DONE]
    assert len(said(server)) == 901


def test_once_needs_its_file(server: MemoryServer, tmp_path: Path) -> None:
    run = Run(server, tmp_path, Mode.ONCE)
    assert run.ended == [Outcome.REFUSED]


def test_a_line_without_end_is_said_in_pieces(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    text = "é€𝄞x" * 30_000
    log.write_text(text)
    assert len(text.encode()) > 4 * CHUNK_BYTES
    run = Run(server, tmp_path, Mode.ONCE, Start.BEGINNING)
    for _ in range(10):
        server.advance(1)
    assert run.ended == [Outcome.DONE]
    assert "".join(line.partition(") ")[2] for line in said(server)) == text


@pytest.mark.parametrize("seed", range(4))
def test_whenever_it_is_stopped_it_ends_and_each_line_is_said_once(tmp_path: Path, seed: int) -> None:
    for steps in range(25):
        folder = tmp_path / str(steps)
        folder.mkdir()
        stop_after(steps, random.Random(seed), folder)


def stop_after(steps: int, chance: random.Random, folder: Path) -> None:
    log, lines = folder / "app.log", (f"line {number}" for number in count())
    added: list[str] = []
    with MemoryServer() as server:

        def add_some() -> None:
            some = [next(lines) for _ in range(chance.choice([1, 2, WINDOW]))]
            added.extend(some)
            add(log, *some)

        add_some()
        run = Run(server, folder, start=Start.BEGINNING, flush=False)
        for _ in range(steps):
            possible: list[Callable[[], None]] = [
                add_some,
                partial(server.clock.advance, 0),  # in which nothing arrives
                server.flush,
                partial(server.advance, 0.3),
                server.disconnect_all,
            ]
            chance.choice(possible)()
        made = run.feeder._connection
        run.feeder.stop()
        server.advance(STOP_SECONDS + CLOSE_SECONDS + 1)
        assert run.ended == [Outcome.DONE]
        assert run.feeder._connection is None
        calls: Sequence[Any] = server.clock.getDelayedCalls()
        owners = [getattr(call.func, "__self__", None) for call in calls]
        assert run.feeder not in owners and (made is None or made not in owners)
        again = Run(server, folder, Mode.ONCE)
        server.advance(30)
        assert again.ended == [Outcome.DONE]
        assert said(server) == added


def test_when_it_is_stopped_the_place_is_kept(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    run = Run(server, tmp_path)
    add(log, "one")
    server.clock.advance(0.25)
    run.feeder.stop()
    server.advance(1)
    assert run.ended == [Outcome.DONE]
    assert '"offset": 4' in (tmp_path / "state" / "state.json").read_text()
    assert not any(call.active() for call in run.feeder._calls.values())


def test_nothing_is_said_while_the_place_cannot_be_kept(server: MemoryServer, tmp_path: Path, log: Path) -> None:
    run = Run(server, tmp_path, start=Start.BEGINNING)
    server.advance(1)
    save, run._store.save = run._store.save, _disk_full  # type: ignore[method-assign,assignment]
    add(log, "one")
    server.advance(2)
    assert run.told[-1].endswith("state.json cannot be written: No space left on device")
    assert said(server) == []
    run._store.save = save  # type: ignore[method-assign]
    server.advance(2)
    assert said(server) == ["one"]


def _disk_full(_: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_state_is_one_targets_and_one_feeders(tmp_path: Path) -> None:
    store = StateFile(tmp_path / "state.json")
    store.lock()
    store.save(store.load("here"))
    assert (tmp_path / "state.json").stat().st_mode & 0o777 == 0o600
    with pytest.raises(StateError, match="belongs to here, not to there"):
        store.load("there")
    with pytest.raises(StateError, match="another chatd tail uses"):
        StateFile(tmp_path / "state.json").lock()
    store.release()
    store.path.write_text('{"version": 1, "target": "here", "resume": "", "paths": {}, "files": [1]}')
    with pytest.raises(StateError, match="cannot be used"):
        store.load("here")


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"plain\r\n", ["plain"]),
        (b"\x1b[31mFAIL\x1b[0m it\n", ["FAIL it"]),
        (b"\x1b]0;title\x07text\x1b]8;;http://x\x1b\\link\n", ["textlink"]),
        (b" 10%\r 50%\r100% done.\n", ["100% done."]),
        (b"caf\xe9\n", ["caf\ufffd"]),
        (b"nul \x00 bell \x07\n", ["nul \u2400 bell \u2407"]),
        (b"  \n", []),
        (b"x" * 16_000, ["(1/3) " + "x" * 7800, "(2/3) " + "x" * 7800, "(3/3) " + "x" * 400]),
    ],
)
def test_what_is_said_of_a_line(line: bytes, shown: list[str]) -> None:
    assert texts(line) == shown


class _Told(Owner):
    def __init__(self) -> None:
        self.ends: list[tuple[str, bool]] = []
        self.retry: float | None = None

    def opened(self, connection: FeederConnection) -> None:
        pass

    def entered(self, resume: str) -> None:
        pass

    def said(self, label: str) -> None:
        pass

    def message_refused(self, label: str, error: object) -> None:
        pass

    def closed(self, why: str, *, is_final: bool, retry: float | None = None) -> None:
        self.ends.append((why, is_final))
        self.retry = retry


def connection(told: _Told, clock: Clock, host: str) -> tuple[FeederConnection, StringTransport]:
    made = FeederConnection(clock, told, Identity("log", "#logs", "secret password"), "")
    transport = StringTransport(peerAddress=IPv4Address("TCP", host, 10319))
    made.makeConnection(transport)
    return made, transport


def test_a_password_is_not_sent_where_others_could_listen_in() -> None:
    told = _Told()
    made, transport = connection(told, Clock(), "192.0.2.1")
    made.dataReceived(b"OK HELLO protocol=1 epoch=e\r\n")
    assert b"secret" not in transport.value()
    made.connectionLost()
    assert told.ends == [("the connection is not encrypted, so the password was not sent; use --tls", True)]


def test_a_password_is_sent_within_this_machine() -> None:
    made, transport = connection(_Told(), Clock(), "127.0.0.1")
    made.dataReceived(b"OK HELLO protocol=1 epoch=e\r\n")
    assert transport.value().endswith(b"LOGIN log secret password\r\n")
    made.connectionLost()


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("BYE replaced somebody else uses the name", "the server closed the connection: somebody else uses the name"),
        (
            "@id=9 KICK alice #logs log too much",
            "alice removed log from the room: too much",
        ),
    ],
)
def test_who_is_sent_away_stays_away(line: str, why: str) -> None:
    told = _Told()
    made, _ = connection(told, Clock(), "127.0.0.1")
    made.dataReceived(b"OK HELLO protocol=1\r\nOK LOGIN log\r\nOK JOIN #logs 1 last=0 resume=r\r\n")
    made.dataReceived(f"{line}\r\n".encode())
    made.connectionLost()
    assert told.ends == [(why, True)]


def test_a_server_that_restarts_says_when_to_come_back() -> None:
    told = _Told()
    made, _ = connection(told, Clock(), "127.0.0.1")
    made.dataReceived(b"OK HELLO protocol=1\r\nBYE restart retry=1.75 come back\r\n")
    made.connectionLost()
    assert told.ends == [("the server closed the connection: come back", False)]
    assert told.retry == 1.75


def test_a_server_that_is_silent_is_given_up() -> None:
    told, clock = _Told(), Clock()
    made, transport = connection(told, clock, "127.0.0.1")
    made.dataReceived(b"OK HELLO protocol=1\r\nOK LOGIN log\r\nOK JOIN #logs 1 last=0 resume=r\r\n")
    clock.advance(30)
    assert transport.value().endswith(b"PING there\r\n")
    clock.advance(30)
    made.connectionLost()
    assert told.ends == [("the server has not answered for 30 seconds", False)]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        ("muted MSG you are muted here", "the server refuses a line: you are muted here"),
        ("unavailable MSG not now", "the server refuses a line: not now"),
    ],
)
def test_what_is_refused_is_said_later_in_its_order(tmp_path: Path, log: Path, error: str, told: str) -> None:
    with MemoryServer() as server:
        run = Run(server, tmp_path, start=Start.BEGINNING)
        feeder = run.feeder
        made = feeder._connection
        assert made is not None
        sent: list[str] = []
        made.say = lambda label, _: sent.append(label)  # type: ignore[method-assign,assignment]
        add(log, "one", "two", "three")
        server.advance(0.3)
        assert len(sent) == 3
        for label in sent[:3]:
            made.lineReceived(f"@label={label} ERR {error}".encode())
        assert told in run.told
        first, *_ = sent
        sent.clear()
        server.advance(3)
        assert sent == [first]  # one at a time is tried
        made.lineReceived(f"@id=1;label={first} MSG log #logs one".encode())
        assert [label.partition(".")[2] for label in sent] == ["0", "4", "8"]
        run.kill()
