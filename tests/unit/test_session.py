"""A session's order, its keepalive, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chatd.chat.limits import Limits
from chatd.chat.session import MAX_IN_FLIGHT, NEXT, SHARE_IN_FLIGHT, SHARE_OF_CHARACTERS, Phase
from chatd.model.entry import Entry
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.names import Nick
from tests.support.in_memory_chat import InMemoryChat


def test_each_command_sees_those_before_it_in_one_segment() -> None:
    chat = InMemoryChat()
    bob = chat.person("JOIN bob #builds")
    ci = chat.person()
    ci.says("JOIN ci #builds", "MSG passed", "PART", "MSG lost", "JOIN #builds", "MSG again", "QUIT")
    chat.turn()
    answers = ci.take()
    assert [line.split()[:2] for line in answers] == [
        ["OK", "JOIN"],
        ["OK", "PART"],
        ["ERR", "not-in-room"],
        ["OK", "JOIN"],
        ["BYE", "quit"],
    ]
    assert bob.take() == [
        "JOIN ci #builds",
        "MSG ci #builds passed",
        "PART ci #builds",
        "JOIN ci #builds",
        "MSG ci #builds again",
        "PART ci #builds",
    ]


def test_no_reply_overtakes_what_was_said_before_it() -> None:
    chat = InMemoryChat()
    alice = chat.program("JOIN alice")
    alice.says("@label=1 MSG one", "@label=2 PING", "@label=3 MSG two", "@label=4 NOPE", "@label=5 WHO")
    chat.turn()
    labels = [line.partition("label=")[2][:1] for line in alice.take()]
    assert labels == ["1", "2", "3", "4", "", "5"]


def test_things_said_do_not_wait_for_one_another() -> None:
    chat = InMemoryChat()
    alice = chat.program("JOIN alice")
    alice.says(*(f"MSG {n}" for n in range(100)))
    assert alice.take() == []
    chat.clock.advance(0)
    assert [line.rsplit(" ", 1)[1] for line in alice.take()] == [str(n) for n in range(100)]


def test_one_that_runs_ahead_of_the_journal_is_not_heard_until_it_caught_up() -> None:
    chat = InMemoryChat()
    alice = chat.program("JOIN alice")
    alice.says(*(f"MSG {n}" for n in range(MAX_IN_FLIGHT + 10)))
    assert not alice.session.ready
    chat.turn()
    assert len(alice.take()) == MAX_IN_FLIGHT + 10


def test_while_the_journal_is_behind_nobody_has_more_than_a_few_things_on_their_way() -> None:
    chat = InMemoryChat()
    alice = chat.program("JOIN alice")
    sizes: list[int] = []

    def deliver(entries: Sequence[Entry]) -> None:
        sizes.append(len(entries))
        chat.hub.deliver(entries)

    chat.journal.follow(deliver)
    chat.journal.over_soft_limit = True  # type: ignore[misc]  # what a journal on a disk says
    alice.says(*(f"MSG {n}" for n in range(2 * SHARE_IN_FLIGHT + 1)))
    chat.turn()
    assert sizes == [SHARE_IN_FLIGHT, SHARE_IN_FLIGHT, 1]
    alice.says("MSG " + "x" * SHARE_OF_CHARACTERS, "MSG 1", "MSG 2")
    chat.turn()
    assert sizes[3:] == [1, 2]
    assert len(alice.take()) == sum(sizes)


def test_a_list_waits_for_its_reader_and_so_does_what_comes_after() -> None:
    chat = InMemoryChat()
    alice = chat.person("JOIN alice #a", *(f"JOIN #r{n}" for n in range(5)))
    alice.blocked = True
    alice.says("ROOMS", "PING")
    assert alice.take() == ["ROOM #a 1"]
    assert not alice.session.ready
    alice.blocked = False
    alice.session.resume_commands()
    assert alice.take() == [*(f"ROOM #r{n} 1" for n in range(5)), "OK ROOMS 6", "PONG"]


def test_who_never_joins_is_sent_away() -> None:
    chat = InMemoryChat(Limits(join_seconds=10))
    quiet = chat.person()
    chat.wait(9)
    assert quiet.farewell is None
    chat.wait(2)
    assert quiet.take() == ["BYE idle no JOIN within 10 seconds"]


def test_a_person_may_be_silent_for_ever() -> None:
    chat = InMemoryChat(Limits(join_seconds=10, ping_seconds=5))
    alice = chat.person("JOIN alice")
    chat.wait(60)
    assert alice.take() == []


def test_a_silent_program_is_pinged_once_and_then_sent_away() -> None:
    chat = InMemoryChat(Limits(ping_seconds=5))
    alice = chat.program("JOIN alice")
    chat.wait(6)
    (ping,) = alice.take()
    assert ping.startswith("PING ")
    chat.wait(5)
    assert alice.take() == ["BYE idle nothing was received for 10 seconds"]


def test_a_silent_program_is_asked_before_a_proxy_cuts_it_after_50_seconds() -> None:
    chat = InMemoryChat()
    bot, other = chat.program("JOIN bot"), chat.person("JOIN other")
    for _ in range(48):
        chat.wait(1)
        other.says("MSG what the bot is told is no sign of its life")
    assert any(line.startswith("PING ") for line in bot.take())
    assert bot.farewell is None


def test_a_clock_that_jumps_ahead_ends_nobody_unasked() -> None:
    chat = InMemoryChat(Limits(ping_seconds=5))
    alice = chat.program("JOIN alice")
    chat.clock.advance(1000)
    chat.turn()
    (ping,) = alice.take()
    assert ping.startswith("PING ")
    alice.session.heard = chat.hub.timers.now
    chat.wait(4)
    assert alice.take() == []


def test_any_traffic_answers_a_ping() -> None:
    chat = InMemoryChat(Limits(ping_seconds=5))
    alice = chat.program("JOIN alice")
    for _ in range(6):
        chat.wait(6)
        alice.session.heard = chat.hub.timers.now
    assert alice.farewell is None
    assert all(line.startswith("PING ") for line in alice.take())


def test_a_lost_connection_parts_and_frees_the_name() -> None:
    chat = InMemoryChat()
    bob, alice = chat.person("JOIN bob"), chat.person("JOIN alice")
    bob.take()
    alice.session.connection_lost()
    chat.turn()
    assert bob.take() == ["PART alice #lobby"]
    chat.person("JOIN alice")
    assert bob.take() == ["JOIN alice #lobby"]


def test_a_connection_lost_while_its_join_was_on_its_way_leaves_no_ghost() -> None:
    chat = InMemoryChat()
    bob = chat.person("JOIN bob #a")
    alice = chat.person()
    alice.says("JOIN alice #a")
    alice.session.connection_lost()
    chat.turn()
    assert bob.take() == ["JOIN alice #a", "PART alice #a"]
    bob.says("WHO")
    assert bob.take()[0] == "WHO #a bob"


def test_a_name_changed_while_the_connection_was_lost_is_free_again() -> None:
    chat = InMemoryChat()
    bob, alice = chat.person("JOIN bob"), chat.person("JOIN alice")
    bob.take()
    alice.says("NICK zoe")
    alice.session.connection_lost()
    chat.turn()
    assert bob.take() == ["NICK alice zoe", "PART zoe #lobby"]
    assert chat.hub.client(Nick("alice")) is chat.hub.client(Nick("zoe")) is None


def test_the_secret_takes_a_name_over_unseen_by_the_rooms_entered_again() -> None:
    chat = InMemoryChat()
    bob = chat.person("JOIN bob #a", "JOIN #b")
    dead = chat.program("JOIN alice #a", "JOIN #b")
    secret = dead.session.takeover.secret
    bob.take()
    successor = chat.program()
    successor.says(f"JOIN alice #a resume={secret}")
    chat.turn()
    assert dead.farewell is DisconnectReason.REPLACED
    (done,) = successor.take()
    assert done.startswith("OK JOIN #a 2 ")
    assert f"resume={secret}" not in done
    successor.says("MSG back")
    chat.turn()
    assert bob.take() == ["MSG alice #a back"]
    chat.wait(31)
    assert bob.take() == ["PART alice #b"]


def test_a_resume_that_died_before_it_was_answered_does_not_lock_its_owner_out() -> None:
    chat = InMemoryChat()
    first = chat.program("JOIN alice #a")
    secret = first.session.takeover.secret
    second = chat.program(f"JOIN alice #a resume={secret}")  # and the answer with the new secret is lost
    third = chat.program()
    third.says(f"JOIN alice #a resume={secret}")
    chat.turn()
    assert second.farewell is DisconnectReason.REPLACED
    assert third.take()[0].startswith("OK JOIN #a 1 ")
    fourth = chat.program(f"JOIN alice #a resume={third.session.takeover.secret}")
    assert chat.hub.client(Nick("alice")) is fourth.session


def test_the_rooms_entered_again_in_time_hear_nothing() -> None:
    chat = InMemoryChat()
    bob = chat.person("JOIN bob #a", "JOIN #b")
    dead = chat.program("JOIN alice #a", "JOIN #b")
    bob.take()
    successor = chat.program(f"JOIN alice #b resume={dead.session.takeover.secret}", "JOIN #a")
    chat.wait(40)
    assert bob.take() == []
    successor.session.connection_lost()
    chat.turn()
    assert sorted(bob.take()) == ["PART alice #a", "PART alice #b"]


def test_a_wrong_secret_is_as_if_none_were_given() -> None:
    chat = InMemoryChat()
    alice = chat.program("JOIN alice")
    other = chat.program()
    other.says("JOIN alice resume=wrong")
    assert other.take()[0].startswith("ERR name-taken JOIN ")
    assert alice.farewell is None
    nobody = chat.person("JOIN carol")  # an untagged connection has no secret, so that an empty one proves nothing
    other.says("JOIN carol resume=x")
    assert other.take()[0].startswith("ERR name-taken JOIN ")
    assert nobody.farewell is None


def test_who_is_gone_is_not_answered_and_what_was_said_is_carried_out() -> None:
    chat = InMemoryChat()
    bob = chat.person("JOIN bob #a")
    alice = chat.person("JOIN alice #a")
    bob.take()
    alice.unreachable = True
    alice.says("HISTORY", "WHO", "ROOMS", "PING", "HELP", "SEARCH x", "MSG last words")
    chat.turn()
    assert alice.take() == []
    assert bob.take() == ["MSG alice #a last words"]


def test_a_long_answer_leaves_others_their_turns_and_counts_as_many_lines() -> None:
    chat = InMemoryChat()
    alice = chat.person("JOIN alice #a")
    for number in range(250):
        chat.person(f"JOIN p{number} #r{number}")
    alice.take()
    alice.says("ROOMS")
    assert len(alice.sent) == 20
    chat.turn()
    assert len(alice.take()) == 252
    assert alice.charged == 12


def test_a_session_that_ended_does_nothing_more() -> None:
    chat = InMemoryChat()
    alice = chat.person("JOIN alice")
    alice.session.connection_lost()
    assert NEXT[Phase.ENDED] == set()
    with pytest.raises(AssertionError):
        alice.session._change_phase(Phase.BUSY)


def test_what_a_session_has_is_in_slots_for_a_dict_of_its_own_costs_more_than_all_else_of_it() -> None:
    chat = InMemoryChat()
    alice, bot = chat.person("JOIN alice"), chat.program("JOIN bot")
    alice.says("AWAY lunch", "IGNORE bob", "NICK alice2", "JOIN #b", "CLOCK on", "TELL bot hello")
    chat.turn()
    assert vars(alice.session) == vars(bot.session) == {}


def test_a_person_who_has_come_in_is_watched_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = InMemoryChat()
    due: dict[object, int] = {}
    monkeypatch.setattr(chat.hub.timers, "add", lambda check, _: due.setdefault(check, 1))
    monkeypatch.setattr(chat.hub.timers, "discard", lambda check, _: due.pop(check))
    alice, bot = chat.person(), chat.program()
    assert len(due) == 2
    alice.says("JOIN alice")
    chat.turn()
    assert len(due) == 1
    bot.says("JOIN bot")
    chat.turn()
    assert len(due) == 1
