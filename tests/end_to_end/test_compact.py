"""A file of an older chatd under a daemon: what is found in it, and ``chatd compact`` while it runs."""

from __future__ import annotations

import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.search.judged import MESSAGES, QUERIES
from tests.support.daemon import BIN, Daemon, environment
from tests.support.tagged_clients import JOURNAL, ROOM, Program
from tests.unit.test_word_index import old_file, words_in

pytestmark = pytest.mark.slow
OLD = 2000


def test_an_old_file_is_searched_and_compacted_while_the_daemon_runs(tmp_path: Path) -> None:
    filler = [("bob", f"昔の話 {number}") for number in range(OLD)]
    old_file(tmp_path / JOURNAL, *[("ann", text) for text in MESSAGES], *filler, room=ROOM)
    with Daemon(tmp_path) as daemon, closing(Program(daemon.port, "carol")) as carol:
        assert carol.ask("SEARCH from:ann 4711", "OK SEARCH")[-1].endswith(" 1")
        command = [str(BIN / "chatd"), "compact"]
        done = subprocess.run(
            command, cwd=tmp_path, env=environment(), capture_output=True, text=True, timeout=60, check=True
        )
        assert f"the chatd that uses {tmp_path / JOURNAL} has merged its index" in done.stdout
        assert "SEARCH finds everything" in daemon.log()
        for query in QUERIES:
            answer = carol.ask(f"SEARCH {query.words} from:ann", "OK SEARCH")
            assert len(answer) == len(query.found) + 1, query
        assert carol.ask("SEARCH 話 before=1h since=1970-01-01", "OK SEARCH")[-1].endswith(" 50")
        assert carol.ask("HISTORY 10 since=1970-01-01T00:00:01", "OK HISTORY")[-1].endswith(" 10")
    assert "昔の" in words_in(tmp_path / JOURNAL)
