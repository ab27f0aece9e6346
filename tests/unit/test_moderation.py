"""What those do who look after rooms and the server, as everybody sees it."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.protocol.errors import DisconnectReason
from tests.support.in_memory_chat import ChatClient, InMemoryChat, SlowJournalChat


class Names:
    """Accounts that anybody has who is named here."""

    members_only = False
    takes_newcomers = True

    def __init__(self, *names: str, operators: tuple[str, ...] = ()) -> None:
        self.names = {name.lower(): name for name in (*names, *operators)}
        self.operators = operators

    def is_registered(self, key: str) -> bool:
        return key in self.names

    def looks_like(self, _nick: str) -> str | None:
        return None

    def name(self, key: str) -> str:
        return self.names[key]

    def is_operator(self, key: str) -> bool:
        return key in self.operators


@pytest.fixture
def chat() -> InMemoryChat:
    chat = InMemoryChat()
    chat.hub.accounts = Names("ann", "bob", operators=("root",))  # type: ignore[assignment]
    return chat


def owner(chat: InMemoryChat, nick: str, *lines: str, tagged: bool = False, address: str | None = None) -> ChatClient:
    """Return somebody who has logged in and sent lines."""
    person = ChatClient(chat.hub, address)
    person.session.account = nick.lower()
    person.says(*(["HELLO 1"] if tagged else []), *lines)
    chat.turn()
    person.take()
    return person


def ask(chat: InMemoryChat, person: ChatClient, *lines: str) -> list[str]:
    person.says(*lines)
    chat.turn()
    return person.take()


def den(chat: InMemoryChat) -> tuple[ChatClient, ChatClient, ChatClient]:
    """Return ann, who looks after the den, bob, who has an account and is in it, and mallory, who is a guest there."""
    ann = owner(chat, "ann", "JOIN ann #den", "SET registered=yes")
    bob = owner(chat, "bob", "JOIN bob #den")
    mallory = ChatClient(chat.hub, "10.6.6.6")
    mallory.says("JOIN mallory #den")
    chat.turn()
    for person in (ann, bob, mallory):
        person.take()
    return ann, bob, mallory


def test_the_first_to_register_a_room_is_its_operator(chat: InMemoryChat) -> None:
    bob = owner(chat, "bob", "JOIN bob #den")
    ann = owner(chat, "ann", "JOIN ann #den")
    guest = chat.person("JOIN guest #den")
    assert ask(chat, guest, "SET registered=yes") == [
        "ERR not-allowed SET a room belongs to a registered user; LOGIN or REGISTER first"
    ]
    ann.take()
    assert ask(chat, ann, "SET registered=yes") == ["OK SET #den registered=yes"]
    assert "NOTE ann registered #den and is now its owner" in bob.take()
    assert ask(chat, bob, "SET registered=yes") == ["ERR not-allowed SET #den is already registered"]
    assert ask(chat, bob, "KICK guest") == [
        "ERR not-allowed KICK only operators of #den may do that; LOGIN if you are one"
    ]


def test_a_room_is_registered_under_ones_own_name(chat: InMemoryChat) -> None:
    ann = owner(chat, "ann", "JOIN other #den")
    assert ask(chat, ann, "SET registered=yes")[0].startswith("ERR not-allowed SET you can register a room only under")


def test_kick(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    assert ask(chat, ann, "KICK Mallory spam, spam") == ["OK KICK #den mallory"]
    assert bob.take() == mallory.take() == ["NOTE ann removed mallory from #den: spam, spam"]
    assert ask(chat, mallory, "MSG hi") == ["ERR not-in-room MSG you are not in a room; JOIN <#room> first"]
    assert ask(chat, bob, "WHO") == ["WHO #den ann bob", "OK WHO #den 2"]
    assert ask(chat, mallory, "JOIN #den") == ["OK JOIN #den 3"]


def test_ban_by_nick(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    assert ask(chat, ann, "BAN mallory for=30m spam") == [
        "NOTE ann removed mallory from #den: spam",
        "OK BAN #den mallory",
    ]
    told = ["NOTE ann banned mallory from #den for 30m: spam", "NOTE ann removed mallory from #den: spam"]
    assert bob.take() == mallory.take() == told
    assert ask(chat, mallory, "JOIN #den") == ["ERR banned JOIN you are banned, for 30m in total: spam"]
    chat.wait(30 * 60)
    mallory.session.heard = chat.hub.timers.now
    assert ask(chat, mallory, "JOIN #den") == ["OK JOIN #den 3"]


def test_ban_by_network_keeps_out_who_comes_from_there(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    ask(chat, ann, "BAN 10.6.0.0/16")
    assert mallory.take()[-1] == "NOTE ann removed mallory from #den"
    twin = ChatClient(chat.hub, "10.6.1.1")
    assert ask(chat, twin, "JOIN twin #den") == ["ERR banned JOIN you are banned"]
    assert ask(chat, twin, "JOIN twin #other") == ["OK JOIN #other 1"]
    assert ask(chat, ann, "UNBAN 10.6.0.0/16") == ["OK UNBAN #den 10.6.0.0/16"]
    assert ask(chat, twin, "JOIN #den") == ["OK JOIN #den 3"]
    assert "NOTE ann unbanned 10.6.0.0/16 from #den" in bob.take()


def test_a_join_that_is_on_its_way_when_the_ban_comes_is_refused(chat: InMemoryChat) -> None:
    ann, _, mallory = den(chat)
    ask(chat, mallory, "PART #den")
    ann.says("BAN mallory")
    mallory.says("JOIN #den")
    chat.turn()
    assert mallory.take() == ["ERR banned JOIN you are banned"]
    assert ask(chat, ann, "WHO")[-1] == "OK WHO #den 2"


def test_what_was_on_its_way_as_one_was_put_out_is_not_said(chat: InMemoryChat) -> None:
    ann = owner(chat, "ann", "JOIN ann #den", "SET registered=yes")
    mallory = chat.program("JOIN mallory #den")
    ann.says("KICK mallory")
    mallory.says("@label=1 MSG too late")
    chat.turn()
    assert [line.partition(" ")[2] for line in mallory.take()] == [
        "KICK ann #den mallory",
        "ERR not-in-room MSG you were no longer in the room when this took effect; JOIN it again",
    ]


def test_mute(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    assert ask(chat, ann, "MUTE mallory for=1h calm down") == ["OK MUTE #den mallory"]
    assert bob.take() == mallory.take() == ["NOTE ann muted mallory in #den for 1h: calm down"]
    muted = "you are muted and can only read, for 1h in total: calm down"
    assert ask(chat, mallory, "MSG hi", "TELL #den hi", "TOPIC hi") == [
        f"ERR muted {verb} {muted}" for verb in ("MSG", "TELL", "TOPIC")
    ]
    bob.says("MSG heard")
    chat.turn()
    assert mallory.take() == ["MSG bob #den heard"]
    ask(chat, ann, "UNMUTE mallory")
    mallory.take()
    assert ask(chat, mallory, "MSG hi") == []
    assert ask(chat, ann, "UNMUTE mallory") == [
        "MSG mallory #den hi",
        "ERR no-such-nick UNMUTE there is no MUTE of mallory in #den",
    ]


def test_the_topic_can_be_locked(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    ask(chat, ann, "SET topic=operators")
    assert ask(chat, mallory, "TOPIC mine")[-1].startswith("ERR not-allowed TOPIC only room operators")
    assert ask(chat, ann, "TOPIC ours") == ["OK TOPIC #den"]
    assert bob.take()[-1] == "TOPIC ann #den ours"


def test_others_can_be_made_to_look_after_a_room_too(chat: InMemoryChat) -> None:
    ann, bob, _mallory = den(chat)
    assert ask(chat, ann, "OP mallory")[0].startswith("ERR not-allowed OP mallory belongs to no account")
    assert ask(chat, ann, "OP bob") == ["OK OP #den bob"]
    assert ask(chat, bob, "KICK mallory")[-1] == "OK KICK #den mallory"
    ask(chat, ann, "DEOP bob")
    assert ask(chat, bob, "MUTE mallory")[-1].startswith("ERR not-allowed MUTE")


# Private rooms: who may not be in one learns nothing of it.


def private_den(chat: InMemoryChat) -> tuple[ChatClient, ChatClient, ChatClient]:
    ann, bob, mallory = den(chat)
    ask(chat, ann, "MSG public", "TOPIC plans", "INVITE bob", "SET private=yes who=remove", "MSG secret words")
    return ann, bob, mallory


def test_who_was_not_invited_is_put_out_of_a_room_that_becomes_private(chat: InMemoryChat) -> None:
    ann, bob, mallory = private_den(chat)
    assert mallory.take()[-1] == "NOTE ann removed mallory from #den: the room is private"
    assert bob.take()[-3:] == [
        "NOTE ann made #den private: only people who are invited can join",
        "NOTE ann removed mallory from #den: the room is private",
        "MSG ann #den secret words",
    ]
    assert ask(chat, ann, "WHO")[-1] == "OK WHO #den 2"


@pytest.mark.parametrize(
    "line",
    ["JOIN #den", "JOIN #den since=0 epoch=e1", "HISTORY #den", "SEARCH #den secret", "WHO #den", "TOPIC #den"],
)
def test_a_private_room_tells_nothing_to_who_is_not_its_member(chat: InMemoryChat, line: str) -> None:
    _, _, mallory = private_den(chat)
    mallory.take()
    (answer,) = ask(chat, mallory, line)
    assert answer.startswith("ERR not-")
    assert "secret" not in answer.replace("SEARCH", "")
    assert "plans" not in answer


def test_a_private_room_is_listed_for_its_members(chat: InMemoryChat) -> None:
    _, bob, mallory = private_den(chat)
    for person in (bob, mallory):
        person.take()
    assert ask(chat, mallory, "ROOMS") == ["OK ROOMS 0"]
    assert ask(chat, bob, "ROOMS") == ["ROOM #den 2 plans", "OK ROOMS 1"]


def test_even_who_looks_after_the_server_does_not_read_a_private_room(chat: InMemoryChat) -> None:
    private_den(chat)
    root = owner(chat, "root", "JOIN root #lobby")
    assert ask(chat, root, "JOIN #den")[0].startswith("ERR not-allowed JOIN the room is private")
    assert ask(chat, root, "OP root #den") == ["OK OP #den root"]
    assert ask(chat, root, "JOIN #den") == ["TOPIC ann #den plans", "OK JOIN #den 3"]


def test_an_invitation_lets_in_and_putting_out_ends_it(chat: InMemoryChat) -> None:
    ann, bob, _ = private_den(chat)
    ask(chat, bob, "PART #den")
    assert ask(chat, bob, "JOIN #den") == ["TOPIC ann #den plans", "OK JOIN #den 2"]
    ask(chat, ann, "KICK bob")
    assert ask(chat, bob, "JOIN #den")[-1].startswith("ERR not-allowed JOIN the room is private")


def test_what_was_said_in_private_is_not_read_when_the_room_opens(chat: InMemoryChat) -> None:
    ann, bob, mallory = private_den(chat)
    ask(chat, ann, "SET private=no", "MSG open again")
    mallory.take()
    assert ask(chat, mallory, "JOIN #den") == ["OK JOIN #den 3"]  # the topic was set before it was private
    assert [line.split(" ", 2)[2] for line in ask(chat, mallory, "HISTORY")[:-1]] == ["MSG ann #den open again"]
    assert ask(chat, mallory, "SEARCH secret") == ["OK SEARCH #den 0"]
    assert len(ask(chat, bob, "SEARCH secret")) >= 2
    late = chat.program("JOIN late #lobby")
    told = ask(chat, late, "JOIN #den since=0 epoch=e1")
    assert not [line for line in told if "secret words" in line or "public" in line]
    assert told[0].endswith("MSG ann #den open again")
    assert told[-1].endswith("recovered=no")


# The whole server.


def test_only_server_operators_moderate_the_server(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    for line in ("KICK mallory #*", "BAN mallory #*", "MUTE mallory #*", "OP bob #*"):
        assert ask(chat, ann, line)[0].endswith("only server operators may do that")


def test_the_server_can_be_ruled(chat: InMemoryChat) -> None:
    _, _, mallory = den(chat)
    root = owner(chat, "root", "JOIN root #lobby")
    other = owner(chat, "bob", "JOIN bobby #lobby")
    assert ask(chat, root, "OP bob #*")[-1] == "OK OP #* bob"
    assert ask(chat, root, "MUTE mallory #*") == ["OK MUTE #* mallory"]
    assert other.take()[-1] == "NOTE root muted mallory on the whole server"
    assert ask(chat, mallory, "MSG hi", "TELL root hi") == [
        f"ERR muted {verb} you are muted and can only read" for verb in ("MSG", "TELL")
    ]
    assert ask(chat, root, "KICK mallory #* enough") == ["OK KICK #* mallory"]
    assert mallory.farewell is DisconnectReason.KICKED
    assert mallory.take() == ["BYE kicked enough"]


def test_a_ban_from_the_server_ends_connections_and_refuses_new_ones(chat: InMemoryChat) -> None:
    ann, _, mallory = den(chat)
    root = owner(chat, "root", "JOIN root #lobby")
    twin = ChatClient(chat.hub, "10.6.6.7")
    ask(chat, root, "BAN 10.6.6.0/24 #* for=1d flood")
    for person in (mallory, twin):
        assert person.farewell is DisconnectReason.BANNED
        assert person.take() == ["BYE banned flood"]
    late = ChatClient(chat.hub, "10.6.6.8")
    assert ask(chat, late, "JOIN late") == ["BYE banned you are banned, for 1d in total: flood"]
    assert ask(chat, ann, "WHO")[-1] == "OK WHO #den 2"
    assert ChatClient(chat.hub, "10.7.6.8").farewell is None


def test_room_operators_cannot_moderate_server_operators(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    owner(chat, "root", "JOIN root #den")
    ann.take()
    for line in ("KICK root", "BAN root", "MUTE root"):
        assert ask(chat, ann, line)[0].startswith(f"ERR not-allowed {line.split()[0]} room operators cannot act")


def test_rulings_are_kept_and_hold_after_a_restart(tmp_path: Path) -> None:
    chat = SlowJournalChat(tmp_path / "j")
    chat.hub.accounts = Names("ann", "bob", operators=("root",))  # type: ignore[assignment]
    den(chat)
    root = owner(chat, "root", "JOIN root #lobby")
    ann = owner(chat, "ann", "JOIN ann #den")
    ask(chat, ann, "BAN mallory spam", "INVITE bob", "SET private=yes", "MUTE 10.0.0.0/8 for=1h")
    ask(chat, root, "BAN 10.6.6.6 #*")
    chat.journal.stop()
    chat.turn()
    again = SlowJournalChat(tmp_path / "j")
    again.hub.accounts = chat.hub.accounts
    assert ask(again, ChatClient(again.hub, "10.6.6.6"), "JOIN mallory") == ["BYE banned you are banned"]
    rules = again.hub.policy("#den")
    assert rules.is_operator("ann")
    assert rules.setting("private") == "yes"
    assert rules.is_member("bob")
    mallory = ChatClient(again.hub, "10.6.6.7")
    assert ask(again, mallory, "JOIN mallory #den") == ["ERR banned JOIN you are banned: spam"]
    again.journal.stop()
    again.turn()


def test_rulings_are_replayed_to_programs_with_their_ids(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    ask(chat, ann, "BAN mallory for=30m spam")
    late = chat.program("JOIN late #lobby")
    told = ask(chat, late, "JOIN #den since=0 epoch=e1")
    assert [line.partition(" ")[2] for line in told[:-1]] == [
        "SET ann #den registered=yes",
        "BAN ann #den mallory for=30m spam",
    ]
    assert all(line.startswith("@id=") and ";old " in line for line in told[:-1])


def test_who_was_invited_is_put_out_for_good_whatever_the_nick(chat: InMemoryChat) -> None:
    ann, bob, _ = private_den(chat)
    assert ask(chat, bob, "NICK bobby")[-1] == "OK NICK bobby"
    ann.take()
    assert ask(chat, ann, "KICK bobby") == ["OK KICK #den bobby"]
    assert ask(chat, bob, "JOIN #den")[-1].startswith("ERR not-allowed JOIN the room is private")


def test_the_owner_of_a_nick_takes_it_over_with_its_places(chat: InMemoryChat) -> None:
    bob = owner(chat, "bob", "JOIN bob #lobby")
    ann = owner(chat, "ann", "JOIN ann #lobby")
    again = ChatClient(chat.hub)
    again.session.account = "bob"
    assert ask(chat, again, "JOIN bob #lobby") == ["OK JOIN #lobby 2"]
    assert bob.farewell is DisconnectReason.REPLACED
    assert ann.take() == []


def test_who_looks_after_the_server_is_muted_and_banned_in_no_room(chat: InMemoryChat) -> None:
    ann, bob, _ = den(chat)
    root = owner(chat, "root", "JOIN walter #den", address="10.7.7.7")
    ask(chat, ann, "MUTE walter", "BAN walter", "BAN 10.7.0.0/16")
    bob.take()
    assert ask(chat, root, "MSG still here", "WHO")[-1] == "OK WHO #den 4"
    assert bob.take() == ["MSG walter #den still here"]


def test_who_does_not_look_after_a_private_room_any_more_leaves_it(chat: InMemoryChat) -> None:
    ann, bob, _ = private_den(chat)
    ask(chat, ann, "OP bob", "KICK bob")  # the invitation goes
    ask(chat, bob, "JOIN #den")
    ask(chat, ann, "DEOP bob", "MSG among us")
    assert "MSG ann #den among us" not in bob.take()
    assert ask(chat, bob, "MSG hi")[-1].startswith("ERR not-in-room")


def test_who_is_muted_says_nothing_in_leaving_either(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    ask(chat, ann, "MUTE mallory")
    bob.take()
    ask(chat, mallory, "PART #den buy my stuff", "JOIN #den", "QUIT buy it")
    assert bob.take() == ["PART mallory #den", "JOIN mallory #den", "PART mallory #den"]


def test_who_changes_the_name_is_put_out_all_the_same(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    mallory.says("NICK mal")
    ann.says("KICK mallory")
    chat.turn()
    assert bob.take()[-1] == "NOTE ann removed mal from #den"
    assert ask(chat, ann, "WHO")[-1] == "OK WHO #den 2"


def test_the_place_of_a_dead_connection_can_be_taken_away(chat: InMemoryChat) -> None:
    ann, bob, _ = den(chat)
    dead = chat.program("JOIN ghost #den")
    chat.program(f"JOIN ghost #lobby resume={dead.session.takeover.secret}")
    bob.take()
    assert ask(chat, ann, "KICK ghost")[-1] == "OK KICK #den ghost"
    assert bob.take() == ["NOTE ann removed ghost from #den"]
    chat.wait(40)
    assert ask(chat, ann, "WHO")[0] == "WHO #den ann bob mallory"


def test_no_more_is_ruled_in_a_place_than_there_is_room_for(
    chat: InMemoryChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chatd.chat.moderation.MAX_ACTIONS", 4)
    ann, _, _ = den(chat)
    assert ask(chat, ann, "BAN a", "BAN b for=1s")[-1] == "OK BAN #den b"
    assert ask(chat, ann, "BAN c")[-1].startswith("ERR full BAN there are 4 moderation actions here")
    chat.wait(2)
    ann.session.heard = chat.hub.timers.now
    assert ask(chat, ann, "BAN c")[-1] == "OK BAN #den c"


def test_who_was_made_to_look_after_no_room_any_more_does_not_after_a_restart(tmp_path: Path) -> None:
    chat = SlowJournalChat(tmp_path / "j")
    chat.hub.accounts = Names("ann", "bob")  # type: ignore[assignment]
    ann, bob, _ = den(chat)
    ask(chat, ann, "OP bob")
    ask(chat, bob, "DEOP ann")
    chat.journal.stop()
    chat.turn()
    again = SlowJournalChat(tmp_path / "j")
    assert again.hub.policy("#den").is_operator("bob")
    assert not again.hub.policy("#den").is_operator("ann")
    again.journal.stop()
    again.turn()


@pytest.mark.parametrize("opened", [True, False])
def test_a_replay_that_is_under_way_tells_nothing_of_what_becomes_private(chat: InMemoryChat, opened: bool) -> None:
    ann, _, mallory = den(chat)
    ask(chat, ann, *(f"MSG {number} {'x' * 1000}" for number in range(300)))
    ask(chat, mallory, "PART #den")
    mallory.take()
    mallory.blocked = True
    mallory.says("JOIN #den since=0 epoch=e1")
    chat.turn()
    ask(
        chat,
        ann,
        "SET private=yes who=remove",
        "MSG secret words",
        *(["SET private=no"] if opened else []),
        "MSG later",
    )
    heard = mallory.take()
    mallory.blocked = False
    for _ in range(700):
        mallory.session.resume_commands()
        chat.turn()
    heard += mallory.take()
    assert not [line for line in heard if "secret words" in line]
    if opened:
        assert heard[-1] == "OK JOIN #den 2"  # bob was not invited either, and has not come back
        assert heard[-2].endswith("MSG ann #den later")
    else:
        assert heard[-1].startswith("ERR not-allowed JOIN the room is private")
        assert not [line for line in heard if line.endswith(" later")]


def test_a_replay_ends_when_its_reader_is_banned(chat: InMemoryChat) -> None:
    ann, _, mallory = den(chat)
    ask(chat, ann, *(f"MSG {number} {'x' * 1000}" for number in range(300)))
    ask(chat, mallory, "PART #den")
    mallory.take()
    mallory.blocked = True
    mallory.says("JOIN #den since=0 epoch=e1")
    chat.turn()
    ask(chat, ann, "BAN mallory", "MSG about mallory")
    mallory.blocked = False
    for _ in range(700):
        mallory.session.resume_commands()
        chat.turn()
    heard = mallory.take()
    assert not [line for line in heard if "about mallory" in line]
    assert heard[-1] == "ERR banned JOIN you are banned"


def test_a_search_that_waits_finds_nothing_that_is_said_in_private_meanwhile(chat: InMemoryChat) -> None:
    ann, _, mallory = den(chat)
    ask(chat, ann, "MSG public words")
    mallory.take()
    mallory.says("SEARCH words")
    ann.says("SET private=yes who=remove")
    chat.journal.flush()
    ann.says("MSG secret words")
    chat.journal.flush()
    chat.turn()
    assert not [line for line in mallory.take() if "secret" in line]


def test_who_is_put_out_reads_what_was_said_before_in_its_order(chat: InMemoryChat) -> None:
    ann, bob, _ = den(chat)
    root = owner(chat, "root", "JOIN root #den")
    ask(chat, bob, "JOIN #other")
    ask(chat, ann, "JOIN #other")
    bob.take()
    ann.says("TELL #den 1")
    root.says("KICK bob #den")
    ann.says("TELL #other 2")
    chat.turn()
    assert bob.take() == ["MSG ann #den 1", "NOTE root removed bob from #den", "MSG ann #other 2"]
