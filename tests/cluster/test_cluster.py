"""Real nodes that share a journal on a real nats-server: whoever is on one notices nothing of there being several."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier

import pytest

from tests.support.daemon import BIN, DEADLINE, environment
from tests.support.nats_servers import NatsServer, nats_server
from tests.support.node_processes import Node, NodeClient, eventually, nodes, person, tags
from tests.support.tagged_clients import body, value

pytestmark = pytest.mark.slow

PASSWORD = "correct-horse"
ROUNDS = 20


@pytest.fixture(scope="module")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="module")
def accounts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with one account, of whoever looks after the server."""
    file = tmp_path_factory.mktemp("accounts") / "accounts.sqlite3"
    command = [str(BIN / "chatd"), "user", "add", "olga", "--operator", "--accounts", str(file)]
    subprocess.run(command, env=environment(), input=f"{PASSWORD}\n", text=True, check=True, timeout=DEADLINE)
    return file


@pytest.fixture(scope="module")
def pair(nats: NatsServer, accounts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Node, Node]]:
    """Two nodes for all tests that leave them as they are; each has rooms and names of its own."""
    with nodes(tmp_path_factory.mktemp("pair"), nats.url, 2, "--accounts", str(accounts)) as (east, west):
        yield east, west


def test_what_is_said_on_one_node_is_the_same_on_the_other(pair: tuple[Node, Node]) -> None:
    east, west = pair
    with person(east, "s-ann", "#same") as ann, person(west, "s-bob", "#same") as bob:
        echo = ann.ask_tagged("MSG good morning")
        assert body(echo) == "MSG s-ann #same good morning"
        bob.sees("MSG s-ann #same good morning")
        heard = next(line for line in bob.tagged if line.endswith("good morning"))
        assert tags(heard) == [tag for tag in tags(echo) if not tag.startswith("label=")]
        assert bob.ask("TELL #same and to you") == "MSG s-bob #same and to you"
        ann.sees("MSG s-bob #same and to you")
        assert ann.history("#same") == bob.history("#same")
        assert len(ann.history("#same")) == 2
        assert ann.epoch == bob.epoch


def test_the_order_is_the_same_on_both_nodes_whoever_speaks(pair: tuple[Node, Node]) -> None:
    with person(pair[0], "o-ann", "#order") as ann, person(pair[1], "o-bob", "#order") as bob:
        both = Barrier(2)

        def speak(one: NodeClient) -> None:
            both.wait(DEADLINE)
            for number in range(50):
                one.ask(f"MSG {number}")

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(speak, [ann, bob]))
        ann.sees("MSG o-bob #order 49")
        bob.sees("MSG o-ann #order 49")
        heard = [[line for line in one.lines if line.startswith("MSG ")] for one in (ann, bob)]
        assert heard[0] == heard[1]
        assert len(heard[0]) == 100
        for nick in ("o-ann", "o-bob"):
            own = [line for line in heard[0] if line.startswith(f"MSG {nick} ")]
            assert own == [f"MSG {nick} #order {number}" for number in range(50)]


def test_coming_going_and_new_names_are_seen_on_the_other_node(pair: tuple[Node, Node]) -> None:
    east, west = pair
    with person(east, "w-ann", "#who") as ann, NodeClient(west.port) as bob:
        assert bob.enter("w-bob", "#who").startswith("OK JOIN #who 2 ")
        ann.sees("JOIN w-bob #who")
        assert ann.who("#who") == bob.who("#who") == {"w-ann", "w-bob"}
        ann.ask("ROOMS")
        assert "ROOM #who 2" in ann.lines
        assert bob.ask("NICK w-rob") == "OK NICK w-rob"
        ann.sees("NICK w-bob w-rob")
        assert ann.who("#who") == bob.who("#who") == {"w-ann", "w-rob"}
        assert bob.ask("PART #who and off") == "OK PART #who"
        ann.sees("PART w-rob #who and off")
        assert ann.who("#who") == {"w-ann"}
        assert bob.ask("JOIN #who").startswith("OK JOIN #who 2 ")
        bob.send(b"QUIT good night\n")
        ann.sees("PART w-rob #who good night")
        with person(east, "w-bob", "#elsewhere"), person(east, "w-rob", "#elsewhere"):
            assert ann.who("#who") == {"w-ann"}


