"""Who runs a room that nobody has registered: the same on all nodes, whatever they hear first."""

from __future__ import annotations

import random

import pytest

from chatd.chat.limits import Limits
from chatd.chat.permissions import has_voice, is_room_operator
from chatd.model.room_policy import ModerationAction, PolicyKey
from chatd.protocol.events import Said
from tests.cluster.test_people import check_equal, come_in, told
from tests.support.in_memory_chat import ChatClient
from tests.support.in_memory_cluster import InMemoryCluster, Node


@pytest.fixture
def cluster() -> InMemoryCluster:
    return InMemoryCluster(2, Limits(room_founders=True))


def operators(cluster: InMemoryCluster, room: str = "#den") -> list[str]:
    """Return the nicks of those who run a room, as all nodes know it."""
    known = [
        [str(each.nick) for each in node.hub.members(room) if is_room_operator(node.hub, room, each)]
        for node in cluster.nodes
        if not (node.cluster.dead or node.cluster.cut)
    ]
    assert all(each == known[0] for each in known)
    return known[0]


def held(node: Node) -> list[ModerationAction]:
    """Return what holds in the room, the seal on what was said in private aside."""
    return [action for key, action in node.hub.policy("#den").items() if key != PolicyKey("SET", "sealed")]


def readable(node: Node) -> list[int]:
    """Return the ids of the messages of the room that a guest may read."""
    after = node.hub.policy("#den").readable_after(None)
    kept = node.cluster._index._rings.get("#den", ())
    return [] if after is None else [each.id for each in kept if each.id > after and isinstance(each.event, Said)]


