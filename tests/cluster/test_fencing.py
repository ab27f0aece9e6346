"""Nodes that stand still and wake: what they say late counts only if it still may, on all nodes alike."""

from __future__ import annotations

import random

import pytest

from chatd.chat.limits import Limits
from chatd.model.entry import Entry
from chatd.protocol import names
from chatd.protocol.events import DurableEvent, Moderated
from tests.support.in_memory_chat import ChatClient
from tests.support.in_memory_cluster import InMemoryCluster, Node, bodies

SEEDS = 40
STEPS = 1500
NICKS = ["zed", "Zed", "mallory", "ann", "bob"]
ROOMS = ["#den", "#hall"]
DEAD = "this node was considered dead before this took effect; send it again"
GONE = "you were no longer in the room when this took effect; JOIN it again"


@pytest.fixture
def cluster() -> InMemoryCluster:
    made = InMemoryCluster(3)
    made.accounts.owned = {"root", "bob"}
    made.accounts.operators = {"root"}
    return made


def come_in(cluster: InMemoryCluster, node: Node, *lines: str, account: str | None = None) -> ChatClient:
    person = ChatClient(node.hub)
    person.session.account = account
    person.says("HELLO 1", *lines)
    cluster.settle()
    person.take()
    return person


def told(person: ChatClient) -> list[str]:
    return bodies(person.take())


def stored(node: Node, room: str = "#den") -> list[tuple[int, str]]:
    """Return the ids and the texts of what a node keeps of a room."""
    found = [(each.id, each.event.text or "") for each in node.cluster._index._rings.get(room, ())]
    room_state = node.cluster.room_state(room)
    assert not found or room_state is not None
    return found


def check_alike(cluster: InMemoryCluster) -> None:
    """Check that all nodes keep the same, one that comes now included, and know the same of who is where."""
    first, *others = [*cluster.nodes, cluster.node()]
    cluster.settle()
    for room in ROOMS:
        assert [stored(node, room) for node in others] == [stored(first, room)] * len(others)
        holding = [sorted(map(str, node.hub.policy(room))) for node in cluster.nodes]
        assert holding == holding[:1] * len(holding)
    assert cluster.states() == cluster.states()[:1] * len(cluster.nodes)


@pytest.mark.parametrize("first", ["publish", "read"])
def test_what_a_node_that_stood_still_says_late_is_not_under_the_name_of_another(
    cluster: InMemoryCluster, first: str
) -> None:
    one, two, three = cluster.nodes
    zed, witness = come_in(cluster, one, "JOIN zed #den"), come_in(cluster, three, "JOIN witness #den")
    one.cluster.cut = True
    cluster.log.end(one.cluster.incarnation)
    cluster.settle()
    other = come_in(cluster, two, "JOIN zed #den")
    assert told(witness) == ["PART zed #den", "JOIN zed #den"]
    zed.says("@label=1 MSG I am the first", "@label=2 TELL #den me too")
    one.cluster.cut = False
    if first == "publish":
        one.cluster.publish()
    cluster.settle()
    assert told(zed)[-1].startswith("BYE replaced ")
    assert told(other) == told(witness) == []
    other.says("@label=1 MSG and I the second")
    cluster.settle()
    assert told(witness) == ["MSG zed #den and I the second"]
    assert [text for _, text in stored(three)] == ["and I the second"]
    check_alike(cluster)


@pytest.mark.parametrize(
    "line",
    [
        "MSG late",
        "TELL #den late",
        "TOPIC #den late",
        "MUTE bob #den",
        "BAN bob #den",
        "SET #den private=yes who=remove",
    ],
)
def test_whatever_is_said_under_an_incarnation_that_is_over_is_refused_with_a_sentence(
    cluster: InMemoryCluster, line: str
) -> None:
    one, _, three = cluster.nodes
    root = come_in(cluster, one, "JOIN root #den", "SET #den registered=yes", account="root")
    witness = come_in(cluster, three, "JOIN witness #den")
    before = stored(three)
    one.cluster.cut = True
    cluster.log.end(one.cluster.incarnation)
    cluster.settle()
    root.says(f"@label=1 {line}")
    one.cluster.cut = False
    one.cluster.publish()
    cluster.settle()
    verb = line.split(" ")[0]
    assert f"ERR unavailable {verb} {DEAD}" in told(root)
    assert told(witness) == ["PART root #den", "JOIN root #den"]
    assert stored(three) == before
    root.says(f"@label=1 {line}")
    cluster.settle()
    assert len(stored(three)) == len(before) + 1
    check_alike(cluster)