def test_a_broken_connection_parts_on_the_other_node(pair: tuple[Node, Node]) -> None:
    with person(pair[0], "b-ann", "#broken") as ann:
        with person(pair[1], "b-bob", "#broken"):
            ann.sees("JOIN b-bob #broken")
        ann.sees("PART b-bob #broken")
        assert ann.who("#broken") == {"b-ann"}


def test_a_private_line_goes_to_another_node(pair: tuple[Node, Node]) -> None:
    with person(pair[0], "t-ann", "#tell") as ann, person(pair[1], "t-bob", "#tell") as bob:
        ann.sees("JOIN t-bob #tell")
        assert bob.ask("PART #tell") == "OK PART #tell"
        assert ann.ask("TELL t-bob are you there?") == "OK TELL t-bob stored=no"
        bob.sees("TELL t-ann are you there?")
        assert bob.ask("TELL t-ann yes") == "OK TELL t-ann stored=no"
        ann.sees("TELL t-bob yes")
        assert ann.ask("TELL t-nobody hello").startswith("ERR no-such-nick TELL ")


def test_a_topic_is_for_all_nodes(pair: tuple[Node, Node]) -> None:
    east, west = pair
    with person(east, "p-ann", "#topic") as ann, person(west, "p-bob", "#topic") as bob:
        assert ann.ask("TOPIC #topic tea") == "OK TOPIC #topic"
        bob.sees("TOPIC p-ann #topic tea")
        with NodeClient(west.port) as carol:
            carol.enter("p-carol", "#topic")
            assert "TOPIC p-ann #topic tea" in carol.lines
        assert bob.ask("TOPIC #topic coffee") == "OK TOPIC #topic"
        ann.sees("TOPIC p-bob #topic coffee")
        assert ann.history("#topic") == bob.history("#topic")


def test_who_looks_after_the_server_puts_out_who_is_on_another_node(pair: tuple[Node, Node]) -> None:
    east, west = pair
    with (
        person(west, "k-bob", "#kick") as bob,
        person(west, "k-carol", "#kick") as carol,
        NodeClient(east.port) as olga,
    ):
        assert olga.ask(f"LOGIN olga {PASSWORD}").startswith("OK LOGIN ")
        olga.enter("olga", "#kick")
        assert olga.ask("KICK k-bob #kick enough").startswith("OK KICK ")
        for one in (bob, carol, olga):
            one.sees("KICK olga #kick k-bob enough")
        assert olga.who("#kick") == carol.who("#kick") == {"olga", "k-carol"}
        assert bob.ask("MSG still here?").startswith("ERR not-in-room ")
        assert bob.ask("JOIN #kick").startswith("OK JOIN #kick ")
        assert olga.ask("BAN k-bob #kick for=1h").startswith("OK BAN ")
        carol.sees("KICK olga #kick k-bob")
        assert bob.ask("JOIN #kick").startswith("ERR banned JOIN ")
        assert olga.ask("MUTE k-carol #kick").startswith("OK MUTE ")
        carol.sees("MUTE olga #kick k-carol")
        assert carol.ask("MSG may I?").startswith("ERR muted ")


def test_one_name_has_one_owner_in_the_whole_cluster(pair: tuple[Node, Node]) -> None:
    east, west = pair
    with (
        person(east, "modern", "#names") as ann,
        person(west, "n-bob", "#names") as bob,
        NodeClient(west.port) as carol,
    ):
        for taken in ("modern", "MODERN", "modem"):
            assert carol.ask(f"JOIN {taken} #names").startswith("ERR name-taken JOIN "), taken
        assert bob.ask("NICK modern").startswith("ERR name-taken NICK ")
        assert bob.who("#names") == {"modern", "n-bob"}
        assert ann.ask("NICK n-ann") == "OK NICK n-ann"
        bob.sees("NICK modern n-ann")
        assert bob.ask("NICK modern") == "OK NICK modern"


