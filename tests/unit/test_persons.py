"""One person over several connections: one nick, one place in a room, and everything on each of them."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from chatd.chat.persons import MAX_CONNECTIONS
from chatd.protocol.errors import DisconnectReason
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.in_memory_chat import ChatClient
from tests.support.in_memory_cluster import InMemoryCluster, bodies

LOGIN = f"LOGIN alice {PASSWORD}"


@pytest.fixture
def chat() -> Iterator[ChatWithAccounts]:
    chat = ChatWithAccounts("root", "alice")
    yield chat
    chat.close()


def device(chat: ChatWithAccounts, *lines: str, tagged: bool = True, address: str | None = None) -> ChatClient:
    """Return one more connection of alice's."""
    hello = ["HELLO 1"] if tagged else []
    person = chat.visitor(*hello, LOGIN, *(lines or ("JOIN alice #a",)), address=address)
    person.take()
    return person


def guest(chat: ChatWithAccounts, nick: str = "bob") -> ChatClient:
    person = chat.visitor(f"JOIN {nick} #a")
    person.take()
    return person


def test_a_second_connection_comes_in_beside_the_first(chat: ChatWithAccounts) -> None:
    bob, phone = guest(chat), device(chat)
    assert bob.take() == ["JOIN alice #a"]
    desktop = chat.visitor("HELLO 1", LOGIN, "JOIN Alice #a")
    assert desktop.sent[-1].startswith("OK JOIN #a 2 last=")
    assert phone.farewell is desktop.farewell is None
    assert bob.take() == phone.take() == []
    assert chat.send(bob, "WHO #a") == ["WHO #a bob alice", "OK WHO #a 2"]
    assert "ROOM #a 2" in chat.send(bob, "ROOMS")


def test_what_one_says_is_read_by_all_the_others(chat: ChatWithAccounts) -> None:
    bob, phone, desktop, by_hand = guest(chat), device(chat), device(chat), device(chat, tagged=False)
    for each in (bob, phone, desktop, by_hand):
        each.take()
    chat.send(phone, "@label=x MSG hi")
    assert ";label=x MSG alice #a hi" in phone.sent[0]
    assert bodies(desktop.sent) == by_hand.sent == bob.sent == ["MSG alice #a hi"]
    assert "label" not in desktop.sent[0]
    for each in (bob, phone, desktop, by_hand):
        each.take()
    chat.send(bob, "TELL alice only you")
    assert bodies(phone.take()) == bodies(desktop.take()) == ["TELL bob only you"]
    assert by_hand.take() == ["FROM bob only you"]


def test_who_reads_on_one_connection_is_told(chat: ChatWithAccounts) -> None:
    bob, phone, desktop = guest(chat), device(chat), device(chat)
    for each in (bob, phone, desktop):
        each.take()
    phone.blocked = True
    assert chat.send(bob, "TELL alice one") == ["OK TELL alice stored=yes"]
    assert bodies(desktop.take()) == ["TELL bob one"]
    desktop.blocked = True
    assert chat.send(bob, "TELL alice two")[-1] == "OK TELL alice stored=yes"
    phone.blocked = desktop.blocked = False
    desktop.take()
    chat.wait(2)
    assert bodies(desktop.take()) == ["TELL bob two"]
    assert bodies(phone.take())[-1] == "TELL bob two"


def test_the_room_sees_a_part_when_the_last_one_leaves(chat: ChatWithAccounts) -> None:
    bob, phone, desktop, third = guest(chat), device(chat), device(chat), device(chat)
    bob.take()
    assert chat.send(phone, "PART #a bye")[-1] == "OK PART #a"
    desktop.lose()
    chat.turn()
    assert bob.take() == []
    assert chat.send(bob, "WHO") == ["WHO #a bob alice", "OK WHO #a 2"]
    bob.take()
    chat.send(third, "QUIT good night")
    assert bob.take() == ["PART alice #a good night"]
    chat.send(phone, "JOIN #a")
    assert bob.take() == ["JOIN alice #a"]


def test_each_connection_is_in_rooms_of_its_own(chat: ChatWithAccounts) -> None:
    phone, desktop = device(chat), device(chat, "JOIN alice #b")
    assert chat.send(desktop, "TELL #a hi")[-1].startswith("ERR not-in-room ")
    bob = guest(chat)
    phone.take()
    desktop.take()
    chat.send(bob, "MSG hi")
    assert bodies(phone.take()) == ["MSG bob #a hi"]
    assert desktop.take() == []


def test_the_nick_goes_on_when_the_first_connection_ends(chat: ChatWithAccounts) -> None:
    bob, phone, desktop = guest(chat), device(chat), device(chat)
    phone.lose()
    chat.turn()
    desktop.take()
    bob.take()
    chat.send(bob, "TELL alice hi")
    assert bodies(desktop.take()) == ["TELL bob hi"]
    assert chat.answer("JOIN alice #a").startswith("ERR not-allowed ")
    assert chat.answer("JOIN a1ice #a").startswith("ERR name-taken ")
    desktop.lose()
    chat.turn()
    assert list(chat.hub._nicks._by_key) == ["bob"]


