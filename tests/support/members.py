"""Accounts for real daemons, and programs that are logged in to them."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.daemon import BIN, DEADLINE, environment
from tests.support.node_processes import NodeClient

PASSWORD = "correct-horse"


def make_accounts(file: Path, *nicks: str) -> Path:
    """Make accounts in a file, all with `PASSWORD`; return the file."""
    for nick in nicks:
        command = [str(BIN / "chatd"), "user", "add", nick, "--accounts", str(file)]
        subprocess.run(command, env=environment(), input=f"{PASSWORD}\n", text=True, check=True, timeout=DEADLINE)
    return file


class Member(NodeClient):
    """A program that is logged in, and has come in under the nick of its account."""

    def __init__(self, port: int, nick: str, room: str = "#lobby") -> None:
        super().__init__(port)
        try:
            assert self.ask(f"LOGIN {nick} {PASSWORD}") == f"OK LOGIN {nick}"
            self.enter(nick, room)
        except BaseException:
            self.close()
            raise

    def told(self) -> list[str]:
        """Return the private lines that were read so far, with their tags."""
        return [line for line in self.tagged if line.startswith("@") and " TELL " in line and " OK " not in line]

    def texts(self) -> list[str]:
        """Return their texts."""
        return [line.partition(" TELL ")[2].partition(" ")[2] for line in self.told()]

    def read_up(self) -> None:
        """Read all that was sent before now."""
        self.ask("PING")


@contextmanager
def member(port: int, nick: str) -> Iterator[Member]:
    """Somebody who is logged in and has come in."""
    with Member(port, nick) as made:
        yield made
