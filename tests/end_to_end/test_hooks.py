"""What is said in a room, sent on by the real daemon to a receiver that dies and comes back, while it does so too."""

from __future__ import annotations

import base64
import hmac
import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import BIN, Client, Daemon, environment, wait_until

pytestmark = pytest.mark.slow


class Received:
    """All that a receiver was sent, over all its lives."""

    def __init__(self, secret: str) -> None:
        self.key = base64.b64decode(secret.removeprefix("whsec_"))
        self.told: list[tuple[str, str]] = []
        """The id and the text of each, which another thread adds as one."""
        self.forged = 0

    def take(self, headers: Any, body: bytes) -> None:
        id_ = headers["webhook-id"]
        signed = f"{id_}.{headers['webhook-timestamp']}.".encode() + body
        expected = "v1," + base64.b64encode(hmac.digest(self.key, signed, "sha256")).decode()
        self.forged += headers["webhook-signature"] != expected
        self.told.append((id_, json.loads(body)["text"]))

    @property
    def texts(self) -> list[str]:
        """What was said, without repeats, in the order in which it came first."""
        first: dict[str, str] = {}
        for id_, text in self.told.copy():
            first.setdefault(id_, text)
        return list(first.values())


@contextmanager
def receiver(received: Received, port: int = 0) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            received.take(self.headers, self.rfile.read(int(self.headers["content-length"])))
            self.send_response(204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def hook(cwd: Path, *arguments: str) -> str:
    command = [str(BIN / "chatd"), "hook", *arguments]
    return subprocess.run(command, cwd=cwd, env=environment(), check=True, capture_output=True, text=True).stdout


def state(cwd: Path, *options: str) -> list[str]:
    """Return the columns of the one hook there is."""
    (line,) = hook(cwd, "list", *options).splitlines()
    return line.split("\t")


def say(client: Client, texts: list[str]) -> None:
    """Say things, and return once they are stored."""
    client.send("".join(f"MSG {text}\n" for text in texts).encode() + b"PING\n")
    client.until(lambda line: "PONG" in line)


def test_every_message_arrives_in_order_whoever_dies(tmp_path: Path) -> None:
    received = Received("whsec_" + base64.b64encode(bytes(24)).decode())
    (port,) = free_ports(1)
    (tmp_path / "secret").write_text("whsec_" + base64.b64encode(received.key).decode())
    said = [f"message {number}" for number in range(300)]
    with Daemon(tmp_path) as daemon, daemon.member("ann", "#builds") as ann:
        say(ann, ["before"])
        where = f"http://user:word@127.0.0.1:{port}/in/s3cret?token=s3cret"
        hook(tmp_path, "add", "#builds", where, "--private", "--secret-file", "secret")
        say(ann, said[:100])
        wait_until(lambda: state(tmp_path)[4] == "100", lambda: hook(tmp_path, "list"))
        assert state(tmp_path)[5] == "fails: connection refused"
        with receiver(received, port):
            wait_until(lambda: len(received.texts) > 20, daemon.log)
            daemon.kill()
        log = daemon.log()
    with Daemon(tmp_path) as daemon, daemon.member("ann", "#builds") as ann, receiver(received, port):
        say(ann, said[100:200])
        wait_until(lambda: len(received.texts) > 120, daemon.log)
        daemon.kill()
        log += daemon.log()
    with Daemon(tmp_path) as daemon, daemon.member("ann", "#builds") as ann:
        say(ann, said[200:])
        with receiver(received, port):
            wait_until(lambda: len(received.texts) >= 300, daemon.log)
            wait_until(lambda: state(tmp_path)[4:6] == ["0", "works"], lambda: hook(tmp_path, "list"))
        assert daemon.terminate() == 0
        log += daemon.log()
    assert received.texts == said
    assert not received.forged
    assert "fails: connection refused" in log and "works again" in log
    assert "s3cret" not in log and "word" not in log
    assert "s3cret" not in hook(tmp_path, "list")
