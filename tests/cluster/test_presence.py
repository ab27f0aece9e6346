"""Who goes by which nick on all nodes: what entries make of it, in their order."""

from __future__ import annotations

import json

import pytest

from chatd.chat.presence.presence import Presence
from chatd.model.cluster import MemberInfo, NodeDown, NodeUp, Source, incarnation_of, is_proven, proof_of
from chatd.model.entry import Entry
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Joined, Moderated, Parted, Renamed, Said
from chatd.protocol.moderation_commands import SERVER
from chatd.protocol.names import Nick
from tests.support.in_memory_cluster import InMemoryCluster


class Stream:
    """A node that reads what a test writes."""

    def __init__(self) -> None:
        self.cluster = InMemoryCluster(1)
        self.node = self.cluster.nodes[0]
        self.presence: Presence = self.node.presence
        self.put("", NodeUp("r"))

    def put(self, room: str, event: object, info: MemberInfo | None = None, run: str = "r") -> Entry:
        entry = Entry(room, event, source=Source(run, info))  # type: ignore[arg-type]  # any kind of event
        self.cluster.log.add(None, entry)
        self.cluster.settle()
        return entry

    def join(self, person: str, nick: str, room: str = "#a", takes: str | None = None, **more: str) -> None:
        self.put(room, Joined(nick, room), MemberInfo(person, nick, takes=takes, **more))  # type: ignore[arg-type]

    def rename(self, person: str, old: str, new: str) -> None:
        self.put("", Renamed(old, new), MemberInfo(person, old))

    def leave(self, person: str, nick: str) -> None:
        self.put(SERVER, Parted(nick, SERVER), MemberInfo(person, nick))

    @property
    def nicks(self) -> dict[str, str]:
        """Who goes by which nick."""
        return {
            occupant.info.member_id: occupant.info.nick
            for occupant in self.presence.directory.all()
            if occupant.successor is None
        }

    def room(self, key: str = "#a") -> list[str]:
        return [member.member_id for member in self.node.hub.members(key)]


@pytest.fixture
def stream() -> Stream:
    return Stream()


@pytest.mark.parametrize("nick", ["alice", "ALICE", "a1ice", "alicе"])
def test_a_nick_belongs_to_the_first_who_came(stream: Stream, nick: str) -> None:
    stream.join("r.1", "alice")
    stream.join("r.2", nick)
    assert stream.nicks == {"r.1": "alice"}
    stream.leave("r.1", "alice")
    stream.join("r.3", nick)
    assert stream.nicks == {"r.3": nick}


def test_an_owner_is_not_kept_out_by_who_only_looks_like_her(stream: Stream) -> None:
    stream.join("r.1", "alice")
    stream.join("r.2", "a1ice", account="bob")
    stream.join("r.3", "a1ice", account="a1ice")
    stream.presence.check_free(Nick("al1ce"), "al1ce")
    assert stream.nicks == {"r.1": "alice", "r.3": "a1ice"}


def test_a_new_nick_is_had_by_one_and_frees_the_old(stream: Stream) -> None:
    stream.join("r.1", "alice")
    stream.join("r.2", "bob")
    stream.rename("r.2", "bob", "Alice")
    assert stream.nicks == {"r.1": "alice", "r.2": "bob"}
    stream.rename("r.1", "alice", "ALICE")
    stream.rename("r.1", "ALICE", "carol")
    stream.rename("r.2", "bob", "a1ice")
    assert stream.nicks == {"r.1": "carol", "r.2": "a1ice"}


def test_what_a_run_says_that_is_not_live_is_ignored(stream: Stream) -> None:
    stream.join("other.1", "alice")
    stream.join("r.1", "bob")
    stream.put("", NodeDown("r"))
    stream.join("r.2", "carol")
    stream.rename("r.1", "bob", "dave")
    stream.put("#a", Parted("bob", "#a"), MemberInfo("r.1", "bob"))
    assert stream.nicks == {}
    assert stream.node.hub.rooms() == []
    stream.put("#a", Said("bob", "#a", "after all"), MemberInfo("r.1", "bob"))
    assert stream.node.hub.last_id == 0


def test_a_run_goes_with_those_whom_its_people_took_over(stream: Stream) -> None:
    stream.put("", NodeUp("s"))
    stream.join("r.1", "alice", "#a")
    stream.join("r.1", "alice", "#b")
    stream.join("s.1", "alice", "#a", takes="r.1")
    assert stream.nicks == {"s.1": "alice"}
    assert (stream.room("#a"), stream.room("#b")) == (["s.1"], ["r.1"])
    stream.put("", NodeDown("r"))
    assert stream.room("#b") == ["r.1"]
    stream.join("s.1", "alice", "#b")
    assert stream.room("#b") == ["s.1"]
    stream.put("", NodeDown("s"))
    assert stream.room("#a") == stream.room("#b") == []
    assert not stream.presence.directory.all()


def test_who_was_taken_over_does_nothing_more(stream: Stream) -> None:
    stream.join("r.1", "alice", "#a")
    stream.join("r.2", "alice", "#a", takes="r.1")
    stream.join("r.1", "alice", "#b")
    stream.rename("r.1", "alice", "zoe")
    assert stream.nicks == {"r.2": "alice"}
    assert stream.room("#b") == []


