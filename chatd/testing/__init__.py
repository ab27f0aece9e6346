"""Test bots and clients against the real server, in memory, on a clock that only the test turns.

It uses no sockets, threads or files and never waits, so a test takes milliseconds and gives the same result each time::

    def test_the_bot_answers() -> None:
        with MemoryServer() as server:
            server.connect(Bot())
            alice = server.client("alice", "#builds")
            alice.send("MSG hello, bot")
            assert alice.lines() == ["MSG bot #builds hello, alice"]

The bot is connected to the code that the daemon runs with ``--journal memory:``: lines are answered as there, limits
hold, PINGs come and nicks are taken. There are no accounts (LOGIN is refused), no TLS and no other nodes.
"""

from chatd.chat.limits import Limits
from chatd.testing.line_client import LineClient
from chatd.testing.server import EndlessTrafficError, MemoryServer

__all__ = ["EndlessTrafficError", "Limits", "LineClient", "MemoryServer"]
