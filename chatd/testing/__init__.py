"""A chatd in memory for tests of bots and clients: the real server, on a clock that only the test advances.

It uses no sockets, threads or files and never waits, so a test takes milliseconds and runs the same each time::

    def test_the_bot_answers() -> None:
        with MemoryServer() as server:
            server.connect(Bot())
            alice = server.client("alice", "#builds")
            alice.send("MSG hello, bot")
            assert alice.lines() == ["MSG bot #builds hello, alice"]

The bot talks to the code that the daemon runs, with the journal of ``--journal memory:``: answers, limits, PINGs and
nicks in use are the same. There are no accounts (LOGIN is refused), no TLS and no other nodes.
"""

from chatd.chat.limits import Limits
from chatd.testing.line_client import LineClient
from chatd.testing.server import EndlessTrafficError, MemoryServer

__all__ = ["EndlessTrafficError", "Limits", "LineClient", "MemoryServer"]