def test_a_takeover_of_one_who_has_another_nick_is_a_plain_join(stream: Stream) -> None:
    stream.join("r.1", "alice", "#a")
    stream.rename("r.1", "alice", "zoe")
    stream.join("r.2", "alice", "#a", takes="r.1")
    stream.join("r.3", "bob", "#a", takes="r.9")
    assert stream.nicks == {"r.1": "zoe", "r.2": "alice", "r.3": "bob"}


def test_a_takeover_keeps_the_spelling_that_people_see(stream: Stream) -> None:
    stream.join("r.1", "alice", "#a")
    stream.rename("r.1", "alice", "Alice")
    stream.join("r.2", "alice", "#a", takes="r.1")
    assert stream.nicks == {"r.2": "Alice"}


def test_a_leave_takes_the_places_for_the_taking_along(stream: Stream) -> None:
    stream.join("r.1", "alice", "#a")
    stream.join("r.1", "alice", "#b")
    stream.join("r.2", "alice", "#a", takes="r.1")
    stream.leave("r.2", "alice")
    assert not stream.presence.directory.all()
    assert stream.node.hub.rooms() == []


def test_whoever_comes_twice_is_there_once(stream: Stream) -> None:
    stream.join("r.1", "alice")
    stream.join("r.1", "alice", account="alice")
    assert stream.room() == ["r.1"]
    occupant = stream.presence.directory.get("r.1")
    assert occupant is not None
    assert occupant.info.account == "alice"


def test_a_state_is_json_and_makes_an_equal_one(stream: Stream) -> None:
    stream.join("r.1", "alice", "#a", account="alice", address="192.0.2.1")
    stream.join("r.1", "alice", "#B")
    stream.join("r.2", "alice", "#a", takes="r.1")
    stream.join("r.3", "zoë", "#a")
    state = stream.presence.state()
    other = InMemoryCluster(1).nodes[0]
    other.presence.restore(json.loads(json.dumps(state)))
    assert other.presence.state() == state
    stream.presence.restore(state)
    assert stream.presence.state() == state
    other.presence.restore(None)
    assert other.presence.state() == {"runs": ["run1"], "people": [], "rooms": []}


@pytest.mark.parametrize("most", [1, 1000])
def test_a_room_is_called_as_whoever_made_it_wrote_it(stream: Stream, most: int) -> None:
    for event in (Joined("alice", "#Room"), Parted("alice", "#Room"), Joined("alice", "#ROOM")):
        stream.cluster.log.add(None, Entry("#room", event, source=Source("r", MemberInfo("r.1", "alice"))))
    while stream.node.cluster.place < len(stream.cluster.log.entries):
        stream.node.cluster.read_on(most)
    room = stream.node.hub.room("#room")
    assert room is not None
    assert room.name == "#ROOM"
    stream.put("#room", Said("alice", "#Room", "x"), MemberInfo("r.1", "alice"))
    assert room.name == "#Room"


def test_who_is_banned_comes_in_nowhere_by_the_time_of_the_order(stream: Stream) -> None:
    stream.put("#a", Moderated("BAN", "root", "#a", "alice", 60))
    stream.join("r.1", "alice")
    assert stream.room() == []
    assert stream.nicks == {"r.1": "alice"}
    stream.cluster.clock.advance(61)
    stream.join("r.1", "alice")
    assert stream.room() == ["r.1"]


@pytest.mark.parametrize("most", [1, 1000])
def test_what_holds_on_the_server_holds_from_its_place_on(stream: Stream, most: int) -> None:
    for room, event, person in (
        ("#a", Joined("bob", "#a"), "r.1"),
        (SERVER, Moderated("BAN", "bob", SERVER, "alice"), "r.1"),
        ("#a", Joined("alice", "#a"), "r.2"),
    ):
        info = MemberInfo(person, event.nick, operator=person == "r.1")
        stream.cluster.log.add(None, Entry(room, event, source=Source("r", info)))
    while stream.node.cluster.place < len(stream.cluster.log.entries):
        stream.node.cluster.read_on(most)
    assert stream.room() == ["r.1"]


def test_an_address_that_is_none_harms_nobody(stream: Stream) -> None:
    stream.join("r.1", "alice", address="nowhere")
    assert stream.room() == ["r.1"]


def test_a_proof_shows_no_secret_and_knows_two() -> None:
    proof = proof_of("new", "", "old")
    assert is_proven(proof, "new")
    assert is_proven(proof, "old")
    assert not is_proven(proof, "")
    assert not is_proven(proof, "other")
    assert "new" not in proof
    assert proof_of("") == ""
    assert incarnation_of("abc.12") == "abc"


def test_an_answer_says_whether_somebody_is_here(stream: Stream) -> None:
    person = stream.node.person("JOIN dave #a")
    question = {"tell": person.session.member_id, "from": "alice", "text": "psst"}
    assert stream.presence.answer(question) == {"nick": "dave"}
    assert person.take() == ["FROM alice psst"]
    person.lose()
    assert stream.presence.answer(question) == {"nick": None}
    assert stream.presence.answer(question | {"tell": "r.1"}) == {"nick": None}


def test_a_nick_elsewhere_cannot_be_claimed(stream: Stream) -> None:
    stream.join("r.1", "alice")
    with pytest.raises(ChatError) as caught:
        stream.presence.check_free(Nick("a1ice"), None)
    assert caught.value.code == Code.NAME_TAKEN
    stream.presence.check_free(Nick("bob"), None)
