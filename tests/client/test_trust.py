"""The client by TLS: whom it believes, what it asks, and that nothing is said before the certificate was accepted."""

from __future__ import annotations

import json
import os
import stat
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from pytest_twisted import ensureDeferred
from twisted.internet.defer import Deferred, succeed
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import ISSLTransport
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import Certificate, trustRootFromCertificates
from twisted.internet.task import Clock, deferLater
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from chatd.client.model.membership import MembershipCue
from chatd.client.model.transcript import Transcript
from chatd.client.model.trust import CertificateQuestion, KnownServers, PresentedCertificate, Trust, Verdict, judge
from chatd.client.net.endpoint import endpoint_of
from chatd.client.net.link import Link
from chatd.client.net.status import LinkState, Status
from chatd.client.net.tls import HANDSHAKE_SECONDS, NOT_ACCEPTED, HeldConnection
from chatd.client.net.trouble import TlsFailedError
from chatd.runtime.server_address import Address
from chatd.tls.certificate import fingerprint
from chatd.tls.endpoint import endpoint
from tests.support.certificates import Authority, write_certificate
from tests.support.linked_users import until

ONE, OTHER = ":".join(["AB"] * 32), ":".join(["01"] * 32)


def reactor() -> Any:
    from twisted.internet import reactor as installed

    return installed


# What is decided.


@pytest.mark.parametrize(
    ("shown", "known", "verdict"),
    [
        (PresentedCertificate(ONE), None, Verdict.ACCEPT),
        (PresentedCertificate(ONE), ONE, Verdict.ACCEPT),
        (PresentedCertificate(ONE), OTHER, Verdict.ACCEPT_NEW),
        (PresentedCertificate(ONE, ("it has expired",)), ONE, Verdict.ACCEPT),
        (PresentedCertificate(ONE, ("it has expired",)), None, Verdict.ASK),
        (PresentedCertificate(ONE, ("it has expired",)), OTHER, Verdict.ASK),
    ],
)
def test_the_verdict(shown: PresentedCertificate, known: str | None, verdict: Verdict) -> None:
    assert judge(shown, known) is verdict


def test_the_question_names_the_server_the_reason_and_the_fingerprints() -> None:
    first = CertificateQuestion("example.org:7", PresentedCertificate(ONE, ("it has expired", "it is old")))
    assert "example.org:7 is not trusted: it has expired; it is old." in first.text
    assert ONE[:47] in first.text
    assert not first.changed
    again = CertificateQuestion("example.org:7", PresentedCertificate(ONE, ("it has expired",)), OTHER)
    assert again.changed
    assert "the certificate of example.org:7 has changed" in again.text
    assert again.text.index(ONE[:47]) < again.text.index(OTHER[:47])


# What is remembered.


def test_what_was_accepted_is_known_to_the_next_client(tmp_path: Path) -> None:
    folder = tmp_path / "config"
    first, second = KnownServers(folder), KnownServers(folder)
    assert first.look_up("a:1") == (None, "")
    assert first.remember("a:1", ONE) == second.remember("b:1", OTHER) == ""
    for known in (first, second, KnownServers(folder)):
        assert (known.look_up("a:1"), known.look_up("b:1")) == ((ONE, ""), (OTHER, ""))
    assert stat.S_IMODE(first.path.stat().st_mode) == 0o600
    assert json.loads(first.path.read_text()) == {"a:1": ONE, "b:1": OTHER}


@pytest.mark.parametrize("content", ["", "[]", '{"a:1": 5}', '{"a:1": "ab"}', "[" * 100_000])
def test_a_broken_file_is_told_of_and_put_aside(tmp_path: Path, content: str) -> None:
    known = KnownServers(tmp_path)
    known.path.write_text(content)
    found, problem = known.look_up("a:1")
    assert found is None
    assert str(known.path) in problem
    assert problem in CertificateQuestion("a:1", PresentedCertificate(ONE, ("x",)), None, problem).text
    assert known.remember("a:1", ONE) == ""
    assert KnownServers(tmp_path).look_up("a:1") == (ONE, "")
    assert (tmp_path / "known-servers.json.broken").read_text() == content


def test_what_cannot_be_kept_holds_for_this_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = KnownServers(tmp_path)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail)
    assert "No space left on device" in known.remember("a:1", ONE)
    assert known.look_up("a:1") == (ONE, "")
    assert KnownServers(tmp_path).look_up("a:1") == (None, "")


# Over real sockets.


