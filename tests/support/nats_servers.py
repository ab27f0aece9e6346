"""Real nats-servers with JetStream: one, or a cluster of three, each a process that can be killed and started again."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from benchmarks.ports import free_ports
from tests.support.daemon import BIN, environment, suspend, wait_until
from tests.support.small_disks import SmallDisk

COMMAND = BIN / "nats-server"
_CONFIGURATION = """
server_name: {name}
listen: "127.0.0.1:{port}"
http: "127.0.0.1:{monitor}"
jetstream {{ store_dir: "{store}", sync_interval: {sync}{limit} }}
{more}
"""
_ROUTES = """
cluster {{ name: test, listen: "127.0.0.1:{port}", routes: [{routes}] }}
"""


class NatsServer:
    """One server; what it stores, its log and its configuration are in ``folder``. ``more`` is configuration.

    With ``sync="always"`` what it acknowledges survives a loss of power, at the cost of a disk's sync for each. It
    stores no more than ``limit``, such as 3MB, and stores it on a ``disk`` if there is one.
    """

    def __init__(
        self,
        folder: Path,
        name: str = "n1",
        more: str = "",
        sync: str = "2m",
        limit: str = "",
        disk: SmallDisk | None = None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.name = name
        self.port, self.monitor = free_ports(2)
        self.address = f"127.0.0.1:{self.port}"
        self.url = f"nats://{self.address}"
        self.output = folder / "output"
        self.process: subprocess.Popen[bytes] | None = None
        self._inside = disk.inside if disk else []
        self._file = folder / "nats.conf"
        self._file.write_text(
            _CONFIGURATION.format(
                name=name,
                port=self.port,
                monitor=self.monitor,
                store=disk.folder if disk else folder / "store",
                sync=sync,
                limit=f", max_file: {limit}" if limit else "",
                more=more,
            )
        )

    def start(self) -> None:
        """Start it, also again; return when it takes connections."""
        with self.output.open("ab") as output:
            self.process = subprocess.Popen(
                [*self._inside, str(COMMAND), "-c", str(self._file)],
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        wait_until(self._listens, self.log)

    def kill(self) -> None:
        """End it at once, as a crash of the machine would; also while it stands still."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it cleanly; it does nothing if it does not run."""
        self._end(signal.SIGTERM)

    def stand_still(self) -> None:
        """Stop the process without ending it, as if its machine were cut off."""
        assert self.process is not None
        suspend(self.process.pid)

    def go_on(self) -> None:
        """Let it go on after `stand_still`."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def healthy(self) -> bool:
        """Return whether its JetStream says that it is well: in a cluster, that it has a leader and has caught up."""
        try:
            with urlopen(f"http://127.0.0.1:{self.monitor}/healthz", timeout=1) as answer:
                status: int = answer.status
                return status == 200
        except OSError:
            return False

    def log(self) -> str:
        """Return what it has written."""
        return self.output.read_text(errors="replace") if self.output.exists() else ""

    def _end(self, how: int) -> None:
        if self.process is None:
            return
        with suppress(ProcessLookupError):
            self.process.send_signal(how)
            if how != signal.SIGKILL:
                self.process.send_signal(signal.SIGCONT)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process = None

    def _listens(self) -> bool:
        assert self.process is not None and self.process.poll() is None, f"it did not start: {self.log()}"
        try:
            with socket.create_connection(("127.0.0.1", self.port), 1) as connection:
                return connection.recv(5) == b"INFO "
        except OSError:
            return False


class NatsCluster:
    """Servers with routes to one another, each of them on its disk if there are ``disks``."""

    def __init__(self, folder: Path, count: int = 3, more: str = "", disks: Sequence[SmallDisk | None] = ()) -> None:
        routes = free_ports(count)
        listed = ", ".join(f'"nats://127.0.0.1:{port}"' for port in routes)
        self.servers: Sequence[NatsServer] = [
            NatsServer(folder / f"n{n}", f"n{n}", _ROUTES.format(port=port, routes=listed) + more, disk=disk)
            for n, (port, disk) in enumerate(zip(routes, disks or [None] * count, strict=True), 1)
        ]
        self.url = "nats://" + ",".join(server.address for server in self.servers)

    def start(self) -> None:
        """Start all; return when they have a leader for JetStream."""
        for server in self.servers:
            server.start()
        self.settle()

    def stop(self) -> None:
        """End all at once; nobody waits for the others."""
        for server in self.servers:
            server.kill()

    def settle(self) -> None:
        """Return when all that run are well."""
        running = [server for server in self.servers if server.process is not None]
        wait_until(lambda: all(server.healthy() for server in running), lambda: "\n".join(s.log() for s in running))
        time.sleep(0.1)

    def leader(self, stream: str) -> NatsServer:
        """Return the server that leads a stream now; fail if there is none in time."""
        found: list[NatsServer] = []

        def look() -> bool:
            name = next((n for s in self.servers if s.process is not None and (n := _leader(s, stream))), None)
            found[:] = [server for server in self.servers if server.name == name and server.process is not None]
            return bool(found)

        wait_until(look, lambda: f"no leader of {stream}")
        return found[0]


def _leader(server: NatsServer, stream: str) -> str | None:
    try:
        with urlopen(f"http://127.0.0.1:{server.monitor}/jsz?streams=true", timeout=1) as answer:
            accounts: list[dict[str, Any]] = json.load(answer).get("account_details") or []
    except OSError:
        return None
    for account in accounts:
        for each in account.get("stream_detail") or []:
            if each["name"] == stream:
                leader: str | None = each.get("cluster", {}).get("leader")
                return leader
    return None


@contextmanager
def nats_server(folder: Path, more: str = "", limit: str = "") -> Iterator[NatsServer]:
    """One server, as long as the context lasts."""
    server = NatsServer(folder, more=more, limit=limit)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextmanager
def nats_cluster(folder: Path, count: int = 3, more: str = "") -> Iterator[NatsCluster]:
    """A cluster of servers, as long as the context lasts."""
    cluster = NatsCluster(folder, count, more)
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
