"""Guesses at a password, on a daemon that begins anew, by clients whose addresses a proxy tells over TLS."""

from __future__ import annotations

import socket
import ssl
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest

from chatd.accounts.throttle import FAILURES
from tests.support.certificates import write_certificate
from tests.support.daemon import BIN, DEADLINE, Daemon, environment

PASSWORD = "correct-horse"
OWNER, MALLORY = "192.0.2.1", "198.51.100.1"
ENDPOINT = "haproxy:tls:tls:port=0:interface=127.0.0.1"

pytestmark = pytest.mark.slow


def login(daemon: Daemon, password: str, address: str) -> str:
    """Return what is answered to a LOGIN of ann, from an address."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", daemon.port), DEADLINE) as plain:
        plain.sendall(f"PROXY TCP4 {address} 127.0.0.1 4000 10319\r\n".encode())
        with context.wrap_socket(plain) as client:
            client.sendall(f"LOGIN ann {password}\n".encode())
            lines = client.makefile("r", encoding="utf-8", newline="\r\n")
            return [lines.readline().strip() for _ in range(2)][1]


def test_guesses_after_a_restart_do_not_keep_the_owner_out(tmp_path: Path) -> None:
    (tmp_path / "tls").mkdir()
    write_certificate(tmp_path / "tls" / "key.pem", tmp_path / "tls" / "cert.pem", "localhost")
    add = [str(BIN / "chatd"), "user", "add", "ann", "--state-directory=."]
    subprocess.run(add, check=True, cwd=tmp_path, env=environment(), input=f"{PASSWORD}\n", text=True, timeout=DEADLINE)
    with Daemon(tmp_path, "--listen", ENDPOINT) as daemon:
        assert login(daemon, PASSWORD, OWNER) == "OK LOGIN ann"
        assert daemon.terminate() == 0
    with ExitStack() as stack:
        daemon = stack.enter_context(Daemon(tmp_path, "--listen", ENDPOINT))
        for _ in range(FAILURES):
            assert login(daemon, "wrong-horse", MALLORY).startswith("ERR bad-password LOGIN ")
        assert login(daemon, "wrong-horse", MALLORY).startswith("ERR slow-down LOGIN ")
        assert login(daemon, PASSWORD, "203.0.113.1") == "OK LOGIN ann"  # one address costs that address
        for number in range(2, FAILURES):
            login(daemon, "wrong-horse", f"198.51.100.{number}")
        assert login(daemon, PASSWORD, "203.0.113.2").startswith("ERR slow-down LOGIN ")
        assert login(daemon, PASSWORD, OWNER) == "OK LOGIN ann"
        assert daemon.terminate() == 0
        assert "Traceback" not in daemon.log()