def test_of_two_who_come_in_at_once_the_first_in_the_order_is_the_founder(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    ann, ben = ChatClient(one.hub), ChatClient(two.hub)
    for person, nick in ((ann, "ann"), (ben, "ben")):
        person.says("HELLO 1", f"JOIN {nick} #den")
    for node in (two, one):  # ben's is the first in the order
        node.cluster.publish()
    cluster.settle()
    assert operators(cluster) == ["ben"]
    assert " operator=yes" in ben.take()[-2]
    assert "operator=" not in "".join(ann.take())
    ben.says("KICK ann")
    ann.says("KICK ben")
    cluster.settle()
    assert any(line.startswith("ERR not-allowed KICK ") for line in told(ann))
    assert "OK KICK #den ann" in told(ben)
    check_equal(cluster)


def test_a_node_that_begins_knows_the_ranks_and_what_has_lapsed(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    come_in(cluster, one, "JOIN gina #den", "MSG open", "BAN eve", "SET private=yes", "MSG secret", "PART")
    founder = come_in(cluster, two, "JOIN founder #den")
    guest = come_in(cluster, one, "JOIN guest #den")
    founder.says("OP guest", "VOICE guest", "MUTE mallory")
    cluster.settle()
    late = cluster.node()
    cluster.settle()
    assert operators(cluster) == ["founder", "guest"]
    for node in cluster.nodes:
        assert {key for key, _ in node.hub.policy("#den").items()} == {
            PolicyKey("MUTE", "mallory"),
            PolicyKey("SET", "sealed"),
        }
        assert len({node.hub.policy("#den").readable_after(account) for account in (None, "gina", "founder")}) == 1
        assert [has_voice(node.hub, "#den", each) for each in node.hub.members("#den")] == [False, True]
    assert one.hub.policy("#den").readable_after(None) == late.hub.policy("#den").readable_after(None)
    check_equal(cluster)
    eve = come_in(cluster, late, "JOIN eve #den")
    eve.says("HISTORY")
    guest.take()
    guest.says("KICK eve")
    cluster.settle()
    assert not any("secret" in line or "open" in line for line in eve.take())
    assert told(guest) == ["JOIN eve #den", "OK KICK #den eve"][1:]
    check_equal(cluster)


def test_a_snapshot_of_an_older_node_has_no_ranks(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    come_in(cluster, one, "JOIN gina #den")
    state = one.presence.state()
    assert state.pop("ranks")
    two.presence.restore(state)
    room = two.hub.room("#den")
    assert room is not None
    assert not room.ranks
    assert [str(member.nick) for member in room.everybody] == ["gina"]


def test_without_the_option_a_snapshot_is_as_before() -> None:
    cluster = InMemoryCluster(2)
    come_in(cluster, cluster.nodes[0], "JOIN gina #den")
    assert set(cluster.nodes[0].presence.state()) == {"runs", "people", "rooms"}
    assert operators(cluster) == []


@pytest.mark.parametrize("private", [False, True])
def test_who_takes_the_founders_place_on_another_node_has_the_rank(cluster: InMemoryCluster, *, private: bool) -> None:
    one, two = cluster.nodes
    gina = ChatClient(one.hub)
    gina.says("HELLO 1", "JOIN gina #den")
    cluster.settle()
    secret = gina.take()[-1].split("resume=")[1].split()[0]
    if private:
        gina.says("SET private=yes")
        cluster.settle()
    again = come_in(cluster, two, "HELLO 1", f"JOIN gina #den resume={secret}", "JOIN #other")
    assert operators(cluster) == ["gina"]
    again.says("BAN eve #den")
    cluster.settle()
    assert told(again)[-1] == "OK BAN #den eve"
    late = cluster.node()
    cluster.settle()
    del late
    assert operators(cluster) == ["gina"]
    check_equal(cluster)


def test_the_rank_ends_with_the_node_that_its_founder_is_on(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    come_in(cluster, one, "JOIN gina #den", "MSG hello", "BAN eve")
    ben = come_in(cluster, two, "JOIN ben #den")
    one.cluster.dead = True
    cluster.log.end("run1")
    cluster.settle()
    assert operators(cluster) == []
    assert PolicyKey("BAN", "eve") in two.hub.policy("#den")
    ben.says("PART", "JOIN #den")
    cluster.settle()
    assert operators(cluster) == ["ben"]
    assert not two.hub.policy("#den").lapsing_by


def test_a_node_that_was_given_up_agrees_on_who_came_first_then(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    gina = come_in(cluster, one, "JOIN gina #den", "BAN eve", "MSG hello")
    cluster.log.end("run1")  # although it lives: gina leaves for all, and is announced again
    ben = come_in(cluster, two, "JOIN ben #den")
    cluster.settle()
    assert operators(cluster) in (["gina"], ["ben"])
    assert not any(node.hub.policy("#den").lapsing_by for node in cluster.nodes)
    check_equal(cluster)
    del gina, ben


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_done_at_once_all_nodes_agree(cluster: InMemoryCluster, seed: int) -> None:
    chance = random.Random(seed)
    nicks = ["gina", "ben", "dora", "fred"]
    people = [come_in(cluster, node, f"JOIN {nick}") for nick, node in zip(nicks, cluster.nodes * 2, strict=True)]
    lines = [
        "JOIN #den",
        "PART",
        "OP {}",
        "DEOP {}",
        "VOICE {}",
        "KICK {}",
        "BAN {}",
        "UNBAN {}",
        "MSG hi",
        "JOIN #den",
    ]
    lines += ["SET speak=operators", "SET private=yes who=remove", "SET private=no", "UNVOICE {}"]
    for _ in range(60):
        for person in people:
            for line in chance.choices(lines, k=chance.randrange(3)):
                person.says(line.format(chance.choice(nicks)))
        for node in cluster.nodes:
            if chance.random() < 0.7:
                node.cluster.publish(chance.randrange(4))
            if chance.random() < 0.7:
                node.cluster.read_on(chance.randrange(1, 5))
        for person in people:
            person.take()
        if chance.random() < 0.1:
            one, two = (node.cluster for node in cluster.nodes)
            if one.place >= two.place:
                two.replace_by_snapshot()
    cluster.settle()
    late = cluster.node()
    cluster.settle()
    operators(cluster)
    states = cluster.states()
    for state in states:  # where nothing was said, it does not matter up to where it is sealed
        for ranks in state.get("ranks", {}).values():
            ranks.pop()
    assert states[0] == states[1] == states[2]
    known = [(held(node), readable(node)) for node in cluster.nodes]
    assert known[0] == known[1] == known[2]
    del late