def test_of_two_who_claim_a_name_at_once_on_two_nodes_one_has_it(pair: tuple[Node, Node]) -> None:
    both = Barrier(2)

    def claim(node: Node, number: int) -> tuple[NodeClient, str]:
        one = NodeClient(node.port)
        both.wait(DEADLINE)
        return one, one.ask(f"JOIN claimed{number} #claims")

    with ThreadPoolExecutor(2) as pool, ExitStack() as stack:
        for number in range(ROUNDS):
            tried = list(pool.map(claim, pair, [number] * 2))
            for one, _ in tried:
                stack.enter_context(one)
            won = [one for one, answer in tried if answer.startswith("OK JOIN ")]
            lost = [one for one, answer in tried if answer.startswith("ERR name-taken JOIN ")]
            assert (len(won), len(lost)) == (1, 1), [answer for _, answer in tried]
            assert won[0].ask("MSG it is mine") == f"MSG claimed{number} #claims it is mine"
            assert lost[0].ask(f"JOIN loser{number} #losers").startswith("OK JOIN ")
            assert won[0].who("#claims") == {f"claimed{each}" for each in range(number + 1)}


def test_the_same_under_the_same_label_is_stored_once_whichever_node_takes_it(pair: tuple[Node, Node]) -> None:
    east, west = pair
    with person(east, "l-ann", "#label") as ann, person(west, "l-bob", "#label") as bob:
        first = ann.ask_tagged("TELL #label pay the rent", "rent")
        with person(west, "l-ann", "#label", f"resume={ann.resume}") as again:
            second = again.ask_tagged("TELL #label pay the rent", "rent")
            assert tags(second)[:2] == tags(first)[:2]
            assert "old" in tags(second)
            assert again.ask("TELL #label something else", "rent").startswith("ERR label-reused ")
            again.ask("MSG done")
        bob.sees("MSG l-ann #label done")
        assert bob.lines.count("MSG l-ann #label pay the rent") == 1
        assert [body(line) for line in bob.history("#label")] == [
            "MSG l-ann #label pay the rent",
            "MSG l-ann #label done",
        ]


def test_who_comes_back_on_another_node_misses_nothing_and_is_not_seen_to_leave(pair: tuple[Node, Node]) -> None:
    east, west = pair
    with person(east, "r-ann", "#resume") as ann, person(west, "r-bob", "#resume") as bob:
        last = ann.ask_tagged("MSG before")
        since = value(tags(last)[0], "id")
        for number in range(5):
            bob.ask(f"MSG missed {number}")
        with NodeClient(west.port) as again:
            words = f"since={since} epoch={ann.epoch} resume={ann.resume}"
            assert value(again.enter("r-ann", "#resume", words), "recovered") == "yes"
            missed = [line for line in again.lines if line.startswith("MSG ")]
            assert missed == [f"MSG r-bob #resume missed {number}" for number in range(5)]
            bob.ask("MSG welcome back")
            again.sees("MSG r-bob #resume welcome back")
            assert again.who("#resume") == bob.who("#resume") == {"r-ann", "r-bob"}
            assert any(line.startswith("BYE replaced ") for line in ann.rest())
            again.ask("MSG thank you")
            bob.sees("MSG r-ann #resume thank you")
        bob.sees("PART r-ann #resume")
        assert [line for line in bob.lines if line.startswith(("JOIN r-ann ", "PART r-ann "))] == ["PART r-ann #resume"]


