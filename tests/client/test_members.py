"""Who is in a room stands there once, in order, whatever comes between the lines of a list."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from chatd.client.model.members import Members
from chatd.protocol import names

NICKS = st.sampled_from(["alice", "Alice", "bob", "Ça", "ça", "Zoe", "ａlice", "dave", "[bob]", "a\\b", "{x}"])


def test_members_are_sorted_by_what_spellings_have_in_common() -> None:
    members = Members()
    assert [members.add(nick) for nick in ("bob", "Alice", "carol", "alice")] == [True, True, True, False]
    assert list(members) == ["alice", "bob", "carol"]
    assert "BOB" in members
    assert [nick for nick, _ in members.matching("O").values()] == ["bob", "carol"]
    assert [nick for nick, _ in members.matching("").values()] == list(members)
    assert members.rename("Bob", "zed")
    assert not members.rename("nobody", "x")
    assert members.remove("ALICE")
    assert not members.remove("alice")
    assert list(members) == ["carol", "zed"]
    members.clear()
    assert not len(members)


def test_a_list_is_whole_with_its_end_and_loses_nobody_who_came_meanwhile() -> None:
    members = Members()
    members.add("ghost")
    members.add_listed(["alice", "bob"])
    members.add("dave")
    members.remove("carol")
    members.rename("alice", "alicia")
    members.add_listed(["carol", "alice", "erin"])
    assert not members.complete
    members.end_list()
    assert members.complete
    assert list(members) == ["alicia", "bob", "dave", "erin"]
    members.remove("bob")
    members.add_listed(["bob"])
    members.end_list()
    assert list(members) == ["bob"]


@given(st.lists(st.tuples(st.sampled_from(["add", "remove", "rename", "listed", "end", "clear"]), NICKS, NICKS)))
def test_members_are_always_sorted_and_each_there_once(steps: list[tuple[str, str, str]]) -> None:
    members = Members()
    for step, nick, other in steps:
        match step:
            case "add":
                members.add(nick)
            case "remove":
                members.remove(nick)
            case "rename":
                members.rename(nick, other)
            case "listed":
                members.add_listed([nick, other])
            case "end":
                members.end_list()
            case "clear":
                members.clear()
        keys = [names.key(nick) for nick in members]
        assert keys == sorted(set(keys))
        assert len(members) == len(keys)
