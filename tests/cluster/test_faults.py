"""Three servers of NATS, three nodes, twelve writers, and what is killed under them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.support.cluster_clients import Reader, Writer, assert_one_order, at_work
from tests.support.daemon import wait_until
from tests.support.nats_servers import NatsCluster, nats_cluster
from tests.support.node_processes import Node, nodes, wait_long

pytestmark = pytest.mark.slow

WRITERS = 12
STREAM = "chatd"
ANSWERS = 15
"""How many answers each writer has before and after whatever happens."""


class Stage(NamedTuple):
    """All that takes part."""

    nats: NatsCluster
    nodes: list[Node]
    writers: list[Writer]

    def go_on(self, who: Callable[[Writer], bool] = lambda _: True) -> None:
        """Return when all writers have so many more answers."""
        asked = [writer for writer in self.writers if who(writer)]
        before = [len(writer.acknowledged) for writer in asked]

        def answers() -> list[int]:
            return [len(each.acknowledged) - count for each, count in zip(asked, before, strict=True)]

        wait_long(lambda: min(answers()) >= ANSWERS, lambda: f"{answers()} answers")


@contextmanager
def stage(folder: Path) -> Iterator[Stage]:
    """Everything at work; at the end all that was acknowledged must be there once, everywhere in the same order."""
    with nats_cluster(folder / "nats") as nats, nodes(folder, nats.url, 3) as three:
        writers = [Writer(f"writer{number}", three, number) for number in range(WRITERS)]
        readers = [Reader(f"reader{number}", node) for number, node in enumerate(three)]
        for reader in readers:
            reader.until_there()
        with at_work(*writers) as finish_writing, at_work(*readers) as finish_reading:
            made = Stage(nats, three, writers)
            made.go_on()
            yield made
            made.go_on()
            finish_writing()
            last = Writer("last", three, 0)
            with at_work(last) as finish:
                wait_until(lambda: bool(last.acknowledged), lambda: "no last word")
                finish()
            finish_reading()
            for reader in readers:
                reader.hear(list(last.acknowledged)[-1])
            assert_one_order(three, readers, [*writers, last])


def test_the_leader_of_the_stream_is_killed(tmp_path: Path) -> None:
    with stage(tmp_path) as on:
        leader = on.nats.leader(STREAM)
        leader.kill()
        on.go_on()
        leader.start()
        on.nats.settle()


def test_a_node_is_killed(tmp_path: Path) -> None:
    with stage(tmp_path) as on:
        on.nodes[1].kill()
        on.go_on()
        assert min(writer.visits for writer in on.writers[1::3]) == 2
        on.nodes[1].start()


def test_two_servers_of_three_are_killed(tmp_path: Path) -> None:
    with stage(tmp_path) as on:
        leader = on.nats.leader(STREAM)
        killed = [leader, next(server for server in on.nats.servers if server is not leader)]
        for server in killed:
            server.kill()
        wait_long(lambda: all(writer.refusals for writer in on.writers), lambda: "not everybody was refused")
        before = [writer.visits for writer in on.writers]
        for server in killed:
            server.start()
        on.go_on()
        assert [writer.visits for writer in on.writers] == before
