"""Guests in private rooms: invited for as long as they are connected, whatever they are called meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.chat.limits import Limits
from chatd.chat.moderation import invite_name
from chatd.journal.jetstream.messages import MessageId, Subjects, decode
from chatd.journal.sqlite.store import Store
from chatd.model.entry import Entry
from chatd.model.room_policy import BY_NAME, Identity, is_reach
from chatd.protocol.events import Moderated
from chatd.protocol.names import Nick, RoomName
from tests.support.in_memory_chat import ChatClient, InMemoryChat


@pytest.fixture
def chat() -> InMemoryChat:
    return InMemoryChat(Limits(room_founders=True))


def ask(chat: InMemoryChat, person: ChatClient, *lines: str) -> list[str]:
    person.take()
    person.says(*lines)
    chat.turn()
    return person.take()


def test_a_guest_is_let_in_and_out_again(chat: InMemoryChat) -> None:
    ann, bob = chat.person("JOIN ann #den"), chat.person("JOIN bob")
    assert ask(chat, ann, "SET #den private=yes") == ["OK SET #den private=yes"]
    assert ask(chat, bob, "JOIN #den")[0].startswith("ERR not-allowed JOIN")
    assert ask(chat, ann, "INVITE bob #den") == ["OK INVITE #den bob"]
    assert ask(chat, bob, "JOIN #den")[-1] == "OK JOIN #den 2"
    assert ask(chat, bob, "MSG hello", "HISTORY 1")[-1] == "OK HISTORY #den 1"
    assert ask(chat, ann, "UNINVITE bob #den")[-1] == "OK UNINVITE #den bob"
    assert bob.take() == [
        "NOTE ann withdrew bob's invitation to #den",
        "NOTE ann removed bob from #den: the room is private",
    ]
    assert ask(chat, bob, "JOIN #den")[0].startswith("ERR not-allowed JOIN")
    assert ask(chat, ann, "UNINVITE bob #den") == ["ERR no-such-nick UNINVITE there is no INVITE of bob in #den"]


def test_nobody_inherits_an_invitation_with_a_name(chat: InMemoryChat) -> None:
    ann, bob = chat.person("JOIN ann #den"), chat.person("JOIN bob")
    ask(chat, ann, "SET #den private=yes", "INVITE bob #den")
    assert ask(chat, bob, "NICK bobby")[-1] == "OK NICK bobby"
    other = chat.person("JOIN bob")
    assert ask(chat, other, "JOIN #den")[0].startswith("ERR not-allowed JOIN")
    assert not chat.hub.policy("#den").is_member("bob")  # nor who would REGISTER it
    assert ask(chat, bob, "JOIN #den")[-1] == "OK JOIN #den 2"


def test_who_is_put_out_is_invited_no_more_whatever_the_name(chat: InMemoryChat) -> None:
    ann, bob = chat.person("JOIN ann #den"), chat.person("JOIN bob")
    ask(chat, ann, "SET #den private=yes", "INVITE bob #den")
    ask(chat, bob, "JOIN #den", "NICK bobby")
    assert ask(chat, ann, "KICK bobby #den") == ["OK KICK #den bobby"]
    assert ask(chat, bob, "JOIN #den")[0].startswith("ERR not-allowed JOIN")


def test_who_is_not_there_has_to_have_an_account(chat: InMemoryChat) -> None:
    ann = chat.person("JOIN ann #den")
    (refused,) = ask(chat, ann, "INVITE nobody #den")
    assert refused.startswith("ERR no-such-nick INVITE nobody uses the nick nobody")


def test_who_is_invited_is_told_over_each_connection_that_is_not_there(chat: InMemoryChat) -> None:
    ann, bob = chat.person("JOIN ann #den"), chat.person("JOIN bob")
    bob.take()
    assert ask(chat, ann, "INVITE bob #den") == ["OK INVITE #den bob"]
    assert bob.take() == ["NOTE ann invites you to #den: JOIN #den"]
    ask(chat, bob, "JOIN #den")
    ask(chat, ann, "INVITE bob #den")
    assert bob.take() == ["NOTE ann invited bob to #den: for as long as they are connected"]


def test_whoever_does_not_run_an_open_room_only_tells_of_it(chat: InMemoryChat) -> None:
    ann, bob, carol = chat.person("JOIN ann #den"), chat.person("JOIN bob"), chat.person("JOIN carol #den")
    ann.take()
    bob.take()
    assert ask(chat, carol, "INVITE bob") == ["OK INVITE #den bob"]
    assert bob.take() == ["NOTE carol invites you to #den: JOIN #den"]
    assert ann.take() == []
    assert not list(chat.hub.policy("#den"))
    ask(chat, ann, "SET #den private=yes who=keep")
    assert ask(chat, carol, "INVITE bob")[0].startswith("ERR not-allowed INVITE")


def test_a_name_is_let_in_as_long_as_it_is_the_name(chat: InMemoryChat) -> None:
    ann = chat.person("JOIN ann #den")
    ask(chat, ann, "SET #den private=yes")
    invite_name(ann.session, RoomName.of("#den"), Nick("Bob"), None)
    chat.turn()
    assert ann.take() == ["OK INVITE #den Bob"]
    eve, bob = chat.person("JOIN eve"), chat.person("JOIN bob")
    assert ask(chat, eve, "JOIN #den")[0].startswith("ERR not-allowed JOIN")
    assert ask(chat, bob, "JOIN #den")[-1] == "OK JOIN #den 2"
    ask(chat, bob, "PART #den", "NICK bert")
    assert ask(chat, bob, "JOIN #den")[0].startswith("ERR not-allowed JOIN")
    assert not chat.hub.policy("#den").is_member("bob")
    assert ask(chat, ann, "UNINVITE bob #den") == ["OK UNINVITE #den bob"]
    assert not chat.hub.policy("#den").invites(bob.session.identity._replace(nick="bob"))


def test_a_name_goes_over_the_stream_and_into_an_archive() -> None:
    event = Moderated("INVITE", "ann", "#den", "Bob", None, BY_NAME, "nick=bob")
    message = Subjects("chat").message(Entry("#den", event), MessageId("run1", 1, 0))
    assert decode(message.payload).event == event
    assert not is_reach("nick=")


def test_a_name_that_was_let_in_is_kept_in_the_file(tmp_path: Path) -> None:
    event = Moderated("INVITE", "ann", "#den", "Bob", None, BY_NAME, "nick=bob")
    store = Store(tmp_path / "chat.db")
    store.write([Entry("#den", event, time=1)])
    store.close()
    again = Store(tmp_path / "chat.db")
    bob, eve = (Identity(nick, None, None, "c1") for nick in ("bob", "eve"))
    policy = again.room_states()["#den"].policy
    again.close()
    assert (policy.lets_in(bob), policy.lets_in(eve)) == (True, False)