def test_so_many_may_be_there_and_no_more(chat: ChatWithAccounts) -> None:
    people = [device(chat) for _ in range(MAX_CONNECTIONS)]
    late = chat.visitor(LOGIN, "JOIN alice #a")
    why = f"alice has {MAX_CONNECTIONS} connections, which is the maximum; QUIT one first"
    assert late.sent[-1] == f"ERR full JOIN {why}"
    people[0].lose()
    chat.turn()
    assert chat.send(late, "JOIN alice #a")[-1] == "OK JOIN #a 1"


def test_a_resume_token_takes_over_the_one_connection_that_it_is_of(chat: ChatWithAccounts) -> None:
    bob, phone = guest(chat), device(chat)
    desktop = chat.visitor("HELLO 1", LOGIN, "JOIN alice #a")
    secret = desktop.sent[-1].rpartition("resume=")[2].split()[0]
    bob.take()
    again = chat.visitor("HELLO 1", f"JOIN alice #a resume={secret}")
    assert again.sent[-1].startswith("ERR not-allowed ")  # a name that is somebody's own takes the password too
    again = chat.visitor("HELLO 1", LOGIN, f"JOIN alice #a resume={secret}")
    assert desktop.farewell is DisconnectReason.REPLACED
    assert phone.farewell is None
    assert again.sent[-1].startswith("OK JOIN #a 2 ")
    chat.wait(60)
    assert bob.take() == []
    chat.send(again, "QUIT")
    assert bob.take() == []
    chat.send(phone, "QUIT")
    assert bob.take() == ["PART alice #a"]


def test_a_nick_that_is_shared_is_not_changed(chat: ChatWithAccounts) -> None:
    phone, desktop = device(chat), device(chat)
    why = "you have 2 connections that share your nick; QUIT the others first"
    assert chat.send(phone, "NICK al")[-1] == chat.send(desktop, "NICK al")[-1] == f"ERR not-allowed NICK {why}"
    desktop.lose()
    assert chat.send(phone, "NICK al")[-1] == "OK NICK al"
    assert chat.visitor(LOGIN, "JOIN alice #a").sent[-1] == "OK JOIN #a 2"


def test_who_is_changing_the_nick_is_not_joined(chat: ChatWithAccounts) -> None:
    phone, late = device(chat), chat.visitor(LOGIN)
    phone.says("NICK al")
    late.says("JOIN alice #a")
    assert late.sent[-1].startswith("ERR name-taken JOIN ")
    chat.turn()
    assert chat.send(late, "JOIN alice #a")[-1] == "OK JOIN #a 2"


@pytest.mark.parametrize("ruling", ["KICK alice #a out", "BAN alice #a out", "BAN 192.0.2.1 #a out"])
def test_who_is_put_out_goes_with_all_connections(chat: ChatWithAccounts, ruling: str) -> None:
    root = chat.visitor(f"LOGIN root {PASSWORD}", "JOIN root #a")
    phone, desktop = device(chat, address="192.0.2.1"), device(chat, address="192.0.2.2")
    root.take()
    chat.send(root, ruling)
    lines = [line for line in root.take() if " removed " in line]
    for each in (phone, desktop):
        assert [line for line in bodies(each.take()) if line.startswith("KICK")] == ["KICK root #a alice out"]
        assert chat.send(each, "MSG hi")[-1].startswith("ERR not-in-room ")
    assert lines == ([] if ruling.startswith("KICK") else ["NOTE root removed alice from #a: out"])
    assert chat.send(root, "WHO")[-1] == "OK WHO #a 1"


def test_who_is_put_off_the_server_goes_with_all_connections(chat: ChatWithAccounts) -> None:
    root = chat.visitor(f"LOGIN root {PASSWORD}", "JOIN root #a")
    phone, desktop = device(chat), device(chat)
    root.take()
    chat.send(root, "KICK alice #*")
    assert phone.farewell is desktop.farewell is DisconnectReason.KICKED
    assert [line for line in root.take() if line.startswith("PART")] == ["PART alice #a"]


def test_who_is_muted_is_so_on_all_connections(chat: ChatWithAccounts) -> None:
    root = chat.visitor(f"LOGIN root {PASSWORD}", "JOIN root #a")
    phone, desktop = device(chat), device(chat)
    chat.send(root, "MUTE alice #a")
    for each in (phone, desktop):
        assert chat.send(each, "MSG hi")[-1].startswith("ERR muted ")


def test_a_stranger_under_the_name_is_thrown_out_as_ever(chat: ChatWithAccounts) -> None:
    stranger = chat.visitor("JOIN carol #a")
    chat.store.add(type(chat.store.accounts()[0])("carol", "carol", chat.store.accounts()[0].hash, False, 0))
    owner = chat.visitor(f"LOGIN carol {PASSWORD}", "JOIN carol #a")
    assert stranger.farewell is DisconnectReason.REPLACED
    assert owner.sent[-1] == "OK JOIN #a 1"