@pytest.mark.parametrize("line", ["JOIN #hall", "NICK zoe", "PART #den"])
def test_who_comes_goes_or_is_renamed_under_an_incarnation_that_is_over_is_where_all_know(
    cluster: InMemoryCluster, line: str
) -> None:
    one = cluster.nodes[0]
    zed = come_in(cluster, one, "JOIN zed #den")
    one.cluster.cut = True
    cluster.log.end(one.cluster.incarnation)
    cluster.settle()
    zed.says(line)
    one.cluster.cut = False
    one.cluster.publish()
    cluster.settle()
    cluster.wait(3)
    assert told(zed)[0].startswith("ERR unavailable ")
    check_alike(cluster)


@pytest.mark.parametrize(
    ("ruling", "answer"),
    [
        ("BAN mallory #den", f"ERR not-in-room MSG {GONE}"),
        ("KICK mallory #den", f"ERR not-in-room MSG {GONE}"),
        ("SET #den private=yes who=remove", f"ERR not-in-room MSG {GONE}"),
        ("MUTE mallory #den", "ERR muted MSG you are muted and can only read"),
        ("MUTE mallory #*", "ERR muted MSG you are muted and can only read"),
    ],
)
def test_who_was_put_out_elsewhere_says_nothing_more(cluster: InMemoryCluster, ruling: str, answer: str) -> None:
    one, two, three = cluster.nodes
    root = come_in(cluster, two, "JOIN root #den", "SET #den registered=yes", account="root")
    mallory, witness = come_in(cluster, one, "JOIN mallory #den"), come_in(cluster, three, "JOIN witness #den")
    if "private" in ruling:
        witness.session.account = "root"
        three.presence.announce(witness.session)
        cluster.settle()
    one.cluster.cut = True
    root.says(ruling)
    cluster.settle()
    witness.take()
    mallory.says("@label=1 MSG one", "@label=2 MSG two")
    one.cluster.cut = False
    one.cluster.publish()
    cluster.settle()
    assert told(mallory)[-2:] == [answer, answer]
    assert told(witness) == []
    assert not {"one", "two"} & {text for _, text in stored(three)}
    check_alike(cluster)


def test_a_ruling_after_the_loss_of_the_rank_elsewhere_is_not_done(cluster: InMemoryCluster) -> None:
    one, two, three = cluster.nodes
    root = come_in(cluster, two, "JOIN root #den", "SET #den registered=yes", "OP bob #den", account="root")
    bob = come_in(cluster, one, "JOIN bob #den", account="bob")
    mallory = come_in(cluster, three, "JOIN mallory #den")
    one.cluster.cut = True
    root.says("DEOP bob #den")
    cluster.settle()
    bob.says("BAN mallory #den", "SET #den private=yes who=remove")
    one.cluster.cut = False
    one.cluster.publish()
    cluster.settle()
    assert "ERR not-allowed BAN only operators of #den may do that; LOGIN if you are one" in told(bob)
    assert told(mallory) == ["DEOP root #den bob"]
    check_alike(cluster)


def test_who_was_taken_over_elsewhere_says_nothing_under_a_name_that_is_anothers_by_then(
    cluster: InMemoryCluster,
) -> None:
    one, two, three = cluster.nodes
    old = come_in(cluster, one, "JOIN zed #den")
    secret = old.session.takeover.secret
    one.cluster.cut = True  # for less than a lease: its incarnation lives
    come_in(cluster, two, f"JOIN zed #den resume={secret}", "NICK zoe")
    stranger = come_in(cluster, three, "JOIN zed #den")
    old.says("MSG I am zed")
    one.cluster.cut = False
    one.cluster.publish()
    cluster.settle()
    assert told(stranger) == []
    assert stored(three) == []
    check_alike(cluster)


@pytest.mark.parametrize("most", [1, 1000])
def test_of_two_who_register_a_room_on_two_nodes_the_second_hears_so(cluster: InMemoryCluster, most: int) -> None:
    one, two, three = cluster.nodes
    first = come_in(cluster, one, "JOIN root #den", account="root")
    second = come_in(cluster, two, "JOIN bob #den", account="bob")
    first.take()
    first.says("SET #den registered=yes")
    second.says("SET #den registered=yes")
    one.cluster.publish()
    two.cluster.publish()
    while any(node.cluster.place < len(cluster.log.entries) for node in cluster.nodes):
        for node in cluster.nodes:
            node.cluster.read_on(most)
    assert told(first)[-1] == "OK SET #den registered=yes"
    assert told(second)[-1] == "ERR not-allowed SET #den is already registered"
    assert [policy.is_operator("bob") for policy in (node.hub.policy("#den") for node in (one, two, three))] == [
        False
    ] * 3
    check_alike(cluster)


