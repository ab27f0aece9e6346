"""A node whose clock is set, while those of the others and of the NATS server are right."""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path
from threading import Event

import pytest

from chatd.journal.jetstream.streams import LEASE_SECONDS
from tests.support.daemon import BIN, Daemon
from tests.support.fake_clock import FakeClock
from tests.support.nats_servers import nats_server
from tests.support.node_processes import Node
from tests.support.tagged_clients import Program

pytestmark = pytest.mark.slow

HOUR = 60 * 60
DAY = 24 * HOUR


class NodeWithAClock(Node):
    """A node whose clock can be set."""

    def __init__(self, folder: Path, journal: str, *options: str) -> None:
        super().__init__(folder, journal, *options)
        self.clock = FakeClock(folder / "clock")

    def start(self, *, wait: bool = True) -> None:
        self.daemon = Daemon(self.folder, *self._options, bin_dir=BIN, inside=self.clock.inside)
        if wait:
            self.wait_until_ready()


def test_a_node_whose_clock_is_wrong_is_not_taken_for_dead_and_keeps_what_the_others_keep(tmp_path: Path) -> None:
    with nats_server(tmp_path / "nats") as server:
        right = Node(tmp_path / "right", server.url, "--keep", "1h")
        wrong = NodeWithAClock(tmp_path / "wrong", server.url, "--keep", "1h")
        try:
            right.start()
            wrong.start()
            with closing(Program(right.port, "alice")) as alice, closing(Program(wrong.port, "bob")) as bob:
                alice.read_up()
                for number in range(20):
                    bob.say(f"{number} hello")
                for seconds in (-60, 2 * DAY, 0, -HOUR):
                    wrong.clock.set(seconds)
                    bob.say(f"b{seconds} here")
                    alice.say(f"a{seconds} there")
                end = time.monotonic() + 2 * LEASE_SECONDS
                said = 28
                while time.monotonic() < end:  # long enough for the other to notice that one is gone
                    alice.say(f"l{said} still there")
                    said += 1
                    Event().wait(0.5)
                bob.until(lambda line: line.endswith(f"MSG alice #den l{said - 1} still there"))
                counts = []
                for program in (alice, bob):
                    program.heard.clear()
                    program.ask("HISTORY 100", "OK HISTORY")
                    counts.append(len([heard for heard in program.heard if heard.old]))
                assert counts == [said] * 2
            assert "declared this one dead" not in right.log() + wrong.log()
        finally:
            right.kill()
            wrong.kill()
