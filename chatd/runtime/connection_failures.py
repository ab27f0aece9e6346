"""Why there is no connection, in a few words without a capital and a full stop."""

from __future__ import annotations

from twisted.internet import error
from twisted.python.failure import Failure


def why_lost(failure: Failure) -> str:
    """Return how a connection ended, in a few words."""
    if failure.check(error.ConnectionDone) is not None:
        return "the server closed the connection"
    # What pyOpenSSL and service_identity raise; neither needs to be installed.
    match type(failure.value).__module__.partition(".")[0], getattr(failure.value, "args", ()):
        case "OpenSSL", ([*_, (*_, str(why))], *_):
            return f"the TLS connection failed: {why}"
        case "service_identity", _:
            return "the TLS connection failed: the certificate belongs to another server"
    return "the connection was lost"


def why_not(failure: Failure) -> str:
    """Return why a server could not be reached, in a few words."""
    match failure.value:
        case error.ConnectionRefusedError():
            return "connection refused"
        case error.TimeoutError() | error.TCPTimedOutError():
            return "it does not answer"
        case error.DNSLookupError():
            return "there is no such host"
        case error.NoRouteError():
            return "there is no route to it"
        case error.ConnectError(osError=OSError(strerror=str(why))):
            return why.lower()
    return " ".join(failure.getErrorMessage().split()) or "the reason is unknown"
