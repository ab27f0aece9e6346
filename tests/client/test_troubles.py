"""Why there is no connection: what the link makes of failures, and what it finds out about a port."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet import error, reactor
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.protocol import Factory, Protocol
from twisted.internet.testing import MemoryReactorClock
from twisted.python.failure import Failure

from chatd.client.model.lines import Kind
from chatd.client.model.trust import NotAcceptedError
from chatd.client.net.link import Link
from chatd.client.net.probe import MAX_HEARD_BYTES, PROBE_SECONDS, Speech, client_hello, listen_to, probe_of, speech_of
from chatd.client.net.status import LinkState
from chatd.client.net.trouble import TlsFailedError, Trouble, trouble_of
from chatd.protocol.moderation_commands import Login
from chatd.runtime.server_address import Address
from tests.client.test_link import HELLO, NOTE, Rig, calls_left, label
from tests.support.certificates import write_certificate
from tests.support.daemon import Daemon

__all__ = ["calls_left"]
ALERT = b"\x15\x03\x01\x00\x02\x02\x46"


class ProbingRig(Rig):
    """A link that asks what its port speaks; the answers are in ``probes``."""

    def __init__(self) -> None:
        super().__init__("#a")
        self.probes: list[Deferred[Trouble | None]] = []

        def probe() -> Deferred[Trouble | None]:
            self.probes.append(Deferred())
            return self.probes[-1]

        reconnector: Any = self.link._reconnector
        reconnector._probe = probe

    @property
    def trouble(self) -> Trouble | None:
        return self.told[-1].trouble

    def refused(self, *lines: str, private: bool = True) -> Trouble | None:
        """Connect, let the server answer the last thing said with a line, and hang up; return the trouble."""
        self.start()
        self.connect()
        assert self.wire is not None
        self.wire.peerAddr = IPv4Address("TCP", "127.0.0.1" if private else "192.0.2.1", 10319)
        said = self.hears(NOTE, HELLO)
        for line in lines:
            said = self.hears(f"@label={label(said[-1])} {line}")
        self.drop()
        return self.trouble


@pytest.fixture
def rig() -> Iterator[ProbingRig]:
    made = ProbingRig()
    yield made
    made.link.stop()
    if made.wire is not None and not made.wire.lost:
        made.wire.drop()
    assert [call for call in made.clock.getDelayedCalls() if call.active()] == []


@pytest.mark.parametrize(
    ("failure", "trouble"),
    [
        (error.ConnectionRefusedError(), Trouble.NOTHING_LISTENS),
        (error.DNSLookupError(), Trouble.NO_HOST),
        (error.TCPTimedOutError(), Trouble.NO_ANSWER),
        (error.TimeoutError(), Trouble.NO_ANSWER),
        (error.NoRouteError(), Trouble.NO_ROUTE),
        (error.ConnectError(OSError(113, "No route to host")), Trouble.NO_ROUTE),
        (TlsFailedError("why"), Trouble.NO_HANDSHAKE),
        (NotAcceptedError("no"), Trouble.NOT_ACCEPTED),
        (ValueError("what"), None),
    ],
)
def test_what_a_failure_is(failure: Exception, trouble: Trouble | None) -> None:
    assert trouble_of(Failure(failure)) is trouble


def test_a_port_where_nothing_listens_and_the_trouble_stays_while_it_is_tried_again(rig: ProbingRig) -> None:
    rig.start()
    rig.fail(error.ConnectionRefusedError())
    assert (rig.now[0], rig.trouble) == (LinkState.WAITING, Trouble.NOTHING_LISTENS)
    rig.wait_for_retry()
    assert (rig.now[0], rig.trouble) == (LinkState.CONNECTING, Trouble.NOTHING_LISTENS)
    rig.enter()
    assert (rig.now[0], rig.trouble) == (LinkState.CONNECTED, None)
    assert rig.probes == []


def test_an_alert_of_tls_tells_what_the_port_speaks(rig: ProbingRig) -> None:
    rig.start()
    rig.connect()
    rig.hears_bytes(ALERT)
    assert rig.wire is not None
    assert rig.wire.aborted
    rig.drop()
    assert (rig.now, rig.trouble) == ((LinkState.WAITING, "the server requires TLS"), Trouble.SPEAKS_TLS)
    assert rig.probes == []


def test_what_a_silent_port_speaks_is_found_out_once(rig: ProbingRig) -> None:
    rig.start()
    rig.connect()
    rig.drop()
    assert rig.trouble is Trouble.SILENT
    at = rig.told[-1].retry_at
    rig.probes[0].callback(Trouble.SPEAKS_TLS)
    assert [(each.trouble, each.retry_at) for each in rig.told[-1:]] == [(Trouble.SPEAKS_TLS, at)]
    rig.wait_for_retry()
    rig.connect()
    rig.drop()
    assert rig.told[-1].trouble == Trouble.SPEAKS_TLS
    assert len(rig.probes) == 1


def test_what_was_found_out_too_late_is_not_told(rig: ProbingRig) -> None:
    rig.start()
    rig.connect()
    rig.drop()
    rig.wait_for_retry()
    rig.enter()
    rig.probes[0].callback(Trouble.SPEAKS_TLS)
    assert (rig.now[0], rig.trouble) == (LinkState.CONNECTED, None)
    rig.drop()
    assert rig.trouble is None  # a connection that was lost is no riddle


def test_a_probe_that_explains_nothing_or_fails_changes_nothing(rig: ProbingRig) -> None:
    rig.start()
    rig.connect()
    rig.hears("220 smtp.example.org ESMTP")
    rig.drop()
    assert rig.trouble is Trouble.NOT_CHATD
    rig.probes[0].callback(None)
    assert rig.trouble is Trouble.NOT_CHATD


@pytest.mark.parametrize(
    ("line", "state", "trouble"),
    [
        ("BYE refused the server is full", LinkState.WAITING, Trouble.FULL),
        ("BYE banned spam", LinkState.STOPPED, Trouble.BANNED),
        ("BYE kicked by bob", LinkState.STOPPED, Trouble.KICKED),
        ("BYE replaced you are elsewhere", LinkState.STOPPED, Trouble.REPLACED),
        ("BYE not-chatd this is no web server", LinkState.WAITING, Trouble.NOT_CHATD),
        ("BYE shutdown bye", LinkState.WAITING, None),
    ],
)
def test_what_the_server_says_at_the_end(rig: ProbingRig, line: str, state: LinkState, trouble: Trouble | None) -> None:
    rig.start()
    rig.connect()
    rig.hears(line)
    rig.drop()
    assert (rig.now[0], rig.trouble) == (state, trouble)


@pytest.mark.parametrize(
    ("answer", "state", "trouble"),
    [
        ("ERR name-taken JOIN me is taken", LinkState.REFUSED, Trouble.NAME),
        ("ERR bad-nick JOIN that is no name", LinkState.REFUSED, Trouble.NAME),
        ("ERR full JOIN full", LinkState.REFUSED, Trouble.FULL),
        ("ERR unavailable JOIN later", LinkState.REFUSED, None),
    ],
)
def test_what_the_server_says_to_a_name(
    rig: ProbingRig, answer: str, state: LinkState, trouble: Trouble | None
) -> None:
    assert rig.refused(answer) is trouble
    assert rig.now[0] is state


@pytest.mark.parametrize(("private", "trouble"), [(True, Trouble.PASSWORD_NEEDED), (False, Trouble.PASSWORD_UNSAFE)])
def test_a_name_that_needs_a_password_leaves_nothing_red_in_a_room(
    rig: ProbingRig, private: bool, trouble: Trouble
) -> None:
    refusal = "ERR not-allowed JOIN me is somebody's own; if it is yours, LOGIN me <password> first"
    assert rig.refused(refusal, refusal, private=private) is trouble
    assert rig.now[0] is LinkState.LOCKED
    assert rig.lines("#a", Kind.ERROR) == []


@pytest.mark.parametrize(
    ("code", "trouble"),
    [
        ("bad-password", Trouble.PASSWORD_WRONG),
        ("slow-down", Trouble.LOGIN_REFUSED),
        ("tls-needed", Trouble.PASSWORD_UNSAFE),
        ("full", Trouble.FULL),
    ],
)
def test_what_the_server_says_to_a_password(rig: ProbingRig, code: str, trouble: Trouble) -> None:
    rig.link.send_command(Login("me", "password"))
    assert rig.refused(f"ERR {code} LOGIN no") is trouble


def test_a_name_of_another_account_is_no_question_of_a_password(rig: ProbingRig) -> None:
    rig.link.send_command(Login("me", "password"))
    refusal = "ERR not-allowed JOIN me is somebody's own"
    assert rig.refused("OK LOGIN ann", refusal, refusal) is Trouble.NAME


def test_the_account_is_told_with_the_connection_and_forgotten_with_it(rig: ProbingRig) -> None:
    rig.link.send_command(Login("me", "password"))
    rig.start()
    rig.connect()
    assert rig.wire is not None
    rig.wire.peerAddr = IPv4Address("TCP", "127.0.0.1", 10319)
    (login,) = rig.hears(NOTE, HELLO)
    (join,) = rig.hears(f"@label={label(login)} OK LOGIN me")
    rig.hears(f"@label={label(join)} OK JOIN #a 1 last=0 resume=s1")
    assert (rig.told[-1].state, rig.told[-1].account) == (LinkState.CONNECTED, "me")
    rig.drop()
    assert rig.told[-1].account == ""


# What a port speaks.


@pytest.mark.parametrize(
    ("heard", "speech"),
    [
        (b"", None),
        (b"\x16", None),
        (b"\x16\x03", Speech.TLS),
        (ALERT, Speech.TLS),
        (b"NOTE wel", None),
        (b"NOTE welcome\r\n", Speech.CHATD),
        (b"BYE not-chatd no\r\n", Speech.CHATD),
        (b"HTTP/1.1 400 Bad Request\r\n", Speech.OTHER),
        (b"\x00" * MAX_HEARD_BYTES, Speech.OTHER),
    ],
)
def test_what_was_heard_is(heard: bytes, speech: Speech | None) -> None:
    assert speech_of(heard) is speech


def test_finding_out_ends_in_time() -> None:
    clock: Any = MemoryReactorClock()
    told: list[Speech] = []
    listen_to(clock, Address("127.0.0.1", 7)).addCallback(told.append)
    clock.advance(0)
    protocol = clock.tcpClients[-1][2].buildProtocol(None)
    wire = Wire()
    protocol.makeConnection(wire)
    assert bytes(wire.written).startswith(b"\x16\x03")
    clock.advance(PROBE_SECONDS)
    assert wire.aborted == 1
    protocol.connectionLost(Failure(error.ConnectionDone()))
    assert told == [Speech.NOTHING]
    assert not clock.getDelayedCalls()


@pytest.mark.parametrize("connected", [False, True])
def test_a_link_that_is_stopped_finds_nothing_out_any_more(calls_left: list[Rig], connected: bool) -> None:
    rig = Rig("#a")
    calls_left.append(rig)
    reconnector: Any = rig.link._reconnector
    reconnector._probe = probe_of(rig.clock, Address("127.0.0.1", 7))
    rig.start()
    rig.connect()
    rig.drop()  # before anything was heard
    rig.clock.advance(0)
    wire = Wire()
    if connected:
        protocol = rig.clock.tcpClients[-1][2].buildProtocol(None)
        protocol.makeConnection(wire)
    rig.link.stop()
    rig.clock.advance(0)
    assert (wire.aborted, rig.clock.connectors[-1].stoppedConnecting) == ((1, False) if connected else (0, True))
    told = list(rig.told)
    if connected:
        protocol.dataReceived(ALERT)
        protocol.connectionLost(Failure(error.ConnectionDone()))
    assert rig.told == told


class Wire:
    def __init__(self) -> None:
        self.written = bytearray()
        self.aborted = 0

    def write(self, data: bytes) -> None:
        self.written += data

    def abortConnection(self) -> None:
        self.aborted += 1


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "a" * 300, "bücher.example"])
def test_every_host_can_be_greeted(host: str) -> None:
    assert client_hello(host).startswith(b"\x16\x03")


class Web(Protocol):
    def dataReceived(self, data: bytes) -> None:  # noqa: ARG002  # Twisted's signature
        transport: Any = self.transport
        transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        transport.loseConnection()


@ensureDeferred
async def test_another_server_is_told_from_chatd() -> None:
    installed: Any = reactor
    listening = installed.listenTCP(0, Factory.forProtocol(Web), interface="127.0.0.1")
    port = listening.getHost().port
    assert await probe_of(installed, Address("127.0.0.1", port))() is Trouble.NOT_CHATD
    await listening.stopListening()
    assert await listen_to(installed, Address("127.0.0.1", port)) is Speech.NOTHING
    assert await listen_to(installed, Address("host.invalid", port)) is Speech.NOTHING


@pytest.mark.slow
@ensureDeferred
async def test_what_the_ports_of_a_real_daemon_speak(tmp_path: Path) -> None:
    pytest.importorskip("twisted.protocols.tls")
    folder = tmp_path / "tls"
    folder.mkdir()
    write_certificate(folder / "key.pem", folder / "certificate.pem", "localhost")
    here = "interface=127.0.0.1"
    with Daemon(tmp_path, "--listen", f"tcp:0:{here}", "--listen", f"tls:{folder}:port=0:{here}") as daemon:
        plain, encrypted = (int(place.rpartition(":")[2]) for place in sorted(daemon.places(), key=daemon.log().index))
        found = {}
        for port in (plain, encrypted):
            for tls in (False, True):
                found[port, tls] = await probe_of(reactor, Address("127.0.0.1", port, tls))()
    assert found == {
        (plain, False): None, (plain, True): Trouble.SPEAKS_PLAIN,
        (encrypted, False): Trouble.SPEAKS_TLS, (encrypted, True): None,
    }  # fmt: skip


def test_a_link_without_a_probe_finds_nothing_out() -> None:
    rig = Rig("#a")
    assert isinstance(rig.link, Link)
    rig.start()
    rig.connect()
    rig.drop()
    assert rig.told[-1].trouble is Trouble.SILENT
    rig.link.stop()
