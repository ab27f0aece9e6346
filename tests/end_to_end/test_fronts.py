"""What stands in front of nodes, by the real programs and as the documentation tells people to configure them."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.certificates import write_certificate
from tests.support.daemon import DEADLINE, Daemon, wait_until
from tests.support.fronts import HAProxyState, haproxy, nginx, recipe, stunnel

pytestmark = pytest.mark.slow

CLIENT = "127.0.0.7"
"""Where the clients of these tests come from; what stands in front connects from 127.0.0.1."""


class Node:
    """A daemon with one port for lines and one for TLS, both behind something; the options are in the documentation."""

    def __init__(self, folder: Path, *options: str) -> None:
        folder.mkdir()
        (folder / "tls").mkdir()
        write_certificate(folder / "tls" / "key.pem", folder / "tls" / "certificate.pem", "localhost")
        self.plain, self.tls = free_ports(2)
        places = (
            f"haproxy:tcp:{self.plain}:interface=127.0.0.1",
            f"haproxy:tls:tls:port={self.tls}:interface=127.0.0.1",
        )
        listen = [word for place in places for word in ("--listen", place)]
        self.daemon = Daemon(folder, "--journal", "memory:", *listen, *options)


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Return what is closed at the end, the last first."""
    with ExitStack() as stack:
        yield stack


def node(stack: ExitStack, folder: Path, *options: str) -> Node:
    made = Node(folder, *options)
    stack.callback(made.daemon.kill)
    return made


@contextmanager
def connected(port: int, header: bytes = b"", *, tls: bool = False) -> Iterator[socket.socket]:
    """Connect as a client does, over TLS perhaps, after a header perhaps."""
    with socket.create_connection(("127.0.0.1", port), DEADLINE, (CLIENT, 0)) as plain:
        plain.sendall(header)
        if not tls:
            yield plain
            return
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        with context.wrap_socket(plain) as encrypted:
            yield encrypted


def rest(client: socket.socket) -> list[str]:
    """Return the lines up to the end of the connection."""
    said = b""
    while data := client.recv(1 << 16):
        said += data
    return said.decode().splitlines()


def answer(client: socket.socket, ends: bytes) -> str:
    """Return what comes up to a line that begins so."""
    said = b""
    while not re.search(rb"^" + ends + rb".*\n", said, re.MULTILINE):
        data = client.recv(1 << 16)
        assert data, said
        said += data
    return said.decode()


def is_served(port: int, *, tls: bool) -> None:
    """Fail unless a client that ends its input is told its verdict, and one that says nonsense is sent away."""
    with connected(port, tls=tls) as client:
        client.sendall(b"JOIN ann #den\nMSG hello\nPING 1\nQUIT\n")
        lines = rest(client)
        assert "PONG 1" in lines
        assert lines[-1] == "BYE quit taken=all goodbye; everything you sent was accepted"
    if not tls:
        with connected(port) as client:
            client.sendall(b"JOIN ann #den\nMSG hello\n")
            client.shutdown(socket.SHUT_WR)
            assert rest(client)[-1] == "BYE quit taken=all goodbye; everything you sent was accepted"
    with connected(port, tls=tls) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert rest(client)[-1].startswith("BYE not-chatd ")


def sent_away(*nodes: Node) -> set[str]:
    """Return from where those came who were sent away for what they said; the log counts those from one address."""
    logs = "".join(each.daemon.log() for each in nodes)
    return set(re.findall(r"\] (\S+):\d+ was disconnected: not-chatd", logs))


def haproxy_recipe(nodes: Mapping[str, Node], chat: int, chat_tls: str, header: str = "send-proxy-v2") -> str:
    """Return the recipe for nodes; those of its servers that are not given do not exist."""
    ports = {name: (each.plain, each.tls) for name, each in nodes.items()}
    replacing = {
        ":10319\n    default": f"127.0.0.1:{chat}\n    default",
        ":10320\n    default_backend nodes-tls": chat_tls,
    }
    for name in ("c1", "c2", "c3"):
        plain, tls = ports.get(name) or free_ports(2)
        replacing |= {f"{name}.example.org:10319": f"127.0.0.1:{plain}"}
        replacing |= {f"{name}.example.org:10320": f"127.0.0.1:{tls}"}
    replacing["default-server check"] = "default-server inter 200ms fall 2 rise 1 check"  # a test cannot wait for ten
    return recipe("defaults", replacing | {" send-proxy-v2": f" {header}"})


def passed_on(port: int) -> str:
    """Return where clients of TLS are taken as the documentation has it: to nodes that speak it."""
    return f"127.0.0.1:{port}\n    default_backend nodes-tls"


def wait_for(state: HAProxyState, backend: str, servers: Mapping[str, str]) -> None:
    wait_until(lambda: state.servers(backend) == servers, lambda: str(state.servers(backend)))


