"""Ports of this machine for servers that are started in a moment."""

from __future__ import annotations

import secrets
import socket
from contextlib import ExitStack

_CHOICE = range(10_000, 32_768)
"""Systems give connections that go out a port of their own above these, or one could be gone when a server wants it."""


def free_ports(count: int) -> list[int]:
    """Return so many that nobody listens on."""
    found: list[int] = []
    with ExitStack() as stack:
        while len(found) < count:
            port = secrets.choice(_CHOICE)
            try:
                stack.enter_context(socket.create_server(("127.0.0.1", port)))
            except OSError:
                continue
            found.append(port)
    return found
