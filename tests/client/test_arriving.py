"""Arriving at real daemons, over real sockets, in a real window: with a password, by TLS, through the wrong port."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import blockon, ensureDeferred
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater

from benchmarks.ports import free_ports
from chatd.client.model.settings import Settings, Theme
from chatd.client.model.transcript import Transcript
from chatd.client.model.trust import KnownServers, Trust
from chatd.client.net.endpoint import endpoint_of
from chatd.client.net.link import Link
from chatd.client.net.probe import probe_of
from chatd.client.net.status import LinkState
from chatd.client.view import pump
from chatd.client.view.certificate_question import ask_about_certificate
from chatd.client.view.desktop import Desktop
from chatd.client.view.servers import ServerSession
from chatd.client.view.window import Window
from chatd.runtime.server_address import Address
from tests.client.test_admission import Vault
from tests.support.certificates import write_certificate
from tests.support.daemon import BIN, DEADLINE, Daemon, environment
from tests.support.display import MISSING

pytestmark = [pytest.mark.slow, pytest.mark.skipif(bool(MISSING), reason=MISSING)]
PASSWORD = "s3cret-enough"
HERE = "interface=127.0.0.1"


class Person:
    """Somebody at a window of their own."""

    def __init__(self, home: Path) -> None:
        clock: Any = reactor
        self.root, _ = pump.open_root()
        self.vault = Vault()
        self.gone = False
        trust = Trust(KnownServers(home), lambda asked: ask_about_certificate(self.question, asked), lambda _: None)

        def dial(where: Address, session: ServerSession) -> Link:
            way = endpoint_of(where, clock, trust)
            told = session.changed, session.status_changed
            return Link(clock, way, session.transcript, *told, probe=probe_of(clock, where))

        def done() -> None:
            self.gone = True

        transcript = Transcript("", lambda: int(clock.seconds() * 1000))
        settings = Settings(theme=Theme.LIGHT)
        desktop = Desktop(keyring=self.vault)
        self.window = Window(self.root, reactor, transcript, settings, dial, desktop, lambda: None, done)
        self.root.deiconify()

    @property
    def question(self) -> Any:
        return self.window.question

    @property
    def sheet(self) -> Any:
        return self.window.connect_sheet

    def go(self, port: int, *, tls: bool = False) -> None:
        self.window.connect(Address("127.0.0.1", port, tls), "ann", ("#den",))

    async def until(self, condition: Callable[[], object]) -> None:
        clock: Any = reactor
        end = clock.seconds() + DEADLINE
        while not condition():
            assert clock.seconds() < end, (self.status, self.question.text)
            self.root.update()
            await deferLater(clock, 0.01)

    @property
    def status(self) -> Any:
        return self.window.servers.front.status

    async def is_in(self) -> None:
        await self.until(lambda: self.status is not None and self.status.state is LinkState.CONNECTED)

    async def answer(self, text: str) -> None:
        """Press a button of the question, once it is there."""

        def found() -> Any:
            return next((each for each in self.question._buttons.winfo_children() if each.cget("text") == text), None)

        await self.until(lambda: self.question.is_open and found())
        found().invoke()

    async def enter(self, password: str) -> None:
        await self.until(lambda: self.sheet.is_open)
        self.sheet.password.insert(0, password)
        self.sheet.remember.set(True)
        self.sheet.submit()

    async def leave(self) -> None:
        self.window.quit()
        await self.until(lambda: self.gone)
        self.window.stop_drawing()
        self.root.destroy()


@pytest.fixture
def ann(display: str, tmp_path: Path) -> Iterator[Person]:
    assert display
    person = Person(tmp_path)
    yield person
    blockon(Deferred.fromCoroutine(person.leave()))


def make_account(folder: Path) -> None:
    command = [str(BIN / "chatd"), "user", "add", "ann", "--state-directory", str(folder)]
    subprocess.run(command, input=f"{PASSWORD}\n", text=True, check=True, env=environment(), capture_output=True)


def by_tls(folder: Path) -> str:
    made = folder / "tls"
    made.mkdir()
    write_certificate(made / "key.pem", made / "certificate.pem", "127.0.0.1")
    return f"tls:{made}:port=0:{HERE}"


@ensureDeferred
async def test_a_password_is_asked_for_once_and_remembered(tmp_path: Path, ann: Person) -> None:
    pytest.importorskip("argon2")
    make_account(tmp_path)
    with Daemon(tmp_path, "--listen", f"tcp:0:{HERE}", "--state-directory", str(tmp_path)) as daemon:
        ann.go(daemon.port)
        await ann.enter("wrong-" + PASSWORD)
        await ann.until(lambda: ann.sheet.is_open and ann.sheet.problem.cget("text"))
        await ann.enter(PASSWORD)
        await ann.is_in()
        assert ann.status.account == "ann"
        assert ann.vault.kept == {("127.0.0.1", "ann"): PASSWORD}
        assert not ann.sheet.is_open
        assert not ann.question.is_open
        ann.window.servers.front.connector.link.log_out()
        await ann.until(lambda: ann.status.state is LinkState.STOPPED)
        ann.window.reconnect()  # as at the next start: the keyring knows it
        await ann.is_in()
        assert ann.status.account == "ann"
        assert not ann.sheet.is_open
        await ann.until(lambda: "ann has joined" in ann.window.talk.text.get("1.0", "end"))
        assert "LOGIN" not in ann.window.talk.text.get("1.0", "end")


@ensureDeferred
async def test_a_port_that_speaks_tls(tmp_path: Path, ann: Person) -> None:
    pytest.importorskip("twisted.protocols.tls")
    with Daemon(tmp_path, "--listen", by_tls(tmp_path)) as daemon:
        ann.go(daemon.port)
        await ann.until(lambda: "accepts TLS connections only" in ann.question.text)
        assert ann.status.state in (LinkState.WAITING, LinkState.CONNECTING)
        await ann.answer("Connect with TLS")
        await ann.answer("Connect and remember")
        await ann.is_in()
        assert not ann.question.is_open
        assert [each.address.tls for each in ann.window.servers] == [True]


@ensureDeferred
async def test_a_port_without_tls(tmp_path: Path, ann: Person) -> None:
    pytest.importorskip("twisted.protocols.tls")
    with Daemon(tmp_path, "--listen", f"tcp:0:{HERE}") as daemon:
        ann.go(daemon.port, tls=True)
        await ann.until(lambda: "does not speak TLS" in ann.question.text)
        await ann.answer("Connect without TLS")
        await ann.is_in()
        assert not ann.question.is_open


@ensureDeferred
async def test_a_port_where_nothing_listens_until_something_does(tmp_path: Path, ann: Person) -> None:
    (port,) = free_ports(1)
    ann.go(port)
    await ann.until(lambda: f"No server answers on port {port}" in ann.question.text)
    with Daemon(tmp_path, "--listen", f"tcp:{port}:{HERE}"):
        await ann.answer("Try now")
        await ann.is_in()
        assert not ann.question.is_open
