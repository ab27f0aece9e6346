"""What the client keeps of conversations as they change: whenever it is killed, the next one goes on from there."""

from __future__ import annotations

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from chatd.client.model.claims import Claim
from chatd.client.model.kept_places import MAX_KEPT_LINES, load_place
from chatd.client.model.kept_rows import FILE_NAME
from chatd.client.model.kept_state import PAUSE, KeptNowhere, KeptState
from chatd.client.model.lines import Delivery, Kind
from chatd.client.model.membership import MembershipCue
from chatd.client.model.reducer import apply_event
from chatd.client.model.replies import BEGUN_SINCE, GAP
from chatd.client.model.room import Room
from chatd.client.model.transcript import UNKNOWN_FATE, Transcript
from chatd.protocol.wire import parse_event, timestamp

SERVER = "example.org:10319"
NOW = 1_700_000_000_000


@pytest.fixture(autouse=True)
def nothing_open() -> Iterator[None]:
    """Close the files of all runs of a test once it is over, without writing into them."""
    yield
    for kept in Run.left:
        kept._rows.close()
    Run.left.clear()


class Run:
    """One run of a client, which ends without a word: nothing is done at its end."""

    made = 0
    left: ClassVar[list[KeptState]] = []
    """What the runs of a test have open."""

    def __init__(self, folder: Path, nick: str = "me", *rooms: str) -> None:
        Run.made += 1
        self.told: list[str] = []
        self.soon: list[Callable[[], None]] = []
        self.kept = KeptState(folder, f"run-{Run.made}", self.told.append, self.soon.append)
        Run.left.append(self.kept)
        self.transcript = Transcript(nick, lambda: NOW)
        for name in rooms or ("#r",):
            self.transcript.open_room(name).change_membership(MembershipCue.WANT)
        self.kept.restore(self.transcript, SERVER)
        self.turn()

    def turn(self) -> None:
        """Let what is to be done at once be done."""
        while self.soon:
            self.soon.pop(0)()

    def hears(self, *lines: str) -> None:
        for line in lines:
            apply_event(self.transcript, *parse_event(line.encode()))
        self.turn()

    def joined(self, last: int, rest: str = "recovered=yes", *, epoch: str = "j.1", room: str = "#r") -> None:
        self.transcript.connected()
        self.hears(f"OK HELLO epoch={epoch}", f"OK JOIN {room} 2 last={last} resume=s {rest}")

    def say(self, to: str, text: str, label: str) -> None:
        self.transcript.add_waiting(to, text, label, NOW)
        self.turn()

    def room(self, name: str = "#r") -> Room:
        room = self.transcript.find_room(name)
        assert room is not None
        return room

    def texts(self, name: str) -> list[str]:
        return [line.text for line in self.room(name).lines]

    def waiting(self) -> list[str]:
        return [text for _, text, _ in self.transcript.waiting()]

    def die(self) -> None:
        """Let go of what the system takes from a process that is killed."""
        self.kept._rows.close()
        claim = self.kept._rows.claim
        if claim._descriptor is not None:
            os.close(claim._descriptor)
            claim._descriptor = None


def said(id_: int, text: str = "", *, tags: str = "", room: str = "#r") -> str:
    return f"@id={id_};time={timestamp(id_ * 1000)}{tags} MSG bob {room} {text or f'm{id_}'}"


def replayed(first: int, last: int, room: str = "#r") -> list[str]:
    return [said(id_, tags=";old", room=room) for id_ in range(first, last + 1)]


