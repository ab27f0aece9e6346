"""What one may do to people on another node, and what is kept of rooms there."""

from __future__ import annotations

import pytest

from tests.cluster.test_people import check_equal, come_in, told
from tests.support.in_memory_cluster import InMemoryCluster


@pytest.fixture
def cluster() -> InMemoryCluster:
    return InMemoryCluster(2)


def test_who_is_ignored_on_another_node_is_not_heard(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a", "IGNORE eve")
    eve = come_in(cluster, two, "HELLO 1", "JOIN eve #a")
    alice.take()
    eve.says("MSG hello", "TELL alice hello", "NICK eva", "MSG again", "TELL alice hello", "PART #a look")
    cluster.settle()
    refused = [line for line in told(eve) if line.startswith("ERR ")]
    assert refused == ["ERR not-allowed TELL alice accepts no private messages from you"] * 2
    assert told(alice) == ["NICK eve eva", "PART eva #a"]


def test_who_does_not_read_on_another_node_is_told_no_more(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a")
    eve = come_in(cluster, two, "JOIN eve #b")
    alice.blocked = True  # and so it takes no private lines
    eve.says("TELL alice hello")
    cluster.settle()
    assert told(eve) == ["ERR full TELL alice has too many unread messages; send it again later"]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_room_without_messages_is_forgotten_by_all_nodes_however_they_cut_batches(
    cluster: InMemoryCluster, at_once: bool
) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #x", "TOPIC #x mine")
    bob = come_in(cluster, one, "JOIN bob #b")
    carol = come_in(cluster, two, "JOIN carol #c")
    alice.says("PART #x")
    bob.says("JOIN #x")
    if at_once:
        cluster.settle()
    else:
        one.cluster.publish()
        for _ in range(10):
            one.cluster.read_on()
            two.cluster.read_on(1)
        cluster.settle()
    assert told(bob) == ["OK JOIN #x 1"]
    carol.says("JOIN #x")
    cluster.settle()
    assert told(carol) == ["OK JOIN #x 2"]
    assert [node.cluster.room_state("#x") for node in cluster.nodes] == [None, None]
    check_equal(cluster)
