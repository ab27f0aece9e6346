"""Disks that are full and streams that are gone: who speaks is answered, newcomers are told why, the log what to do."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import nats
import pytest

from benchmarks.ports import free_ports
from tests.support.daemon import Client, wait_until
from tests.support.nats_servers import NatsCluster, NatsServer, nats_server
from tests.support.node_processes import Node, NodeClient, Relay, eventually, nodes, person
from tests.support.programs import program
from tests.support.small_disks import SmallDisk, files_limited, sizes
from tests.support.tagged_clients import body

pytestmark = pytest.mark.slow

ANSWER_SECONDS = 10.5
"""Within which who speaks is answered: ten, and what this machine takes for it."""
STOP_SECONDS = 15
TEXT = "x" * 4000


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


def jetstream(url: str, *questions: tuple[str, Any]) -> list[dict[str, Any]]:
    """Return what JetStream answers to questions of its API."""

    async def ask() -> list[dict[str, Any]]:
        client = await nats.connect(url)
        answers = []
        for what, question in questions:
            payload = b"" if question is None else json.dumps(question).encode()
            answers.append(json.loads((await client.request(f"$JS.API.{what}", payload, timeout=5)).data))
        await client.close()
        return answers

    return asyncio.run(ask())


def greeting(node: Node) -> str:
    """Return the first line that a newcomer reads."""
    with Client(("127.0.0.1", node.port)) as client:
        return client.line()


def fill(one: NodeClient) -> float:
    """Say much until something is refused; return how many seconds that answer took."""
    for number in range(1000):
        began = time.monotonic()
        if one.ask(f"MSG {number} {TEXT}").startswith("ERR unavailable "):
            return time.monotonic() - began
    raise AssertionError("nothing was refused")


def assert_questions_go_on(one: NodeClient) -> None:
    """Fail unless everything that only asks is answered at once, also behind what cannot be written."""
    began = time.monotonic()
    assert one.ask("MSG into the void").startswith("ERR unavailable ")
    assert "ann" in one.who("#den")
    assert one.history("#den")
    assert one.ask("ROOMS").startswith("OK ROOMS ")
    assert one.ask("HELP").startswith("OK HELP")
    assert one.ask("PING") == "PONG"
    assert time.monotonic() - began < 2


def say_until_taken(one: NodeClient, text: str) -> None:
    wait_until(lambda: one.ask(f"MSG {text}", text) == f"MSG ann #den {text}", lambda: f"{one.lines[-3:]}")


@pytest.mark.serial
def test_an_index_on_a_full_disk_answers_refuses_newcomers_and_goes_on(server: NatsServer, tmp_path: Path) -> None:
    with ExitStack() as stack:
        disk = SmallDisk(tmp_path / "disk", megabytes=2)
        stack.callback(disk.close)
        url = f"{server.url}/index"
        east = Node(tmp_path / "east", f"{url}?index={disk.folder / 'index'}", inside=disk.inside)
        stack.callback(east.kill)
        east.start()
        (west,) = stack.enter_context(nodes(tmp_path / "west", url, 1))
        ann, carol = (stack.enter_context(person(east, nick, "#den")) for nick in ("ann", "carol"))
        bob = stack.enter_context(person(west, "bob", "#den"))
        ann.ask("MSG before")
        disk.fill(free=100_000)
        assert fill(ann) < ANSWER_SECONDS
        assert_questions_go_on(ann)
        assert greeting(east).startswith("BYE refused this node cannot write to its disk")
        assert greeting(west).startswith("NOTE ")
        assert bob.ask("MSG still here") == "MSG bob #den still here"
        disk.make_room()
        for one in (ann, carol):
            one.sees("MSG bob #den still here")
        say_until_taken(ann, "again")
        bob.sees("MSG ann #den again")
        assert greeting(east).startswith("NOTE ")
        assert ann.history("#den") == bob.history("#den")
        assert east.log().count("messages are not delivered: ") == 1, east.log()
        assert "database or disk is full" in east.log()
        assert east.stop() == 0
        assert "Traceback" not in east.log()


BALANCER = """
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
frontend chat
    bind 127.0.0.1:{port}
    default_backend nodes
backend nodes
    option tcp-check
    tcp-check expect rstring ^NOTE
    default-server check inter 200ms
    server c1 127.0.0.1:{first}
    server c2 127.0.0.1:{second} backup
