"""The options about accounts, alone and on the real command line."""

from __future__ import annotations

import subprocess
from importlib import util
from pathlib import Path
from typing import Any

import pytest

from chatd.accounts import NoAccounts, scram
from chatd.accounts.service import AccountService
from chatd.accounts.store import Account, open_account_store
from chatd.app.options import Options, makeService
from chatd.runtime.extras import install_command
from tests.support.daemon import BIN, Client, Daemon, environment
from tests.support.in_memory_accounts import PASSWORD, CountingHasher


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Make every daemon work in a folder of its own, and return that."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "users").write_text(f"carol:{PASSWORD}\n")
    return tmp_path


def options(*words: str) -> Options:
    parsed = Options()
    parsed.parseOptions(list(words))
    return parsed


def accounts(*words: str) -> Any:
    return makeService(options("--port", "0", *words))._hub.accounts


@pytest.mark.parametrize(
    ("words", "file"),
    [
        ([], "chatd.accounts.sqlite3"),
        (["--journal", "sqlite:sub/all.db"], "sub/all.accounts.db"),
        (["--accounts", "people"], "people"),
        (["--journal", "memory:", "--accounts", "people"], "people"),
    ],
)
def test_where_the_accounts_are(folder: Path, words: list[str], file: str) -> None:
    assert options(*words).accounts_path == folder / file


def test_nothing_is_made_where_nothing_was_asked_for(folder: Path) -> None:
    before = set(folder.iterdir())
    for words in ([], ["--registration", "open"], ["--auth", "file:users"]):
        assert isinstance(accounts(*words), AccountService)
    members = accounts()
    members.start()
    members.stop()
    assert set(folder.iterdir()) == before
    assert isinstance(accounts("--journal", "memory:"), NoAccounts)


@pytest.mark.parametrize("words", [["--registration", "code"], ["--auth", "file:users"], ["--accounts", "people"]])
def test_a_file_is_made_where_there_will_be_accounts(folder: Path, words: list[str]) -> None:
    members = accounts(*words)
    members.start()
    members.stop()
    assert (folder / ("people" if "people" in words else "chatd.accounts.sqlite3")).exists()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--registration", "maybe"], "off, open, code"),
        (["--members-only", "--journal", "memory:"], "with --members-only nobody could join"),
        (["--members-only", "--registration", "open"], "exclude each other"),
        (["--scram", "--auth", "file:users"], "exclude each other"),
        (["--auth", "nonsense"], "nonsense"),
        (["--auth", "file:nowhere"], "nowhere"),
        (["--auth", "file"], "file"),
        (["--auth", "anonymous"], "not supported"),
        (["--help-auth-type", "nonsense"], "nonsense"),
    ],
)
def test_a_wrong_option_is_one_line(words: list[str], said: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        options(*words)
    assert str(stop.value).startswith("chatd: ")
    assert said in str(stop.value)
    assert "\n" not in str(stop.value)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("words", [[], ["--auth", "file:users", "--journal", "memory:"], ["--accounts", "people"]])
def test_a_closed_site_needs_somebody_who_may_come(words: list[str]) -> None:
    assert accounts("--members-only", *words).members_only


def test_scram_is_spoken_where_it_is_asked_for() -> None:
    for words in (["--accounts", "people"], ["--accounts", "people", "--scram"], ["--journal", "memory:", "--scram"]):
        service = accounts(*words)
        service.start()
        assert service.mechanisms() == ("PLAIN", "SCRAM-SHA-256")[: 1 + ("--scram" in words)]
        service.stop()


def test_without_scramp_scram_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scram, "is_installed", lambda: False)
    assert accounts("--registration", "open").mechanisms() == ()
    with pytest.raises(SystemExit) as end:
        accounts("--scram")
    assert str(end.value) == f"chatd: --scram needs scramp, which is not installed: {install_command('irc')}"


def test_without_argon2_registration_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "chatd.accounts.passwords.find_spec", lambda name: None if name == "argon2" else util.find_spec(name)
    )
    with pytest.raises(SystemExit) as stop:
        accounts("--registration", "open")
    assert str(stop.value) == (
        f"chatd: --registration needs Argon2, which is not installed: {install_command('accounts')}"
    )
    assert isinstance(accounts("--auth", "file:users"), AccountService)


