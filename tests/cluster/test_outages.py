"""Nodes that die, that stand still, that are cut off: what the others see of it, and how all is well again."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import pytest

from tests.support.daemon import Client, wait_until
from tests.support.nats_servers import NatsServer, nats_server
from tests.support.node_processes import PART_SECONDS, Node, NodeClient, Relay, eventually, nodes, person, tags
from tests.support.tagged_clients import body

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


def test_people_of_a_node_that_dies_part_everywhere_unless_they_come_in_elsewhere(
    nats: NatsServer, tmp_path: Path
) -> None:
    with nodes(tmp_path, f"{nats.url}/died", 3) as (east, west, north), ExitStack() as stack:
        bob = stack.enter_context(person(west, "bob", "#den"))
        eve = stack.enter_context(person(north, "eve", "#den"))
        ann, _, _ = (stack.enter_context(person(east, nick, "#den")) for nick in ("ann", "carol", "dave"))
        since = tags(ann.ask_tagged("MSG before"))[0].removeprefix("id=")
        east.kill()
        began = time.monotonic()
        assert bob.ask("MSG missed") == "MSG bob #den missed"
        with NodeClient(west.port) as early:
            assert early.ask("JOIN carol #den").startswith("ERR name-taken JOIN ")
        words = f"since={since} epoch={ann.epoch} resume={ann.resume}"
        again = stack.enter_context(person(west, "ann", "#den", words))
        assert [line for line in again.lines if line.startswith("MSG ")] == ["MSG bob #den missed"]
        for one in (bob, eve):
            one.sees("PART carol #den", "PART dave #den")
            assert time.monotonic() - began < PART_SECONDS
            assert [one.lines.count(f"PART {nick} #den") for nick in ("carol", "dave")] == [1, 1]
            assert one.who("#den") == {"ann", "bob", "eve"}
        stack.enter_context(person(west, "carol", "#den"))
        stack.enter_context(person(north, "dave", "#den"))
        east.start()
        fred = stack.enter_context(person(east, "fred", "#den"))
        for one in (again, bob, eve, fred):
            eventually(partial(one.who, "#den"), {"ann", "bob", "carol", "dave", "eve", "fred"})
        again.ask("MSG still here")
        for one in (bob, eve, fred):
            one.sees("MSG ann #den still here")
            assert not [line for line in one.lines if line.startswith(("PART ann ", "PART fred "))]


def test_a_node_that_stood_still_is_given_up_and_comes_back_with_its_people(nats: NatsServer, tmp_path: Path) -> None:
    with nodes(tmp_path, f"{nats.url}/still", 2) as (east, west), ExitStack() as stack:
        bob = stack.enter_context(person(west, "bob", "#den"))
        ann, carol = (stack.enter_context(person(east, nick, "#den")) for nick in ("ann", "carol"))
        bob.sees("JOIN ann #den", "JOIN carol #den")
        east.stand_still()
        bob.sees("PART ann #den", "PART carol #den")
        thief = stack.enter_context(person(west, "carol", "#den"))
        bob.ask("MSG you sleep")
        east.go_on()
        ann.sees("MSG bob #den you sleep")
        assert any(line.startswith("BYE replaced ") for line in carol.rest())
        eventually(lambda: bob.who("#den"), {"ann", "bob", "carol"})
        eventually(lambda: ann.who("#den"), {"ann", "bob", "carol"})
        assert bob.lines.count("JOIN ann #den") == 2
        assert ann.ask("MSG I am awake") == "MSG ann #den I am awake"
        bob.sees("MSG ann #den I am awake")
        thief.sees("MSG ann #den I am awake")
        assert ann.history("#den") == bob.history("#den")


def test_a_node_that_begins_while_another_is_cut_off_agrees_with_it_in_the_end(
    nats: NatsServer, tmp_path: Path
) -> None:
    with Relay(nats.port) as relay, ExitStack() as stack:
        (west,) = stack.enter_context(nodes(tmp_path / "west", f"{nats.url}/alone", 1))
        (east,) = stack.enter_context(nodes(tmp_path / "east", f"nats://127.0.0.1:{relay.port}/alone", 1))
        ann, carol = (stack.enter_context(person(east, nick, "#den")) for nick in ("ann", "carol"))
        with person(west, "bob", "#den") as before:
            before.ask("MSG its index is past those who came")
            carol.sees("MSG bob #den its index is past those who came")
        carol.sees("PART bob #den")
        west.kill()
        relay.hang_up()
        west.start()
        bob, thief = (stack.enter_context(person(west, nick, "#den")) for nick in ("bob", "ann"))
        relay.mend()
        bob.ask("MSG who is there?")
        carol.sees("MSG bob #den who is there?")
        for one in (bob, carol):
            eventually(partial(one.who, "#den"), {"ann", "bob", "carol"})
        assert any(line.startswith("BYE replaced ") for line in ann.rest())
        assert carol.ask("TELL ann is it you?") == "OK TELL ann stored=no"
        thief.sees("TELL carol is it you?")


def test_a_node_that_is_cut_off_takes_nothing_and_heals(nats: NatsServer, tmp_path: Path) -> None:
    with Relay(nats.port) as relay, ExitStack() as stack:
        (west,) = stack.enter_context(nodes(tmp_path / "west", f"{nats.url}/cut", 1))
        (east,) = stack.enter_context(nodes(tmp_path / "east", f"nats://127.0.0.1:{relay.port}/cut", 1))
        bob = stack.enter_context(person(west, "bob", "#den"))
        ann = stack.enter_context(person(east, "ann", "#den"))
        ann.ask("MSG before", "first")
        bob.sees("MSG ann #den before")
        relay.cut()
        assert ann.ask("MSG into the void", "second").startswith("ERR unavailable MSG ")
        assert ann.ask("MSG nothing at once", "third").startswith("ERR unavailable MSG ")
        assert ann.ask("JOIN #elsewhere").startswith("ERR unavailable JOIN ")
        assert ann.ask("NICK anna").startswith("ERR unavailable NICK ")
        assert ann.ask("TELL bob psst").startswith("ERR unavailable TELL ")
        assert [body(line) for line in ann.history("#den")] == ["MSG ann #den before"]
        assert ann.who("#den") == {"ann", "bob"}
        assert ann.ask("PING") == "PONG"
        bob.sees("PART ann #den")
        bob.ask("MSG where is she?")
        relay.mend()
        ann.sees("MSG bob #den where is she?")
        say_until_taken(ann, "MSG into the void", "second")
        bob.sees("MSG ann #den into the void")
        eventually(lambda: bob.who("#den"), {"ann", "bob"})
        assert bob.lines.count("MSG ann #den into the void") == 1
        assert bob.lines.count("JOIN ann #den") == 2
        assert not [line for line in ann.lines if line.startswith(("PART ", "BYE "))]
        assert ann.history("#den") == bob.history("#den")


def say_until_taken(one: NodeClient, command: str, label: str) -> None:
    """Say something under its label until it is not refused any more."""

    def taken() -> bool:
        return not one.ask(command, label).startswith("ERR unavailable ")

    wait_until(taken, lambda: f"{one.lines[-3:]}")


def test_without_nats_nobody_is_let_in_and_with_it_everybody(tmp_path: Path) -> None:
    server = NatsServer(tmp_path / "nats")
    node = Node(tmp_path / "c1", server.url)
    try:
        node.start(wait=False)
        with Client(("127.0.0.1", node.port)) as early:
            assert early.line().startswith("BYE refused ")
        server.start()
        node.wait_until_ready()
        with person(node, "ann", "#den") as ann:
            assert ann.ask("MSG at last") == "MSG ann #den at last"
            server.kill()
            assert ann.ask("MSG and gone").startswith("ERR unavailable MSG ")
            server.start()
            say_until_taken(ann, "MSG here again", "again")
            assert body(ann.history("#den")[0]) == "MSG ann #den at last"
        assert "Traceback" not in node.log(), node.log()
        assert node.stop() == 0
    finally:
        node.kill()
        server.kill()
