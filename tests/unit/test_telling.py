"""Private lines to those who have accounts: kept, told when they come, and read by the two alone."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

from chatd.chat.mailbox import NOTE_SECONDS, STILL_SECONDS
from chatd.protocol.errors import DisconnectReason
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.in_memory_chat import ChatClient, ManualWorker


def logged_in(chat: ChatWithAccounts, name: str, *more: str, nick: str | None = None) -> ChatClient:
    person = chat.visitor("HELLO 1", f"LOGIN {name} {PASSWORD}", f"JOIN {nick or name}", *more)
    chat.turn()
    return person


def people(*names: str, **options: Any) -> AbstractContextManager[ChatWithAccounts]:
    """A chat of these and root, who looks after the server."""
    return again("root", *names, **options)


@contextmanager
def again(*names: str, **options: Any) -> Iterator[ChatWithAccounts]:
    """The same without new accounts, if none are named."""
    chat = ChatWithAccounts(*names, **options)
    try:
        yield chat
    finally:
        chat.journal.stop()
        chat.turn()
        chat.close()


def told(person: ChatClient) -> list[str]:
    """Return the private lines that somebody was sent since the last time."""
    return [line for line in person.take() if " TELL " in line and " OK " not in line]


def test_it_is_stored_before_the_answer_and_told_at_once_to_who_is_there() -> None:
    with people("ann", "bob") as chat:
        ann, bob = logged_in(chat, "ann"), logged_in(chat, "bob")
        ann.take(), bob.take()
        chat.send(ann, "@label=7 TELL bob hi")
        assert bob.take() == ["@id=1;time=1970-01-12T13:46:40.000Z TELL ann hi"]
        assert ann.take() == ["@label=7 OK TELL bob id=1 time=1970-01-12T13:46:40.000Z stored=yes"]


def test_who_was_away_is_told_at_the_next_login() -> None:
    with people("ann", "bob") as chat:
        ann = logged_in(chat, "ann")
        ann.take()
        chat.send(ann, "TELL bob one", "TELL BOB two")
        assert [line.rpartition("Z ")[2] for line in ann.take()] == ["stored=yes here=no"] * 2
        bob = logged_in(chat, "bob")
        assert [line.split(" ", 1) for line in told(bob)] == [
            ["@id=1;time=1970-01-12T13:46:40.000Z;old", "TELL ann one"],
            ["@id=2;time=1970-01-12T13:46:40.000Z;old", "TELL ann two"],
        ]


def test_a_line_that_arrived_is_not_told_again_and_one_that_may_not_have_is() -> None:
    with people("ann", "bob") as chat:
        ann, bob = logged_in(chat, "ann"), logged_in(chat, "bob")
        chat.send(ann, "TELL bob got")
        chat.wait(5)
        bob.session.heard = chat.hub.timers.now
        chat.send(ann, "TELL bob lost")
        bob.lose()
        again = logged_in(chat, "bob")
        assert [line.partition(" TELL ")[2] for line in told(again)] == ["ann lost"]


def test_what_guests_tell_each_other_is_kept_nowhere_and_the_answer_says_so() -> None:
    with people("ann") as chat:
        eve, joe, ann = chat.program("JOIN eve"), chat.program("JOIN joe"), logged_in(chat, "ann")
        ann.take(), joe.take()
        assert chat.send(eve, "TELL joe hi")[-1] == "OK TELL joe stored=no"
        assert joe.take() == ["@time=1970-01-12T13:46:40.000Z TELL eve hi"]
        assert chat.send(ann, "TELL joe hi")[-1] == "OK TELL joe stored=no"
        assert not chat.hub.journal.known_rooms
        assert chat.send(eve, "TELL nobody hi")[-1] == "ERR no-such-nick TELL nobody here uses the nick nobody"


def test_what_a_guest_tells_an_account_is_kept_for_that_one() -> None:
    with people("bob") as chat:
        eve = chat.program("JOIN eve")
        assert "stored=yes" in chat.send(eve, "TELL bob hi")[-1]
        bob = logged_in(chat, "bob")
        assert [line.partition(" TELL ")[2] for line in told(bob)] == ["eve hi"]


def test_it_goes_by_the_account_whatever_nick_its_owner_goes_by() -> None:
    with people("ann", "bob") as chat:
        ann, bob = logged_in(chat, "ann", nick="annie"), logged_in(chat, "bob", nick="robert")
        ann.take(), bob.take()
        chat.send(ann, "TELL bob one", "TELL robert two")
        assert [line.partition(" TELL ")[2] for line in told(bob)] == ["ann one", "ann two"]
        assert [line.split(" ")[2] for line in ann.take()] == ["bob", "robert"]
        chat.send(bob, "TELL ann three", "TELL annie four")
        assert [line.partition(" TELL ")[2] for line in told(ann)] == ["bob three", "bob four"]
        assert len(chat.hub.journal.known_rooms) == 1


def test_whoever_takes_the_name_of_an_account_that_was_removed_is_told_nothing_of_before() -> None:
    with people("ann", "bob", registration="open") as chat:
        ann = logged_in(chat, "ann")
        chat.send(ann, "TELL bob secret")
        assert chat.store.remove("bob")
        bob = chat.program("JOIN bob", f"REGISTER {PASSWORD}")
        assert told(bob) == []
        chat.send(ann, "TELL bob new")
        bob.lose()
        assert [line.partition(" TELL ")[2] for line in told(logged_in(chat, "bob"))] == ["ann new"]


def test_a_label_makes_it_one_line_however_often_it_is_sent() -> None:
    with people("ann", "bob") as chat:
        ann = logged_in(chat, "ann")
        ann.take()
        chat.send(ann, "@label=a TELL bob hi", "@label=a TELL bob hi", "@label=a TELL bob ho")
        first, second, third = ann.take()
        assert second == first.replace("@label=a", "@old;label=a")
        assert third.startswith("@label=a ERR label-reused TELL ")
        assert len(told(logged_in(chat, "bob"))) == 1


def test_no_list_of_rooms_and_no_count_of_them_has_a_conversation() -> None:
    with people("ann", "bob") as chat:
        ann = logged_in(chat, "ann")
        before = chat.hub.room_count
        chat.send(ann, "TELL bob hi")
        ann.take()
        assert chat.hub.room_count == before
        assert [line for line in chat.send(ann, "ROOMS") if "ROOM " in line] == ["ROOM #lobby 1"]
        key = next(iter(chat.hub.conversations.of(ann.session.party or "")))
        for verb in ("JOIN {}", "HISTORY {}", "WHO {}", "TELL {} x", "SEARCH {} hi", "PART {}", "PIPE {}"):
            ann.take()
            answers = chat.send(ann, verb.format(key))
            assert not any("hi" in answer.split() and " TELL " in answer for answer in answers)
            assert key not in " ".join(answer for answer in answers if not answer.startswith("ERR")), verb


@pytest.mark.parametrize("by", ["ann", "annie"])
def test_who_ignores_somebody_is_told_nothing_and_nothing_is_stored(by: str) -> None:
    with people("ann", "bob") as chat:
        ann, bob = logged_in(chat, "ann", nick="annie"), logged_in(chat, "bob", f"IGNORE {by}")
        bob.take(), ann.take()
        assert chat.send(ann, "TELL bob hi") == ["ERR not-allowed TELL bob accepts no private messages from you"]
        assert told(bob) == []
        assert not chat.hub.journal.known_rooms


def test_who_is_muted_on_the_server_tells_nothing() -> None:
    with people("ann", "bob") as chat:
        ann, root = logged_in(chat, "ann"), logged_in(chat, "root")
        chat.send(root, "MUTE ann #*")
        ann.take()
        assert chat.send(ann, "TELL bob hi")[-1].startswith("ERR muted TELL ")
        assert told(logged_in(chat, "bob")) == []


def asked(chat: ChatWithAccounts, person: ChatClient, *lines: str) -> list[str]:
    """Return the answers without their tags."""
    person.take()
    return [line.partition(" ")[2] if line.startswith("@") else line for line in chat.send(person, *lines)]


def test_both_may_read_what_they_told_each_other_and_nobody_else() -> None:
    with people("ann", "bob", "eve") as chat:
        ann, bob, eve, root = (logged_in(chat, name) for name in ("ann", "bob", "eve", "root"))
        chat.send(ann, "TELL bob first red", "TELL bob second", "TELL eve to eve red")
        chat.send(bob, "TELL ann third")
        for person, other in ((ann, "bob"), (bob, "ann")):
            both = ["TELL ann first red", "TELL ann second", "TELL bob third"]
            assert asked(chat, person, f"HISTORY {other}") == [*both, f"OK HISTORY {other} 3"]
            assert asked(chat, person, f"HISTORY {other} 2") == [*both[1:], f"OK HISTORY {other} 2"]
            assert asked(chat, person, f"HISTORY with={other} since=1 before=4") == [both[1], f"OK HISTORY {other} 1"]
            assert asked(chat, person, f"SEARCH with={other} RED") == [both[0], f"OK SEARCH {other} 1"]
        assert asked(chat, eve, "HISTORY ann") == ["TELL ann to eve red", "OK HISTORY ann 1"]
        for person in (eve, root):
            assert asked(chat, person, "HISTORY bob", "SEARCH with=bob red") == ["OK HISTORY bob 0", "OK SEARCH bob 0"]
        guest = chat.program("JOIN guest")
        for line in ("HISTORY ann", "SEARCH with=ann red"):
            verb = line.partition(" ")[0]
            assert asked(chat, guest, line)[0].startswith(
                f"ERR not-allowed {verb} private history is for registered users"
            )
        assert asked(chat, ann, "HISTORY nobody")[0].startswith("ERR no-such-nick HISTORY ")


def test_it_reads_as_a_dialogue_for_people() -> None:
    with people("ann", "bob") as chat:
        ann = logged_in(chat, "ann")
        chat.send(ann, "TELL bob hi")
        bob = chat.visitor(f"LOGIN bob {PASSWORD}", "JOIN bob")
        chat.turn()
        assert "OLD 1970-01-12T13:46:40.000Z FROM ann hi" in bob.take()
        chat.send(ann, "TELL bob there you are")
        assert bob.take() == ["FROM ann there you are"]
        assert chat.send(bob, "TELL ann yes", "HISTORY ann 1") == [
            "OK TELL ann stored=yes",
            "OLD 1970-01-12T13:46:40.000Z FROM bob yes",
            "OK HISTORY ann 1",
        ]


def test_what_was_told_to_an_account_that_is_gone_can_be_read_by_the_other_and_not_by_the_next_of_its_name() -> None:
    with people("ann", "bob", registration="open") as chat:
        ann = logged_in(chat, "ann")
        chat.send(ann, "TELL bob secret")
        chat.store.remove("bob")
        assert asked(chat, ann, "HISTORY bob") == ["TELL ann secret", "OK HISTORY bob 1"]
        bob = chat.program("JOIN bob", f"REGISTER {PASSWORD}")
        assert asked(chat, bob, "HISTORY ann", "SEARCH with=ann secret") == ["OK HISTORY ann 0", "OK SEARCH ann 0"]


def test_a_nick_of_digits_is_asked_for_by_with() -> None:
    with people("ann", "12") as chat:
        ann = logged_in(chat, "ann")
        chat.send(ann, "TELL 12 hi")
        assert asked(chat, ann, "HISTORY 12") == ["OK HISTORY #lobby 0"]
        assert asked(chat, ann, "HISTORY with=12") == ["TELL ann hi", "OK HISTORY 12 1"]


def test_what_guests_told_can_be_read_by_the_one_they_told() -> None:
    with people("ann") as chat:
        eve, ann = chat.program("JOIN eve"), logged_in(chat, "ann")
        chat.send(eve, "TELL ann hi")
        assert asked(chat, ann, "HISTORY eve") == ["TELL eve hi", "OK HISTORY eve 1"]
        assert "not-allowed" in asked(chat, eve, "HISTORY ann")[0]


def test_what_one_tells_over_one_connection_is_seen_on_the_others() -> None:
    with people("ann", "bob") as chat:
        phone, desktop = logged_in(chat, "ann"), logged_in(chat, "ann", nick="annie")
        terminal = chat.visitor(f"LOGIN ann {PASSWORD}", "JOIN ann3")
        for each in (phone, desktop, terminal):
            each.take()
        chat.send(phone, "TELL bob hi")
        assert [line.partition(" ")[0] for line in phone.take()] == ["OK"]
        assert desktop.take() == ["@id=1;time=1970-01-12T13:46:40.000Z TOLD bob hi"]
        assert terminal.take() == ["TO bob hi"]
        chat.send(logged_in(chat, "bob"), "TELL annie yes")
        assert [each.take()[-1].partition(" bob ")[2] for each in (phone, desktop, terminal)] == ["yes"] * 3


def test_what_one_person_tells_and_then_says_comes_in_that_order() -> None:
    with people("ann", "bob") as chat:
        ann, bob, eve = logged_in(chat, "ann"), logged_in(chat, "bob"), chat.program("JOIN eve")
        bob.take()
        eve.says("MSG first in the batch")
        ann.says("TELL bob one", "MSG two", "TELL bob three", "MSG four")
        chat.turn()
        by_ann = [line.rpartition(" ")[2] for line in bob.take() if " ann " in line]
        assert by_ann == ["one", "two", "three", "four"]


def test_who_is_sent_away_while_registering_is_told_at_the_next_login() -> None:
    worker = ManualWorker()
    with people("ann", registration="open", workers=[worker]) as chat:
        bob, eve = chat.person("JOIN bob"), chat.program("JOIN eve")
        chat.send(bob, f"REGISTER {PASSWORD}")
        bob.session.disconnect(DisconnectReason.KICKED, "you were kicked")
        worker.work()
        chat.turn()
        chat.send(eve, "TELL bob are you there?")
        chat.wait(STILL_SECONDS + 2 * NOTE_SECONDS)
        again = chat.visitor("HELLO 1", f"LOGIN bob {PASSWORD}", "JOIN bob")
        while worker.jobs:
            worker.work()
            chat.turn()
        assert [line.partition(" TELL ")[2] for line in told(again)] == ["eve are you there?"]
        assert [line for line in eve.sent if "OK TELL bob" in line and "here=no" in line]
