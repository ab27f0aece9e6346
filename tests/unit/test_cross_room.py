"""What one person does in several rooms is seen in that order by all who are in them."""

from __future__ import annotations

import random
from collections import defaultdict

import pytest

from tests.support.in_memory_chat import ChatClient, InMemoryChat

ROOMS = ["#a", "#b", "#c"]


def bodies(person: ChatClient) -> list[str]:
    return [line.partition(" ")[2] if line.startswith("@") else line for line in person.take()]


@pytest.mark.parametrize("greeting", [[], ["HELLO 1"]])
def test_who_is_in_both_rooms_reads_what_was_said_in_one_and_the_other_in_its_order(greeting: list[str]) -> None:
    chat = InMemoryChat()
    ann = chat.person(*greeting, "JOIN ann #a", "JOIN #b")
    bob = chat.person(*greeting, "JOIN bob #a", "JOIN #b")
    carol = chat.person(*greeting, "JOIN carol #b")
    for person in (ann, bob):
        person.take()
    ann.says("TELL #a 1", "TELL #b 2", "TELL #b 3", "TELL #a 4")
    carol.says("MSG 5")
    chat.turn()
    expected = ["MSG ann #a 1", "MSG ann #b 2", "MSG ann #b 3", "MSG ann #a 4", "MSG carol #b 5"]
    assert bodies(bob) == expected
    assert bodies(ann) == (expected if greeting else expected[-1:])
    assert bodies(carol) == [line for line in expected if " #b " in line and (greeting or "carol" not in line)]


def test_who_comes_in_meanwhile_is_answered_in_between() -> None:
    chat = InMemoryChat()
    ann = chat.person("JOIN ann #a", "JOIN #b")
    bob = chat.person("JOIN bob #a")
    ann.says("TELL #a 1")
    bob.says("JOIN #b")
    ann.says("TELL #b 2", "TELL #a 3")
    chat.turn()
    assert bob.take() == ["MSG ann #a 1", "OK JOIN #b 2", "MSG ann #b 2", "MSG ann #a 3"]


def test_who_leaves_meanwhile_reads_what_came_before() -> None:
    chat = InMemoryChat()
    ann = chat.person("JOIN ann #a", "JOIN #b")
    bob = chat.person("JOIN bob #a", "JOIN #b")
    ann.says("TELL #b 1", "TELL #a 2")
    bob.says("PART #b")
    ann.says("TELL #b 3", "TELL #a 4")
    chat.turn()
    assert bob.take() == ["MSG ann #b 1", "MSG ann #a 2", "OK PART #b", "MSG ann #a 4"]


@pytest.mark.parametrize("seed", range(20))
def test_nobody_reads_one_persons_words_out_of_order(seed: int) -> None:
    chance = random.Random(seed)
    chat = InMemoryChat()
    people = [
        chat.person(*(["HELLO 1"] if number % 2 else []), f"JOIN p{number} {ROOMS[number % 3]}") for number in range(6)
    ]
    numbers: defaultdict[int, int] = defaultdict(int)
    heard: list[list[str]] = [[] for _ in people]
    for _ in range(300):
        for _ in range(chance.randrange(8)):
            speaker = chance.randrange(len(people))
            person, room = people[speaker], chance.choice(ROOMS)
            if chance.random() < 0.25 and len(person.session.rooms) > 1:
                person.says(f"PART {room}")
            elif chance.random() < 0.2:
                person.says(f"JOIN {room}")
            else:
                numbers[speaker] += 1
                person.says(f"TELL {room} {numbers[speaker]}")
        chat.turn()
        for number, person in enumerate(people):
            heard[number] += bodies(person)
    assert min(len(lines) for lines in heard) > 100
    for lines in heard:
        said = [line.split() for line in lines if line.startswith("MSG ")]
        for speaker in numbers:
            order = [int(words[3]) for words in said if words[1] == f"p{speaker}"]
            assert order == sorted(set(order))
