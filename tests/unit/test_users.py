"""``chatd user``, as it is typed: alone, and while the daemon runs."""

from __future__ import annotations

import getpass
import io
import os
import pty
import subprocess
import sys
from importlib import util
from pathlib import Path

import pytest

from chatd import __main__
from chatd.accounts import passwords, scram
from chatd.accounts.scram import Keys
from chatd.accounts.scram_store import ScramStore
from chatd.accounts.store import Account, open_account_store
from chatd.app import user_commands as users
from chatd.runtime.extras import install_command
from tests.support.daemon import BIN, DEADLINE, Daemon, environment
from tests.support.in_memory_accounts import PASSWORD, CountingHasher


class Typed(io.StringIO):
    """A terminal's input."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setattr(passwords, "Hasher", CountingHasher)
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{PASSWORD}\nnot this line\n"))
    return tmp_path


@pytest.fixture
def do(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Do:
    return Do(capsys, monkeypatch)


class Do:
    """Does what is typed after ``chatd user`` and returns the lines that it prints."""

    def __init__(self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
        self._capsys = capsys
        self._monkeypatch = monkeypatch

    def __call__(self, *words: str, password: str = PASSWORD) -> list[str]:
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(f"{password}\n"))
        self._monkeypatch.setattr(sys, "argv", ["chatd", "user", *words])
        __main__.main()
        return self._capsys.readouterr().out.splitlines()


def account(nick: str, file: str = "chatd.accounts.sqlite3") -> Account | None:
    with open_account_store(Path(file), make=False) as roll:
        return roll.find(nick)


def test_add_makes_an_account(do: Do, folder: Path) -> None:
    assert do("add", "Ann") == ["created account Ann"]
    made = account("ann")
    assert made is not None and made.hash is not None
    assert (made.name, made.operator) == ("Ann", False)
    assert CountingHasher().verify(made.hash, PASSWORD)
    assert (folder / "chatd.accounts.sqlite3").stat().st_mode & 0o777 == 0o600


def test_add_makes_one_who_looks_after_the_server(do: Do) -> None:
    do("add", "ann", "--operator")
    do("add", "bob", "--operator", "--no-password")
    ann, bob = account("ann"), account("bob")
    assert ann is not None and ann.operator and ann.hash
    assert bob is not None and bob.operator and bob.hash is None


def test_the_file_is_the_one_that_was_named(do: Do, folder: Path) -> None:
    do("add", "ann", "--accounts", "people")
    do("add", "bob", "--journal", "sqlite:all.db")
    assert account("ann", "people")
    assert account("bob", "all.accounts.db")
    assert not (folder / "chatd.accounts.sqlite3").exists()


def test_passwd_changes_the_password_alone(do: Do) -> None:
    do("add", "Ann", "--operator")
    before = account("ann")
    assert do("passwd", "ANN", password="another-horse") == ["changed the password of Ann"]
    after = account("ann")
    assert before is not None and after is not None and after.hash is not None
    assert CountingHasher().verify(after.hash, "another-horse")
    assert (before.created, before.operator, before.name) == (after.created, after.operator, after.name)


def keys(nick: str) -> Keys | None:
    with open_account_store(Path("chatd.accounts.sqlite3"), make=False) as roll:
        return ScramStore(roll).find(nick)


def test_what_scram_needs_is_kept_where_a_daemon_wants_it(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    do("add", "ann")
    assert keys("ann") is None
    with open_account_store(Path("chatd.accounts.sqlite3"), make=False) as roll:
        ScramStore(roll).begin()
    do("passwd", "ann")
    first = keys("ann")
    do("passwd", "ann")
    do("add", "bob")
    do("add", "carol", "--no-password")
    assert None not in (first, keys("ann"), keys("bob"))
    assert first != keys("ann")
    assert keys("carol") is None
    monkeypatch.setattr(scram, "is_installed", lambda: False)
    do("passwd", "ann")
    assert keys("ann") is None


def test_what_scram_needs_is_forgotten(do: Do) -> None:
    do("add", "ann")
    with open_account_store(Path("chatd.accounts.sqlite3"), make=False) as roll:
        ScramStore(roll).begin()
    do("passwd", "ann")
    do("add", "bob")
    (said,) = do("forget-scram", "Ann")
    assert said.startswith("deleted what was stored for SCRAM of Ann, until Ann logs in")
    assert keys("ann") is None and keys("bob") is not None
    (said,) = do("forget-scram")
    assert said == "deleted what was stored for SCRAM, of 1 account; a server with --scram starts anew"
    assert keys("bob") is None
    do("passwd", "bob")
    assert keys("bob") is None


def test_list_says_who_there_is(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 86_400.0)
    do("add", "bob", "--no-password")
    do("add", "Ann", "--operator")
    assert do("list") == ["Ann\toperator\tpassword\t1970-01-02", "bob\t-\tauth\t1970-01-02"]


def test_list_says_by_what_one_logs_in_and_which_groups_count(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 86_400.0)
    do("add", "eve", "--no-password")
    with open_account_store(Path("chatd.accounts.sqlite3"), make=False) as store:
        store.add(Account("ann", "ann", None, operator=False, created=86_400), provider=("https://a", "1"))
        with store.writing() as db:
            db.executemany("INSERT INTO account_group (key, name) VALUES ('ann', ?)", [("staff",), ("ops",)])
    assert do("list") == ["ann\t-\toidc\t1970-01-02\tops,staff", "eve\t-\tauth\t1970-01-02"]
    do("passwd", "ann")
    assert do("list")[0] == "ann\t-\toidc+password\t1970-01-02\tops,staff"


def test_remove_makes_the_nick_anybodys(do: Do) -> None:
    do("add", "ann")
    (said,) = do("remove", "ANN")
    assert said.startswith("removed account ANN")
    assert account("ann") is None
    assert do("list") == []


def test_invite_prints_a_code_for_one(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time", lambda: 1_000.0)
    (code,) = do("invite")
    (short,) = do("invite", "--expires", "7d")
    assert code != short
    assert len(code) == len(short) == 16
    with open_account_store(Path("chatd.accounts.sqlite3"), make=False) as roll:
        assert roll.has_code(code, 10**10)
        assert roll.has_code(short, 1_000 + 7 * 86_400 - 1)
        assert not roll.has_code(short, 1_000 + 7 * 86_400)
    assert code.encode() not in Path("chatd.accounts.sqlite3").read_bytes()


@pytest.mark.parametrize(
    ("words", "password", "why"),
    [
        (["add", "ann"], PASSWORD, "already belongs to a registered user; choose another, or see chatd user passwd"),
        (["add", "аnn"], PASSWORD, "could be mistaken for ann"),
        (["add", "a b"], PASSWORD, "letters, digits"),
        (["add", "bob"], "short", "needs at least 8 characters"),
        (["add", "bob"], "two words", "spaces or control"),
        (["add", "bob"], "", "needs at least 8 characters"),
        (["add", "bob", "-j", "memory:"], PASSWORD, "is not a journal in a file"),
        (["add", "bob", "--accounts", "no/where"], PASSWORD, "cannot open"),
        (["add", "bob", "--accounts", "diary"], PASSWORD, "is not a database"),
        (["passwd", "bob"], PASSWORD, "bob has no account"),
        (["passwd", "ann"], "short", "needs at least 8 characters"),
        (["remove", "bob"], PASSWORD, "bob has no account"),
        (["forget-scram", "ann"], PASSWORD, "nothing is stored for SCRAM of ann"),
        (["remove", "bob", "--accounts", "nowhere"], PASSWORD, "no such file"),
        (["list", "--accounts", "nowhere"], PASSWORD, "no such file"),
        (["invite", "--expires", "soon"], PASSWORD, "duration"),
    ],
)
def test_what_cannot_be_done_is_said_in_one_line(
    do: Do, folder: Path, words: list[str], password: str, why: str
) -> None:
    (folder / "diary").write_text("my diaries " * 500)
    do("add", "ann")
    before = account("ann")
    with pytest.raises(SystemExit) as stop:
        do(*words, password=password)
    message = str(stop.value.code)
    assert message.startswith("chatd: ")
    assert why in message
    assert "\n" not in message
    assert not password or password not in message
    assert account("ann") == before
    assert account("bob") is None


def type_in(monkeypatch: pytest.MonkeyPatch, *words: str) -> list[str]:
    """Type passwords at the prompts, which are returned."""
    prompts: list[str] = []
    answers = iter(words)

    def ask(prompt: str) -> str:
        prompts.append(prompt)
        return next(answers)

    monkeypatch.setattr(sys, "stdin", Typed())
    monkeypatch.setattr(getpass, "getpass", ask)
    return prompts


def test_on_a_terminal_it_asks_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    prompts = type_in(monkeypatch, PASSWORD, PASSWORD)
    users.main(["add", "ann"])
    assert len(prompts) == 2
    assert account("ann")


def test_two_that_differ_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    type_in(monkeypatch, PASSWORD, "correct-chat")
    with pytest.raises(SystemExit, match="the passwords differ"):
        users.main(["add", "ann"])
    assert not Path("chatd.accounts.sqlite3").exists()


def test_a_terminal_shows_nothing_of_it(folder: Path) -> None:
    ours, theirs = pty.openpty()
    command = [str(BIN / "chatd"), "user", "add", "ann"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment(), stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    shown = b""
    for prompt in (b"New password: ", b"Again: "):
        while not shown.endswith(prompt):
            shown += os.read(ours, 1000)
        os.write(ours, PASSWORD.encode() + b"\n")
    while b"created account" not in shown:
        shown += os.read(ours, 1000)
    assert process.wait(DEADLINE) == 0
    os.close(ours)
    assert PASSWORD.encode() not in shown


def test_without_argon2_it_says_what_to_install(do: Do, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "chatd.accounts.passwords.find_spec", lambda name: None if name == "argon2" else util.find_spec(name)
    )
    for words in (["add", "ann"], ["passwd", "ann"]):
        with pytest.raises(SystemExit) as stop:
            do(*words)
        assert stop.value.code == (
            f"chatd: a password needs Argon2, which is not installed: {install_command('accounts')}"
        )
    do("invite")
    do("add", "ann", "--no-password")


def run(folder: Path, *words: str, password: str = PASSWORD) -> str:
    done = subprocess.run(
        [str(BIN / "chatd"), "user", *words],
        check=False,
        cwd=folder,
        env=environment(),
        input=password + "\n",
        capture_output=True,
        text=True,
        timeout=DEADLINE,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_while_the_daemon_runs(folder: Path) -> None:
    """The daemon, which began without any accounts, heeds at once what is done to them."""
    with Daemon(folder) as daemon:

        def says(*lines: str) -> str:
            with daemon.client() as client:
                client.send("".join(f"{line}\n" for line in lines).encode() + b"QUIT\n")
                return client.rest()[-2]

        assert says("JOIN ann").startswith("OK JOIN ")
        assert says(f"LOGIN ann {PASSWORD}").startswith("ERR not-allowed ")
        run(folder, "add", "ann")
        assert says("JOIN ann").startswith("ERR not-allowed ")
        assert says("JOIN аnn").startswith("ERR name-taken ")
        assert says(f"LOGIN ann {PASSWORD}") == "OK LOGIN ann"
        run(folder, "passwd", "ann", password="another-horse")
        assert says(f"LOGIN ann {PASSWORD}").startswith("ERR bad-password ")
        assert says("LOGIN ann another-horse", "JOIN ann").startswith("OK JOIN ")
        run(folder, "remove", "ann")
        assert says("LOGIN ann another-horse").startswith("ERR bad-password ")
        assert says("JOIN ann").startswith("OK JOIN ")
        assert daemon.terminate() == 0
        assert PASSWORD not in daemon.log()
        assert "Traceback" not in daemon.log()
    assert not list(folder.glob("*-wal"))


def test_an_invitation_from_the_terminal_to_the_daemon(folder: Path) -> None:
    with Daemon(folder, "--registration", "code") as daemon, daemon.client() as client:
        code = run(folder, "invite").strip()
        client.send(f"JOIN ann\nREGISTER {PASSWORD} {code}\nQUIT\n".encode())
        assert client.rest()[-2] == "OK REGISTER ann"
