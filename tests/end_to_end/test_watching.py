"""A real daemon, asked by curl how it is and what it counts."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from benchmarks.ports import free_ports
from tests.support.daemon import Daemon, wait_until
from tests.support.programs import program

pytestmark = pytest.mark.slow


def curl(*arguments: str) -> str:
    done = subprocess.run([program("curl"), "-sS", *arguments], capture_output=True, text=True, timeout=30, check=True)
    return done.stdout


def numbers(port: int) -> dict[str, float]:
    """Return the samples that have at most one label, under a name such as ``chatd_connections line``."""
    found = curl("-H", "Accept: application/openmetrics-text; version=1.0.0", f"http://127.0.0.1:{port}/-/metrics")
    samples = [sample for family in text_string_to_metric_families(found) for sample in family.samples]
    return {" ".join([each.name, *each.labels.values()]): each.value for each in samples if len(each.labels) < 2}


def test_curl_reads_health_and_numbers_of_a_daemon_at_work(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with Daemon(tmp_path, "--journal", "sqlite:chat.sqlite3", "--web", str(port)) as daemon:
        health = f"http://127.0.0.1:{port}/-/health"
        assert json.loads(curl("-f", health)) == {"status": "ok"}
        assert curl("-f", "-I", health).startswith("HTTP/1.1 200 ")
        with daemon.member("alice", "#a") as alice, daemon.member("bob", "#a") as bob:
            before = numbers(port)
            for number in range(10):
                alice.send(f"MSG message {number}\r\n".encode())
            for _ in range(10):
                bob.until(lambda line: "MSG alice" in line)
            alice.send(b"NONSENSE\r\n")
            alice.until(lambda line: line.startswith("ERR ") or " ERR " in line)
            after = numbers(port)
        assert after["chatd_messages_total"] == before["chatd_messages_total"] + 10
        assert after["chatd_deliveries_total"] == before["chatd_deliveries_total"] + 20
        assert after["chatd_commit_seconds_count"] > before["chatd_commit_seconds_count"]
        assert after["chatd_errors_total unknown-verb"] == before["chatd_errors_total unknown-verb"] + 1
        assert after["chatd_connections line"] == 2 and after["chatd_connections web"] == 1
        assert after["chatd_people"] == 2
        assert after["chatd_journal_health working"] == 1
        assert after["chatd_journal_size_bytes"] > 0
        assert after["process_resident_memory_bytes"] > 0
        wait_until(lambda: numbers(port)["chatd_connections line"] == 0, lambda: "they are gone")


def test_a_node_without_its_cluster_says_so_and_tells_its_numbers(tmp_path: Path) -> None:
    port, nowhere = free_ports(2)
    with Daemon(tmp_path, "--journal", f"nats://127.0.0.1:{nowhere}/chat", "--web", str(port)):
        health = f"http://127.0.0.1:{port}/-/health"
        wait_until(lambda: "disconnected" in curl(health), lambda: f"it is {curl(health)}")
        assert curl("-o", "/dev/null", "-w", "%{http_code}", health) == "503"
        found = numbers(port)
        assert found["chatd_journal_health disconnected"] == 1
        assert found["chatd_cluster_connected"] == 0
