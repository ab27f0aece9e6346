"""Whom a MUTE or BAN of a nick holds for besides: what a new nick, a new connection and a restart do not shake off."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import pytest

from chatd.journal.sqlite.archive import export_lines, import_lines
from chatd.model.room_policy import Identity, ModerationAction, RoomPolicy
from chatd.protocol.errors import DisconnectReason
from chatd.protocol.events import Moderated
from tests.support.in_memory_chat import ChatClient, InMemoryChat, SlowJournalChat
from tests.unit.test_moderation import Names, ask, den, owner

MUTED = "ERR muted {} you are muted and can only read"
BANNED = ["ERR banned JOIN you are banned"]


@pytest.fixture
def chat() -> InMemoryChat:
    chat = InMemoryChat()
    chat.hub.accounts = Names("ann", "bob", "zoe", operators=("root",))  # type: ignore[assignment]
    return chat


def guest(chat: InMemoryChat, line: str, address: str | None = "10.6.6.6") -> tuple[ChatClient, list[str]]:
    """Return somebody without an account who has sent a line, and the answers."""
    person = ChatClient(chat.hub, address)
    return person, ask(chat, person, line)


def test_the_muted_are_silent_whatever_they_would_be_called(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    ask(chat, ann, "MUTE mallory")
    bob.take()
    mallory.take()
    assert ask(chat, mallory, "NICK buy-my-things", "TOPIC buy", "MSG buy", "PART #den buy") == [
        *(MUTED.format(verb) for verb in ("NICK", "TOPIC", "MSG")),
        "OK PART #den",
    ]
    ask(chat, mallory, "JOIN #den", "QUIT buy")
    assert bob.take() == ["PART mallory #den", "JOIN mallory #den", "PART mallory #den"]


def test_a_room_operator_who_is_muted_moderates_without_a_word(chat: InMemoryChat) -> None:
    ann, bob, _ = den(chat)
    root = owner(chat, "root", "JOIN root #staff")
    ask(chat, root, "MUTE ann #*")
    bob.take()
    ask(chat, ann, "MUTE mallory #den for=1h buy", "KICK mallory #den buy", "BAN mallory #den buy")
    assert bob.take() == [
        "NOTE ann muted mallory in #den for 1h",
        "NOTE ann removed mallory from #den",
        "NOTE ann banned mallory from #den",
    ]


def test_a_nick_that_was_on_its_way_when_the_mute_came_shakes_nothing_off(chat: InMemoryChat) -> None:
    ann, _, mallory = den(chat)
    mallory.says("NICK other")
    ann.says("MUTE mallory")
    chat.turn()
    assert ask(chat, mallory, "MSG hi")[-1] == MUTED.format("MSG")


def test_who_comes_back_under_another_nick_is_still_muted_until_that_is_taken_back(chat: InMemoryChat) -> None:
    ann, _, mallory = den(chat)
    ask(chat, ann, "MUTE mallory")
    mallory.lose()
    chat.turn()
    other, _ = guest(chat, "JOIN other #den")
    assert ask(chat, other, "MSG hi") == [MUTED.format("MSG")]
    elsewhere, _ = guest(chat, "JOIN elsewhere #den", "10.6.6.7")
    assert ask(chat, elsewhere, "MSG hi") == []
    assert ask(chat, ann, "UNMUTE mallory")[-1] == "OK UNMUTE #den mallory"
    other.take()
    assert ask(chat, other, "MSG hi") == []


def test_who_is_banned_is_not_back_under_another_nick(chat: InMemoryChat) -> None:
    ann, _, mallory = den(chat)
    ask(chat, ann, "BAN mallory")
    mallory.take()
    assert ask(chat, mallory, "NICK hank2", "JOIN #den") == ["OK NICK hank2", *BANNED]
    assert guest(chat, "JOIN hank3 #den")[1] == BANNED
    ask(chat, ann, "UNBAN mallory")
    assert ask(chat, mallory, "JOIN #den") == ["OK JOIN #den 3"]


def test_with_an_account_the_account_is_meant_and_nobody_else_who_comes_from_there(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    owner(chat, "zoe", "JOIN eve #den", address="10.7.7.7")
    guest(chat, "JOIN near #den", "10.7.7.7")
    assert ask(chat, ann, "BAN eve")[-2:] == ["NOTE ann removed eve from #den", "OK BAN #den eve"]
    assert ask(chat, ann, "WHO")[-1] == "OK WHO #den 4"
    again = owner(chat, "zoe", address="10.8.8.8")
    assert ask(chat, again, "JOIN other #den") == BANNED


def test_those_who_are_there_at_the_same_time_are_others_wherever_they_come_from(chat: InMemoryChat) -> None:
    ann, bob, mallory = den(chat)
    near, _ = guest(chat, "JOIN near #den")
    bob.take()
    assert ask(chat, ann, "MUTE mallory", "BAN mallory")[-2:] == [
        "NOTE ann removed mallory from #den",
        "OK BAN #den mallory",
    ]
    assert [ask(chat, near, line)[-1] for line in ("PART", "JOIN #den", "NICK nearer")] == [
        "OK PART #den",
        "OK JOIN #den 3",
        "OK NICK nearer",
    ]
    assert ask(chat, mallory, "NICK other", "JOIN #den")[-1] == BANNED[0]
    assert guest(chat, "JOIN another #den")[1] == BANNED


def test_without_one_those_whom_the_room_trusts_are_not_meant(chat: InMemoryChat) -> None:
    """Behind one address there may be a school; who looks after the room or was invited is known to be another."""
    ann = owner(chat, "ann", "JOIN ann #den", "SET registered=yes", "INVITE bob", address="10.6.6.6")
    guest(chat, "JOIN mallory #den")
    ann.take()
    assert ask(chat, ann, "BAN mallory", "MUTE mallory")[:2] == [
        "NOTE ann removed mallory from #den",
        "OK BAN #den mallory",
    ]
    zoe = owner(chat, "zoe", address="10.6.6.6")
    assert ask(chat, zoe, "JOIN zoe #den") == BANNED
    ann.lose()
    bob, ann = (owner(chat, name, f"JOIN {name} #den", address="10.6.6.6") for name in ("bob", "ann"))
    assert [ask(chat, person, "MSG hi", "WHO")[-1] for person in (ann, bob)] == ["OK WHO #den 2"] * 2


def test_an_address_that_very_many_share_says_nothing(chat: InMemoryChat, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chatd.model.room_policy.MAX_SHARING", 1)
    ann, _, mallory = den(chat)
    for nick in ("near", "nearer"):
        guest(chat, f"JOIN {nick} #den")
    ask(chat, ann, "BAN mallory")
    assert ask(chat, mallory, "NICK other", "JOIN #den")[-1] == BANNED[0]
    assert guest(chat, "JOIN another #den")[1] == ["OK JOIN #den 5"]


def test_over_ipv6_the_network_of_one_subscriber_is_meant(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    guest(chat, "JOIN six #den", "2001:db8:1:2::3")
    ask(chat, ann, "BAN six")
    assert guest(chat, "JOIN seven #den", "2001:db8:1:2:ffff::9")[1] == BANNED
    assert guest(chat, "JOIN eight #den", "2001:db8:1:3::3")[1] == ["OK JOIN #den 4"]


def test_without_an_address_the_connection_is_meant(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    local, _ = guest(chat, "JOIN local #den", None)
    guest(chat, "JOIN neighbour #den", None)
    ask(chat, ann, "BAN local")
    local.take()
    assert ask(chat, local, "NICK other", "JOIN #den") == ["OK NICK other", *BANNED]
    assert ask(chat, ann, "WHO")[-1] == "OK WHO #den 4"


def test_who_has_left_the_room_a_moment_ago_is_meant(chat: InMemoryChat) -> None:
    ann, _, mallory = den(chat)
    ask(chat, mallory, "PART #den", "JOIN #other")
    ask(chat, ann, "BAN mallory")
    assert ask(chat, mallory, "NICK other", "JOIN #den")[-1] == BANNED[0]


def test_a_ruling_that_is_said_again_when_nobody_is_there_holds_for_no_less(chat: InMemoryChat) -> None:
    ann, _, mallory = den(chat)
    ask(chat, ann, "BAN mallory for=1h")
    mallory.lose()
    chat.turn()
    assert ask(chat, ann, "BAN mallory for=2h")[-1] == "OK BAN #den mallory"
    assert guest(chat, "JOIN other #den")[1] == ["ERR banned JOIN you are banned, for 2h in total"]


def test_on_the_whole_server_too(chat: InMemoryChat) -> None:
    _, _, mallory = den(chat)
    root = owner(chat, "root", "JOIN root #lobby", address="10.6.6.6")
    ask(chat, root, "MUTE mallory #*")
    assert ask(chat, mallory, "NICK other", "TELL root hi") == [MUTED.format("NICK"), MUTED.format("TELL")]
    assert ask(chat, root, "MSG hi") == []
    ask(chat, root, "BAN mallory #*")
    assert mallory.farewell is DisconnectReason.BANNED
    assert root.farewell is None
    late, answers = guest(chat, "JOIN other")
    assert late.farewell is DisconnectReason.BANNED, answers


def test_room_operators_reach_no_server_operator_by_another_nick(chat: InMemoryChat) -> None:
    ann, _, _ = den(chat)
    owner(chat, "root", "JOIN someone #den")
    for verb in ("BAN", "MUTE"):
        assert ask(chat, ann, f"{verb} someone")[-1].startswith(f"ERR not-allowed {verb} room operators cannot act")


@pytest.mark.parametrize("kind", ["memory", "sqlite"])
def test_the_address_is_in_no_line(tmp_path: Path, kind: str) -> None:
    chat = InMemoryChat() if kind == "memory" else SlowJournalChat(tmp_path / "j")
    chat.hub.accounts = Names("ann", "bob", operators=("root",))  # type: ignore[assignment]
    ann, bob, mallory = den(chat)
    ask(chat, bob, "PART #den")
    ann.says("@label=1 BAN mallory spam", "MUTE mallory", "WHO", "ROOMS", "HISTORY since=0", "SEARCH mallory", "TOPIC")
    chat.turn()
    late = chat.program("JOIN late #lobby")
    sent = [*ann.take(), *mallory.take(), *ask(chat, late, f"JOIN #den since=0 epoch={chat.journal.epoch}")]
    assert [line for line in sent if "BAN ann #den mallory spam" in line]
    assert not [line for line in sent if "10.6.6.6" in line or "reach" in line or "address" in line]
    chat.journal.stop()
    chat.turn()


def test_it_holds_after_a_restart_and_in_what_was_imported(tmp_path: Path) -> None:
    chat = SlowJournalChat(tmp_path / "j")
    chat.hub.accounts = Names("ann", "bob")  # type: ignore[assignment]
    ann, _, _ = den(chat)
    ask(chat, ann, "BAN mallory", "MUTE mallory")
    chat.journal.stop()
    chat.turn()
    exported = list(export_lines(tmp_path / "j"))
    assert [line for line in exported if '"BAN"' in line and '"reach": "address=10.6.6.6"' in line]
    import_lines(tmp_path / "copy", exported, "e9")
    assert [line.partition("time")[2] for line in export_lines(tmp_path / "copy")] == [
        line.partition("time")[2] for line in exported
    ]
    for name in ("j", "copy"):
        again = SlowJournalChat(tmp_path / name)
        again.hub.accounts = chat.hub.accounts
        assert guest(again, "JOIN other #den")[1] == BANNED, name
        assert guest(again, "JOIN other #den", "10.6.6.7")[1] == ["OK JOIN #den 1"], name
        again.journal.stop()
        again.turn()


def test_what_was_imported_is_checked(tmp_path: Path) -> None:
    fields = '"time": "2026-01-01T00:00:00.000Z", "room": "#den", "nick": "ann"'
    for line in (
        f'{{{fields}, "type": "BAN", "text": "eve", "reach": "nobody"}}',
        f'{{{fields}, "type": "BAN", "text": "eve", "reach": 7}}',
        f'{{{fields}, "type": "MSG", "text": "eve", "reach": "account=eve"}}',
    ):
        with pytest.raises(Exception, match="line 1 is not part of an export"):
            import_lines(tmp_path / "j", [line], "e1")


# The fold by itself.


def ban(subject: str, reach: str | None = None, id_: int = 1) -> ModerationAction:
    return ModerationAction(id_, 0, Moderated("BAN", "ann", "#den", subject, None, None, reach))


def test_of_two_that_reach_the_same_each_is_taken_back_by_its_own_nick() -> None:
    policy = RoomPolicy([ban("eve", "address=10.6.6.6"), ban("hank", "address=10.6.6.6", 2)])
    who = Identity("other", None, ipaddress.ip_address("10.6.6.6"))
    for id_, nick in enumerate(("eve", "hank"), 3):
        assert policy.against("BAN", who, 0) is not None
        policy.apply(ModerationAction(id_, 0, Moderated("UNBAN", "ann", "#den", nick)))
    assert policy.against("BAN", who, 0) is None


@pytest.mark.parametrize("subject", ["eve", "10.0.0.0/8"])
def test_whom_a_ban_removes_is_looked_for_once_and_not_for_each_member(subject: str) -> None:
    policy, action = RoomPolicy(), ban(subject, "address=10.6.6.6 but=e1.1,e1.2" if subject == "eve" else None)
    policy.apply(action)
    members = [Identity(f"m{n}", None, ipaddress.ip_address(f"11.0.{n // 256}.{n % 256}")) for n in range(2_000)]
    parsed: Callable[..., object] = ipaddress.ip_network
    with mock.patch("ipaddress.ip_network", side_effect=parsed) as parsing:
        evicts = policy.evicts(action)
        assert not [member for member in members if evicts(member)]
    assert parsing.call_count <= 2
