"""Rooms that nobody has registered: who comes first runs one, with or without an account, while they are there."""

from __future__ import annotations

from pathlib import Path

import pytest
from twisted.internet.task import Clock

from chatd.chat.limits import Limits
from chatd.chat.permissions import has_voice, is_room_operator
from chatd.journal import Journal
from chatd.journal.factory import from_string
from chatd.journal.memory import MemoryJournal
from chatd.model.room_policy import ANEW, WHILE_HERE, ModerationAction, PolicyKey, RoomPolicy
from chatd.protocol.events import Moderated
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.in_memory_chat import ChatClient, InMemoryChat, journal_environment
from tests.support.in_memory_cluster import bodies
from tests.unit.test_moderation import Names, ask, owner

ON = Limits(room_founders=True)


def with_accounts(chat: InMemoryChat) -> InMemoryChat:
    chat.hub.accounts = Names("ann", "bob", "carol", operators=("root",))  # type: ignore[assignment]
    return chat


@pytest.fixture
def chat() -> InMemoryChat:
    return with_accounts(InMemoryChat(ON))


def operators(chat: InMemoryChat, room: str = "#den") -> list[str]:
    """Return the nicks of those who are operators of a room."""
    return [member.nick for member in chat.hub.members(room) if is_room_operator(chat.hub, room, member)]


# Who it is.