def test_what_waits_is_kept_before_anything_else_happens(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.transcript.add_waiting("#r", "one", "l1", NOW)
    first.transcript.add_waiting("#r", "two", "l2", NOW)
    assert len(first.soon) == 1  # one transaction for all that is said in one turn
    first.turn()
    first.die()
    second = Run(tmp_path)
    assert second.transcript.waiting() == [("#r", "one", "l1"), ("#r", "two", "l2")]
    second.say("#r", "three", "l3")
    second.die()
    assert Run(tmp_path).waiting() == ["one", "two", "three"]


def test_what_the_server_has_taken_is_not_said_again(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.joined(0)
    first.say("#r", "one", "l1")
    first.hears(f"@id=1;time={timestamp(NOW)};label=l1 MSG me #r one")
    first.kept.save()
    first.die()
    assert Run(tmp_path).waiting() == []


def test_a_private_line_that_may_have_arrived_is_not_sent_again(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.say("bob", "before the connection", "l1")
    first.joined(0)  # from here on it may be sent at any moment
    first.die()
    second = Run(tmp_path)
    assert second.waiting() == []
    (line,) = second.room("bob").lines
    assert (line.text, line.state, line.reason) == ("before the connection", Delivery.FAILED, UNKNOWN_FATE)
    second.die()
    assert [line.state for line in Run(tmp_path).room("bob").lines] == [Delivery.FAILED]


def test_a_private_line_that_was_never_sent_waits_on(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.say("bob", "psst", "l1")
    first.die()
    assert Run(tmp_path).transcript.waiting() == [("bob", "psst", "l1")]


def test_what_was_not_taken_is_still_there(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.joined(0)
    first.say("#r", "refused", "l1")
    first.hears("@label=l1 ERR muted TELL you are muted")
    first.kept.save()
    first.die()
    (line,) = Run(tmp_path).room().lines
    assert (line.text, line.state, line.reason) == ("refused", Delivery.FAILED, "you are muted")


def test_what_was_missed_is_unread_in_each_room_until_somebody_is_there(tmp_path: Path) -> None:
    first = Run(tmp_path, "me", "#r", "#s")
    first.transcript.set_front("#r")
    first.joined(0)
    first.hears("OK JOIN #s 2 last=0 resume=s recovered=yes", said(1), said(2), said(1, room="#s"))
    first.transcript.set_front("#s")
    first.kept.save()
    first.die()
    second = Run(tmp_path, "me", "#r", "#s")
    second.transcript.set_front("#r")  # the window has the focus, but nobody has touched it
    assert [(join.room, join.since, join.epoch) for join in second.transcript.rejoin()] == [
        ("#r", 2, "j.1"),
        ("#s", 1, "j.1"),
    ]
    second.hears(*replayed(3, 152), said(153, "me: look", tags=";old"))
    second.joined(153)
    second.hears(*replayed(2, 2, "#s"), "OK JOIN #s 2 last=2 resume=s recovered=yes")
    assert [(room.unread, room.mentions) for room in second.transcript.rooms.values()] == [(151, 1), (1, 0)]
    room = second.room()
    assert [line.id for line in room.lines if line.serial == room.unread_serial] == [3]
    second.kept.save()
    second.die()
    third = Run(tmp_path, "me", "#r", "#s")
    assert third.transcript.rejoin()[0].since == 2  # nobody has read it
    third.hears(*replayed(3, 153))
    third.joined(153)
    assert third.transcript.attend()
    assert not third.transcript.attend()
    third.transcript.set_front("#r")
    assert (third.room().unread, third.room().seen_id) == (0, 153)


def test_what_was_missed_is_unread_where_nothing_had_been_said(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.transcript.set_front("#r")
    first.joined(0)
    first.kept.save()
    first.die()
    second = Run(tmp_path)
    second.transcript.set_front("#r")
    second.hears(*replayed(1, 3))
    second.joined(3)
    assert second.room().unread == 3


def test_nothing_is_unread_after_a_first_start(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.joined(7, "recovered=no")
    first.hears(*replayed(5, 7))
    assert first.room().unread == 0
    assert not first.transcript.returning


def test_a_gap_is_told(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.transcript.set_front("#r")
    first.joined(5)
    first.kept.save()
    first.die()
    second = Run(tmp_path)
    second.hears(*replayed(20_000, 20_002))
    second.joined(20_002, "recovered=no", epoch="j.2")
    assert [line.text for line in second.room().lines] == [GAP, "m20000", "m20001", "m20002"]
    assert second.room().unread == 3


def test_another_history_is_told_and_its_ids_are_not_those_that_were_read(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.transcript.set_front("#r")
    first.joined(500)
    first.kept.save()
    first.die()
    second = Run(tmp_path)
    second.joined(9, "recovered=no", epoch="other.1")
    second.hears(*replayed(8, 9))
    assert [line.text for line in second.room().lines] == [BEGUN_SINCE, "m8", "m9"]
    assert second.room().seen_id == 9


def test_drafts_are_kept_in_each_room_and_conversation(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.transcript.open_room("bob").draft = "dear bob,\nI"
    first.kept.before_save = lambda: setattr(first.room(), "draft", "what stands in the field")
    first.kept.save()
    first.die()
    second = Run(tmp_path)
    assert (second.room().draft, second.room("bob").draft) == ("what stands in the field", "dear bob,\nI")
    second.room().draft = ""
    second.transcript.close_room("bob")
    second.kept.save()
    second.die()
    third = Run(tmp_path)
    assert list(third.transcript.rooms) == ["#r"]
    assert third.room().draft == ""


def test_a_guest_keeps_private_lines_and_what_is_unread_of_them(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.joined(0)
    first.hears(*[f"TELL bob line {i}" for i in range(3)], "TELL cy hello")
    first.transcript.set_front("bob")
    first.say("bob", "an answer", "l1")
    first.hears("@label=l1 OK TELL bob stored=no")
    first.transcript.set_front(None)
    first.hears("TELL bob one more")
    first.kept.save()
    first.die()
    second = Run(tmp_path)
    assert list(second.transcript.rooms) == ["#r", "bob", "cy"]
    assert second.texts("bob") == ["line 0", "line 1", "line 2", "an answer", "one more"]
    assert [line.own for line in second.room("bob").lines] == [False, False, False, True, False]
    assert [(room.unread, room.mentions) for room in second.transcript.rooms.values()] == [(0, 0), (1, 1), (1, 1)]
    assert second.room("bob").lines[-1].serial == second.room("bob").unread_serial
    second.hears("TELL bob and again")
    assert second.room("bob").unread == 2


def test_of_a_guests_lines_the_newest_are_kept(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.joined(0)
    first.hears(*[f"TELL bob {i}" for i in range(MAX_KEPT_LINES + 50)])
    first.kept.save()
    first.die()
    second = Run(tmp_path)
    assert second.texts("bob") == [str(i) for i in range(50, MAX_KEPT_LINES + 50)]
    assert second.room("bob").unread == MAX_KEPT_LINES


def test_with_an_account_the_server_is_asked_again(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.joined(0, "recovered=yes seen=0")
    first.hears(f"@id=1;time={timestamp(NOW)} TELL bob secret", f"@id=2;time={timestamp(NOW)} TELL bob unread")
    first.room("bob").seen_id = 1
    first.kept.save()
    first.die()
    assert b"secret" not in (tmp_path / FILE_NAME).read_bytes()
    second = Run(tmp_path)
    assert second.texts("bob") == []
    assert (second.room("bob").is_stored, second.room("bob").seen_id) == (True, 1)


def test_a_conversation_goes_on_under_the_others_new_name(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.joined(0)
    first.hears("TELL bob hi")
    first.kept.save()
    first.hears("NICK bob robert")
    first.kept.save()
    first.die()
    assert list(Run(tmp_path).transcript.rooms) == ["#r", "robert"]


def test_each_name_has_its_own_and_what_waits_is_of_all(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.joined(0)
    first.hears("TELL bob hi")
    first.kept.save()
    first.hears("NICK me other")
    first.room().draft = "as another"
    first.kept.save()
    first.say("#r", "unheard", "l1")
    first.die()
    under_the_first = Run(tmp_path)
    assert (under_the_first.texts("bob"), under_the_first.room().draft) == (["hi"], "")
    assert [line.state for line in under_the_first.room().lines] == [Delivery.FAILED]
    under_the_first.die()
    assert Run(tmp_path, "other").room().draft == "as another"


def test_servers_are_kept_apart(tmp_path: Path) -> None:
    first = Run(tmp_path)
    elsewhere = Transcript("me", lambda: NOW)
    elsewhere.open_room("#r").draft = "elsewhere"
    first.kept.restore(elsewhere, "example.net:1")
    first.room().draft = "here"
    elsewhere.add_waiting("#r", "waits elsewhere", "l1", NOW)
    first.turn()
    first.die()
    second = Run(tmp_path)
    assert (second.room().draft, second.waiting()) == ("here", [])
    assert second.kept.restore(again := Transcript("me", lambda: NOW), "example.net:1") != []
    assert [text for _, text, _ in again.waiting()] == ["waits elsewhere"]


def test_what_is_forgotten_of_a_server_stays_kept(tmp_path: Path) -> None:
    first = Run(tmp_path)
    first.room().draft = "a draft"
    first.say("#r", "unheard", "l1")
    first.transcript.forget_server()
    first.turn()
    first.kept.save()
    first.kept.restore(again := Transcript("me", lambda: NOW), SERVER)
    assert [text for _, text, _ in again.waiting()] == ["unheard"]


def test_two_clients_do_not_take_what_waits_from_one_another(tmp_path: Path) -> None:
    first, second = Run(tmp_path), Run(tmp_path)
    first.say("#r", "of the first", "l1")
    second.say("#r", "of the second", "l2")
    third = Run(tmp_path)
    assert (first.waiting(), second.waiting(), third.waiting()) == (["of the first"], ["of the second"], [])
    first.die()
    third.die()
    fourth = Run(tmp_path)
    assert fourth.waiting() == ["of the first"]
    second.kept.save(now=True)
    second.kept.close()
    assert Run(tmp_path).waiting() == ["of the second"]
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_a_claim_ends_with_its_process(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib; from chatd.client.model.claims import Claim\n"
        "Claim(pathlib.Path(sys.argv[1]), 'kind', 'other').take(); print('taken', flush=True); sys.stdin.read()"
    )
    mine = Claim(tmp_path, "kind", "mine")
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"taken\n"
        assert mine.is_held("other")
        other.send_signal(signal.SIGKILL)
        other.wait()
    assert not mine.is_held("other")
    assert not mine.is_held("mine")
    mine.take()
    assert mine.is_held("mine")
    mine.release()
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_broken_file_is_put_aside_with_a_sentence(tmp_path: Path, content: bytes) -> None:
    (tmp_path / FILE_NAME).write_bytes(content)
    first = Run(tmp_path)
    (sentence,) = first.told
    assert "is damaged" in sentence
    assert (tmp_path / f"{FILE_NAME}.broken").read_bytes() == content
    first.say("#r", "kept all the same", "l1")
    first.die()
    assert Run(tmp_path).waiting() == ["kept all the same"]


def test_a_file_of_a_newer_client_is_left_alone(tmp_path: Path) -> None:
    Run(tmp_path).die()
    with sqlite3.connect(tmp_path / FILE_NAME) as connection:
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    run = Run(tmp_path)
    run.say("#r", "said all the same", "l1")
    assert run.waiting() == ["said all the same"]
    (sentence, *_) = run.told
    assert "a newer chatd-client wrote it" in sentence


def test_a_disk_that_is_full_is_told_once_and_written_to_again_later(tmp_path: Path) -> None:
    run = Run(tmp_path)
    run.kept.save(now=True)
    limit = run.kept._rows._open().execute("PRAGMA page_count").fetchone()[0]
    run.kept._rows._open().execute(f"PRAGMA max_page_count = {limit}")
    for i in range(5):
        run.say("#r", f"{i} " + "x" * 5000, f"l{i}")
    assert [sentence for sentence in run.told if "full" in sentence] == run.told
    assert len(run.told) == 1
    run.kept._rows._open().execute("PRAGMA max_page_count = 1000000")
    for _ in range(PAUSE + 1):
        run.kept.save()
    run.die()
    assert len(Run(tmp_path).waiting()) == 5


def test_where_nothing_can_be_written_the_client_works_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    run = Run(tmp_path / "file" / "folder")
    run.say("#r", "said all the same", "l1")
    assert run.waiting() == ["said all the same"]
    assert run.told
    assert all("cannot be" in sentence for sentence in run.told)


def test_another_client_that_writes_is_waited_for_without_a_word(tmp_path: Path) -> None:
    run, other = Run(tmp_path), Run(tmp_path)
    with other.kept._rows.transaction():
        run.say("#r", "unheard", "l1")
    assert run.told == []
    run.kept.save()
    run.die()
    assert Run(tmp_path).waiting() == ["unheard"]


def test_kept_nowhere_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    kept, transcript = KeptNowhere(), Transcript("me", lambda: NOW)
    assert kept.restore(transcript, SERVER) == []
    transcript.add_waiting("#r", "unheard", "l1", NOW)
    kept.save(now=True)
    kept.close()
    assert os.listdir(tmp_path) == []


_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("name", "draft", "seen", "epoch", "position", "stored", "lines", "unread"), _ANY)
    ),
    st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(("time", "nick", "text", "id", "failed"), _ANY))),
    st.sampled_from(["#r", "bob"]),
)
def test_whatever_is_in_the_file_nothing_is_raised(
    data: dict[str, object], lines: list[dict[str, object]], name: str
) -> None:
    for each in (data, data | {"lines": lines}):
        room = Room(name)
        load_place(room, each, "j")
        assert all(line.kind is Kind.SAID for line in room.lines)
        assert room.unread <= len(room.lines)
