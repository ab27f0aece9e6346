"""TLS to a server whose certificate nobody can be asked about."""

from __future__ import annotations

from typing import Any

from OpenSSL import SSL
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.endpoints import wrapClientTLS
from twisted.internet.interfaces import IOpenSSLClientConnectionCreator, IStreamClientEndpoint
from twisted.internet.ssl import Certificate, CertificateOptions, optionsForClientTLS, trustRootFromCertificates
from zope.interface import implementer

from chatd.feeder.trust import Trust
from chatd.tls.certificate import fingerprint

_END = b"-----END CERTIFICATE-----"


def over_tls(plain: IStreamClientEndpoint, host: str, reactor: Any, trust: Trust) -> IStreamClientEndpoint:
    """Return an endpoint that connects by TLS alone. Raise `ValueError` with a sentence, or `OSError`."""
    if trust.fingerprint is not None:
        made: IStreamClientEndpoint = wrapClientTLS(_OneCertificate(host, trust.fingerprint), plain, reactor)
        return made
    roots = None
    if trust.authorities is not None:
        blocks = [block + _END for block in trust.authorities.read_bytes().split(_END)[:-1]]
        try:
            roots = trustRootFromCertificates([Certificate.loadPEM(block) for block in blocks])
        except SSL.Error:
            blocks = []
        if not blocks:
            raise ValueError(f"{trust.authorities} contains no PEM certificate")
    return wrapClientTLS(optionsForClientTLS(host, roots), plain, reactor)


@implementer(IOpenSSLClientConnectionCreator)
class _OneCertificate:
    """Makes connections on which no certificate is accepted but one."""

    def __init__(self, host: str, wanted: str) -> None:
        self._host = host
        self._wanted = wanted
        self._context = CertificateOptions().getContext()

    def clientConnectionForTLS(self, protocol: Any) -> SSL.Connection:  # noqa: ARG002, N802  # Twisted's
        """Return the client's side of a new connection."""
        connection = SSL.Connection(self._context, None)
        connection.set_connect_state()
        if not isIPAddress(self._host) and not isIPv6Address(self._host):
            connection.set_tlsext_host_name(self._host.encode("idna"))
        connection.set_verify(SSL.VERIFY_PEER, self._is_wanted)
        return connection

    def _is_wanted(self, _: object, certificate: Any, __: int, depth: int, ___: int) -> bool:
        return depth > 0 or fingerprint(certificate.to_cryptography()) == self._wanted
