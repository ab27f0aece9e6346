"""The end of a client's input over TLS: what it asked for is still answered, by the clients that people have."""

from __future__ import annotations

import re
import socket
import ssl
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Self

import pytest
from OpenSSL import SSL

from tests.support.certificates import write_certificate
from tests.support.daemon import DEADLINE, Daemon, wait_until
from tests.support.programs import program

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "tls.rst"
SCRIPT = "JOIN ci #builds\nMSG passed\n"
VERSIONS = {"1.2": SSL.TLS1_2_VERSION, "1.3": SSL.TLS1_3_VERSION}
PLACES = ["tls:tls:port=0:interface=127.0.0.1", "ssl:0:tls/key.pem:tls/certificate.pem:interface=127.0.0.1"]


@pytest.fixture(params=PLACES, ids=["tls", "ssl"])
def daemon(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Daemon]:
    (tmp_path / "tls").mkdir()
    write_certificate(tmp_path / "tls" / "key.pem", tmp_path / "tls" / "certificate.pem", "localhost")
    options = ("--journal", "memory:", "--listen", request.param, "--line-rate", "0")
    with Daemon(tmp_path, *options) as daemon:
        yield daemon
        assert "Traceback" not in daemon.log()


def output(command: Sequence[str], script: str) -> list[str]:
    """Run a client with a script on its standard input; return what it shows."""
    words = [program(command[0]), *command[1:]]
    done = subprocess.run(words, input=script.encode(), capture_output=True, timeout=DEADLINE, check=False)
    return done.stdout.decode().splitlines()


def gnutls_cli(daemon: Daemon, *options: str) -> list[str]:
    return ["gnutls-cli", "--insecure", *options, "--port", str(daemon.port), "127.0.0.1"]


def socat(daemon: Daemon, *options: str) -> list[str]:
    return ["socat", "-t30", "-", ",".join([f"OPENSSL:127.0.0.1:{daemon.port},verify=0", *options])]


def ends_well(lines: Sequence[str]) -> bool:
    return any(line.startswith("BYE quit taken=all goodbye; everything you sent was accepted") for line in lines)


def test_a_script_on_standard_input_has_its_verdict(daemon: Daemon) -> None:
    clients = [
        gnutls_cli(daemon),
        gnutls_cli(daemon, "--priority", "NORMAL:-VERS-TLS1.3"),
        socat(daemon),
        socat(daemon, "openssl-max-proto-version=TLS1.2"),
    ]
    for client in clients:
        assert ends_well(output(client, SCRIPT)), client
        assert ends_well(output(client, SCRIPT + "QUIT\n")), client


def test_an_answer_of_megabytes_comes_whole(daemon: Daemon) -> None:
    said = "".join(f"MSG {number} {'x' * 4000}\n" for number in range(500))
    assert ends_well(output(gnutls_cli(daemon), f"JOIN ci #builds\n{said}"))
    for client in (gnutls_cli(daemon), gnutls_cli(daemon, "--priority", "NORMAL:-VERS-TLS1.3"), socat(daemon)):
        lines = output(client, "JOIN reader #builds\nHISTORY 500\n")
        assert len([line for line in lines if line.startswith("OLD ")]) == 500
        assert ends_well(lines)


GONE = [
    ["openssl", "s_client", "-connect", "127.0.0.1:PORT"],
    ["socat", "-t0", "-", "OPENSSL:127.0.0.1:PORT,verify=0"],
    ["socat", "-t0", "-", "OPENSSL:127.0.0.1:PORT,verify=0,openssl-max-proto-version=TLS1.2"],
    ["ncat", "--ssl", "127.0.0.1", "PORT"],
]


@pytest.mark.parametrize("client", GONE, ids=lambda words: " ".join(words[:2]))
def test_of_whoever_leaves_at_once_all_is_said(daemon: Daemon, client: list[str]) -> None:
    said = "".join(f"MSG {number} {'x' * 100}\n" for number in range(300))
    output([word.replace("PORT", str(daemon.port)) for word in client], "JOIN ci #builds\nPING\n" + said)

    def all_there() -> bool:
        return sum(" MSG ci " in line for line in output(socat(daemon), "JOIN reader #builds\nHISTORY 1000\n")) == 300

    wait_until(all_there, lambda: "all that was said before the connection broke off")


TRUST = {
    "gnutls-cli": ("gnutls-cli", "gnutls-cli --x509cafile FILE"),
    "socat": ("10320", "10320,cafile=FILE"),
    "ncat": ("--ssl-verify", "--ssl-verify --ssl-trustfile FILE"),
    "openssl": ("s_client", "s_client -CAfile FILE"),
}


