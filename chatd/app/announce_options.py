"""``--announce``: the name under which the server is announced on the network."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from twisted.python import usage

from chatd.app.announcing import Announcer, NoAnnouncer, ZeroconfAnnouncer
from chatd.protocol.text import clean
from chatd.runtime.extras import missing
from chatd.runtime.threads import Thread

MAX_NAME_BYTES = 63
"""Of an instance (RFC 6763, 4.1.1)."""


class AnnounceOptions(usage.Options):
    """``--announce``."""

    def __init__(self) -> None:
        super().__init__()
        self["announce"] = None

    def opt_announce(self, name: str) -> None:
        """name to announce the server under on the local network (DNS-SD)"""
        if not name.strip() or clean(name) != name or len(name.encode(errors="replace")) > MAX_NAME_BYTES:
            raise usage.UsageError(f"--announce takes a name of 1 to {MAX_NAME_BYTES} bytes, not {clean(name)!r}")
        if find_spec("zeroconf") is None:
            raise usage.UsageError(f"--announce {missing('zeroconf', 'lan')}")
        self["announce"] = name

    def make_announcer(self, reactor: Any) -> Announcer:
        """Return what announces the server."""
        if self["announce"] is None:
            return NoAnnouncer()
        return ZeroconfAnnouncer(self["announce"], reactor, Thread(reactor, "chatd announce", detached=True))
