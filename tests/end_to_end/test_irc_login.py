"""Logging in over IRC on a real daemon, whose clients come from elsewhere: over TLS, and where others listen in."""

from __future__ import annotations

import socket
import ssl
import subprocess
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from scramp import ScramClient

from tests.support.certificates import write_certificate
from tests.support.daemon import BIN, DEADLINE, Daemon, environment, wait_until
from tests.support.programs import program

PASSWORD = "correct-horse"
ELSEWHERE = "192.0.2.1"

pytestmark = pytest.mark.slow


class Irc:
    """A blocking IRC client."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._lines = connection.makefile("r", encoding="utf-8", newline="\r\n")

    def says(self, *lines: str) -> None:
        self._connection.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def hears(self, command: str) -> str:
        """Return the last parameter of the next message that is this command, or else fail."""
        for line in self._lines:
            words = line.rstrip("\r\n").split(" ")
            if command in words[:2]:
                middle, colon, text = line.rstrip("\r\n")[1:].partition(" :")
                return text if colon else middle.split(" ")[-1]
        raise AssertionError(f"the connection ended before {command}")


@contextmanager
def connected(port: int, *, tls: bool) -> Iterator[Irc]:
    with socket.create_connection(("127.0.0.1", port), DEADLINE) as plain:
        plain.sendall(f"PROXY TCP4 {ELSEWHERE} 127.0.0.1 4000 6697\r\n".encode())
        if not tls:
            yield Irc(plain)
            return
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(plain) as client:
            yield Irc(client)


def log_in_by_scram(irc: Irc) -> str:
    """Return what the server says at last to a client that believes no server without its proof."""
    proof = ScramClient(["SCRAM-SHA-256"], "ann", PASSWORD)
    irc.says("AUTHENTICATE SCRAM-SHA-256", f"AUTHENTICATE {b64encode(proof.get_client_first().encode()).decode()}")
    assert irc.hears("AUTHENTICATE") == "+"
    proof.set_server_first(b64decode(irc.hears("AUTHENTICATE")).decode())
    irc.says(f"AUTHENTICATE {b64encode(proof.get_client_final().encode()).decode()}")
    proof.set_server_final(b64decode(irc.hears("AUTHENTICATE")).decode())
    irc.says("AUTHENTICATE +")
    return irc.hears("903")


def make_server(folder: Path) -> None:
    """Make a certificate, and an account for ann."""
    (folder / "tls").mkdir()
    write_certificate(folder / "tls" / "key.pem", folder / "tls" / "cert.pem", "localhost")
    add = [str(BIN / "chatd"), "user", "add", "ann", "--state-directory=."]
    subprocess.run(add, check=True, cwd=folder, env=environment(), input=f"{PASSWORD}\n", text=True, timeout=DEADLINE)


def test_an_owner_logs_in_over_tls_and_nobody_does_where_others_listen_in(tmp_path: Path) -> None:
    make_server(tmp_path)
    places = ["--irc", "haproxy:tls:tls:port=0:interface=127.0.0.1", "--irc", "haproxy:tcp:0:interface=127.0.0.1"]
    with Daemon(tmp_path, *places, "--scram", "--web", "off") as daemon:
        wait_until(lambda: len(daemon.places()) == 3, daemon.log)
        tls, plain = (int(place.rpartition(":")[2]) for place in daemon.places()[1:])
        with connected(tls, tls=True) as irc:  # the first login, of which the keys are made
            irc.says("CAP LS 302", "CAP REQ :sasl")
            assert "sasl=PLAIN,SCRAM-SHA-256" in irc.hears("CAP").split()
            irc.says(
                "AUTHENTICATE PLAIN", f"AUTHENTICATE {b64encode(f'{chr(0)}ann{chr(0)}{PASSWORD}'.encode()).decode()}"
            )
            assert irc.hears("903") == "you have logged in"
            irc.says("NICK ann", "USER ann 0 * :Ann", "CAP END")
            assert "ann" in irc.hears("001")
        with connected(tls, tls=True) as irc:
            irc.says("CAP LS 302", "CAP REQ :sasl")
            assert log_in_by_scram(irc) == "you have logged in"
            irc.says("NICK ann", "USER ann 0 * :Ann", "CAP END")
            assert "ann" in irc.hears("001")
        with connected(tls, tls=True) as irc:
            irc.says("PASS ann:wrong-horse", "NICK ann", "USER ann 0 * :Ann")
            assert irc.hears("464") == "the nick or the password is wrong"
            assert irc.hears("ERROR") == "Closing link: the nick or the password is wrong"
        with connected(plain, tls=False) as irc:
            irc.says("CAP LS 302")
            assert "sasl" not in irc.hears("CAP")
            irc.says("AUTHENTICATE PLAIN")
            assert irc.hears("904").startswith("passwords are accepted over TLS only")
            irc.says(f"PASS ann:{PASSWORD}", "NICK ann", "USER ann 0 * :Ann", "CAP END")
            assert irc.hears("464").startswith("passwords are accepted over TLS only")
        assert daemon.terminate() == 0
        assert "Traceback" not in daemon.log() and PASSWORD not in daemon.log()


WEECHAT = (
    "/set logger.file.flush_delay 0",
    # Older and newer versions have other names for it.
    *(f"/set irc.server_default.{name} on" for name in ("ssl", "tls")),
    *(f"/set irc.server_default.{name}_verify off" for name in ("ssl", "tls")),
    "/set irc.server_default.sasl_mechanism {mechanism}",
    "/server add here 127.0.0.1/{port} -nicks=ann -username=ann -sasl_username=ann -sasl_password={password}",
    "/connect here",
)


@contextmanager
def weechat(folder: Path, **values: str) -> Iterator[Path]:
    """Run WeeChat, which connects and logs in; yield the file into which it writes what the server says."""
    folder.mkdir()
    command = [program("weechat-headless"), "--dir", str(folder), "--run-command", ";".join(WEECHAT).format(**values)]
    nothing = subprocess.DEVNULL
    surroundings = environment() | {"HOME": str(folder), "LC_ALL": "C.UTF-8"}
    with subprocess.Popen(command, stdin=nothing, stdout=nothing, stderr=nothing, env=surroundings) as process:
        try:
            yield folder / "logs" / "irc.server.here.weechatlog"
        finally:
            process.kill()


def test_a_client_of_other_people_logs_in_over_tls(tmp_path: Path) -> None:
    make_server(tmp_path)
    tries = [
        ("plain", PASSWORD, "you have logged in"),
        ("scram-sha-256", PASSWORD, "you have logged in"),
        ("scram-sha-256", "wrong-horse", "the nick or the password is wrong"),
    ]
    with Daemon(tmp_path, "--irc", "tls:tls:port=0:interface=127.0.0.1", "--scram", "--web", "off") as daemon:
        wait_until(lambda: len(daemon.places()) == 2, daemon.log)
        port = daemon.places()[1].rpartition(":")[2]
        for number, (mechanism, password, said) in enumerate(tries):
            with weechat(tmp_path / str(number), port=port, mechanism=mechanism, password=password) as log:
                wait_until(lambda log=log, said=said: log.exists() and said in log.read_text(), daemon.log)  # type: ignore[misc]
                assert ("Welcome to chatd, ann" in log.read_text()) <= (password == PASSWORD)
        assert daemon.terminate() == 0
        assert "Traceback" not in daemon.log()
