"""The commands for an operator, as they are typed."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from chatd import __main__
from chatd.app import archive_commands as admin
from chatd.journal.sqlite.store import Store
from tests.unit.test_archive import LINE, lines, written


@pytest.fixture
def journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return written(tmp_path / "chatd.sqlite3", ("#a", "alice", "one é"), ("#b", "bob", "two"))


def output(capsys: pytest.CaptureFixture[str], *arguments: str) -> list[str]:
    admin.main(arguments)
    return capsys.readouterr().out.splitlines()


def test_export_writes_the_journal_in_the_working_directory(journal: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    monkeypatch.setattr(sys, "argv", ["chatd", "export", "#A"])
    __main__.main()
    assert json.loads(raw.getvalue().decode())["text"] == "one é"
    assert journal.exists()


def test_import_reads_a_file(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = journal.with_name("source")
    source.write_text(json.dumps(LINE | {"room": "#c"}) + "\n")
    told = output(capsys, "import", str(source), "--journal", f"sqlite:{journal}")
    assert told == ["imported 1 message, 0 topics, 0 moderation actions in 1 room"]
    assert lines(journal)[-1] == ("MSG", "#c", "alice", "hi")


def test_erase_says_how_much(journal: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert output(capsys, "erase", "ALICE") == ["erased 1 message or topic"]
    assert lines(journal) == [("MSG", "#b", "bob", "two")]


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["erase", "a b"], "chatd: "),
        (["export", "lobby"], "rooms begin with #"),
        (["export", "#nope"], "no such room in sqlite:chatd.sqlite3: #nope"),
        (["export", "-j", "memory:"], "is not a journal in a file"),
        (["export", "-j", "sqlite:nowhere"], "no such file"),
        (["import", "nowhere"], "No such file"),
        (["import", "chatd.sqlite3", "-j", "sqlite:new"], "chatd: "),
    ],
)
@pytest.mark.usefixtures("journal")
def test_what_cannot_be_done_is_said_in_one_line(arguments: list[str], why: str) -> None:
    with pytest.raises(SystemExit) as caught:
        admin.main(arguments)
    assert why in str(caught.value.code)
    assert "\n" not in str(caught.value.code)


def test_an_empty_journal_is_exported_as_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Store(tmp_path / "empty").close()
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    admin.main(["export", "-j", f"sqlite:{tmp_path / 'empty'}"])
    assert raw.getvalue() == b""
