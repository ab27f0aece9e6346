"""Entries as messages of the stream, the addresses of clusters, and who is taken for dead."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chatd.journal import Retention
from chatd.journal.jetstream.address import parse
from chatd.journal.jetstream.errors import ApiError, NatsError
from chatd.journal.jetstream.leases import RENEW_SECONDS, Leases
from chatd.journal.jetstream.messages import MAX_BATCH_POSITION, MessageId, Subjects, WriteProbe, decode
from chatd.journal.jetstream.streams import LEAST_KEPT, stream_info
from chatd.model.cluster import MemberInfo, NodeDown, NodeUp, Source
from chatd.model.entry import Entry, RoomEvent
from chatd.protocol.events import MODERATION_VERBS, Joined, Moderated, Parted, Renamed, Said, TopicSet
from chatd.protocol.moderation_commands import SERVER

MESSAGE_ID = MessageId("r1", 7, 3)
INFO = MemberInfo("r1.5", "Alice", "alice", "10.0.0.1", operator=True, proof="abc", takes="r0.2")
WORD = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=20)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=200)


@pytest.mark.parametrize(
    "event",
    [
        Said("alice", "#a", "hello  wörld"),
        TopicSet("alice", "#a", "t"),
        Moderated("BAN", "ann", "#a", "10.0.0.0/8", 3600, "spam, spam"),
        Moderated("SET", "ann", "#a", "private=yes"),
        Moderated("MUTE", "root", SERVER, "eve"),
        Moderated("BAN", "ann", "#a", "eve", 3600, "spam", "address=10.6.6.6"),
        Joined("alice", "#A"),
        Parted("alice", "#a"),
        Parted("alice", "#a", "bye"),
        Parted("alice", SERVER),
        Renamed("alice", "bob"),
        NodeUp("r1"),
        NodeDown("r2"),
    ],
)
@pytest.mark.parametrize("info", [None, MemberInfo("r1.1", "alice"), INFO])
def test_an_entry_comes_back_as_it_was(event: RoomEvent, info: MemberInfo | None) -> None:
    room = getattr(event, "room", "").lower()
    entry = Entry(room, event, label="l1", source=Source("r1", info))
    message = Subjects("chatd").message(entry, MESSAGE_ID)
    decoded = decode(message.payload)
    assert decoded.id == message.id == MESSAGE_ID
    came = decoded.entry()
    assert all(getattr(came, field.name) == getattr(entry, field.name) for field in fields(Entry))
    assert message.passing is not entry.durable


def test_who_is_announced_anew_is_told_from_who_comes_in() -> None:
    for again in (False, True):
        entry = Entry("#a", Joined("ann", "#a"), source=Source("r1", INFO), again=again)
        payload = Subjects("chatd").message(entry, MESSAGE_ID).payload
        assert decode(payload).entry().again is again
        assert (b'"again":true' in payload) is again


def test_who_spoke_without_coming_in_is_no_member() -> None:
    entry = Entry("#a", Said("ci", "#a", "passed"), label="l1", source=Source("r1", None, INFO))
    message = Subjects("chatd").message(entry, MESSAGE_ID)
    assert decode(message.payload).entry().source == entry.source
    assert b'"card"' not in message.payload  # by which nodes before would judge it
    assert not message.passing


@given(WORD, WORD, TEXT, st.none() | WORD)
def test_whatever_is_said_comes_back(nick: str, room: str, text: str, label: str | None) -> None:
    entry = Entry(f"#{room}", Said(nick, f"#{room}", text), label=label, source=Source("r1", MemberInfo("r1.1", nick)))
    decoded = decode(Subjects("chatd").message(entry, MESSAGE_ID).payload)
    assert (decoded.event, decoded.label, decoded.info) == (entry.event, label, MemberInfo("r1.1", nick))


def test_what_holds_in_a_room_does_not_age() -> None:
    for event, about in (
        (TopicSet("ann", "#a", "news"), "TOPIC.-"),
        (Moderated("BAN", "ann", "#a", "bob", None, "out"), "BAN.bob"),
        (Moderated("UNBAN", "ann", "#a", "Bob"), "BAN.bob"),
        (Moderated("SET", "ann", "#a", "private=yes"), "SET.private"),
    ):
        message = Subjects("s").message(Entry("#a", event), MESSAGE_ID)
        assert (message.subject, message.lasts, message.passing) == (f"s.rule.%23a.{about}", True, False)
    assert not Subjects("s").message(Entry("#a", Said("ann", "#a", "x")), MESSAGE_ID).lasts


def test_a_probe_is_nothing_that_happened() -> None:
    message = Subjects("chatd").write_probe(MESSAGE_ID)
    assert decode(message.payload).event == WriteProbe()
    assert message.passing


@pytest.mark.parametrize(
    ("key", "word"),
    [("#a", "%23a"), ("#a.b", "%23a%2Eb"), ("#*", "%23%2A"), ("#>", "%23%3E"), ("#ä", "%23%C3%A4"), ("# ", "%23%20")],
)
def test_a_room_is_one_word_of_a_subject(key: str, word: str) -> None:
    assert Subjects("s").room(key) == f"s.room.{word}"


def test_what_is_passing_takes_turns_if_few_of_each_subject_are_kept() -> None:
    ids = [MessageId("r1", n, at) for n in range(1, 5) for at in range(500)]
    assert {Subjects("s").passing(message_id) for message_id in ids} == {"s.passing.r1"}
    several = {Subjects("s", LEAST_KEPT).passing(message_id) for message_id in ids}
    assert len(several) == 10
    assert all(subject.startswith("s.passing.r1.") for subject in several)


def test_messages_of_a_run_ascend() -> None:
    ids = [MessageId("r", 1, 0), MessageId("r", 1, 999), MessageId("r", 2, 0), MessageId("r", 10, 3)]
    assert [message_id.order for message_id in ids] == sorted(message_id.order for message_id in ids)
    assert MAX_BATCH_POSITION > 999


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"1",
        b"[]",
        b"\xff",
        b"[" * 100_000,
        b'{"from": "r", "n": 1}',
        b'{"from": 1, "n": 1, "i": 0, "kind": "BEGIN", "text": "r"}',
        b'{"from": "r", "n": "1", "i": 0, "kind": "BEGIN", "text": "r"}',
        b'{"from": "r", "n": 1, "i": 0, "kind": "WAVE", "nick": "a", "room": "#a", "text": "r"}',
        b'{"from": "r", "n": 1, "i": 0, "kind": "MSG", "nick": "a", "room": "", "text": "r"}',
        b'{"from": "r", "n": 1, "i": 0, "kind": "MSG", "nick": "a", "room": "#a", "text": 5}',
        b'{"from": "r", "n": 1, "i": 0, "kind": "BEGIN", "text": "r", "card": {"speed": 1}}',
        b'{"from": "r", "n": 1, "i": 0, "kind": "BEGIN", "text": "r", "card": {"person": 7, "nick": []}}',
        b'{"from": "r", "n": 1, "i": 5000, "kind": "BEGIN", "text": "r"}',
        b'{"from": "r", "n": 1, "i": 0, "kind": "KICK", "nick": "a", "room": "#a", "text": ""}',
    ],
)
def test_what_no_node_sends_is_refused(payload: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        decode(payload).entry()


def test_every_ruling_has_its_own_kind() -> None:
    for verb in MODERATION_VERBS:
        event = Moderated(verb, "ann", "#a", "bob" if verb != "SET" else "private=yes")
        assert decode(Subjects("s").message(Entry("#a", event), MESSAGE_ID).payload).event == event


def test_an_address_may_say_nothing_but_where() -> None:
    address = parse("nats://a,b:5,[::1]:6")
    assert address.servers == ("nats://a:4222", "nats://b:5", "nats://[::1]:6")
    assert (address.stream, address.index) == ("chatd", Path("chatd-index.sqlite3").resolve())
    assert (address.user, address.password, address.token, address.encrypted) == (None, None, None, False)


@pytest.mark.parametrize(
    ("hosts", "servers"),
    [
        ("[::1]:6,a,b:5", ("[::1]:6", "a:4222", "b:5")),
        ("a,[::1]:6,b:5", ("a:4222", "[::1]:6", "b:5")),
        ("a,b:5,[::1]", ("a:4222", "b:5", "[::1]:4222")),
        ("[::1],[2001:DB8::2]:5,[::ffff:192.0.2.3]", ("[::1]:4222", "[2001:db8::2]:5", "[::ffff:192.0.2.3]:4222")),
        ("192.0.2.1,[fe80::1]:65535,Nats.Example.org:", ("192.0.2.1:4222", "[fe80::1]:65535", "nats.example.org:4222")),
    ],
)
def test_an_ipv6_host_stands_anywhere_in_a_list(hosts: str, servers: tuple[str, ...]) -> None:
    assert parse(f"nats://{hosts}").servers == tuple(f"nats://{server}" for server in servers)
    assert parse(f"tls://chat:sesame@{hosts}/s").servers == tuple(f"tls://{server}" for server in servers)


@pytest.mark.parametrize(
    "host", ["[::1", "::1", "[]", "[a]", "[::1]a", "[::1]:x", "a[::1]", "a:70000", "a:0", "a:\u0661"]
)
def test_what_is_no_host_is_named_wherever_it_stands(host: str) -> None:
    for hosts in (host, f"{host},b", f"a,{host},b", f"a,{host}"):
        with pytest.raises(ValueError, match="is not HOST") as error:
            parse(f"nats://{hosts}")
        assert repr(host) in str(error.value)


def test_an_address_may_say_more(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    address = parse(f"nats://chat:p%40ss@a/teamchat?ca={tmp_path}/ca.pem&index={tmp_path}/i.sqlite3")
    assert (address.stream, address.user, address.password) == ("teamchat", "chat", "p@ss")
    assert (address.ca, address.index, address.encrypted) == (tmp_path / "ca.pem", tmp_path / "i.sqlite3", True)
    assert parse("tls://secret@a").token == "secret"
    assert parse("tls://secret@a").encrypted


@pytest.mark.parametrize("login", ["chat:sesame@", "sesame@"])
def test_what_is_secret_does_not_show(login: str) -> None:
    assert "sesame" not in repr(parse(f"nats://{login}a"))
    for wrong in ("a b", "a/x.y", "a?speed=1", "a:x", ""):
        with pytest.raises(ValueError, match="write nats://") as error:
            parse(f"nats://{login}{wrong}")
        assert "sesame" not in str(error.value)


STREAM_INFO: dict[str, Any] = {
    "config": {"name": "chatd", "allow_atomic": True, "metadata": {"chatd-epoch": "e"}},
    "state": {"last_seq": 9},
}


def info(**config: Any) -> dict[str, Any]:
    return STREAM_INFO | {"config": STREAM_INFO["config"] | config}


def test_what_a_stream_keeps_is_read_from_it() -> None:
    assert stream_info(STREAM_INFO)[:5] == ("e", Retention(), None, 9, "")
    assert stream_info(info(max_age=90 * 10**9, max_msgs_per_subject=-1)).retention == Retention(90)
    assert stream_info(info(max_msgs_per_subject=50)).retention == Retention(None, 50)
    metadata = {"chatd-epoch": "e", "chatd-keep-messages": "50", "chatd-unicode": "17.0.0"}
    kept = info(max_msgs_per_subject=10_000, metadata=metadata)
    assert stream_info(kept)[:5] == ("e", Retention(None, 50), 10_000, 9, "17.0.0")


@pytest.mark.parametrize(
    ("config", "why"), [({"metadata": None}, "not a journal"), ({"allow_atomic": False}, "batches")]
)
def test_a_stream_that_is_no_journal_is_refused(config: dict[str, Any], why: str) -> None:
    with pytest.raises(NatsError, match=why):
        stream_info(info(**config))


def test_an_error_of_jetstream_has_its_number() -> None:
    assert ApiError(10059, "stream not found").code == 10059


def renewing(leases: Leases, start: float, end: float) -> None:
    for second in range(int(start), int(end), 4):
        leases.note_renewal(second)


def test_a_run_whose_key_is_gone_is_over() -> None:
    leases = Leases()
    renewing(leases, 0, 20)
    assert leases.expired(18, {"a", "b"}, ["a", "b"]) == []
    assert leases.expired(19, {"a"}, ["a", "b"]) == []
    assert leases.expired(20, {"a"}, ["a", "b"]) == ["b"]


def test_nobody_judges_who_has_not_renewed_for_as_long_as_a_lease() -> None:
    leases = Leases()
    assert leases.expired(0, set(), ["b"]) == []
    renewing(leases, 0, 12)
    assert leases.expired(11, set(), ["b"]) == leases.expired(12, set(), ["b"]) == []


def test_nobody_judges_who_was_cut_off() -> None:
    leases = Leases()
    renewing(leases, 0, 20)
    assert leases.expired(40, set(), ["b"]) == leases.expired(41, set(), ["b"]) == []
    renewing(leases, 41, 54)
    assert leases.expired(54, set(), ["b"]) == []
    renewing(leases, 57, 60)
    assert leases.expired(58, set(), ["b"]) == ["b"]


def test_a_key_that_is_back_is_alive() -> None:
    leases = Leases()
    renewing(leases, 0, 20)
    leases.expired(18, set(), ["b"])
    leases.expired(19, {"b"}, ["b"])
    assert leases.expired(20, set(), ["b"]) == []


def test_the_own_key_is_renewed_in_time() -> None:
    leases = Leases()
    assert leases.renewal_due(0)
    leases.note_renewal(0)
    assert not leases.renewal_due(RENEW_SECONDS - 1)
    assert leases.renewal_due(RENEW_SECONDS)


def test_a_private_line_has_a_kind_of_its_own_which_nodes_of_a_version_before_leave_alone() -> None:
    subjects, key = Subjects("chatd"), "=ann.d0=bob.d0"
    message = subjects.message(Entry(key, Said("ann", key, "hi")), MessageId("run", 1, 0))
    assert json.loads(message.payload)["kind"] == "TELL"
    assert message.subject == "chatd.room.%3Dann%2Ed0%3Dbob%2Ed0"
    entry = decode(message.payload).entry()
    assert (entry.room, entry.event) == (key, Said("ann", key, "hi"))
    assert entry.durable
    with pytest.raises(ValueError, match="no TELL"):
        decode(message.payload.replace(key.encode(), b"#room"))
