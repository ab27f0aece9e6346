"""A hook on one of two nodes: what is said on either is sent, over a node's death."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end.test_hooks import Received, hook, receiver, state
from tests.support.daemon import wait_until
from tests.support.nats_servers import nats_server
from tests.support.node_processes import NodeClient, nodes, person

pytestmark = pytest.mark.slow


def test_what_is_said_on_any_node_is_sent_by_the_one_that_has_the_hook(tmp_path: Path) -> None:
    received = Received("A" * 32)
    options = ("--hooks", "hooks")
    said = [f"message {number}" for number in range(60)]

    def post(port: int, texts: list[str]) -> None:
        with NodeClient(port) as script:
            for text in texts:
                assert script.ask(f"POST ci #builds {text}").startswith("OK POST ")

    with (
        nats_server(tmp_path / "nats") as nats,
        nodes(tmp_path, nats.url, 2, *options) as (east, west),
        person(west, "ann", "#builds"),
        receiver(received) as port,
    ):
        post(west.port, ["before"])
        (east.folder / "secret").write_text("A" * 32)
        url = f"http://127.0.0.1:{port}/"
        hook(east.folder, "add", "#builds", url, "--private", "--secret-file", "secret", *options)
        wait_until(lambda: state(east.folder, *options)[3] != "new", east.log)
        post(west.port, said[:20])
        post(east.port, said[20:40])
        wait_until(lambda: len(received.texts) > 30, east.log)
        east.kill()
        post(west.port, said[40:])
        east.start()
        wait_until(lambda: len(received.texts) >= 60, east.log)
    assert received.texts == said
    assert not received.forged
