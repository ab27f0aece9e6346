"""The servers that are compared, and how each is set up so that nothing but its own cost holds it back."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fanout import bare, threaded
from benchmarks.fanout.dialects import Chatd, ChatdIrc, Dialect, Irc, Nats, Redis
from benchmarks.fanout.pages import ChatdPage

ROOT = Path(__file__).parents[2]
"""The working tree."""
BACKLOG = 4096
PLENTY = 1_000_000_000

INSPIRCD = f"""\
<server name="benchmark.local" description="benchmark" network="benchmark" id="1AA">
<admin name="benchmark" nick="benchmark" email="benchmark@localhost">
<bind address="127.0.0.1" port="{{port}}" type="clients">
<connect name="all" allow="*" timeout="600" pingfreq="36000" resolvehostnames="no" useident="no"
    hardsendq="{PLENTY}" softsendq="{PLENTY}" recvq="{PLENTY}" threshold="{PLENTY}" commandrate="{PLENTY}"
    fakelag="no" localmax="{PLENTY}" globalmax="{PLENTY}" limit="{PLENTY}" maxconnwarn="no">
<performance somaxconn="{BACKLOG}" softlimit="{PLENTY}" netbuffersize="65534" quietbursts="yes">
<files motd="/dev/null">
"""
NGIRCD = """\
[Global]
Name = benchmark.local
Info = benchmark
AdminInfo1 = benchmark
Listen = 127.0.0.1
Ports = {port}
MotdPhrase = benchmark
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
PingTimeout = 36000
[Options]
DNS = no
Ident = no
PAM = no
"""
NATS = """\
listen: 127.0.0.1:{port}
max_connections: 1000000
max_pending: 1GB
write_deadline: "60s"
ping_interval: "10h"
"""
REDIS = f"""\
bind 127.0.0.1
port {{port}}
save ""
appendonly no
client-output-buffer-limit pubsub 0 0 0
maxclients 1000000
tcp-backlog {BACKLOG}
"""


@dataclass(frozen=True, slots=True)
class Server:
    """A kind of server."""

    name: str
    title: str
    """What the table calls it."""
    program: str
    """What must be installed for it: the path or the name of a program."""
    dialect: Dialect
    arguments: Callable[[int, Path], Sequence[str]]
    """Returns what follows the program's name, for a port and for the path of what is in ``settings``."""
    settings: str = ""
    """A file of settings, with ``{port}`` in it."""
    max_rush: int = 500
    """How many connections may be on their way into its backlog."""
    ours: bool = False
    """Whether it is the working tree's chatd, whose failure ends the benchmark."""
    modules: str = ""
    """Where Python finds its code before it looks at what is installed."""
    revision: str = ""
    """Which chatd it is, if not the working tree's."""

    @property
    def path(self) -> str | None:
        """Where the program is; None if it is not installed."""
        return shutil.which(self.program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")

    def command(self, port: int, directory: Path) -> list[str]:
        """Write its settings, and return the command that runs it in the foreground."""
        file = directory / "settings"
        file.write_text(self.settings.format(port=port))
        assert self.path is not None
        return [self.path, *self.arguments(port, file)]

    def environment(self) -> dict[str, str]:
        """Return the environment that it runs in, where nothing stands before its own code."""
        return {**os.environ, "PYTHONPATH": self.modules}


def _chatd(journal: str) -> Callable[[int, Path], Sequence[str]]:
    # With a rate of names, one address makes no more than 500 rooms at once.
    limits = ["--line-rate", "0", "--name-rate", "0", "--max-connections", "0", "--max-waiting", "0"]
    where = ["--interface", "127.0.0.1", "--journal", journal]
    return lambda port, _: ["-m", "chatd", "--port", str(port), *where, *limits]


def _chatd_pages(port: int, _: Path) -> Sequence[str]:
    limits = ["--line-rate", "0", "--name-rate", "0", "--max-connections", "0", "--max-waiting", "0"]
    return ["-m", "chatd", "--port", "0", "--web", str(port), "--journal", "memory:", *limits]


def _chatd_irc(port: int, _: Path) -> Sequence[str]:
    limits = ["--line-rate", "0", "--name-rate", "0", "--max-connections", "0", "--max-waiting", "0"]
    return ["-m", "chatd", "--port", "0", "--web", "off", "--irc", str(port), "--journal", "memory:", *limits]


def _ours(name: str, title: str, dialect: Dialect, arguments: Callable[[int, Path], Sequence[str]]) -> Server:
    return Server(name, title, sys.executable, dialect, arguments, ours=True, modules=str(ROOT))


def _script(module: str | None) -> Callable[[int, Path], Sequence[str]]:
    return lambda port, _: [str(module), str(port)]


def _inspircd(_: int, file: Path) -> Sequence[str]:
    privileged = ["--runasroot"] if os.geteuid() == 0 else []
    return ["--nofork", "--nopid", *privileged, f"--config={file}"]


SERVERS = {
    server.name: server
    for server in (
        _ours("chatd-memory", "chatd memory", Chatd(), _chatd("memory:")),
        _ours("chatd-pages", "chatd pages", ChatdPage(), _chatd_pages),
        _ours("chatd-irc", "chatd IRC", ChatdIrc(b"~u@"), _chatd_irc),
        _ours("chatd-sqlite", "chatd SQLite", Chatd(), _chatd("sqlite:journal.sqlite3")),
        Server("redis", "redis", "redis-server", Redis(), lambda _, file: [str(file)], REDIS),
        Server("inspircd", "inspircd", "inspircd", Irc(b"u@127.0.0.1"), _inspircd, INSPIRCD, max_rush=2000),
        # Its backlog is 10, whatever its settings say.
        Server(
            "ngircd",
            "ngircd",
            "ngircd",
            Irc(b"~u@127.0.0.1"),
            lambda _, file: ["-n", "-f", str(file)],
            NGIRCD,
            max_rush=8,
        ),
        Server("nats", "nats", "nats-server", Nats(), lambda _, file: ["-c", str(file)], NATS),
        Server("threaded", "threaded", sys.executable, Chatd(), _script(threaded.__file__)),
        Server("bare", "bare", sys.executable, Chatd(), _script(bare.__file__)),
    )
}
