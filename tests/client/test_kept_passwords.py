"""Passwords in the system's keyring: asked in a process of its own, which neither hangs nor keeps plain text."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import reactor
from twisted.internet.error import ProcessDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from chatd.client.net import kept_passwords, keyring_child
from chatd.client.net.kept_passwords import FINISH_SECONDS, NO_ANSWER, NoKeyring, SystemKeyring, system_keyring
from chatd.client.net.keyring_child import UNSAFE
from chatd.runtime.server_address import Address
from tests.support.daemon import DEADLINE, is_running
from tests.support.linked_users import until

HERE = Address("Chat.example.org", 10320, tls=True)
BACKEND = """
import json, os, pathlib
from keyring.backend import KeyringBackend
from keyring.errors import KeyringError

FILE = pathlib.Path(os.environ["STAND_IN_FILE"])

class {name}(KeyringBackend):
    priority = {priority}
    def _all(self):
        return json.loads(FILE.read_text()) if FILE.exists() else dict()
    def get_password(self, service, username):
        {get}
        return self._all().get(service + "|" + username)
    def set_password(self, service, username, password):
        FILE.write_text(json.dumps(self._all() | {{service + "|" + username: password}}))
    def delete_password(self, service, username):
        found = self._all()
        del found[service + "|" + username]
        FILE.write_text(json.dumps(found))
"""


class Vault:
    """A keyring that stands in for the system's."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._folder = folder
        self.file = folder / "kept.json"
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "stand_in.Vault")
        monkeypatch.setenv("PYTHONPATH", str(folder))
        monkeypatch.setenv("STAND_IN_FILE", str(self.file))
        self._setenv = monkeypatch.setenv
        self.be()

    def be(self, get: str = "pass", priority: float = 5, name: str = "Vault") -> None:
        (self._folder / "stand_in.py").write_text(BACKEND.format(get=get, priority=priority, name=name))
        self._setenv("PYTHON_KEYRING_BACKEND", f"stand_in.{name}")

    @property
    def kept(self) -> Any:
        return json.loads(self.file.read_text())


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Vault:
    pytest.importorskip("keyring")
    return Vault(tmp_path, monkeypatch)


@pytest.fixture
def keyring() -> Iterator[SystemKeyring]:
    made = SystemKeyring(reactor)
    yield made
    made.stop()


@ensureDeferred
async def test_a_password_is_kept_under_its_server_and_nick_and_forgotten(vault: Vault, keyring: SystemKeyring) -> None:
    assert await keyring.look() == ""
    assert await keyring.get(HERE, "Ann") == ""
    assert await keyring.put(HERE, "Ann", "schön-漢") == ""
    assert vault.kept == {"chatd chat.example.org:10320|ann": "schön-漢"}
    assert await keyring.get(Address("chat.EXAMPLE.org", 10320), "ann") == "schön-漢"
    assert [await keyring.get(Address("chat.example.org"), "ann"), await keyring.get(HERE, "bob")] == ["", ""]
    assert await keyring.put(HERE, "ann", "another") == ""
    assert await keyring.get(HERE, "ann") == "another"
    assert [await keyring.forget(HERE, "ann"), await keyring.forget(HERE, "ann")] == ["", ""]
    assert vault.kept == {}


@ensureDeferred
@pytest.mark.parametrize(
    ("name", "priority"), [("PlaintextKeyring", 5), ("Vault", 0.5), ("Vault", -1)], ids=["plain text", "0.5", "-1"]
)
async def test_what_is_not_safe_is_not_used(vault: Vault, keyring: SystemKeyring, name: str, priority: float) -> None:
    vault.be(priority=priority, name=name)
    assert await keyring.look() == UNSAFE
    assert await keyring.put(HERE, "ann", "s3cret") == UNSAFE
    assert await keyring.get(HERE, "ann") == ""
    assert not vault.file.exists()


