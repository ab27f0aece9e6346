"""PRIVMSG to a room by who wants no echo: said with nothing prepared for an answer, and otherwise as any other is."""

from __future__ import annotations

import pytest

from chatd.chat.limits import Limits
from chatd.model.entry import Entry, unavailable
from tests.support.irc import IrcChat


def refuse_all(chat: IrcChat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the journal store nothing."""
    append = chat.hub.journal.append

    def append_refused(entry: Entry) -> None:
        entry.refused = unavailable()
        append(entry)

    monkeypatch.setattr(chat.hub.journal, "append", append_refused)


def test_what_is_not_stored_is_answered_for_the_room_that_it_was_for(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = IrcChat()
    ann, bob = chat.irc("ann", rooms="#den,#attic"), chat.irc("bob", rooms="#den")
    for each in (ann, bob):
        each.take()
    refuse_all(chat, monkeypatch)
    ann.protocol.dataReceived(b"PRIVMSG #den :one\r\nPRIVMSG #attic :two\r\nPING x\r\n")
    chat.turn()
    told = ann.take()
    assert [(each.command, *each.params[:3]) for each in told[:2]] == [
        ("FAIL", "PRIVMSG", "UNAVAILABLE", "#den"),
        ("FAIL", "PRIVMSG", "UNAVAILABLE", "#attic"),
    ]
    assert [each.command for each in told[2:]] == ["PONG"]
    assert bob.take() == []


def test_who_speaks_reads_only_what_others_say_and_all_read_it_in_one_order() -> None:
    chat = IrcChat()
    ann, bob, eve = (chat.irc(nick, rooms="#den") for nick in ("ann", "bob", "eve"))
    for each in (ann, bob, eve):
        each.take()
    ann.protocol.dataReceived(b"PRIVMSG #den :1\r\nPRIVMSG #DEN :2\r\n")
    bob.protocol.dataReceived(b"PRIVMSG #den :3\r\n")
    ann.protocol.dataReceived(b"PRIVMSG #den 4\r\n")
    chat.turn()
    assert [[each.text for each in client.take()] for client in (ann, bob, eve)] == [
        ["3"],
        ["1", "2", "4"],
        ["1", "2", "3", "4"],
    ]


@pytest.mark.parametrize("target", ["#de\uff4e", "#d\u24d4n", "#nowhere", "#attic", "#den,#attic", "#", "ann", "@#den"])
def test_a_target_that_is_not_plainly_a_room_of_ones_own_is_judged_as_a_notice_is(target: str) -> None:
    heard = []
    for command in ("PRIVMSG", "NOTICE"):
        chat = IrcChat()
        ann, bob, _ = chat.irc("ann", rooms="#den"), chat.irc("bob", rooms="#den"), chat.irc("eve", rooms="#attic")
        for each in (ann, bob):
            each.take()
        ann.says(f"{command} {target} :hi")
        heard.append([each.text for each in bob.take()])
    assert heard[0] == heard[1]


def test_in_a_room_that_may_silence_somebody_it_is_looked_at_who_that_is() -> None:
    chat = IrcChat(Limits(room_founders=True))
    ann, bob = chat.irc("ann", rooms="#den"), chat.irc("bob", rooms="#den")
    ann.says("MODE #den +m")
    bob.take()
    assert [each.command for each in bob.says("PRIVMSG #den :hi")] == ["404"]


def test_an_echo_and_a_label_are_had_as_before() -> None:
    chat = IrcChat()
    ann = chat.irc("ann", "echo-message", rooms="#den")
    bob = chat.irc("bob", "labeled-response", "batch", rooms="#den")
    for each in (ann, bob):
        each.take()
    assert [each.text for each in ann.says("PRIVMSG #den :hi")] == ["hi"]
    bob.take()
    assert [(each.command, each.tags) for each in bob.says("@label=7 PRIVMSG #den :hi")] == [("ACK", {"label": "7"})]
