"""How often the people of a large room are drawn."""

from __future__ import annotations

from collections.abc import Callable

from twisted.internet.task import Clock

from chatd.client.model import changes
from chatd.client.view.drawing import MOST_SECONDS, Drawing


class Part:
    """Counts how often it is drawn."""

    def __init__(self) -> None:
        self.drawn = 0

    def draw(self, _: int = 0) -> None:
        self.drawn += 1


class ManyMembers:
    """The room in front, and a window that shows it."""

    key = "#many"

    def __init__(self, members: int) -> None:
        self.members, self.talk = Part(), Part()
        self.topics = 0
        self.front = self.servers = self
        self.shown = type("Room", (), {"key": self.key, "members": range(members)})()

    def draw_topic(self) -> None:
        self.topics += 1


def drawn_in_two_seconds(members: int, find: Callable[[ManyMembers], int]) -> int:
    """Return how often something is drawn while ten come or go, and say so, in each of two seconds."""
    clock, window = Clock(), ManyMembers(members)
    drawing = Drawing(window, clock, lambda: None)  # type: ignore[arg-type]  # as much of one as is drawn here
    for _ in range(20):
        drawing.take(window, [changes.MembersChanged("#many"), changes.LinesChanged("#many", 0)])  # type: ignore[arg-type]
        clock.advance(0.1)
    clock.advance(MOST_SECONDS)
    assert not clock.getDelayedCalls()
    return find(window)


def test_the_people_of_a_large_room_are_drawn_twice_a_second_and_the_last_change_too() -> None:
    assert 4 <= drawn_in_two_seconds(2000, lambda window: window.members.drawn) <= 6
    assert drawn_in_two_seconds(100_000, lambda window: window.members.drawn) >= 4
    assert drawn_in_two_seconds(2000, lambda window: window.topics) <= 6


def test_those_of_a_small_room_and_the_conversation_are_drawn_at_once() -> None:
    assert drawn_in_two_seconds(5, lambda window: window.members.drawn) >= 15
    assert drawn_in_two_seconds(2000, lambda window: window.talk.drawn) >= 15


def test_nothing_is_drawn_once_it_is_stopped() -> None:
    clock, window = Clock(), ManyMembers(2000)
    drawing = Drawing(window, clock, lambda: None)  # type: ignore[arg-type]  # as much of one as is drawn here
    drawing.take(window, [changes.MembersChanged("#many")])  # type: ignore[arg-type]
    drawing.stop()
    assert not clock.getDelayedCalls()