class Recorder(Protocol):
    """A server's end of a connection: what it hears; it greets, and answers HELLO and JOIN."""

    def __init__(self) -> None:
        self.heard = b""
        self.lost = False

    def connectionMade(self) -> None:
        self.say(b"NOTE welcome")

    def say(self, line: bytes) -> None:
        transport: Any = self.transport
        transport.write(line + b"\r\n")

    def dataReceived(self, data: bytes) -> None:
        self.heard += data
        for line in data.splitlines():
            if line == b"HELLO 1":
                self.say(b"OK HELLO protocol=1 server=test/1 epoch=e1 max-line=8192 ping=60")
            elif b" JOIN " in line:
                self.say(line.split()[0] + b" OK JOIN #r 1 last=0 resume=s1")
            elif line == b"QUIT":
                transport: Any = self.transport
                transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002  # Twisted's
        self.lost = True


class Server(Factory):
    """Listens by TLS with the certificates of a folder."""

    noisy = False

    def __init__(self, folder: Path) -> None:
        self.peers: list[Recorder] = []
        self.port: Any = None
        self._folder = folder

    def buildProtocol(self, addr: object) -> Recorder:  # noqa: ARG002  # Twisted's signature
        self.peers.append(Recorder())
        return self.peers[-1]

    async def listen(self, port: int = 0) -> None:
        self.port = await endpoint(reactor(), f"tls:{self._folder}:port={port}:interface=127.0.0.1").listen(self)

    @property
    def number(self) -> int:
        return int(self.port.getHost().port)

    @property
    def heard(self) -> list[bytes]:
        return [peer.heard for peer in self.peers]

    async def again(self) -> None:
        """Stop, and listen on the same port with what is in the folder now."""
        number = self.number
        await self.stop()
        await self.listen(number)

    async def stop(self) -> None:
        await self.port.stopListening()
        for peer in self.peers:
            if not peer.lost:
                transport: Any = peer.transport
                transport.abortConnection()
        await until(lambda: all(peer.lost for peer in self.peers))
        self.peers.clear()


class User:
    """A link by TLS, and who answers its questions."""

    def __init__(self, port: int, home: Path, host: str = "localhost", authorities: Any = None) -> None:
        self.questions: list[CertificateQuestion] = []
        self.answers: list[Deferred[bool]] = []
        self.notices: list[str] = []
        self.told: list[Status] = []
        self.withdrawn = 0
        self.transcript = Transcript("ann", lambda: int(reactor().seconds() * 1000))
        self.transcript.open_room("#r").change_membership(MembershipCue.WANT)
        self.transcript.add_waiting("#r", "secret", "L0", 0)
        trust = Trust(KnownServers(home), self._ask, self.notices.append, authorities)
        where = endpoint_of(Address(host, port, tls=True), reactor(), trust)
        self.link = Link(reactor(), where, self.transcript, lambda _: None, self.told.append)
        self.link.start()

    def _ask(self, certificate_question: CertificateQuestion) -> Deferred[bool]:
        self.questions.append(certificate_question)
        self.answers.append(Deferred(self._withdraw))
        return self.answers[-1]

    def _withdraw(self, _: object) -> None:
        self.withdrawn += 1

    @property
    def now(self) -> tuple[LinkState, str]:
        return self.told[-1].state, self.told[-1].detail

    async def asked(self, count: int = 1) -> None:
        await until(lambda: len(self.questions) == count)

    async def connected(self) -> None:
        await until(lambda: self.told and self.told[-1].state is LinkState.CONNECTED)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tls"
    made.mkdir()
    return made


def write(folder: Path, *names: str, lasts: timedelta = timedelta(days=1)) -> x509.Certificate:
    return write_certificate(folder / "key.pem", folder / "certificate.pem", *names, lasts=lasts)


def authorities(authority: Authority) -> Any:
    return trustRootFromCertificates([Certificate.loadPEM(authority.file.read_bytes())])


