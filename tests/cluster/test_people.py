"""People on several nodes: what those on one see of those on another."""

from __future__ import annotations

import pytest

from chatd.accounts import NoAccounts
from chatd.chat import sasl
from chatd.chat.command_rows import Task
from chatd.edges.admission import REFUSALS, Admission
from chatd.model.cluster import NodeUp, Source
from chatd.model.entry import Entry
from chatd.model.health import Health
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.events import Said
from chatd.protocol.names import Nick
from tests.support.in_memory_chat import ChatClient, InMemoryChat
from tests.support.in_memory_cluster import InMemoryCluster, Node, bodies


@pytest.fixture
def cluster() -> InMemoryCluster:
    return InMemoryCluster(2)


def come_in(cluster: InMemoryCluster, node: Node, *lines: str, account: str | None = None) -> ChatClient:
    """Return somebody who has sent lines on a node, when all nodes know."""
    person = ChatClient(node.hub)
    person.session.account = account
    person.says(*lines)
    cluster.settle()
    person.take()
    return person


def told(person: ChatClient) -> list[str]:
    return bodies(person.take())


def check_equal(cluster: InMemoryCluster) -> None:
    first, *others = cluster.states()
    assert all(other == first for other in others)


def test_who_comes_in_elsewhere_is_seen_and_counted(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a")
    bob = come_in(cluster, two, "HELLO 1")
    bob.says("JOIN bob #a", "WHO", "ROOMS")
    cluster.settle()
    assert [line.split(" last=")[0] for line in told(bob)] == [
        "OK JOIN #a 2",
        "WHO #a alice bob",
        "OK WHO #a 2",
        "ROOM #a 2",
        "OK ROOMS 1",
    ]
    assert told(alice) == ["JOIN bob #a"]
    bob.says("MSG hello", "NICK bert", "PART #a bye")
    cluster.settle()
    assert told(alice) == ["MSG bob #a hello", "NICK bob bert", "PART bert #a bye"]
    check_equal(cluster)


def test_a_room_with_people_elsewhere_only_is_there(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    come_in(cluster, one, "JOIN alice #a", "JOIN #Big")
    bob = come_in(cluster, two, "JOIN bob #b")
    bob.says("ROOMS", "JOIN #big")
    cluster.settle()
    assert told(bob) == ["ROOM #a 1", "ROOM #b 1", "ROOM #Big 1", "OK ROOMS 3", "OK JOIN #Big 2"]
    room = two.hub.room("#big")
    assert room is not None
    assert [member.nick for member in room.everybody if not member.here] == ["alice"]


def test_a_room_is_forgotten_on_all_nodes_when_it_is_empty(cluster: InMemoryCluster) -> None:
    alice = come_in(cluster, cluster.nodes[0], "JOIN alice #a")
    alice.says("PART")
    cluster.settle()
    assert [node.hub.rooms() for node in cluster.nodes] == [[], []]
    check_equal(cluster)


def test_who_quits_leaves_all_rooms_and_the_nick(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    bob = come_in(cluster, two, "JOIN bob #a", "JOIN #b")
    alice = come_in(cluster, one, "JOIN alice #a", "JOIN #b")
    alice.says("QUIT good night")
    cluster.settle()
    assert told(bob)[-2:] == ["PART alice #a good night", "PART alice #b good night"]
    come_in(cluster, two, "JOIN alice #a")
    assert two.hub.client(Nick("alice")) is not None
    check_equal(cluster)


def test_who_is_in_no_room_keeps_the_nick(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a", "PART")
    bob = ChatClient(two.hub)
    bob.take()
    bob.says("JOIN Alice #b", "JOIN a1ice #b")
    assert bob.take() == [
        "ERR name-taken JOIN nick alice is in use; choose another nick: JOIN <another nick>",
        "ERR name-taken JOIN a1ice could be mistaken for alice; choose another nick: JOIN <another nick>",
    ]
    alice.lose()
    cluster.settle()
    bob.says("JOIN alice #b")
    cluster.settle()
    assert bob.take() == ["OK JOIN #b 1"]
    check_equal(cluster)


@pytest.mark.parametrize("rival", ["alice", "ALICE", "a1ice"])
def test_of_two_who_want_one_nick_the_first_in_the_order_has_it(cluster: InMemoryCluster, rival: str) -> None:
    one, two = cluster.nodes
    alice, other = ChatClient(one.hub), ChatClient(two.hub)
    other.take()
    alice.says("JOIN alice #a")
    other.says(f"JOIN {rival} #a")
    one.cluster.publish()
    cluster.settle()
    assert one.hub.client(Nick("alice")) is alice.session
    assert [line.split(" ")[:3] for line in other.take()] == [["ERR", "name-taken", "JOIN"]]
    assert other.session.nick == ""
    assert two.hub.nick_count == 0
    other.says("WHO #a", "JOIN zoe #a")
    cluster.settle()
    assert other.take() == ["ERR name-needed WHO choose a nick first: JOIN <your name>", "OK JOIN #a 2"]
    check_equal(cluster)


def test_a_nick_that_was_taken_meanwhile_is_not_given_to_two(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice, bob = come_in(cluster, one, "JOIN alice #a"), come_in(cluster, two, "JOIN bob #a")
    alice.take()
    alice.says("NICK zoe")
    bob.says("NICK zoe", "MSG hi")
    two.cluster.publish(1)
    cluster.settle()
    assert told(alice)[:2] == ["NICK bob zoe", "ERR name-taken NICK nick zoe is in use; choose another nick"]
    assert (alice.session.nick, alice.session.renaming) == ("alice", "")
    alice.says("NICK bob")
    cluster.settle()
    assert told(alice) == ["OK NICK bob"]
    check_equal(cluster)


def test_a_claim_on_its_way_refuses_others_here_at_once(cluster: InMemoryCluster) -> None:
    one = cluster.nodes[0]
    ChatClient(one.hub).says("JOIN alice #a")
    second = ChatClient(one.hub)
    second.take()
    second.says("JOIN alice #b")
    assert second.take() == ["ERR name-taken JOIN nick alice is in use; choose another nick: JOIN <another nick>"]


def test_a_nick_is_free_here_at_once_when_its_session_ends(cluster: InMemoryCluster) -> None:
    one = cluster.nodes[0]
    alice = come_in(cluster, one, "JOIN alice #a")
    alice.lose()
    again = ChatClient(one.hub)
    again.take()
    again.says("JOIN alice #a")
    cluster.settle()
    assert again.take() == ["OK JOIN #a 1"]
    check_equal(cluster)


def test_a_ban_keeps_the_same_people_out_on_all_nodes(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    cluster.accounts.operators = {"root"}
    root = come_in(cluster, one, "JOIN root #a", account="root")
    bob = ChatClient(two.hub)
    bob.take()
    root.says("BAN bob #a")
    one.cluster.publish()
    bob.says("JOIN bob #a")  # its node does not know of the ban yet
    cluster.settle()
    assert [line.split(" ")[:3] for line in bob.take()] == [["ERR", "banned", "JOIN"]]
    assert bob.session.nick == "bob"
    assert told(root) == ["OK BAN #a bob"]
    check_equal(cluster)


@pytest.mark.parametrize("address", [None, "192.0.2.7"])
def test_a_ruling_on_a_nick_holds_on_all_nodes_for_whoever_went_by_it(
    cluster: InMemoryCluster, address: str | None
) -> None:
    one, two = cluster.nodes
    cluster.accounts.operators = {"root"}
    root = come_in(cluster, one, "JOIN root #a", "JOIN #b", account="root")
    bob = ChatClient(two.hub, address)
    bob.says("JOIN bob #a", "JOIN #b")
    cluster.settle()
    root.says("MUTE bob #b")
    cluster.settle()
    bob.take()
    bob.says("NICK other", "MSG hi")
    cluster.settle()
    assert [line.split(" ")[:3] for line in bob.take()] == [["ERR", "muted", "NICK"], ["ERR", "muted", "MSG"]]
    root.says("UNMUTE bob #b", "BAN bob #a")
    cluster.settle()
    bob.take()
    bob.says("NICK other", "JOIN #a")
    cluster.settle()
    assert [line.split(" ")[:3] for line in bob.take()] == [["OK", "NICK", "other"], ["ERR", "banned", "JOIN"]]
    if address is not None:
        for node in (one, two, cluster.node()):
            late = ChatClient(node.hub, address)
            late.says("JOIN late #a")
            cluster.settle()
            assert late.take()[-1].startswith("ERR banned JOIN")
    check_equal(cluster)


@pytest.mark.parametrize(
    ("order", "line"),
    [
        ("KICK bob #a out", "NOTE root removed bob from #a: out"),
        ("BAN bob #a out", "NOTE root removed bob from #a: out"),
        ("BAN 192.0.2.0/24 #a", "NOTE root removed bob from #a"),
        ("SET #a private=yes who=remove", "NOTE root removed bob from #a: the room is private"),
    ],
)
def test_who_is_put_out_is_so_on_all_nodes(cluster: InMemoryCluster, order: str, line: str) -> None:
    one, two = cluster.nodes
    cluster.accounts.operators = {"root"}
    cluster.accounts.owned = {"root"}
    root = come_in(cluster, one, "JOIN root #a", "SET #a registered=yes", account="root")
    bob = ChatClient(two.hub, "192.0.2.7")
    bob.says("JOIN bob #a")
    cluster.settle()
    carol = come_in(cluster, two, "JOIN carol #a", account="carol")
    if order.startswith("SET"):
        cluster.accounts.owned = {"root", "carol"}
        root.says("INVITE carol #a")
        cluster.settle()
    for person in (root, bob, carol):
        person.take()
    root.says(order)
    cluster.settle()
    assert line in told(bob)
    assert line in told(carol)
    assert not bob.session.rooms
    assert [[member.nick for member in node.hub.members("#a")] for node in cluster.nodes] == [["root", "carol"]] * 2
    check_equal(cluster)


def test_an_account_that_is_made_in_a_room_is_known_to_all_nodes(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    cluster.accounts.operators = {"root"}
    root = come_in(cluster, one, "JOIN root #a", "SET #a registered=yes", account="root")
    bob = come_in(cluster, two, "JOIN bob #a")
    cluster.accounts.owned = {"root", "bob"}
    root.says("INVITE bob #a")
    cluster.settle()
    bob.take()
    bob.says("REGISTER secret-word")
    assert bob.take() == ["OK REGISTER bob"]
    assert len(two.cluster.outbox) == 1
    cluster.settle()
    root.says("SET #a private=yes who=remove")
    cluster.settle()
    assert [len(node.hub.members("#a")) for node in cluster.nodes] == [2, 2]
    assert bob.take() == ["NOTE root made #a private: only people who are invited can join"]
    check_equal(cluster)


def test_a_login_in_a_room_is_known_to_all_nodes(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    cluster.accounts.operators = {"root"}
    root = come_in(cluster, one, "JOIN root #a", "SET #a registered=yes", account="root")
    bob = come_in(cluster, two, "JOIN bob #a")
    cluster.accounts.owned = {"root", "robert"}
    root.says("INVITE robert #a")
    cluster.settle()
    bob.session.receive(Task(lambda: sasl.log_in(bob.session, "robert", "secret-word")))
    cluster.settle()
    bob.take()
    root.says("SET #a private=yes who=remove")
    cluster.settle()
    assert [len(node.hub.members("#a")) for node in cluster.nodes] == [2, 2]
    assert bob.take() == ["NOTE root made #a private: only people who are invited can join"]
    check_equal(cluster)


def test_a_ruling_for_the_server_acts_where_the_session_is(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    cluster.accounts.operators = {"root"}
    root = come_in(cluster, one, "JOIN root #a", account="root")
    bob, carol = come_in(cluster, two, "JOIN bob #a"), come_in(cluster, two, "JOIN carol #a")
    root.take()
    root.says("KICK bob #* out", "BAN carol #*")
    cluster.settle()
    assert (bob.farewell, carol.farewell) == (DisconnectReason.KICKED, DisconnectReason.BANNED)
    assert {"PART bob #a", "PART carol #a"} <= set(told(root))
    root.says("KICK dave #*")
    assert told(root) == ["ERR no-such-nick KICK dave is not here"]
    check_equal(cluster)


def test_a_topic_that_is_set_elsewhere_is_told(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a")
    bob = come_in(cluster, two, "JOIN bob #a")
    bob.says("TOPIC #a tea")
    cluster.settle()
    assert told(alice)[-1] == "TOPIC bob #a tea"
    carol = ChatClient(one.hub)
    carol.take()
    carol.says("JOIN carol #a")
    cluster.settle()
    assert carol.take() == ["TOPIC bob #a tea", "OK JOIN #a 3"]


# A node that is given up.


def test_when_a_node_is_given_up_its_people_leave(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    bob = come_in(cluster, two, "JOIN bob #a", "JOIN #b")
    come_in(cluster, one, "JOIN alice #a", "JOIN #b")
    come_in(cluster, one, "JOIN carol #b")
    bob.take()
    one.cluster.dead = True
    cluster.log.end(one.cluster.incarnation)
    cluster.settle()
    assert bob.take() == ["PART alice #a", "PART alice #b", "PART carol #b"]
    come_in(cluster, two, "JOIN alice #a")
    assert two.hub.client(Nick("alice")) is not None


def test_a_node_that_was_given_up_announces_its_people_again(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a", "JOIN #b")
    carol = come_in(cluster, one, "JOIN carol #b", "PART")
    bob = come_in(cluster, two, "JOIN bob #a")
    dave = come_in(cluster, one, "JOIN dave #a")
    alice.take()
    bob.take()
    cluster.log.end(one.cluster.incarnation)
    cluster.settle()
    assert (alice.take(), carol.take(), dave.take()) == ([], [], [])
    assert bob.take() == ["PART alice #a", "PART dave #a", "JOIN alice #a", "JOIN dave #a"]
    alice.says("WHO", "MSG hi", "NICK zoe", "PART #b")
    cluster.settle()
    assert told(bob) == ["NICK alice zoe"]
    assert bob.session.hub.holder(Nick("carol")) is not None
    check_equal(cluster)


def test_what_a_node_said_before_it_was_given_up_is_heard_or_refused(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a")
    bob = come_in(cluster, two, "JOIN bob #a")
    alice.take()
    newcomer = ChatClient(one.hub)
    newcomer.take()
    cluster.log.end(one.cluster.incarnation)
    alice.says("PART #a", "MSG still here")
    newcomer.says("JOIN carol #a")
    cluster.settle()
    assert "ERR unavailable PART it could not be stored; send it again later" in alice.take()
    assert newcomer.take() == ["ERR unavailable JOIN it could not be stored; send it again later"]
    assert "MSG alice #a still here" in told(bob)
    newcomer.says("JOIN carol #a")
    cluster.settle()
    assert newcomer.take() == ["OK JOIN #a 3"]
    check_equal(cluster)


def test_who_lost_the_nick_while_the_node_was_cut_off_is_replaced(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a")
    carol = come_in(cluster, one, "JOIN carol #a")
    alice.take()
    one.cluster.cut = True
    cluster.log.end(one.cluster.incarnation)
    cluster.settle()
    come_in(cluster, two, "JOIN alice #b")
    one.cluster.cut = False
    cluster.settle()
    assert alice.farewell == DisconnectReason.REPLACED
    assert carol.take() == ["PART alice #a"]
    check_equal(cluster)


def test_who_left_while_the_node_was_cut_off_is_gone_from_everywhere(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a")
    carol = come_in(cluster, one, "JOIN carol #a")
    alice.take()
    one.cluster.cut = True
    alice.lose()
    cluster.log.end(one.cluster.incarnation)
    one.cluster.cut = False
    cluster.settle()
    assert carol.take() == ["PART alice #a"]
    assert not [m for node in (one, two) for m in node.hub.members("#a") if m.nick == "alice"]
    check_equal(cluster)


def test_a_leave_that_could_not_be_stored_is_said_again(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice, bob = come_in(cluster, one, "JOIN alice #a"), come_in(cluster, two, "JOIN bob #a")
    bob.take()
    one.cluster.cut = True
    alice.lose()
    one.cluster.give_up()
    one.cluster.cut = False
    cluster.settle()
    assert bob.take() == []
    cluster.wait(2)
    assert bob.take() == ["PART alice #a"]
    check_equal(cluster)


def test_an_announcement_that_could_not_be_stored_is_made_again(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice, bob = come_in(cluster, one, "JOIN alice #a"), come_in(cluster, two, "JOIN bob #a")
    bob.take()
    cluster.log.end(one.cluster.incarnation)
    one.cluster.read_on()
    one.cluster.give_up()
    cluster.settle()
    assert bob.take() == ["PART alice #a"]
    cluster.wait(2)
    assert bob.take() == ["JOIN alice #a"]
    assert alice.farewell is None
    check_equal(cluster)


def test_a_join_that_was_given_up_and_lands_late_is_nobodys(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    bob = come_in(cluster, two, "JOIN bob #a")
    alice = ChatClient(one.hub)
    alice.take()
    alice.says("JOIN alice #a")
    one.cluster.give_up(late=True)
    assert alice.take() == ["ERR unavailable JOIN it could not be stored; send it again later"]
    cluster.settle()
    assert bob.take() == ["JOIN alice #a", "PART alice #a"]
    alice.says("JOIN zoe #a", "MSG x")
    cluster.settle()
    assert bob.take() == ["JOIN zoe #a", "MSG zoe #a x"]
    assert two.hub.holder(Nick("alice")) is None
    check_equal(cluster)


@pytest.mark.parametrize("line", ["JOIN #b", "PART #a", "NICK zoe"])
def test_what_was_given_up_and_lands_late_leaves_nodes_alike(cluster: InMemoryCluster, line: str) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a")
    bob = come_in(cluster, two, "JOIN bob #a", "JOIN #b")
    alice.says(line)
    one.cluster.give_up(late=True)
    assert alice.take()[-1].startswith("ERR unavailable")
    cluster.settle()
    alice.says("JOIN #c", "WHO #c", "JOIN #b")
    cluster.settle()
    check_equal(cluster)
    for node in cluster.nodes:
        assert [m.nick for m in node.hub.members("#c")] == [alice.session.nick]
        assert alice.session.nick in [m.nick for m in node.hub.members("#b")]
    assert all((room in alice.session.rooms) == (alice.session in room.everybody) for room in one.hub.rooms())
    assert bob.session.nick == "bob"


def test_two_new_nicks_of_which_one_lands_late_are_seen_in_their_order(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a")
    bob = come_in(cluster, two, "JOIN bob #a")
    alice.says("NICK zoe")
    one.cluster.give_up(late=True)
    alice.says("NICK yves")
    cluster.settle()
    assert bob.take() == ["NICK alice zoe", "NICK zoe yves"]
    assert (alice.session.nick, one.hub.nick_count) == ("yves", 1)
    check_equal(cluster)


@pytest.mark.parametrize("order", ["KICK alice #a", "BAN alice #a"])
def test_who_is_put_out_before_being_announced_again_is_out_everywhere(cluster: InMemoryCluster, order: str) -> None:
    one, two = cluster.nodes
    cluster.accounts.operators = {"root"}
    root = come_in(cluster, two, "JOIN root #a", account="root")
    alice = come_in(cluster, one, "JOIN alice #a", "JOIN #b")
    root.says(order)
    cluster.log.end(one.cluster.incarnation)
    two.cluster.publish()
    cluster.settle()
    assert "NOTE root removed alice from #a" in alice.take()
    assert [[m.nick for m in node.hub.members("#a")] for node in cluster.nodes] == [["root"]] * 2
    assert [room.key for room in alice.session.rooms] == ["#b"]
    check_equal(cluster)


def test_a_kick_off_the_server_is_for_the_owner_of_the_nick(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    cluster.accounts.operators = {"root"}
    root = come_in(cluster, one, "JOIN root #a", account="root")
    late, alice = ChatClient(two.hub), ChatClient(one.hub)
    late.says("JOIN alice #a")
    alice.says("JOIN alice #a")
    one.turn()
    root.says("KICK alice #*")
    one.turn()
    two.cluster.read_on()
    cluster.settle()
    assert (alice.farewell, late.farewell) == (DisconnectReason.KICKED, None)
    check_equal(cluster)


def test_what_one_says_in_two_rooms_is_read_elsewhere_in_its_order(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #b", "JOIN #a")
    bob = come_in(cluster, two, "JOIN bob #a", "JOIN #b")
    alice.says("TELL #a one", "TELL #b two", "TELL #a three")
    cluster.settle()
    assert bob.take() == ["MSG alice #a one", "MSG alice #b two", "MSG alice #a three"]


def test_who_is_announced_again_misses_nothing(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a")
    bob = come_in(cluster, two, "JOIN bob #a")
    alice.take()
    cluster.log.end(one.cluster.incarnation)
    one.cluster.read_on()
    bob.says("MSG hi")
    one.cluster.publish(1)
    two.cluster.publish()
    one.cluster.publish()
    one.cluster.read_on()
    cluster.settle()
    assert alice.take() == ["MSG bob #a hi"]
    check_equal(cluster)


def test_a_join_that_lands_late_and_is_said_again_is_one(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a")
    bob = come_in(cluster, two, "JOIN bob #b")
    alice.says("JOIN #b")
    one.cluster.give_up(late=True)
    alice.says("JOIN #b")
    cluster.settle()
    alice.says("MSG hi")
    cluster.settle()
    assert bob.take() == ["JOIN alice #b", "MSG alice #b hi"]
    assert alice.session.current is one.hub.room("#b")
    check_equal(cluster)


def test_an_account_counts_when_all_nodes_know_of_it(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    cluster.accounts.operators = {"root"}
    root = come_in(cluster, one, "JOIN root #a", "SET #a registered=yes", account="root")
    bob = come_in(cluster, two, "JOIN bob #a")
    cluster.accounts.owned = {"bob"}
    bob.session.account = "bob"
    root.says("INVITE bob #a", "SET #a private=yes who=remove")
    cluster.settle()
    assert [len(node.hub.members("#a")) for node in cluster.nodes] == [1, 1]
    assert not bob.session.rooms
    check_equal(cluster)


# Takeovers.


def secret_of(person: ChatClient) -> str:
    return person.session.takeover.secret


def test_who_comes_back_on_another_node_is_seen_by_nobody(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    bob = come_in(cluster, two, "JOIN bob #a", "JOIN #b")
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a", "JOIN #b")
    bob.take()
    successor = ChatClient(two.hub)
    successor.says("HELLO 1", f"JOIN alice #a resume={secret_of(alice)}", "JOIN #b")
    cluster.settle()
    assert alice.farewell == DisconnectReason.REPLACED
    assert successor.session.rooms.keys() == {two.hub.room("#a"), two.hub.room("#b")}
    bob.says("MSG one")
    successor.says("MSG two")
    cluster.wait(40)
    assert bob.take() == ["MSG alice #b two"]
    assert not one.hub.clients
    assert all(len(node.hub.members("#a")) == 2 for node in cluster.nodes)
    check_equal(cluster)


def test_the_wrong_secret_is_none(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a")
    successor = ChatClient(two.hub)
    successor.take()
    successor.says("JOIN alice #a resume=other", "JOIN alice #a")
    cluster.settle()
    assert [line.split(" ")[1] for line in successor.take()] == ["name-taken", "name-taken"]
    assert alice.farewell is None


def test_the_owner_of_the_account_takes_over_without_a_secret(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    cluster.accounts.owned = {"alice"}
    alice = come_in(cluster, one, "JOIN alice #a", account="alice")
    successor = come_in(cluster, two, "JOIN alice #a", account="alice")
    assert alice.farewell == DisconnectReason.REPLACED
    assert two.hub.holder(Nick("alice")) is successor.session
    check_equal(cluster)


def test_rooms_that_an_heir_does_not_enter_are_told_in_the_end(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    bob = come_in(cluster, one, "JOIN bob #b")
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a", "JOIN #b")
    successor = come_in(cluster, two, "HELLO 1", f"JOIN alice #a resume={secret_of(alice)}")
    bob.take()
    cluster.wait(20)
    assert bob.take() == []
    cluster.wait(20)
    assert bob.take() == ["PART alice #b"]
    assert successor.farewell is None
    check_equal(cluster)


def test_rooms_of_one_who_was_taken_over_are_told_when_the_heir_goes(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    bob = come_in(cluster, one, "JOIN bob #b", "JOIN #a")
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a", "JOIN #b")
    successor = come_in(cluster, two, "HELLO 1", f"JOIN alice #a resume={secret_of(alice)}")
    bob.take()
    successor.lose()
    cluster.settle()
    assert sorted(bob.take()) == ["PART alice #a", "PART alice #b"]
    assert all(node.hub.holder(Nick("alice")) is None for node in cluster.nodes)
    check_equal(cluster)


def test_who_was_on_a_node_that_died_comes_back_before_it_is_given_up(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    bob = come_in(cluster, two, "JOIN bob #a", "JOIN #b", "JOIN #c")
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a", "JOIN #b", "JOIN #c")
    bob.take()
    one.cluster.dead = True
    successor = come_in(cluster, two, "HELLO 1", f"JOIN alice #a resume={secret_of(alice)}")
    cluster.log.end(one.cluster.incarnation)
    cluster.settle()
    successor.says("JOIN #b")
    cluster.settle()
    assert bob.take() == []
    cluster.wait(40)
    assert bob.take() == ["PART alice #c"]


def test_when_the_node_of_an_heir_is_given_up_all_rooms_are_told(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    bob = come_in(cluster, one, "JOIN bob #b", "JOIN #a")
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a", "JOIN #b")
    come_in(cluster, two, "HELLO 1", f"JOIN alice #a resume={secret_of(alice)}")
    bob.take()
    two.cluster.dead = True
    cluster.log.end(two.cluster.incarnation)
    cluster.settle()
    assert sorted(bob.take()) == ["PART alice #a", "PART alice #b"]
    assert one.hub.holder(Nick("alice")) is None


def test_the_secret_from_before_the_last_takeover_is_good_still(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a")
    first = secret_of(alice)
    second = come_in(cluster, two, "HELLO 1", f"JOIN alice #a resume={first}")
    third = come_in(cluster, one, "HELLO 1", f"JOIN alice #a resume={first}")
    assert second.farewell == DisconnectReason.REPLACED
    assert one.hub.holder(Nick("alice")) is third.session
    check_equal(cluster)


def test_of_two_heirs_the_later_takes_over_from_the_first(cluster: InMemoryCluster) -> None:
    cluster.node()
    one, two, three = cluster.nodes
    bob = come_in(cluster, one, "JOIN bob #a")
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a")
    bob.take()
    heirs = [ChatClient(two.hub), ChatClient(three.hub)]
    for successor in heirs:
        successor.says("HELLO 1", f"JOIN alice #a resume={secret_of(alice)}")
    cluster.settle()
    assert [successor.farewell for successor in heirs] == [DisconnectReason.REPLACED, None]
    assert bob.take() == []
    check_equal(cluster)


def test_a_takeover_on_one_node_is_silent_on_all(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    bob = come_in(cluster, two, "JOIN bob #a", "JOIN #b", "JOIN #c")
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a", "JOIN #b", "JOIN #c")
    bob.take()
    successor = come_in(cluster, one, "HELLO 1", f"JOIN alice #a resume={secret_of(alice)}", "JOIN #b")
    assert bob.take() == []
    cluster.wait(40)
    assert bob.take() == ["PART alice #c"]
    assert successor.farewell is None
    check_equal(cluster)


def test_who_comes_back_elsewhere_is_told_what_was_missed(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a")
    bob = come_in(cluster, two, "JOIN bob #a")
    last = one.hub.last_id
    bob.says("MSG one", "MSG two")
    cluster.settle()
    successor = ChatClient(two.hub)
    successor.says("HELLO 1", f"JOIN alice #a since={last} epoch=e1 resume={secret_of(alice)}")
    cluster.settle()
    assert bodies(successor.take())[-3:-1] == ["MSG bob #a one", "MSG bob #a two"]
    assert two.hub.last_id > last
    successor.says("JOIN #a")
    assert bodies(successor.take())[-1].startswith("OK JOIN #a 2")


def test_a_label_is_known_on_the_next_node_too(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a")
    heir_line = f"JOIN alice #a resume={secret_of(alice)}"
    alice.session.submit("#a", _said("alice"), "l1")
    cluster.settle()
    successor = come_in(cluster, two, "HELLO 1", heir_line)
    successor.session.submit("#a", _said("alice"), "l1")
    cluster.settle()
    assert ";old" in successor.take()[-1]


def _said(nick: str) -> Said:
    return Said(nick, "#a", "once")


def test_connections_that_nobody_ever_knew_are_forgotten_with_their_heir(cluster: InMemoryCluster) -> None:
    one = cluster.nodes[0]
    first, successor, third = ChatClient(one.hub), ChatClient(one.hub), ChatClient(one.hub)
    successor.says("HELLO 1")
    for old in (first, third):
        old.says("HELLO 1", "JOIN alice #a")
        successor.says(f"JOIN alice #a resume={secret_of(old)}")
        one.cluster.give_up()
        assert old.farewell == DisconnectReason.REPLACED
    successor.lose()
    cluster.wait(40)
    assert not one.presence.announcer._clients


def test_a_connection_that_nobody_ever_knew_is_forgotten_when_its_heir_is_replaced(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    first, second = ChatClient(one.hub), ChatClient(one.hub)
    first.says("HELLO 1", "JOIN alice #a")
    second.says("HELLO 1", f"JOIN alice #a resume={secret_of(first)}")
    one.cluster.give_up()
    assert first.farewell == DisconnectReason.REPLACED
    second.says("JOIN alice #a")
    cluster.settle()
    come_in(cluster, two, f"JOIN alice #a resume={secret_of(second)}")
    assert second.farewell == DisconnectReason.REPLACED
    cluster.wait(40)
    assert not one.presence.announcer._clients
    check_equal(cluster)


# What is for one person.


def test_tell_reaches_who_is_elsewhere(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a")
    bob = come_in(cluster, two, "JOIN bob #b")
    alice.says("TELL BOB psst")
    assert bodies(alice.take()) == ["OK TELL bob stored=no"]
    assert bob.take() == ["FROM alice psst"]


def test_tell_fails_if_there_is_no_answer(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a")
    bob = come_in(cluster, two, "JOIN bob #b")
    alice.says("TELL carol psst")
    bob.lose()
    alice.says("TELL bob psst")
    two.cluster.dead = True
    alice.says("TELL bob psst")
    assert [line.split(" ")[:3] for line in bodies(alice.take())] == [
        ["ERR", "no-such-nick", "TELL"],
        ["ERR", "no-such-nick", "TELL"],
        ["ERR", "unavailable", "TELL"],
    ]


# Nodes that begin.


def test_a_new_node_knows_who_is_where(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "HELLO 1", "JOIN alice #a", "JOIN #b", "TOPIC #b tea")
    come_in(cluster, two, "JOIN bob #a")
    come_in(cluster, two, f"JOIN alice #a resume={secret_of(alice)}")
    three = cluster.node()
    cluster.settle()
    check_equal(cluster)
    carol = ChatClient(three.hub)
    carol.take()
    carol.says("JOIN bob #a", "JOIN carol #a", "WHO", "ROOMS")
    cluster.settle()
    assert carol.take() == [
        "ERR name-taken JOIN nick bob is in use; choose another nick: JOIN <another nick>",
        "OK JOIN #a 3",
        "WHO #a bob alice carol",
        "OK WHO #a 3",
        "ROOM #a 3",
        "ROOM #b 1 tea",
        "OK ROOMS 2",
    ]
    cluster.wait(40)
    check_equal(cluster)


def test_a_new_node_knows_what_holds_on_the_whole_server(cluster: InMemoryCluster) -> None:
    cluster.accounts.operators = {"root"}
    come_in(cluster, cluster.nodes[0], "JOIN root #a", "BAN carol #*", account="root")
    carol = ChatClient(cluster.node().hub)
    carol.take()
    carol.says("JOIN carol #a")
    assert carol.take()[0].startswith("ERR banned JOIN")


def test_who_is_known_by_a_state_may_take_another_nick(cluster: InMemoryCluster) -> None:
    alice = come_in(cluster, cluster.nodes[0], "JOIN alice #a")
    carol = come_in(cluster, cluster.node(), "JOIN carol #a")
    alice.says("NICK zoe")
    cluster.settle()
    assert carol.take() == ["NICK alice zoe"]


def test_what_a_state_has_wrong_of_our_people_is_said_again(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice, bob = come_in(cluster, one, "JOIN alice #a"), come_in(cluster, one, "JOIN bob #b")
    carol = come_in(cluster, two, "JOIN carol #b")
    state = one.presence.state()
    state["people"] = [each for each in state["people"] if each[1] != "alice"]
    state["rooms"] = [
        ["#b", "#b", [alice.session.member_id, bob.session.member_id, carol.session.member_id]],
        ["#c", "#c", ["run1.2"]],
    ]
    one.presence.restore(state)
    cluster.settle()
    assert [m.nick for m in one.hub.members("#a")] == ["alice"]
    assert [m.nick for m in one.hub.members("#b")] == ["bob", "carol"]
    assert one.hub.room("#c") is None
    assert carol.take() == []


def test_a_state_that_differs_is_told_as_what_happened_meanwhile(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    come_in(cluster, one, "JOIN alice #a")
    dave = come_in(cluster, one, "JOIN dave #a")
    bob = come_in(cluster, two, "JOIN bob #a")
    two.cluster.cut = True
    dave.says("QUIT")
    come_in(cluster, one, "JOIN carol #a", "JOIN #b")
    one.cluster.publish()
    two.cluster.cut = False
    bob.take()
    two.cluster.replace_by_snapshot()
    assert bob.take() == ["PART dave #a", "JOIN carol #a"]
    cluster.settle()
    assert bob.take() == []
    check_equal(cluster)


def test_a_node_that_missed_its_own_end_announces_its_people(cluster: InMemoryCluster) -> None:
    one, two = cluster.nodes
    alice = come_in(cluster, one, "JOIN alice #a")
    carol = come_in(cluster, one, "JOIN carol #a")
    bob = come_in(cluster, two, "JOIN bob #a")
    one.cluster.cut = True
    cluster.log.end(one.cluster.incarnation)
    cluster.settle()
    carol.lose()
    one.cluster.outbox.clear()
    alice.take()
    bob.take()
    one.cluster.cut = False
    one.cluster.incarnation = "another"
    cluster.log.add(one.cluster, Entry("", NodeUp("another"), source=Source("another", None)))
    two.turn()
    one.cluster.replace_by_snapshot()
    cluster.settle()
    assert alice.take() == ["PART carol #a"]
    assert bob.take() == ["JOIN alice #a"]
    check_equal(cluster)


def test_nobody_is_let_in_before_the_node_is_ready(cluster: InMemoryCluster) -> None:
    node = cluster.nodes[0]
    admission = Admission(node.hub)
    assert admission.refusal(None) is None
    node.cluster.ready = False
    assert admission.refusal(None) == REFUSALS[Health.JOINING]


def test_one_node_alone_knows_nothing_of_this() -> None:
    chat = InMemoryChat()
    alice = chat.person("JOIN alice #a")
    room = chat.hub.room("#a")
    assert room is not None
    assert not chat.hub.nodes.shared
    assert room.everybody is room.members
    assert (alice.session.member_id, alice.session.info) == ("", None)
    assert isinstance(chat.hub.accounts, NoAccounts)


def test_what_a_dead_connection_was_told_in_private_is_told_to_its_successor_on_another_node(
    cluster: InMemoryCluster,
) -> None:
    one, two = cluster.nodes
    bob, ann = come_in(cluster, one, "HELLO 1", "JOIN bob #a"), come_in(cluster, two, "HELLO 1", "JOIN ann #a")
    ann.says("@label=1 TELL bob one", "@label=2 TELL bob two")
    cluster.settle()
    assert told(ann) == ["OK TELL bob stored=no", "OK TELL bob stored=no"]
    again = ChatClient(two.hub)
    again.take()
    again.says("HELLO 1", f"JOIN bob #a resume={bob.session.takeover.secret}")
    cluster.settle()
    lines = again.take()
    assert [line.partition(";old ")[2] for line in lines if "TELL" in line] == ["TELL ann one", "TELL ann two"]
    assert told(bob)[-1].startswith("BYE replaced ")


def test_who_has_heard_more_elsewhere_than_is_known_here_waits_until_it_is(cluster: InMemoryCluster) -> None:
    """Who is sent to another node comes there at once, and may be faster than what it has heard."""
    one, two = cluster.nodes
    ann = come_in(cluster, one, "HELLO 1", "JOIN ann #a", "MSG one")
    ann.says("MSG two", "MSG three")
    one.turn()
    last = int(ann.take()[-1].partition("id=")[2].partition(";")[0])
    again = ChatClient(two.hub)
    again.says("HELLO 1", f"JOIN bob #a since={last} epoch={one.cluster.epoch}")
    again.take()
    two.hub.clock.advance(0.02)  # type: ignore[attr-defined]  # a clock of tests
    assert again.take() == []
    cluster.settle()
    cluster.wait(1)
    assert "recovered=yes" in again.take()[-1]


def test_who_has_heard_what_will_never_be_known_here_is_told_soon(cluster: InMemoryCluster) -> None:
    _, two = cluster.nodes
    person = ChatClient(two.hub)
    person.says("HELLO 1", f"JOIN bob #a since=1000 epoch={two.cluster.epoch}")
    cluster.wait(4)
    assert "recovered" not in person.take()[-1]
    cluster.wait(2)
    assert "recovered=no since=unknown" in person.take()[-1]