@pytest.mark.usefixtures("vault")
@ensureDeferred
@pytest.mark.parametrize("name", ["keyring.backends.fail.Keyring", "keyring.backends.null.Keyring", "no.such.Backend"])
async def test_one_that_keeps_nothing_is_none(
    keyring: SystemKeyring, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", name)
    assert await keyring.look() != ""
    assert await keyring.put(HERE, "ann", "s3cret") != ""


@ensureDeferred
async def test_a_keyring_that_fails_says_why(vault: Vault, keyring: SystemKeyring) -> None:
    vault.be(get="raise KeyringError('Failed to unlock\\nthe collection!')")
    assert await keyring.get(HERE, "ann") == ""
    assert await keyring.forget(HERE, "ann") == "Failed to unlock the collection!"


@ensureDeferred
async def test_a_keyring_that_hangs_is_given_up(vault: Vault, keyring: SystemKeyring) -> None:
    vault.be(get="import time; time.sleep(600)")
    asked = keyring._ask({"do": "get"} | kept_passwords._place(HERE, "ann"), 1.0)
    assert await asked == {"problem": NO_ANSWER}


@ensureDeferred
async def test_one_that_hangs_does_not_outlive_the_window(vault: Vault, tmp_path: Path, keyring: SystemKeyring) -> None:
    noted = tmp_path / "pid"
    vault.be(get=f"import time; pathlib.Path({str(noted)!r}).write_text(str(os.getpid())); time.sleep(600)")
    told: list[str] = []
    keyring.get(HERE, "ann").addCallback(told.append)
    await until(lambda: noted.exists() and noted.read_text())
    keyring.stop()
    await until(lambda: not is_running(int(noted.read_text())))
    await until(lambda: not keyring._asked)
    assert told == []


@ensureDeferred
async def test_what_is_being_forgotten_when_the_window_closes_is(
    vault: Vault, keyring: SystemKeyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_passwords, "FINISH_SECONDS", DEADLINE)
    await keyring.put(HERE, "ann", "s3cret")
    keyring.forget(HERE, "ann")
    await keyring.finish()
    keyring.stop()
    assert vault.kept == {}


class Processes(Clock):
    """A reactor whose processes end when the test says so."""

    def __init__(self) -> None:
        super().__init__()
        self.protocols: list[Any] = []

    def spawnProcess(self, protocol: Any, *_: Any, **__: Any) -> None:  # noqa: N802  # Twisted's
        self.protocols.append(protocol)
        protocol.transport = Process()

    def end(self, number: int) -> None:
        self.protocols[number].processEnded(Failure(ProcessDone(0)))


class Process:
    def signalProcess(self, name: str) -> None:  # noqa: N802  # Twisted's
        pass

    def loseConnection(self) -> None:
        pass


def test_a_window_that_closes_waits_for_what_changes_and_for_nothing_else() -> None:
    processes = Processes()
    keyring = SystemKeyring(processes, ["keyring"])
    keyring.get(HERE, "ann")
    assert keyring.finish().called
    keyring.put(HERE, "ann", "s3cret")
    keyring.forget(HERE, "bob")
    finished = keyring.finish()
    processes.end(1)
    assert not finished.called
    processes.end(2)
    assert finished.called
    keyring.stop()
    processes.end(0)
    assert processes.getDelayedCalls() == []


def test_a_keyring_that_hangs_does_not_hold_a_window_that_closes() -> None:
    processes = Processes()
    keyring = SystemKeyring(processes, ["keyring"])
    keyring.forget(HERE, "ann")
    finished = keyring.finish()
    processes.advance(FINISH_SECONDS - 1)
    assert not finished.called
    processes.advance(1)
    assert finished.result is None
    keyring.stop()
    processes.end(0)
    assert processes.getDelayedCalls() == []


@ensureDeferred
@pytest.mark.parametrize(
    "says", ["", "nothing of use", "[]", '{"password": 7}', "x" * 100_000], ids=["0", "text", "list", "number", "much"]
)
async def test_an_answer_that_is_none(says: str) -> None:
    keyring = SystemKeyring(reactor, [sys.executable, "-c", f"print({says[:10]!r} * {max(1, len(says) // 10)})"])
    assert await keyring.get(HERE, "ann") == ""


@ensureDeferred
async def test_a_process_that_cannot_be_started_is_a_problem(tmp_path: Path) -> None:
    keyring = SystemKeyring(reactor, [str(tmp_path / "missing")])
    assert await keyring.look() == NO_ANSWER


@ensureDeferred
async def test_without_the_package_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_passwords, "find_spec", lambda _: None)
    none = system_keyring(reactor)
    assert isinstance(none, NoKeyring)
    why = await none.look()
    assert why.startswith("the package keyring is missing; install it: ")
    assert "keyring" in why.partition(": ")[2]
    assert (await none.put(HERE, "ann", "x"), await none.get(HERE, "ann"), await none.forget(HERE, "ann")) == (
        why,
        "",
        "",
    )
    none.stop()


@pytest.mark.usefixtures("vault")
def test_of_a_chain_only_a_safe_one_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    import keyring as package
    from keyring.backends.chainer import ChainerBackend

    class Part:
        name = "Part"

        def __init__(self, priority: float) -> None:
            self.priority = priority

    parts = [Part(0.5), Part(3), Part(5)]
    monkeypatch.setattr(ChainerBackend, "backends", parts)
    monkeypatch.setattr(package, "get_keyring", ChainerBackend)
    assert keyring_child.find_backend() is parts[1]


@pytest.mark.usefixtures("vault")
def test_no_file_where_the_client_is_started_is_taken_for_the_package(tmp_path: Path) -> None:
    hostile = tmp_path / "downloads"
    hostile.mkdir()
    (hostile / "keyring.py").write_text("raise SystemExit('taken')")
    command = SystemKeyring(reactor)._command
    done = subprocess.run(
        command, input='{"do": "look"}', cwd=hostile, capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert json.loads(done.stdout) == {"name": "stand in Vault"}
