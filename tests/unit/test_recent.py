"""JOIN with last=: the newest messages first, and nothing twice or left out."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.in_memory_chat import InMemoryChat, SlowJournalChat
from tests.unit.test_guidance import ask
from tests.unit.test_moderation import Names, owner

TIME = "1970-01-12T13:46:40.000Z"


def told(*texts: str, nick: str = "ann") -> list[str]:
    return [f"OLD {TIME} MSG {nick} #den {text}" for text in texts]


def test_a_person_is_shown_the_last_messages_and_none_without() -> None:
    chat = InMemoryChat()
    chat.person("JOIN ann #den", "MSG one", "TOPIC tea", "MSG two", "MSG three")
    assert ask(chat, chat.person(), "JOIN bob #den last=2") == [
        *told("two", "three"),
        "TOPIC ann #den tea",
        "OK JOIN #den 2",
    ]
    for words in ("", " last=0"):
        answers = ask(chat, chat.person(), f"JOIN other{len(words)}x #den{words}")
        assert [line.split()[0] for line in answers] == ["TOPIC", "OK"]
    assert len(ask(chat, chat.person(), "JOIN carol #den last=1000")) == 5


def test_a_program_gets_them_as_old() -> None:
    chat = InMemoryChat()
    chat.person("JOIN ann #den", "MSG one", "TOPIC tea", "MSG two")
    assert ask(chat, chat.program(), "@label=j JOIN bot #den last=2") == [
        f"@id=1;time={TIME};old MSG ann #den one",
        f"@id=3;time={TIME};old MSG ann #den two",
        f"@id=2;time={TIME};old TOPIC ann #den tea",
        "@label=j OK JOIN #den 2 last=3 resume=secret1",
    ]


def test_who_is_there_already_is_shown_them_too() -> None:
    chat = InMemoryChat()
    ann = chat.person("JOIN ann #den", "MSG one", "MSG two")
    assert ask(chat, ann, "JOIN #den last=1") == [*told("two"), "OK JOIN #den 1"]


def test_what_is_said_meanwhile_is_told_once(tmp_path: Path) -> None:
    chat = SlowJournalChat(tmp_path / "j")
    ann = chat.person("JOIN ann #den", "MSG one", "MSG two")
    chat.turn()
    bob = chat.person()
    bob.says("JOIN bob #den last=10")
    ann.says("MSG three")
    chat.turn()
    ann.says("MSG four")
    chat.turn()
    texts = [line.rpartition(" ")[2] for line in bob.take() if " MSG " in f" {line}"]
    assert texts == ["one", "two", "three", "four"]
    chat.journal.stop()
    chat.turn()


def test_what_was_said_in_private_stays_with_those_who_were_there() -> None:
    chat = InMemoryChat()
    chat.hub.accounts = Names("ann", "eve")  # type: ignore[assignment]
    ann = owner(chat, "ann", "JOIN ann #den", "SET registered=yes", "MSG before", "SET private=yes", "MSG secret")
    eve = owner(chat, "eve", "JOIN eve")
    assert ask(chat, eve, "JOIN #den last=10")[0].startswith("ERR not-allowed JOIN the room is private")
    ask(chat, ann, "SET private=no", "MSG after")
    assert ask(chat, eve, "JOIN #den last=10") == [*told("after"), "OK JOIN #den 2"]


def test_who_is_ignored_is_left_out() -> None:
    chat = InMemoryChat()
    chat.person("JOIN ann #den", "MSG one")
    eve = chat.person("JOIN eve #den", "MSG two")
    bob = chat.person("JOIN bob", "IGNORE eve")
    assert ask(chat, bob, "JOIN #den last=10") == [*told("one"), "OK JOIN #den 3"]
    assert eve


@pytest.mark.parametrize("words", ["last=1001", "last=-1", "last=x", "last=5 since=0", "last=1 last=1"])
def test_it_is_a_number_and_does_not_go_with_since(words: str) -> None:
    chat = InMemoryChat()
    assert ask(chat, chat.person(), f"JOIN ann #den {words}")[0].startswith("ERR bad-syntax JOIN ")


def test_nothing_is_kept_in_memory_for_one_who_does_not_read() -> None:
    chat = InMemoryChat()
    ann = chat.person("JOIN ann #den", *(f"MSG {number}" for number in range(100)))
    bob = chat.person()
    bob.blocked = True
    bob.says("JOIN bob #den last=100")
    chat.turn()
    ask(chat, ann, *(f"MSG {number}" for number in range(100, 200)))
    assert bob.session.replay is not None
    assert not bob.session.replay.passed
    bob.blocked = False
    bob.session.resume_commands()
    chat.turn()
    lines = bob.take()
    assert [line.rpartition(" ")[2] for line in lines[:-1]] == [str(number) for number in range(200)]
    assert lines[-1] == "OK JOIN #den 2"
