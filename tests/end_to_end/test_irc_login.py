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


def test_an_owner_logs_in_over_tls_and_nobody_does_where_others_listen_in(tmp_path: Path) -> None:
    (tmp_path / "tls").mkdir()
    write_certificate(tmp_path / "tls" / "key.pem", tmp_path / "tls" / "cert.pem", "localhost")
    add = [str(BIN / "chatd"), "user", "add", "ann"]
    subprocess.run(add, check=True, cwd=tmp_path, env=environment(), input=f"{PASSWORD}\n", text=True, timeout=DEADLINE)
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
            assert irc.hears("464") == "the name or the password is wrong"
            assert irc.hears("ERROR") == "Closing link: the name or the password is wrong"
        with connected(plain, tls=False) as irc:
            irc.says("CAP LS 302")
            assert "sasl" not in irc.hears("CAP")
            irc.says("AUTHENTICATE PLAIN")
            assert irc.hears("904").startswith("passwords go over TLS only")
            irc.says(f"PASS ann:{PASSWORD}", "NICK ann", "USER ann 0 * :Ann", "CAP END")
            assert irc.hears("464").startswith("passwords go over TLS only")
        assert daemon.terminate() == 0
        assert "Traceback" not in daemon.log() and PASSWORD not in daemon.log()
