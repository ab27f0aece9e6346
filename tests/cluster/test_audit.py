"""In a cluster each act is in one audit log: that of the node where it was asked for."""

from __future__ import annotations

from chatd.chat.limits import Limits
from tests.cluster.test_people import come_in, told
from tests.support.in_memory_cluster import InMemoryCluster
from tests.unit.test_audit import Kept


def test_an_act_is_noted_once_where_it_was_asked_for() -> None:
    cluster = InMemoryCluster(3, Limits(room_founders=True))
    logs = [Kept() for _ in cluster.nodes]
    for node, log in zip(cluster.nodes, logs, strict=True):
        node.hub.audit = log
    one, two, _ = cluster.nodes
    ann, bob = come_in(cluster, one, "JOIN ann #den"), come_in(cluster, two, "JOIN bob #den")
    ann.says("MUTE bob spam")
    cluster.settle()
    bob.says("KICK ann")
    cluster.settle()
    assert any(line.startswith("ERR not-allowed KICK ") for line in told(bob))
    assert [[(each["event"], each["act"]) for each in log.take()] for log in logs] == [
        [("moderated", "MUTE")],
        [("refused", "KICK")],
        [],
    ]
