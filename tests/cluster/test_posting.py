"""POST on real nodes: what is said in passing on one is read on the other, and under one label it is said once."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.nats_servers import nats_server
from tests.support.node_processes import NodeClient, nodes, person

pytestmark = pytest.mark.slow


def test_what_is_posted_on_one_node_is_read_on_the_other_once(tmp_path: Path) -> None:
    with (
        nats_server(tmp_path / "nats") as nats,
        nodes(tmp_path, nats.url, 2) as (east, west),
        person(east, "ann", "#builds") as ann,
    ):
        with NodeClient(west.port) as script:
            first = script.ask("POST ci #builds passed", label="run7")
            assert first.startswith("OK POST #builds id=")
            assert script.ask("POST ann #builds it was me").startswith("ERR name-taken POST ")
        with NodeClient(east.port) as again:
            assert again.ask("POST ci #builds passed", label="run7") == first
            assert again.ask("POST ci #builds failed", label="run7").startswith("ERR label-reused POST ")
        ann.sees("MSG ci #builds passed")
        assert [line.partition(" MSG ")[2] for line in ann.history("#builds")] == ["ci #builds passed"]
        assert ann.who("#builds") == {"ann"}
