"""What ``chatd check`` says of real NATS servers, and of the stream that they have."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ports import free_ports
from chatd.app.checks import cluster
from chatd.app.checks.result import State
from tests.support.checks import states
from tests.support.daemon import BIN, DEADLINE, environment, wait_until
from tests.support.nats_servers import NatsCluster, NatsServer, nats_cluster, nats_server
from tests.support.node_processes import Node

pytestmark = pytest.mark.slow

LOGIN = "authorization {{ users: [{{ user: chat, password: {password} }}] }}"


def check(folder: Path, journal: str, *options: str, status: int = 0) -> list[str]:
    """Return what is found of the servers and the stream: its name, how it is, and what was found."""
    folder.mkdir(exist_ok=True)
    command = [str(BIN / "chatd"), "check", "--json", "--port", "0", "--journal", journal, *options]
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, timeout=DEADLINE, check=False
    )
    assert done.returncode == status, done
    found: list[Mapping[str, Any]] = json.loads(done.stdout)["checks"]
    return [f"{each['name']} {each['state']}: {each['what']}" for each in found if each["subject"] == "cluster"]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as made:
        yield made


def test_one_that_is_there_and_one_that_is_not(tmp_path: Path, server: NatsServer) -> None:
    (nobody,) = free_ports(1)
    here, there, stream = check(tmp_path, f"{server.url},127.0.0.1:{nobody}/new")
    assert here.startswith(f"cluster.server good: {server.address} is NATS 2.")
    assert there == f"cluster.server warning: cannot reach 127.0.0.1:{nobody}: nobody listens there"
    assert stream == "cluster.stream good: the stream new does not exist yet; the first node creates it"
    assert list(tmp_path.iterdir()) == []


def test_one_that_says_nothing(tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        (result,) = check(tmp_path, f"nats://127.0.0.1:{silent.getsockname()[1]}")
    assert result.startswith("cluster.server warning: ") and result.endswith(": it does not answer")


def test_an_address_that_is_none(tmp_path: Path) -> None:
    (result,) = check(tmp_path, "nats://u:secr#et@a", status=1)
    assert result.startswith("cluster.address wrong: ") and "secr" not in result


def test_a_login_that_is_refused(tmp_path: Path) -> None:
    with nats_server(
        tmp_path / "nats", LOGIN.format(password="sesame-open").replace("{{", "{").replace("}}", "}")
    ) as made:
        (refused,) = check(tmp_path / "a", f"nats://chat:wrong-one@{made.address}", status=1)
        assert refused.startswith("cluster.server wrong: ") and "refuses this node" in refused
        assert "wrong-one" not in refused
        here, _ = check(tmp_path / "a", f"nats://chat:sesame-open@{made.address}")
        assert here.startswith("cluster.server good: ")


def test_a_server_without_jetstream(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    command = [str(BIN / "nats-server"), "-a", "127.0.0.1", "-p", str(port)]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, env=environment()) as process:
        try:
            wait_until(lambda: _listens(port), lambda: "a server")
            (result,) = check(tmp_path, f"nats://127.0.0.1:{port}", status=1)
        finally:
            process.kill()
    assert result.startswith("cluster.jetstream wrong: ") and "JetStream is not available" in result


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return not probe.connect_ex(("127.0.0.1", port))


def test_a_server_that_is_too_old(tmp_path: Path) -> None:
    """One that says so of itself: what is older is in no package."""
    info = json.dumps({"server_id": "A", "version": "2.11.4", "proto": 1, "max_payload": 1 << 20, "headers": True})
    code = (
        "import socket, sys\ns = socket.create_server(('127.0.0.1', int(sys.argv[1]))); print(1, flush=True)\n"
        "c = s.accept()[0]; c.sendall(b'INFO ' + sys.argv[2].encode() + b'\\r\\n')\n"
        "c.recv(4096); c.sendall(b'PONG\\r\\n')\n"
        "while c.recv(4096): pass\n"
    )
    (port,) = free_ports(1)
    command = [str(BIN / "python"), "-c", code, str(port), info]
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment()) as process:
        assert process.stdout is not None and process.stdout.readline()
        try:
            (result,) = check(tmp_path, f"nats://127.0.0.1:{port}", status=1)
        finally:
            process.kill()
    assert result == f"cluster.version wrong: 127.0.0.1:{port} is NATS 2.11.4"


@contextmanager
def _node(folder: Path, journal: str, *options: str) -> Iterator[Node]:
    node = Node(folder, journal, *options)
    try:
        node.start()
        yield node
    finally:
        node.kill()


def test_the_stream_of_a_node(tmp_path: Path, server: NatsServer) -> None:
    folder = tmp_path / "node"
    journal = f"{server.url}/own"
    with _node(folder, journal, "--keep", "7d") as node:
        wait_until(lambda: len(check(tmp_path / "a", journal)) == 5, node.log)
        found = check(tmp_path / "a", journal, "--keep", "7d")
        assert found[1].startswith("cluster.stream good: the stream own has entries up to ")
        assert [each.partition(" on ")[0] for each in found[2:]] == [
            f"cluster.replicas good: the stream {name} is" for name in ("own", "own-holds", "own-seen")
        ]
        (differs,) = [each for each in check(tmp_path / "a", journal, "--keep", "3d") if "retention" in each]
        assert differs.startswith("cluster.retention warning: ") and "--keep 259200 here, 604800 there" in differs
    missing = check(folder, f"{server.url}/lost", status=1)[-1]
    assert missing.startswith(
        "cluster.stream wrong: the servers do not have the stream lost that the index of this node"
    )


def test_a_stream_of_another_program(tmp_path: Path, server: NatsServer) -> None:
    code = (
        "import asyncio, sys, nats\nasync def main():\n    c = await nats.connect(sys.argv[1])\n"
        "    await c.jetstream().add_stream(name='theirs', subjects=['theirs'])\n    await c.close()\n"
        "asyncio.run(main())"
    )
    subprocess.run([str(BIN / "python"), "-c", code, server.url], env=environment(), check=True, timeout=DEADLINE)
    result = check(tmp_path, f"{server.url}/theirs", status=1)[-1]
    assert result.startswith("cluster.stream wrong: ") and "not a journal of chatd" in result


def test_three_servers_of_which_one_fails(tmp_path: Path) -> None:
    with nats_cluster(tmp_path / "nats") as servers:
        with _node(tmp_path / "node", servers.url):
            wait_until(lambda: _replicated(tmp_path, servers), lambda: "\n".join(check(tmp_path / "a", servers.url)))
        servers.servers[2].kill()
        wait_until(
            lambda: any("is not up to date on n3" in each for each in check(tmp_path / "a", servers.url)),
            lambda: "\n".join(check(tmp_path / "a", servers.url)),
        )


def _replicated(folder: Path, servers: NatsCluster) -> bool:
    found = check(folder / "a", servers.url)
    return sum("is on 3 servers, all up to date" in each for each in found) == 3


@pytest.mark.parametrize(
    ("has", "servers", "state"), [(1, 3, State.WARNING), (1, 1, State.GOOD), (3, 3, State.GOOD), (2, 2, State.GOOD)]
)
def test_replicas(has: int, servers: int, state: State) -> None:
    assert states(cluster.replicas("chatd", {"config": {"num_replicas": has}}, servers)) == [state]
