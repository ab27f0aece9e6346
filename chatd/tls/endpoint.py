"""TLS with the certificates of a directory, which are reloaded without a restart when they are renewed."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from OpenSSL import SSL
from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import (
    IOpenSSLServerConnectionCreator,
    IProtocolNegotiationFactory,
    IReactorTime,
    IStreamServerEndpoint,
)
from twisted.internet.ssl import CertificateOptions, TLSVersion
from twisted.logger import Logger
from zope.interface import implementer

from chatd.protocol.text import clean
from chatd.tls import pem, place
from chatd.tls.certificate import fingerprint
from chatd.tls.half_close import TLSEndpoint, Wrap, nothing
from chatd.tls.pem import Pair

if TYPE_CHECKING:
    from OpenSSL.crypto import X509, PKey

LOOK_SECONDS = 1.0
"""How often the files are looked at, at most: by a new connection, if nobody did in this time."""
_log = Logger()


def endpoint(reactor: Any, description: str, below: Wrap = nothing) -> IStreamServerEndpoint:
    """Return what ``tls:DIRECTORY:port=10320`` says, with what ``tcp6:`` takes after it, such as ``interface=``.

    It differs from Twisted's own ``tls:`` in that a renewed certificate is reloaded, that one for an IP address, or a
    client that gives no name, is served, and that a client may end its direction alone. ``below`` makes, of the factory
    that speaks TLS, one for what comes before that: the header of a proxy.

    Raise `ValueError` with a sentence if nothing can be served so.
    """
    directory, rest = place.split(description)
    plain = serverFromString(reactor, f"tcp6:{rest}")
    return TLSEndpoint(Certificates(directory, reactor), plain, reactor, below)


@implementer(IOpenSSLServerConnectionCreator)
class Certificates:
    """The certificates of a directory, each for the names it is made out for, the first for everybody else.

    They are read again when a connection comes and the files have changed. Files that are broken, do not belong
    together or have expired change nothing but the log. Raise `ValueError` with a sentence if they are so at first.
    """

    def __init__(self, directory: Path, clock: IReactorTime, wall: Callable[[], float] = time.time) -> None:
        self._directory = directory
        self._clock = clock
        self._wall = wall
        self._looked = clock.seconds()
        self._complaint = ""
        self._by_name: dict[str, SSL.Context] = {}
        if not directory.is_dir():
            raise ValueError(f"no such directory: {directory}; create it with chatd certificate {directory} NAME")
        try:
            self._seen = pem.state(directory)
            pairs = pem.read(directory)
            self._serve(pairs, self._contexts(pairs))
        except OSError as error:
            raise ValueError(f"cannot read {error.filename or directory}: {error.strerror}") from None
        for expired in self._expired(pairs):
            _log.error("{why}", why=f"{_has_expired(expired)}; renew it")

    def serverConnectionForTLS(self, protocol: object) -> SSL.Connection:  # noqa: N802  # Twisted's
        """Return the server's side of a new connection."""
        now = self._clock.seconds()
        if not 0 <= now - self._looked < LOOK_SECONDS:
            self._looked = now
            self._look()
        connection = SSL.Connection(self._default, None)
        connection.set_app_data(protocol)  # Twisted asks it which protocols may be chosen (ALPN)
        return connection

    def _look(self) -> None:
        """Read the files again if they have changed; if they are of no use, say so once and keep what there was."""
        try:
            take = self.renew()
        except ValueError as error:
            why = clean(str(error))
            if why != self._complaint:
                self._complaint = why
                _log.error(
                    "cannot load the new certificate, the old one stays: {why}; correct it, no restart is needed",
                    why=why,
                )
            return
        for told in take():
            _log.info("{what}", what=told)

    def renew(self) -> Callable[[], Sequence[str]]:
        """Read the files again if they have changed; return what takes them up and says of each what it is.

        Raise `ValueError` with a sentence if they are of no use; nothing is changed then.
        """
        try:
            found = pem.state(self._directory)
            if found == self._seen:
                return tuple
            pairs = pem.read(self._directory)
            for expired in self._expired(pairs):
                raise ValueError(_has_expired(expired))
            contexts = self._contexts(pairs)
        except (OSError, ValueError) as error:
            raise ValueError(" ".join(str(error).split())) from None

        def take() -> Sequence[str]:
            self._seen, self._complaint = found, ""
            self._serve(pairs, contexts)
            return [_described(pair) for pair in pairs]

        return take

    def _contexts(self, pairs: Sequence[Pair]) -> list[SSL.Context]:
        """Return what serves each of these. Raise `ValueError` if one is bad."""
        return [self._context(pair) for pair in pairs]

    def _serve(self, pairs: Sequence[Pair], contexts: Sequence[SSL.Context]) -> None:
        self._default = contexts[0]
        # Of two for one name, the one that lasts longer.
        both = sorted(zip(pairs, contexts, strict=True), key=lambda each: each[0].until)
        self._by_name = {name: context for pair, context in both for name in pair.names}

    def _context(self, pair: Pair) -> SSL.Context:
        try:
            # Twisted hands on what pyOpenSSL takes, whose own types for it are deprecated.
            key, certificate, chain = cast("tuple[PKey, X509, list[X509]]", (pair.key, pair.certificate, [*pair.chain]))
            context = CertificateOptions(
                privateKey=key,
                certificate=certificate,
                extraCertChain=chain,
                raiseMinimumTo=TLSVersion.TLSv1_2,
                contextForServerName=self._for_name,
            ).getContext()
            context.set_alpn_select_callback(_choose_protocol)
            return context
        except (SSL.Error, TypeError, ValueError):
            raise ValueError(f"cannot use {pair.path}: OpenSSL refuses it or its key") from None

    def _for_name(self, name: bytes | None) -> SSL.Context | None:
        """Return what is served to a client that asks for a name, None if there is nothing but the default."""
        host = (name or b"").decode("ascii", "replace").lower().removesuffix(".")
        return self._by_name.get(host) or self._by_name.get("*." + host.partition(".")[2])

    def _expired(self, pairs: Sequence[Pair]) -> list[Pair]:
        now = datetime.fromtimestamp(self._wall(), UTC)
        return [pair for pair in pairs if pair.until <= now]


def _choose_protocol(connection: SSL.Connection, offered: Sequence[bytes]) -> Any:
    """Return what is spoken of what a client offers (ALPN), or that it is nothing of that; Twisted ends TLS then.

    A client that speaks lines may offer what it likes: they are spoken all the same.
    """
    edge = connection.get_app_data().factory.wrappedFactory
    spoken = edge.acceptableProtocols() if IProtocolNegotiationFactory.providedBy(edge) else ()
    return next((each for each in spoken if each in offered), SSL.NO_OVERLAPPING_PROTOCOLS)


def _described(pair: Pair) -> str:
    names = clean(", ".join(pair.names))
    return f"new certificate for {names} until {pair.until:%Y-%m-%d}, SHA-256 {fingerprint(pair.certificate)}"


def _has_expired(pair: Pair) -> str:
    return f"the certificate in {pair.path} expired on {pair.until:%Y-%m-%d}"
