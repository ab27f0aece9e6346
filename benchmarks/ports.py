"""Ports of this machine for servers that are started in a moment."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from functools import cache
from itertools import cycle

_CHOICE = range(11_000, 32_768)
"""Above chatd's own, and below those that systems give to connections that go out: one could be gone by then."""
_SHARE = 512
"""How many ports a process has to itself."""


def free_ports(count: int) -> list[int]:
    """Return so many that nobody listens on, and that no other process is given while this one runs.

    Between the choice and the server's start, and while a server is down that will come back, somebody else could take
    the port. So processes that run side by side choose from disjoint shares, and each goes round in its own: a port is
    given again only after all the others.
    """
    found: list[int] = []
    with ExitStack() as stack:
        while len(found) < count:
            port = next(_own_share())
            with suppress(OSError):
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
                found.append(port)
    return found


@cache
def _own_share() -> Iterator[int]:
    """Return the ports of this process, without end."""
    return _claim_share()


def _claim_share() -> Iterator[int]:
    """Yield the ports of a share; whoever listens on its first port owns it, until the process ends."""
    while True:
        first = secrets.choice(_CHOICE[:-_SHARE:_SHARE])
        try:
            claim = socket.create_server(("127.0.0.1", first))
        except OSError:
            continue
        with claim:
            yield from cycle(range(first + 1, first + _SHARE))
