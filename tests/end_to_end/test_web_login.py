"""Tokens and logins as people use them: ``chatd user`` in a terminal, ``curl``, and a WebSocket, against the daemon."""

from __future__ import annotations

import json
import re
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.support.certificates import write_certificate
from tests.support.daemon import BIN, DEADLINE, Daemon, environment, wait_until
from tests.support.programs import program

pytestmark = pytest.mark.slow

PASSWORD = "correct-horse"


class Reply(NamedTuple):
    """What curl got."""

    status: int
    body: str


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "tls").mkdir()
    write_certificate(tmp_path / "tls" / "key.pem", tmp_path / "tls" / "certificate.pem", "127.0.0.1")
    return tmp_path


@contextmanager
def page(folder: Path, web: str, *options: str) -> Iterator[tuple[Daemon, str]]:
    """Run the daemon, and yield it and the address of its page."""
    with Daemon(folder, "--web", web, *options) as daemon:
        found: list[str] = []

        def has_one() -> bool:
            found[:] = re.findall(r"the page is at (\S+)/\s", daemon.log())
            return bool(found)

        wait_until(has_one, daemon.log)
        yield daemon, found[0]


def user(folder: Path, *words: str, password: str = PASSWORD) -> str:
    done = subprocess.run(
        [str(BIN / "chatd"), "user", *words, "--state-directory=."],
        check=False, cwd=folder, env=environment(), input=password + "\n", capture_output=True, text=True,
        timeout=DEADLINE,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def curl(folder: Path, *words: str) -> Reply:
    command = [program("curl"), "-sS", "--max-time", str(int(DEADLINE)), "--cacert", "tls/certificate.pem"]
    command += ["-b", "jar", "-c", "jar", "-w", "\n%{http_code}", *words]
    done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=2 * DEADLINE)
    assert done.returncode == 0, done.stderr
    body, _, status = done.stdout.rpartition("\n")
    return Reply(int(status), body)


def joins(socket: ClientConnection, line: str) -> str:
    """Send a line, and return the first of those that answer it."""
    socket.send(line)
    end = time.monotonic() + DEADLINE
    while time.monotonic() < end:
        for each in str(socket.recv(DEADLINE)).splitlines():
            if each.startswith(("OK ", "ERR ")):
                return each
    raise AssertionError("no answer")


def test_a_token_from_the_terminal_is_taken_by_the_daemon_until_it_is_revoked(folder: Path) -> None:
    """The daemon, which began without any accounts, heeds at once what is done to them."""
    with page(folder, "0") as (daemon, address):
        user(folder, "add", "ci", "--no-password")
        secret = user(folder, "token", "ci")
        limited = user(folder, "token", "ci", "--room", "#builds", "--post-only")
        bearer = f"Authorization: Bearer {secret}"
        reply = curl(folder, "-H", bearer, f"{address}/-/me")
        assert reply.status == 200
        assert json.loads(reply.body) == {"nick": "ci", "account": "ci", "operator": False}
        assert curl(folder, "-u", f"ci:{secret}", f"{address}/-/me") == reply
        refused = curl(folder, "-H", f"Authorization: Bearer {limited}", f"{address}/-/me")
        assert refused.status == 403
        assert json.loads(refused.body)["error"] == "not-allowed"

        words = ("-H", f"Authorization: Bearer {limited}")
        reply = curl(folder, *words, "-d", "passed", f"{address}/builds")
        assert reply.status == 201
        assert json.loads(reply.body)["nick"] == "ci"
        assert curl(folder, *words, "-d", "passed", f"{address}/lobby").status == 403
        assert curl(folder, *words, "-X", "DELETE", f"{address}/builds/{json.loads(reply.body)['id']}").status == 403

        socket = f"{address.replace('http', 'ws')}/-/ws"
        protocol = [Subprotocol("chatd.v1")]
        with connect(socket, subprotocols=protocol, additional_headers={"Authorization": f"Bearer {secret}"}) as ci:
            assert joins(ci, "JOIN ci #builds") == "OK JOIN #builds 1 nick=ci"
        for headers, status in (
            ({"Authorization": f"Bearer {limited}"}, 403),
            ({"Origin": "http://evil.example"}, 403),
        ):
            with (
                pytest.raises(InvalidStatus) as stopped,
                connect(socket, subprotocols=protocol, additional_headers=headers),
            ):
                pass
            assert stopped.value.response.status_code == status

        user(folder, "revoke", secret.split("_")[1])
        assert curl(folder, "-H", bearer, f"{address}/-/me").status == 401
        lines = user(folder, "tokens", "ci").splitlines()
        assert [line.split("\t")[0] for line in lines] == [limited.split("_")[1]]
        assert daemon.terminate() == 0
        assert secret[15:] not in daemon.log() + (folder / "chatd.accounts.sqlite3").read_bytes().decode("latin-1")
        assert "Traceback" not in daemon.log()


@pytest.mark.parametrize("over_tls", [False, True])
def test_a_login_lasts_over_a_restart_until_it_is_ended(folder: Path, over_tls: bool) -> None:
    web = "tls:tls:port=0:interface=127.0.0.1" if over_tls else "0"
    host = ("-H", "Host: 127.0.0.1:1")  # what the cookie is called goes by the port, which is another each time
    user(folder, "add", "ann", "--operator")
    login = ("-H", "Content-Type: application/json", "-d", json.dumps({"nick": "ann", "password": PASSWORD}))
    with page(folder, web) as (daemon, address):
        assert curl(folder, *host, f"{address}/-/me").status == 401
        assert curl(folder, *host, *login, f"{address}/-/login").status == 200
        assert json.loads(curl(folder, *host, f"{address}/-/me").body)["operator"] is True
        assert daemon.terminate() == 0
        log = daemon.log()
    name = "__Host-chatd-1" if over_tls else "chatd-1"
    (kept,) = [line.split("\t") for line in (folder / "jar").read_text().splitlines() if f"\t{name}" in line]
    assert kept[0].startswith("#HttpOnly_")
    assert kept[3] == ("TRUE" if over_tls else "FALSE")
    assert kept[6] not in log
    with page(folder, web) as (daemon, address):
        assert curl(folder, *host, f"{address}/-/me").status == 200
        user(folder, "logout", "ann")
        assert curl(folder, *host, f"{address}/-/me").status == 401
        assert curl(folder, *host, *login, f"{address}/-/login").status == 200
        user(folder, "passwd", "ann", password="another-horse")
        assert curl(folder, *host, f"{address}/-/me").status == 401
        assert curl(folder, *host, *login, f"{address}/-/login").status == 401
        assert daemon.terminate() == 0
        assert "Traceback" not in daemon.log()


def test_over_tls_a_websocket_takes_the_cookie(folder: Path) -> None:
    user(folder, "add", "ann")
    with page(folder, "tls:tls:port=0:interface=127.0.0.1") as (_, address):
        login = ("-H", "Content-Type: application/json", "-d", json.dumps({"nick": "ann", "password": PASSWORD}))
        assert curl(folder, *login, f"{address}/-/login").status == 200
        (kept,) = [line.split("\t") for line in (folder / "jar").read_text().splitlines() if "__Host-" in line]
        trust = ssl.create_default_context(cafile=str(folder / "tls/certificate.pem"))
        headers = {"Cookie": f"{kept[5]}={kept[6]}"}
        socket, protocol = f"{address.replace('http', 'ws')}/-/ws", [Subprotocol("chatd.v1")]
        with connect(socket, ssl=trust, subprotocols=protocol, additional_headers=headers) as ann:
            assert joins(ann, "JOIN ann #tea") == "OK JOIN #tea 1 nick=ann"
