"""Rooms that groups let into, in a cluster: what one node hears at a login holds on all of them."""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from chatd.accounts.groups import GroupRules
from chatd.chat.group_rooms import GroupRooms
from chatd.protocol import names
from tests.cluster.test_people import check_equal, come_in
from tests.support.in_memory_cluster import InMemoryCluster, Node

RULES = GroupRules(rooms={"staff": frozenset({names.room("#den")})})


def settle(cluster: InMemoryCluster, node: Node, *groups: str) -> None:
    rooms = GroupRooms(node.hub, IReactorTime(node.clock), RULES)
    done = Deferred.fromCoroutine(rooms.settle("eve", frozenset(groups)))
    cluster.settle()
    assert done.called


def members(cluster: InMemoryCluster) -> list[bool]:
    return [node.hub.policy("#den").is_member("eve") for node in cluster.nodes]


def test_an_invitation_for_a_group_holds_on_all_nodes_until_it_is_taken_back() -> None:
    cluster = InMemoryCluster(2)
    one, two = cluster.nodes
    cluster.accounts.owned |= {"ann", "eve"}
    ann = come_in(cluster, one, "LOGIN ann x", "JOIN ann #den", "SET #den registered=yes", "SET #den private=yes")
    settle(cluster, one, "staff")
    assert members(cluster) == [True, True]
    eve = come_in(cluster, two, "LOGIN eve x", "JOIN eve #den")
    assert [str(each.nick) for each in one.hub.members("#den")] == ["ann", "eve"]
    settle(cluster, two)
    assert members(cluster) == [False, False]
    assert [str(each.nick) for each in one.hub.members("#den")] == ["ann"]
    assert "NOTE chatd withdrew eve's invitation to #den" in ann.take()
    assert eve.farewell is None
    check_equal(cluster)
