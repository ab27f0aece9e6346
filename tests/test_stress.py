"""Many people at random: nobody sees what cannot be, and nothing stays when all have left."""

from __future__ import annotations

import random

import pytest

from tests.peers import House, Person

NICKS = ["alice", "bob", "carol", "dave", "Alice", "b0b"]
ROOMS = ["#a", "#b", "#c"]


def line(chance: random.Random, secrets: list[str]) -> str:
    nick, room = chance.choice(NICKS), chance.choice(ROOMS)
    resume = f" resume={chance.choice(secrets)}" if secrets and chance.random() < 0.5 else ""
    if chance.random() < 0.5:
        return chance.choice([f"JOIN {nick} {room}{resume}", f"JOIN {room}", "MSG hi", f"TELL {room} x"])
    others = ["WHO", "ROOMS", "PING", "QUIT", f"PART {room}", f"NICK {nick}", f"TOPIC {room} t", f"TELL {nick} x"]
    return chance.choice(others)


def check_story(told: list[str]) -> None:
    """Follow one person's lines: nobody comes twice, leaves or speaks without being there."""
    present: dict[str, set[str]] = {}
    for each in told:
        body = each.split(" ", 1)[1] if each.startswith("@") else each
        match body.split():
            case ["WHO", room, *nicks]:
                present[room] = set(nicks)
            case ["JOIN", nick, room] if room in present:
                assert nick not in present[room], each
                present[room].add(nick)
            case ["PART", nick, room, *_] if room in present:
                assert nick in present[room], each
                present[room].remove(nick)
            case ["NICK", old, new]:
                for nicks_there in present.values():
                    if old in nicks_there:
                        nicks_there.remove(old)
                        nicks_there.add(new)
            case ["MSG", nick, room, *_] if room in present:
                assert nick in present[room], each


@pytest.mark.parametrize("seed", range(30))
def test_nothing_is_left_when_all_have_left(seed: int) -> None:
    chance = random.Random(seed)
    house = House()
    witness = house.program("JOIN witness #a", "JOIN #b", "JOIN #c")
    witness.says("WHO #a", "WHO #b", "WHO #c")
    people: list[Person] = []
    secrets: list[str] = []
    for _ in range(1500):
        people = [person for person in people if not person.session.ended]
        if len(people) < 8:
            people.append(house.person("HELLO 1") if chance.random() < 0.5 else house.person())
        person = chance.choice(people)
        person.says(*(line(chance, secrets) for _ in range(chance.randrange(4))))
        if person.session.secret:
            secrets = [*secrets[-5:], person.session.secret]
        if chance.random() < 0.05:
            person.session.gone()
        if chance.random() < 0.6:
            house.turn()
        if chance.random() < 0.02:
            house.wait(chance.randrange(40))
            for each in (*people, witness):
                each.session.heard = house.hub.wheel.now
    house.turn()
    check_story(witness.take())
    for person in (*people, witness):
        person.session.gone()
    house.turn()
    house.wait(400)
    hub = house.hub
    assert not hub.sessions
    assert not list(hub.rooms())
    assert not hub._by_nick
    assert not hub._by_look
    assert not any(hub.wheel._due.values())
