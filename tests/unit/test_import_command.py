"""``chatd import --format``, as it is typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from chatd.app import archive_commands as admin
from tests.unit.test_archive import lines
from tests.unit.test_importing import DISCORD, IRSSI, put, slack_folder

LOG = "--- Log opened Sat Nov 28 19:00:00 2026\n19:01 <ann> one\n19:02 <bob!away> two\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_several_files_become_rooms(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder / "#den.log", LOG)
    put(folder / "#Attic Room.log", IRSSI)
    admin.main(["import", "--format", "irssi", "--timezone", "Europe/Berlin", "#den.log", "#Attic Room.log"])
    told = capsys.readouterr()
    assert told.out == "imported 7 messages, 1 topic, 0 moderation actions in 2 rooms\n"
    assert "chatd: skipped: joins, leaves and program notices (1)\n" in told.err
    assert "chatd: nick bob!away became bob_away\n" in told.err
    assert "chatd: room #Attic Room became #Attic_Room\n" in told.err
    assert lines(folder / "chatd.sqlite3")[:3] == [
        ("MSG", "#den", "ann", "one"),
        ("MSG", "#den", "bob_away", "two"),
        ("MSG", "#Attic_Room", "ann", "hello there"),
    ]


def test_the_zone_of_local_times_is_told_if_none_is_given(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    admin.main(["import", "--format", "irssi", str(put(folder / "#den.log", LOG))])
    assert "times are read as Europe/Berlin; for another zone, add --timezone" in capsys.readouterr().err


def test_nothing_is_imported_where_something_is_bad(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder / "#den.log", LOG + "what is this\nand\x1b[2J this\n")
    command = ["import", "--format", "irssi", "--timezone", "UTC", "#den.log"]
    with pytest.raises(SystemExit) as ended:
        admin.main(command)
    assert str(ended.value).startswith("chatd: cannot read 2 lines or messages; nothing was imported; correct ")
    told = capsys.readouterr().err
    assert "chatd: #den.log:4: it does not start with a time: what is this\n" in told
    assert "\x1b" not in told
    assert lines(folder / "chatd.sqlite3") == []
    admin.main([*command, "--skip-bad", "--report", "report"])
    assert "skipped: 2 lines or messages that cannot be read" in capsys.readouterr().err
    assert len(lines(folder / "chatd.sqlite3")) == 2
    assert (folder / "report").read_text().splitlines() == [
        "#den.log:4: it does not start with a time: what is this",
        "#den.log:5: it does not start with a time: and␛[2J this",
        "nick bob!away became bob_away",
    ]


def test_what_is_told_is_bounded_and_the_report_is_not(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(folder / "#den.log", LOG + "bad\n" * 500)
    admin.main(["import", "--format", "irssi", "--timezone", "UTC", "#den.log", "--skip-bad", "--report", "report"])
    assert capsys.readouterr().err.count("it does not start with a time") == 100
    assert (folder / "report").read_text().count("it does not start with a time") == 500


def test_a_room_with_messages_is_not_added_to(folder: Path) -> None:
    put(folder / "#den.log", LOG)
    command = ["import", "--format", "irssi", "--timezone", "UTC", "#den.log"]
    admin.main(command)
    with pytest.raises(SystemExit, match="nothing was imported"):
        admin.main(command)
    admin.main([*command, "--room", "#attic"])
    assert len(lines(folder / "chatd.sqlite3")) == 4


def test_what_was_private_goes_into_no_room(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    slack_folder(folder / "export")
    admin.main(["import", "--format", "slack", "export"])
    assert "skipped: private conversations, which are not imported (2)" in capsys.readouterr().err
    assert {room for _, room, _, _ in lines(folder / "chatd.sqlite3")} == {"#den"}


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--format", "irssi", "--timezone", "Mars/Olympus", "x"], "unknown time zone: Mars/Olympus"),
        (["--format", "irssi", "--timezone", "../../etc/passwd", "x"], "unknown time zone"),
        (["--format", "irssi", "--charset", "klingon", "x"], "unknown charset: klingon"),
        (["--format", "irssi", "--room", "den", "x"], "rooms begin with #"),
        (["--format", "irssi", "nowhere.log"], "add --room"),
        (["--format", "discord", "nowhere.json"], "No such file"),
        (["--format", "slack", "nowhere"], "not a folder or zip"),
        (["--format", "slack", "empty"], "cannot read users.json"),
        *(
            ([*words, "one"], f"{words[0]} works only with --format; add that option, or remove {words[0]}")
            for words in (["--room", "#a"], ["--timezone", "UTC"], ["--charset", "cp1252"], ["--report", "r"])
        ),
        (["--skip-bad", "one"], "--skip-bad works only with --format; add that option, or remove --skip-bad"),
        (["one", "two"], "an export of chatd is a single file"),
    ],
)
def test_what_cannot_be_done_is_one_line(folder: Path, arguments: list[str], why: str) -> None:
    (folder / "empty").mkdir()
    with pytest.raises(SystemExit, match=why) as ended:
        admin.main(["import", *arguments])
    assert "\n" not in str(ended.value)


def test_our_own_export_may_begin_with_a_byte_order_mark(folder: Path) -> None:
    admin.main(["import", "--format", "discord", str(put(folder / "d.json", DISCORD))])
    export = folder / "export.jsonl"
    export.write_text(
        '\ufeff{"time": "2026-11-28T19:00:00Z", "type": "MSG", "room": "#a", "nick": "ann", "text": "hi"}\n'
    )
    admin.main(["import", str(export)])
    assert ("MSG", "#a", "ann", "hi") in lines(folder / "chatd.sqlite3")
