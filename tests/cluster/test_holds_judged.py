"""What holds in the rooms, and what is judged at its place: together, over purges; on a real nats-server."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import nats
import pytest

from chatd.journal import Judge
from chatd.journal.jetstream.holds import Holds
from chatd.journal.jetstream.streams import describe_stream, holds_stream
from chatd.model.entry import Entry, unavailable
from chatd.model.room_policy import PolicyKey
from chatd.protocol.events import Moderated
from tests.cluster.test_holds import RULED, asked, close_all, do, held, kept, stream_of
from tests.cluster.test_journal import Cluster
from tests.support.cluster_journals import Node, event_loop
from tests.support.daemon import BIN, DEADLINE, environment, wait_until
from tests.support.nats_servers import NatsServer, nats_server
from tests.support.node_processes import NodeClient, Relay, nodes

pytestmark = pytest.mark.slow

PASSWORD = "correct-horse-battery"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[NatsServer]:
    with nats_server(tmp_path / "nats") as server:
        yield server


@pytest.fixture
def cluster(server: NatsServer, tmp_path: Path) -> Iterator[Cluster]:
    with event_loop() as loop:
        cluster = Cluster(loop, server.url, tmp_path)
        with ExitStack() as left:
            left.callback(lambda: close_all(cluster))
            yield cluster


def subjects_held(cluster: Cluster, node: Node) -> set[str]:
    """Return what is kept beside the stream, by its subject without the stream's name."""
    stream = stream_of(cluster)
    question = {"subjects_filter": f"{stream}.holds.>"}
    state = asked(cluster, node, f"STREAM.INFO.{holds_stream(stream)}", question)["state"]
    return {subject.removeprefix(f"{stream}.holds.") for subject in state.get("subjects") or {}}


def refuse_about(*subjects: str) -> Judge:
    """Judge that no ruling about some counts."""

    def judge(entries: Sequence[Entry]) -> int:
        for entry in entries:
            if isinstance(entry.event, Moderated) and entry.event.subject in subjects:
                entry.refused = unavailable()
        return len(entries)

    return judge


def refuse_others(entries: Sequence[Entry]) -> int:
    """Judge as a node does that knows nobody: what another incarnation has said does not count."""
    for entry in entries:
        if entry.durable and entry.source is not None:
            entry.refused = unavailable()
    return len(entries)


def test_what_does_not_count_is_not_kept_and_takes_nothing_away(cluster: Cluster) -> None:
    a = cluster.node()
    do(cluster, a, *RULED)
    kept(cluster, a)
    asked(cluster, a, f"STREAM.PURGE.{stream_of(cluster)}")
    a.verdict = refuse_about("dan", "eve")
    a.journal._refusals._deleting = True  # so that a new node finds in the stream what is refused
    ruled = do(cluster, a, Moderated("BAN", "ann", "#a", "dan"), Moderated("UNBAN", "ann", "#a", "eve"))
    assert [entry.refused is None for entry in ruled] == [False, False]
    b = cluster.node()
    cluster.until(lambda: b.journal._holds._settle_at is None)
    kept(cluster, b)
    assert held(b, "#a") == held(a, "#a")
    assert PolicyKey("BAN", "eve") in held(b, "#a")
    assert "%23a.BAN.dan" not in subjects_held(cluster, b)
    a.journal._requests.snapshot = None  # so that the next one is told by the one that was told
    assert held(cluster.node(), "#a") == held(b, "#a")


def test_what_was_ruled_while_a_node_was_cut_off_counts_although_it_was_purged(
    cluster: Cluster, server: NatsServer
) -> None:
    a = cluster.node()
    do(cluster, a, *RULED)
    with Relay(server.port) as relay:
        where = f"nats://127.0.0.1:{relay.port}/{stream_of(cluster)}?index={cluster.folder / 'behind.sqlite3'}"
        b = Node(cluster.loop, where)
        cluster.nodes.append(b)
        b.open(wait=False)
        cluster.until(lambda: b.journal.ready and len(held(b, "#a")) == 5)
        relay.hang_up()
        do(cluster, a, Moderated("BAN", "ann", "#a", "dan", None, "out"), Moderated("UNBAN", "ann", "#a", "eve"))
        kept(cluster, a)
        asked(cluster, a, f"STREAM.PURGE.{stream_of(cluster)}")
        b.verdict = refuse_others
        relay.mend()
        cluster.until(lambda: held(b, "#a") == held(a, "#a"))
        assert PolicyKey("BAN", "dan") in held(b, "#a")
        assert PolicyKey("BAN", "eve") not in held(b, "#a")
        cluster.close(b)


def test_what_is_ruled_while_a_node_connects_keeps_it_not_out(cluster: Cluster) -> None:
    a = cluster.node()
    do(cluster, a, *RULED)
    kept(cluster, a)
    connection, subjects = a.journal._connection, a.journal._subjects
    outcomes: list[object] = []

    async def open_late() -> None:
        before = await describe_stream(connection, subjects.stream)
        await Holds(connection, subjects).open(before._replace(last=1), 0, complete=False)

    connection.run(open_late()).addBoth(outcomes.append)
    cluster.until(lambda: outcomes)
    assert outcomes == [None]


def api_answer(server: NatsServer, what: str) -> str:
    """Return what JetStream answers an operator's tool."""

    async def ask() -> str:
        client = await nats.connect(server.url)
        answer = await client.request(f"$JS.API.{what}", b"", timeout=DEADLINE)
        await client.close()
        return str(answer.data.decode())

    return asyncio.run(ask())


def is_kept(server: NatsServer) -> bool:
    """Return whether the stream says that what holds in its rooms is kept beside it."""
    config = json.loads(api_answer(server, "STREAM.INFO.chatd"))["config"]
    held = json.loads(api_answer(server, "STREAM.INFO.chatd-holds"))
    return "chatd-holds" in config["metadata"] and bool(held["state"]["messages"] >= 3)


def test_a_stranger_does_not_enter_what_was_private_before_a_purge(server: NatsServer, tmp_path: Path) -> None:
    accounts = tmp_path / "accounts.sqlite3"
    command = [str(BIN / "chatd"), "user", "add", "olga", "--accounts", str(accounts)]
    subprocess.run(command, env=environment(), input=f"{PASSWORD}\n", text=True, check=True, timeout=DEADLINE)
    options = ("--accounts", str(accounts))
    with nodes(tmp_path / "before", server.url, 1, *options) as (one,), NodeClient(one.port) as olga:
        assert olga.ask(f"LOGIN olga {PASSWORD}") == "OK LOGIN olga"
        olga.enter("olga", "#den2")
        for setting in ("registered=yes", "private=yes"):
            assert olga.ask(f"SET #den2 {setting}").startswith("OK SET #den2 ")
        assert olga.ask("MSG our secret") == "MSG olga #den2 our secret"
        wait_until(lambda: is_kept(server), one.log)
        assert json.loads(api_answer(server, "STREAM.PURGE.chatd"))["success"]
        assert "error" in json.loads(api_answer(server, "STREAM.PURGE.chatd-holds"))
    with nodes(tmp_path / "after", server.url, 1, *options) as (two,), NodeClient(two.port) as eve:
        assert eve.ask("JOIN eve #den2").startswith("ERR not-allowed JOIN the room is private")
        assert eve.enter("eve", "#elsewhere")
        assert eve.ask("SET #den2 registered=yes").startswith("ERR ")
        assert not eve.ask("SEARCH #den2 secret").startswith("OK ")