def run(*words: str, cwd: Path, command: str = "chatd") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(BIN / command), *words],
        check=False,
        cwd=cwd,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_the_methods_are_listed(folder: Path) -> None:
    done = run("--help-auth", cwd=folder)
    assert done.returncode == 0
    assert "file" in done.stdout and "--auth" in done.stdout
    assert "anonymous" not in done.stdout
    done = run("--help-auth-type", "file", cwd=folder)
    assert done.returncode == 0
    assert "FilePasswordDB" in done.stdout


def test_a_wrong_method_is_one_line_on_the_terminal(folder: Path) -> None:
    done = run("--auth", "file:nowhere", cwd=folder)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("chatd: --auth file:nowhere: no such file")


def test_a_file_that_is_no_roll_is_one_line_on_the_terminal(folder: Path) -> None:
    (folder / "people").write_text("my diaries " * 500)
    done = run("--port", "0", "--accounts", "people", cwd=folder)
    assert done.returncode == 1
    assert f"chatd: cannot open the accounts: {folder}/people: file is not a database" in done.stderr.splitlines()
    assert "Traceback" not in done.stderr


def says(client: Client, line: str, end: str) -> str:
    client.send(f"{line}\n".encode())
    return client.until(lambda said: said.split()[:2] in ([*end.split()], ["ERR", said.split()[1]]))[-1]


def test_a_file_of_passwords_and_a_restart(folder: Path) -> None:
    """Somebody of that file comes in, and owns the name when neither the file nor the process is there any more."""
    with Daemon(folder, "--auth", "file:users") as daemon:
        with daemon.client() as client:
            assert says(client, "LOGIN carol wrong-horse", "OK LOGIN").startswith("ERR bad-password ")
            assert says(client, f"LOGIN carol {PASSWORD}", "OK LOGIN") == "OK LOGIN carol"
            assert says(client, "JOIN carol", "OK JOIN") == "OK JOIN #lobby 1 nick=carol"
        assert daemon.terminate() == 0
        assert PASSWORD not in daemon.log()
        assert "Traceback" not in daemon.log()
    with Daemon(folder) as daemon, daemon.client() as client:
        assert says(client, "JOIN carol", "OK JOIN").startswith("ERR not-allowed ")


def test_a_daemon_in_the_background_finds_its_file(folder: Path) -> None:
    (folder / "run").mkdir()
    (folder / "run" / "users").write_text("carol:something-else\n")
    parsed = options("--auth", "file:users")
    assert [checker.filename for checker in parsed.checkers] == [str(folder / "users")]  # type: ignore[attr-defined]


def test_registration_over_real_connections_and_a_restart(folder: Path) -> None:
    with Daemon(folder, "--registration", "open") as daemon:
        with daemon.client() as client:
            says(client, "JOIN ann", "OK JOIN")
            assert says(client, f"REGISTER {PASSWORD}", "OK REGISTER") == "OK REGISTER ann"
        daemon.kill()  # what was answered is kept
        assert PASSWORD not in daemon.log()
    with Daemon(folder, "--members-only") as daemon, daemon.client() as client:
        assert says(client, "JOIN bob", "OK JOIN").startswith("ERR not-allowed ")
        assert says(client, f"LOGIN ann {PASSWORD}", "OK LOGIN") == "OK LOGIN ann"
        assert says(client, "JOIN ann", "OK JOIN") == "OK JOIN #lobby 1 nick=ann"
    for file in filter(Path.is_file, folder.glob("chatd*")):
        assert PASSWORD.encode() not in file.read_bytes(), file


def test_the_reactor_goes_on_while_passwords_are_checked(folder: Path) -> None:
    with open_account_store(folder / "chatd.accounts.sqlite3", make=True) as roll:
        # A hash that takes a second or more.
        slow = CountingHasher(rounds=1)
        slow = type(slow)(rounds=20_000)
        roll.add(Account("ann", "ann", slow.hash(PASSWORD), operator=False, created=0))
    with Daemon(folder) as daemon, daemon.client() as ann, daemon.client() as other:
        ann.send(f"LOGIN ann {PASSWORD}\n".encode())
        assert says(other, "PING 1", "PONG 1") == "PONG 1"
        ann.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            while True:
                assert b"LOGIN" not in ann.socket.recv(1000)
