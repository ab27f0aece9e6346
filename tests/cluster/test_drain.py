"""Nodes that drain: their people come back at another node, unseen by the rooms, before the node ends."""

from __future__ import annotations

import asyncio
import signal
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.drain.run import Load
from benchmarks.drain.run import nodes as rolled
from tests.support.daemon import wait_until
from tests.support.nats_servers import nats_server
from tests.support.node_processes import NodeClient, nodes

pytestmark = pytest.mark.slow


def test_three_nodes_one_after_the_other_lose_and_double_nothing(tmp_path: Path) -> None:
    with nats_server(tmp_path / "nats") as nats:
        figures = asyncio.run(rolled(tmp_path, Load(3, 3, 20), nats.url))
    assert (figures.lost, figures.doubled) == (0, 0)
    assert figures.said > 100


def test_a_node_stays_until_its_people_are_at_another_and_who_is_not_leaves_with_it(tmp_path: Path) -> None:
    with nats_server(tmp_path / "nats") as nats, nodes(tmp_path, nats.url, 2) as (one, two):
        assert one.daemon is not None
        process = one.daemon.process
        with closing(NodeClient(two.port)) as bob:
            with closing(NodeClient(one.port)) as ann, closing(NodeClient(one.port)) as eve:
                bob.ask("JOIN bob #den")
                token = ann.ask("JOIN ann #den").rpartition("resume=")[2].split()[0]
                eve.ask("JOIN eve #den")
                bob.until(lambda line: "JOIN eve" in line)
                process.send_signal(signal.SIGUSR1)
                assert [each.rest()[-1].split(" the ")[0] for each in (ann, eve)] == ["BYE restart retry=0.00"] * 2
            with closing(NodeClient(two.port)) as again:
                again.ask(f"JOIN ann #den resume={token}")
                wait_until(lambda: "waiting for all members to reach another node" in one.log(), one.log)
                assert process.poll() is None
                assert bob.ask("PING").startswith("PONG")
                assert not [line for line in bob.lines if line.startswith("PART") or line == "JOIN ann #den 2"]
                process.terminate()
                bob.until(lambda line: "PART eve #den" in line)
                assert process.wait(10) == 0
                assert "members who did not come back: 1" in one.log()
                assert "PART ann #den" not in bob.lines