@ensureDeferred
async def test_a_self_signed_one_is_asked_about_once_and_nothing_is_said_before(tmp_path: Path, folder: Path) -> None:
    made = write(folder, "localhost")
    server = Server(folder)
    await server.listen()
    user = User(server.number, tmp_path)
    await user.asked()
    (certificate_question,) = user.questions
    assert (certificate_question.server, certificate_question.known) == (f"localhost:{server.number}", None)
    assert certificate_question.shown == PresentedCertificate(fingerprint(made), ("it is self-signed",))
    await until(lambda: all(peer.lost for peer in server.peers))
    await deferLater(reactor(), 1.5)  # as long as the first wait between two tries, and nobody is asked again
    user.link.reconnect()
    await deferLater(reactor(), 0.1)
    assert server.heard == [b""]
    assert len(user.questions) == 1
    assert user.now == (LinkState.CONNECTING, "connecting")
    user.answers[0].callback(True)
    await user.connected()
    assert len(server.peers) == 2
    assert server.heard[0] == b""
    assert b"JOIN ann #r" in server.heard[1]
    user.link.reconnect()
    await until(lambda: len(server.peers) == 3)
    await user.connected()
    await user.link.stop()
    # The next start.
    again = User(server.number, tmp_path)
    await again.connected()
    assert (again.questions, again.notices) == ([], [])
    await again.link.stop()
    await server.stop()


@ensureDeferred
async def test_by_tls_too_lines_are_sent_at_once_and_a_dead_machine_is_noticed(tmp_path: Path, folder: Path) -> None:
    above = Authority(tmp_path / "authority.pem")
    above.sign(folder / "key.pem", folder / "certificate.pem", "localhost")
    server = Server(folder)
    await server.listen()
    user = User(server.number, tmp_path, authorities=authorities(above))
    await user.connected()
    stream = user.link._reconnector.connection.stream  # type: ignore[union-attr]
    assert stream.getTcpNoDelay()
    assert stream.getTcpKeepAlive()
    assert ISSLTransport.providedBy(stream)  # what a password may be sent over
    await user.link.stop()
    await server.stop()


@ensureDeferred
async def test_who_says_no_is_asked_again_only_after_wishing_so(tmp_path: Path, folder: Path) -> None:
    write(folder, "localhost")
    server = Server(folder)
    await server.listen()
    user = User(server.number, tmp_path)
    await user.asked()
    user.answers[0].callback(False)
    await until(lambda: user.now == (LinkState.STOPPED, NOT_ACCEPTED))
    await deferLater(reactor(), 1.5)
    assert len(user.questions) == 1
    assert server.heard == [b""]
    assert user.told[-1].retry_at is None
    user.link.reconnect()
    await user.asked(2)
    assert user.now[0] is LinkState.CONNECTING
    user.answers[1].callback(True)
    await user.connected()
    await user.link.stop()
    await server.stop()


@ensureDeferred
async def test_the_question_is_withdrawn_when_one_leaves(tmp_path: Path, folder: Path) -> None:
    write(folder, "localhost")
    server = Server(folder)
    await server.listen()
    user = User(server.number, tmp_path)
    await user.asked()
    await user.link.stop()
    assert user.withdrawn == 1
    assert user.now == (LinkState.STOPPED, "not connected")
    await server.stop()


@ensureDeferred
async def test_a_changed_one_is_a_warning_and_nothing_is_said(tmp_path: Path, folder: Path) -> None:
    old = write(folder, "localhost")
    server = Server(folder)
    await server.listen()
    user = User(server.number, tmp_path)
    await user.asked()
    user.answers[0].callback(True)
    await user.connected()
    new = write(folder, "localhost")
    await server.again()
    user.link.reconnect()
    await user.asked(2)
    certificate_question = user.questions[1]
    assert certificate_question.changed
    assert (certificate_question.known, certificate_question.shown.fingerprint) == (fingerprint(old), fingerprint(new))
    assert set(server.heard) == {b""}
    user.answers[1].callback(False)
    await until(lambda: user.now == (LinkState.STOPPED, NOT_ACCEPTED))
    assert KnownServers(tmp_path).look_up(certificate_question.server) == (fingerprint(old), "")
    user.link.reconnect()
    await user.asked(3)
    user.answers[2].callback(True)
    await user.connected()
    assert KnownServers(tmp_path).look_up(certificate_question.server) == (fingerprint(new), "")
    await user.link.stop()
    await server.stop()


@ensureDeferred
async def test_one_that_comes_between_the_question_and_the_answer_is_not_let_through(
    tmp_path: Path, folder: Path
) -> None:
    write(folder, "localhost")
    server = Server(folder)
    await server.listen()
    user = User(server.number, tmp_path)
    await user.asked()
    write(folder, "localhost")
    await server.again()
    user.answers[0].callback(True)
    await user.asked(2)
    assert user.questions[1].known == user.questions[0].shown.fingerprint
    assert server.heard == [b""]
    await user.link.stop()
    await server.stop()


