"""Where an endpoint would listen, found out without listening there."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any, NamedTuple

from twisted.internet.endpoints import serverFromString
from twisted.internet.interfaces import IStreamServerEndpoint
from twisted.internet.protocol import Factory
from twisted.python.failure import Failure

from chatd.app.endpoints import endpoint_from
from chatd.tls import place

_FIELD = re.compile(r"(?:[^:\\]|\\.)+", re.DOTALL)


class Tcp(NamedTuple):
    """A port of TCP; without a host, on all addresses."""

    host: str
    port: int


class Systemd(NamedTuple):
    """A socket that systemd passes on; what of it is asked for."""

    arguments: str


Spot = Tcp | Path | Systemd
"""Where something can listen: a port, the path of a local socket, or what systemd says."""


def kind(description: str) -> str:
    """Return how an endpoint's description begins, such as ``tls``, without the header of a proxy."""
    return _plain(description).partition(":")[0].lower()


def spots(description: str) -> list[Spot]:
    """Return where an endpoint would listen; nowhere if its kind is unknown here.

    Certificates are not looked at. Raise `ValueError`, or what a plugin of Twisted raises, if there is no such
    endpoint.
    """
    plain, recorder = _plain(description), _Recorder()
    match kind(plain):
        case "systemd":
            return [Systemd(plain.partition(":")[2])]
        case "tls":
            plain = f"tcp6:{place.split(plain)[1]}"
        case "ssl":
            named = {name: value for name, value in arguments(plain).items() if name in ("port", "interface")}
            plain = ":".join(["tcp", *(f"{name}={_quoted(value)}" for name, value in named.items())])
    return recorder.listened(serverFromString(recorder, plain))


def try_out(description: str) -> None:
    """Make an endpoint as the daemon does, certificates and all. Raise as `spots` if that cannot be."""
    recorder = _Recorder()
    recorder.listened(endpoint_from(recorder, _plain(description), lambda factory: factory))


def arguments(description: str) -> dict[str, str]:
    """Return what stands after the kind of an endpoint; what has no name is its ``port``."""
    found: dict[str, str] = {}
    for field in _FIELD.findall(description.partition(":")[2]):
        name, equals, value = field.partition("=")
        found[name if equals else "port"] = re.sub(r"\\(.)", r"\1", value if equals else name)
    return found


def _plain(description: str) -> str:
    return re.sub(r"^haproxy:", "", description, flags=re.IGNORECASE)


def _quoted(text: str) -> str:
    return re.sub(r"([\\:=])", r"\\\1", text)


class _Recorder:
    """What endpoints need of a reactor: it writes down where they would listen."""

    def __init__(self) -> None:
        self._found: list[Spot] = []

    def listened(self, endpoint: IStreamServerEndpoint) -> list[Spot]:
        """Return where an endpoint listens. Raise what it raises."""
        failures: list[Failure] = []
        endpoint.listen(Factory()).addErrback(failures.append)
        for failure in failures:
            failure.raiseException()
        return self._found

    def seconds(self) -> float:
        return time.monotonic()

    def listenTCP(self, port: int, factory: Any, backlog: int = 50, interface: str = "") -> None:  # noqa: ARG002, N802  # Twisted's
        self._found.append(Tcp(interface, port))

    def listenUNIX(self, address: str, factory: Any, **more: Any) -> None:  # noqa: ARG002, N802  # Twisted's
        self._found.append(Path(address))
