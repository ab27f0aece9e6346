"""JOIN with any=yes on real nodes: however many ask at once, each has a name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest

from tests.support.daemon import DEADLINE
from tests.support.nats_servers import nats_server
from tests.support.node_processes import NodeClient, nodes
from tests.support.tagged_clients import value

pytestmark = pytest.mark.slow

JOBS = 12


def test_jobs_on_two_nodes_get_names_beside_one_another(tmp_path: Path) -> None:
    with (
        nats_server(tmp_path / "nats") as nats,
        nodes(tmp_path, nats.url, 2) as (east, west),
        ExitStack() as stack,
        ThreadPoolExecutor(JOBS) as pool,
    ):
        jobs = [stack.enter_context(NodeClient((east, west)[number % 2].port)) for number in range(JOBS)]
        together = Barrier(JOBS)

        def join(job: NodeClient) -> str:
            together.wait(DEADLINE)
            answer = job.ask("JOIN ci #builds any=yes")
            assert job.ask("MSG here").startswith("MSG ")
            return value(answer, "nick")

        got = set(pool.map(join, jobs))
        assert got == {"ci", *(f"ci-{number}" for number in range(2, JOBS + 1))}
        assert all(job.who("#builds") == got for job in jobs)