@ensureDeferred
async def test_one_that_an_authority_vouches_for_is_accepted_and_not_remembered(tmp_path: Path, folder: Path) -> None:
    above = Authority(tmp_path / "authority.pem")
    above.sign(folder / "key.pem", folder / "certificate.pem", "localhost", "127.0.0.1")
    server = Server(folder)
    await server.listen()
    for host in ("localhost", "127.0.0.1", "LOCALHOST"):
        user = User(server.number, tmp_path, host, authorities(above))
        await user.connected()
        assert (user.questions, user.notices) == ([], [])
        await user.link.stop()
    assert not (tmp_path / "known-servers.json").exists()
    await server.stop()


@ensureDeferred
async def test_a_change_to_one_that_an_authority_vouches_for_is_a_notice(tmp_path: Path, folder: Path) -> None:
    above = Authority(tmp_path / "authority.pem")
    write(folder, "localhost")
    server = Server(folder)
    await server.listen()
    user = User(server.number, tmp_path, authorities=authorities(above))
    await user.asked()
    user.answers[0].callback(True)
    await user.connected()
    above.sign(folder / "key.pem", folder / "certificate.pem", "localhost")
    await server.again()
    user.link.reconnect()
    await until(lambda: user.notices)
    await user.connected()
    (notice,) = user.notices
    assert f"The certificate of localhost:{server.number} has changed" in notice
    user.link.reconnect()
    await until(lambda: len(server.peers) == 2)
    await user.connected()
    assert (len(user.questions), len(user.notices)) == (1, 1)
    write(folder, "localhost")
    await server.again()
    user.link.reconnect()
    await user.asked(2)  # back to one that nobody vouches for
    assert user.questions[1].changed
    await user.link.stop()
    await server.stop()


@pytest.mark.parametrize(
    ("names", "lasts", "problems"),
    [
        (["other.example"], timedelta(days=1), ["it was issued for other.example, not for localhost"]),
        (["localhost"], timedelta(hours=-1), ["it has expired"]),
        (["192.0.2.1"], timedelta(hours=-1), ["it has expired", "it was issued for 192.0.2.1, not for localhost"]),
    ],
)
@ensureDeferred
async def test_what_else_is_wrong_is_said(
    tmp_path: Path, folder: Path, names: list[str], lasts: timedelta, problems: list[str]
) -> None:
    write(folder, *names, lasts=lasts)
    server = Server(folder)
    await server.listen()
    user = User(server.number, tmp_path)
    await user.asked()
    assert list(user.questions[0].shown.problems) == ["it is self-signed", *problems]
    await user.link.stop()
    await server.stop()


@ensureDeferred
async def test_an_authority_that_nobody_knows_and_a_name_of_its_own(tmp_path: Path, folder: Path) -> None:
    above = Authority(tmp_path / "authority.pem")
    above.sign(folder / "key.pem", folder / "certificate.pem", "other.example")
    server = Server(folder)
    await server.listen()
    for known, problems in (
        (None, ("no certificate authority that this computer trusts issued it",)),
        (authorities(above), ()),
    ):
        user = User(server.number, tmp_path, authorities=known)
        await user.asked()
        assert user.questions[0].shown.problems == (*problems, "it was issued for other.example, not for localhost")
        await user.link.stop()
    await server.stop()


@ensureDeferred
async def test_a_server_without_tls_is_said_to_have_none(tmp_path: Path) -> None:
    plain = Factory.forProtocol(Recorder)
    plain.noisy = False
    port = reactor().listenTCP(0, plain, interface="127.0.0.1")
    user = User(port.getHost().port, tmp_path)
    await until(lambda: user.told[-1].state is LinkState.WAITING)
    assert user.now[1].startswith("cannot reach the server: the TLS connection failed: ")
    assert user.told[-1].retry_at is not None
    await user.link.stop()
    await port.stopListening()


@ensureDeferred
async def test_one_that_hangs_up_or_is_not_there(tmp_path: Path) -> None:
    class HangsUp(Protocol):
        def connectionMade(self) -> None:
            transport: Any = self.transport
            transport.loseConnection()

    factory = Factory.forProtocol(HangsUp)
    factory.noisy = False
    port = reactor().listenTCP(0, factory, interface="127.0.0.1")
    number = port.getHost().port
    user = User(number, tmp_path)
    await until(lambda: user.told[-1].state is LinkState.WAITING)
    assert user.now[1] in (
        "cannot reach the server: the connection was lost",
        "cannot reach the server: the server closed the connection",
    )
    await user.link.stop()
    await port.stopListening()
    user = User(number, tmp_path)
    await until(lambda: user.told[-1].state is LinkState.WAITING)
    assert user.now[1] == "cannot reach the server: connection refused"
    await user.link.stop()


