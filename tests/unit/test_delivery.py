"""Who gets which lines of a batch, and how often they are rendered."""

from __future__ import annotations

import pytest

from chatd.chat.delivery import Broadcast
from chatd.model.entry import Entry
from chatd.protocol import events
from chatd.protocol.events import Event, Said
from tests.support.in_memory_chat import InMemoryChat


def test_a_batch_is_one_send_for_each_member(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = InMemoryChat()
    alice, bob = chat.program("JOIN alice"), chat.person("JOIN bob")
    sends: list[bytes] = []
    monkeypatch.setattr(bob.session, "send", sends.append)
    alice.says(*(f"MSG {n}" for n in range(10)))
    chat.turn()
    assert sends == [b"".join(b"MSG alice #lobby %d\r\n" % n for n in range(10))]


@pytest.mark.parametrize(("tagged", "untagged"), [(True, False), (False, True), (True, True)])
def test_each_event_is_rendered_once_whatever_the_audiences(
    monkeypatch: pytest.MonkeyPatch, tagged: bool, untagged: bool
) -> None:
    rendered: list[Event] = []
    real = events.render

    def render(event: Event) -> str:
        rendered.append(event)
        return real(event)

    monkeypatch.setattr(events, "render", render)
    chat = InMemoryChat()
    people = [chat.program("JOIN p1"), chat.program("JOIN p2")] if tagged else []
    people += [chat.person("JOIN u1"), chat.person("JOIN u2")] if untagged else []
    rendered.clear()
    broadcast = Broadcast()
    broadcast.add(Entry("#lobby", Said("x", "#lobby", "hi"), id=1))
    for person in people:
        person.take()
    broadcast.send([person.session for person in people])
    assert len(rendered) == 1
    assert [person.take()[0].endswith("MSG x #lobby hi") for person in people] == [True] * len(people)


def test_own_lines_are_left_out_or_labelled_between_those_of_others() -> None:
    chat = InMemoryChat()
    alice, bob = chat.program("JOIN alice"), chat.person("JOIN bob")
    alice.take()
    alice.says("@label=a MSG 1")
    bob.says("MSG 2")
    alice.says("MSG 3")
    bob.says("MSG 4")
    chat.turn()
    assert bob.take() == ["MSG alice #lobby 1", "MSG alice #lobby 3"]
    lines = alice.take()
    assert [line[-1] for line in lines] == ["1", "2", "3", "4"]
    assert ["label=a" in line for line in lines] == [True, False, False, False]


@pytest.mark.parametrize("speakers", [1, 2, 3])
def test_who_said_one_thing_among_others_gets_all_but_that_in_order(speakers: int) -> None:
    chat = InMemoryChat()
    people = [chat.person(f"JOIN p{number}") for number in range(4)]
    for person in people:
        person.take()
    for number, person in enumerate(people[:speakers]):
        person.says(f"MSG \N{SNOWMAN}{number}")
    chat.turn()
    said = [f"MSG p{number} #lobby \N{SNOWMAN}{number}" for number in range(speakers)]
    for number, person in enumerate(people):
        assert person.take() == [line for line in said if not line.startswith(f"MSG p{number} ")]
