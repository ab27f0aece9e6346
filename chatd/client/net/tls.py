"""The way to a server by TLS: not a line goes through before its certificate was accepted."""

from __future__ import annotations

from typing import Any

import idna
from cryptography import x509
from OpenSSL import SSL
from OpenSSL.SSL import X509VerificationCodes as Codes
from service_identity import CertificateError, VerificationError
from service_identity.cryptography import verify_certificate_hostname, verify_certificate_ip_address
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import wrapClientTLS
from twisted.internet.interfaces import (
    IHandshakeListener,
    IOpenSSLClientConnectionCreator,
    IProtocol,
    IProtocolFactory,
    IReactorTime,
    IStreamClientEndpoint,
)
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import optionsForClientTLS
from twisted.python.failure import Failure
from zope.interface import implementer

from chatd.client.model.trust import (
    CertificateQuestion,
    NotAcceptedError,
    PresentedCertificate,
    Trust,
    Verdict,
    changed_notice,
    judge,
    other_names,
)
from chatd.client.net.trouble import TlsFailedError
from chatd.runtime.connection_failures import why_lost
from chatd.tls.certificate import fingerprint

HANDSHAKE_SECONDS = 30
"""How long a server may take until the connection is encrypted."""
NOT_ACCEPTED = "the server's certificate was not accepted"

_NOBODY = "no certificate authority that this computer trusts issued it"
_PROBLEMS = {
    Codes.ERR_DEPTH_ZERO_SELF_SIGNED_CERT: "it is self-signed",
    Codes.ERR_SELF_SIGNED_CERT_IN_CHAIN: _NOBODY,
    Codes.ERR_UNABLE_TO_GET_ISSUER_CERT: _NOBODY,
    Codes.ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY: _NOBODY,
    Codes.ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE: _NOBODY,
    Codes.ERR_CERT_HAS_EXPIRED: "it has expired",
    Codes.ERR_CERT_NOT_YET_VALID: "it is not valid yet",
}


@implementer(IHandshakeListener)
class HeldConnection(Protocol):
    """Holds a connection until it is encrypted, and then until it is opened for a protocol."""

    def __init__(self, clock: IReactorTime) -> None:
        self.encrypted: Deferred[None] = Deferred(lambda _: self.close())
        """Fires once; fails with `TlsFailedError`."""
        self.codes: list[int] = []
        """What OpenSSL found wrong with the certificate, as its numbers."""
        self._inner: IProtocol | None = None
        self._early: list[bytes] = []
        self._limit = clock.callLater(HANDSHAKE_SECONDS, self._too_late)

    @property
    def stream(self) -> Any:
        """The transport, which is TLS's."""
        return self.transport

    def handshakeCompleted(self) -> None:  # noqa: N802  # Twisted's
        """Let the certificate be looked at."""
        self._stop_waiting()
        if not self.encrypted.called:
            self.encrypted.callback(None)

    def dataReceived(self, data: bytes) -> None:
        """Pass on what comes."""
        if self._inner is None:
            self._early.append(data)
        else:
            self._inner.dataReceived(data)

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Pass it on, or tell whoever waits."""
        self._stop_waiting()
        if self._inner is not None:
            self._inner.connectionLost(reason)
        elif not self.encrypted.called:
            self.encrypted.errback(TlsFailedError(why_lost(reason)))

    def open(self, factory: IProtocolFactory) -> IProtocol:
        """Join a new protocol to the connection, and return it."""
        self._inner = inner = factory.buildProtocol(self.stream.getPeer())
        if inner is None:
            raise TlsFailedError("it is no longer wanted")
        inner.makeConnection(self.stream)
        early, self._early = self._early, []
        for data in early:
            inner.dataReceived(data)
        return inner

    def close(self) -> None:
        """End the connection at once."""
        self._stop_waiting()
        self.stream.abortConnection()

    def _too_late(self) -> None:
        self.encrypted.errback(TlsFailedError(f"no TLS handshake within {HANDSHAKE_SECONDS} seconds"))
        self.close()

    def _stop_waiting(self) -> None:
        if self._limit.active():
            self._limit.cancel()


class _HeldConnectionFactory(Factory):
    noisy = False

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock

    def buildProtocol(self, addr: object) -> HeldConnection:  # noqa: ARG002  # Twisted's signature
        """Return what holds a new connection."""
        return HeldConnection(self._clock)


@implementer(IOpenSSLClientConnectionCreator)
class _ProblemCollector:
    """Makes connections that take any certificate, and lets those who hold them know what is wrong with it."""

    def __init__(self, options: Any) -> None:
        self._options = options

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:  # noqa: N802  # Twisted's
        """Return the client's side of a new connection."""
        connection: SSL.Connection = self._options.clientConnectionForTLS(protocol)
        codes: list[int] = protocol.wrappedProtocol.codes

        def note(_: object, __: object, code: int, ___: int, ok: int) -> bool:
            if not ok:
                codes.append(code)
            return True

        connection.set_verify(SSL.VERIFY_PEER, note)
        return connection


