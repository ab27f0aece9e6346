"""What was missed in private: how much of it is told, how fast, and until when."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import Clock

from chatd.chat import conversations, mailbox, missed_lines
from chatd.journal import Journal, Retention
from chatd.journal.factory import from_string
from chatd.journal.memory import MemoryJournal
from chatd.journal.read_markers import Marker
from chatd.model.conversation import other_party
from tests.support.in_memory_accounts import PASSWORD
from tests.support.in_memory_chat import ChatClient, journal_environment
from tests.unit.test_telling import again, logged_in, people, told


def texts(person: ChatClient) -> list[str]:
    """Return what somebody was told since the last time, without who told it and the tags."""
    return [line.partition(" TELL ")[2].partition(" ")[2] for line in told(person)]


def test_the_newest_are_told_and_where_there_is_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "MAX_TOLD", 5)
    monkeypatch.setattr(missed_lines, "AT_A_TIME", 2)
    with people("ann", "bob", "eve") as chat:
        ann, eve = logged_in(chat, "ann"), logged_in(chat, "eve")
        chat.send(ann, *(f"TELL bob a{number}" for number in range(4)))
        chat.send(eve, *(f"TELL bob e{number}" for number in range(3)))
        chat.send(ann, "TELL bob a4")
        bob = logged_in(chat, "bob")
        lines = bob.take()
        assert [line.rpartition(" ")[2] for line in lines if " TELL " in line] == ["a3", "e0", "e1", "e2", "a4"]
        assert "NOTE You received more messages while you were away. To read them: HISTORY ann" in lines
        chat.wait(5)
        bob.session.heard = chat.hub.timers.now
        bob.lose()
        assert told(logged_in(chat, "bob")) == []


def test_what_one_said_oneself_is_not_told_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mailbox, "MAX_TOLD", 2)
    with people("ann", "bob") as chat:
        ann, bob = logged_in(chat, "ann"), logged_in(chat, "bob")
        chat.send(ann, "TELL bob one", "TELL bob two")
        bob.take()
        chat.send(bob, "TELL ann three", "TELL ann four", "TELL ann five")
        bob.lose()
        again = logged_in(chat, "bob")
        assert texts(again) == ["one", "two"]
        assert not any("NOTE" in line for line in again.sent)


def test_it_is_told_as_fast_as_it_is_read_and_nothing_is_left_out() -> None:
    with people("ann", "bob") as chat:
        ann, bob = logged_in(chat, "ann"), logged_in(chat, "bob")
        told(bob)
        bob.blocked = True
        chat.send(ann, *(f"TELL bob {number}" for number in range(300)))
        assert len(texts(bob)) == 1
        chat.wait(3)
        assert len(texts(bob)) == 3, "one try a second"
        bob.blocked = False
        chat.wait(1)
        assert texts(bob) == [str(number) for number in range(300)]
        chat.send(ann, "TELL bob live")
        assert told(bob)[0].endswith("TELL ann live")


def test_what_comes_while_it_is_caught_up_comes_once_and_in_its_order() -> None:
    with people("ann", "bob") as chat:
        ann = logged_in(chat, "ann")
        chat.send(ann, "TELL bob before")
        bob = ChatClient(chat.hub)
        bob.says("HELLO 1", f"LOGIN bob {PASSWORD}", "JOIN bob")
        ann.says("TELL bob meanwhile")
        chat.turn()
        assert texts(bob) == ["before", "meanwhile"]


def test_a_connection_that_stands_has_got_it_though_nothing_is_heard() -> None:
    with people("ann", "bob") as chat:
        ann = logged_in(chat, "ann")
        bob = chat.visitor(f"LOGIN bob {PASSWORD}", "JOIN bob")
        chat.send(ann, "TELL bob hi")
        chat.wait(mailbox.STILL_SECONDS + mailbox.NOTE_SECONDS + 2)
        bob.lose()
        assert told(logged_in(chat, "bob")) == []


def test_no_more_wait_for_one_who_is_away_than_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "MAX_WAITING", 3)
    with people("ann", "bob", "eve") as chat:
        ann, eve = logged_in(chat, "ann"), logged_in(chat, "eve")
        answers = chat.send(ann, *(f"TELL bob {number}" for number in range(5)))[-5:]
        assert [answer.split(" ")[:3] for answer in answers[3:]] == [["ERR", "full", "TELL"]] * 2
        assert "stored=yes" in chat.send(eve, "TELL bob I am another")[-1]
        assert len(texts(logged_in(chat, "bob"))) == 4
        assert "stored=yes" in chat.send(ann, "TELL bob again")[-1]


def test_there_are_only_so_many_conversations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversations, "MAX_OF_ONE", 2)
    with people("ann", "bob", "eve", "joe") as chat:
        ann, joe = logged_in(chat, "ann"), logged_in(chat, "joe")
        chat.send(ann, "TELL bob hi", "TELL eve hi")
        joe.take()
        assert chat.send(ann, "TELL joe hi")[-1] == "OK TELL joe stored=no"
        assert told(joe)[0].endswith("TELL ann hi")
        joe.lose()
        chat.turn()
        assert chat.send(ann, "TELL joe hi")[-1].startswith("ERR full TELL ")
        assert "stored=yes" in chat.send(ann, "TELL bob again")[-1]
        monkeypatch.setattr(conversations, "MAX_OF_ONE", 1000)
        monkeypatch.setattr(conversations, "MAX_CONVERSATIONS", 2)
        assert chat.send(ann, "TELL joe hi")[-1].startswith("ERR full TELL ")


def test_a_conversation_of_whichretention_leaves_nothing_is_forgotten() -> None:
    with people("ann", "bob") as chat:
        journal = chat.journal
        assert isinstance(journal, MemoryJournal)
        journal.retention = Retention(seconds=60)
        ann = logged_in(chat, "ann")
        chat.send(ann, "TELL bob hi")
        party = ann.session.party or ""
        assert len(chat.hub.conversations.of(party)) == 1
        ann.lose()
        chat.wait(200)
        ann = logged_in(chat, "ann")
        assert not journal.known_rooms
        assert not chat.hub.conversations.of(party)
        assert told(logged_in(chat, "bob")) == []
        chat.send(ann, "TELL bob again")
        assert chat.send(ann, "HISTORY bob")[-1] == "OK HISTORY bob 1"


def test_a_file_knows_after_a_restart_what_was_told_and_what_was_not(tmp_path: Path) -> None:
    def journal(clock: Clock) -> Journal:
        return from_string(f"sqlite:{tmp_path / 'journal'}", journal_environment(clock))

    with people("ann", "bob", path=tmp_path / "accounts", journal=journal) as chat:
        ann, bob = logged_in(chat, "ann"), logged_in(chat, "bob")
        chat.send(ann, "TELL bob got")
        chat.wait(mailbox.NOTE_SECONDS)
        bob.session.heard = chat.hub.timers.now
        chat.wait(mailbox.NOTE_SECONDS + 2)
        chat.send(ann, "TELL bob lost")
        bob.lose()
    with again(path=tmp_path / "accounts", journal=journal) as chat:
        bob = logged_in(chat, "bob")
        assert texts(bob) == ["lost"]
        assert chat.send(bob, "HISTORY ann")[-1] == "OK HISTORY ann 2"


def test_markers_of_another_history_keep_nothing_back() -> None:
    with people("ann", "bob") as chat:
        ann = logged_in(chat, "ann")
        chat.send(ann, "TELL bob hi")
        (key,) = chat.hub.conversations.of(ann.session.party or "")
        bob = other_party(key, ann.session.party or "")
        chat.journal.markers.note(Marker(bob, 0, key, 1000))
        there = logged_in(chat, "bob")
        assert texts(there) == ["hi"]
        chat.send(ann, "TELL bob hello")
        assert texts(there) == ["hello"]