def test_a_guest_takes_back_on_one_node_what_was_said_on_another(pair: tuple[Node, Node]) -> None:
    east, west = pair
    with person(east, "t-ann", "#taken") as ann, person(west, "t-bob", "#taken") as bob:
        ids = [value(tags(ann.ask_tagged(f"MSG {text}"))[0], "id") for text in ("hidden", "mistyped", "lunch?")]
        bob.sees("MSG t-ann #taken lunch?")
        for line in (f"RETRACT {ids[0]}", f"EDIT {ids[0]} mine"):
            assert bob.ask(line).startswith("ERR not-allowed ")
        assert bob.ask(f"REACT {ids[2]} 👍") == f"OK REACT #taken {ids[2]}"
        with person(west, "t-ann", "#taken", f"resume={ann.resume}") as again:
            assert again.ask(f"EDIT {ids[1]} better") == f"OK EDIT #taken {ids[1]}"
            assert any(line.startswith("BYE replaced ") for line in ann.rest())  # the other node knows of it, too
            with person(east, "t-ann", "#taken", f"resume={again.resume}") as third:
                assert third.ask(f"RETRACT {ids[0]}") == f"OK RETRACT #taken {ids[0]}"
                bob.sees(f"RETRACT t-ann #taken {ids[0]}")
                for somebody in (third, bob):
                    told = [body(line) for line in somebody.history("#taken")]
                    assert told == [
                        "MSG t-ann #taken better",
                        "MSG t-ann #taken lunch?",
                        f"REACTIONS #taken {ids[2]} 👍 1",
                    ]


def test_a_node_that_comes_later_knows_who_is_there_and_what_was_said(
    pair: tuple[Node, Node], nats: NatsServer, accounts: Path, tmp_path: Path
) -> None:
    east, west = pair
    with person(east, "a-ann", "#later") as ann, person(west, "a-bob", "#later") as bob:
        bob.ask("MSG before it came")
        with nodes(tmp_path, nats.url, 1, "--accounts", str(accounts)) as (third,):
            with person(third, "a-carol", "#later") as carol:
                assert carol.who("#later") == {"a-ann", "a-bob", "a-carol"}
                assert [body(line) for line in carol.history("#later")] == ["MSG a-bob #later before it came"]
                carol.ask("MSG hello")
                ann.sees("JOIN a-carol #later", "MSG a-carol #later hello")
                bob.sees("JOIN a-carol #later", "MSG a-carol #later hello")
            ann.sees("PART a-carol #later")


def test_a_stopped_node_leaves_at_once_and_comes_back_with_its_index_or_without(
    nats: NatsServer, tmp_path: Path
) -> None:
    with nodes(tmp_path, f"{nats.url}/stopped", 2) as (east, west), person(west, "bob", "#den") as bob:
        with person(east, "ann", "#den") as ann:
            ann.ask("MSG before")
            assert east.stop() == 0, east.log()
            assert any(line.startswith("BYE shutdown ") for line in ann.rest())
        bob.sees("PART ann #den")
        bob.ask("MSG while it was away")
        for index in (True, False):
            east.start()
            with person(east, "ann", "#den") as ann:
                assert ann.history("#den") == bob.history("#den")
                assert ann.who("#den") == {"ann", "bob"}
                ann.ask(f"MSG again {index}")
                bob.sees(f"MSG ann #den again {index}")
            assert east.stop() == 0, east.log()
            eventually(lambda: bob.who("#den"), {"bob"})
            for file in east.folder.glob("*index*"):
                file.unlink()


def test_what_a_dead_connection_was_told_in_private_is_told_where_it_is_taken_over(pair: tuple[Node, Node]) -> None:
    east, west = pair
    with ExitStack() as stack:
        ann = stack.enter_context(person(west, "t-ann", "#told"))
        bob = stack.enter_context(person(east, "t-bob", "#told"))
        ann.sees("JOIN t-bob #told")
        assert ann.ask("TELL t-bob are you there?") == "OK TELL t-bob stored=no"  # and t-bob reads nothing any more
        for node in (west, east):
            bob = stack.enter_context(person(node, "t-bob", "#told", f"resume={bob.resume}"))
            bob.sees("TELL t-ann are you there?")
            assert [tags(line)[-1] for line in bob.tagged if line.endswith(" TELL t-ann are you there?")] == ["old"]
