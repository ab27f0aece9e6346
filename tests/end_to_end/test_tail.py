"""``chatd tail`` as a process of its own: killed, stopped, rotated, over TLS and a local socket."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from chatd.tls.certificate import fingerprint
from tests.support.certificates import write_certificate
from tests.support.daemon import BIN, DEADLINE, Client, Daemon, environment, staying, wait_until

pytestmark = pytest.mark.slow


class Tail:
    """``chatd tail app.log`` in a folder, into #logs as ``log``."""

    def __init__(self, folder: Path, to: str, *options: str, password: str | None = None) -> None:
        self._errors = folder / "tail-errors"
        command = [str(BIN / "chatd"), "tail", "app.log", "--to", to, "--room", "#logs", "--nick", "log", *options]
        with self._errors.open("ab") as errors:
            self.process = subprocess.Popen(
                [*command, "--state", "state.json"],
                cwd=folder,
                env=environment() | ({"CHATD_PASSWORD": password} if password is not None else {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=errors,
            )

    def told(self) -> str:
        return self._errors.read_text()

    def until_told(self, what: str) -> None:
        wait_until(lambda: what in self.told(), self.told)

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running(tail: Tail) -> Iterator[Tail]:
    try:
        yield tail
    finally:
        tail.kill()


def history(daemon: Daemon) -> list[str]:
    with daemon.client() as client:
        client.send(b"JOIN reader #logs\nHISTORY 1000\nQUIT\n")
        lines = client.rest()
    return [line.split(" ", 5)[5] for line in lines if " MSG log " in line]


def add(log: Path, first: int, count: int) -> None:
    with log.open("a") as file:
        file.writelines(f"line {number}\n" for number in range(first, first + count))


def test_nothing_is_lost_or_doubled_when_either_side_is_killed(tmp_path: Path) -> None:
    log = tmp_path / "app.log"
    log.touch()
    server = tmp_path / "server"
    server.mkdir()
    written = 0
    place = staying()
    daemon = Daemon(server, *place)
    port = daemon.port
    tail = Tail(tmp_path, f"127.0.0.1:{port}", "--from-start")
    try:
        tail.until_told("sending to #logs as log")
        for turn in range(6):
            add(log, written, 50)
            written += 50
            if turn % 3 == 0:
                tail.kill()
                log.rename(tmp_path / f"app.log.{turn}")
                tail = Tail(tmp_path, f"127.0.0.1:{port}")
            elif turn % 3 == 1:
                daemon.kill()
                daemon = Daemon(server, *place)
            else:
                log.rename(tmp_path / f"app.log.{turn}")
        add(log, written, 50)
        written += 50
        wanted = [f"line {number}" for number in range(written)]
        wait_until(lambda: len(history(daemon)) >= written, tail.told)
        assert sorted(history(daemon)) == sorted(wanted)
        tail.process.terminate()
        assert tail.process.wait(DEADLINE) == 0
    finally:
        tail.kill()
        daemon.kill()


def test_once_over_tls_by_a_fingerprint_and_no_other(tmp_path: Path) -> None:
    (tmp_path / "tls").mkdir()
    made = write_certificate(tmp_path / "tls" / "key.pem", tmp_path / "tls" / "certificate.pem", "elsewhere.example")
    (tmp_path / "app.log").write_text("one\n")
    with Daemon(tmp_path, "--listen", f"tls:{tmp_path}/tls:port=0:interface=127.0.0.1") as daemon:
        to = f"127.0.0.1:{daemon.port}"
        other = ":".join(["00"] * 32)
        with running(Tail(tmp_path, to, "--tls", "--once", "--fingerprint", other)) as tail:
            tail.until_told("certificate verify failed")
            assert tail.process.poll() is None
        with running(Tail(tmp_path, to, "--tls", "--once", "--fingerprint", fingerprint(made).lower())) as tail:
            assert tail.process.wait(DEADLINE) == 0, tail.told()


def test_the_certificate_in_a_file_is_trusted_for_its_names(tmp_path: Path) -> None:
    (tmp_path / "tls").mkdir()
    certificate = tmp_path / "tls" / "certificate.pem"
    write_certificate(tmp_path / "tls" / "key.pem", certificate, "localhost", "127.0.0.1")
    (tmp_path / "app.log").write_text("one\n")
    with Daemon(tmp_path, "--listen", f"tls:{tmp_path}/tls:port=0:interface=127.0.0.1") as daemon:
        with running(Tail(tmp_path, f"127.0.0.1:{daemon.port}", "--tls", "--once")) as tail:
            tail.until_told("certificate verify failed")
        with running(Tail(tmp_path, f"127.0.0.1:{daemon.port}", "--tls", "--once", "--ca", str(certificate))) as tail:
            assert tail.process.wait(DEADLINE) == 0, tail.told()


def test_a_nick_with_an_account_needs_its_password(tmp_path: Path) -> None:
    (tmp_path / "app.log").write_text("one\n")
    (tmp_path / "password").write_text("right-password\n")
    with Daemon(tmp_path) as daemon:
        add_user = [str(BIN / "chatd"), "user", "add", "log"]
        subprocess.run(add_user, cwd=tmp_path, input=b"right-password\n", env=environment(), check=True)
        to = f"127.0.0.1:{daemon.port}"
        with running(Tail(tmp_path, to, "--once", password="wrong-password")) as tail:
            assert tail.process.wait(DEADLINE) == 1
            assert "ended: " in tail.told()
        with running(Tail(tmp_path, to, "--once")) as tail:
            tail.until_told("trying again in")
        with running(Tail(tmp_path, to, "--once", "--password-file", "password")) as tail:
            assert tail.process.wait(DEADLINE) == 0, tail.told()
        assert "right-password" not in tail.told() + daemon.log()


def test_over_a_local_socket_and_stopped_by_a_signal(tmp_path: Path) -> None:
    place = tmp_path / "socket"
    (tmp_path / "app.log").write_text("before\n")
    with (
        Daemon(tmp_path, "--listen", f"unix:{place}"),
        running(Tail(tmp_path, f"unix:{place}")) as tail,
        Client(place) as alice,
    ):
        alice.join("alice", "#logs")
        tail.until_told("sending to #logs as log")
        with (tmp_path / "app.log").open("a") as file:
            file.write("one\n")
        alice.until(lambda line: line == "MSG log #logs one")
        os.kill(tail.process.pid, signal.SIGINT)
        assert tail.process.wait(DEADLINE) == 0
        alice.until(lambda line: line.startswith("PART log"))


@pytest.mark.parametrize(
    ("options", "status", "told"),
    [
        (("--nick", "a b"), 1, "is not allowed"),
        (("--room", "logs"), 1, "rooms begin with #"),
        (("--ca", "app.log"), 1, "--ca and --fingerprint work only with --tls; add it"),
        *(
            (("--to", "unix:socket", *one), 1, "a local socket needs no --tls, --ca or --fingerprint; leave them out")
            for one in (["--tls"], ["--ca", "app.log"], ["--fingerprint", "00"])
        ),
        (("--once",), 1, "waiting for "),
        (("--frm-start",), 2, "unrecognized arguments"),
    ],
)
def test_what_cannot_be_done_is_told_and_ends_with_a_status(
    tmp_path: Path, options: tuple[str, ...], status: int, told: str
) -> None:
    with running(Tail(tmp_path, "127.0.0.1:1", *options)) as tail:
        assert tail.process.wait(DEADLINE) == status
        assert told in tail.told()
        assert "Traceback" not in tail.told()