def test_who_comes_first_runs_the_room_without_an_account(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den")
    mallory = chat.person("JOIN mallory #den")
    assert operators(chat) == ["gina"]
    gina.take()
    assert ask(chat, gina, "KICK mallory spam") == ["OK KICK #den mallory"]
    assert mallory.take()[-1] == "NOTE gina removed mallory from #den: spam"
    assert ask(chat, gina, "BAN mallory", "MUTE bob", "SET topic=operators") == [
        "OK BAN #den mallory",
        "OK MUTE #den bob",
        "OK SET #den topic=operators",
    ]
    assert ask(chat, mallory, "JOIN #den")[0].startswith("ERR banned JOIN ")
    assert ask(chat, gina, "UNBAN mallory", "UNMUTE bob") == ["OK UNBAN #den mallory", "OK UNMUTE #den bob"]
    assert ask(chat, mallory, "JOIN #den")[-1] == "OK JOIN #den 2"
    for line in ("TOPIC mine now", "KICK gina", "SET topic=members"):
        assert ask(chat, mallory, line)[0].startswith("ERR not-allowed ")


def test_without_the_option_nobody_runs_it(chat: InMemoryChat) -> None:
    chat = with_accounts(InMemoryChat())
    gina = chat.program("JOIN gina #den")
    bob = chat.person("JOIN ben #den")
    gina.take()
    refused = "ERR not-allowed {} only operators of #den may do that; LOGIN if you are one"
    for verb in ("KICK", "OP", "VOICE", "BAN"):
        assert ask(chat, gina, f"{verb} ben") == [refused.format(verb)]
    assert ask(chat, gina, "SET topic=operators") == [refused.format("SET")]
    assert "operator=" not in ask(chat, gina, "JOIN #den")[0]
    root = owner(chat, "root", "JOIN root #den")
    root.take()
    assert ask(chat, root, "BAN eve")[-1] == "OK BAN #den eve"
    assert ask(chat, root, "SET topic=operators")[0].startswith("ERR not-allowed SET #den is not registered;")
    assert ask(chat, root, "OP mallory") == ["ERR not-allowed OP mallory belongs to no account; they need one first"]
    del bob


def test_a_program_is_told_that_it_runs_the_room(chat: InMemoryChat) -> None:
    gina = ChatClient(chat.hub)
    assert " operator=yes" in ask(chat, gina, "HELLO 1", "JOIN gina #den")[-1]
    bob = ChatClient(chat.hub)
    assert "operator=" not in ask(chat, bob, "HELLO 1", "JOIN ben #den")[-1]
    gina.take()
    assert [line.split(" idle=")[0] for line in ask(chat, bob, "WHO details=yes")[:2]] == [
        "IS gina #den operator=yes",
        "IS ben #den",
    ]
    assert " operator=yes" in ask(chat, gina, "JOIN #den")[0]


@pytest.mark.parametrize("room", ["#lobby", "#own"])
def test_the_lobby_and_registered_rooms_have_none(chat: InMemoryChat, room: str) -> None:
    ann = owner(chat, "ann", "JOIN ann #own", "SET registered=yes", "PART")
    gina = chat.person(f"JOIN gina {room}")
    assert operators(chat, room) == []
    assert ask(chat, gina, "KICK gina")[0].startswith(f"ERR not-allowed KICK only operators of {room} ")
    del ann


def test_the_rank_ends_as_the_founder_leaves_and_nobody_inherits_it(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den")
    bob = chat.person("JOIN ben #den")
    gina.take()
    assert ask(chat, gina, "PART") == ["OK PART #den"]
    assert bob.take() == ["PART gina #den"]
    assert ask(chat, gina, "JOIN #den")[-1] == "OK JOIN #den 2"
    assert operators(chat) == []
    other = chat.person("JOIN gina2 #den")
    assert ask(chat, other, "BAN ben")[0].startswith("ERR not-allowed ")


def test_a_nick_does_not_carry_the_rank_nor_does_another_lose_it(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den", "NICK georgina")
    chat.person("JOIN gina #den")
    assert operators(chat) == ["georgina"]
    gina.lose()
    chat.turn()
    chat.person("JOIN georgina #den")
    assert operators(chat) == []


def test_who_proves_to_be_the_founder_keeps_the_rank(chat: InMemoryChat) -> None:
    gina = ChatClient(chat.hub)
    secret = ask(chat, gina, "HELLO 1", "JOIN gina #den")[-1].split("resume=")[1].split()[0]
    chat.person("JOIN ben #den")
    again = ChatClient(chat.hub)
    assert " operator=yes" in ask(chat, again, "HELLO 1", f"JOIN gina #den resume={secret}")[-1]
    assert operators(chat) == ["gina"]
    assert ask(chat, again, "KICK ben")[-1] == "OK KICK #den ben"


@pytest.mark.parametrize("setting", ["private=yes who=remove", "private=no"])
def test_who_proves_to_be_the_founder_comes_back_into_a_room_made_private(chat: InMemoryChat, setting: str) -> None:
    gina = ChatClient(chat.hub)
    secret = ask(chat, gina, "HELLO 1", "JOIN gina #den")[-1].split("resume=")[1].split()[0]
    assert ask(chat, gina, f"SET {setting}")[-1].startswith("OK SET #den private=")
    again = ChatClient(chat.hub)
    assert " operator=yes" in ask(chat, again, "HELLO 1", f"JOIN gina #den resume={secret}")[-1]
    refused = ask(chat, chat.person("JOIN ben"), "JOIN #den")[0].startswith("ERR not-allowed JOIN the room is private")
    assert refused is ("yes" in setting)


def test_the_rank_goes_over_to_the_persons_other_connection() -> None:
    chat = ChatWithAccounts("root", "alice")
    chat.hub.limits = ON
    login = f"LOGIN alice {PASSWORD}"
    phone, desktop = chat.visitor("HELLO 1", login, "JOIN alice #a"), chat.visitor("HELLO 1", login, "JOIN alice #a")
    ben = chat.visitor("JOIN ben #a")
    assert operators(chat, "#a") == ["alice"]
    chat.send(phone, "QUIT")
    assert operators(chat, "#a") == ["alice"]
    assert bodies(chat.send(desktop, "KICK ben"))[-1] == "OK KICK #a ben"
    ben.take()
    assert chat.send(ben, "JOIN #a")[-1] == "OK JOIN #a 2"
    chat.send(desktop, "OP ben")
    third = chat.visitor("HELLO 1", login, "JOIN alice #a")
    chat.send(ben, "DEOP alice")
    assert operators(chat, "#a") == ["ben"]
    for each in (third, desktop):
        assert bodies(chat.send(each, "KICK ben"))[-1].startswith("ERR not-allowed KICK ")
    chat.close()


def test_who_registers_the_room_ends_the_ranks_by_connection(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den")
    ann = owner(chat, "ann", "JOIN ann #den")
    ask(chat, gina, "BAN eve")
    ann.take()
    assert ask(chat, ann, "SET registered=yes")[-1] == "OK SET #den registered=yes"
    assert operators(chat) == ["ann"]
    gina.take()
    assert ask(chat, gina, "KICK ann")[0].startswith("ERR not-allowed KICK ")
    ask(chat, gina, "PART")
    ask(chat, ann, "PART")
    assert PolicyKey("BAN", "eve") in chat.hub.policy("#den")


# What lapses.


def test_what_was_ruled_lapses_with_the_last_one_who_leaves(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den", "MSG hello", "BAN mallory", "SET speak=operators")
    assert len(chat.hub.policy("#den")) == 2
    ask(chat, gina, "PART")
    assert not len(chat.hub.policy("#den"))
    mallory = chat.person("JOIN mallory #den")
    assert operators(chat) == ["mallory"]
    chat.person("JOIN ben #den").says("MSG I may speak")
    chat.turn()
    assert mallory.take()[-1] == "MSG ben #den I may speak"
    assert ask(chat, mallory, "RULES")[-1] == "OK RULES #den 0"


def test_a_room_that_was_only_ruled_is_forgotten(chat: InMemoryChat) -> None:
    ask(chat, chat.person("JOIN gina #den", "BAN mallory", "SET private=yes"), "PART")
    assert chat.hub.journal.room_state("#den") is None


def test_nothing_can_be_ruled_where_nobody_is(chat: InMemoryChat) -> None:
    root = owner(chat, "root", "JOIN root")
    assert ask(chat, root, "BAN eve #den")[0].startswith("ERR not-allowed BAN #den is empty and not registered, ")
    assert ask(chat, root, "BAN eve #*")[-1] == "OK BAN #* eve"


def test_what_needs_an_owner_needs_one_still(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den")
    assert ask(chat, gina, "SET keep=1h")[0].startswith("ERR not-allowed SET #den is not registered;")
    assert ask(chat, gina, "SET registered=yes")[0].startswith(
        "ERR not-allowed SET a room belongs to a registered user"
    )
    assert ask(chat, gina, "SET slow=10s")[-1] == "OK SET #den slow=10s"


def test_what_was_said_in_private_is_read_by_nobody_after_it(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den", "MSG before")
    assert ask(chat, gina, "SET private=yes")[-1] == "OK SET #den private=yes"
    assert ask(chat, gina, "MSG secret", "HISTORY")[-1] == "OK HISTORY #den 2"
    assert ask(chat, chat.person("JOIN ben"), "JOIN #den")[0].startswith("ERR not-allowed JOIN the room is private")
    ask(chat, gina, "PART")
    eve = owner(chat, "carol", "JOIN carol #den", "MSG after")
    assert operators(chat) == ["carol"]
    ask(chat, eve, "OP bob")
    for reader in (eve, owner(chat, "bob", "JOIN bob #den"), chat.person("JOIN late #den")):
        answer = ask(chat, reader, "HISTORY", "SEARCH secret", "SEARCH before")
        assert [line.split(" ", 2)[2] for line in answer if line.startswith("OLD")] == ["MSG carol #den after"]
        assert "OK SEARCH #den 0" in answer


def test_what_was_private_comes_with_no_way_of_reading(chat: InMemoryChat) -> None:
    ask(chat, chat.person("JOIN gina #den", "SET private=yes", "TOPIC hidden plan", "MSG hidden", "INVITE bob"), "PART")
    bob = ChatClient(chat.hub)
    bob.session.account = "bob"
    answer = ask(chat, bob, "HELLO 1", "JOIN bob #den since=0 epoch=e1", "JOIN #den last=10", "TOPIC", "ROOMS", "RULES")
    assert operators(chat) == ["bob"]
    answer += ask(chat, bob, "SET private=yes", "HISTORY since=0", "REACT last +1", "SET private=no", "HISTORY")
    late = chat.person("JOIN late #den")
    answer += ask(chat, late, "HISTORY", "SEARCH hidden", "ROOMS")
    assert [line for line in answer if "hidden" in line] == []


@pytest.mark.parametrize("kind", ["sqlite", "memory"])
def test_after_a_restart_it_has_lapsed_too_and_talk_since_is_read(tmp_path: Path, kind: str) -> None:
    def journal(clock: Clock) -> Journal:
        if kind == "memory":
            return MemoryJournal(journal_environment(clock))
        return from_string(f"sqlite:{tmp_path / 'chat.sqlite3'}", journal_environment(clock))

    chat = with_accounts(InMemoryChat(ON, journal))
    gina = chat.person("JOIN gina #den", "MSG open", "BAN mallory", "SET private=yes", "MSG secret")
    ask(chat, gina, "PART")
    ask(chat, chat.person("JOIN mallory #den", "MSG public"), "PART")
    if kind == "sqlite":
        chat.journal.stop()
        chat = with_accounts(InMemoryChat(ON, journal))
    late = owner(chat, "ann", "JOIN ann #den")
    assert operators(chat) == ["ann"]
    answer = ask(chat, late, "HISTORY", "RULES")
    assert [line.split(" ", 2)[2] for line in answer if line.startswith("OLD")] == ["MSG mallory #den public"]
    # What had lapsed does not come back when the room gets an owner.
    ask(chat, late, "BAN eve", "SET registered=yes", "PART")
    held = {key for key, _ in chat.hub.policy("#den").items() if key.kind == "BAN"}
    assert held == {PolicyKey("BAN", "eve")}
    chat.journal.stop()
    if kind == "sqlite":
        chat = with_accounts(InMemoryChat(ON, journal))
        held = {key for key, _ in chat.hub.policy("#den").items() if key.kind == "BAN"}
        assert held == {PolicyKey("BAN", "eve")}
        assert chat.hub.policy("#den").readable_after("ann") == chat.hub.policy("#den").readable_after(None) != 0
        chat.journal.stop()


# OP and VOICE of guests.


def test_op_of_a_guest_holds_for_the_connection_and_never_for_the_nick(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den")
    guest = chat.person("JOIN guest #den")
    gina.take()
    assert ask(chat, gina, "OP guest") == ["OK OP #den guest"]
    assert guest.take() == [f"NOTE gina made guest an operator of #den: {WHILE_HERE}"]
    assert operators(chat) == ["gina", "guest"]
    assert f"NOTE gina made guest an operator of #den: {WHILE_HERE}" in ask(chat, guest, "RULES")[-3]
    assert not len(chat.hub.policy("#den"))
    ask(chat, guest, "PART")
    chat.hub.accounts.names["guest"] = "guest"  # type: ignore[attr-defined]  # those of this module
    taken = owner(chat, "guest", "NICK guest2")
    del taken
    guest.lose()
    chat.turn()
    heir = owner(chat, "guest", "JOIN guest #den")
    assert operators(chat) == ["gina"]
    assert ask(chat, heir, "KICK gina")[0].startswith("ERR not-allowed ")


def test_deop_takes_it_back_also_from_the_founder(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den")
    guest = chat.person("JOIN guest #den")
    ask(chat, gina, "OP guest")
    assert ask(chat, guest, "DEOP gina")[-1] == "OK DEOP #den gina"
    assert operators(chat) == ["guest"]
    assert ask(chat, guest, "DEOP gina")[0] == "ERR no-such-nick DEOP there is no OP of gina in #den"
    assert ask(chat, guest, "DEOP guest")[-1] == "OK DEOP #den guest"
    assert operators(chat) == []


def test_op_of_an_account_is_one_by_name_until_it_lapses(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den")
    assert ask(chat, gina, "OP bob")[-1] == "OK OP #den bob"
    bob = owner(chat, "bob", "JOIN bob #den")
    assert operators(chat) == ["gina", "bob"]
    ask(chat, gina, "PART")
    ask(chat, bob, "PART", "JOIN #den")
    assert operators(chat) == ["bob"]
    ask(chat, bob, "PART")
    chat.person("JOIN other #den")
    ask(chat, bob, "JOIN #den")
    assert operators(chat) == ["other"]


def test_who_has_a_voice_speaks_where_operators_do(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den", "SET speak=operators")
    guest = chat.person("JOIN guest #den")
    bob = owner(chat, "bob", "JOIN bob #den")
    guest.take()
    for person in (guest, bob):
        assert ask(chat, person, "MSG me")[0].startswith("ERR not-allowed MSG only operators may speak")
    gina.take()
    assert ask(chat, gina, "VOICE guest", "VOICE bob") == ["OK VOICE #den guest", "OK VOICE #den bob"]
    assert bob.take()[-2:] == [
        f"NOTE gina gave guest a voice in #den: {WHILE_HERE}",
        "NOTE gina gave bob a voice in #den",
    ]
    ask(chat, guest, "MSG me")
    ask(chat, bob, "MSG too")
    assert gina.take() == ["MSG guest #den me", "MSG bob #den too"]
    assert [has_voice(chat.hub, "#den", each) for each in chat.hub.members("#den")] == [False, True, True]
    assert [line.split(" [")[0] for line in ask(chat, bob, "RULES")][1:3] == [
        f"NOTE gina gave guest a voice in #den: {WHILE_HERE}",
        "NOTE gina gave bob a voice in #den",
    ]
    details = ask(chat, chat.program("JOIN dora #den"), "WHO details=yes")
    assert "IS guest #den voice=yes" in details[1]
    ask(chat, gina, "UNVOICE guest", "UNVOICE bob")
    for person in (guest, bob):
        person.take()
        assert ask(chat, person, "MSG me")[0].startswith("ERR not-allowed MSG only operators may speak")


def test_a_voice_in_a_registered_room_is_an_accounts(chat: InMemoryChat) -> None:
    ann = owner(chat, "ann", "JOIN ann #own", "SET registered=yes", "SET speak=operators")
    bob, guest = owner(chat, "bob", "JOIN bob #own"), chat.person("JOIN guest #own")
    assert ask(chat, ann, "VOICE guest")[-1].startswith("ERR not-allowed VOICE guest belongs to no account;")
    assert ask(chat, ann, "VOICE bob #*")[-1].startswith("ERR not-allowed ")
    ask(chat, ann, "VOICE bob", "PART")
    assert ask(chat, bob, "MSG hello", "PART", "JOIN #own", "MSG again")[0] != "ERR"
    assert ask(chat, ann, "JOIN #own", "HISTORY")[-2].endswith("MSG bob #own again")
    del guest


def test_what_was_to_be_given_to_who_has_left_is_refused_in_its_turn(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den")
    guest = chat.person("JOIN guest #den")
    gina.take()
    guest.says("PART")
    gina.says("OP guest")
    chat.turn()
    assert "ERR no-such-nick OP guest was no longer there when this took effect" in gina.take()


def test_the_ruling_of_a_founder_who_has_left_does_not_count(chat: InMemoryChat) -> None:
    gina = chat.person("JOIN gina #den")
    bob = chat.person("JOIN ben #den")
    gina.take()
    gina.says("PART", "KICK ben #den")
    chat.turn()
    assert gina.take()[-1].startswith("ERR not-allowed KICK only operators of #den ")
    assert bob.take() == ["PART gina #den"]


# The policy by itself.


def test_the_marker_ends_what_was_ruled_before_it_and_seals_what_was_private() -> None:
    rulings = ["BAN eve", "OP ann", "SET private=yes", f"SET {ANEW}", "MUTE bob"]
    policy = RoomPolicy(
        ModerationAction(id_, 0, Moderated(line.split()[0], "gina", "#den", line.split()[1]))
        for id_, line in enumerate(rulings, 1)
    )
    assert {key.kind for key, _ in policy.items()} == {"MUTE", "SET"}
    assert policy.readable_after("ann") == policy.readable_after(None) == 3
    assert not policy.since(5).lapsing_by
    assert policy.since(5).readable_after(None) == 3


def test_a_registered_room_never_lapses() -> None:
    policy = RoomPolicy([ModerationAction(1, 0, Moderated("SET", "ann", "#den", "registered=yes"))])
    policy.apply(ModerationAction(2, 0, Moderated("SET", "gina", "#den", ANEW)))
    assert policy.is_operator("ann")
    assert policy.since(9).setting("registered") == "no"
