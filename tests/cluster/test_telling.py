"""Private lines to accounts on several nodes: stored in the one order, told where their owners are."""

from __future__ import annotations

from tests.support.in_memory_chat import ChatClient
from tests.support.in_memory_cluster import InMemoryCluster, Node, bodies


def comes_in(
    cluster: InMemoryCluster, node: Node, name: str, *more: str, party: str | None = None, nick: str | None = None
) -> ChatClient:
    """Return somebody who is logged in to the account of a name, and uses it or another nick."""
    person = ChatClient(node.hub)
    person.says("HELLO 1")
    person.session.account, person.session.party = name, party or cluster.accounts.party(name)
    person.says(f"JOIN {nick or name}", *more)
    cluster.settle()
    return person


def told(person: ChatClient) -> list[str]:
    return [line for line in bodies(person.take()) if line.startswith("TELL ")]


def test_it_is_told_on_the_node_where_its_owner_is_and_can_be_read_on_all() -> None:
    cluster = InMemoryCluster(3)
    cluster.accounts.owned |= {"ann", "bob"}
    one, two, three = cluster.nodes
    ann, bob = comes_in(cluster, one, "ann"), comes_in(cluster, two, "bob")
    ann.take(), bob.take()
    ann.says("@label=1 TELL bob hi")
    cluster.settle()
    (answer,) = ann.take()
    assert answer.startswith("@label=1 OK TELL bob id=") and answer.endswith(" stored=yes")
    (line,) = [line for line in bob.take() if " TELL " in line]
    assert f"id={line.partition('id=')[2].partition(';')[0]} " in answer
    bob.says("TELL ann hello")
    cluster.settle()
    assert told(ann) == ["TELL bob hello"]
    bob.says("QUIT")
    cluster.settle()
    again = comes_in(cluster, three, "bob")
    again.take()
    again.says("HISTORY ann")
    cluster.settle()
    assert bodies(again.take()) == ["TELL ann hi", "TELL bob hello", "OK HISTORY ann 2"]


def test_who_is_away_from_all_nodes_is_told_on_the_one_where_its_owner_comes_back() -> None:
    cluster = InMemoryCluster(2)
    cluster.accounts.owned |= {"ann", "bob"}
    one, two = cluster.nodes
    ann = comes_in(cluster, one, "ann")
    ann.take()
    ann.says("TELL bob hi")
    cluster.settle()
    assert ann.take()[-1].endswith(" stored=yes here=no")
    assert told(comes_in(cluster, two, "bob")) == ["TELL ann hi"]


def test_a_node_that_dies_takes_no_line_with_it() -> None:
    cluster = InMemoryCluster(2)
    cluster.accounts.owned |= {"ann", "bob"}
    one, two = cluster.nodes
    ann, bob = comes_in(cluster, one, "ann"), comes_in(cluster, two, "bob")
    told(bob)
    two.cluster.dead = True
    ann.says("TELL bob are you there?")
    cluster.settle()
    assert "stored=yes" in ann.take()[-1]
    cluster.log.end(two.cluster.incarnation)
    cluster.settle()
    assert told(comes_in(cluster, one, "bob")) == ["TELL ann are you there?"]


def test_who_ignores_somebody_on_another_node_is_told_nothing_and_nothing_is_stored() -> None:
    cluster = InMemoryCluster(2)
    cluster.accounts.owned |= {"ann", "bob"}
    one, two = cluster.nodes
    ann, bob = comes_in(cluster, one, "ann"), comes_in(cluster, two, "bob", "IGNORE ann")
    ann.take(), bob.take()
    ann.says("TELL bob hi")
    cluster.settle()
    assert ann.take() == ["ERR not-allowed TELL bob accepts no private messages from you"]
    assert told(bob) == []
    assert not any(key.startswith("=") for key in one.cluster.known_rooms)


def test_who_is_muted_when_it_is_its_turn_tells_nothing_on_any_node() -> None:
    cluster = InMemoryCluster(2)
    cluster.accounts.owned |= {"ann", "bob", "root"}
    cluster.accounts.operators.add("root")
    one, two = cluster.nodes
    ann, root = comes_in(cluster, one, "ann"), comes_in(cluster, two, "root")
    bob = comes_in(cluster, two, "bob")
    told(bob), ann.take()
    ann.says("TELL bob too late")  # it is on its way when another is ahead of it
    root.says("MUTE ann #*")
    two.turn()
    cluster.settle()
    assert bodies(ann.take())[-1].startswith("ERR muted TELL ")
    assert told(bob) == []
    assert not any(key.startswith("=") for node in cluster.nodes for key in node.cluster.known_rooms)


def test_nodes_with_accounts_of_their_own_tell_the_one_who_is_there() -> None:
    cluster = InMemoryCluster(2)
    cluster.accounts.owned |= {"ann", "bob"}
    one, two = cluster.nodes
    ann, bob = comes_in(cluster, one, "ann"), comes_in(cluster, two, "bob")
    bob.says("QUIT")
    cluster.settle()
    other_bob = comes_in(cluster, two, "bob", party="bob.77")
    ann.says("TELL bob hi")
    cluster.settle()
    assert told(other_bob) == ["TELL ann hi"]
    other_bob.says("HISTORY ann")
    cluster.settle()
    assert bodies(other_bob.take())[-1] == "OK HISTORY ann 1"


def test_what_one_tells_on_one_node_is_seen_on_another() -> None:
    cluster = InMemoryCluster(2)
    cluster.accounts.owned |= {"ann", "bob"}
    one, two = cluster.nodes
    phone, desktop = comes_in(cluster, one, "ann"), comes_in(cluster, two, "ann", nick="annie")
    desktop.take()
    phone.says("TELL bob hi")
    cluster.settle()
    assert bodies(desktop.take()) == ["TOLD bob hi"]
