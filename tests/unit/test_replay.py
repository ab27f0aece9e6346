"""HISTORY, SEARCH and what a JOIN with since= missed, on every journal."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, succeed

from chatd.chat.participant import BYTES_AT_A_TIME, LINES_AT_A_TIME
from chatd.journal import JournalError, Page, Query, Retention
from chatd.journal.factory import from_string
from chatd.journal.memory import MemoryJournal
from chatd.protocol.names import Nick
from tests.support.in_memory_chat import ChatClient, InMemoryChat, SlowJournalChat, journal_environment


@pytest.fixture(params=["memory:", "sqlite:"])
def chat(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[InMemoryChat]:
    path = f"sqlite:{tmp_path}/j.sqlite3" if request.param == "sqlite:" else request.param
    chat = InMemoryChat(journal=lambda clock: from_string(path, journal_environment(clock)))
    yield chat
    chat.journal.stop()


def asks(chat: InMemoryChat, person: ChatClient, *lines: str) -> list[str]:
    person.take()
    person.says(*lines)
    chat.turn()
    return person.take()


def said(chat: InMemoryChat, *texts: str, room: str = "#a") -> None:
    author = chat.person(f"JOIN author {room}", *(f"MSG {text}" for text in texts))
    author.says("QUIT")
    chat.turn()


def bodies(lines: list[str]) -> list[str]:
    return [line.split(" ", 1)[1] if line.startswith("@") else line for line in lines]


TIME = "1970-01-12T13:46:40.000Z"


def test_history_for_a_person_and_for_a_program(chat: InMemoryChat) -> None:
    said(chat, "one", "two")
    assert asks(chat, chat.person("JOIN alice #a"), "HISTORY") == [
        f"OLD {TIME} MSG author #a one",
        f"OLD {TIME} MSG author #a two",
        "OK HISTORY #a 2",
    ]
    assert asks(chat, chat.program("JOIN bob #a"), "@label=h HISTORY #a 1") == [
        f"@id=2;time={TIME};old MSG author #a two",
        "@label=h OK HISTORY #a 1",
    ]


def test_history_gives_what_was_asked_for(chat: InMemoryChat) -> None:
    said(chat, *"123456")
    alice = chat.person("JOIN alice #a", "TOPIC t")
    for line, texts in {
        "HISTORY 2": "56",
        "HISTORY 2 before=5": "34",
        "HISTORY 2 since=1": "23",
        "HISTORY since=4": "56",
        "HISTORY since=2 before=5": "34",
        "HISTORY 1 since=9": "",
        "HISTORY before=0": "",
        "HISTORY": "123456",
    }.items():
        *lines, done = asks(chat, alice, line)
        assert "".join(line[-1] for line in lines) == texts, line
        assert done == f"OK HISTORY #a {len(texts)}"


def test_history_and_search_need_membership(chat: InMemoryChat) -> None:
    said(chat, "secret")
    alice = chat.person("JOIN alice #b")
    for line in ("HISTORY #a", "SEARCH #a secret"):
        (answer,) = asks(chat, alice, line)
        assert answer.startswith(f"ERR not-in-room {line.split()[0]} ")
    (answer,) = asks(chat, chat.person(), "HISTORY")
    assert answer.startswith("ERR name-needed HISTORY ")


def test_search(chat: InMemoryChat) -> None:
    said(chat, "the red fox", "a red hen", "foxes")
    alice = chat.person("JOIN alice #a")
    assert asks(chat, alice, "SEARCH FOX red") == [f"OLD {TIME} MSG author #a the red fox", "OK SEARCH #a 1"]
    assert asks(chat, alice, "SEARCH  - ") == ["OK SEARCH #a 0"]


def test_a_long_history_waits_for_its_reader_and_is_followed_by_the_next_answer(chat: InMemoryChat) -> None:
    said(chat, *(str(n) + "x" * 1000 for n in range(400)))
    alice = chat.person("JOIN alice #a")
    alice.blocked = True
    lines = asks(chat, alice, "HISTORY 400", "PING")
    assert len(lines) == 1
    alice.session.resume_commands()
    chat.turn()
    assert alice.take() == []
    alice.blocked = False
    alice.session.resume_commands()
    chat.turn()
    lines += alice.take()
    assert len(lines) == 402
    assert lines[-2:] == ["OK HISTORY #a 400", "PONG"]


def test_lines_of_a_long_history_are_sent_together(chat: InMemoryChat) -> None:
    said(chat, *(str(n) for n in range(2 * LINES_AT_A_TIME)))
    alice = chat.person("JOIN alice #a")
    alice.sends.clear()
    assert len(asks(chat, alice, "HISTORY 400")) == 2 * LINES_AT_A_TIME + 1
    assert len(alice.sends) == 3, "what is sent in a turn, once more, and the OK"


def test_long_lines_of_a_history_are_not_all_sent_at_once(chat: InMemoryChat) -> None:
    said(chat, *("x" * 3000 for _ in range(30)))
    alice = chat.person("JOIN alice #a")
    alice.sends.clear()
    assert len(asks(chat, alice, "HISTORY 30")) == 31
    assert sum(alice.sends) > 30 * 3000
    assert max(alice.sends) < BYTES_AT_A_TIME + 3100


def test_who_leaves_in_the_middle_of_a_history_costs_nothing(chat: InMemoryChat) -> None:
    said(chat, *(str(n) for n in range(100)))
    alice = chat.person("JOIN alice #a")
    alice.blocked = True
    asks(chat, alice, "HISTORY")
    alice.session.connection_lost()
    chat.turn()
    assert chat.hub.rooms() == []


def test_a_resume_replays_what_was_missed(chat: InMemoryChat) -> None:
    bob = chat.program("JOIN bob #a", "MSG 1")
    bob.says("MSG 2", "TOPIC news", "MSG 3")
    chat.turn()
    assert asks(chat, chat.program(), "JOIN alice #a since=1 epoch=e1") == [
        f"@id=2;time={TIME};old MSG bob #a 2",
        f"@id=3;time={TIME};old TOPIC bob #a news",
        f"@id=4;time={TIME};old MSG bob #a 3",
        "OK JOIN #a 2 last=4 resume=secret2 recovered=yes",
    ]


def test_a_person_is_told_what_was_missed_and_the_topic(chat: InMemoryChat) -> None:
    chat.person("JOIN bob #a", "MSG 1", "TOPIC news", "MSG 2")
    assert asks(chat, chat.person(), "JOIN alice #a since=1 epoch=e1") == [
        f"OLD {TIME} MSG bob #a 2",
        "TOPIC bob #a news",
        "OK JOIN #a 2",
    ]


@pytest.mark.parametrize("words", ["since=1", "since=1 epoch=e2", "since=9 epoch=e1"])
def test_a_resume_that_cannot_be_says_so_and_replays_nothing(chat: InMemoryChat, words: str) -> None:
    chat.person("JOIN bob #a", "MSG 1", "TOPIC news", "MSG 2")
    topic, done = asks(chat, chat.program(), f"JOIN alice #a {words}")
    assert topic == f"@id=2;time={TIME};old TOPIC bob #a news"
    assert done.endswith(" recovered=no since=unknown")


def test_a_resume_from_the_very_beginning_and_from_the_very_end(chat: InMemoryChat) -> None:
    chat.person("JOIN bob #a", "MSG 1", "MSG 2")
    *lines, done = asks(chat, chat.program(), "JOIN alice #a since=0 epoch=e1")
    assert [body[-1] for body in lines] == ["1", "2"]
    assert done.endswith(" recovered=yes")
    (done,) = asks(chat, chat.program(), "JOIN carol #a since=2 epoch=e1")
    assert done.endswith(" recovered=yes")
    (done,) = asks(chat, chat.program(), "JOIN carol2 #new since=0 epoch=e1")
    assert done.endswith(" recovered=yes")


def test_a_resume_after_too_much_gets_the_newest(chat: InMemoryChat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.chat.replay.MAX_MISSED", 3)
    chat.person("JOIN bob #a", "TOPIC t", *(f"MSG {n}" for n in range(5)))
    topic, *lines, done = asks(chat, chat.program(), "JOIN alice #a since=1 epoch=e1")
    *lines, topic, done = [topic, *lines, done]
    assert [line[-1] for line in lines] == ["2", "3", "4"]
    assert "TOPIC" in topic
    assert done.endswith(" recovered=no")


@pytest.mark.parametrize("kind", ["memory:", "sqlite:"])
def test_a_resume_from_before_what_was_taken_away_says_so(kind: str, tmp_path: Path) -> None:
    path = f"sqlite:{tmp_path}/j" if kind == "sqlite:" else kind
    chat = InMemoryChat(journal=lambda clock: from_string(path, journal_environment(clock, Retention(messages=2))))
    chat.person("JOIN bob #a", *(f"MSG {n}" for n in range(5)))
    chat.wait(61)
    for since, texts, recovered in ((2, "34", "no"), (3, "34", "yes"), (4, "4", "yes")):
        alice = chat.program()
        *lines, done = asks(chat, alice, f"JOIN alice #a since={since} epoch=e1")
        assert "".join(line[-1] for line in lines) == texts
        assert done.endswith(f"recovered={recovered}")
        alice.lose()
        chat.turn()
    chat.journal.stop()


def test_what_is_taken_away_during_a_replay_is_not_said_to_be_recovered(tmp_path: Path) -> None:
    retention = Retention(messages=10)
    path = f"sqlite:{tmp_path}/j"
    chat = InMemoryChat(journal=lambda clock: from_string(path, journal_environment(clock, retention)))
    chat.person("JOIN bob #a", *(f"MSG {n} {'x' * 500}" for n in range(200)))
    alice = chat.program()
    alice.blocked = True
    alice.says("JOIN alice #a since=0 epoch=e1")
    chat.wait(62)
    alice.blocked = False
    alice.session.resume_commands()
    chat.turn()
    *lines, done = alice.take()
    assert len([line for line in lines if " MSG " in line]) < 200
    assert done.endswith(" recovered=no")
    chat.journal.stop()


def test_labels_are_answered_once(chat: InMemoryChat) -> None:
    alice = chat.program("JOIN alice #a")
    bob = chat.program("JOIN bob #a")
    first, second, other, ok = asks(
        chat, alice, "@label=x MSG hi", "@label=x MSG hi", "@label=x TELL #a ho", "@label=y PING"
    )
    assert first == f"@id=1;time={TIME};label=x MSG alice #a hi"
    assert second == f"@id=1;time={TIME};old;label=x MSG alice #a hi"
    assert other.startswith("@label=x ERR label-reused TELL ")
    assert ok == "@label=y PONG"
    assert bodies(bob.take()) == ["MSG alice #a hi"]
    (bye,) = asks(chat, alice, "QUIT")
    assert "taken=some" in bye


def test_a_topic_said_again_is_answered_again(chat: InMemoryChat) -> None:
    alice = chat.program("JOIN alice #a")
    assert asks(chat, alice, "@label=x TOPIC one", "@label=y TOPIC two", "@label=x TOPIC one")[-2:] == [
        f"@id=1;time={TIME};old TOPIC alice #a one",
        "@label=x OK TOPIC #a",
    ]
    assert bodies(asks(chat, alice, "TOPIC"))[0] == "TOPIC alice #a two"


def test_before_hello_a_label_is_no_label(chat: InMemoryChat) -> None:
    alice = chat.person("JOIN alice #a", "@label=x MSG hi", "@label=x MSG ho")
    assert [line.split()[-1] for line in asks(chat, alice, "HISTORY")] == ["hi", "ho", "2"]


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[SlowJournalChat]:
    chat = SlowJournalChat(tmp_path / "j.sqlite3")
    yield chat
    chat.slow = False
    chat.turn()
    chat.journal.stop()


def test_nothing_is_said_before_it_is_stored(slow: SlowJournalChat) -> None:
    alice, bob = slow.program("JOIN alice #a"), slow.person("JOIN bob #a")
    alice.take()
    slow.slow = True
    alice.says("@label=1 MSG hi", "QUIT")
    slow.turn()
    assert alice.take() == bob.take() == []
    slow.workers["writer"].work()
    assert [line.split(" ", 1)[1] for line in alice.take()] == [
        "MSG alice #a hi",
        "quit taken=all goodbye; everything you sent was accepted",
    ]
    assert bob.take()[0] == "MSG alice #a hi"


def test_what_comes_while_a_batch_is_written_is_the_next(slow: SlowJournalChat) -> None:
    alice = slow.program("JOIN alice #a")
    slow.slow = True
    for n in range(5):
        alice.says(f"MSG {n}")
        slow.turn()
    assert len(slow.workers["writer"].jobs) == 1
    slow.workers["writer"].work()
    slow.turn()
    assert [line[-1] for line in alice.take()] == ["0"]
    slow.workers["writer"].work()
    assert [line[-1] for line in alice.take()] == ["1", "2", "3", "4"]


@pytest.mark.parametrize("moment", ["before the read", "after the read", "with the JOIN"])
def test_a_resume_has_no_gap_and_no_overlap_whenever_something_is_said(slow: SlowJournalChat, moment: str) -> None:
    bob = slow.program("JOIN bob #a", "MSG 1", "MSG 2")
    alice = slow.program()
    slow.slow = True
    writer, reader = slow.workers["writer"], slow.workers["reader"]
    if moment == "with the JOIN":
        bob.says("MSG 3")
        slow.turn()  # the writer is busy, so that the JOIN goes into one batch with what comes before and after it
        alice.says("JOIN alice #a since=1 epoch=e1")
        reader.work()
        bob.says("MSG 4")
        slow.turn()
    else:
        alice.says("JOIN alice #a since=1 epoch=e1")
        if moment == "before the read":
            bob.says("MSG 3")
            slow.turn()
            writer.work()
            reader.work()
        else:
            read = slow.workers["reader"].jobs.pop()
            page: list[Callable[[], object]] = [read]
            page[0]()
            bob.says("MSG 3")
        slow.turn()
        bob.says("MSG 4")
        slow.turn()
    slow.slow = False
    slow.turn()
    slow.turn()
    lines = alice.take()
    ids = [int(line.split("id=")[1].split(";")[0]) for line in lines if line.startswith("@id=")]
    assert ids == [2, 3, 4]
    done = next(n for n, line in enumerate(lines) if " recovered=yes" in line)
    assert all(";old" in line for line in lines[:done])
    assert not any(";old" in line for line in lines[done + 1 :])


def test_a_session_that_ends_while_it_waits_for_the_journal_comes_in_nowhere(slow: SlowJournalChat) -> None:
    slow.person("JOIN bob #a", "MSG 1")
    alice = slow.program()
    slow.slow = True
    alice.says("JOIN alice #a since=0 epoch=e1")
    alice.session.connection_lost()
    slow.slow = False
    slow.turn()
    assert slow.hub.client(Nick("alice")) is None
    (room,) = slow.hub.rooms()
    assert [member.nick for member in room.members] == ["bob"]
    assert slow.hub._watches == {}


class Unreadable(MemoryJournal):
    """A journal that cannot be read."""

    def read(self, query: Query) -> Deferred[Page]:  # noqa: ARG002  # the protocol's
        return succeed(None).addCallback(lambda _: self._fail())

    def _fail(self) -> Page:
        raise JournalError("the disk is gone")


def test_what_cannot_be_read_is_unavailable_and_nobody_is_kept_out() -> None:
    chat = InMemoryChat(journal=lambda clock: Unreadable(journal_environment(clock)))
    chat.person("JOIN bob #a", "MSG 1")
    alice = chat.program()
    (done,) = asks(chat, alice, "JOIN alice #a since=0 epoch=e1")
    assert done.endswith(" recovered=no")
    (error,) = asks(chat, alice, "@label=h HISTORY")
    assert error.startswith("@label=h ERR unavailable HISTORY ")
    assert asks(chat, alice, "PING") == ["PONG"]
