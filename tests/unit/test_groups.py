"""Accounts that a provider vouches for, whose they are, and what groups are good for."""

from __future__ import annotations

import grp
import os
import pwd
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from twisted.cred.checkers import ICredentialsChecker
from twisted.cred.credentials import IUsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from chatd.accounts import NoAccounts, Vouched
from chatd.accounts.checkers import AvatarId, GroupMember
from chatd.accounts.groups import GroupRules, room_group
from chatd.accounts.pam import machine_groups
from chatd.accounts.provided import account_of
from chatd.chat import group_rooms
from chatd.chat.group_rooms import GroupRooms
from chatd.model.room_policy import PolicyKey
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts

ISSUER = "https://login.example.org"
RULES = GroupRules(frozenset({"ops"}), {"staff": frozenset({names.room("#Den"), names.room("#tea")})})


@implementer(ICredentialsChecker)
class Machine:
    """Accepts everybody with the password, in the groups that it is told."""

    credentialInterfaces = (IUsernamePassword,)

    def __init__(self, **groups: set[str]) -> None:
        self.groups = groups

    def requestAvatarId(self, credentials: IUsernamePassword) -> Deferred[AvatarId]:
        name = credentials.username.decode()
        if name not in self.groups or credentials.password != PASSWORD.encode():
            raise UnauthorizedLogin
        accepted: AvatarId = GroupMember.of(credentials.username, frozenset(self.groups[name]))
        return succeed(accepted)


@pytest.fixture
def machine() -> Machine:
    return Machine(carol={"ops", "users"}, dave={"users"})


@pytest.fixture
def chat(machine: Machine) -> Iterator[ChatWithAccounts]:
    chat = ChatWithAccounts("Ann", "bob", rules=RULES, checkers=[machine])
    settle(chat)
    yield chat
    chat.close()


def settle(chat: ChatWithAccounts, rules: GroupRules = RULES) -> None:
    chat.members.groups.settle = GroupRooms(chat.hub, IReactorTime(chat.clock), rules).settle


def vouched(subject: str = "1", name: str = "eve", *groups: str, issuer: str = ISSUER) -> Vouched:
    return Vouched(issuer, subject, name, frozenset(groups))


def log_in(chat: ChatWithAccounts, who: Vouched) -> Any:
    """Return the key of somebody's account, or the error that they are told."""
    found: list[Any] = []
    chat.members.log_in_vouched(who, None).addCallbacks(found.append, lambda failure: found.append(failure.value))
    chat.turn()
    (result,) = found
    return result


def refused(result: object) -> tuple[Code, str]:
    assert isinstance(result, ChatError)
    return result.code, result.text


# Whose an account is.


def test_somebody_new_gets_an_account_and_finds_it_again_whatever_they_are_called(chat: ChatWithAccounts) -> None:
    assert log_in(chat, vouched("1", "Eve")) == "eve"
    assert chat.members.name("eve") == "Eve"
    assert log_in(chat, vouched("1", "Eve Married")) == "eve"
    assert log_in(chat, vouched("1", "bob")) == "eve"
    assert len(chat.store.accounts()) == 3


def test_nobody_is_taken_over_by_their_name(chat: ChatWithAccounts) -> None:
    chat.answer("LOGIN carol correct-horse")  # has an account by --auth from now on
    log_in(chat, vouched("1", "eve"))
    for name in ("bob", "BOB", "ann", "Ann", "carol", "eve", "b0b"):
        code, text = refused(log_in(chat, vouched("2", name)))
        assert code is Code.NAME_TAKEN, name
        assert name in text
    assert refused(log_in(chat, vouched("1", "eve", issuer="https://other.example.org")))[0] is Code.NAME_TAKEN
    assert account_of(chat.store, ISSUER, "2") is None


def test_nobody_else_comes_into_a_provided_account_with_a_password(chat: ChatWithAccounts, machine: Machine) -> None:
    log_in(chat, vouched("1", "eve"))
    machine.groups["eve"] = {"ops"}
    assert chat.answer("LOGIN eve correct-horse").startswith("ERR bad-password")
    assert not chat.hub.is_operator("eve")
    assert chat.answer("JOIN eve").startswith("ERR not-allowed")


