"""A session's order, its keepalive, and how it ends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from chatd.chat.limits import Limits
from chatd.chat.session import MAX_IN_FLIGHT, NEXT, SHARE_IN_FLIGHT, SHARE_OF_CHARACTERS, Phase
from chatd.model.entry import Entry
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.names import Nick
from tests.support.in_memory_chat import House


def test_each_command_sees_those_before_it_in_one_segment() -> None:
    house = House()
    bob = house.person("JOIN bob #builds")
    ci = house.person()
    ci.says("JOIN ci #builds", "MSG passed", "PART", "MSG lost", "JOIN #builds", "MSG again", "QUIT")
    house.turn()
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
    house = House()
    alice = house.program("JOIN alice")
    alice.says("@label=1 MSG one", "@label=2 PING", "@label=3 MSG two", "@label=4 NOPE", "@label=5 WHO")
    house.turn()
    labels = [line.partition("label=")[2][:1] for line in alice.take()]
    assert labels == ["1", "2", "3", "4", "", "5"]


def test_things_said_do_not_wait_for_one_another() -> None:
    house = House()
    alice = house.program("JOIN alice")
    alice.says(*(f"MSG {n}" for n in range(100)))
    assert alice.take() == []
    house.clock.advance(0)
    assert [line.rsplit(" ", 1)[1] for line in alice.take()] == [str(n) for n in range(100)]


def test_one_that_runs_ahead_of_the_journal_is_not_heard_until_it_caught_up() -> None:
    house = House()
    alice = house.program("JOIN alice")
    alice.says(*(f"MSG {n}" for n in range(MAX_IN_FLIGHT + 10)))
    assert not alice.session.ready
    house.turn()
    assert len(alice.take()) == MAX_IN_FLIGHT + 10


def test_while_the_journal_is_behind_nobody_has_more_than_a_few_things_on_their_way() -> None:
    house = House()
    alice = house.program("JOIN alice")
    sizes: list[int] = []

    def deliver(entries: Sequence[Entry]) -> None:
        sizes.append(len(entries))
        house.hub.deliver(entries)

    house.journal.follow(deliver)
    house.journal.over_soft_limit = True  # type: ignore[misc]  # what a journal on a disk says
    alice.says(*(f"MSG {n}" for n in range(2 * SHARE_IN_FLIGHT + 1)))
    house.turn()
    assert sizes == [SHARE_IN_FLIGHT, SHARE_IN_FLIGHT, 1]
    alice.says("MSG " + "x" * SHARE_OF_CHARACTERS, "MSG 1", "MSG 2")
    house.turn()
    assert sizes[3:] == [1, 2]
    assert len(alice.take()) == sum(sizes)


def test_a_list_waits_for_its_reader_and_so_does_what_comes_after() -> None:
    house = House()
    alice = house.person("JOIN alice #a", *(f"JOIN #r{n}" for n in range(5)))
    alice.blocked = True
    alice.says("ROOMS", "PING")
    assert alice.take() == ["ROOM #a 1"]
    assert not alice.session.ready
    alice.blocked = False
    alice.session.proceed()
    assert alice.take() == [*(f"ROOM #r{n} 1" for n in range(5)), "OK ROOMS 6", "PONG"]


def test_who_never_joins_is_sent_away() -> None:
    house = House(Limits(join_seconds=10))
    quiet = house.person()
    house.wait(9)
    assert quiet.farewell is None
    house.wait(2)
    assert quiet.take() == ["BYE idle no JOIN within 10 seconds"]


def test_a_person_may_be_silent_for_ever() -> None:
    house = House(Limits(join_seconds=10, ping_seconds=5))
    alice = house.person("JOIN alice")
    house.wait(60)
    assert alice.take() == []


def test_a_silent_program_is_pinged_once_and_then_sent_away() -> None:
    house = House(Limits(ping_seconds=5))
    alice = house.program("JOIN alice")
    house.wait(6)
    (ping,) = alice.take()
    assert ping.startswith("PING ")
    house.wait(5)
    assert alice.take() == ["BYE idle nothing was heard for 10 seconds"]


def test_a_clock_that_jumps_ahead_ends_nobody_unasked() -> None:
    house = House(Limits(ping_seconds=5))
    alice = house.program("JOIN alice")
    house.clock.advance(1000)
    house.turn()
    (ping,) = alice.take()
    assert ping.startswith("PING ")
    alice.session.heard = house.hub.timers.now
    house.wait(4)
    assert alice.take() == []


def test_any_traffic_answers_a_ping() -> None:
    house = House(Limits(ping_seconds=5))
    alice = house.program("JOIN alice")
    for _ in range(6):
        house.wait(6)
        alice.session.heard = house.hub.timers.now
    assert alice.farewell is None
    assert all(line.startswith("PING ") for line in alice.take())


def test_a_lost_connection_parts_and_frees_the_name() -> None:
    house = House()
    bob, alice = house.person("JOIN bob"), house.person("JOIN alice")
    bob.take()
    alice.session.gone()
    house.turn()
    assert bob.take() == ["PART alice #lobby"]
    house.person("JOIN alice")
    assert bob.take() == ["JOIN alice #lobby"]


def test_a_connection_lost_while_its_join_was_on_its_way_leaves_no_ghost() -> None:
    house = House()
    bob = house.person("JOIN bob #a")
    alice = house.person()
    alice.says("JOIN alice #a")
    alice.session.gone()
    house.turn()
    assert bob.take() == ["JOIN alice #a", "PART alice #a"]
    bob.says("WHO")
    assert bob.take()[0] == "WHO #a bob"


def test_a_name_changed_while_the_connection_was_lost_is_free_again() -> None:
    house = House()
    bob, alice = house.person("JOIN bob"), house.person("JOIN alice")
    bob.take()
    alice.says("NICK zoe")
    alice.session.gone()
    house.turn()
    assert bob.take() == ["NICK alice zoe", "PART zoe #lobby"]
    assert house.hub.client(Nick("alice")) is house.hub.client(Nick("zoe")) is None


def test_the_secret_takes_a_name_over_unseen_by_the_rooms_entered_again() -> None:
    house = House()
    bob = house.person("JOIN bob #a", "JOIN #b")
    dead = house.program("JOIN alice #a", "JOIN #b")
    secret = dead.session.takeover.secret
    bob.take()
    successor = house.program()
    successor.says(f"JOIN alice #a resume={secret}")
    house.turn()
    assert dead.farewell is DisconnectReason.REPLACED
    (done,) = successor.take()
    assert done.startswith("OK JOIN #a 2 ")
    assert f"resume={secret}" not in done
    successor.says("MSG back")
    house.turn()
    assert bob.take() == ["MSG alice #a back"]
    house.wait(31)
    assert bob.take() == ["PART alice #b"]


def test_a_resume_that_died_before_it_was_answered_does_not_lock_its_owner_out() -> None:
    house = House()
    first = house.program("JOIN alice #a")
    secret = first.session.takeover.secret
    second = house.program(f"JOIN alice #a resume={secret}")  # and the answer with the new secret is lost
    third = house.program()
    third.says(f"JOIN alice #a resume={secret}")
    house.turn()
    assert second.farewell is DisconnectReason.REPLACED
    assert third.take()[0].startswith("OK JOIN #a 1 ")
    fourth = house.program(f"JOIN alice #a resume={third.session.takeover.secret}")
    assert house.hub.client(Nick("alice")) is fourth.session


def test_the_rooms_entered_again_in_time_hear_nothing() -> None:
    house = House()
    bob = house.person("JOIN bob #a", "JOIN #b")
    dead = house.program("JOIN alice #a", "JOIN #b")
    bob.take()
    successor = house.program(f"JOIN alice #b resume={dead.session.takeover.secret}", "JOIN #a")
    house.wait(40)
    assert bob.take() == []
    successor.session.gone()
    house.turn()
    assert sorted(bob.take()) == ["PART alice #a", "PART alice #b"]


def test_a_wrong_secret_is_as_if_none_were_given() -> None:
    house = House()
    alice = house.program("JOIN alice")
    other = house.program()
    other.says("JOIN alice resume=wrong")
    assert other.take()[0].startswith("ERR name-taken JOIN ")
    assert alice.farewell is None
    nobody = house.person("JOIN carol")  # an untagged connection has no secret, so that an empty one proves nothing
    other.says("JOIN carol resume=x")
    assert other.take()[0].startswith("ERR name-taken JOIN ")
    assert nobody.farewell is None


def test_who_is_gone_is_not_answered_and_what_was_said_is_carried_out() -> None:
    house = House()
    bob = house.person("JOIN bob #a")
    alice = house.person("JOIN alice #a")
    bob.take()
    alice.gone = True
    alice.says("HISTORY", "WHO", "ROOMS", "PING", "HELP", "SEARCH x", "MSG last words")
    house.turn()
    assert alice.take() == []
    assert bob.take() == ["MSG alice #a last words"]


def test_a_long_answer_leaves_others_their_turns_and_counts_as_many_lines() -> None:
    house = House()
    alice = house.person("JOIN alice #a")
    for number in range(250):
        house.person(f"JOIN p{number} #r{number}")
    alice.take()
    alice.says("ROOMS")
    assert len(alice.sent) == 20
    house.turn()
    assert len(alice.take()) == 252
    assert alice.charged == 12


def test_a_session_that_ended_does_nothing_more() -> None:
    house = House()
    alice = house.person("JOIN alice")
    alice.session.gone()
    assert NEXT[Phase.ENDED] == set()
    with pytest.raises(AssertionError):
        alice.session._change_phase(Phase.BUSY)