@implementer(IStreamClientEndpoint)
class TlsEndpoint:
    """An endpoint that goes by TLS, and asks where a certificate does not prove enough.

    ``plain`` is the way to the server, ``host`` the name that its certificate must be issued for, ``server`` what it
    is remembered under. While somebody is asked there is no connection, and no try; a No fails with `NotAcceptedError`.
    Making one raises `ValueError` or `UnicodeError` for what can be no host of a certificate.
    """

    def __init__(self, clock: IReactorTime, plain: IStreamClientEndpoint, host: str, server: str, trust: Trust) -> None:
        self._clock = clock
        self._host = host
        self._server = server
        self._trust = trust
        options = optionsForClientTLS(host, trust.authorities)
        self._encrypted = wrapClientTLS(_ProblemCollector(options), plain, clock)

    def connect(self, protocol_factory: IProtocolFactory) -> Deferred[IProtocol]:
        """Return a Deferred that fires with the protocol once its connection is encrypted and accepted."""
        return Deferred.fromCoroutine(self._connect(protocol_factory))

    async def _connect(self, factory: IProtocolFactory) -> IProtocol:
        while True:
            held: Any = await self._encrypted.connect(_HeldConnectionFactory(self._clock))
            await held.encrypted
            try:
                question = self._question_about(held)
                if question is None:
                    return held.open(factory)  # type: ignore[no-any-return]  # the endpoint's protocol is Any
            except BaseException:
                held.close()
                raise
            held.close()
            if not await self._trust.ask(question):
                raise NotAcceptedError(NOT_ACCEPTED)
            self._remember(question.shown)

    def _question_about(self, held: HeldConnection) -> CertificateQuestion | None:
        """Return what is to be asked about the certificate that a connection has shown, None if it is accepted."""
        known, problem = self._trust.known.look_up(self._server)
        shown = _shown(held, self._host)
        match judge(shown, known):
            case Verdict.ASK:
                return CertificateQuestion(self._server, shown, known, problem)
            case Verdict.ACCEPT_NEW:
                self._remember(shown)
                self._trust.notify(changed_notice(self._server))
            case Verdict.ACCEPT:
                pass
        return None

    def _remember(self, shown: PresentedCertificate) -> None:
        if problem := self._trust.known.remember(self._server, shown.fingerprint):
            self._trust.notify(problem)


def _shown(held: HeldConnection, host: str) -> PresentedCertificate:
    connection: SSL.Connection = held.stream.getHandle()
    certificate = connection.get_peer_certificate(as_cryptography=True)
    if certificate is None:
        raise TlsFailedError("the server has no certificate")
    problems = [_PROBLEMS.get(code, f"it cannot be verified (OpenSSL error {code})") for code in held.codes]
    try:
        if isIPAddress(host) or isIPv6Address(host):
            verify_certificate_ip_address(certificate, host)
        else:
            verify_certificate_hostname(certificate, _ascii(host))
    except (VerificationError, CertificateError, ValueError):
        problems.append(other_names(_names(certificate), host))
    return PresentedCertificate(fingerprint(certificate), tuple(dict.fromkeys(problems)))


def _ascii(host: str) -> str:
    return host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")


def _names(certificate: x509.Certificate) -> list[str]:
    try:
        found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return []
    addresses = [str(address) for address in found.get_values_for_type(x509.IPAddress)]
    return found.get_values_for_type(x509.DNSName) + addresses