def test_who_came_first_in_the_same_moment_has_the_name(chat: ChatWithAccounts, machine: Machine) -> None:
    machine.groups["eve"] = {"ops"}
    add = chat.store.add

    def others_first(*arguments: Any, **options: Any) -> None:
        chat.store.add = add  # type: ignore[method-assign]
        log_in(chat, vouched("1", "eve"))
        add(*arguments, **options)

    chat.store.add = others_first  # type: ignore[method-assign]
    assert chat.answer("LOGIN eve correct-horse").startswith("ERR bad-password")


def test_two_logins_of_one_person_in_the_same_moment_come_into_one_account(chat: ChatWithAccounts) -> None:
    add = chat.store.add

    def others_first(*arguments: Any, **options: Any) -> None:
        chat.store.add = add  # type: ignore[method-assign]
        log_in(chat, vouched("1", "eve"))
        add(*arguments, **options)

    chat.store.add = others_first  # type: ignore[method-assign]
    assert log_in(chat, vouched("1", "mallory")) == "eve"


@pytest.mark.parametrize(("called", "key"), [("eve@example.org", "eve"), ("Éve", "éve"), ("e.v-e", "e.v-e")])
def test_what_becomes_of_a_name(chat: ChatWithAccounts, called: str, key: str) -> None:
    assert log_in(chat, vouched("1", called)) == key


@pytest.mark.parametrize("called", ["Eve Smith", "", "@example.org", "a" * 33, "#eve", "\x1b[31m", "-eve"])
def test_what_can_be_nobodys_name(chat: ChatWithAccounts, called: str) -> None:
    code, text = refused(log_in(chat, vouched("1", called)))
    assert code is Code.BAD_NICK
    assert "another claim" in text
    assert text.isprintable()


def test_an_account_that_was_removed_is_made_anew(chat: ChatWithAccounts) -> None:
    log_in(chat, vouched("1", "eve", "ops"))
    before = chat.members.party("eve")
    assert chat.store.remove("eve")
    assert account_of(chat.store, ISSUER, "1") is None
    assert log_in(chat, vouched("2", "eve")) == "eve"
    assert chat.members.party("eve") != before
    assert not chat.hub.is_operator("eve")


def test_a_password_that_whoever_runs_the_server_has_given_it_lets_in_too(chat: ChatWithAccounts) -> None:
    log_in(chat, vouched("1", "eve"))
    chat.store.set_hash("eve", chat.hasher.hash("another-horse"))
    assert chat.answer("LOGIN eve another-horse") == "OK LOGIN eve"
    assert log_in(chat, vouched("1", "eve")) == "eve"


def test_a_server_without_accounts() -> None:
    with pytest.raises(ChatError):
        NoAccounts().log_in_vouched(vouched(), None)


# Operators.


def test_a_group_makes_operators_until_the_login_that_says_otherwise(chat: ChatWithAccounts) -> None:
    log_in(chat, vouched("1", "eve", "ops", "nothing"))
    assert chat.hub.is_operator("eve")
    assert chat.members.groups.of("eve") == {"ops"}
    log_in(chat, vouched("1", "eve", "nothing"))
    assert not chat.hub.is_operator("eve")
    assert chat.hub.is_operator("ann")
    assert not chat.hub.is_operator("nobody")


def test_the_groups_of_the_machine_are_good_for_the_same(chat: ChatWithAccounts, machine: Machine) -> None:
    assert chat.answer("LOGIN carol correct-horse") == "OK LOGIN carol"
    assert chat.answer("LOGIN dave correct-horse") == "OK LOGIN dave"
    assert chat.hub.is_operator("carol") and not chat.hub.is_operator("dave")
    machine.groups["carol"] = set()
    chat.answer("LOGIN carol correct-horse")
    assert not chat.hub.is_operator("carol")


def test_without_rules_groups_are_good_for_nothing(machine: Machine) -> None:
    chat = ChatWithAccounts("ann", checkers=[machine])
    chat.answer("LOGIN carol correct-horse")
    assert not chat.hub.is_operator("carol")
    assert chat.members.groups.of("carol") == set()
    chat.close()


def test_what_nss_knows() -> None:
    me = pwd.getpwuid(os.getuid())
    assert grp.getgrgid(me.pw_gid).gr_name in machine_groups(me.pw_name)
    assert machine_groups("nobody-of-this-name") == frozenset()


# Rooms.


