"""Private lines of those with accounts on real nodes and a real nats-server: told once, kept, erased everywhere."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.test_telling import hears, reads
from tests.support.daemon import BIN, DEADLINE, environment
from tests.support.members import Member, make_accounts, member
from tests.support.nats_servers import NatsServer, nats_server
from tests.support.node_processes import Node, eventually, nodes

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture
def pair(nats: NatsServer, tmp_path: Path) -> Iterator[tuple[Node, Node]]:
    """Two nodes on a stream of their own, with the same accounts."""
    accounts = make_accounts(tmp_path / "accounts", "ann", "bob", "eve")
    with nodes(tmp_path, journal(nats, tmp_path), 2, "--accounts", str(accounts)) as (east, west):
        yield east, west


def journal(nats: NatsServer, folder: Path) -> str:
    """Return the description of a journal on a stream that no other test has."""
    return f"{nats.url}/{folder.name.replace('_', '-')[:40]}"


def told(person: Member) -> list[str]:
    person.read_up()
    return person.texts()


def test_it_is_told_on_the_other_node_and_to_who_was_away_on_either(pair: tuple[Node, Node]) -> None:
    east, west = pair
    with member(east.port, "ann") as ann:
        with member(west.port, "bob") as bob:
            ann.sees("JOIN bob #lobby")
            assert "stored=yes" in ann.ask("TELL bob one")
            assert "stored=yes" in bob.ask("TELL ann two")
            reads(bob, "one")
            reads(ann, "two")
        ann.sees("PART bob #lobby")
        assert ann.ask("TELL bob three").endswith("stored=yes here=no")
        with member(east.port, "bob") as bob:
            reads(bob, "three")
            assert bob.ask("HISTORY ann") == "OK HISTORY ann 3"
        with member(west.port, "eve") as eve:
            assert eve.ask("HISTORY ann") == "OK HISTORY ann 0"
            assert told(eve) == []


def test_a_node_that_is_killed_takes_no_line_with_it(pair: tuple[Node, Node]) -> None:
    east, west = pair
    with member(east.port, "ann") as ann:
        bob = Member(west.port, "bob")
        ann.sees("JOIN bob #lobby")
        west.kill()
        assert "stored=yes" in ann.ask("TELL bob are you there?")
        bob.close()
        ann.sees("PART bob #lobby")
        with member(east.port, "bob") as bob:
            reads(bob, "are you there?")
    west.start()
    with member(west.port, "bob") as bob:
        assert bob.ask("HISTORY ann") == "OK HISTORY ann 1"


def test_an_export_has_none_and_erase_takes_them_from_the_nodes_that_run(
    pair: tuple[Node, Node], nats: NatsServer, tmp_path: Path
) -> None:
    def chatd(*arguments: str) -> str:
        command = [str(BIN / "chatd"), *arguments, "--journal", journal(nats, tmp_path)]
        return subprocess.run(
            command, env=environment(), capture_output=True, text=True, check=True, timeout=DEADLINE
        ).stdout

    east, west = pair
    with member(east.port, "ann") as ann, member(west.port, "bob") as bob, member(west.port, "eve") as eve:
        for line in ("TELL bob rosebud", "TELL eve tulip", "MSG hello"):
            assert not ann.ask(line).startswith("ERR")
        exported = chatd("export")
        assert "hello" in exported and "rosebud" not in exported
        assert chatd("erase", "--private", "bob").startswith("erased 1 private message;")
        eventually(lambda: bob.ask("HISTORY ann"), "OK HISTORY ann 0")
        eventually(lambda: ann.ask("HISTORY bob"), "OK HISTORY bob 0")
        assert eve.ask("HISTORY ann") == "OK HISTORY ann 1"


def test_what_arrived_is_not_told_again_on_any_node_after_all_were_stopped(pair: tuple[Node, Node]) -> None:
    east, west = pair
    with member(east.port, "ann") as ann, member(west.port, "bob") as bob:
        ann.sees("JOIN bob #lobby")
        assert "stored=yes" in ann.ask("TELL bob got it?")
        reads(bob, "got it?")
        hears(bob, 3)  # it counts as heard once that is well after the line was sent
    for node in pair:
        assert node.stop() == 0
    for node in pair:
        node.start(wait=False)
    for node in pair:
        node.wait_until_ready()
    with member(east.port, "ann") as ann, member(east.port, "bob") as bob:
        assert "stored=yes" in ann.ask("TELL bob next")
        reads(bob, "next")
        assert bob.texts() == ["next"]
