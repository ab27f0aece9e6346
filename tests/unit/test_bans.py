"""``chatd ban``, as it is typed, and the way back in for who has banned the machine that the daemon is on."""

from __future__ import annotations

import sqlite3
import sys
from contextlib import closing
from pathlib import Path

import pytest

from chatd import __main__
from chatd.journal.sqlite.bans import held_bans
from chatd.journal.sqlite.store import Store
from chatd.model.entry import Entry
from chatd.protocol.events import Moderated

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
        (["127.0.0.1"], "127.0.0.1 is not banned from the server any more"),
        (["::ffff:127.0.0.1", "#*"], "127.0.0.1 is not banned from the server any more"),
        (["mallory", "#DEN"], "Mallory is not banned from #den any more"),
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
        assert not [room for room, state in store.room_states().items() if state.policy.mutes and room == "#*"]
        assert store.room_states()["#den"].policy.mutes


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["remove", "nobody"], "there is no BAN of nobody in #*; chatd ban list shows those that hold"),
        (["remove", "mallory"], "there is no BAN of mallory in #*"),
        (["remove", "127.0.0.1", "#den"], "there is no BAN of 127.0.0.1 in #den"),
        (["remove", "hank", "#den"], "there is no BAN of hank in #den"),
        (["remove", "a b"], "chatd: "),
        (["remove", "127.0.0.1", "den"], "a room begins with #"),
        (["list", "-j", "memory:"], "is no journal in a file"),
        (["list", "-j", "sqlite:nowhere"], "there is no file"),
        (["remove", "eve", "-j", "nats://127.0.0.1"], "LOGIN as a server operator on any node, and UNBAN"),
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
        db.execute("ALTER TABLE ruling DROP COLUMN reach")
        if version == 1:
            db.execute("DROP TABLE ruling")
        db.execute(f"PRAGMA user_version = {version}")
    assert [ban.subject for ban in held_bans(journal, NOW + 60_000)] == ([] if version == 1 else ["127.0.0.1", "Mallory"])