@ensureDeferred
async def test_who_leaves_while_the_server_says_nothing_is_gone_at_once(tmp_path: Path) -> None:
    silent: list[Recorder] = []

    class Silent(Recorder):
        def connectionMade(self) -> None:
            silent.append(self)

    factory = Factory.forProtocol(Silent)
    factory.noisy = False
    port = reactor().listenTCP(0, factory, interface="127.0.0.1")
    user = User(port.getHost().port, tmp_path)
    await until(lambda: silent and silent[0].heard)
    await user.link.stop()
    await until(lambda: silent[0].lost)
    assert user.questions == []
    await port.stopListening()


# The held connection by itself.


def test_a_server_that_never_answers_is_given_up() -> None:
    clock = Clock()
    held = HeldConnection(clock)
    transport = StringTransport()
    aborted: list[None] = []
    transport.abortConnection = lambda: aborted.append(None)  # type: ignore[method-assign]
    held.makeConnection(transport)
    failures: list[Failure] = []
    held.encrypted.addErrback(failures.append)
    clock.advance(HANDSHAKE_SECONDS)
    assert len(aborted) == 1
    assert "no TLS handshake within 30 seconds" in str(failures[0].value)
    assert failures[0].check(TlsFailedError)
    held.connectionLost(Failure(ConnectionDone()))
    assert clock.getDelayedCalls() == []


def test_what_came_before_the_gate_was_opened_is_not_lost() -> None:
    clock = Clock()
    held = HeldConnection(clock)
    held.makeConnection(StringTransport())
    held.handshakeCompleted()
    held.dataReceived(b"early")
    heard = Recorder()
    factory = Factory.forProtocol(lambda: heard)
    factory.noisy = False
    assert held.open(factory) is heard
    held.dataReceived(b" late")
    assert heard.heard == b"early late"
    held.connectionLost(Failure(ConnectionDone()))
    assert heard.lost
    assert clock.getDelayedCalls() == []


def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "chatd.client.net.tls", None)
    trust = Trust(KnownServers(tmp_path), lambda _: succeed(False), lambda _: None)
    with pytest.raises(ValueError, match=r"TLS needs more packages; install them: .*pip install"):
        endpoint_of(Address("localhost", 1, tls=True), reactor(), trust)


# In the window.


@pytest.fixture
def question(display: str) -> Iterator[Any]:  # noqa: ARG001  # it is in the environment
    tkinter = pytest.importorskip("tkinter")
    from chatd.client.view.question import Question

    root = tkinter.Tk()
    made = Question(root)
    made.grid()
    root.focus_force()
    root.update()
    yield made
    root.destroy()


@pytest.mark.parametrize("known", [None, OTHER], ids=["first", "changed"])
def test_the_window_asks_and_no_is_what_enter_and_escape_mean(question: Any, known: str | None) -> None:
    from chatd.client.view.certificate_question import ask_about_certificate

    certificate_question = CertificateQuestion("a:1", PresentedCertificate(ONE, ("it has expired",)), known)
    for press, said in (("<Return>", False), ("<Escape>", False), (0, True), (1, False)):
        answers: list[bool] = []
        ask_about_certificate(question, certificate_question).addCallback(answers.append)
        assert question.text == certificate_question.text
        question.update()
        buttons = question._buttons.winfo_children()
        assert [button.cget("text") for button in buttons][1] == "Do not connect"
        assert question.focus_lastfor() is buttons[1]
        if isinstance(press, str):
            buttons[1].event_generate(press)
        else:
            buttons[press].invoke()
        assert answers == [said]
        assert not question.is_open


def test_another_question_is_a_no_and_leaving_takes_it_away(question: Any) -> None:
    from chatd.client.view.certificate_question import ask_about_certificate, show_certificate_notice

    certificate_question = CertificateQuestion("a:1", PresentedCertificate(ONE, ("it has expired",)))
    answers: list[bool] = []
    ask_about_certificate(question, certificate_question).addCallback(answers.append)
    show_certificate_notice(question, "a notice")
    assert answers == []
    question.ask("something else", [("Close", lambda: None)])
    assert answers == [False]
    assert question.text == "something else"
    question.escape()
    assert question.text == "a notice"
    question.escape()
    waiting = ask_about_certificate(question, certificate_question)
    waiting.cancel()
    assert not question.is_open
    waiting.addCallback(answers.append)
    assert answers == [False, False]
