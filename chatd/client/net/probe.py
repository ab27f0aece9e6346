"""Finding out what a port speaks that is in trouble: chatd's lines, TLS, or something else."""

from __future__ import annotations

import ssl
from contextlib import suppress
from enum import Enum
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.endpoints import HostnameEndpoint
from twisted.internet.interfaces import IAddress, IDelayedCall, IReactorTime
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from chatd.client.net.trouble import Probe, Trouble
from chatd.protocol import wire
from chatd.protocol.errors import ChatError
from chatd.runtime.server_address import Address

PROBE_SECONDS = 5.0
"""How long finding out may take, at most."""
MAX_HEARD_BYTES = 1024
"""How much of what is said there is listened to, at most."""

_HANDSHAKE, _ALERT = 0x16, 0x15
"""The types of record with which a server's part of TLS can begin."""


class Speech(Enum):
    """What a port speaks."""

    TLS = "TLS"
    CHATD = "chatd's lines, without TLS"
    OTHER = "something else"
    NOTHING = "nothing that was heard"


def is_tls(data: bytes) -> bool:
    """Return whether bytes are the beginning of a record of TLS, and so of no line: an alert, or a handshake."""
    return len(data) >= 2 and data[0] in (_HANDSHAKE, _ALERT) and data[1] == 3  # SSL 3.0 up to TLS 1.3


def speech_of(heard: bytes) -> Speech | None:
    """Return what it is that was heard so far; None if that is not yet clear."""
    if is_tls(heard):
        return Speech.TLS
    line, end, _ = heard.partition(wire.EOL.encode())
    if not end:
        return Speech.OTHER if len(heard) >= MAX_HEARD_BYTES else None
    try:
        wire.parse_event(line)
    except ChatError:
        return Speech.OTHER
    return Speech.CHATD


class _Listener(Protocol):
    """Says how a client of TLS begins, and listens to what comes: both TLS and chatd answer that."""

    def __init__(self, clock: IReactorTime, hello: bytes, told: Deferred[Speech]) -> None:
        self._clock = clock
        self._hello = hello
        self._told = told
        self._heard = b""
        self._found: Speech | None = None
        self._limit: IDelayedCall | None = None

    def connectionMade(self) -> None:
        self._limit = self._clock.callLater(PROBE_SECONDS, self._end, Speech.NOTHING)
        self._stream.write(self._hello)

    def dataReceived(self, data: bytes) -> None:
        self._heard += data
        found = speech_of(self._heard)
        if found is not None:
            self._end(found)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002  # Twisted's signature
        self._stop_waiting()
        if not self._told.called:
            self._told.callback(self._found or (Speech.OTHER if self._heard else Speech.NOTHING))

    def give_up(self) -> None:
        """Listen no more."""
        self._end(Speech.NOTHING)

    @property
    def _stream(self) -> Any:
        return self.transport

    def _end(self, found: Speech) -> None:
        self._stop_waiting()
        self._found = self._found or found
        self._stream.abortConnection()

    def _stop_waiting(self) -> None:
        if self._limit is not None and self._limit.active():
            self._limit.cancel()


class _Listeners(Factory):
    noisy = False

    def __init__(self, clock: IReactorTime, hello: bytes, told: Deferred[Speech]) -> None:
        self._make = lambda: _Listener(clock, hello, told)

    def buildProtocol(self, addr: IAddress | None) -> Protocol:  # noqa: ARG002  # Twisted's signature
        return self._make()


def listen_to(reactor: Any, address: Address) -> Deferred[Speech]:
    """Return a Deferred that fires with what the port of an address speaks. It never fails, and can be cancelled."""

    def give_up(told: Deferred[Speech]) -> None:
        connecting.cancel()
        connecting.addCallback(lambda listener: None if listener is None else listener.give_up())
        if not told.called:
            told.callback(Speech.NOTHING)

    told: Deferred[Speech] = Deferred(give_up)
    endpoint = HostnameEndpoint(reactor, address.host, address.port, timeout=PROBE_SECONDS)
    connecting: Deferred[Any] = endpoint.connect(_Listeners(reactor, client_hello(address.host), told))
    connecting.addErrback(lambda _: None if told.called else told.callback(Speech.NOTHING))
    return told


def client_hello(host: str) -> bytes:
    """Return how a client of TLS begins."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    said = ssl.MemoryBIO()
    try:
        client = context.wrap_bio(ssl.MemoryBIO(), said, server_hostname=host)
    except ValueError:  # no name that TLS could tell the server
        client = context.wrap_bio(ssl.MemoryBIO(), said)
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return said.read()


def probe_of(reactor: Any, address: Address) -> Probe:
    """Return what finds out whether the server at an address is spoken to in the wrong way."""

    def explain(found: Speech) -> Trouble | None:
        match found:
            case Speech.TLS if not address.tls:
                return Trouble.SPEAKS_TLS
            case Speech.CHATD if address.tls:
                return Trouble.SPEAKS_PLAIN
            case Speech.OTHER:
                return Trouble.NOT_CHATD
        return None

    return lambda: listen_to(reactor, address).addCallback(explain)
