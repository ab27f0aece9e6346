"""Many people at random: nobody sees what cannot be, and nothing stays when all have left."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from chatd.accounts import NoAccounts
from tests.support.in_memory_chat import ChatClient, InMemoryChat, SlowJournalChat

NICKS = ["alice", "bob", "carol", "dave", "Alice", "b0b"]
ROOMS = ["#a", "#b", "#c"]


def line(chance: random.Random, secrets: list[str]) -> str:
    nick, room = chance.choice(NICKS), chance.choice(ROOMS)
    resume = f" resume={chance.choice(secrets)}" if secrets and chance.random() < 0.5 else ""
    if chance.random() < 0.5:
        since = " since=0 epoch=e1" if chance.random() < 0.5 else ""
        return chance.choice([f"JOIN {nick} {room}{since}{resume}", f"JOIN {room}{since}", "MSG hi", f"TELL {room} x"])
    others = ["WHO", "ROOMS", "PING", "QUIT", f"PART {room}", f"NICK {nick}", f"TOPIC {room} t", f"TELL {nick} x"]
    return chance.choice(others)


def order(chance: random.Random) -> str:
    """Return something that who looks after all rooms may say."""
    nick, room = chance.choice(NICKS), chance.choice(ROOMS)
    lines = [f"KICK {nick} {room}", f"BAN {nick} {room} for=20s", f"UNBAN {nick} {room}", f"MUTE {nick} {room} for=9s"]
    lines += [
        f"SET {room} private=yes who=remove",
        f"SET {room} private=no",
        f"SET {room} private=no",
        f"INVITE alice {room}",
    ]
    return chance.choice([*lines, f"SET {room} topic=operators", f"SET {room} topic=members", f"KICK {nick} #*"])


class Everybody(NoAccounts):
    """Accounts of which everybody has one, and nobody needs it."""

    def is_registered(self, key: str) -> bool:
        return key == "alice"

    def is_operator(self, key: str) -> bool:
        return key == "witness"


def check_story(told: list[str]) -> None:
    """Follow one person's lines: nobody comes twice, leaves or speaks without being there."""
    present: dict[str, set[str]] = {}
    removed_from: set[tuple[str, str]] = set()
    for each in told:
        tags, body = each.split(" ", 1) if each.startswith("@") else ("", each)
        if ";old" in tags:
            continue
        match body.split():
            case ["WHO", room, *nicks]:
                present[room] = set(nicks)
            case ["JOIN", nick, room] if room in present:
                assert nick not in present[room], each
                present[room].add(nick)
                removed_from.discard((room, nick))
            case ["KICK", _, room, nick, *_] if room in present:
                assert nick in present[room], each
                present[room].remove(nick)
                removed_from.add((room, nick))
            case ["PART", nick, room, *_] if room in present:
                assert nick in present[room], each
                present[room].remove(nick)
            case ["NICK", old, new]:
                for nicks_there in present.values():
                    if old in nicks_there:
                        nicks_there.remove(old)
                        nicks_there.add(new)
            case ["MSG", nick, room, *_] if room in present:
                # What somebody said as he was put out comes after that.
                assert nick in present[room] or (room, nick) in removed_from, each


def check_ids(told: list[str], durable: dict[str, list[int]], nicks: set[str]) -> None:
    """Follow one program's lines: what it missed and what it hears are all that happened, each once.

    ``nicks`` are those that it went by.
    """
    replayed: list[int] = []
    last: dict[str, int] = {}
    for each in told:
        tags, body = each.split(" ", 1) if each.startswith("@") else ("", each)
        match body.split():
            case ["OK", "JOIN", room, _, upto, _, *recovered]:
                upto_id = int(upto.removeprefix("last="))
                if recovered == ["recovered=yes"]:
                    assert replayed == [id_ for id_ in durable[room] if id_ <= upto_id]
                last[room] = upto_id
                replayed = []
            case ["OK", "PART", room]:
                last.pop(room, None)
            case ["MSG", _, room, *_] if room not in last and ";old" not in tags:
                pass  # said by itself as it was put out
            case ["MSG" | "TOPIC", _, room, *_] | [_, _, room, *_] if tags.startswith("@id=") and room != "#*":
                id_ = int(tags.removeprefix("@id=").split(";")[0])
                if ";old" in tags:
                    replayed.append(id_)
                else:
                    assert id_ == next(other for other in durable[room] if other > last[room]), each
                    last[room] = id_
        match body.split():
            case ["KICK", _, room, nick, *_] if nick in nicks and ";old" not in tags:
                last.pop(room, None)


