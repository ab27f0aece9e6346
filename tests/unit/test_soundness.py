"""What SQLite finds damaged in a file, and what it only could not check."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from chatd.journal.sqlite.store import Store
from chatd.runtime.soundness import damage_in
from tests.unit.test_word_index import said

UNCHECKED = "unable to validate the inverted index for FTS5 table main.said: attempt to write a readonly database"


class Verdict:
    """A file on which SQLite passes a verdict."""

    def __init__(self, verdict: str) -> None:
        self._verdict = verdict

    def execute(self, _: str) -> Verdict:
        return self

    def fetchone(self) -> tuple[str]:
        return (self._verdict,)


@pytest.mark.parametrize(
    ("version", "verdict", "damage"),
    [
        ((3, 44, 2), "ok", ""),
        ((3, 44, 2), UNCHECKED, ""),
        ((3, 44, 2), "Tree 5 page 7:\n btreeInitPage() failed", "Tree 5 page 7: btreeInitPage() failed"),
        ((3, 45, 1), UNCHECKED, UNCHECKED),
    ],
)
def test_an_index_that_could_not_be_checked_is_not_damaged(
    monkeypatch: pytest.MonkeyPatch, version: tuple[int, int, int], verdict: str, damage: str
) -> None:
    monkeypatch.setattr(sqlite3, "sqlite_version_info", version)
    assert damage_in(Verdict(verdict)) == damage  # type: ignore[arg-type]  # it is asked for nothing else


def test_a_file_that_is_whole_is_opened_again(tmp_path: Path) -> None:
    for text in ("one", "two"):
        with closing(Store(tmp_path / "j")) as store:
            store.write([said("bob", text)])
