"""The fan-out benchmark of two revisions: which code runs, and how they are compared."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from benchmarks.fanout import __main__ as program
from benchmarks.fanout import builds
from benchmarks.fanout.builds import BuildError, built
from benchmarks.fanout.process import running
from benchmarks.fanout.results import Results
from benchmarks.fanout.run import Figures, run
from benchmarks.fanout.servers import ROOT, SERVERS, Server
from benchmarks.fanout.works import WORKS, Work

pytestmark = pytest.mark.slow

OLD = "0.0.1"
TINY = Work("tiny", "", rooms=2, members=5, senders=3, window=2)
IRC = SERVERS["chatd-irc"]


def git(checkout: Path, *arguments: str) -> None:
    who = ["-c", "user.name=benchmark", "-c", "user.email=benchmark@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", checkout, *who, *arguments], check=True, capture_output=True)


def commit(checkout: Path, tag: str) -> None:
    git(checkout, "add", ".")
    git(checkout, "commit", "--message", tag)
    git(checkout, "tag", tag)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A repository with a chatd of another version, tagged ``old``, and one that cannot be built, ``broken``."""
    checkout = tmp_path_factory.mktemp("checkout")
    for name in ("pyproject.toml", "README.rst", "LICENSE", "LICENSE.unicode"):
        shutil.copy(ROOT / name, checkout)
    for name in ("chatd", "docs", "examples", "twisted"):
        shutil.copytree(ROOT / name, checkout / name, ignore=shutil.ignore_patterns("__pycache__", "dropin.cache"))
    git(checkout, "init")
    (checkout / "chatd" / "__init__.py").write_text(f'"""Old."""\n\n__version__ = "{OLD}"\n')
    commit(checkout, "old")
    (checkout / "pyproject.toml").write_text("[nothing")
    commit(checkout, "broken")
    return checkout


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where what is built is kept, for all tests of this module."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(autouse=True)
def shadows(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The working tree stands where Python looks first, in the directory and in the environment."""
    monkeypatch.chdir(ROOT)
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("XDG_CACHE_HOME", str(cache))


def version(server: Server, directory: Path) -> str:
    """Return the version that a running server says it is."""
    with running(server, directory) as process, socket.create_connection(("127.0.0.1", process.port)) as client:
        client.sendall(b"NICK ann\r\nUSER ann 0 * :ann\r\n")
        with client.makefile("rb") as lines:
            said = next(line for line in lines if b"running chatd" in line)
    found = re.search(rb"running chatd ([\d.]+)", said)
    assert found is not None
    return found[1].decode()


def test_what_was_built_is_what_runs(checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with built("old", checkout) as build:
        assert not build.doubt
        assert Path(sys.executable) != build.python
        assert version(build.of(IRC), tmp_path) == OLD
    assert version(IRC, tmp_path) != OLD

    monkeypatch.setattr(builds, "_install", lambda *_: pytest.fail("it is made once"))
    with built("old", checkout) as build:
        assert version(build.of(IRC), tmp_path) == OLD


def test_what_cannot_be_built_runs_here_and_says_so(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with built("broken", checkout) as build:
        now, before = program.beside([IRC], build)
        assert version(before, tmp_path) == OLD
        assert version(now, tmp_path) != OLD
    (said,) = capsys.readouterr().out.splitlines()
    assert said.startswith(f"{build.revision} runs with the packages of this environment, for it cannot be built: ")


def test_other_packages_are_taken_where_it_needs_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[tuple[str | Path, ...]] = []

    def refuse(*command: str | Path) -> None:
        commands.append(command)
        if "--constraint" in command:
            raise subprocess.CalledProcessError(1, command, stderr=b"too new")

    monkeypatch.setattr(builds, "_run", refuse)
    (tmp_path / "environment").mkdir()
    assert builds._install(tmp_path / "tree", tmp_path / "home", ["twisted==26.10"]) == ""
    assert (tmp_path / "home").is_dir()
    assert ["--constraint" in command for command in commands] == [False, True, False]
    assert (tmp_path / "versions").read_text() == "twisted==26.10"


@pytest.mark.parametrize("revision", ["no-such", "", "-x"])
def test_a_wrong_revision_is_an_error_of_one_line(
    revision: str, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(BuildError, match=f"^there is no revision {revision}$"), built(revision, checkout):
        pass
    monkeypatch.setattr(program, "built", partial(built, checkout=checkout))
    command(monkeypatch, "--against=no-such", "--only", "chatd-memory", "--work", "turn")
    with pytest.raises(SystemExit, match=r"^there is no revision no-such$"):
        program.main()


def test_a_folder_without_history_is_an_error_of_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    with pytest.raises(BuildError, match=r"^fatal: not a git repository.*$"), built("HEAD", tmp_path):
        pass


@pytest.mark.parametrize("options", [["--growth"], ["--only", "bare", "redis"]])
def test_there_must_be_a_chatd_to_compare(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    command(monkeypatch, "--against", "HEAD", *options)
    with pytest.raises(SystemExit, match="2"):
        program.arguments()


def command(monkeypatch: pytest.MonkeyPatch, *options: str) -> None:
    monkeypatch.setattr(sys, "argv", ["benchmarks.fanout", *options])
    monkeypatch.setitem(WORKS, "turn", TINY)
    monkeypatch.setattr(program, "raise_file_limit", lambda: None)


def test_the_command_measures_both_in_turns(
    checkout: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ran: list[str] = []

    def note(server: Server, work: Work, seconds: float, directory: Path) -> Figures:
        ran.append(server.name.partition("@")[0] + "@" * bool(server.revision))
        return run(server, work, seconds, directory)

    monkeypatch.setattr(program, "run", note)
    monkeypatch.setattr(program, "built", partial(built, checkout=checkout))
    monkeypatch.setitem(SERVERS, "redis", replace(SERVERS["redis"], program="no-such-program"))
    only = ["--only", "chatd-memory", "chatd-sqlite", "redis", "bare", "--work", "turn", "--quick"]
    where = ["--directory", str(tmp_path), "--charts", str(tmp_path)]
    command(monkeypatch, "--against", "old", *only, *where, "--seconds", "0.1", "--repeat", "2")
    program.main()
    assert ran == ["chatd-memory", "chatd-memory@", "chatd-sqlite", "chatd-sqlite@", "bare"] * 2
    printed = capsys.readouterr()
    heads = [re.split("  +", line) for line in printed.out.splitlines() if "chatd memory  " in line]
    assert len(heads) == 3
    for head in heads:
        _, memory, at, ratio, sqlite, *others = head
        assert (memory, sqlite, others) == ("chatd memory", "chatd SQLite", [at, ratio, "bare"])
        assert at.removeprefix("at ") == ratio.removeprefix("ratio to ")
    assert printed.err == ""
    assert "in brackets the ratio to" in (tmp_path / "fanout.svg").read_text()


def test_runs_are_compared_in_pairs_and_with_redis() -> None:
    now = SERVERS["chatd-memory"]
    before = builds.Build("1739eb6", Path(sys.executable)).of(now)
    servers = [now, before, SERVERS["redis"]]
    figures = {now.name: (300, 400, 600), before.name: (200, 200, 500), "redis": (100, 100, 100)}
    measured = {("busy", name): [Figures(each, each) for each in runs] for name, runs in figures.items()}
    results = Results([WORKS["busy"]], servers, measured)
    rows = [re.split("  +", line) for line in results.tables().splitlines() if not line.startswith("=")]
    head = ["deliveries a CPU-second", "chatd memory", "at 1739eb6", "ratio to 1739eb6", "redis"]
    assert rows[:2] == [head, ["busy", "400 (4.00)", "200 (2.00)", "1.50 (1.20-2.00)", "100"]]
    assert ">400 (1.50)<" in results.chart()

    once = {what: runs[:1] for what, runs in measured.items()}
    assert "1.50  " in Results([WORKS["busy"]], servers, once).tables()

    failed = measured | {("busy", before.name): "failed: it is old"}
    told = Results([WORKS["busy"]], servers, failed)
    assert re.search(r"busy +400 \(4\.00\) +- \[1\]_ +- +100", told.tables())
    assert ".. [1] busy, chatd memory at 1739eb6: failed: it is old" in told.tables()
    assert ">400<" in told.chart()