"""


def test_haproxy_takes_another_node_while_nothing_can_be_said_on_one(server: NatsServer, tmp_path: Path) -> None:
    (port,) = free_ports(1)
    with nodes(tmp_path, f"{server.url}/balanced", 2) as (first, second), ExitStack() as stack:
        file = tmp_path / "haproxy.cfg"
        file.write_text(BALANCER.format(port=port, first=first.port, second=second.port))
        with (tmp_path / "haproxy.log").open("wb") as log:
            haproxy = subprocess.Popen([program("haproxy"), "-db", "-f", str(file)], stdout=log, stderr=log)
        stack.callback(haproxy.wait)
        stack.callback(haproxy.kill)
        guests = map("guest{}".format, count())

        def guest_can_speak() -> bool:
            try:
                with NodeClient(port) as guest:
                    guest.enter(nick := next(guests), "#den")
                    return guest.ask("MSG hello") == f"MSG {nick} #den hello"
            except (OSError, AssertionError):
                return False

        ann = stack.enter_context(person(first, "ann", "#den"))
        wait_until(guest_can_speak, (tmp_path / "haproxy.log").read_text)
        assert first.daemon is not None
        with files_limited(first.daemon, max(sizes(first.folder))):
            fill(ann)
            wait_until(guest_can_speak, (tmp_path / "haproxy.log").read_text)
            assert greeting(first).startswith("BYE refused ")
        say_until_taken(ann, "again")
        wait_until(lambda: greeting(first).startswith("NOTE "), first.log)


@pytest.mark.serial
def test_a_node_that_is_stopped_while_its_index_cannot_be_written_ends_and_says_so(
    server: NatsServer, tmp_path: Path
) -> None:
    with nodes(tmp_path, f"{server.url}/stopped", 1) as (node,), person(node, "ann", "#den") as ann:
        ann.ask("MSG before")
        assert node.daemon is not None
        with files_limited(node.daemon, max(sizes(node.folder))):
            ann.send(b"@label=last MSG %s\n" % TEXT.encode() * 40)
            wait_until(lambda: "messages are not delivered: " in node.log(), node.log)
            began = time.monotonic()
            node.daemon.process.send_signal(signal.SIGTERM)
            assert node.daemon.process.wait(STOP_SECONDS) == 1
            assert time.monotonic() - began < STOP_SECONDS
        lines = [body(line) for line in ann.rest()]
        assert lines[-1] == "BYE shutdown the server is stopping"
        assert any(line.startswith("ERR unavailable MSG ") for line in lines)
        assert "cannot write the index, so the last messages were answered" in node.log()
        node.start()


@pytest.mark.serial
def test_a_stream_that_is_deleted_is_one_line_and_restored_it_goes_on(tmp_path: Path) -> None:
    with nats_server(tmp_path / "nats") as server, nodes(tmp_path, server.url, 1) as (node,), ExitStack() as stack:
        ann = stack.enter_context(person(node, "ann", "#den"))
        ann.ask("MSG before")
        (config,) = (answer["config"] for answer in jetstream(server.url, ("STREAM.INFO.chatd", None)))
        jetstream(server.url, ("STREAM.DELETE.chatd", None))
        began = time.monotonic()
        assert ann.ask("MSG after").startswith("ERR unavailable ")
        assert time.monotonic() - began < ANSWER_SECONDS
        assert_questions_go_on(ann)
        wait_until(lambda: greeting(node).startswith("BYE refused the cluster has lost its journal"), node.log)
        logged = len(node.log().splitlines())
        time.sleep(5)
        assert len(node.log().splitlines()) <= logged + 1, node.log()
        assert node.log().count("restore it from a backup") == 1, node.log()
        (found,) = jetstream(server.url, ("STREAM.INFO.chatd", None))
        assert found["error"]["err_code"] == 10059
        # Restored as a backup does it: the same settings, the same numbers.
        jetstream(server.url, ("STREAM.CREATE.chatd", config | {"first_seq": 100}))
        say_until_taken(ann, "again")
        assert greeting(node).startswith("NOTE ")
        assert node.stop() == 0


def test_a_node_that_is_stopped_while_its_stream_is_gone_ends(tmp_path: Path) -> None:
    with (
        nats_server(tmp_path / "nats") as server,
        nodes(tmp_path, server.url, 1) as (node,),
        person(node, "ann", "#den") as ann,
    ):
        jetstream(server.url, ("STREAM.DELETE.chatd", None))
        ann.send(b"@label=last MSG lost\n@label=asked PING\n")
        assert node.daemon is not None
        wait_until(lambda: "restore it from a backup" in node.log(), node.log)
        node.daemon.process.send_signal(signal.SIGTERM)
        assert node.daemon.process.wait(STOP_SECONDS) == 1
        assert any("ERR unavailable MSG " in line for line in ann.rest())


@pytest.mark.serial
@pytest.mark.parametrize("number", [1, 3])
def test_servers_whose_disks_were_full_go_on_when_they_are_restarted(tmp_path: Path, number: int) -> None:
    with ExitStack() as stack:
        disks = [SmallDisk(tmp_path / f"disk{each}", megabytes=16) for each in range(number)]
        for disk in disks:
            stack.callback(disk.close)
        cluster = NatsCluster(tmp_path / "nats", number, disks=disks) if number > 1 else None
        servers = [NatsServer(tmp_path / "n", disk=disks[0])]
        servers = list(cluster.servers) if cluster is not None else servers
        for each in servers:
            stack.callback(each.kill)
            each.start()
        if cluster is not None:
            cluster.settle()
        url = "nats://" + ",".join(each.address for each in servers)
        node, silent = stack.enter_context(nodes(tmp_path, url, 2))
        ann = stack.enter_context(person(node, "ann", "#den"))
        assert ann.ask("MSG before") == "MSG ann #den before"
        for disk in disks:
            disk.fill(free=400_000)
        assert fill(ann) < ANSWER_SECONDS
        assert_questions_go_on(ann)
        assert greeting(node).startswith("BYE refused ")
        assert "restart them" in node.log(), node.log()
        wait_until(lambda: greeting(silent).startswith("BYE refused "), silent.log)
        for disk in disks:
            disk.make_room()
        for each in servers:
            each.stop()
            each.start()
        say_until_taken(ann, "again")
        acknowledged = [line for line in ann.tagged if " MSG ann #den " in line and ";label=" in line.replace("@", ";")]
        assert len(acknowledged) > 10
        kept = [body(line) for line in ann.history("#den")]
        assert [kept.count(body(line)) for line in acknowledged] == [1] * len(acknowledged)
        node.wait_until_ready()
        silent.wait_until_ready()


@pytest.mark.serial
def test_a_limit_of_the_servers_is_given_as_the_reason(tmp_path: Path) -> None:
    with (
        nats_server(tmp_path / "nats", limit="3MB") as server,
        nodes(tmp_path, server.url, 2) as (node, silent),
        person(node, "ann", "#den") as ann,
    ):
        assert fill(ann) < ANSWER_SECONDS
        assert "the servers say: insufficient" in node.log(), node.log()
        assert greeting(node).startswith("BYE refused the cluster cannot store messages now")
        assert_questions_go_on(ann)
        wait_until(lambda: greeting(silent).startswith("BYE refused the cluster cannot store messages now"), silent.log)


@pytest.mark.serial
def test_a_node_that_is_cut_off_refuses_newcomers_and_lets_them_in_again(server: NatsServer, tmp_path: Path) -> None:
    with (
        Relay(server.port) as relay,
        nodes(tmp_path, f"nats://127.0.0.1:{relay.port}/cut", 1) as (node,),
        person(node, "ann", "#den") as ann,
    ):
        ann.ask("MSG before")
        relay.cut()
        wait_until(lambda: greeting(node).startswith("BYE refused this node has no connection"), node.log)
        wait_until(lambda: ann.ask("MSG lost").startswith("ERR unavailable "), node.log)
        assert_questions_go_on(ann)
        relay.mend()
        wait_until(lambda: greeting(node).startswith("NOTE "), node.log)
        eventually(lambda: ann.who("#den"), {"ann"})


def test_what_waiting_cannot_mend_at_the_start_ends_the_process_with_a_sentence(
    server: NatsServer, tmp_path: Path
) -> None:
    with nodes(tmp_path, f"{server.url}/first", 1) as (node,):
        assert node.stop() == 0
        other = Node(tmp_path / "other", f"{server.url}/second")
        other.start()
        other.kill()
        wrong = Node(node.folder, f"{server.url}/second")
        wrong.start(wait=False)
        try:
            assert wrong.daemon is not None
            assert wrong.daemon.process.wait(STOP_SECONDS) == 1
        finally:
            wrong.kill()
        assert wrong.log().count("chatd: ") == 1, wrong.log()
        assert "was built from another stream" in wrong.log()
        assert "Traceback" not in wrong.log()
        node.start()


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_that_comes_while_a_node_stops_is_no_fault(tmp_path: Path, second: signal.Signals) -> None:
    with nats_server(tmp_path / "nats") as server, nodes(tmp_path, server.url, 1) as (node,):
        assert node.daemon is not None
        with person(node, "ann", "#den"):
            server.stand_still()
            node.daemon.process.send_signal(signal.SIGTERM)
            wait_until(lambda: "Closed)" in node.log(), node.log)
            node.daemon.process.send_signal(second)
            assert node.daemon.process.wait(STOP_SECONDS) in (0, 1)
        assert "critical" not in node.log(), node.log()
        assert node.log().count("the server is stopping already") == 1
