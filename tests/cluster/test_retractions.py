"""What was taken back or changed is deleted from the stream and from every index, whoever was away meanwhile."""

from __future__ import annotations

import asyncio
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from chatd.journal import Query
from chatd.journal.jetstream.commands import bring_in, fill
from chatd.journal.jetstream.errors import ApiError, api
from chatd.journal.jetstream.journal import ClusterJournal
from chatd.journal.jetstream.retractions import Retractions
from chatd.journal.sqlite.archive import export_lines
from chatd.model.authorship import Rights
from chatd.model.entry import Entry, StoredEvent
from chatd.protocol.events import DurableEvent, Said
from chatd.protocol.references import Edited, Original, Reacted, Retracted, Unreacted
from tests.cluster.test_journal import Cluster
from tests.support.cluster_journals import Node, event_loop
from tests.support.nats_servers import NatsServer, nats_server

ANN = "account=ann"


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def cluster(shared: NatsServer, tmp_path: Path) -> Iterator[Cluster]:
    with event_loop() as loop:
        made = Cluster(loop, shared.url, tmp_path)
        yield made
        for node in list(made.nodes):
            made.close(node)


def do(cluster: Cluster, node: Node, event: DurableEvent, **fields: Any) -> Entry:
    """Append something by ann, and return it when it is back."""
    entry = Entry("#a", event, **{"by": ANN, "seen": True, **fields})
    node.journal.append(entry)
    flushed = node.journal.flush()
    cluster.until(lambda: flushed.called)
    return entry


def said(cluster: Cluster, node: Node, text: str) -> Entry:
    return do(cluster, node, Said("ann", "#a", text))


def edited(of: Entry, text: str) -> Edited:
    return Edited("ann", "#a", of.id, text, Original("ann", of.time, ANN))


def kept(cluster: Cluster, node: Node) -> list[str]:
    """Return all that the index of a node tells of the room."""
    read = node.journal.read(Query("#a"))
    cluster.until(lambda: read.called)
    page = node.wait_for(read)
    return [f"{type(each.event).__name__} {each.event.text}{' (edited)' * each.edited}" for each in page.kept]


async def _texts(journal: ClusterJournal) -> str:
    stream, found = journal._subjects.stream, ""
    state = (await api(journal._connection, f"STREAM.INFO.{stream}", {}))["state"]
    for sequence in range(state["first_seq"], state["last_seq"] + 1):
        try:
            message = (await api(journal._connection, f"STREAM.MSG.GET.{stream}", {"seq": sequence}))["message"]
        except ApiError:
            continue
        found += b64decode(message.get("data") or "").decode() + "\n"
    return found


def in_the_stream(cluster: Cluster, node: Node) -> str:
    """Return all payloads of the stream."""
    done: list[str] = []
    node.journal._connection.run(_texts(node.journal)).addCallback(done.append)
    cluster.until(lambda: done)
    return done[0]