@pytest.mark.parametrize("header", ["send-proxy", "send-proxy-v2", "send-proxy-v2-ssl"])
def test_haproxy_as_documented(tmp_path: Path, stack: ExitStack, header: str) -> None:
    nodes = {name: node(stack, tmp_path / name) for name in ("c1", "c2")}
    chat, chat_tls = free_ports(2)
    config = haproxy_recipe(nodes, chat, passed_on(chat_tls), header)
    state = stack.enter_context(haproxy(tmp_path, config, chat, chat_tls))
    for backend in ("nodes", "nodes-tls"):
        wait_for(state, backend, {"c1": "UP", "c2": "UP", "c3": "DOWN"})
    for _ in range(2):
        is_served(chat, tls=False)
        is_served(chat_tls, tls=True)
    assert sent_away(*nodes.values()) == {CLIENT}
    for each in nodes.values():
        assert "PROXY" not in each.daemon.log()
        assert "Traceback" not in each.daemon.log()


def test_a_node_that_takes_nobody_in_is_taken_out_and_those_inside_stay(tmp_path: Path, stack: ExitStack) -> None:
    full = node(stack, tmp_path / "c1", "--max-connections", "2")
    chat, chat_tls = free_ports(2)
    config = haproxy_recipe({"c1": full}, chat, passed_on(chat_tls))
    state = stack.enter_context(haproxy(tmp_path, config, chat, chat_tls))
    wait_for(state, "nodes", {"c1": "UP", "c2": "DOWN", "c3": "DOWN"})
    with connected(chat) as first:
        answer(first, b"NOTE")
        with connected(chat) as second:
            answer(second, b"NOTE")
            for backend in ("nodes", "nodes-tls"):
                wait_for(state, backend, dict.fromkeys(("c1", "c2", "c3"), "DOWN"))
            first.sendall(b"JOIN ann #den\nPING 1\n")
            assert "PONG 1" in answer(first, b"PONG")
        for backend in ("nodes", "nodes-tls"):
            wait_for(state, backend, {"c1": "UP", "c2": "DOWN", "c3": "DOWN"})
        first.sendall(b"PING 2\n")
        assert "PONG 2" in answer(first, b"PONG")


@pytest.mark.parametrize(("header", "code"), [("send-proxy-v2-ssl", "bad-password"), ("send-proxy-v2", "tls-needed")])
def test_haproxy_that_speaks_tls_says_so(tmp_path: Path, stack: ExitStack, header: str, code: str) -> None:
    only = node(stack, tmp_path / "c1", "--accounts", "accounts")
    write_certificate(tmp_path / "chat.pem", tmp_path / "chat.pem", "localhost")
    chat, chat_tls = free_ports(2)
    # The client's own header says that it is not from this machine.
    spoken = f"127.0.0.1:{chat_tls} accept-proxy ssl crt {tmp_path}/chat.pem\n    default_backend nodes"
    config = haproxy_recipe({"c1": only}, chat, spoken, header)
    state = stack.enter_context(haproxy(tmp_path, config, chat, chat_tls))
    wait_for(state, "nodes", {"c1": "UP", "c2": "DOWN", "c3": "DOWN"})
    with connected(chat_tls, b"PROXY TCP4 192.0.2.1 192.0.2.2 4000 10320\r\n", tls=True) as client:
        client.sendall(b"LOGIN ann a-long-password\nQUIT\n")
        assert f"ERR {code} LOGIN" in "\n".join(rest(client))


@pytest.mark.parametrize("tls", [False, True])
def test_nginx_as_documented(tmp_path: Path, stack: ExitStack, tls: bool) -> None:
    nodes = [node(stack, tmp_path / name) for name in ("c1", "c2")]
    (port,) = free_ports(1)
    log = stack.enter_context(nginx(tmp_path, nginx_recipe(nodes, {(10319, 10320)[tls]: f"127.0.0.1:{port}"}), port))
    for _ in range(2):
        is_served(port, tls=tls)
    assert sent_away(*nodes) == {CLIENT}
    assert "upstream timed out" not in log.read_text()
    assert "PROXY" not in "".join(each.daemon.log() for each in nodes)


def nginx_recipe(nodes: list[Node], listens: Mapping[int, str]) -> str:
    """Return the recipe for two nodes, with what is listened on for each of its ports."""
    places = {10319: free_place(), 10320: free_place(), **listens}
    replacing = {f"listen {port} so_keepalive=on;": f"listen {place};" for port, place in places.items()}
    for port in (10319, 10320):
        for name, each in zip(("c1", "c2"), nodes, strict=True):
            replacing[f"{name}.example.org:{port}"] = f"127.0.0.1:{each.plain if port == 10319 else each.tls}"
        replacing[f"server c3.example.org:{port};"] = ""
    return recipe("stream", replacing)


