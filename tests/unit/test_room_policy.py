"""What holds in a room: a fold over what was ruled."""

from __future__ import annotations

from ipaddress import ip_address
from itertools import count

import pytest

from chatd.model.room_policy import Identity, ModerationAction, RoomPolicy
from chatd.protocol.events import Moderated

ids = count(1)
NOW = 1_000_000


def rules(*events: Moderated) -> RoomPolicy:
    return RoomPolicy(ModerationAction(number, NOW, event) for number, event in enumerate(events, 1))


def ruled(verb: str, subject: str, seconds: int | None = None) -> Moderated:
    return Moderated(verb, "ann", "#den", subject, seconds)


def person(nick: str = "mallory", account: str | None = None, address: str | None = None) -> Identity:
    return Identity(nick, account, None if address is None else ip_address(address))


@pytest.mark.parametrize(
    ("subject", "who", "meant"),
    [
        ("Mallory", person(), True),
        ("mallory", person("mal", "mallory"), True),
        ("mallory", person("mal"), False),
        ("10.1.2.3", person(address="10.1.2.3"), True),
        ("10.1.2.3", person(address="10.1.2.4"), False),
        ("10.1.0.0/16", person(address="10.1.200.1"), True),
        ("10.1.0.0/16", person(address="10.2.0.1"), False),
        ("2001:db8::/32", person(address="2001:db8:1::5"), True),
        ("2001:db8::/32", person(address="10.1.2.3"), False),
        ("10.1.0.0/16", person(), False),
    ],
)
@pytest.mark.parametrize("kind", ["BAN", "MUTE"])
def test_who_is_meant(kind: str, subject: str, who: Identity, meant: bool) -> None:
    found = rules(ruled(kind, subject)).against(kind, who, NOW)
    assert (found is not None) == meant
    assert rules(ruled(kind, subject)).against("MUTE" if kind == "BAN" else "BAN", who, NOW) is None


def test_what_is_taken_back_does_not_hold() -> None:
    assert rules(ruled("BAN", "mallory"), ruled("UNBAN", "MALLORY")).against("BAN", person(), NOW) is None
    assert (
        rules(ruled("MUTE", "10.0.0.0/8"), ruled("UNMUTE", "10.0.0.0/8")).against(
            "MUTE", person(address="10.0.0.1"), NOW
        )
        is None
    )
    assert not rules(ruled("OP", "bob"), ruled("DEOP", "bob")).is_operator("bob")


def test_a_ruling_holds_for_its_time() -> None:
    held = rules(ruled("BAN", "mallory", 60))
    assert held.against("BAN", person(), NOW + 59_999) is not None
    assert held.against("BAN", person(), NOW + 60_000) is None


def test_the_later_of_two_counts() -> None:
    held = rules(ruled("BAN", "mallory"), ruled("BAN", "mallory", 60))
    assert held.against("BAN", person(), NOW + 60_000) is None


def test_who_registers_a_room_looks_after_it_and_the_first_counts() -> None:
    held = rules(ruled("SET", "registered=yes"), Moderated("SET", "bob", "#den", "registered=yes"))
    assert held.setting("registered") == "yes"
    assert held.is_operator("ann")
    assert not held.is_operator("bob")
    assert not held.is_operator(None)


def test_settings_are_as_usual_until_they_are_set() -> None:
    assert [rules().setting(key) for key in ("registered", "private", "topic")] == ["no", "no", "members"]
    assert rules(ruled("SET", "topic=operators")).setting("topic") == "operators"


def test_a_private_room_is_read_by_its_members_alone() -> None:
    held = rules(ruled("SET", "registered=yes"), ruled("INVITE", "bob"), ruled("SET", "private=yes"))
    assert held.readable_after("ann") == held.readable_after("bob") == 0
    assert held.readable_after("carol") is None
    assert held.readable_after(None) is None


def test_who_is_put_out_is_no_member_any_more() -> None:
    held = rules(ruled("INVITE", "bob"), ruled("SET", "private=yes"), ruled("KICK", "Bob"))
    assert held.readable_after("bob") is None


def test_what_was_said_in_private_stays_with_the_members() -> None:
    held = rules(ruled("INVITE", "bob"), ruled("SET", "private=yes"), ruled("SET", "private=no"))
    assert held.readable_after("bob") == 0
    assert held.readable_after("carol") == 3
    assert held.readable_after(None) == 3


def test_the_same_ruling_again_changes_nothing() -> None:
    events = [ruled("BAN", "mallory"), ruled("SET", "registered=yes"), ruled("OP", "bob")]
    held = rules(*events)
    for number, event in enumerate(events, 1):
        held.apply(ModerationAction(number, NOW, event))
    assert sorted(each.id for each in held) == [1, 2, 2, 3]


@pytest.mark.parametrize(
    ("event", "out"),
    [
        (ruled("KICK", "mallory"), True),
        (ruled("KICK", "bob"), False),
        (ruled("BAN", "10.0.0.0/8"), True),
        (ruled("BAN", "bob"), False),
        (ruled("MUTE", "mallory"), False),
        (ruled("SET", "private=yes"), True),
        (ruled("SET", "topic=operators"), False),
    ],
)
def test_who_has_to_leave(event: Moderated, out: bool) -> None:
    held = rules(event)
    assert held.evicts(ModerationAction(1, NOW, event))(person(address="10.0.0.1")) == out
    evicts = rules(ruled("OP", "ann"), event).evicts(ModerationAction(2, NOW, event))
    assert not evicts(person("ann", "ann", "10.0.0.1"))
