"""One person over several connections, and what each has read: real daemons, over every journal."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.daemon import BIN, DEADLINE, Client, Daemon, environment
from tests.support.nats_servers import nats_server
from tests.support.node_processes import NodeClient, nodes
from tests.support.tagged_clients import value

pytestmark = pytest.mark.slow
PASSWORD = "correct-horse"


@pytest.fixture
def accounts(tmp_path: Path) -> str:
    file = tmp_path / "accounts.sqlite3"
    command = [str(BIN / "chatd"), "user", "add", "alice", "--accounts", str(file)]
    subprocess.run(command, input=PASSWORD, text=True, env=environment(), timeout=DEADLINE, check=True)
    return str(file)


@contextmanager
def device(daemon: Daemon, nick: str = "alice", *, tagged: bool = True) -> Iterator[tuple[Client, str]]:
    """Connect once more as alice; yield the connection and the last word of OK JOIN."""
    with daemon.client() as client:
        hello = "HELLO 1\n" if tagged else ""
        client.send(f"{hello}LOGIN alice {PASSWORD}\nJOIN {nick} #a\n".encode())
        yield client, client.until(lambda line: line.startswith(("OK JOIN", "ERR")))[-1].rpartition(" ")[2]


def last_id(client: Client) -> str:
    """Say something, and return the id that it got."""
    client.send(b"@label=x MSG hi\n")
    [*_, echo] = client.until(lambda line: ";label=x MSG" in line)
    return echo.partition("@id=")[2].partition(";")[0]


@pytest.mark.parametrize("journal", ["memory:", "sqlite:j.sqlite3"])
def test_a_phone_and_a_desktop(journal: str, accounts: str, tmp_path: Path) -> None:
    options = ("--journal", journal, "--accounts", accounts)
    with Daemon(tmp_path, *options) as daemon, daemon.member("bob", "#a") as bob:
        with device(daemon) as (phone, _), device(daemon) as (desktop, _), device(daemon, tagged=False) as (by_hand, _):
            id_ = last_id(phone)
            phone.send(f"SEEN {id_}\n".encode())
            assert phone.line() == f"OK SEEN #a {id_}"
            assert desktop.line().endswith(" MSG alice #a hi")
            assert desktop.line() == f"SEEN #a {id_}"
            by_hand.send(b"WHO\n")
            assert by_hand.until(lambda line: line.startswith("OK"))[-3:] == [
                "MSG alice #a hi",
                "WHO #a bob alice",
                "OK WHO #a 2",
            ]
        assert bob.until(lambda line: line.startswith("PART")) == ["JOIN alice #a", "MSG alice #a hi", "PART alice #a"]
        assert daemon.terminate() == 0
    with Daemon(tmp_path, *options) as daemon, device(daemon) as (_, seen):
        assert seen == ("seen=0" if journal == "memory:" else f"seen={id_}")
        assert daemon.terminate() == 0


def test_in_a_cluster_what_was_read_is_told_on_another_node_and_the_nick_is_taken_over(
    accounts: str, tmp_path: Path
) -> None:
    with (
        nats_server(tmp_path / "nats") as nats,
        nodes(tmp_path, f"{nats.url}/chatd", 2, "--accounts", accounts) as (east, west),
    ):
        with NodeClient(east.port) as phone, NodeClient(west.port) as desktop:
            for client, nick in ((phone, "alice"), (desktop, "alice-2")):
                assert client.ask(f"LOGIN alice {PASSWORD}") == "OK LOGIN alice"
                assert client.enter(nick, "#a").endswith(" seen=0")
            phone.ask("MSG hi")
            id_ = value(phone.ask("JOIN #a"), "last")
            assert phone.ask(f"SEEN {id_}") == f"OK SEEN #a {id_}"
            desktop.sees(f"SEEN #a {id_}")
            with NodeClient(west.port) as late:
                late.ask(f"LOGIN alice {PASSWORD}")
                assert late.enter("alice", "#a").endswith(f" seen={id_}")
                assert any(line.startswith("BYE replaced ") for line in phone.rest())
        assert east.stop() == west.stop() == 0
        west.start()
        with NodeClient(west.port) as again:
            again.ask(f"LOGIN alice {PASSWORD}")
            assert again.enter("alice", "#a").endswith(f" seen={id_}")
