"""The client's state, fed with lines as a server sends them."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chatd.client.model.changes import (
    Change,
    Found,
    LinesChanged,
    LinesDropped,
    MembersChanged,
    Notice,
    OwnNickChanged,
    RoomRenamed,
    RoomsChanged,
    RoomsListed,
    StillWaiting,
    TopicChanged,
    UnreadChanged,
)
from chatd.client.model.lines import Delivery, Kind
from chatd.client.model.older import ask_older
from chatd.client.model.reducer import apply_event
from chatd.client.model.room import Room
from chatd.client.model.rows import Row, rows
from chatd.client.model.timeline import MAX_LINES
from chatd.client.model.transcript import Transcript
from chatd.protocol import commands, names, wire
from chatd.protocol.errors import ChatError
from chatd.protocol.events import MODERATION_VERBS
from chatd.protocol.wire import NO_TAGS, parse_event, timestamp
from tests.unit.test_wire import NICK, TEXT, VALUE, WORD, events_with

NOW = 1_000_000


class Client:
    """A transcript that hears lines, and remembers what it said is to be drawn anew."""

    def __init__(self, *lines: str, limit: int = MAX_LINES) -> None:
        self.time = NOW
        self.transcript = Transcript("me", lambda: self.time, limit)
        self.changes: list[Change] = []
        self.hears(*lines)

    def hears(self, *lines: str) -> list[Change]:
        self.changes = [
            change for line in lines for change in apply_event(self.transcript, *parse_event(line.encode()))
        ]
        return self.changes

    def room(self, name: str = "#r") -> Room:
        room = self.transcript.find_room(name)
        assert room is not None
        return room

    def texts(self, name: str = "#r") -> list[str]:
        return [line.text or f"{line.kind.name} {line.nick}" for line in self.room(name).lines]

    def ids(self, name: str = "#r") -> list[int]:
        return [line.id for line in self.room(name).lines if line.id]

    def states(self, name: str = "#r") -> list[str]:
        return [f"{line.text} {line.state.name}" for line in self.room(name).lines]


def said(id_: int, text: str = "", *, nick: str = "bob", tags: str = "", room: str = "#r") -> str:
    return f"@id={id_};time={timestamp(id_ * 1000)}{tags} MSG {nick} {room} {text or f'm{id_}'}"


def old(id_: int, text: str = "", *, nick: str = "bob", room: str = "#r") -> str:
    return said(id_, text, nick=nick, tags=";old", room=room)


IN = "OK JOIN #r 2 last=10 resume=s1"


def test_what_is_said_is_merged_by_id() -> None:
    client = Client(IN, old(9), old(10), said(11), old(3), old(9), said(12), said(11))
    assert client.ids() == [3, 9, 10, 11, 12]
    room = client.room()
    assert (room.last_id, room.oldest_id, room.resume_id) == (12, 3, 12)
    assert room.lines[0].time == 3000
    assert client.hears(said(13)) == [LinesChanged("#r", 5), UnreadChanged("#r")]
    assert client.hears(said(13)) == []


def test_names_are_as_first_written_and_compared_as_names_are() -> None:
    client = Client("OK JOIN #Räume 1 last=0 resume=s")
    client.hears(said(1, room="#RÄUME"))
    room = client.room("#rÄume")
    assert (room.name, room.key, len(room.lines)) == ("#Räume", "#räume", 1)
    assert list(client.transcript.rooms) == ["#räume"]


def test_who_comes_and_goes_is_a_line_and_a_member() -> None:
    client = Client(IN, "WHO #r me bob Ann", "OK WHO #r 3")
    room = client.room()
    assert (list(room.members), room.count) == (["Ann", "bob", "me"], 3)
    assert client.hears("@time=1970-01-01T00:00:01.000Z JOIN cy #r") == [LinesChanged("#r", 0), MembersChanged("#r")]
    client.hears("PART bob #r gone fishing", "NICK Ann zoe", "PART nobody #r")
    assert (list(room.members), room.count) == (["cy", "me", "zoe"], 3)
    assert [line.kind for line in room.lines] == [Kind.JOINED, Kind.PARTED, Kind.RENAMED, Kind.PARTED]
    assert [line.time for line in room.lines] == [1000, NOW, NOW, NOW]
    assert list(room.members.matching("o")) == ["zoe"]
    client.hears("PART me #r kicked")
    assert (room.joined, room.wanted, room.count) == (False, False, 0)


def test_the_count_is_known_before_the_names_are() -> None:
    client = Client("OK JOIN #r 5 last=0 resume=s", "JOIN x #r", "PART stranger #r")
    assert (client.room().count, list(client.room().members)) == (5, ["me", "x"])
    client.hears(IN, "PART stranger #r")
    assert (client.room().count, list(client.room().members)) == (1, ["me", "x"])


def test_a_name_of_ones_own_changes_everywhere() -> None:
    client = Client(IN, "OK JOIN #other 1 last=0 resume=s")
    changes = client.hears("OK NICK mine")
    assert changes[0] == OwnNickChanged("mine")
    assert client.transcript.nick == "mine"
    assert list(client.room().members) == list(client.room("#other").members) == ["mine"]
    assert [line.own for line in client.room().lines] == [True]
    assert client.hears("OK NICK mine") == []
    client.hears(said(11, "hi mine"))
    assert client.room().mentions == 1


def test_a_topic_is_a_line_and_the_rooms_own() -> None:
    client = Client("@id=4;time=1970-01-01T00:00:01.000Z;old TOPIC bob #r tea", IN)
    room = client.room()
    assert (room.topic, room.oldest_id, client.ids()) == ("tea", 0, [4])
    assert TopicChanged("#r") in client.hears("@id=11 TOPIC me #r coffee")
    client.hears("@id=4;old TOPIC bob #r tea")
    assert (room.topic, client.ids(), room.unread) == ("coffee", [4, 11], 0)
    assert room.lines[1].own


def test_what_passes_keeps_its_place() -> None:
    client = Client(IN, "JOIN ann #r", said(11), "PART ann #r", old(10), old(9), "NOTE hello", said(12))
    assert client.texts() == ["m9", "m10", "JOINED ann", "m11", "PARTED ann", "hello", "m12"]


def test_missing_messages_leave_a_gap_in_their_place() -> None:
    client = Client(IN, old(10), said(11))
    client.transcript.disconnected()
    assert client.transcript.rejoin() == [commands.Join("me", "#r", 11, None, "s1")]
    client.hears(old(50), old(51), "OK JOIN #r 2 last=51 resume=s2 recovered=no", said(52), old(49))
    assert client.texts() == ["m10", "m11", "Some messages are missing here", "m49", "m50", "m51", "m52"]
    client.transcript.disconnected()
    client.hears("OK JOIN #r 2 last=52 resume=s3 recovered=yes")
    assert [line.kind for line in client.room().lines].count(Kind.GAP) == 1
    assert client.room().unread == 5


def test_a_replay_that_breaks_off_is_asked_for_again() -> None:
    client = Client("OK HELLO epoch=e1", IN, said(11))
    client.transcript.disconnected()
    client.hears(old(50), old(51))
    client.transcript.disconnected()
    assert client.transcript.rejoin() == [commands.Join("me", "#r", 11, "e1", "s1")]
    client.hears(old(50), old(51), old(52), "OK JOIN #r 2 last=52 resume=s2 recovered=no")
    assert client.texts() == ["m11", "Some messages are missing here", "m50", "m51", "m52"]


def test_a_first_visit_misses_nothing() -> None:
    client = Client("OK JOIN #r 2 last=51 resume=s recovered=no")
    assert client.texts() == []


def test_a_new_epoch_is_a_new_run_of_ids() -> None:
    client = Client("OK HELLO epoch=e1", IN, "OK JOIN #empty 1 last=0 resume=s", said(11), said(12))
    client.hears("@id=13 TOPIC bob #r tea")
    client.transcript.disconnected()
    changes = client.hears("OK HELLO epoch=e2")
    assert LinesChanged("#r", 3) in changes
    assert client.transcript.rejoin()[0] == commands.Join("me", "#r", None, None, "s")
    client.hears("OK JOIN #r 1 last=3 resume=s", said(4), old(2), old(3))
    room = client.room()
    assert [(line.run, line.id) for line in room.lines if line.id] == [
        (0, 11),
        (0, 12),
        (0, 13),
        (1, 2),
        (1, 3),
        (1, 4),
    ]
    assert room.lines[3].kind is Kind.BEGUN
    client.hears("JOIN ann #r")
    client.transcript.add_waiting("#r", "hi", "a1", 5)
    assert [room.is_from_before(line) for line in room.lines] == [True] * 3 + [False] * 6
    assert (room.topic, room.oldest_id, room.resume_id, room.timeline.run) == ("", 2, 4, 1)
    assert len(client.room("#empty").lines) == 0
    client.hears("OK HELLO epoch=e2", "OK HELLO epoch=e3", "OK HELLO epoch=e4")
    assert [room.is_from_before(line) for line in room.lines] == [True] * 3 + [False] + [True] * 4 + [False] * 2
    assert [line.kind for line in room.lines].count(Kind.BEGUN) == 2


def test_a_restart_of_the_server_is_the_same_run_of_ids() -> None:
    client = Client("OK HELLO epoch=e1", IN, said(11))
    client.transcript.disconnected()
    assert client.hears("OK HELLO epoch=e1.b") == []
    assert client.transcript.rejoin() == [commands.Join("me", "#r", 11, "e1", "s1")]
    client.hears(old(12), "OK JOIN #r 2 last=12 resume=s2 recovered=yes")
    client.transcript.disconnected()
    client.hears("OK HELLO epoch=e1.c")
    assert client.transcript.rejoin() == [commands.Join("me", "#r", 12, "e1.b", "s2")]
    assert client.texts() == ["m11", "m12"]


def test_where_an_older_copy_of_the_journal_was_put_back_ids_start_over() -> None:
    client = Client("OK HELLO epoch=e1", IN, said(11), said(19))
    client.transcript.disconnected()
    client.hears("OK HELLO epoch=e1.b", "OK JOIN #r 2 last=11 resume=s2 recovered=no since=unknown", said(12))
    room = client.room()
    assert [line.kind is Kind.BEGUN for line in room.lines] == [False, False, True, False]
    assert [line.run for line in room.lines if line.id] == [0, 0, 1]
    assert (room.resume_id, room.resume_epoch) == (12, "e1.b")


def test_what_one_says_waits_and_is_stored_in_its_place() -> None:
    client = Client(IN)
    transcript = client.transcript
    assert transcript.add_waiting("#R", "one", "a1", 5) == [LinesChanged("#r", 0)]
    transcript.add_waiting("#r", "two", "a2", 6)
    with pytest.raises(ValueError, match="a2"):
        transcript.add_waiting("#r", "again", "a2", 7)
    client.hears(said(11))
    assert client.states() == ["m11 STORED", "one WAITING", "two WAITING"]
    assert transcript.waiting() == [("#r", "one", "a1"), ("#r", "two", "a2")]
    assert client.hears(said(12, "one", nick="me", tags=";label=a1")) == [LinesChanged("#r", 1)]
    client.hears(said(13), said(14, "two", nick="me", tags=";label=a2"))
    assert client.states() == ["m11 STORED", "one STORED", "m13 STORED", "two STORED"]
    assert client.ids() == [11, 12, 13, 14]
    assert transcript.waiting() == []
    assert client.room().unread == 2


def test_an_echo_of_something_known_only_ends_the_waiting() -> None:
    client = Client(IN)
    client.transcript.add_waiting("#r", "one", "a1", 5)
    client.transcript.disconnected()
    client.hears(old(11, "one", nick="me"), "OK JOIN #r 1 last=11 resume=s recovered=yes")
    assert client.states() == ["one STORED", "one WAITING"]
    assert client.hears(said(11, "one", nick="me", tags=";old;label=a1")) == [LinesChanged("#r", 1)]
    assert client.states() == ["one STORED"]


def test_an_echo_from_long_ago_does_not_hide_what_is_between() -> None:
    client = Client()
    client.transcript.add_waiting("#r", "one", "a1", 5)
    client.hears("OK JOIN #r 1 last=900 resume=s", said(400, "one", nick="me", tags=";old;label=a1"), said(901))
    assert client.room().oldest_id == 901
    assert client.ids() == [400, 901]


def test_a_label_of_ones_own_counts_in_its_room_and_from_oneself_alone() -> None:
    client = Client(IN)
    client.transcript.add_waiting("#r", "one", "a1", 5)
    client.hears(said(11, tags=";label=a1"), said(3, nick="me", tags=";label=a1", room="#other"))
    assert client.transcript.waiting() == [("#r", "one", "a1")]


def test_a_refusal_for_good_is_a_failure_and_another_is_not() -> None:
    client = Client(IN)
    for i in range(3):
        client.transcript.add_waiting("#r", f"t{i}", f"a{i}", 5)
    changes = client.hears("@label=a1 ERR unavailable TELL the disk is full")
    assert changes == [StillWaiting("#r", "a1", "the disk is full")]
    assert client.hears("@label=a2 ERR label-reused TELL said before") == [LinesChanged("#r", 0)]
    assert client.states() == ["t2 FAILED", "t0 WAITING", "t1 WAITING"]
    assert client.room().lines[0].reason == "said before"
    assert [label for _, _, label in client.transcript.waiting()] == ["a0", "a1"]


def test_what_waits_survives_a_restart() -> None:
    client = Client(IN)
    client.transcript.add_waiting("#r", "one", "a1", 5)
    client.transcript.add_waiting("bob", "psst", "a2", 6)
    again = Client()
    again.transcript.load_waiting(client.transcript.dump_waiting())
    assert again.transcript.waiting() == [("#r", "one", "a1")]
    assert again.states("bob") == ["psst FAILED"]
    assert again.room().lines[0].time == 5
    again.transcript.load_waiting(client.transcript.dump_waiting())
    assert len(again.room().lines) == 1


def test_what_was_said_under_another_name_is_not_said_again_after_a_restart() -> None:
    client = Client(IN)
    client.transcript.add_waiting("#r", "one", "a1", 5)
    again = Client()
    again.transcript.nick = "another"
    again.transcript.load_waiting(client.transcript.dump_waiting())
    assert again.transcript.waiting() == []
    assert again.states() == ["one FAILED"]


def test_private_lines_have_a_view_of_their_own() -> None:
    client = Client(IN)
    changes = client.hears(f"@time={timestamp(7000)} TELL Bob psst")
    assert changes == [RoomsChanged(), LinesChanged("bob", 0), UnreadChanged("bob"), Notice("bob", "Bob", "psst")]
    room = client.room("BOB")
    assert (room.name, room.private, room.unread, room.mentions) == ("Bob", True, 1, 1)
    client.transcript.add_waiting("bob", "what?", "a1", 8)
    client.hears("TELL bob look", "@label=a1 OK TELL Bob")
    assert client.states("bob") == ["psst STORED", "look STORED", "what? STORED"]
    client.transcript.add_waiting("bob", "hm", "a2", 8)
    client.hears("@label=a2 ERR no-such-nick TELL nobody here goes by bob")
    assert client.states("bob")[-1] == "hm FAILED"


def test_a_private_line_is_not_said_twice_by_itself() -> None:
    client = Client()
    client.transcript.add_waiting("bob", "offline", "a1", 5)
    client.transcript.disconnected()
    assert client.states("bob") == ["offline WAITING"]
    client.hears(IN)
    client.transcript.disconnected()
    assert client.states("bob") == ["offline FAILED"]


def test_a_conversation_follows_the_others_name() -> None:
    client = Client(IN, "WHO #r me bob", "TELL bob psst", "TELL cy hi")
    client.transcript.add_waiting("bob", "what?", "a1", 8)
    assert RoomRenamed("bob", "rob") in client.hears("NICK bob Rob")
    assert list(client.transcript.rooms) == ["#r", "rob", "cy"]
    assert client.transcript.waiting() == [("Rob", "what?", "a1")]
    client.hears("NICK Rob cy")
    assert list(client.transcript.rooms) == ["#r", "rob", "cy"]


def test_unread_counts_messages_of_others_that_were_not_seen() -> None:
    client = Client(old(8), IN, old(9), old(10))
    room = client.room()
    assert (room.unread, room.seen_id) == (0, 10)
    client.hears(said(11, nick="me"), said(12), "JOIN x #r", "@id=13 TOPIC bob #r tea", said(14), said(14))
    assert (room.unread, room.unread_serial) == (2, room.lines[4].serial)
    assert room.lines[4].id == 12
    assert client.transcript.set_front("#r") == [UnreadChanged("#r")]
    assert (room.unread, room.seen_id) == (0, 14)
    assert room.unread_serial is not None
    assert client.hears(said(15)) == [LinesChanged("#r", 8)]
    assert client.transcript.set_front(None) == [LinesChanged("#r", 4)]
    assert room.unread_serial is None
    client.transcript.disconnected()
    client.hears(old(14), old(16), old(17), "OK JOIN #r 2 last=17 resume=s recovered=yes")
    assert room.unread == 2
    room.mark_seen(16)
    assert room.unread == 1
    client.room().mark_seen(17)
    assert room.unread == 0


def test_the_mark_stands_before_the_first_that_is_unread() -> None:
    client = Client(IN, said(20))
    client.hears(old(15))
    room = client.room()
    assert (room.unread, room.unread_serial) == (2, room.lines[0].serial)
    client.hears(old(17))
    assert (room.unread, room.unread_serial) == (3, room.lines[0].serial)


def test_only_what_is_heard_in_the_room_is_where_to_resume() -> None:
    client = Client(said(5))
    assert client.room().resume_id is None
    client.hears(IN, said(20), old(30))
    assert client.room().resume_id == 20


def test_what_was_seen_in_an_earlier_run_is_not_unread() -> None:
    client = Client()
    client.transcript.open_room("#r")
    client.room().mark_seen(8)
    client.hears(IN, old(8), old(9), old(10))
    assert client.room().unread == 2


def test_a_mention_gives_notice_where_nobody_looks() -> None:
    client = Client(IN)
    assert client.hears(said(11, "hi ME!"))[-1] == Notice("#r", "bob", "hi ME!")
    assert client.room().lines[0].mention
    client.room().muted = True
    client.hears(said(12, "me?"), "OK JOIN #q 1 last=0 resume=s")
    assert not [each for each in client.changes if isinstance(each, Notice)]
    assert client.room().mentions == 2
    client.room().muted = False
    client.transcript.set_front("#r")
    client.hears(said(13, "me?"), said(14, "same"), said(15, "me", nick="me"))
    assert not [each for each in client.changes if isinstance(each, Notice)]
    assert client.room().mentions == 0
    client.transcript.set_front("#q")
    client.hears(old(16, "me: you were away"))
    assert (client.room().mentions, [each for each in client.changes if isinstance(each, Notice)]) == (1, [])


def test_errors_and_notes_are_shown_where_they_belong() -> None:
    client = Client(IN, "OK JOIN #q 1 last=0 resume=s")
    client.transcript.note_question("a1", commands.Who("#q"), "#q")
    client.hears("@label=a1 ERR not-in-room WHO you are not in #q", "NOTE to all")
    assert (client.texts("#q"), client.texts()) == (["you are not in #q"], ["to all"])
    client.transcript.set_front("#q")
    client.hears("ERR bad-syntax * what?", "BYE shutdown the server is stopping")
    assert client.texts("#q")[1:] == ["what?", "The server closed the connection: the server is stopping"]
    assert [line.kind for line in client.room("#q").lines] == [Kind.ERROR, Kind.ERROR, Kind.NOTE]
    assert Client().hears("NOTE to nobody", "ERR bad-nick JOIN no") == []


def test_the_greeting_is_not_shown() -> None:
    client = Client(IN)
    client.transcript.connected()
    client.hears("NOTE This is chatd. JOIN <your name> to come in", "OK HELLO epoch=e1", "NOTE help")
    assert client.texts() == ["help"]


def test_a_list_that_was_asked_for_is_shown() -> None:
    client = Client(IN)
    client.transcript.note_question("a1", commands.Who("#r"), "#r")
    client.hears("WHO #r me bob", "@label=a1 OK WHO #r 2")
    assert client.texts() == ["In #r: bob, me"]
    client.transcript.note_question("a2", commands.Rooms(), "#r")
    assert client.hears("ROOM #r 2 tea", "ROOM #s 1", "@label=a2 OK ROOMS 2") == [RoomsListed()]
    assert client.hears("ROOM #t 1", "OK ROOMS 1") == []  # nobody has asked
    assert [each.room for each in client.transcript.listing] == ["#t"]
    client.hears("OK ROOMS 0")
    assert client.transcript.listing == []


def test_older_history_is_asked_for_until_there_is_none() -> None:
    client = Client(IN)
    transcript = client.transcript
    assert ask_older(transcript, "#r", "h1", 2) == commands.History("#r", 2, None, None)
    assert ask_older(transcript, "#r", "h2", 2) is None
    client.hears(old(9), old(10), "@label=h1 OK HISTORY #r 2", said(11))
    assert client.room().may_have_older
    assert ask_older(transcript, "#r", "h3", 2) == commands.History("#r", 2, None, 9)
    client.hears(old(8), "@label=h3 OK HISTORY #r 1")
    assert not client.room().may_have_older
    assert ask_older(transcript, "#r", "h4") is None
    assert ask_older(transcript, "#nowhere", "h4") is None
    assert client.ids() == [8, 9, 10, 11]


def test_what_is_found_is_no_history() -> None:
    client = Client(IN, said(11))
    client.transcript.note_question("h", commands.History("#r", 1), "#r")
    client.transcript.note_question("s", commands.Search("#r", "tea"), "#r")
    client.hears(old(9), "@label=h OK HISTORY #r 1", old(2), said(12), old(5))
    assert client.hears("@label=s OK SEARCH #r 2") == [Found("#r")]
    assert [line.id for line in client.room().found] == [2, 5]
    assert client.ids() == [9, 11, 12]
    client.hears(old(5))
    assert client.ids() == [5, 9, 11, 12]


def test_a_room_is_left_and_closed() -> None:
    client = Client(IN, said(11))
    client.transcript.add_waiting("#r", "x", "a1", 5)
    assert RoomsChanged() in client.hears("OK PART #r")
    assert (client.room().joined, client.transcript.rejoin()) == (False, [])
    client.transcript.set_front("#r")
    assert client.transcript.close_room("#r") == [RoomsChanged()]
    assert (client.transcript.waiting(), client.transcript.front, client.transcript.rooms) == ([], None, {})
    assert client.transcript.close_room("#r") == []


def test_what_makes_no_sense_is_passed_over() -> None:
    client = Client(IN)
    for line in (
        "MSG bob r hi",
        "TOPIC bob r hi",
        "TELL #r hi",
        "JOIN bob #x",
        "PART bob #x",
        "WHO #x a",
        "OK JOIN r 1",
    ):
        assert client.hears(line) == []
    for line in ("OK JOIN", "OK WHO", "OK HISTORY #r", "OK TELL", "OK NICK", "OK PART", "PING x", "PONG", "OK X"):
        client.hears(line)
    client.hears("@id=x;time=never MSG bob #r hi")
    assert [(line.id, line.time) for line in client.room().lines] == [(0, NOW)]


def test_text_is_found_in_any_case() -> None:
    client = Client(IN, said(11, "Green tea"), said(12, "coffee"), said(13, "TEAPOT"), "JOIN tea #r")
    assert client.transcript.find_lines("#R", "tea") == [0, 2]
    assert client.transcript.find_lines("#r", "") == client.transcript.find_lines("#x", "tea") == []


def test_the_oldest_lines_are_dropped() -> None:
    client = Client(IN, limit=100)
    client.room().may_have_older = False
    client.hears(*(said(id_) for id_ in range(11, 117)))
    assert client.changes[-1] == LinesDropped("#r", 6)
    room = client.room()
    assert (len(room.lines), room.oldest_id, room.may_have_older) == (100, 17, True)
    assert ask_older(client.transcript, "#r", "h1") is None


def test_many_messages_cost_little_each() -> None:
    client = Client(IN)
    lines = [parse_event(said(id_, "hello to all of you").encode()) for id_ in range(11, 30_011)]
    costs = []
    for part in range(3):
        begun = time.process_time()
        for tags, event in lines[part * 10_000 : (part + 1) * 10_000]:
            apply_event(client.transcript, tags, event)
        costs.append(time.process_time() - begun)
    assert max(costs) < 1, costs
    begun = time.process_time()
    for id_ in range(10_000):
        apply_event(client.transcript, {"time": timestamp(id_)}, parse_event(b"JOIN ann #r")[1])
        rows(client.room(), len(client.room().lines) - 1, UTC)
    assert time.process_time() - begun < 10


class Window:
    """Draws a room only where it is told to."""

    def __init__(self) -> None:
        self.rows: list[tuple[int, Row]] = []

    def draw(self, room: Room, changes: Sequence[Change]) -> None:
        for change in changes:
            if isinstance(change, LinesChanged) and change.room == room.key:
                self._draw_from(room, change.first_index)
            elif isinstance(change, LinesDropped):
                self._draw_from(room, 0)

    def _draw_from(self, room: Room, first: int) -> None:
        start, found = rows(room, first, UTC)
        self.rows = [(index, row) for index, row in self.rows if index < start]
        # A day and a mark belong to the line after them.
        at = len(room.lines)
        placed = []
        for row in reversed(found):
            at = getattr(row, "index", at)
            placed.append((at, row))
        self.rows += reversed(placed)


LINES = st.one_of(
    st.builds(said, st.integers(1, 60), nick=st.sampled_from(["bob", "me", "ann"])),
    st.builds(old, st.integers(1, 60)),
    st.sampled_from(
        [
            "JOIN ann #r",
            "JOIN bob #r",
            "PART ann #r",
            "NICK bob rob",
            "NOTE x",
            IN,
            "OK JOIN #r 2 last=40 resume=s recovered=no",
            "OK HELLO epoch=e1",
            "OK HELLO epoch=e2",
            "@id=70;time=1970-01-03T00:00:00.000Z MSG me #r x",
            "@label=a1;id=30 MSG me #r x",
            "@label=a2;id=3;old MSG me #r x",
            "@label=a3 ERR muted TELL no",
            "@id=35 MUTE bob #r me for=30m loud",
            "@id=4;old BAN bob #r me",
            "KICK bob #r me spam",
            "!say",
            "!show",
            "!hide",
            "!lost",
        ]
    ),
)


@settings(deadline=None)
@given(st.lists(LINES, max_size=60))
def test_a_window_that_draws_what_it_is_told_shows_everything(lines: list[str]) -> None:
    client = Client(limit=20)
    transcript, window = client.transcript, Window()
    room, said_count = transcript.open_room("#r"), 0
    for line in lines:
        client.time += 40_000_000
        match line:
            case "!say":
                said_count += 1
                changes = transcript.add_waiting("#r", "x", f"a{said_count}", client.time)
            case "!show" | "!hide":
                changes = transcript.set_front("#r" if line == "!show" else None)
            case "!lost":
                changes = transcript.disconnected()
            case _:
                changes = client.hears(line)
        window.draw(room, changes)
        assert [row for _, row in window.rows] == rows(room, 0, UTC)[1]


@settings(deadline=None)
@given(st.data())
def test_however_history_arrives_each_message_stands_once_and_in_order(data: st.DataObject) -> None:
    """Any interleaving and repetition of replays, pages, live lines and echoes gives every id once, in order."""
    ids = list(range(1, data.draw(st.integers(1, 25)) + 1))
    mine = {id_ for id_ in ids if data.draw(st.booleans())}
    forms: list[str] = []
    for id_ in ids:
        if id_ in mine:
            echo = said(id_, nick="me", tags=f";label=a{id_}")
            forms += [echo, said(id_, nick="me", tags=f";label=a{id_};old"), old(id_, nick="me")]
        else:
            forms += [said(id_), old(id_)]
    passing = ["JOIN ann #r", "PART ann #r", "NICK ann bea", "NOTE x", f"OK JOIN #r 2 last={ids[-1]} resume=s"]
    heard = data.draw(st.lists(st.sampled_from(forms + passing), max_size=80))
    needed = {
        line for id_ in ids if not any(f"id={id_};" in line for line in heard) for line in forms if f"id={id_};" in line
    }
    heard += sorted(needed)
    client = Client()
    client.transcript.open_room("#r")
    for id_ in sorted(mine):
        client.transcript.add_waiting("#r", f"m{id_}", f"a{id_}", NOW)
    client.hears(*heard)
    assert client.ids() == ids
    lines = client.room().lines
    answered = {id_ for id_ in mine if any(f";label=a{id_};" in line or f";label=a{id_} " in line for line in heard)}
    assert [line.label for line in lines if line.state is Delivery.WAITING] == [
        f"a{id_}" for id_ in sorted(mine - answered)
    ]
    kinds = {"JOIN ann #r": Kind.JOINED, "PART ann #r": Kind.PARTED, "NOTE x": Kind.NOTE}
    assert [line.kind for line in lines if line.kind in kinds.values()] == [
        kinds[line] for line in heard if line in kinds
    ]


SERVER_TAGS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.integers(0, 40).map(str) | VALUE,
        "time": st.integers(0, 10**14).map(timestamp) | VALUE,
        "old": st.just(""),
        "label": st.sampled_from(["a1", "a2", "a3"]) | VALUE,
    },
)
SMALL = st.sampled_from(
    ["#r", "#q", "#*", "me", "bob", "OK", "JOIN", "1", "last=9", "recovered=no", "resume=s", "epoch=e", "WHO", "for=9m"]
)
ROUGH = st.one_of(
    st.lists(SMALL, max_size=5).map(" ".join),
    st.builds(
        "{} {}".format,
        st.sampled_from(["OK", "WHO", "NICK", "JOIN", "PART", "MSG", "TELL", *MODERATION_VERBS]),
        st.lists(SMALL).map(" ".join),
    ),
    events_with(TEXT, WORD).map(wire.render),
    st.builds("TELL {} {}".format, NICK, TEXT),
)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(SERVER_TAGS, ROUGH), max_size=40))
def test_no_line_of_a_server_breaks_anything(heard: list[tuple[dict[str, str], str]]) -> None:
    client = Client(limit=15)
    transcript = client.transcript
    transcript.add_waiting("#r", "one", "a1", 1)
    transcript.add_waiting("bob", "two", "a2", 2)
    transcript.note_question("a3", commands.Search("#r", "x"), "#r")
    for tags, line in heard:
        try:
            parsed = parse_event(wire.encode(line, tags or NO_TAGS).removesuffix(b"\r\n"))
        except ChatError:
            continue
        changes = apply_event(transcript, *parsed)
        assert all(getattr(change, "room", "#r") in transcript.rooms for change in changes)
        for room in transcript.rooms.values():
            assert transcript.rooms[names.key(room.name)] is room
            assert room.key == names.key(room.name)
            ids = [(each.run, each.id) for each in room.lines if each.id]
            assert ids == sorted(set(ids))
            assert room.unread >= room.mentions >= 0
            assert room.count >= 0
            rows(room, 0, UTC)
    transcript.rejoin()
    transcript.disconnected()
    transcript.load_waiting(transcript.dump_waiting())


def test_a_private_line_that_is_stored_is_there_once_however_often_it_is_told() -> None:
    client = Client(IN)
    client.hears("@id=5;time=1970-01-01T00:00:05.000Z TELL bob psst")
    client.hears("@id=5;time=1970-01-01T00:00:05.000Z;old TELL bob psst")
    client.hears("@id=3;time=1970-01-01T00:00:03.000Z;old TELL bob before")
    assert client.states("bob") == ["before STORED", "psst STORED"]
    client.transcript.add_waiting("bob", "what?", "a1", 8)
    client.hears("@label=a1 OK TELL bob id=7 time=1970-01-01T00:00:08.000Z stored=yes")
    client.hears("@id=6;time=1970-01-01T00:00:06.000Z TELL bob are you there?")
    assert client.states("bob") == ["before STORED", "psst STORED", "are you there? STORED", "what? STORED"]


def test_what_was_missed_in_private_is_unread_and_what_was_asked_for_is_not() -> None:
    client = Client(IN)
    client.hears("@id=5;time=1970-01-01T00:00:05.000Z;old TELL bob psst")
    assert client.room("bob").unread == 1
    client.transcript.set_front("bob")
    client.transcript.set_front("#r")
    command = ask_older(client.transcript, "bob", "h", 10)
    assert command == commands.History(None, 10, None, 5, person="bob")
    client.hears("@id=1;time=1970-01-01T00:00:01.000Z;old TELL me hello", "@id=2;old TELL bob hi")
    client.hears("@label=h OK HISTORY bob 2")
    assert client.states("bob") == ["hello STORED", "hi STORED", "psst STORED"]
    assert [line.own for line in client.room("bob").lines] == [True, False, False]
    assert client.room("bob").unread == 0
    assert ask_older(client.transcript, "bob", "h2", 10) is None


def test_nothing_older_is_asked_for_where_nothing_is_kept() -> None:
    client = Client(IN)
    client.hears(f"@time={timestamp(7000)} TELL bob psst")
    assert ask_older(client.transcript, "bob", "h", 10) is None


def test_what_a_search_in_private_finds_is_found_there() -> None:
    client = Client(IN)
    client.hears("@id=5 TELL bob psst")
    client.transcript.note_question("s", commands.Search(None, "hello", person="bob"), "bob")
    client.hears("@id=1;old TELL me hello")
    assert client.hears("@label=s OK SEARCH bob 1") == [Found("bob")]
    assert [line.text for line in client.room("bob").found] == ["hello"]
    assert client.states("bob") == ["psst STORED"]


def test_what_one_told_over_another_connection_is_ones_own() -> None:
    client = Client(IN)
    client.hears("@id=5;time=1970-01-01T00:00:05.000Z TOLD bob from my phone")
    (line,) = client.room("bob").lines
    assert (line.nick, line.text, line.own, line.id) == ("me", "from my phone", True, 5)
    assert client.room("bob").unread == 0
    client.hears("TOLD #r hi", "TOLD bob without an id")
    assert client.states("bob") == ["from my phone STORED"]
