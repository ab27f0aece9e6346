"""``chatd export``, ``import`` and ``erase`` beside a cluster, and files that are not what they are taken for."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from twisted.internet.task import Clock

from chatd.journal import JournalError
from chatd.journal.factory import from_string
from chatd.journal.sqlite.archive import export_rows, import_lines
from chatd.model.room_policy import PolicyKey
from chatd.protocol.events import Moderated, TopicSet
from tests.cluster.test_holds import RULED, asked, close_all, do, held, kept, stream_of
from tests.cluster.test_journal import Cluster, history
from tests.support.cluster_journals import event_loop
from tests.support.daemon import BIN, environment
from tests.support.in_memory_chat import journal_environment
from tests.support.nats_servers import NatsServer, nats_server

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    with event_loop() as loop:
        yield loop


@pytest.fixture
def cluster(loop: asyncio.AbstractEventLoop, server: NatsServer, tmp_path: Path) -> Iterator[Cluster]:
    cluster = Cluster(loop, server.url, tmp_path)
    with ExitStack() as left:
        left.callback(lambda: close_all(cluster))
        yield cluster


def chatd(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [str(BIN / "chatd"), *arguments]
    return subprocess.run(
        command, input=given, capture_output=True, text=True, timeout=60, env=environment(), check=False
    )


LINES = [
    {"time": "2024-05-01T10:00:00.000Z", "type": "SET", "room": "#a", "nick": "ann", "text": "registered=yes"},
    {"time": "2024-05-01T10:00:01.000Z", "type": "SET", "room": "#a", "nick": "ann", "text": "private=yes"},
    {"time": "2024-05-01T10:00:02.000Z", "type": "MSG", "room": "#a", "nick": "ann", "text": "hello"},
    {"time": "2024-05-01T10:00:03.000Z", "type": "TOPIC", "room": "#a", "nick": "ann", "text": "plans"},
    {"time": "2024-05-01T10:00:04.000Z", "type": "MSG", "room": "#b", "nick": "bob", "text": "tomorrow"},
]


def said_in(path: Path) -> list[tuple[int, str, str, str]]:
    return [(row.time, row.kind, row.room, row.text) for row in export_rows(path)]


def test_a_log_of_another_program_goes_into_a_cluster(cluster: Cluster, tmp_path: Path) -> None:
    log = tmp_path / "#den.log"
    log.write_text("--- Log opened Sat Nov 28 19:00:00 2026\n19:01 <ann> one\n19:02  * bob|away waves\nwhat?\n")
    command = ["import", "--format", "irssi", "--timezone", "UTC", "--journal", cluster.where, str(log)]
    refused = chatd(*command)
    assert refused.returncode == 1
    assert "cannot read 1 line or message; nothing was imported" in refused.stderr
    imported = chatd(*command, "--skip-bad")
    assert imported.stdout == "imported 2 messages, 0 topics, 0 moderation actions in 1 room\n"
    exported = chatd("export", "--journal", cluster.where)
    assert [json.loads(line)["text"] for line in exported.stdout.splitlines()] == ["one", "/me waves"]


def test_a_journal_goes_into_a_cluster_and_comes_out_of_it(cluster: Cluster, tmp_path: Path) -> None:
    before = tmp_path / "single.sqlite3"
    import_lines(before, [json.dumps(line) for line in LINES], "e1")
    exported = chatd("export", "--journal", f"sqlite:{before}")
    assert exported.returncode == 0, exported.stderr
    imported = chatd("import", "--journal", cluster.where, given=exported.stdout)
    assert imported.returncode == 0, imported.stderr
    again = chatd("import", "--journal", cluster.where, given=exported.stdout)
    assert "#a already has messages in the cluster; nothing was imported" in again.stderr
    a = cluster.node("a")
    assert history(cluster, a)[-1] == "plans"
    assert PolicyKey("SET", "private") in held(a, "#a")
    kept(cluster, a)
    back = chatd("export", "--journal", cluster.where)
    assert back.returncode == 0, back.stderr
    import_lines(tmp_path / "back.sqlite3", back.stdout.splitlines(), "e2")
    assert said_in(tmp_path / "back.sqlite3") == said_in(before)
    refused = chatd("import", "--journal", cluster.where, given=exported.stdout.replace("#a", "#c"))
    assert "nodes of the cluster are running, or were 15 seconds ago; stop them all first" in refused.stderr


def test_an_export_after_a_purge_has_what_holds(cluster: Cluster) -> None:
    a = cluster.node("a")
    do(cluster, a, *RULED)
    cluster.say(a, "secret")
    kept(cluster, a)
    asked(cluster, a, f"STREAM.PURGE.{stream_of(cluster)}")
    lines = [json.loads(line) for line in chatd("export", "--journal", cluster.where).stdout.splitlines()]
    assert [line["text"] for line in lines if line["type"] == "SET"] == ["registered=yes", "private=yes"]
    assert "secret" not in [line["text"] for line in lines]


def test_what_somebody_said_is_erased_on_nodes_that_run_and_on_others(cluster: Cluster, tmp_path: Path) -> None:
    a, b = cluster.node("a"), cluster.node("b")
    do(cluster, a, TopicSet("Eve", "#a", "eve's topic"), Moderated("BAN", "ann", "#a", "eve", None, "out"))
    cluster.say(a, "of alice")
    cluster.until(lambda: history(cluster, b)[-1:] == ["of alice"])
    kept(cluster, a)
    cluster.close(b)
    command = [str(BIN / "chatd"), "erase", "--journal", cluster.where, "eve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment()) as erasing:
        cluster.until(lambda: erasing.poll() is not None)
        assert erasing.stdout is not None
        assert erasing.stdout.read().startswith("erased 1 message or topic")
    cluster.until(lambda: PolicyKey("TOPIC", "") not in held(a, "#a"))
    for node in (a, cluster.node("b"), cluster.node("c")):
        cluster.until(lambda node=node: "eve's topic" not in history(cluster, node))  # type: ignore[misc]  # at once
        assert "of alice" in history(cluster, node)
        assert PolicyKey("TOPIC", "") not in held(node, "#a")
        assert PolicyKey("BAN", "eve") in held(node, "#a")
    assert do(cluster, a, TopicSet("ann", "#a", "another"))[0].stored
    kept(cluster, a)
    for index in ("a", "b", "c"):
        for path in tmp_path.glob(f"{index}.sqlite3*"):
            assert b"eve's topic" not in path.read_bytes()


def test_the_journal_of_a_single_chatd_is_not_taken_for_an_index(cluster: Cluster, tmp_path: Path) -> None:
    path = tmp_path / "single.sqlite3"
    import_lines(path, [json.dumps(line) for line in LINES], "e1")
    before = path.read_bytes()
    journal = from_string(f"{cluster.where}?index={path}", journal_environment(Clock()))
    with pytest.raises(JournalError, match="is the journal of a single chatd and was not changed") as refused:
        journal.start()
    assert "remove" not in str(refused.value)
    assert path.read_bytes() == before


def test_an_index_is_not_taken_for_a_journal(cluster: Cluster, tmp_path: Path) -> None:
    a = cluster.node("a")
    cluster.say(a, "said")
    cluster.close(a)
    where = f"sqlite:{tmp_path / 'a.sqlite3'}"
    for arguments in (("import", "--journal", where), ("erase", "--journal", where, "alice")):
        refused = chatd(*arguments)
        assert refused.returncode == 1
        assert "is the index of a node, built from the stream of a cluster" in refused.stderr
    with pytest.raises(JournalError, match="is the index of a node, built from the stream of a cluster"):
        from_string(where, journal_environment(Clock())).start()
    assert history(cluster, cluster.node("a")) == ["said"]
