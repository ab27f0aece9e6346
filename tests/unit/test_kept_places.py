"""The places that people have in rooms, from one daemon to the next: two hubs, one after the other, on one journal."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.task import Clock

from chatd.accounts.store import open_account_store
from chatd.app.places_file import MAX_BYTES, PlacesFile, places_of
from chatd.chat.limits import Limits
from chatd.chat.permissions import is_room_operator
from chatd.chat.persons import MAX_CONNECTIONS
from chatd.journal import Journal
from chatd.journal.factory import from_string
from chatd.protocol.names import Nick
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.in_memory_chat import ChatClient, InMemoryChat, journal_environment
from tests.support.in_memory_cluster import bodies

LOGIN = f"LOGIN alice {PASSWORD}"


class House:
    """A folder, and the chats that are there one after the other."""

    def __init__(self, folder: Path) -> None:
        self.file = PlacesFile(folder / "places")
        self._journal = folder / "journal"
        self._open: list[InMemoryChat] = []
        self._starts = 0
        self._accounts = folder / "accounts"

    def _on_file(self, clock: Clock) -> Journal:
        self._starts += 1
        environment = replace(journal_environment(clock), make_epoch=lambda: f"start{self._starts}")
        return from_string(f"sqlite:{self._journal}", environment)

    def chat(self, limits: Limits | None = None) -> InMemoryChat:
        return self._opened(InMemoryChat(limits, self._on_file))

    def chat_with_accounts(self, *newly: str, gone: str = "") -> ChatWithAccounts:
        """Return a chat with the accounts of the one before, those that were made ``newly`` and without one."""
        if gone:
            with open_account_store(self._accounts, make=False) as store:
                store.remove(gone)
        chat = ChatWithAccounts(*newly, path=self._accounts, journal=self._on_file)
        self._opened(chat)
        return chat

    def _opened(self, chat: InMemoryChat) -> InMemoryChat:
        self.file.restore(chat.hub)
        self._open.append(chat)
        return chat

    def drain(self) -> int:
        """End the chat; return how many places are kept."""
        chat = self._open.pop()
        chat.turn()
        count = self.file.write(chat.hub)
        self._end(chat)
        return count

    def close(self) -> None:
        while self._open:
            self._end(self._open.pop())

    def _end(self, chat: InMemoryChat) -> None:
        chat.journal.stop()
        chat.turn()
        if isinstance(chat, ChatWithAccounts):
            chat.close()


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    with closing(House(tmp_path)) as house:
        yield house


def secret(person: ChatClient) -> str:
    return person.session.takeover.secret


def come_back(chat: InMemoryChat, nick: str, room: str, token: str, *before: str) -> ChatClient:
    """Return a program that has come back; what it was told is there still."""
    person = ChatClient(chat.hub)
    person.says("HELLO 1", *before, f"JOIN {nick} {room} resume={token}")
    chat.turn()
    return person


def test_a_guest_comes_back_as_the_author_of_what_was_said_and_as_the_founder(house: House) -> None:
    founders = Limits(room_founders=True)
    before = house.chat(founders)
    gina = before.program("JOIN gina #den", "MSG mine", "AWAY lunch", "IGNORE eve")
    ulf = before.program("JOIN ulf #den", "MSG hi")
    before.program("JOIN eve #other")
    before.person("JOIN hans #den")
    before.turn()
    gina.says("OP ulf", "BAN mallory")
    before.turn()
    house_tokens = secret(gina), secret(ulf)
    assert house.drain() == 3
    after = house.chat(founders)
    hub = after.hub
    assert [member.nick for member in hub.members("#den")] == ["gina", "ulf"]
    assert [each.nick for each in hub.members("#den") if is_room_operator(hub, "#den", each)] == ["gina", "ulf"]
    gina = come_back(after, "gina", "#den", house_tokens[0])
    assert any(line.startswith("OK JOIN #den 2 ") and "operator=yes" in line for line in gina.take())
    gina.says("RETRACT 1")
    after.turn()
    assert bodies(gina.take())[-1] == "OK RETRACT #den 1"
    assert gina.session.ignored == {"eve": "eve"}
    mallory = after.person("HELLO 1")
    mallory.says("JOIN mallory #den")
    after.turn()
    assert mallory.take()[-1].startswith("ERR banned JOIN ")


def test_nobody_is_told_of_a_join_or_part_and_who_stays_away_leaves_after_half_a_minute(house: House) -> None:
    before = house.chat()
    tokens = {nick: secret(before.program(f"JOIN {nick} #den", "JOIN #other")) for nick in ("ann", "bob", "eve")}
    assert house.drain() == 3
    after = house.chat()
    ann = come_back(after, "ann", "#den", tokens["ann"])
    assert "OK JOIN #den 3 " in ann.take()[-1]
    bob = come_back(after, "bob", "#den", tokens["bob"])
    after.wait(29)
    assert [line for line in bodies(ann.take()) if "JOIN" in line or "PART" in line] == []
    after.wait(2)
    assert bodies(ann.take()) == ["PART eve #den"]
    assert [room.name for room in after.hub.rooms()] == ["#den"]  # ann and bob did not enter the other one again
    assert bodies(bob.take())[-1] == "PART eve #den"


def test_what_is_told_meanwhile_to_a_guest_is_told_when_they_are_back(house: House) -> None:
    before = house.chat()
    token = secret(before.program("JOIN ann #den"))
    house.drain()
    after = house.chat()
    after.person("JOIN bob #den", "TELL ann are you there")
    ann = come_back(after, "ann", "#den", token)
    assert [line for line in bodies(ann.take()) if line.startswith("TELL")] == ["TELL bob are you there"]


def test_places_that_nobody_has_taken_up_are_kept_through_a_second_drain(house: House) -> None:
    before = house.chat()
    token = secret(before.program("JOIN ann #den"))
    house.drain()
    house.chat()
    assert house.drain() == 1
    after = house.chat()
    bob = after.program("JOIN bob #den")
    come_back(after, "ann", "#den", token)
    assert bob.take() == []


def test_the_connections_of_a_person_come_back_one_by_one(house: House) -> None:
    before = house.chat_with_accounts("root", "alice")
    phone = before.visitor("HELLO 1", LOGIN, "JOIN alice #a")
    desktop = before.visitor("HELLO 1", LOGIN, "JOIN alice #a", "JOIN #b")
    by_hand = before.visitor(LOGIN, "JOIN alice #a")
    bob = before.visitor("HELLO 1", "JOIN bob #a")
    tokens = [secret(each) for each in (phone, desktop, bob)]
    assert by_hand.session.takeover.digests == ""
    assert house.drain() == 4
    after = house.chat_with_accounts()
    bob = come_back(after, "bob", "#a", tokens[2])
    assert "OK JOIN #a 2 " in bob.take()[-1]
    come_back(after, "alice", "#a", tokens[0], LOGIN)
    come_back(after, "alice", "#a", tokens[1], LOGIN)
    after.visitor(LOGIN, "JOIN alice #a")
    after.wait(31)
    assert bob.take() == []
    assert "OK WHO #a 2" in bodies(after.send(bob, "WHO #a"))


def test_places_that_are_kept_are_not_counted_as_connections(house: House) -> None:
    before = house.chat_with_accounts("root", "alice")
    for _ in range(MAX_CONNECTIONS):
        before.visitor(LOGIN, "JOIN alice #a")
    assert house.drain() == MAX_CONNECTIONS
    after = house.chat_with_accounts()
    came = [after.visitor(LOGIN, "JOIN alice #a") for _ in range(MAX_CONNECTIONS + 1)]
    answers = [each.sent[-1].split(" ")[:2] for each in came]
    assert answers == [["OK", "JOIN"]] * MAX_CONNECTIONS + [["ERR", "full"]]


def test_an_owner_without_a_token_comes_back_by_the_password(house: House) -> None:
    before = house.chat_with_accounts("root", "alice")
    before.visitor(LOGIN, "JOIN alice #a")
    token = secret(before.program("JOIN bob #a"))
    house.drain()
    after = house.chat_with_accounts()
    bob = come_back(after, "bob", "#a", token)
    bob.take()
    after.visitor(LOGIN, "JOIN alice #a")
    after.wait(31)
    assert bob.take() == []


@pytest.mark.parametrize(
    ("newly", "gone", "left"), [(["gina"], "", ["alice"]), ([], "alice", ["gina"]), (["alice"], "alice", ["gina"])]
)
def test_whose_name_is_another_s_by_now_has_no_place(
    house: House, newly: list[str], gone: str, left: list[str]
) -> None:
    before = house.chat_with_accounts("root", "alice")
    before.visitor("HELLO 1", LOGIN, "JOIN alice #a")
    before.visitor("HELLO 1", "JOIN gina #a")
    assert house.drain() == 2
    after = house.chat_with_accounts(*newly, gone=gone)
    assert [member.nick for member in after.hub.members("#a")] == left


def test_a_token_is_not_written_down_and_a_wrong_one_takes_nothing(house: House, tmp_path: Path) -> None:
    before = house.chat()
    token = secret(before.program("JOIN ann #den"))
    house.drain()
    content = (tmp_path / "places").read_text()
    assert token not in content
    digest = json.loads(content)["people"][0][5]
    after = house.chat()
    for forged in ("secret2", digest):
        assert come_back(after, "ann", "#den", forged).take()[-1].startswith("ERR name-taken JOIN ")
    assert come_back(after, "ann", "#den", token).take()[-1].startswith("OK JOIN #den 1 ")


def changed(change: Callable[[dict[str, Any]], object]) -> Callable[[bytes], bytes]:
    def apply(content: bytes) -> bytes:
        state = json.loads(content)
        change(state)
        return json.dumps(state).encode()

    return apply


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content[:-1],
        lambda _: b"[" * 100_000,
        lambda _: b"[]",
        lambda content: content + b" " * MAX_BYTES,
        changed(lambda state: state.update(version=2)),
        changed(lambda state: state.update(epoch="e2")),
        changed(lambda state: state.update(last=10**6)),
        changed(lambda state: state.update(last="1")),
        changed(lambda state: state.update(boot="another")),
        changed(lambda state: state.update(uptime=state["uptime"] - 31)),
        changed(lambda state: state.update(uptime=state["uptime"] + 3600)),
        changed(lambda state: state.pop("people")),
        changed(lambda state: state.update(people=[["ann"]])),
        changed(lambda state: state["people"][0].__setitem__(0, 7)),
        changed(lambda state: state["people"][0].__setitem__(13, [7])),
        changed(lambda state: state.update(rooms=[["#den", [5], None]])),
        changed(lambda state: state.update(rooms=[["#den", 5, None]])),
    ],
)
def test_a_file_that_is_not_of_a_moment_ago_and_whole_is_passed_over(
    house: House, tmp_path: Path, change: Callable[[bytes], bytes]
) -> None:
    before = house.chat()
    before.program("JOIN ann #den", "MSG hi")
    house.drain()
    path = tmp_path / "places"
    path.write_bytes(change(path.read_bytes()))
    after = house.chat()
    assert after.hub.nick_count == 0
    assert not path.exists()


def test_a_daemon_of_root_finds_what_the_one_before_gave_to_the_owner_of_the_folder(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() == 0:
        os.chown(tmp_path, 12345, 54321)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    house.chat().program("JOIN ann #den")
    house.drain()
    assert (tmp_path / "places").stat().st_uid == tmp_path.stat().st_uid
    assert house.chat().hub.client(Nick.of("ann")) is not None


@pytest.mark.parametrize(
    "change",
    [
        changed(lambda state: state["people"][0].__setitem__(0, "no name")),
        changed(lambda state: state["people"][0].__setitem__(3, "no address")),
        changed(lambda state: state["rooms"][0].__setitem__(0, "no room")),
        changed(lambda state: state["rooms"][0].__setitem__(2, [1])),
    ],
)
def test_what_cannot_be_costs_that_one_alone(house: House, tmp_path: Path, change: Callable[[bytes], bytes]) -> None:
    before = house.chat()
    before.program("JOIN ann #den")
    before.program("JOIN bob #bar")
    house.drain()
    path = tmp_path / "places"
    path.write_bytes(change(path.read_bytes()))
    after = house.chat()
    assert after.hub.client(Nick.of("bob")) is not None


def test_only_a_journal_in_a_file_keeps_places(tmp_path: Path) -> None:
    assert places_of(f"sqlite:{tmp_path}/chatd.sqlite3").kept
    assert not places_of("memory:").kept
    assert not places_of("nats://127.0.0.1").kept


def test_a_room_that_cannot_be_read_takes_no_place_in_another(house: House, tmp_path: Path) -> None:
    chat = house.chat()
    chat.program("JOIN bob #broken", "MSG hello", "JOIN #whole", "MSG hello")
    chat.turn()
    assert house.drain() == 1
    with closing(sqlite3.connect(tmp_path / "journal")) as db:
        db.execute("UPDATE room SET name = cast(x'23ff' AS TEXT) WHERE key = '#broken'")
        db.commit()
    after = house.chat()
    assert [room.key for room in after.hub.rooms()] == ["#whole"]
    assert [str(member.nick) for member in after.hub.members("#whole")] == ["bob"]
