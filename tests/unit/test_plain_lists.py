"""HELP and WHO on a terminal of 80 columns."""

from __future__ import annotations

import pytest

from chatd.protocol.plain_lists import help_lines, present_lines
from chatd.protocol.verbs import VERBS, explained
from tests.support.in_memory_chat import InMemoryChat
from tests.unit.test_guidance import ask

WIDTH = 80


def test_help_fits_twenty_lines() -> None:
    chat = InMemoryChat()
    lines = ask(chat, chat.person(), "HELP")
    assert len(lines) <= 20
    assert max(map(len, lines)) <= WIDTH
    assert "HELP ALL" in lines[-2]
    assert lines[-1] == "OK HELP"


def test_what_help_shows_can_be_typed() -> None:
    for line in help_lines(None):
        verb = line.split()[1]
        assert verb in VERBS
        assert len(line) <= WIDTH


@pytest.mark.parametrize("verb", ["ALL", *VERBS])
def test_all_of_it_fits_the_width_and_is_all_there(verb: str) -> None:
    lines = list(help_lines(verb))
    assert max(map(len, lines)) <= WIDTH
    text = " ".join(line.removeprefix("NOTE ").strip() for line in lines)
    for each in VERBS.values() if verb == "ALL" else [VERBS[verb]]:
        assert each.usage in text
        assert each.summary in text


def test_programs_are_shown_every_verb_in_a_line() -> None:
    chat = InMemoryChat()
    expected = [f"NOTE {each.usage} - {each.summary}" for each in explained(None, newcomers=False)]
    assert len(expected) == len(VERBS)
    assert ask(chat, chat.program(), "HELP") == [*expected, "OK HELP"]
    assert ask(chat, chat.program(), "HELP ALL") == [*expected, "OK HELP"]


def test_a_short_who_is_one_line_and_a_long_one_is_in_columns() -> None:
    chat = InMemoryChat()
    people = [chat.person(f"JOIN {nick} #den") for nick in ("ann", "bob", "carol")]
    people[0].take()
    assert ask(chat, people[0], "WHO") == ["WHO #den ann bob carol", "OK WHO #den 3"]
    program = chat.program("JOIN bot #den")
    for number in range(40):
        chat.person(f"JOIN somebody{number}q #den")
    people[0].take()
    program.take()
    *lines, done = ask(chat, people[0], "WHO")
    assert done == "OK WHO #den 44"
    assert max(map(len, lines)) <= WIDTH
    assert [nick for line in lines for nick in line.split()[2:]][:5] == ["ann", "bob", "carol", "bot", "somebody0q"]
    starts = {line.index(line.split()[3]) for line in lines}
    assert len(starts) == 1
    assert [len(line.split()) for line in ask(chat, program, "WHO")[:-1]] == [46]


def test_wide_letters_take_two_columns() -> None:
    nicks = ["天気" * 4, "ann", "jose\u0301"] * 6
    lines = list(present_lines("#den", nicks))
    assert [nick for line in lines for nick in line.split()[2:]] == nicks
    assert all(len(line) <= WIDTH for line in lines)
    assert len(lines[0].split()) - 2 == (WIDTH - len("WHO #den")) // 17


def test_nobody_is_no_line() -> None:
    assert list(present_lines("#den", [])) == []
