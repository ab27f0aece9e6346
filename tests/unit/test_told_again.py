"""What somebody was told in private over a connection that had died is told to whoever takes that connection over."""

from __future__ import annotations

import pytest

from chatd.chat.private_lines import MAX_CHARACTERS, MAX_LINES, PROOF_SECONDS, PrivateLine, PrivateLines
from tests.support.in_memory_chat import ChatClient, InMemoryChat

TIME = "time=1970-01-12T13:46:40.000Z"


@pytest.fixture
def chat() -> InMemoryChat:
    return InMemoryChat()


def take_over(chat: InMemoryChat, old: ChatClient, *lines: str) -> ChatClient:
    """Return a new connection of whoever has the old one, in the same room."""
    return chat.person("HELLO 1", *lines, f"JOIN {old.session.nick} #a resume={old.session.takeover.secret}")


def resumed(chat: InMemoryChat, old: ChatClient) -> list[str]:
    """Return what a connection is told that takes the old one over."""
    new = ChatClient(chat.hub)
    new.says("HELLO 1", f"JOIN {old.session.nick} #a resume={old.session.takeover.secret}")
    chat.turn()
    return [line.split(" last=")[0] for line in new.take()[1:]]


def test_what_a_dead_connection_was_told_is_told_again_to_its_successor(chat: InMemoryChat) -> None:
    ann, bob = chat.program("JOIN ann #a"), chat.program("JOIN bob #a")
    ann.says("@label=1 TELL bob first", "@label=2 TELL bob second")
    assert [line for line in ann.take() if "TELL" in line] == [
        "@label=1 OK TELL bob stored=no",
        "@label=2 OK TELL bob stored=no",
    ]
    assert resumed(chat, bob) == [
        f"@{TIME};old TELL ann first",
        f"@{TIME};old TELL ann second",
        "OK JOIN #a 2",
    ]


def test_it_is_told_once_to_each_until_one_of_them_is_heard(chat: InMemoryChat) -> None:
    ann, bob = chat.program("JOIN ann #a"), chat.program("JOIN bob #a")
    ann.says("TELL bob are you there?")
    second = take_over(chat, bob)
    assert resumed(chat, second) == [f"@{TIME};old TELL ann are you there?", "OK JOIN #a 2"]
    third = chat.hub.client(second.session.nick)
    assert third is not None
    chat.wait(PROOF_SECONDS + 1)
    third.heard = chat.hub.timers.now
    fourth = ChatClient(chat.hub)
    fourth.says("HELLO 1", f"JOIN bob #a resume={third.takeover.secret}")
    chat.turn()
    assert not [line for line in fourth.take() if "TELL" in line]


def test_who_was_heard_after_it_was_told_is_not_told_again(chat: InMemoryChat) -> None:
    ann, bob = chat.program("JOIN ann #a"), chat.program("JOIN bob #a")
    ann.says("TELL bob hello")
    chat.wait(PROOF_SECONDS + 1)
    bob.session.heard = chat.hub.timers.now
    ann.says("TELL bob and now?")
    assert [line for line in resumed(chat, bob) if "TELL" in line] == [
        "@time=1970-01-12T13:46:42.000Z;old TELL ann and now?"
    ]


def test_who_owns_the_name_and_reads_no_tags_is_told_again_too(chat: InMemoryChat) -> None:
    ann = chat.program("JOIN ann #a")
    bob = chat.person("JOIN bob #a")
    bob.session.account = "bob"
    ann.says("TELL bob hello")
    again = ChatClient(chat.hub)
    again.session.account = "bob"
    again.take()
    again.says("JOIN bob #a")
    chat.turn()
    assert again.take() == ["FROM ann hello", "OK JOIN #a 2"]


def test_a_stranger_who_takes_the_free_name_is_told_nothing(chat: InMemoryChat) -> None:
    ann, bob = chat.program("JOIN ann #a"), chat.program("JOIN bob #a")
    ann.says("TELL bob a secret")
    bob.lose()
    chat.turn()
    stranger = ChatClient(chat.hub)
    stranger.says("HELLO 1", "JOIN bob #a")
    chat.turn()
    assert not [line for line in stranger.take() if "TELL" in line]


def test_a_join_that_is_refused_leaves_it_for_one_that_is_not(chat: InMemoryChat) -> None:
    ann, bob = chat.program("JOIN ann #a"), chat.program("JOIN bob #a")
    chat.hub.accounts.is_operator = lambda key: key == "ann"  # type: ignore[method-assign]
    ann.session.account = "ann"
    ann.says("TELL bob hello", "BAN bob #b")
    chat.turn()
    new = ChatClient(chat.hub)
    new.says("HELLO 1", f"JOIN bob #c resume={bob.session.takeover.secret}")
    ann.says("BAN bob #c")
    chat.turn()
    new.says("JOIN #a")
    chat.turn()
    assert [line for line in new.take() if "TELL" in line] == [f"@{TIME};old TELL ann hello"]


def test_no_more_is_kept_than_the_newest() -> None:
    lines = PrivateLines()
    for number in range(3 * MAX_LINES):
        lines.add(PrivateLine("ann", str(number), number), 10, 5)
    assert [line.time for line in lines.take(5)] == list(range(2 * MAX_LINES, 3 * MAX_LINES))
    assert lines.take(5) == []
    for number in range(10):
        lines.add(PrivateLine("ann", "x" * (MAX_CHARACTERS // 4), number), 10, 5)
    assert [line.time for line in lines.take(5)] == [6, 7, 8, 9]
    lines.add(PrivateLine("ann", "x" * MAX_CHARACTERS * 2, 1), 10, 5)
    assert [line.time for line in lines.take(5)] == [1]