def free_place() -> str:
    return f"127.0.0.1:{free_ports(1)[0]}"


def test_what_nginx_does_not_know_is_the_address_of_nginx(tmp_path: Path, stack: ExitStack) -> None:
    nodes = [node(stack, tmp_path / name) for name in ("c1", "c2")]
    place = tmp_path / "nginx.sock"
    stack.enter_context(nginx(tmp_path, nginx_recipe(nodes, {10319: f"unix:{place}"})))
    wait_until(place.exists, str)
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(DEADLINE)
        client.connect(str(place))
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert rest(client)[-1].startswith("BYE not-chatd ")
    assert sent_away(*nodes) == {"127.0.0.1"}


def test_stunnel_as_documented(tmp_path: Path, stack: ExitStack) -> None:
    only = node(stack, tmp_path / "c1")
    write_certificate(tmp_path / "chat.pem", tmp_path / "chat.pem", "localhost")
    (port,) = free_ports(1)
    places = {"= 10320": f"= 127.0.0.1:{port}", "127.0.0.1:10319": f"127.0.0.1:{only.plain}"}
    config = recipe("[chat]", {**places, "/etc/stunnel": str(tmp_path)})
    stack.enter_context(stunnel(tmp_path, config, port))
    is_served(port, tls=True)
    assert sent_away(only) == {CLIENT}


def test_a_handshake_in_the_place_of_the_header_is_logged_and_others_are_counted(
    tmp_path: Path, stack: ExitStack
) -> None:
    only = node(stack, tmp_path / "c1")
    for _ in range(5):
        with pytest.raises((ssl.SSLError, ConnectionResetError)), connected(only.tls, tls=True):
            pass
    lines = [line for line in only.daemon.log().splitlines() if "PROXY" in line]
    assert len(lines) == 1
    assert f"{CLIENT}:" in lines[0]
    assert "the connection begins with a TLS handshake; the PROXY header must come before it" in lines[0]


@pytest.mark.parametrize("tls", [False, True])
def test_a_header_comes_first_on_ssl_and_on_local_sockets_too(tmp_path: Path, stack: ExitStack, tls: bool) -> None:
    write_certificate(tmp_path / "key.pem", tmp_path / "certificate.pem", "localhost")
    place = "ssl:0:key.pem:certificate.pem:interface=127.0.0.1" if tls else "unix:node.sock"
    daemon = stack.enter_context(Daemon(tmp_path, "--journal", "memory:", "--listen", f"haproxy:{place}"))
    server = f"127.0.0.1:{daemon.port} ssl verify none" if tls else f"{tmp_path}/node.sock"
    (port,) = free_ports(1)
    lines = ("mode tcp", "timeout connect 5s", "timeout client 1m", "timeout server 1m")
    config = "\n    ".join(["listen chat", f"bind 127.0.0.1:{port}", *lines, f"server c1 {server} send-proxy-v2\n"])
    stack.enter_context(haproxy(tmp_path, config, port))
    with connected(port) as client:
        client.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert rest(client)[-1].startswith("BYE not-chatd ")
    assert f"] {CLIENT}:" in daemon.log()


# Silence.


@pytest.mark.parametrize("front", ["haproxy", "nginx"])
def test_a_program_that_answers_is_not_cut_and_one_that_is_not_asked_is(
    tmp_path: Path, stack: ExitStack, front: str
) -> None:
    """In the proportion of Debian's 50 seconds to the 45 of ``--ping-interval``: 5 to 4, to the second."""
    nodes = [node(stack, tmp_path / name, "--ping-interval", "4") for name in ("c1", "c2")]
    chat, chat_tls = free_ports(2)
    if front == "haproxy":
        config = haproxy_recipe(dict(zip(("c1", "c2"), nodes, strict=True)), chat, passed_on(chat_tls))
        config = config.replace("client 24h", "client 6s").replace("server 24h", "server 6s")
        state = stack.enter_context(haproxy(tmp_path, config, chat, chat_tls))
        wait_for(state, "nodes", {"c1": "UP", "c2": "UP", "c3": "DOWN"})
    else:
        config = nginx_recipe(nodes, {10319: f"127.0.0.1:{chat}"})
        stack.enter_context(nginx(tmp_path, config.replace("24h", "6s"), chat))
    with connected(chat) as program, connected(chat) as person:
        program.sendall(b"HELLO 1\nJOIN bot #den\n")
        person.sendall(b"JOIN ann #silence\n")
        for _ in range(3):
            asked = answer(program, b"PING")
            program.sendall(f"PING {asked.split()[-1]}\n".encode())
        program.sendall(b"PING still\n")
        answer(program, b"PONG still")
        assert "BYE" not in "".join(rest(person))
