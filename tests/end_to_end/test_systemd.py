"""What the daemon tells whoever has started it as systemd does."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import Daemon, suspend
from tests.support.notify_socket import NotifySocket

pytestmark = pytest.mark.slow

AS_ITSELF = 'WATCHDOG_PID=$$; export WATCHDOG_PID; exec "$@"'
"""For sh: run a command as the process that the watchdog is for."""


def started_by(manager: NotifySocket, folder: Path, *options: str, watchdog_seconds: float = 0) -> Daemon:
    """Start the daemon with what systemd sets in its environment."""
    usec = f"WATCHDOG_USEC={int(watchdog_seconds * 1_000_000)}"
    inside = ("env", f"NOTIFY_SOCKET={manager.address}", usec, "sh", "-c", AS_ITSELF, "sh")
    return Daemon(folder, *options, inside=inside)


def test_it_is_ready_when_it_listens_and_says_that_it_stops(tmp_path: Path) -> None:
    with NotifySocket(str(tmp_path / "notify")) as manager, started_by(manager, tmp_path) as daemon:
        manager.wait_for("READY=1")
        with daemon.member("ann", "#den"):
            manager.wait_for("STATUS=1 connection, people in 1 room")
        assert not manager.has("STOPPING=1")
        assert daemon.terminate() == 0
        assert manager.has("STOPPING=1")


def test_it_is_not_ready_without_its_cluster(tmp_path: Path) -> None:
    (nobody,) = free_ports(1)
    options = ("--journal", f"nats://127.0.0.1:{nobody}", "--web", "off")
    with NotifySocket(str(tmp_path / "notify")) as manager, started_by(manager, tmp_path, *options) as daemon:
        manager.wait_for("EXTEND_TIMEOUT_USEC=30000000")
        assert any("accepts no messages: " in message for message in manager.messages)
        assert not manager.has("READY=1")
        assert daemon.terminate() == 0


def test_the_watchdog_hears_of_a_reactor_that_turns_and_of_no_other(tmp_path: Path) -> None:
    address = f"@chatd-{tmp_path.name}-{free_ports(1)[0]}"
    with NotifySocket(address) as manager, started_by(manager, tmp_path, watchdog_seconds=0.2) as daemon:
        manager.wait_for("WATCHDOG=1")
        suspend(daemon.pid)
        manager.read()
        with pytest.raises(TimeoutError):
            manager.wait(1)
        daemon.process.send_signal(signal.SIGCONT)
        assert "WATCHDOG=1" in manager.wait(20)


def test_nobody_at_the_socket_hurts_nobody(tmp_path: Path) -> None:
    with NotifySocket(str(tmp_path / "notify")) as manager:
        pass
    with started_by(manager, tmp_path, watchdog_seconds=0.2) as daemon, daemon.member("ann", "#den") as ann:
        ann.send(b"PING\n")
        ann.until(lambda line: line == "PONG")
        assert daemon.terminate() == 0
        assert "Traceback" not in daemon.log()
