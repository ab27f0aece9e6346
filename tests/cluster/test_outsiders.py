"""What is said in a room by those who are not in it is judged alike on all nodes."""

from __future__ import annotations

import pytest

from chatd.chat.limits import Limits
from tests.cluster.test_people import check_equal, come_in, told
from tests.support.in_memory_cluster import InMemoryCluster


@pytest.fixture
def cluster() -> InMemoryCluster:
    return InMemoryCluster(2, Limits(room_founders=True))


def test_people_on_other_nodes_hear_it(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    ann, ben = come_in(cluster, one, "JOIN ann #den"), come_in(cluster, two, "JOIN ben #den")
    eve = come_in(cluster, two, "HELLO 1", "JOIN eve #elsewhere")
    ann.says("SET #den outsiders=yes")
    cluster.settle()
    ben.take()
    eve.says("TELL #den hello")
    cluster.settle()
    assert told(ann)[-1] == told(ben)[-1] == "MSG eve #den hello"
    assert told(eve)[-1].startswith("OK TELL #den id=")
    check_equal(cluster)


def test_it_is_judged_at_its_place_in_the_order(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    ann, ben = come_in(cluster, one, "JOIN ann #den"), come_in(cluster, two, "JOIN ben #den")
    eve = come_in(cluster, two, "HELLO 1", "JOIN eve #elsewhere")
    ann.says("SET #den outsiders=yes")
    cluster.settle()
    ann.says("SET #den outsiders=no")
    eve.says("TELL #den too late")
    for node in (one, two):
        node.cluster.publish()
    cluster.settle()
    assert told(eve)[-1].startswith("ERR not-in-room TELL ")
    assert "MSG eve #den too late" not in [*told(ann), *told(ben)]
    check_equal(cluster)
