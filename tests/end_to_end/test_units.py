"""The units as they are printed, run by systemd itself, with all that they take away from the daemon."""

from __future__ import annotations

import grp
import ssl
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import BIN, Client, wait_until
from tests.support.programs import program
from tests.support.systemd_manager import CONFIGURATION, STATE, SystemdManager, systemd_manager

pytestmark = pytest.mark.slow

OUTPUT = Path("/run/output")
NO_PAGE = '[web]\nweb = "off"'
LOGGED = {"StandardOutput": f"append:{OUTPUT}", "StandardError": f"append:{OUTPUT}", "RestartSec": "100ms"}


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SystemdManager]:
    with systemd_manager(tmp_path_factory.mktemp("systemd")) as manager:
        yield manager


class Service:
    """chatd.service, installed with some settings and started with a configuration."""

    def __init__(self, manager: SystemdManager, configuration: str, **settings: str) -> None:
        self.manager = manager
        (self.port,) = free_ports(1)
        manager.write(CONFIGURATION, f"[listen]\nport = {self.port}\n{configuration}\n")
        manager.run("rm", "-f", str(OUTPUT))
        manager.install("chatd.service", **LOGGED, **settings)
        manager.systemctl("start", "chatd.service")

    def client(self) -> Client:
        return Client(("127.0.0.1", self.port))

    def log(self) -> str:
        return self.manager.read(OUTPUT)


@pytest.fixture(autouse=True)
def _stopped(manager: SystemdManager) -> Iterator[None]:
    yield
    manager.run("systemctl", "stop", "chatd.socket", "chatd.service")
    manager.run("systemctl", "reset-failed")


def test_when_start_returns_people_can_come_in(manager: SystemdManager) -> None:
    service = Service(manager, f'[accounts]\nregistration = "open"\n{NO_PAGE}')
    assert manager.show("StatusText") == "0 connections, people in 0 rooms"
    with service.client() as ann:
        ann.join("ann", "#den")
        ann.send(b"REGISTER a-long-password-1\nMSG hello\n")
        ann.until(lambda line: line == "OK REGISTER ann")
        manager.systemctl("stop", "chatd.service")
        assert ann.rest()[-1].startswith("BYE shutdown ")
    assert (manager.show("Result"), manager.show("ExecMainStatus")) == ("success", "0")
    assert "Traceback" not in service.log(), service.log()
    kept = manager.run("stat", "-c", "%a %U %n", str(STATE), str(STATE / "chatd.sqlite3")).stdout.split()
    assert kept == ["700", "nobody", str(STATE), "600", "nobody", str(STATE / "chatd.sqlite3")]


def test_what_was_checked_is_in_the_log_before_the_start(manager: SystemdManager) -> None:
    log = Service(manager, NO_PAGE).log()
    checked, start = log.index(" 0 wrong"), log.index("listening on ")
    assert checked < start
    assert f"good     configuration  the server can write to {STATE}" in log
    assert "Traceback" not in log


def test_tls_and_the_page_work_in_the_sandbox(manager: SystemdManager) -> None:
    tls, web = free_ports(2)
    done = manager.run(str(BIN / "chatd"), "certificate", "/run/certificate", "localhost")
    assert done.returncode == 0, done.stderr
    manager.run("chmod", "-R", "a+rX", "/run/certificate")
    more = f'listen = ["tls:/run/certificate:port={tls}"]\nannounce = "test"\n[web]\nweb = "{web}"'
    Service(manager, more)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with Client(("127.0.0.1", tls)) as bob:
        bob.socket = context.wrap_socket(bob.socket)
        bob.join("bob", "#den")
    with Client(("127.0.0.1", web)) as page:
        page.send(b"GET /-/health HTTP/1.0\r\nHost: localhost\r\n\r\n")
        assert page.line().endswith(" 200 OK")


def test_a_reactor_that_stands_still_is_ended_and_begun_anew(manager: SystemdManager) -> None:
    service = Service(manager, NO_PAGE, WatchdogSec="2")
    first = manager.show("MainPID")
    manager.run("kill", "-STOP", first)
    wait_until(
        lambda: manager.show("NRestarts") == "1" and manager.show("ActiveState") == "active",
        lambda: manager.log() + service.log(),
    )
    assert manager.show("MainPID") != first
    with service.client() as bob:
        bob.join("bob", "#den")


def test_what_cannot_start_is_not_ready(manager: SystemdManager) -> None:
    with pytest.raises(AssertionError, match=r"Job for chatd\.service failed"):
        Service(manager, f'listen = ["tcp:1:interface=192.0.2.1"]\n{NO_PAGE}', Restart="no", ExecStartPre="")
    assert manager.show("Result") == "exit-code"
    assert "this machine does not have that address" in manager.read(OUTPUT)


