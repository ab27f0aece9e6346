"""Rooms with limit= on several nodes: who has the last place is the same on all of them."""

from __future__ import annotations

import pytest

from tests.cluster.test_people import check_equal, come_in, told
from tests.support.in_memory_chat import ChatClient
from tests.support.in_memory_cluster import InMemoryCluster

FULL = "ERR full JOIN #den is full (limit {}); JOIN it later, or ask an operator to INVITE you"


@pytest.fixture
def cluster() -> InMemoryCluster:
    """Two nodes, on the first of which ann runs #den."""
    cluster = InMemoryCluster(2)
    cluster.accounts.owned = {"ann", "carol"}
    come_in(cluster, cluster.nodes[0], "JOIN ann #den", "SET registered=yes", account="ann")
    return cluster


def rule(cluster: InMemoryCluster, *lines: str) -> None:
    """Have the room's operator say something, from outside of it."""
    come_in(cluster, cluster.nodes[0], "JOIN helper #other", *lines, "QUIT", account="ann")


def there(cluster: InMemoryCluster) -> list[str]:
    """Return the nicks of those who are in the room, as all nodes know it."""
    known = [[str(each.nick) for each in node.hub.members("#den")] for node in cluster.nodes]
    assert all(each == known[0] for each in known)
    check_equal(cluster)
    return known[0]


@pytest.mark.parametrize("first", [0, 1])
def test_of_two_who_want_the_last_place_the_first_in_the_order_has_it(cluster: InMemoryCluster, first: int) -> None:
    rule(cluster, "SET #den limit=2")
    people = [ChatClient(node.hub) for node in cluster.nodes]
    for number, person in enumerate(people):
        person.says("HELLO 1", f"JOIN guest{number} #den")
    for node in (cluster.nodes[first], cluster.nodes[1 - first]):
        node.cluster.publish()
    cluster.settle()
    assert told(people[first])[-1].startswith("OK JOIN #den 2 ")
    assert told(people[1 - first])[-1] == FULL.format(2)
    assert there(cluster) == ["ann", f"guest{first}"]
    people[1 - first].says("JOIN #other")
    cluster.settle()
    assert told(people[1 - first])[-1].startswith("OK JOIN #other 1 ")


def test_a_limit_counts_from_its_place_in_the_order(cluster: InMemoryCluster) -> None:
    ann = ChatClient(cluster.nodes[0].hub)
    ann.session.account = "ann"
    ann.says("HELLO 1", "JOIN helper #other")
    cluster.settle()
    eve, ben = (ChatClient(cluster.nodes[1].hub) for _ in range(2))
    ben.says("HELLO 1", "JOIN ben #den")
    cluster.nodes[1].cluster.publish()
    ann.says("SET #den limit=1")
    cluster.nodes[0].turn()
    eve.says("HELLO 1", "JOIN eve #den")
    cluster.settle()
    joined, limited = told(ben)[-2:]
    assert joined.startswith("OK JOIN #den 2 ")
    assert limited == "SET helper #den limit=1"
    assert told(eve)[-1] == FULL.format(1)
    assert there(cluster) == ["ann", "ben"]


def test_who_is_let_in_comes_in_on_each_node(cluster: InMemoryCluster) -> None:
    guest = come_in(cluster, cluster.nodes[1], "HELLO 1", "JOIN gina #other")
    rule(cluster, "SET #den limit=1", "INVITE gina #den", "INVITE carol #den")
    guest.take()
    guest.says("JOIN #den")
    come_in(cluster, cluster.nodes[1], "HELLO 1", "JOIN carol #den", account="carol")
    come_in(cluster, cluster.nodes[1], "HELLO 1", "JOIN eve #den")
    assert there(cluster) == ["ann", "gina", "carol"]


@pytest.mark.parametrize("account", ["carol", None])
@pytest.mark.parametrize("rooms", [("#den", "#other"), ("#other", "#den")])
def test_who_comes_back_on_another_node_has_their_place(
    cluster: InMemoryCluster, account: str | None, rooms: tuple[str, str]
) -> None:
    one, two = cluster.nodes
    nick, first = account or "gina", ChatClient(one.hub)
    first.session.account = account
    first.says("HELLO 1", f"JOIN {nick} #den", "JOIN #other")
    cluster.settle()
    secret = first.session.takeover.secret
    rule(cluster, "SET #den limit=2")
    again = ChatClient(two.hub)
    again.session.account = account
    again.says("HELLO 1", f"JOIN {nick} {rooms[0]}" + ("" if account else f" resume={secret}"), f"JOIN {rooms[1]}")
    cluster.settle()
    assert {line.split(" last=")[0] for line in told(again)[-2:]} == {"OK JOIN #other 1", "OK JOIN #den 2"}
    assert there(cluster) == ["ann", nick]
    again.says("PART #den")
    cluster.settle()
    come_in(cluster, one, "JOIN eve #den")
    assert there(cluster) == ["ann", "eve"]


def test_who_was_cut_off_is_there_again_although_others_have_come(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    ben = come_in(cluster, two, "HELLO 1", "JOIN ben #den")
    rule(cluster, "SET #den limit=2")
    two.cluster.cut = True
    cluster.log.end(two.cluster.incarnation)
    cluster.settle()
    eve = come_in(cluster, one, "HELLO 1", "JOIN eve #den")
    two.cluster.cut = False
    cluster.settle()
    assert there(cluster) == ["ann", "eve", "ben"]
    ben.take()
    ben.says("MSG I am here still")
    cluster.settle()
    assert told(eve)[-1] == "MSG ben #den I am here still"
    ben.says("PART", "JOIN #den")
    cluster.settle()
    assert told(ben)[-1] == FULL.format(2)
    assert there(cluster) == ["ann", "eve"]


def test_a_node_that_begins_knows_that_a_room_is_full(cluster: InMemoryCluster) -> None:
    rule(cluster, "SET #den limit=1")
    late = cluster.node()
    cluster.settle()
    eve = ChatClient(late.hub)
    eve.says("HELLO 1", "JOIN eve #den")
    cluster.settle()
    assert told(eve)[-1] == FULL.format(1)
    assert there(cluster) == ["ann"]