def ids_by_room(told: list[str]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {room: [] for room in ROOMS}
    for each in told:
        tags, _, body = each.partition(" ")
        if tags.startswith("@id=") and ";old" not in tags and body.split()[2] != "#*":
            found[body.split()[2]].append(int(tags.removeprefix("@id=").split(";")[0]))
    return found


def settle(chat: InMemoryChat) -> None:
    """Let everything that is on its way come to its end."""
    if isinstance(chat, SlowJournalChat):
        chat.slow = False
    chat.turn()


def memory(_path: Path) -> InMemoryChat:
    return InMemoryChat()


def slow(path: Path) -> InMemoryChat:
    chat = SlowJournalChat(path / "j")
    chat.slow = True
    return chat


@pytest.mark.parametrize("make", [memory, slow])
@pytest.mark.parametrize("seed", range(15))
def test_nothing_is_left_when_all_have_left(seed: int, make: Callable[[Path], InMemoryChat], tmp_path: Path) -> None:
    chance = random.Random(seed)
    chat = make(tmp_path)
    chat.hub.accounts = Everybody()
    witness = ChatClient(chat.hub)
    witness.session.account = "witness"
    witness.says("HELLO 1", "JOIN witness #a", "JOIN #b", "JOIN #c", *(f"SET {room} registered=yes" for room in ROOMS))
    settle(chat)
    if isinstance(chat, SlowJournalChat):
        chat.slow = True
    nicks: defaultdict[ChatClient, set[str]] = defaultdict(set)
    witness.says("WHO #a", "WHO #b", "WHO #c")
    everybody: list[ChatClient] = []
    people: list[ChatClient] = []
    secrets: list[str] = []
    for _ in range(1500):
        people = [person for person in people if not person.session.ended]
        if len(people) < 8:
            people.append(chat.person("HELLO 1") if chance.random() < 0.5 else chat.person())
            everybody.append(people[-1])
        person = chance.choice(people)
        if chance.random() < 0.05 and person.session.nick == "alice":
            person.session.account = "alice"
        person.says(*(line(chance, secrets) for _ in range(chance.randrange(4))))
        nicks[person].add(person.session.nick)
        if chance.random() < 0.08:
            witness.says(order(chance))
        if person.session.takeover.secret:
            secrets = [*secrets[-5:], person.session.takeover.secret]
        if chance.random() < 0.05:
            person.lose()
        if chance.random() < 0.6:
            chat.turn()
        if isinstance(chat, SlowJournalChat) and (busy := [each for each in chat.workers.values() if each.jobs]):
            chance.choice(busy).work()
        if chance.random() < 0.02:
            chat.wait(chance.randrange(40))
            for each in (*people, witness):
                each.session.heard = chat.hub.timers.now
    settle(chat)
    told = witness.take()
    check_story(told)
    for person in everybody:
        if person.session.tagged:
            check_ids(person.take(), ids_by_room(told), nicks[person])
    for person in (*people, witness):
        person.session.connection_lost()
    settle(chat)
    chat.wait(400)
    hub = chat.hub
    assert not hub.clients
    assert not list(hub.rooms())
    assert not hub._nicks._by_key
    assert not hub._nicks._by_look
    assert not hub._watches
    assert not any(hub.timers._due.values())
    chat.journal.stop()