def test_who_had_an_account_of_that_name_before_is_a_stranger(chat: ChatWithAccounts) -> None:
    before = device(chat)
    old = chat.store.find("alice")
    assert old is not None
    chat.store.remove("alice")
    chat.store.add(type(old)("alice", "alice", old.hash, operator=False, created=5))
    after = device(chat)
    assert before.farewell is DisconnectReason.REPLACED
    assert after.farewell is None


def test_who_registers_may_connect_again_at_once() -> None:
    chat = ChatWithAccounts("root", registration="open")
    first = chat.visitor("JOIN dora #a", f"REGISTER {PASSWORD}")
    second = chat.visitor(f"LOGIN dora {PASSWORD}", "JOIN dora #a")
    assert second.sent[-1] == "OK JOIN #a 1"
    assert first.farewell is None
    chat.close()


def test_ignoring_is_each_connections_own(chat: ChatWithAccounts) -> None:
    bob, phone, desktop = guest(chat), device(chat), device(chat)
    chat.send(phone, "IGNORE bob")
    phone.take()
    desktop.take()
    chat.send(bob, "MSG hi", "TELL alice hi")
    assert phone.take() == []
    assert bodies(desktop.take()) == ["MSG bob #a hi", "TELL bob hi"]


def test_on_several_nodes_the_second_one_takes_over() -> None:
    cluster = InMemoryCluster()
    here, there = cluster.nodes
    for second in (here, there):
        first = here.program("JOIN alice #a")
        cluster.settle()
        first.session.become_owner("alice")
        late = second.program()
        late.session.become_owner("alice")
        late.says("JOIN alice #a")
        cluster.settle()
        assert first.farewell is DisconnectReason.REPLACED
        late.says("QUIT")
        cluster.settle()


ROOMS = ("#a", "#b")


class Story:
    """People who come and go at random, an observer in each room, and what each room should look like."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.chat = ChatWithAccounts("root", "alice")
        self.watchers = {room: self.chat.visitor(f"JOIN watcher{room[1:]} {room}") for room in ROOMS}
        self.seen: dict[str, list[str]] = {room: [] for room in ROOMS}
        self.people: list[tuple[str, ChatClient]] = []
        self.secrets: list[str] = []

    def act(self) -> None:
        chance, room = self.chance, self.chance.choice(ROOMS)
        live = [(nick, each) for nick, each in self.people if each.farewell is None]
        match chance.randrange(8):
            case 0 | 1:
                resume = f" resume={chance.choice(self.secrets)}" if self.secrets and chance.random() < 0.3 else ""
                self.people.append(("alice", self.chat.visitor("HELLO 1", LOGIN, f"JOIN alice {room}{resume}")))
            case 2:
                self.people.append(("bob", self.chat.visitor("HELLO 1", f"JOIN bob {room}")))
            case 3 if live:
                chance.choice(live)[1].lose()
            case 4 if live:
                chance.choice(live)[1].says(f"PART {room}")
            case 5 if live:
                chance.choice(live)[1].says(f"JOIN {room}")
            case 6:
                self.chat.clock.advance(chance.choice([1, 31]))
            case _ if live:
                chance.choice(live)[1].says("QUIT bye")
        if chance.random() < 0.7:
            self.chat.turn()

    def check(self) -> None:
        self.chat.turn()
        for _, each in self.people:
            self.secrets += [line.rpartition("resume=")[2].split()[0] for line in each.take() if " resume=" in line]
        for room, watcher in self.watchers.items():
            there = self.seen[room]
            for line in watcher.take():
                verb, nick, *_ = line.split(" ")
                if verb == "JOIN":
                    assert nick not in there
                    there.append(nick)
                elif verb == "PART":
                    there.remove(nick)
            watcher.says(f"WHO {room}")
            who, done = watcher.take()
            assert sorted(who.split(" ")[2:]) == sorted([f"watcher{room[1:]}", *there])
            assert done == f"OK WHO {room} {len(there) + 1}"


@pytest.mark.parametrize("seed", range(40))
def test_whatever_they_do_comings_and_goings_balance_and_agree_with_who(seed: int) -> None:
    story = Story(seed)
    for _ in range(150):
        story.act()
        if story.chance.random() < 0.5:
            story.check()
    story.chat.wait(31)
    story.check()
    for _, each in story.people:
        if each.farewell is None:
            each.lose()
    story.chat.wait(31)
    story.check()
    assert story.seen == {room: [] for room in ROOMS}
    assert len(story.chat.hub.persons) == 0
    assert sorted(story.chat.hub._nicks._by_key) == ["watchera", "watcherb"]
    assert all(len(room._persons) == 1 for room in story.chat.hub.rooms())
    story.chat.close()
