"""What people read who type into the installed daemon: without tags, whatever the journal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.daemon import Daemon
from tests.support.nats_servers import nats_server
from tests.support.newcomers import check_conversation
from tests.support.node_processes import nodes

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("journal", ["memory:", "sqlite:chatd.sqlite3"])
def test_people_talk_and_are_told_how(tmp_path: Path, journal: str) -> None:
    with Daemon(tmp_path, "--journal", journal) as daemon:
        check_conversation(("127.0.0.1", daemon.port), ("127.0.0.1", daemon.port))


def test_people_on_two_nodes_do(tmp_path: Path) -> None:
    with nats_server(tmp_path / "nats") as nats, nodes(tmp_path / "nodes", nats.url, 2) as (east, west):
        check_conversation(("127.0.0.1", east.port), ("127.0.0.1", west.port))
