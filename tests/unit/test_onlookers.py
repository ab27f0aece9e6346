"""Who is told, without asking, that people come and go, are away and have accounts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.logger import LogEvent

from chatd.protocol.errors import DisconnectReason
from chatd.protocol.names import Nick
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.in_memory_chat import ChatClient, InMemoryChat, ManualWorker
from tests.support.onlooking import Recorder


@pytest.fixture
def chat() -> InMemoryChat:
    return InMemoryChat()


@pytest.fixture
def owners() -> Iterator[ChatWithAccounts]:
    chat = ChatWithAccounts("root", "alice", registration="open")
    yield chat
    chat.close()


def says(chat: InMemoryChat, person: ChatClient, *lines: str) -> None:
    person.says(*lines)
    chat.turn()


def test_who_comes_and_goes_is_told_to_whoever_watches_the_nick(chat: InMemoryChat) -> None:
    watcher = Recorder(chat.person("JOIN alice #a"), "BOB")
    bob = chat.person("JOIN Bob #b")
    assert watcher.heard() == ["+Bob"]
    says(chat, bob, "JOIN #c", "PART #b", "MSG hello")
    assert watcher.heard() == []
    says(chat, bob, "QUIT")
    assert watcher.heard() == ["-Bob"]
    chat.person("JOIN bob #b").lose()
    assert watcher.heard() == ["+bob"]
    chat.turn()
    assert watcher.heard() == ["-bob"]


def test_nobody_is_told_of_a_nick_that_is_not_watched(chat: InMemoryChat) -> None:
    watcher = Recorder(chat.person("JOIN alice #a"))
    says(chat, chat.person("JOIN bob #a"), "NICK bert", "QUIT")
    assert watcher.heard() == []


def test_a_new_nick_is_one_that_goes_and_one_that_comes(chat: InMemoryChat) -> None:
    watcher = Recorder(chat.person("JOIN alice #a"), "bob", "bert")
    bob = chat.person("JOIN bob #b")
    says(chat, bob, "NICK bert")
    assert watcher.heard() == ["+bob", "-bob", "+bert"]
    says(chat, bob, "NICK BERT")
    assert watcher.heard() == []
    says(chat, bob, "NICK other")
    assert watcher.heard() == ["-BERT"]


def test_a_nick_that_was_refused_is_nobodys(chat: InMemoryChat) -> None:
    watcher = Recorder(chat.person("JOIN alice #a"), "bob", "bert")
    chat.person("JOIN bob #b")
    assert watcher.heard() == ["+bob"]
    says(chat, chat.person("JOIN carol #b"), "NICK bob")
    chat.person("JOIN bob #b")
    assert watcher.heard() == []


def test_a_nick_that_is_on_its_way_through_the_journal_is_not_there_yet(chat: InMemoryChat) -> None:
    watcher = Recorder(chat.person("JOIN alice #a"), "bob", "bert")
    bob = chat.person("JOIN bob #b")
    assert watcher.heard() == ["+bob"]
    bob.says("NICK bert")
    chat.hub.onlookers.look_again()
    assert chat.hub.going_by(Nick("bert")) is None
    assert chat.hub.going_by(Nick("BOB")) is bob.session
    chat.turn()
    assert watcher.heard() == ["-bob", "+bert"]


def test_one_who_takes_a_connection_over_does_not_go_or_come(chat: InMemoryChat) -> None:
    watcher = Recorder(chat.person("JOIN alice #a"), "bob")
    bob = chat.person("HELLO 1", "JOIN bob #b")
    secret = bob.session.takeover.secret
    assert watcher.heard() == ["+bob"]
    again = chat.person("HELLO 1", f"JOIN bob #b resume={secret}")
    assert bob.farewell is not None
    assert again.session.nick == "bob"
    assert watcher.heard() == []
    again.lose()
    chat.turn()
    assert watcher.heard() == ["-bob"]


def test_a_person_with_several_connections_goes_with_the_last(owners: ChatWithAccounts) -> None:
    watcher = Recorder(owners.visitor("JOIN bob #a"), "alice")
    lines = (f"LOGIN alice {PASSWORD}", "JOIN alice #a")
    phone, desktop = owners.visitor(*lines), owners.visitor(*lines)
    assert watcher.heard() == ["+alice"]
    owners.send(phone, "QUIT")
    assert watcher.heard() == []
    owners.send(desktop, "QUIT")
    assert watcher.heard() == ["-alice"]


def test_away_is_told_to_those_who_share_a_room_or_watch_once_each(chat: InMemoryChat) -> None:
    bob = chat.person("JOIN bob #a", "JOIN #b")
    beside = Recorder(chat.person("JOIN alice #a", "JOIN #b"), "bob")
    watcher = Recorder(chat.person("JOIN carol #c"), "Bob")
    stranger = Recorder(chat.person("JOIN dave #c"), "alice")
    himself = Recorder(bob)
    says(chat, bob, "AWAY lunch", "AWAY lunch", "AWAY dinner", "AWAY", "AWAY")
    told = ["bob is away: lunch", "bob is away: dinner", "bob is back"]
    assert beside.heard() == watcher.heard() == told
    assert stranger.heard() == himself.heard() == []


def test_away_is_over_when_its_connection_is(chat: InMemoryChat) -> None:
    beside = Recorder(chat.person("JOIN alice #a"))
    bob = chat.person("HELLO 1", "JOIN bob #a", "AWAY lunch")
    chat.person("HELLO 1", f"JOIN bob #a resume={bob.session.takeover.secret}")
    assert beside.heard() == ["bob is away: lunch", "bob is back"]


def test_away_of_one_of_several_connections_is_over_with_it(owners: ChatWithAccounts) -> None:
    beside = Recorder(owners.visitor("JOIN bob #a"))
    lines = (f"LOGIN alice {PASSWORD}", "JOIN alice #a")
    phone = owners.visitor(*lines, "AWAY lunch")
    desktop = owners.visitor(*lines)
    owners.send(phone, "QUIT")
    assert beside.heard() == ["alice is away: lunch", "alice is back"]
    owners.send(desktop, "AWAY")
    assert beside.heard() == []


def test_away_is_told_to_the_persons_other_connections(owners: ChatWithAccounts) -> None:
    login = f"LOGIN alice {PASSWORD}"
    phone = owners.visitor(login, "JOIN alice #a")
    desktop = Recorder(owners.visitor(login, "JOIN alice #b"))
    owners.send(phone, "AWAY lunch")
    assert desktop.heard() == ["alice is away: lunch"]


def test_who_registers_is_told_to_those_who_share_a_room(owners: ChatWithAccounts) -> None:
    beside = Recorder(owners.visitor("JOIN bob #a"), "carol")
    elsewhere = Recorder(owners.visitor("JOIN dave #b"))
    herself = Recorder(carol := owners.visitor("JOIN carol #a"))
    assert beside.heard() == ["+carol"]
    owners.send(carol, f"REGISTER {PASSWORD}")
    assert beside.heard() == herself.heard() == ["carol is carol"]
    assert elsewhere.heard() == []


def test_who_is_sent_away_while_registering_is_told_to_nobody() -> None:
    worker = ManualWorker()
    chat = ChatWithAccounts("root", registration="open", workers=[worker])
    watcher = Recorder(chat.visitor("JOIN bob #a"), "carol")
    carol = chat.visitor("JOIN carol #b")
    chat.send(carol, f"REGISTER {PASSWORD}")
    carol.session.disconnect(DisconnectReason.KICKED, "you were kicked")
    chat.turn()
    assert watcher.heard() == ["+carol", "-carol"]
    worker.work()
    chat.turn()
    assert watcher.heard() == []
    chat.close()


def test_who_is_called_otherwise_is_told_to_those_who_share_a_room_or_watch(chat: InMemoryChat) -> None:
    beside, watcher = Recorder(chat.person("JOIN alice #a")), Recorder(chat.person("JOIN carol #c"), "bob")
    stranger = Recorder(chat.person("JOIN dave #c"))
    bob = chat.person("JOIN bob #a")
    assert watcher.heard() == ["+bob"]
    bob.session.realname = "Robert"
    chat.hub.onlookers.realname_changed(bob.session)
    assert beside.heard() == watcher.heard() == ["bob is called Robert"]
    assert stranger.heard() == []


def test_who_has_ended_or_watches_no_more_is_told_nothing(chat: InMemoryChat) -> None:
    alice, carol = chat.person("JOIN alice #a"), chat.person("JOIN carol #a")
    first, second = Recorder(alice, "bob", "dave"), Recorder(carol, "bob")
    onlookers = chat.hub.onlookers
    assert list(onlookers.watched(alice.session)) == ["bob", "dave"]
    onlookers.unwatch(alice.session, Nick("BOB"))
    onlookers.unwatch(alice.session, Nick("nobody"))
    says(chat, carol, "QUIT")
    bob = chat.person("JOIN bob #a")
    assert first.heard() == second.heard() == []
    says(chat, alice, "QUIT")
    says(chat, bob, "AWAY lunch")
    assert not onlookers
    assert [onlookers._watching, onlookers._watched, onlookers._present] == [{}, {}, {}]


def test_who_begins_to_watch_in_the_turn_in_which_somebody_came_is_not_told_again(chat: InMemoryChat) -> None:
    first = Recorder(chat.person("JOIN alice #a"), "bob")
    carol = chat.person("JOIN carol #a")
    bob = ChatClient(chat.hub)
    bob.says("JOIN bob #a")
    second = Recorder(carol, "bob")
    assert chat.hub.going_by(Nick("bob")) is bob.session
    chat.turn()
    assert first.heard() == ["+bob"]
    assert second.heard() == []


def test_an_onlooker_that_fails_costs_a_line_of_the_log(
    chat: InMemoryChat, nothing_left_behind: list[LogEvent]
) -> None:
    class Broken(Recorder):
        def came(self, nick: Nick) -> None:
            raise ValueError(nick)

        def away_changed(self, *about: Any) -> None:
            raise ValueError(about)

    broken = Broken(chat.person("JOIN alice #a"), "bob")
    other = Recorder(chat.person("JOIN carol #a"), "bob")
    bob = chat.person("JOIN bob #a", "AWAY lunch")
    assert other.heard() == ["+bob", "bob is away: lunch"]
    assert broken.person.farewell is bob.farewell is None
    assert len(nothing_left_behind) == 1  # those after the first are counted
    nothing_left_behind.clear()