def test_what_is_taken_back_leaves_the_stream_and_every_index(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    first, second, third = (said(cluster, a, text) for text in ("stays", "hidden", "mistyped"))
    do(cluster, a, edited(third, "corrected"))
    do(cluster, b, edited(third, "corrected twice"))
    do(cluster, b, Retracted("ann", "#a", second.id))
    gone = ("hidden", "mistyped", 'corrected"')
    cluster.until(lambda: not [text for text in gone if text in in_the_stream(cluster, a)])
    expected = ["Said stays", "Said corrected twice (edited)", "Edited corrected twice", "Retracted None"]
    assert kept(cluster, a) == expected
    cluster.until(lambda: kept(cluster, b) == expected)
    late = cluster.node()
    assert kept(cluster, late) == expected
    (found,) = late.wait_for(late.journal.read(Query("#a", first.id, third.id + 1))).kept
    assert (found.id, found.author, found.event.nick, abs(found.time - third.time) < 2) == (third.id, ANN, "ann", True)


def test_a_node_that_was_down_follows_when_it_is_back(cluster: Cluster) -> None:
    a, b = cluster.node("a"), cluster.node("b")
    first, second = said(cluster, a, "hidden"), said(cluster, a, "mistyped")
    cluster.until(lambda: len(kept(cluster, b)) == 2)
    cluster.close(b)
    do(cluster, a, Retracted("ann", "#a", first.id))
    do(cluster, a, edited(second, "better"))
    cluster.until(lambda: "hidden" not in in_the_stream(cluster, a) and "mistyped" not in in_the_stream(cluster, a))
    b = cluster.node("b")
    cluster.until(lambda: kept(cluster, b) == kept(cluster, a))
    assert kept(cluster, b)[0] == "Said better (edited)"
    search = b.journal.search("#a", ["hidden"], 2**62, 5)
    assert list(b.wait_for(search)) == []


def test_what_could_not_be_deleted_is_after_a_restart(cluster: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(Retractions, "delete_soon", lambda _self: None)
        a = cluster.node("a")
        hidden = said(cluster, a, "hidden")
        do(cluster, a, Retracted("ann", "#a", hidden.id))
        assert "hidden" in in_the_stream(cluster, a)
        late = cluster.node()
        assert kept(cluster, late) == ["Retracted None"]
        cluster.close(late)
        cluster.close(a)
    a = cluster.node("a")
    cluster.until(lambda: "hidden" not in in_the_stream(cluster, a))


def test_the_oldest_message_is_kept_when_it_is_changed(cluster: Cluster) -> None:
    a = cluster.node()
    oldest = said(cluster, a, "mistyped")
    said(cluster, a, "stays")
    done: list[None] = []
    a.journal._connection.run(_purge_passing(a.journal)).addCallback(done.append)
    cluster.until(lambda: done)
    do(cluster, a, edited(oldest, "better"))
    index = a.journal._index
    cluster.until(lambda: index._forgotten_to > oldest.id)  # in the stream nothing is left where it stood
    cluster.sleep(0.1)
    assert kept(cluster, a) == ["Said better (edited)", "Said stays", "Edited better"]
    late = cluster.node()
    assert kept(cluster, late) == kept(cluster, a)


async def _purge_passing(journal: ClusterJournal) -> None:
    stream = journal._subjects.stream
    await api(journal._connection, f"STREAM.PURGE.{stream}", {"filter": f"{stream}.passing.>"})


def test_a_node_that_comes_back_with_a_changed_message_last_knows_its_stream(
    cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Retractions, "delete_soon", lambda _self: None)
    a = cluster.node("a")
    last = said(cluster, a, "mistyped")
    do(cluster, a, edited(last, "better"))
    cluster.close(a)
    a = cluster.node("a")
    assert kept(cluster, a)[0] == "Said better (edited)"
    compared = a.wait_for(a.journal._index.newest_entries(5))
    assert [type(each.event) for each in compared] == [Edited]  # the stream has the other as it was


def test_what_does_not_count_is_in_no_index_made_anew(cluster: Cluster) -> None:
    a = cluster.node()
    of_ann = said(cluster, a, "of ann")

    def judge(entries: Any) -> int:
        for entry in entries:
            entry.rights = Rights(moderates=False, readable_after=0)
        return len(entries)

    a.verdict = judge
    refused = do(cluster, a, Retracted("eve", "#a", of_ann.id), by="account=eve session=1")
    assert refused.refused is not None and not refused.id
    missing = do(cluster, a, Retracted("ann", "#a", 9_999), seen=False)
    assert missing.refused is not None
    cluster.until(lambda: "RETRACT" not in in_the_stream(cluster, a))
    assert kept(cluster, cluster.node()) == kept(cluster, a) == ["Said of ann"]


def test_reactions_are_the_same_on_all_nodes(cluster: Cluster) -> None:
    a, b = cluster.node(), cluster.node()
    of_ann = said(cluster, a, "ship it")
    do(cluster, a, Reacted("ann", "#a", of_ann.id, "👍"))
    do(cluster, b, Reacted("eve", "#a", of_ann.id, "👍"), by="session=1")
    assert do(cluster, b, Reacted("eve", "#a", of_ann.id, "👍"), by="session=1").refused is not None
    do(cluster, b, Unreacted("ann", "#a", of_ann.id, "👍"))
    for node in (a, b, cluster.node()):
        cluster.until(lambda node=node: reactions(node) == (("👍", 1),))  # type: ignore[misc]  # at once


def reactions(node: Node) -> tuple[tuple[str, int], ...]:
    page = node.wait_for(node.journal.read(Query("#a", said_only=True)))
    return page.kept[0].reactions if page.kept else ()


def test_an_import_brings_them_about_the_same_messages(cluster: Cluster) -> None:
    before = [
        StoredEvent(70, 1000, Said("ann", "#a", "better", notice=True), ANN),
        StoredEvent(71, 1000, Said("eve", "#a", "yes", 70)),
        StoredEvent(72, 1000, Edited("ann", "#a", 70, "better"), ANN),
        StoredEvent(73, 1000, Reacted("eve", "#a", 71, "👍")),
        StoredEvent(74, 1000, Reacted("bob", "#a", 71, "👍")),
        StoredEvent(75, 1000, Retracted("bob", "#a", 69)),
    ]
    assert str(bring_in(cluster.where, before, lambda _count: None)) == (
        "2 messages, 3 references, 0 topics, 0 moderation actions in 1 room"
    )
    asyncio.set_event_loop(cluster.loop)
    a = cluster.node()
    cluster.until(lambda: len(kept(cluster, a)) == 5)
    cluster.until(lambda: in_the_stream(cluster, a).count("better") == 1)  # the message is deleted, its change is not
    for node in (a, cluster.node()):
        first, second = node.wait_for(node.journal.read(Query("#a", said_only=True))).kept
        assert (first.event, first.edited, first.author) == (Said("ann", "#a", "better", notice=True), True, ANN)
        assert (second.event.reply, second.reactions) == (first.id, (("👍", 2),))


def test_an_export_of_the_cluster_lacks_it(cluster: Cluster, tmp_path: Path) -> None:
    a = cluster.node()
    hidden, mistyped = said(cluster, a, "hidden"), said(cluster, a, "mistyped")
    do(cluster, a, Retracted("ann", "#a", hidden.id))
    do(cluster, a, edited(mistyped, "better"))
    cluster.until(lambda: "mistyped" not in in_the_stream(cluster, a))
    cluster.close(a)
    cluster.loop.run_until_complete(asyncio.sleep(0))
    fill(cluster.where, tmp_path / "export.sqlite3")
    lines = "".join(export_lines(tmp_path / "export.sqlite3"))
    assert "hidden" not in lines and "mistyped" not in lines
    assert lines.count("better") == 2
