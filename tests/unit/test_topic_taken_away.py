"""A topic that is taken away: its text says so, and nobody is told of it as of one."""

from __future__ import annotations

from chatd.chat.limits import Limits
from chatd.client.model.lines import Kind, Line, describe
from chatd.edges.web.stream_forms import as_object
from chatd.model.entry import StoredEvent
from chatd.protocol.events import NO_TOPIC, TopicSet
from tests.support.in_memory_chat import InMemoryChat


def test_people_are_told_that_it_is_gone_and_programs_read_a_dash() -> None:
    chat = InMemoryChat(Limits())
    ann, bob, bot = chat.person("JOIN ann #den"), chat.person("JOIN bob #den"), chat.program("JOIN bot #den")
    ann.says("TOPIC tea", "TOPIC -")
    chat.turn()
    assert bob.take()[-1] == "NOTE ann removed the topic of #den"
    assert bot.take()[-1].endswith(" TOPIC ann #den -")
    bob.says("TOPIC", "ROOMS")
    chat.turn()
    assert bob.take() == ["OK TOPIC #den", "ROOM #den 3", "OK ROOMS 1"]
    bot.says("TOPIC")
    chat.turn()
    assert next(line.partition(" ")[2] for line in bot.take()) == "TOPIC ann #den -"
    newcomer = chat.person("JOIN dave")
    newcomer.says("JOIN #den")
    chat.turn()
    assert not any("TOPIC" in line for line in newcomer.take())


def test_the_window_and_the_web_say_so_too() -> None:
    event = TopicSet("ann", "#den", NO_TOPIC)
    assert as_object("e1", StoredEvent(1, 0, event))["text"] == ""
    assert describe(Line(1, Kind.TOPIC, 0, "ann", event.topic, 1)) == "ann removed the topic"
