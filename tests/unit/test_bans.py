"""``chatd ban``, as it is typed, and the way back in for who has banned the machine that the daemon is on."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from chatd import __main__
from chatd.journal import JournalError
from chatd.journal.factory import from_string
from chatd.journal.jetstream.local_index import LocalIndexStore
from chatd.journal.sqlite.bans import held_bans, remove_ban
from chatd.journal.sqlite.requests import POLL_SECONDS
from chatd.journal.sqlite.store import Store
from chatd.model.entry import Entry
from chatd.model.room_policy import PolicyKey
from chatd.protocol.events import Moderated
from tests.support.daemon import BIN, DEADLINE, Daemon, environment
from tests.support.in_memory_accounts import PASSWORD
from tests.support.in_memory_chat import ChatClient, InMemoryChat, SlowJournalChat, journal_environment

NOW = 1_760_000_000_000


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "chatd.sqlite3"
    events = [
        Moderated("BAN", "root", "#*", "127.0.0.1", None, "flood"),
        Moderated("BAN", "ann", "#den", "Mallory", None, None, "address=10.6.6.6"),
        Moderated("BAN", "ann", "#den", "hank", 60, "over by now"),
        Moderated("MUTE", "ann", "#den", "eve"),
    ]
    with closing(Store(path)) as store:
        store.epoch("e1")
        store.write([Entry(event.room, event, time=NOW) for event in events])
    return path


def output(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    monkeypatch.setattr(sys, "argv", ["chatd", "ban", *words])
    __main__.main()
    return capsys.readouterr().out.splitlines()


@pytest.mark.usefixtures("journal")
def test_list_says_which_hold(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert [line.split("\t") for line in output(monkeypatch, capsys, "list")] == [
        ["127.0.0.1", "#*", "root", "2025-10-09T08:53:20.000Z", "-", "-", "flood"],
        ["Mallory", "#den", "ann", "2025-10-09T08:53:20.000Z", "-", "address=10.6.6.6", "-"],
    ]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["127.0.0.1"], "127.0.0.1 is no longer banned from the server"),
        (["::ffff:127.0.0.1", "#*"], "127.0.0.1 is no longer banned from the server"),
        (["mallory", "#DEN"], "Mallory is no longer banned from #den"),
    ],
)
def test_remove_takes_one_back(
    journal: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], told: str
) -> None:
    before = held_bans(journal, NOW)
    assert output(monkeypatch, capsys, "remove", *words) == [told]
    assert [ban for ban in before if ban not in held_bans(journal, NOW)] == [
        ban for ban in before if ban.subject == told.split(" ")[0]
    ]
    with closing(Store(journal)) as store:
        assert not [room for room, state in store.room_states().items() if state.policy.may_silence and room == "#*"]
        assert store.room_states()["#den"].policy.may_silence


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["remove", "nobody"], "no such BAN in #*: nobody; see chatd ban list"),
        (["remove", "mallory"], "no such BAN in #*: mallory"),
        (["remove", "127.0.0.1", "#den"], "no such BAN in #den: 127.0.0.1"),
        (["remove", "hank", "#den"], "no such BAN in #den: hank"),
        (["remove", "a b"], "chatd: "),
        (["remove", "127.0.0.1", "den"], "rooms begin with #"),
        (["list", "-j", "memory:"], "is not a journal in a file"),
        (["list", "-j", "sqlite:nowhere"], "no such file"),
        (["remove", "eve", "-j", "nats://127.0.0.1"], "LOGIN as a server operator on any node and UNBAN there"),
    ],
)
@pytest.mark.usefixtures("journal")
def test_what_cannot_be_done_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], words: list[str], why: str
) -> None:
    with pytest.raises(SystemExit) as caught:
        output(monkeypatch, capsys, *words)
    assert why in str(caught.value.code)
    assert "\n" not in str(caught.value.code)


@pytest.mark.parametrize("version", [1, 2, 3])
def test_list_reads_files_of_older_versions(journal: Path, version: int) -> None:
    with closing(sqlite3.connect(journal, isolation_level=None)) as db:
        db.executescript("DROP INDEX ruling_by_reach; ALTER TABLE ruling DROP COLUMN reach")
        if version == 1:
            db.execute("DROP TABLE ruling")
        db.execute(f"PRAGMA user_version = {version}")
    found = [ban.subject for ban in held_bans(journal, NOW + 60_000)]
    assert found == ([] if version == 1 else ["127.0.0.1", "Mallory"])


def running(path: Path) -> InMemoryChat:
    return InMemoryChat(journal=lambda clock: from_string(f"sqlite:{path}", journal_environment(clock)))


def test_a_daemon_that_uses_the_file_takes_the_ban_back(journal: Path) -> None:
    chat = running(journal)
    other = chat.person("JOIN other #den")
    assert chat.person().session.hub.policy("#den").held(PolicyKey("BAN", "mallory"), NOW)
    seconds = count(1)

    def pause() -> int:
        chat.wait(1)
        return next(seconds)

    for room, subject in (("#den", "mallory"), ("#*", "127.0.0.1")):
        remove_ban(journal, room, subject, NOW + 60_000, pause)
    assert next(seconds) <= 6
    assert other.take() == ["NOTE chatd unbanned Mallory from #den"]
    assert ChatClient(chat.hub, "127.0.0.1").take() == []
    assert held_bans(journal, NOW + 60_000) == []
    chat.journal.stop()
    chat.turn()
    again = running(journal)
    assert again.person("JOIN mallory #den").session.rooms
    again.journal.stop()


def test_a_daemon_that_does_not_answer_is_asked_no_longer(journal: Path) -> None:
    chat = running(journal)
    with pytest.raises(JournalError, match="does not answer; nothing was changed"):
        remove_ban(journal, "#den", "mallory", NOW, lambda: 11)
    chat.wait(3)
    assert chat.hub.policy("#den").held(PolicyKey("BAN", "mallory"), NOW)
    chat.journal.stop()


def test_what_a_daemon_took_as_it_was_stopped_is_carried_out(journal: Path) -> None:
    chat = SlowJournalChat(journal)
    with closing(sqlite3.connect(journal, isolation_level=None)) as db:
        db.execute("INSERT INTO request (room, subject) VALUES ('#den', 'Mallory')")
    chat.slow = True
    chat.clock.advance(POLL_SECONDS)
    stopped = chat.journal.stop()
    chat.workers["writer"].work()
    assert not stopped.called
    chat.slow = False
    chat.turn()
    assert stopped.called
    assert not [call for call in chat.clock.getDelayedCalls() if call.func == chat.journal._poll]
    assert [ban.subject for ban in held_bans(journal, NOW + 60_000)] == ["127.0.0.1"]


def test_in_an_index_nothing_is_taken_back(journal: Path) -> None:
    LocalIndexStore(journal).close()
    with pytest.raises(JournalError, match="index of a node; LOGIN as a server operator on any node and UNBAN there"):
        remove_ban(journal, "#den", "mallory", NOW, lambda: 11)


@pytest.mark.slow
def test_the_way_back_in(tmp_path: Path) -> None:
    """As it went: an operator on the machine bans it, with a daemon that does not refuse that, and restarts it."""

    def chatd(*words: str, password: str = "") -> str:
        done = subprocess.run(
            [str(BIN / "chatd"), *words],
            cwd=tmp_path,
            env=environment(),
            input=password,
            text=True,
            capture_output=True,
            timeout=DEADLINE,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    chatd("user", "add", "root", "--operator", "--state-directory=.", password=PASSWORD)
    with Daemon(tmp_path) as daemon, daemon.client() as root:
        root.send(f"LOGIN root {PASSWORD}\nJOIN root\nBAN 127.0.0.1 #*\nBAN 127.0.0.0/8 #*\nQUIT\n".encode())
        assert [line.split(" ")[:3] for line in root.rest()[4:6]] == [["ERR", "not-allowed", "BAN"]] * 2
        assert daemon.terminate() == 0
    with closing(Store(tmp_path / "chatd.sqlite3")) as store:
        store.write([Entry("#*", Moderated("BAN", "root", "#*", "127.0.0.1"), time=NOW)])
    with Daemon(tmp_path) as daemon:
        with daemon.client() as client:
            client.send(b"JOIN alice\n")
            assert client.rest()[-1] == "BYE banned you are banned"
        with daemon.client() as root:
            root.send(f"LOGIN root {PASSWORD}\nJOIN root\nQUIT\n".encode())
            assert root.rest()[-2] == "OK JOIN #lobby 1 nick=root"
        assert chatd("ban", "list").startswith("127.0.0.1\t#*\troot\t")
        assert chatd("ban", "remove", "127.0.0.1") == "127.0.0.1 is no longer banned from the server\n"
        with daemon.member("alice", "#lobby"):
            assert chatd("ban", "list") == ""
        assert daemon.terminate() == 0


def test_a_file_of_the_version_before_keeps_what_holds(journal: Path) -> None:
    with closing(sqlite3.connect(journal, isolation_level=None)) as db:
        db.executescript("DROP INDEX ruling_by_reach; DROP INDEX ruling_by_subject")
        db.executescript("ALTER TABLE ruling DROP COLUMN reach; DROP TABLE request; DROP TABLE names")
        db.executescript("DROP TABLE upkeep; DROP TABLE seen; DROP INDEX entry_by_target")
        for column in ("author", "target", "edited", "notice"):
            db.execute(f"ALTER TABLE entry DROP COLUMN {column}")
        db.execute("PRAGMA user_version = 3")
    with closing(Store(journal)) as store:
        held = store.room_states()["#den"].policy.held(PolicyKey("BAN", "mallory"), NOW)
        assert held is not None
        assert held.event == Moderated("BAN", "ann", "#den", "Mallory")
        assert store.take_requests() == []
