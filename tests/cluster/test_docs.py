"""The commands of docs/cluster.rst do what it says."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import ExitStack
from pathlib import Path

import pytest
from docutils.core import publish_string

from benchmarks.ports import free_ports
from chatd.journal.jetstream.address import parse
from tests.support.daemon import BIN, Client, environment
from tests.support.nats_servers import nats_server
from tests.support.node_processes import NodeClient, nodes, wait_long
from tests.support.pages import blocks_of

pytestmark = pytest.mark.slow

PAGE = Path(__file__).parents[2] / "docs" / "cluster.rst"
COMMANDS = 6
SERVERS = 3
"""How many of them are of NATS: the first."""
STOP_SECONDS = 15


def commands() -> list[str]:
    """Return the six, on ports of their own, one shell command each."""
    text = PAGE.read_text()
    lines = [line.strip() for line in text.splitlines() if re.match(r"    (nats-server|chatd) .* &$", line)]
    ports = sorted(set(re.findall(r"\b(?:4222|4223|4224|622[234]|1031[9]|1032[01])\b", "\n".join(lines))))
    free = dict(zip(ports, map(str, free_ports(len(ports))), strict=True))
    return [re.sub(r"\b\d{4,5}\b", lambda found: free[found[0]], line).removesuffix(" &") for line in lines]


def test_the_page_is_well_formed() -> None:
    settings = {"report_level": 1, "halt_level": 1, "input_encoding": "utf-8"}
    publish_string(PAGE.read_text(), writer="html", source_path=str(PAGE), settings_overrides=settings)


def test_six_commands_are_three_nodes(tmp_path: Path) -> None:
    six = commands()
    assert len(six) == COMMANDS
    ports = [int(found[1]) for line in six if (found := re.search(r"--port (\d+)", line))]
    paths = environment() | {"PATH": f"{BIN}:{os.environ['PATH']}"}
    started: list[subprocess.Popen[bytes]] = []
    with ExitStack() as stack:
        for number, line in enumerate(six):
            with (tmp_path / f"log{number}").open("wb") as log:
                process = subprocess.Popen(
                    f"exec {line}",
                    shell=True,
                    cwd=tmp_path,
                    env=paths,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                )
            started.append(process)
            stack.callback(process.wait)
            stack.callback(process.send_signal, signal.SIGKILL)

        def greets(port: int) -> bool:
            try:
                with Client(("127.0.0.1", port)) as client:
                    return (client.line_or_end() or "").startswith("NOTE ")
            except OSError:
                return False

        wait_long(lambda: all(map(greets, ports)), (tmp_path / "log5").read_text)
        people = [stack.enter_context(NodeClient(port)) for port in ports]
        for number, one in enumerate(people):
            one.enter(f"nick{number}", "#den")
            one.ask(f"MSG hello from {number}")
        for one in people:
            assert one.ask("PING") == "PONG"
        people[0].sees("MSG nick1 #den hello from 1", "MSG nick2 #den hello from 2")
        assert people[2].who("#den") == {"nick0", "nick1", "nick2"}
        for each in (*started, *started[SERVERS:]):
            each.terminate()
        assert [each.wait(STOP_SECONDS) for each in started] == [0] * COMMANDS
        for number in range(SERVERS, COMMANDS):
            log_text = (tmp_path / f"log{number}").read_text()
            assert "critical" not in log_text, log_text


def test_a_cluster_is_exported_and_another_imports_it(tmp_path: Path) -> None:
    (block,) = [block for block in blocks_of(PAGE) if "chatd export" in block.text]
    export, import_ = block.lines
    with nats_server(tmp_path / "one") as one, nats_server(tmp_path / "two") as two:
        with nodes(tmp_path / "nodes", one.url, 1) as (node,), NodeClient(node.port) as alice:
            alice.enter("alice", "#den")
            alice.ask("MSG hello")
            _run(export, one.url, tmp_path)
        assert '"hello"' in (tmp_path / "all.jsonl").read_text()
        _run(import_, two.url, tmp_path)
        with nodes(tmp_path / "others", two.url, 1) as (node,), NodeClient(node.port) as bob:
            bob.enter("bob", "#den")
            assert bob.ask("HISTORY") == "OK HISTORY #den 1"


def _run(command: str, url: str, folder: Path) -> None:
    """Run a command of the page on a cluster."""
    command = command.replace("nats://a:4222,b:4222,c:4222", url).replace("chatd ", f"{BIN}/chatd ", 1)
    subprocess.run(["bash", "-c", command], cwd=folder, env=environment(), check=True, timeout=STOP_SECONDS * 4)


def test_the_addresses_on_the_page_are_some() -> None:
    named = re.findall(r"(?:nats|tls)://[a-z0-9.:,]*[a-z0-9](?:/\w+)?(?:\?index=\w+\.\w+)?", PAGE.read_text())
    assert len(named) > COMMANDS
    for address in named:
        parse(address)