def test_what_is_wrong_is_said_before_the_daemon_is_started(manager: SystemdManager) -> None:
    with pytest.raises(AssertionError, match=r"Job for chatd\.service failed"):
        Service(manager, f'listen = ["tcp:1:interface=192.0.2.1"]\n{NO_PAGE}', Restart="no")
    log = manager.read(OUTPUT)
    assert "WRONG    ports          tcp:1:interface=192.0.2.1: this machine does not have that address" in log
    assert "starting up" not in log


def test_a_backup_is_made_beside_the_daemon(manager: SystemdManager) -> None:
    service = Service(manager, NO_PAGE)
    with service.client() as bob:
        bob.join("bob", "#den")
        bob.send(b"MSG to be kept\nPING\n")
        bob.until(lambda line: line == "PONG")
        manager.install("chatd-backup.service", **LOGGED)
        manager.systemctl("start", "chatd-backup.service")
    names = manager.run("ls", str(STATE / "backups")).stdout.split()
    assert names[0].startswith("chatd-")
    assert "backups has chatd-" in service.log()
    manager.install("chatd-backup.timer")
    manager.systemctl("start", "chatd-backup.timer")
    assert manager.show("NextElapseUSecRealtime", "chatd-backup.timer")
    manager.systemctl("stop", "chatd-backup.timer")


def with_sockets(manager: SystemdManager) -> tuple[int, int]:
    """Let systemd open the ports; return those of the line and of the page."""
    line, web = free_ports(2)
    manager.write(CONFIGURATION, '[listen]\nlisten = ["systemd:index=0"]\n[web]\nweb = "systemd:index=1"\n')
    manager.run("rm", "-f", str(OUTPUT))
    manager.install("chatd.service", **LOGGED)
    manager.install("chatd.socket", ListenStream=f"127.0.0.1:{line}\n127.0.0.1:{web}")
    manager.systemctl("start", "chatd.socket")
    return line, web


def test_a_socket_of_systemd_is_there_before_the_daemon(manager: SystemdManager) -> None:
    line, web = with_sockets(manager)
    assert manager.show("ActiveState") == "inactive"
    with Client(("127.0.0.1", line)) as bob:
        bob.join("bob", "#den")
        manager.systemctl("stop", "chatd.service")
        assert bob.rest()[-1].startswith("BYE shutdown ")
        with Client(("127.0.0.1", web)) as page:
            page.send(b"GET /-/health HTTP/1.0\r\nHost: localhost\r\n\r\n")
            assert page.line().endswith(" 200 OK")
    assert manager.show("ActiveState") == "active"


def test_nobody_is_refused_while_it_restarts(manager: SystemdManager) -> None:
    line, _ = with_sockets(manager)
    failed: list[OSError] = []
    done = threading.Event()

    def knock() -> None:
        while not done.is_set():
            try:
                with Client(("127.0.0.1", line)) as client:
                    client.line()
            except OSError as error:
                failed.append(error)
            done.wait(0.05)

    with Client(("127.0.0.1", line)) as bob:
        bob.send(b"HELLO 1\n")
        bob.join("bob", "#den")
        before = manager.show("MainPID")
        knocking = threading.Thread(target=knock)
        knocking.start()
        try:
            manager.systemctl("restart", "chatd.service")
        finally:
            done.set()
            knocking.join()
        assert bob.rest()[-1].startswith("BYE restart ")
    assert manager.show("MainPID") != before
    assert failed == []


def test_passwords_of_the_machine_take_the_group_shadow_and_nothing_else(manager: SystemdManager) -> None:
    try:
        grp.getgrnam("shadow")
    except KeyError:
        pytest.skip("there is no group shadow, as Debian has it")
    password = "a-long-password-1"
    hashed = subprocess.run(
        [program("openssl"), "passwd", "-6", "-stdin"], input=password, capture_output=True, text=True, check=True
    )
    for name, line in (
        ("passwd", "unit-ann:x:60123:60123::/nonexistent:/bin/false"),
        ("shadow", f"unit-ann:{hashed.stdout.strip()}:20000:0:99999:7:::"),
    ):
        change = f"cp -p /etc/{name} /run/{name} && cat >> /run/{name} && mount --bind /run/{name} /etc/{name}"
        done = manager.run("sh", "-c", change, given=f"{line}\n")
        assert done.returncode == 0, done.stderr
    service = Service(manager, f'[accounts]\nauth = ["pam"]\n{NO_PAGE}', SupplementaryGroups="shadow")
    with service.client() as client:
        client.send(f"LOGIN unit-ann wrong\nLOGIN unit-ann {password}\n".encode())
        answers = client.until(lambda line: line.startswith("OK LOGIN "))
        assert any(line.startswith("ERR bad-password LOGIN ") for line in answers)