def private_room(chat: ChatWithAccounts, room: str = "#Den") -> Any:
    """Let Bob register a private room, and return him."""
    settings = (f"SET {room} registered=yes", f"SET {room} private=yes")
    return chat.visitor("LOGIN bob correct-horse", f"JOIN bob {room}", *settings)


def test_a_group_lets_into_a_private_room_and_out_again(chat: ChatWithAccounts) -> None:
    bob = private_room(chat)
    bob.take()
    log_in(chat, vouched("1", "eve", "staff"))
    assert bob.take() == ["NOTE chatd invited eve to #Den: for the group staff"]
    eve = chat.visitor()
    eve.session.become_owner("eve")
    chat.send(eve, "JOIN eve #den")
    assert any(line.startswith("OK JOIN #Den") for line in eve.take())
    log_in(chat, vouched("1", "eve", "staff"))
    assert bob.take() == ["JOIN eve #Den"]  # and not invited again
    log_in(chat, vouched("1", "eve"))
    assert bob.take()[0] == "NOTE chatd withdrew eve's invitation to #Den"
    assert "NOTE chatd withdrew eve's invitation to #Den" in eve.take()
    assert chat.send(eve, "JOIN #den")[-1].startswith("ERR not-allowed JOIN the room is private")


def test_whom_an_operator_has_invited_stays_so(chat: ChatWithAccounts) -> None:
    log_in(chat, vouched("1", "eve"))
    bob = private_room(chat)
    chat.send(bob, "INVITE eve #Den")
    log_in(chat, vouched("1", "eve", "staff"))
    log_in(chat, vouched("1", "eve"))
    assert chat.hub.policy("#den").is_member("eve")


def test_who_runs_a_room_needs_no_invitation(chat: ChatWithAccounts) -> None:
    log_in(chat, vouched("1", "eve"))
    bob = private_room(chat)
    chat.send(bob, "OP eve #Den")
    log_in(chat, vouched("1", "eve", "staff"))
    assert PolicyKey("INVITE", "eve") not in chat.hub.policy("#den")


def test_a_room_of_a_group_may_be_registered_later(chat: ChatWithAccounts) -> None:
    log_in(chat, vouched("1", "eve", "staff"))
    private_room(chat)
    assert chat.hub.policy("#den").is_member("eve")


def test_a_room_that_is_nobodys_keeps_no_invitation(chat: ChatWithAccounts) -> None:
    chat.hub.limits = replace(chat.hub.limits, room_founders=True)
    log_in(chat, vouched("1", "eve", "staff"))
    assert chat.hub.journal.room_state("#den") is None


def test_no_more_than_a_room_has_place_for(chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch) -> None:
    bob = private_room(chat)
    monkeypatch.setattr(group_rooms, "MAX_ACTIONS", 2)
    bob.take()
    assert log_in(chat, vouched("1", "eve", "staff")) == "eve"
    assert not chat.hub.policy("#den").is_member("eve")
    assert bob.take() == []


def test_a_login_does_not_wait_for_ever(chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch) -> None:
    stuck: Deferred[None] = Deferred()
    monkeypatch.setattr(type(chat.hub.journal), "flush", lambda _: stuck)
    found: list[str] = []
    chat.members.log_in_vouched(vouched("1", "eve", "staff"), None).addCallback(found.append)
    chat.turn()
    assert found == []
    chat.clock.advance(group_rooms.SECONDS)
    assert found == ["eve"]
    stuck.callback(None)


def test_a_group_and_a_room() -> None:
    assert room_group("staff=#Den") == ("staff", "#Den")
    assert room_group("cn=staff,ou=groups=#den") == ("cn=staff,ou=groups", "#den")
    for wrong in ("staff", "staff=den", "=#den", "staff=#", "staff=#a b"):
        with pytest.raises(ValueError, match=r"it takes|\#"):
            room_group(wrong)


def test_of_several_groups_one_is_named() -> None:
    rules = GroupRules(rooms={"a": frozenset({names.room("#x")}), "b": frozenset({names.room("#x")})})
    assert rules.groups_of_rooms({"b"}) == {"#x": "b"}
    assert rules.groups_of_rooms({"a", "b"}) == {"#x": "a"}
    assert rules.groups_of_rooms(set()) == {"#x": None}
    assert rules.useful({"a", "z"}) == {"a"}
