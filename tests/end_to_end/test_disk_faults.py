"""A disk that is full, a file that cannot grow or that another program holds: only storing stops, and begins again."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.daemon import Daemon, wait_until
from tests.support.small_disks import SmallDisk, files_limited, sizes
from tests.support.tagged_clients import (
    JOURNAL,
    MIB,
    ROOM,
    Program,
    body,
    kept_by,
    read_back,
    running,
    said_and_ids,
    stop,
)

pytestmark = pytest.mark.slow


class Talk:
    """One speaks, one listens, and both know what was acknowledged and what was refused."""

    def __init__(self, daemon: Daemon) -> None:
        self.ids: dict[str, int] = {}
        """Of what was acknowledged."""
        self.refused: list[str] = []
        self._port = daemon.port
        self._speaker = Program(daemon.port, "ann")
        self._listener = Program(daemon.port, "bob")
        self._count = 0

    def __enter__(self) -> Talk:
        return self

    def __exit__(self, *_: object) -> None:
        self._speaker.close()
        self._listener.close()

    def say(self, length: int = 20) -> bool:
        """Say something new; return whether it was stored."""
        text = self._new(length)
        return self._note(text, self._speaker.say(text))

    def _new(self, length: int) -> str:
        self._count += 1
        return f"t{self._count} {'x' * length}"

    def _note(self, text: str, id_: int | None) -> bool:
        """Note what became of something said."""
        if id_ is None:
            self.refused.append(text)
        else:
            self.ids[text] = id_
        return id_ is not None

    def say_until(self, stored: bool, length: int = 20) -> None:
        """Say one thing after the other until one is stored, or one is refused; fail if that takes too long."""
        wait_until(lambda: self.say(length) is stored, lambda: f"{len(self.ids)} stored, {len(self.refused)} refused")

    def fill(self, length: int) -> None:
        """Say one thing after the other, without a pause, until one is refused."""
        while self.say(length):
            assert len(self.ids) * length < 64 * MIB

    def assert_the_rest_goes_on(self) -> None:
        """Fail unless everything but storing works as ever, for one who comes in among much that is being refused."""
        speaker, listener = self._speaker, self._listener
        with Program(self._port) as guest:
            texts = [self._new(20) for _ in range(200)]
            speaker.send_texts(texts)
            guest.come_in("guest")
            for text in texts:
                self._note(text, speaker.answer(text))
            assert listener.ask("WHO", f"OK WHO {ROOM} ")[-2:] == [f"WHO {ROOM} ann bob guest", f"OK WHO {ROOM} 3"]
            assert said_and_ids(read_back(guest)) == list(self.ids.items())
            assert guest.ask("TELL bob psst", "OK TELL ")[-1] == "OK TELL bob stored=no"
            assert guest.ask(f"PART {ROOM} see you", "OK PART ")[-1] == f"OK PART {ROOM}"
        lines = [body(line) for line in listener.until(lambda line: body(line).startswith("PART guest "))]
        assert [line for line in lines if not line.startswith("MSG ")][-2:] == [
            "TELL guest psst",
            f"PART guest {ROOM} see you",
        ]
        assert speaker.ask("PING still", "PONG still")[-1] == "PONG still"

    def assert_only_what_was_acknowledged_was_heard(self) -> None:
        assert self.refused, "nothing was refused, so nothing was tested"
        for program in (self._speaker, self._listener):
            program.read_up()
            assert said_and_ids(program.heard) == list(self.ids.items())


@pytest.mark.parametrize("log_too", [False, True], ids=["the journal", "the log too"])
def test_when_the_files_cannot_grow_only_storing_stops_and_it_begins_again_by_itself(
    tmp_path: Path, log_too: bool
) -> None:
    with running(tmp_path) as daemon:
        with Talk(daemon) as talk:
            for _ in range(20):
                assert talk.say()
            # With 0 nothing at all can be written, not even what the log says of it.
            with files_limited(daemon, 0 if log_too else max(sizes(tmp_path))):
                talk.fill(1000)
                talk.assert_the_rest_goes_on()
                assert not talk.say()
            talk.say_until(stored=True)
            assert talk.say()
            talk.assert_only_what_was_acknowledged_was_heard()
        stop(daemon, tmp_path / JOURNAL)
    with running(tmp_path) as daemon:
        assert said_and_ids(kept_by(daemon)) == list(talk.ids.items())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[SmallDisk]:
    disk = SmallDisk(tmp_path / "disk", megabytes=1)
    yield disk
    disk.close()


@pytest.mark.parametrize("end", ["stopped", "killed"])
def test_a_full_disk_loses_nothing_and_when_it_has_room_again_all_goes_on(
    tmp_path: Path, small_disk: SmallDisk, end: str
) -> None:
    ballast = small_disk.seen / "ballast"
    ballast.write_bytes(bytes(300_000))
    options = ("--journal", f"sqlite:{small_disk.folder / JOURNAL}")
    with running(tmp_path, *options, inside=small_disk.inside) as daemon:
        with Talk(daemon) as talk:
            talk.fill(4000)
            talk.assert_the_rest_goes_on()
            ballast.unlink()
            talk.say_until(stored=True, length=4000)
            talk.assert_only_what_was_acknowledged_was_heard()
            if end == "killed":
                talk.fill(4000)
                daemon.kill()
        if end == "stopped":
            stop(daemon, small_disk.seen / JOURNAL)
    with running(tmp_path, *options, inside=small_disk.inside) as daemon:
        assert said_and_ids(kept_by(daemon)) == list(talk.ids.items())


def test_while_another_program_holds_the_file_only_storing_stops(tmp_path: Path) -> None:
    with running(tmp_path) as daemon:
        with Talk(daemon) as talk:
            assert talk.say()
            with closing(sqlite3.connect(tmp_path / JOURNAL, isolation_level=None)) as other:
                other.execute("BEGIN IMMEDIATE")
                assert not talk.say()
                talk.assert_the_rest_goes_on()
                assert not talk.say()
                other.execute("ROLLBACK")
                talk.say_until(stored=True)
            talk.assert_only_what_was_acknowledged_was_heard()
        stop(daemon, tmp_path / JOURNAL)
    with running(tmp_path) as daemon:
        assert said_and_ids(kept_by(daemon)) == list(talk.ids.items())