def test_whoever_has_taken_the_end_of_tls_together_with_what_came_before_sees_that_of_tcp(daemon: Daemon) -> None:
    with TLSClient(daemon.port, "1.3") as client:
        client.send(b"QUIT\n")
        while client.socket.recv(1 << 16):  # within DEADLINE
            pass


@pytest.mark.parametrize("name", TRUST)
def test_the_recipes_print_the_verdict(daemon: Daemon, tmp_path: Path, name: str) -> None:
    (recipe,) = re.findall(rf"^    (printf .*\| {name} .*10320.*)$", PAGE.read_text(), re.MULTILINE)
    recipe = recipe.replace(*TRUST[name]).replace("FILE", str(tmp_path / "tls" / "certificate.pem"))
    recipe = recipe.replace("chat.example.org", "localhost").replace("10320", str(daemon.port))
    program(name)
    done = subprocess.run(["sh", "-c", recipe], capture_output=True, timeout=DEADLINE, check=False)
    assert ends_well(done.stdout.decode().splitlines()), done


class TLSClient:
    """Speaks TLS of one version, and ends its direction as it is told to."""

    def __init__(self, port: int, version: str) -> None:
        context = SSL.Context(SSL.TLS_CLIENT_METHOD)
        context.set_min_proto_version(VERSIONS[version])
        context.set_max_proto_version(VERSIONS[version])
        self.socket = socket.create_connection(("127.0.0.1", port), DEADLINE)
        self.tls = SSL.Connection(context, None)
        self.tls.set_connect_state()
        self.ended = ""
        self.said = b""
        while not self._shook_hands():
            self._exchange()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def _shook_hands(self) -> bool:
        try:
            self.tls.do_handshake()
        except SSL.WantReadError:
            return False
        return True

    def send(self, data: bytes) -> None:
        self.tls.send(data)
        self.flush()

    def flush(self) -> None:
        with suppress(SSL.WantReadError):
            self.socket.sendall(self.tls.bio_read(1 << 20))

    def _exchange(self) -> None:
        self.flush()
        if data := self.socket.recv(1 << 16):
            self.tls.bio_write(data)
        else:
            self.ended = self.ended or "torn"
            raise EOFError

    def rest(self) -> str:
        """Return all that comes up to the end."""
        with suppress(EOFError, ConnectionResetError):
            while True:
                try:
                    self.said += self.tls.recv(1 << 16)
                except SSL.WantReadError:
                    self._exchange()
                except SSL.ZeroReturnError:
                    self.ended = "close_notify"
                    break
        self.socket.close()
        return self.said.decode()


@pytest.fixture(params=VERSIONS)
def client(request: pytest.FixtureRequest, daemon: Daemon) -> Iterator[TLSClient]:
    with TLSClient(daemon.port, request.param) as client:
        yield client


@pytest.mark.parametrize("tcp_too", [False, True])
def test_close_notify_ends_one_direction_with_the_end_of_tcp_and_without(client: TLSClient, tcp_too: bool) -> None:
    client.send(b"JOIN ci #builds\nMSG passed\n")
    client.tls.shutdown()
    client.flush()
    if tcp_too:
        client.socket.shutdown(socket.SHUT_WR)
    assert "BYE quit taken=all goodbye; everything you sent was accepted\r\n" in client.rest()
    assert client.ended == "close_notify"


def test_what_comes_with_the_end_of_tcp_alone_is_answered_and_has_no_verdict(client: TLSClient, daemon: Daemon) -> None:
    client.send(b"JOIN ci #builds\nMSG passed\nPING 1\nMSG unfini")
    client.socket.shutdown(socket.SHUT_WR)
    answers = client.rest()
    assert answers.endswith("PONG 1\r\n")
    assert "BYE" not in answers
    history = output(socat(daemon), "JOIN reader #builds\nHISTORY\n")
    assert [line.split(" MSG ")[1] for line in history if line.startswith("OLD")] == ["ci #builds passed"]


def test_a_quit_before_the_end_of_tcp_alone_has_its_verdict(client: TLSClient) -> None:
    client.send(b"JOIN ci #builds\nMSG passed\nQUIT\n")
    client.socket.shutdown(socket.SHUT_WR)
    assert "BYE quit " in client.rest()


def test_python_says_that_it_ends_and_reads_on(daemon: Daemon) -> None:
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", daemon.port), DEADLINE) as plain,
        context.wrap_socket(plain) as client,
    ):
        client.sendall(b"PING 1\nQUIT\n")
        said = b""
        while data := client.recv(4096):
            said += data
        assert said.endswith(b"PONG 1\r\nBYE quit taken=all goodbye; everything you sent was accepted\r\n")
        client.unwrap()
