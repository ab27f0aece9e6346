"""Many people at random on nodes that come, go and are cut off: all nodes agree on who is where and what is told."""

from __future__ import annotations

import random
from collections import defaultdict
from typing import Any

import pytest

from chatd.chat.limits import Limits
from chatd.chat.session import Session
from tests.support.in_memory_chat import ChatClient
from tests.support.in_memory_cluster import InMemoryCluster, Node, bodies

NICKS = ["alice", "bob", "carol", "dave", "Alice", "b0b", "BOB"]
ROOMS = ["#a", "#b", "#c"]
STEPS = 1500
TOLD = {"JOIN", "PART", "NICK", "MSG", "TOPIC", "KICK", "BAN", "UNBAN", "SET", "INVITE"}


class Chaos:
    """A cluster in which the first two nodes live, with a witness on each, and others come and go."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        limits = Limits(lines_per_second=0, names_per_minute=0)
        self.cluster = InMemoryCluster(2, limits)
        self.cluster.accounts.operators = {"witness0", "witness1"}
        self.people: list[tuple[Node, ChatClient]] = []
        self.secrets: list[str] = []
        self.ending: list[tuple[int, str]] = []
        self.states: dict[int, Any] = {}
        self.stories: dict[str, list[list[str]]] = {}
        self.steps = 0
        self.witnesses = [self.witness(number) for number in (0, 1)]
        for witness in self.witnesses:
            witness.take()

    @property
    def nodes(self) -> list[Node]:
        return [node for node in self.cluster.nodes if not node.cluster.dead]

    def witness(self, number: int) -> ChatClient:
        node = self.cluster.nodes[number]
        witness = ChatClient(node.hub)
        witness.session.account = f"witness{number}"
        witness.says("HELLO 1", f"JOIN witness{number} #a", "JOIN #b", "JOIN #c")
        self.cluster.settle()
        if not number:
            self.cluster.accounts.owned = {"witness1"}
            witness.says(*(line for room in ROOMS for line in (f"SET {room} registered=yes", f"OP witness1 {room}")))
            self.cluster.settle()
        return witness

    def step(self) -> None:
        self.steps += 1
        chance = self.chance
        self.people = [(n, p) for n, p in self.people if not p.session.ended and not n.cluster.dead]
        choice = chance.random()
        if choice < 0.5:
            self.somebody_speaks()
        elif choice < 0.53:
            self.witnesses[0].says(self.order())
        elif choice < 0.69:
            chance.choice(self.nodes).cluster.publish(chance.randrange(1, 6))
        elif choice < 0.92:
            self.read(chance.choice(self.nodes), chance.choice([1, 1, 2, 5, 1000]))
        elif choice < 0.94:
            self.cluster.clock.advance(chance.randrange(20))
            for _, person in [*self.people, *((None, w) for w in self.witnesses)]:
                person.session.heard = self.cluster.clock.seconds()
        else:
            self.something_breaks()
        for when, run in [each for each in self.ending if each[0] <= self.steps]:
            self.ending.remove((when, run))
            self.cluster.log.end(run)

    def somebody_speaks(self) -> None:
        chance = self.chance
        if len(self.people) < 10:
            node = chance.choice(self.nodes)
            person = ChatClient(node.hub)
            if chance.random() < 0.5:
                person.says("HELLO 1")
            self.people.append((node, person))
        node, person = chance.choice(self.people)
        if not person.session.nick and chance.random() < 0.1:
            person.session.account = "alice"
        person.says(*(self.line() for _ in range(chance.randrange(4))))
        if person.session.takeover.secret:
            self.secrets = [*self.secrets[-5:], person.session.takeover.secret]
        if chance.random() < 0.05:
            person.lose()

    def line(self) -> str:
        chance, nick, room = self.chance, self.chance.choice(NICKS), self.chance.choice(ROOMS)
        resume = f" resume={chance.choice(self.secrets)}" if self.secrets and chance.random() < 0.6 else ""
        if chance.random() < 0.5:
            since = " since=0 epoch=e1" if chance.random() < 0.3 else ""
            return chance.choice([f"JOIN {nick} {room}{since}{resume}", f"JOIN {nick} {room}{resume}", f"JOIN {room}"])
        others = ["WHO", "ROOMS", f"PART {room}", f"NICK {nick}", f"TOPIC {room} t", f"TELL {nick} x", "MSG hi", "QUIT"]
        return chance.choice(others)

    def order(self) -> str:
        nick, room = self.chance.choice(NICKS), self.chance.choice(ROOMS)
        lines = [f"KICK {nick} {room}", f"BAN {nick} {room} for=20s", f"UNBAN {nick} {room}", f"KICK {nick} #*"]
        lines += [f"SET {room} limit={self.chance.randrange(1, 5)}", f"SET {room} limit=off"]
        return self.chance.choice([*lines, f"SET {room} private=yes who=remove", f"SET {room} private=no"])

    def something_breaks(self) -> None:
        chance, others = self.chance, self.nodes[2:]
        node = chance.choice(self.nodes)
        match chance.randrange(5):
            case 0:
                node.cluster.cut = not node.cluster.cut
            case 1 if len(others) < 3:
                # Of one who begins, the state has to be as of a place; this one is as of the furthest's.
                self.cluster.node()
            case 2 if len(others) > 1 and chance.random() < 0.4:
                node = chance.choice(others)
                node.cluster.dead = True
                self.ending.append((self.steps + chance.randrange(60), node.cluster.incarnation))
            case 3 if others:
                node = chance.choice(others)
                self.cluster.log.end(node.cluster.incarnation)
            case 4:
                node.cluster.give_up(late=chance.random() < 0.4)

    def read(self, node: Node, most: int) -> None:
        node.cluster.read_on(most)
        self.check_state(node)

    def check_state(self, node: Node) -> None:
        if node.cluster.ready:
            state = node.presence.state()
            assert self.states.setdefault(node.cluster.place, state) == state

    def settle(self) -> None:
        for node in self.nodes:
            node.cluster.cut = False
        for _ in range(4):
            self.cluster.wait(1)


def rooms_told(lines: list[str]) -> dict[str, list[str]]:
    """Return what was told of each room, with its id and without its time."""
    told: dict[str, list[str]] = {room: [] for room in ROOMS}
    for line in lines:
        tags, body = line.split(" ", 1)
        verb, *words = body.split(" ")
        id_ = tags.split(";")[0] if tags.startswith("@id=") else ""
        if verb == "NICK":
            for room in ROOMS:
                told[room].append(body)
        elif verb in TOLD and words[1] in told:
            told[words[1]].append(f"{id_} {body}")
    return told


def present(lines: list[str]) -> dict[str, set[str]]:
    """Follow what one was told from an empty room on; nobody comes twice or leaves without being there."""
    there: defaultdict[str, set[str]] = defaultdict(set)
    for line in bodies(lines):
        match line.split(" "):
            case ["JOIN", nick, room]:
                assert nick not in there[room], line
                there[room].add(nick)
            case ["PART", nick, room, *_]:
                assert nick in there[room], line
                there[room].remove(nick)
            case ["KICK", _, room, nick, *_]:  # or who had left by then, on a node that was ahead
                there[room] = {each for each in there[room] if each.lower() != nick.lower()}
            case ["NICK", old, new]:
                for nicks in there.values():
                    if old in nicks:
                        nicks.remove(old)
                        nicks.add(new)
    return there


def check_node(node: Node) -> None:
    """Check that what a node knows of its people is what all know of them."""
    directory, hub = node.presence.directory, node.hub
    for session in hub.clients:
        occupant = directory.get(session.member_id)
        assert (occupant is not None) == bool(session.nick), session.nick
        if occupant is not None:
            assert occupant.member is session
            assert (occupant.info.nick, occupant.successor) == (session.nick, None)
            assert hub.client(session.nick) is session
        assert {room.key for room in session.rooms} == {r.key for r in hub.rooms() if session in r.everybody}
        assert {room.key for room in session.rooms} == {r.key for r in hub.rooms() if session in r.members}
    for room in hub.rooms():
        assert {member for member in room.everybody if member.here} == set(room.members)
    named = {session.nick.lower(): session for session in hub.clients if session.nick}
    assert named == hub._nicks._by_key


@pytest.mark.parametrize("seed", range(40))
def test_all_nodes_agree(seed: int) -> None:
    chaos = Chaos(seed)
    for _ in range(STEPS):
        chaos.step()
    chaos.settle()
    first, *others = [node.presence.state() for node in chaos.nodes]
    for other in others:
        assert other == first
    nicks = [info[1].lower() for info in first["people"] if info[-1] is None]
    assert len(nicks) == len(set(nicks))
    for node in chaos.nodes:
        check_node(node)
    check_stories(chaos)
    check_nothing_left(chaos)


def check_stories(chaos: Chaos) -> None:
    told = [witness.take() for witness in chaos.witnesses]
    seen = [rooms_told(lines) for lines in told]
    assert seen[0] == seen[1]
    for lines, node in zip(told, chaos.cluster.nodes, strict=False):
        there = present([line for line in lines if "witness" not in line or " KICK witness0" in line])
        for room in ROOMS:
            now = {member.nick for member in node.hub.members(room)}
            assert there[room] == now - {"witness0", "witness1"}
    log, refused = chaos.cluster.log.entries, chaos.cluster.nodes[0].cluster.refused
    assert [node.cluster.refused for node in chaos.nodes] == [refused] * len(chaos.nodes)
    durable = [e.place for _, e in log if e.durable and e.room == "#a" and e.place not in refused]
    ids = [int(line.split("=")[1].split(" ")[0]) for line in seen[0]["#a"] if line.startswith("@id=")]
    assert ids == [id_ for id_ in durable if id_ >= (ids[0] if ids else 0)]


def check_nothing_left(chaos: Chaos) -> None:
    for _, person in chaos.people:
        person.session.connection_lost()
    for witness in chaos.witnesses:
        witness.session.connection_lost()
    for node in chaos.nodes:
        for session in list(node.hub.clients):
            assert isinstance(session, Session)
            session.connection_lost()
    chaos.cluster.settle()
    for when, run in chaos.ending:
        assert when
        chaos.cluster.log.end(run)
    chaos.cluster.wait(40)
    for node in chaos.nodes:
        assert not node.presence.directory.all()
        assert not node.presence.announcer._clients
        assert not node.presence.directory._stale
        assert not node.hub.rooms()
        assert not node.hub._nicks._by_key
        assert not node.hub._nicks._by_look
        assert not node.hub._watches