class StopAndWake:
    """Writers on every node, nodes that stand still and wake, and an observer who knows what each entry should be."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.cluster = InMemoryCluster(1, Limits(lines_per_second=0, names_per_minute=0))
        self.cluster.accounts.operators = {"root"}
        self.cluster.accounts.owned = {"root", "bob"}
        self.observer = self.cluster.nodes[0]
        for _ in range(3):
            self.cluster.node()
        self.people: list[ChatClient] = []
        self.number = 0
        self.root = ChatClient(self.observer.hub)
        self.root.session.account = "root"
        self.root.says("HELLO 1", *(f"JOIN {'root ' * (room == ROOMS[0])}{room}" for room in ROOMS))
        self.cluster.settle()
        self.root.says(*(f"SET {room} registered=yes" for room in ROOMS))
        self.cluster.settle()
        self.refused: list[int] = []

    def step(self) -> None:
        chance = self.chance
        node = chance.choice(self.cluster.nodes[1:])
        self.people = [person for person in self.people if not person.session.ended]
        match chance.randrange(10):
            case 0 | 1 | 2 | 3:
                self.speak()
            case 4:
                self.root.says(self.ruling())
                self.observer.cluster.publish()
            case 5 | 6:
                node.cluster.publish(chance.randrange(1, 6))
            case 7:
                node.cluster.read_on(chance.choice([1, 3, 1000]))
            case 8 if not node.cluster.cut:
                node.cluster.cut = True
            case 8:
                if chance.random() < 0.7:
                    self.cluster.log.end(node.cluster.incarnation)
                self.observe()
                node.cluster.cut = False
                if chance.random() < 0.7:
                    node.cluster.publish()
        self.observe()

    def speak(self) -> None:
        chance = self.chance
        if len(self.people) < 9:
            self.people.append(ChatClient(chance.choice(self.cluster.nodes[1:]).hub))
            self.people[-1].says("HELLO 1")
        person = chance.choice(self.people)
        if not person.session.nick:
            if chance.random() < 0.1:
                person.session.account = "bob"
            person.says(f"JOIN {chance.choice(NICKS)} {chance.choice(ROOMS)}")
            return
        self.number += 1
        room = chance.choice(ROOMS)
        person.says(
            chance.choice(
                [
                    *[f"@label={self.number} MSG {self.number}"] * 4,
                    f"@label={self.number} TELL {room} {self.number}",
                    f"TOPIC {room} {self.number}",
                    f"NICK {chance.choice(NICKS)}",
                    f"JOIN {room}",
                    f"BAN {chance.choice(NICKS)} {room} for=30s",
                    "QUIT",
                ]
            )
        )

    def ruling(self) -> str:
        nick, room = self.chance.choice(NICKS), self.chance.choice(ROOMS)
        verbs = ["KICK", "BAN", "UNBAN", "MUTE", "UNMUTE"]
        return self.chance.choice([f"{verb} {nick} {room}" for verb in verbs] + [f"OP bob {room}", f"DEOP bob {room}"])

    def settle(self) -> None:
        """Let all wake, say and read all there is, with the observer in front."""
        for node in self.cluster.nodes:
            node.cluster.cut = False
        for _ in range(10):
            for node in self.cluster.nodes:
                node.cluster.publish()
                self.observe()
                node.turn()
                self.observe()

    def observe(self) -> None:
        """Read all there is, one by one, and note what of it should count at its place."""
        journal = self.observer.cluster
        while journal.place < len(self.cluster.log.entries):
            _, entry = self.cluster.log.entries[journal.place]
            counts = not entry.durable or self.should_count(entry)
            journal.read_on(1)
            if not counts:
                self.refused.append(entry.place)

    def should_count(self, entry: Entry) -> bool:
        """Return what the observer says of the next entry, by what was told up to here."""
        event, source = entry.event, entry.source
        assert isinstance(event, DurableEvent) and source is not None and source.info is not None
        people = [info for info in self.observer.presence.state()["people"] if info[-1] is None]
        accounts = {info[0]: info[2] for info in people if names.key(info[1]) == names.key(event.nick)}
        if list(accounts) != [source.info.member_id]:
            return False  # the name is another's, or nobody's
        info = source.info
        if isinstance(event, Moderated):
            policy = self.observer.hub.policy(entry.room)
            return info.operator or policy.is_operator(info.account)
        policy = self.observer.hub.policy(entry.room)
        for member in self.observer.hub.members(entry.room):
            if member.member_id == info.member_id:
                identity, is_operator = member.judged_as
                muted = not is_operator and policy.against("MUTE", identity, entry.time)
                spared = is_operator or policy.is_operator(identity.account)
                return not muted and (spared or not policy.against("BAN", identity, entry.time))
        return False


@pytest.mark.parametrize("seed", range(SEEDS))
def test_no_entry_is_under_a_name_that_was_anothers_at_its_place(seed: int) -> None:
    story = StopAndWake(seed)
    for _ in range(STEPS):
        story.step()
    story.settle()
    refused = [node.cluster.refused for node in story.cluster.nodes]
    assert refused == refused[:1] * len(refused)
    assert sorted(refused[0]) == story.refused
    kept = [id_ for room in ROOMS for id_, _ in stored(story.observer, room)]
    assert kept and not set(kept) & set(story.refused)
    assert story.refused, "nothing was said too late"
    check_alike(story.cluster)
