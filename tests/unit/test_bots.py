"""What the page about bots shows, and the bot among the examples, against the server in memory."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest
from twisted.application.internet import ClientService

from chatd.testing import LineClient, MemoryServer
from examples.echo_bot import EchoBot, EchoFactory
from examples.greeter import Greeter

PAGE = (Path(__file__).parents[2] / "docs" / "bots.rst").read_text()
BLOCKS = [dedent(block) for block in re.findall(r"::\n\n((?: {4}.*\n|\n)+)", PAGE)]
PAUSE_SECONDS = 10
"""After that long without a connection, a bot has tried again."""


@pytest.fixture(params=[1, 65536], ids=["byte by byte", "at once"])
def server(request: pytest.FixtureRequest) -> Iterator[MemoryServer]:
    with MemoryServer(segment_bytes=request.param) as server:
        yield server


@pytest.fixture
def bots(server: MemoryServer) -> Iterator[list[EchoBot]]:
    """The connections of one bot that comes back, the newest last."""
    made: list[EchoBot] = []

    class Noted(EchoBot):
        def connectionMade(self) -> None:
            made.append(self)
            super().connectionMade()

    factory = EchoFactory()
    factory.protocol = Noted
    service = ClientService(server.endpoint(), factory, clock=server.clock)
    service.startService()
    server.flush()
    yield made
    service.stopService()
    server.flush()


def said(client: LineClient) -> list[str]:
    return [line for line in client.lines() if line.startswith("MSG ")]


def stored(server: MemoryServer) -> list[str]:
    """Return what a newcomer finds in the room, without times."""
    reader = server.client("reader", "#builds")
    reader.send("HISTORY")
    lines = [line.split(" ", 2)[2] for line in reader.lines() if line.startswith("OLD ")]
    reader.close()
    return lines


def test_it_answers_those_who_ask_it_and_nobody_else(server: MemoryServer, bots: list[EchoBot]) -> None:
    alice = server.client("alice", "#builds")
    alice.send("MSG !echo hi", "MSG hi", "TELL echo !echo psst", "TELL #builds !echo  two  spaces ")
    assert said(alice) == ["MSG echo #builds alice: hi", "MSG echo #builds alice:  two  spaces "]
    assert len(bots) == 1


def test_what_was_asked_while_it_was_away_is_answered(server: MemoryServer, bots: list[EchoBot]) -> None:
    alice = server.client("alice", "#builds")
    alice.send("MSG !echo one")
    server.disconnect(bots[-1])
    alice.send("MSG !echo two")
    assert said(alice) == ["MSG echo #builds alice: one"]
    server.advance(PAUSE_SECONDS)
    assert said(alice) == ["MSG echo #builds alice: two"]


def test_an_answer_of_which_it_was_not_told_is_not_stored_twice(server: MemoryServer, bots: list[EchoBot]) -> None:
    alice = server.client("alice", "#builds")
    bot = bots[-1]
    bot.transport.pauseProducing()  # type: ignore[attr-defined]  # every stream transport is a producer
    alice.send("MSG !echo one")
    bot.lineReceived(b"@id=1;time=2026-01-01T00:00:00.000Z MSG alice #builds !echo one")
    server.disconnect(bot, heard=True)
    assert said(alice) == ["MSG echo #builds alice: one"]
    server.advance(PAUSE_SECONDS)
    alice.send("MSG !echo two")
    assert said(alice) == ["MSG echo #builds alice: two"]
    assert stored(server) == [
        "MSG alice #builds !echo one",
        "MSG echo #builds alice: one",
        "MSG alice #builds !echo two",
        "MSG echo #builds alice: two",
    ]


def test_it_outlives_the_server_and_begins_anew_with_a_new_journal(server: MemoryServer, bots: list[EchoBot]) -> None:
    server.client("alice", "#builds").send("MSG !echo one")
    server.restart()
    server.client("alice", "#builds").send("MSG !echo two")
    server.advance(PAUSE_SECONDS)
    assert stored(server)[-1] == "MSG echo #builds alice: two"
    server.restart(keep_journal=False)
    alice = server.client("alice", "#builds")
    alice.send("MSG !echo nobody hears this")
    server.advance(PAUSE_SECONDS)
    alice.send("MSG !echo three")
    assert said(alice) == ["MSG echo #builds alice: three"]
    assert len(bots) == 3


def test_it_answers_pings_and_takes_its_name_back(server: MemoryServer, bots: list[EchoBot]) -> None:
    server.advance(600)
    assert len(bots) == 1
    server.disconnect(bots[-1])
    taken = server.client("echo", "#builds")
    server.advance(PAUSE_SECONDS)
    taken.close()
    server.advance(PAUSE_SECONDS)
    alice = server.client("alice", "#builds")
    alice.send("MSG !echo back?")
    assert said(alice) == ["MSG echo #builds alice: back?"]


def test_the_values_on_the_page_are_what_the_code_returns() -> None:
    (block,) = [block for block in BLOCKS if block.startswith("from chatd.protocol import")]
    imports, *examples = block.strip().split("\n\n")
    scope: dict[str, object] = {}
    exec(imports, scope)
    for example in examples:
        line, result = example.split("\n# ")
        assert repr(eval(line, scope)) == result
    assert len(examples) == 2


def test_the_test_on_the_page_passes() -> None:
    (block,) = [block for block in BLOCKS if "def test_" in block]
    scope: dict[str, object] = {"ClientService": ClientService, "EchoFactory": EchoFactory}
    exec(block, scope)
    test = scope["test_the_bot_comes_back"]
    assert callable(test)
    test()


def test_the_shortest_bot_welcomes_whoever_joins() -> None:
    with MemoryServer() as server:
        server.connect(Greeter())
        alice = server.client("alice", "#lobby")
        assert "MSG greeter #lobby welcome, alice" in alice.lines()
        server.advance(3600)
        alice.send("WHO")
        assert "WHO #lobby greeter alice" in alice.lines()


def test_the_shortest_bot_stays_whatever_is_said_and_whatever_a_newer_server_says() -> None:
    with MemoryServer() as server:
        greeter = server.connect(Greeter())
        alice = server.client("alice")
        alice.send("MSG " + "\x01" * 8000)  # each of them arrives as three bytes
        greeter.lineReceived(b"NEWS today")
        alice.lines()
        alice.send("WHO")
        assert alice.lines()[0] == "WHO #lobby greeter alice"
