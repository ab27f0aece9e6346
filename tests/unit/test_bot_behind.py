"""A bot whose handler is slow: what waits is bounded, nothing is lost, and everything is handled once and in order."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred

from chatd.bot import Bot, Message
from chatd.bot import connection as connections
from chatd.bot import life as lives
from chatd.bot.connection import Connection
from chatd.bot.life import SAVE_SECONDS
from chatd.chat import replay
from chatd.chat.limits import Limits
from chatd.testing import LineClient, MemoryServer

MAX_WAITING, ASKED_FOR = 8, 4
PAUSE_SECONDS = 10
UNLIMITED = Limits(lines_per_second=0, tells_per_minute=0)


@pytest.fixture(params=[7, 65536], ids=["in pieces", "at once"])
def server(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryServer]:
    for module in (connections, lives):
        monkeypatch.setattr(module, "MAX_WAITING", MAX_WAITING)
    monkeypatch.setattr(connections, "ASKED_FOR", ASKED_FOR)
    with MemoryServer(UNLIMITED, segment_bytes=request.param) as server:
        yield server


class SlowBot:
    """A bot that is not done with a message before it is told so; it answers each."""

    def __init__(self, server: MemoryServer, *rooms: str, state: Path | None = None) -> None:
        self.server = server
        self.heard: list[Message] = []
        self.most = 0
        self._begun: Deferred[None] | None = None
        self._is_quick = False
        self.bot = Bot("slow", *(rooms or ("#builds",)), state=state)
        self.bot.on_message(self._handle)
        self.bot.start(server.endpoint(), server.clock)
        server.flush()

    async def _handle(self, message: Message) -> None:
        assert self.bot._life is not None
        self.most = max(self.most, self.bot._life.waiting)
        self.heard.append(message)
        if not self._is_quick:
            self._begun = Deferred()
            await self._begun
        message.answer(f"done with {message.text}")

    @property
    def texts(self) -> list[str]:
        return [message.text for message in self.heard]

    @property
    def connection(self) -> Connection:
        assert self.bot._life is not None
        assert self.bot._life._connection is not None
        return self.bot._life._connection

    def finish_one(self) -> None:
        assert self._begun is not None
        self._begun.callback(None)
        self.server.flush()

    def finish_all(self) -> None:
        self._is_quick = True
        self.finish_one()
        self.server.advance(PAUSE_SECONDS)

    def stop(self) -> None:
        stopped = self.bot.stop()
        self.server.flush()
        assert stopped.called


@pytest.fixture
def slow(server: MemoryServer) -> Iterator[SlowBot]:
    bot = SlowBot(server)
    yield bot
    bot.stop()


def numbers(first: int, end: int) -> list[str]:
    return [str(number) for number in range(first, end)]


def say(client: LineClient, texts: list[str], room: str = "#builds") -> None:
    client.send(*(f"TELL {room} {text}" for text in texts))


def answers(server: MemoryServer, room: str = "#builds") -> list[str]:
    """Return what the bot said in a room."""
    reader = server.client("reader", room)
    reader.send(f"HISTORY {room} 1000")
    lines = [line.split(" ", 2)[2] for line in reader.lines() if line.startswith("OLD ")]
    reader.close()
    return [line.removeprefix(f"MSG slow {room} done with ") for line in lines if line.startswith("MSG slow ")]


def test_what_waits_is_bounded_and_nothing_is_lost(server: MemoryServer, slow: SlowBot) -> None:
    alice = server.client("alice", "#builds")
    say(alice, numbers(0, 40))
    assert slow.bot._life is not None
    assert slow.bot._life.waiting == MAX_WAITING
    for _ in range(5):  # answers come in while the bot is behind
        slow.finish_one()
    say(alice, numbers(40, 60))
    slow.finish_all()
    assert slow.texts == answers(server) == numbers(0, 60)
    assert slow.most <= MAX_WAITING + ASKED_FOR
    assert not any(message.old for message in slow.heard)
    assert not slow.bot._places.behind.is_behind("#builds")
    say(alice, ["live again"])
    assert slow.texts[-1] == answers(server)[-1] == "live again"


def test_rooms_in_which_it_is_behind_keep_their_order(server: MemoryServer) -> None:
    slow = SlowBot(server, "#builds", "#ops", "#den")
    people = {room: server.client(f"in-{room[1:]}", room) for room in ("#builds", "#ops", "#den")}
    for number in range(30):
        for room, person in people.items():
            say(person, [str(number)], room)
    slow.finish_all()
    for room in people:
        assert [message.text for message in slow.heard if message.room == room] == numbers(0, 30)
        assert answers(server, room) == numbers(0, 30)
    assert slow.most <= MAX_WAITING + ASKED_FOR
    slow.stop()


def test_deleted_messages_keep_it_behind_no_longer(server: MemoryServer, slow: SlowBot) -> None:
    alice = server.client("alice", "#builds", tagged=True)
    say(alice, numbers(0, 20))
    alice.send(*(f"RETRACT {id_}" for id_ in range(12, 21)))
    slow.finish_all()
    assert slow.texts == numbers(0, 11)
    assert not slow.bot._places.behind.is_behind("#builds")
    say(alice, ["next"])
    assert slow.texts[-1] == "next"


@pytest.mark.parametrize("heard", [False, True])
def test_a_connection_that_ends_while_it_is_behind_loses_nothing(
    server: MemoryServer, slow: SlowBot, *, heard: bool
) -> None:
    alice = server.client("alice", "#builds")
    say(alice, numbers(0, 20))
    server.disconnect(slow.connection, heard=heard)
    say(alice, numbers(20, 40))
    server.advance(PAUSE_SECONDS)
    say(alice, numbers(40, 50))
    slow.finish_one()
    server.disconnect(slow.connection, heard=heard)
    server.advance(PAUSE_SECONDS)
    slow.finish_all()
    assert slow.texts == answers(server) == numbers(0, 50)
    assert slow.most <= MAX_WAITING + ASKED_FOR


def test_a_server_that_restarts_while_it_is_behind_loses_nothing(server: MemoryServer, slow: SlowBot) -> None:
    say(server.client("alice", "#builds"), numbers(0, 30))
    server.restart()
    server.advance(PAUSE_SECONDS)
    say(server.client("alice", "#builds"), numbers(30, 40))
    slow.finish_all()
    assert slow.texts == answers(server) == numbers(0, 40)


def test_more_than_a_replay_has_is_read_in_the_history(
    server: MemoryServer, slow: SlowBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay, "MAX_MISSED", 10)
    alice = server.client("alice", "#builds")
    say(alice, numbers(0, 20))
    server.disconnect(slow.connection)
    say(alice, numbers(20, 60))
    server.advance(PAUSE_SECONDS)
    slow.finish_all()
    assert slow.texts == answers(server) == numbers(0, 60)


def test_a_new_history_begins_anew(server: MemoryServer, slow: SlowBot) -> None:
    say(server.client("alice", "#builds"), numbers(0, 20))
    server.restart(keep_journal=False)
    server.advance(PAUSE_SECONDS)
    slow.finish_all()
    assert not slow.bot._places.behind.is_behind("#builds")
    say(server.client("alice", "#builds"), ["next"])
    assert slow.texts[-1] == "next"


def test_its_state_is_how_far_it_is_and_not_what_was_left_out(server: MemoryServer, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    slow = SlowBot(server, state=state)
    say(server.client("alice", "#builds"), numbers(0, 40))
    slow.finish_one()
    server.advance(SAVE_SECONDS)
    slow.stop()
    assert json.loads(state.read_text())["rooms"]["#builds"][0] == 1
    again = SlowBot(server, state=state)
    again.finish_all()
    assert again.texts == numbers(1, 40)
    assert answers(server) == numbers(0, 40)
    again.stop()


def test_a_history_that_cannot_be_read_is_asked_for_again(
    server: MemoryServer, slow: SlowBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    say(server.client("alice", "#builds"), numbers(0, 20))
    line = b"ERR unavailable HISTORY the history cannot be read at the moment"
    asks = slow.connection.catch_up

    def refuse() -> None:
        asks()
        if slow.bot._places.behind.asks:
            slow.connection.lineReceived(line)

    monkeypatch.setattr(slow.connection, "catch_up", refuse)
    slow.finish_all()
    assert slow.texts == answers(server) == numbers(0, 20)


def test_those_who_join_do_not_wait_without_a_bound(server: MemoryServer, slow: SlowBot) -> None:
    greeted: list[str] = []
    slow.bot.on_join(lambda nick, _: greeted.append(nick))
    say(server.client("alice", "#builds"), ["one"])
    for number in range(3 * MAX_WAITING):
        server.client(f"guest{number}", "#builds")
    assert slow.bot._life is not None
    assert slow.bot._life.waiting == MAX_WAITING
    slow.finish_all()
    assert len(greeted) == MAX_WAITING + 1
