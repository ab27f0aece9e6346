"""Things said by real curl: on the daemon, over its restarts and its deaths, and on the nodes of a cluster."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from benchmarks.ports import free_ports
from benchmarks.posts import kills
from benchmarks.posts import server as posted_to
from tests.support.daemon import DEADLINE, Daemon
from tests.support.nats_servers import nats_server
from tests.support.node_processes import Node
from tests.support.programs import program

pytestmark = pytest.mark.slow


def curl(*words: str) -> tuple[int, Any]:
    """Return the status and the JSON that curl got, or the text if it is none."""
    command = [program("curl"), "-sS", "-w", "\n%{http_code}", *words]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=DEADLINE)
    body, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(body) if body.startswith("{") else body


def test_curl_says_things_and_a_key_outlives_the_daemon(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    room = f"http://127.0.0.1:{port}/builds"
    options = ("--web", str(port), "--journal", f"sqlite:{tmp_path}/journal")
    log = tmp_path / "last-line"
    log.write_text("from a file\n")
    keyed = ("-H", "Idempotency-Key: run-7", "-d", "deployed", f"{room}?nick=ci")
    with Daemon(tmp_path, *options) as daemon, daemon.member("eve", "#builds") as eve:
        status, said = curl("-d", "passed", f"{room}?nick=ci")
        assert (status, said["room"], said["nick"]) == (201, "#builds", "ci")
        assert curl("-T", str(log), f"{room}?nick=ci")[0] == 201
        assert curl("-T", str(log), "-H", "Expect: 100-continue", f"{room}?nick=ci")[0] == 201
        assert curl("-d", "one\ntwo", room) == (
            422,
            {"error": "bad-syntax", "text": "a message is one line; with ?lines=yes each line becomes a message"},
        )
        status, several = curl("--data-binary", "one\ntwo", f"{room}?lines=yes&nick=ci")
        assert (status, len(several["messages"])) == (201, 2)
        assert curl("-F", "text=passed", room)[0] == 415
        assert curl("-d", "x", f"{room}?nick=eve")[0] == 409
        assert curl("-d", '{"text":"built"}', f"{room}?from=slack&nick=ci") == (200, "ok")
        assert curl("-H", "Title: db1", "-H", "Tags: skull", "-d", "disk full", f"{room}?nick=ci")[0] == 201
        status, first = curl(*keyed)
        assert status == 201
        assert eve.until(lambda line: line.endswith("deployed"))
        daemon.kill()
    with Daemon(tmp_path, *options):
        assert curl(*keyed) == (200, first)
        status, refused = curl("-H", "Idempotency-Key: run-7", "-d", "else", f"{room}?nick=ci")
        assert (status, refused["error"]) == (409, "label-reused")
        _, history = curl(f"{room}/raw?poll=yes")
        texts = [line.partition(" ci: ")[2] for line in history.splitlines()]
        file = "from a file"
        assert texts == ["passed", file, file, "one", "two", "built", "db1: disk full #skull", "deployed"]


def test_a_key_holds_at_another_node_after_the_first_is_dead(tmp_path: Path) -> None:
    ports = free_ports(2)
    keyed = ("-H", "Idempotency-Key: run-7", "-d", "deployed")
    with nats_server(tmp_path / "nats") as nats:
        nodes = [Node(tmp_path / f"n{port}", nats.url, "--web", str(port)) for port in ports]
        rooms = [f"http://127.0.0.1:{port}/builds" for port in ports]
        try:
            for node in nodes:
                node.start(wait=False)
            for node in nodes:
                node.wait_until_ready()
            status, first = curl(*keyed, f"{rooms[0]}?nick=ci")
            assert status == 201
            assert curl(*keyed, f"{rooms[1]}?nick=ci") == (200, first)
            nodes[0].kill()
            assert curl(*keyed, f"{rooms[1]}?nick=ci") == (200, first)
            status, refused = curl("-H", "Idempotency-Key: run-7", "-d", "else", f"{rooms[1]}?nick=ci")
            assert (status, refused["error"]) == (409, "label-reused")
            _, history = curl(f"{rooms[1]}/raw?poll=yes")
            assert history.count("deployed") == 1
        finally:
            for node in nodes:
                node.kill()


def test_nothing_is_lost_or_doubled_while_the_daemon_is_killed(tmp_path: Path) -> None:
    server = posted_to.Server(tmp_path)
    try:
        outcome = kills.run(server, posts=1500, kills=3)
    finally:
        server.kill()
    assert outcome._replace(repeated=0) == kills.Outcome(1496, 0, 0, 0, 0)
    assert "Traceback" not in server.log()
