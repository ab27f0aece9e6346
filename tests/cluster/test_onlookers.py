"""What is told of people on other nodes: in passing, in the order of the journal, and without asking."""

from __future__ import annotations

import pytest

from chatd.model.cluster import MemberInfo, NodeDown, Source, proof_of, said_of_oneself
from chatd.model.entry import Entry
from chatd.protocol.names import Nick
from tests.support.in_memory_chat import ChatClient
from tests.support.in_memory_cluster import InMemoryCluster, Node
from tests.support.onlooking import Recorder


@pytest.fixture
def cluster() -> InMemoryCluster:
    return InMemoryCluster(2)


def come_in(cluster: InMemoryCluster, node: Node, *lines: str) -> ChatClient:
    person = ChatClient(node.hub)
    person.says(*lines)
    cluster.settle()
    person.take()
    return person


def says(cluster: InMemoryCluster, person: ChatClient, *lines: str) -> None:
    person.says(*lines)
    cluster.wait(2)


def test_who_comes_goes_and_is_renamed_elsewhere(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    here = Recorder(come_in(cluster, one, "JOIN alice #a"), "bob", "bert")
    there = Recorder(come_in(cluster, two, "JOIN carol #c"), "bob", "bert")
    bob = come_in(cluster, two, "JOIN bob #b")
    assert here.heard() == there.heard() == ["+bob"]
    says(cluster, bob, "NICK BOB", "NICK bert")
    assert here.heard() == there.heard() == ["-BOB", "+bert"]
    says(cluster, bob, "QUIT")
    assert here.heard() == there.heard() == ["-bert"]


def test_a_nick_that_two_nodes_claim_comes_once(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    watchers = [
        Recorder(come_in(cluster, one, "JOIN alice #a"), "bob"),
        Recorder(come_in(cluster, two, "JOIN c"), "bob"),
    ]
    first, second = ChatClient(one.hub), ChatClient(two.hub)
    first.says("JOIN bob #b")
    second.says("JOIN bob #b")
    for node in cluster.nodes:
        assert node.hub.client(Nick("bob")) is not None
        assert node.hub.going_by(Nick("bob")) is None
    cluster.settle()
    assert [watcher.heard() for watcher in watchers] == [["+bob"], ["+bob"]]
    assert second.sent[-1].startswith("ERR name-taken")
    says(cluster, second, "QUIT")
    assert [watcher.heard() for watcher in watchers] == [[], []]


def test_one_who_comes_again_on_another_node_does_not_go(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    watchers = [
        Recorder(come_in(cluster, one, "JOIN alice #a"), "bob"),
        Recorder(come_in(cluster, two, "JOIN c"), "bob"),
    ]
    bob = come_in(cluster, one, "HELLO 1", "JOIN bob #b")
    assert [watcher.heard() for watcher in watchers] == [["+bob"], ["+bob"]]
    again = come_in(cluster, two, "HELLO 1", f"JOIN bob #b resume={bob.session.takeover.secret}")
    cluster.wait(40)
    assert bob.farewell is not None
    assert [watcher.heard() for watcher in watchers] == [[], []]
    says(cluster, again, "QUIT")
    assert [watcher.heard() for watcher in watchers] == [["-bob"], ["-bob"]]


def test_who_was_on_a_node_that_died_is_gone(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    here = Recorder(come_in(cluster, one, "JOIN alice #a"), "bob")
    come_in(cluster, two, "JOIN bob #b")
    assert here.heard() == ["+bob"]
    two.cluster.dead = True
    cluster.log.end(two.cluster.incarnation)
    cluster.settle()
    assert here.heard() == ["-bob"]


def test_those_of_a_node_that_was_given_up_and_is_back_have_not_gone_for_itself(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    here = Recorder(come_in(cluster, one, "JOIN alice #a"), "bob")
    come_in(cluster, one, "JOIN bob #b")
    there = Recorder(come_in(cluster, two, "JOIN carol #c"), "bob")
    assert here.heard() == ["+bob"]
    run = one.cluster.incarnation
    cluster.log.add(None, Entry("", NodeDown(run), source=Source(two.cluster.incarnation, None)))
    cluster.settle()
    assert here.heard() == []
    assert there.heard() == ["-bob", "+bob"]


def test_away_is_told_on_other_nodes_and_known_there(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    beside = Recorder(come_in(cluster, one, "JOIN alice #a"))
    watcher = Recorder(come_in(cluster, one, "JOIN carol #c"), "bob")
    stranger = Recorder(come_in(cluster, one, "JOIN dave #c"))
    bob = come_in(cluster, two, "HELLO 1 bot=yes", "JOIN bob #a")
    assert watcher.heard() == ["+bob"]
    says(cluster, bob, "AWAY Mittagessen; zurück um 2")
    told = ["bob is away: Mittagessen; zurück um 2"]
    assert beside.heard() == watcher.heard() == told
    remote = one.hub.going_by(Nick("bob"))
    assert remote is not None
    assert (remote.away, remote.bot) == ("Mittagessen; zurück um 2", True)
    says(cluster, bob, "AWAY")
    assert beside.heard() == watcher.heard() == ["bob is back"]
    assert stranger.heard() == []
    assert remote.away is None


def test_who_comes_in_while_away_is_known_to_be(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    come_in(cluster, one, "JOIN alice #a")
    come_in(cluster, two, "JOIN bob #b", "AWAY lunch", "JOIN #a")
    room = one.hub.room("#a")
    assert room is not None
    assert {member.nick: member.away for member in room.people} == {"alice": None, "bob": "lunch"}
    three = cluster.node()
    cluster.settle()
    remote = three.hub.going_by(Nick("bob"))
    assert remote is not None
    assert remote.away == "lunch"


def test_a_flood_of_away_is_one_entry_a_second(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    beside = Recorder(come_in(cluster, one, "JOIN alice #a"))
    bob = come_in(cluster, two, "JOIN bob #a")
    before = len(cluster.log.entries)
    for number in range(50):
        bob.says(f"AWAY {number}")
    cluster.wait(2)
    assert len(cluster.log.entries) == before + 1
    assert beside.heard() == ["bob is away: 49"]


def test_away_is_over_for_all_when_the_connection_is_taken_over(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    recorders = [Recorder(come_in(cluster, node, f"JOIN watcher{n} #a")) for n, node in enumerate(cluster.nodes)]
    bob = come_in(cluster, one, "HELLO 1", "JOIN bob #a", "AWAY lunch")
    cluster.wait(2)
    assert [each.heard() for each in recorders] == [["bob is away: lunch"], ["bob is away: lunch"]]
    secret = bob.session.takeover.secret
    again = come_in(cluster, two, "HELLO 1", f"JOIN bob #a resume={secret}", "AWAY dinner")
    cluster.wait(2)
    assert [each.heard() for each in recorders] == [["bob is back", "bob is away: dinner"]] * 2
    come_in(cluster, two, "HELLO 1", f"JOIN bob #a resume={again.session.takeover.secret}")
    cluster.wait(2)
    assert [each.heard() for each in recorders] == [["bob is back"]] * 2


def test_an_account_of_one_elsewhere(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    beside = Recorder(come_in(cluster, one, "JOIN alice #a"))
    elsewhere = Recorder(come_in(cluster, one, "JOIN dave #b"))
    bob = come_in(cluster, two, "JOIN bob #a")
    says(cluster, bob, "REGISTER correct-horse")
    assert beside.heard() == ["bob is bob"]
    assert elsewhere.heard() == []


def test_what_a_node_learns_anew_is_told(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    here = Recorder(come_in(cluster, one, "JOIN alice #a"), "bob", "carol", "erin")
    bob, carol = come_in(cluster, two, "JOIN bob #a"), come_in(cluster, two, "JOIN carol #a")
    assert here.heard() == ["+bob", "+carol"]
    one.cluster.cut = True
    says(cluster, bob, "AWAY lunch")
    says(cluster, carol, "QUIT")
    come_in(cluster, two, "JOIN erin #a")
    assert here.heard() == []
    one.cluster.cut = False
    one.cluster.replace_by_snapshot()
    cluster.settle()
    assert sorted(here.heard()) == ["+erin", "-carol", "bob is away: lunch"]


def test_a_node_of_a_version_before_reads_what_others_say_of_themselves() -> None:
    # It takes each word of a proof for a digest, and compares them in constant time, which only ASCII allows.
    words = said_of_oneself("zurück um 2", "Bob der Bär", bot=True)
    assert words.isascii()
    info = MemberInfo("run1.1", "bob", proof=f"{proof_of('secret')} {words}")
    assert (info.away, info.bot, info.voice) == ("zurück um 2", True, "session=run1.1")
    assert info.realname == "Bob der Bär"
    assert not any(word == proof_of(word) for word in words.split())
    assert MemberInfo("run1.1", "bob", proof="away=**").away is None
    bare = MemberInfo("run1.1", "bob", proof=said_of_oneself(None, "", bot=False))
    assert (bare.away, bare.bot, bare.realname, bare.proof) == (None, False, "", "")
