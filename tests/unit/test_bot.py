"""`chatd.bot`, against the server in memory."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.logger import LogEvent, LogLevel, formatEvent, globalLogPublisher
from twisted.python.failure import Failure

from chatd.bot import Bot, BotError, Message
from chatd.bot.connection import LEAVING_SECONDS, SILENCE_SECONDS, Connection, Identity
from chatd.bot.life import HOLD_SECONDS, SAVE_SECONDS, Handlers, Life
from chatd.bot.outbox import Outbox
from chatd.bot.places import Places
from chatd.protocol import commands
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.events import Refused
from chatd.protocol.names import BadNameError
from chatd.testing import LineClient, MemoryServer

PAUSE_SECONDS = 10
"""After that long without a connection, a bot has tried again."""


@pytest.fixture(params=[7, 65536], ids=["in pieces", "at once"])
def server(request: pytest.FixtureRequest) -> Iterator[MemoryServer]:
    with MemoryServer(segment_bytes=request.param) as server:
        yield server


class Started:
    """Starts bots that repeat what they are asked to, and stops them at the end."""

    def __init__(self, server: MemoryServer) -> None:
        self.server = server
        self.heard: list[Message] = []
        self.bots: list[Bot] = []

    def __call__(self, *rooms: str, handle: Callable[[Message], object] | None = None, **options: Any) -> Bot:
        bot = Bot("echo", *(rooms or ("#builds",)), **options)
        bot.on_message(handle or self.echo)
        self.run(bot)
        return bot

    def run(self, bot: Bot) -> Deferred[None]:
        ended = bot.start(self.server.endpoint(), self.server.clock)
        self.bots.append(bot)
        self.server.flush()
        return ended

    def echo(self, message: Message) -> None:
        self.heard.append(message)
        if message.text.startswith("!echo "):
            for word in message.text.split()[1:]:
                message.answer(f"{message.nick}: {word}")

    def stop(self, bot: Bot) -> None:
        self.bots.remove(bot)
        stopped = bot.stop()
        self.server.flush()
        assert stopped.called
        assert stopped.result is None


@pytest.fixture
def start(server: MemoryServer) -> Iterator[Started]:
    started = Started(server)
    yield started
    for bot in list(started.bots):
        started.stop(bot)


@pytest.fixture
def log() -> Iterator[list[str]]:
    """What bots warn of, but for connections that ended."""
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        if event.get("log_namespace") == "chatd.bot" and event["log_level"] is LogLevel.warn and "pause" not in event:
            lines.append(formatEvent(event))

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]  # any callable is one
    yield lines
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]  # as above


def connection(bot: Bot) -> Connection:
    assert bot._life is not None
    assert bot._life._connection is not None
    return bot._life._connection


def said(client: LineClient) -> list[str]:
    return [line for line in client.lines() if line.startswith("MSG ")]


def stored(server: MemoryServer, room: str = "#builds") -> list[str]:
    """Return what a newcomer finds in a room, without times."""
    reader = server.client("reader", room)
    reader.send("HISTORY")
    lines = [line.split(" ", 2)[2] for line in reader.lines() if line.startswith("OLD ")]
    reader.close()
    return lines


def test_it_answers_what_others_say_and_neither_itself_nor_bots(server: MemoryServer, start: Started) -> None:
    start()
    alice = server.client("alice", "#builds", tagged=True)
    alice.send("MSG !echo hi", "@notice MSG !echo from a bot", "TELL echo !echo psst")
    assert [line.partition(" ")[2] for line in alice.lines() if " MSG echo" in line] == ["MSG echo #builds alice: hi"]
    (message,) = start.heard
    assert (message.room, message.nick, message.text, message.id, message.old) == (
        "#builds",
        "alice",
        "!echo hi",
        1,
        False,
    )
    assert message.time.isoformat() == "2026-01-01T00:00:00+00:00"
    alice.send("WHO #builds details=yes")
    assert "IS echo #builds bot=yes" in "\n".join(alice.lines())


def test_two_bots_do_not_answer_each_other(server: MemoryServer, start: Started) -> None:
    start(handle=lambda message: message.answer("and you?"))
    other = Bot("other", "#builds")
    other.on_message(lambda message: message.answer("and you?"))
    start.run(other)
    server.client("alice", "#builds").send("MSG hello")
    assert sorted(stored(server)) == [
        "MSG alice #builds hello",
        "MSG echo #builds and you?",
        "MSG other #builds and you?",
    ]


def test_it_is_in_several_rooms_and_in_the_lobby_without_any(server: MemoryServer, start: Started) -> None:
    start("#builds", "#ops")
    alice, bob = server.client("alice", "#ops"), server.client("bob", "#builds")
    alice.send("MSG !echo one")
    bob.send("MSG !echo two")
    server.disconnect_all()
    alice, bob = server.client("alice", "#ops"), server.client("bob", "#builds")
    alice.send("MSG !echo three")
    bob.send("MSG !echo four")
    server.advance(PAUSE_SECONDS)
    assert stored(server, "#ops")[1::2] == ["MSG echo #ops alice: one", "MSG echo #ops alice: three"]
    assert stored(server)[1::2] == ["MSG echo #builds bob: two", "MSG echo #builds bob: four"]
    assert Bot("echo")._identity.rooms == ("#lobby",)


def test_what_was_said_while_it_was_away_is_handled_once(server: MemoryServer, start: Started) -> None:
    bot = start()
    alice = server.client("alice", "#builds")
    alice.send("MSG !echo one")
    server.disconnect(connection(bot))
    alice.send("MSG !echo two")
    assert said(alice) == ["MSG echo #builds alice: one"]
    server.advance(PAUSE_SECONDS)
    assert said(alice) == ["MSG echo #builds alice: two"]
    assert [(message.text, message.old) for message in start.heard] == [("!echo one", False), ("!echo two", True)]


def test_an_answer_whose_acknowledgement_was_lost_is_stored_once(server: MemoryServer, start: Started) -> None:
    bot = start()
    alice = server.client("alice", "#builds")
    live = connection(bot)
    live.stream.pauseProducing()
    alice.send("MSG !echo one")
    live.lineReceived(b"@id=1;time=2026-01-01T00:00:00.000Z MSG alice #builds !echo one")
    server.disconnect(live, heard=True)
    assert said(alice) == ["MSG echo #builds alice: one"]
    server.advance(PAUSE_SECONDS)
    alice.send("MSG !echo two")
    assert said(alice) == ["MSG echo #builds alice: two"]
    assert len(start.heard) == 2


@pytest.mark.parametrize("keeps", [True, False], ids=["the answer is stored", "the answer is lost"])
def test_a_bot_that_dies_before_an_answer_is_done_answers_once(
    server: MemoryServer, start: Started, tmp_path: Path, keeps: bool
) -> None:
    state = tmp_path / "state.json"
    first = start(state=state)
    server.advance(SAVE_SECONDS)
    kept = state.read_bytes()
    alice = server.client("alice", "#builds")
    if keeps:
        alice.send("MSG !echo one two")
    else:
        server.disconnect(connection(first))
        alice.send("MSG !echo one two")
    start.stop(first)
    state.write_bytes(kept)  # as if it had been killed
    start(state=state)
    assert stored(server) == [
        "MSG alice #builds !echo one two",
        "MSG echo #builds alice: one",
        "MSG echo #builds alice: two",
    ]


def test_a_bot_that_starts_again_continues_where_it_was(server: MemoryServer, start: Started, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    start.stop(start(state=state))
    alice = server.client("alice", "#builds")
    alice.send("MSG !echo one")
    start.stop(start(state=state))
    start.stop(start(state=state))
    assert [message.text for message in start.heard] == ["!echo one"]
    assert json.loads(state.read_text()) == {"rooms": {"#builds": [2, "e1"]}}
    assert state.stat().st_mode & 0o777 == 0o600


def test_without_a_state_it_begins_with_what_is_said_from_then_on(server: MemoryServer, start: Started) -> None:
    server.client("alice", "#builds").send("MSG !echo one")
    start()
    assert start.heard == []


def test_it_outlives_the_server_and_begins_anew_with_a_new_journal(
    server: MemoryServer, start: Started, log: list[str]
) -> None:
    start()
    server.client("alice", "#builds").send("MSG !echo one")
    server.restart()
    server.client("alice", "#builds").send("MSG !echo two")
    server.advance(PAUSE_SECONDS)
    assert stored(server)[-1] == "MSG echo #builds alice: two"
    assert log == []
    server.restart(keep_journal=False)
    alice = server.client("alice", "#builds")
    alice.send("MSG !echo nobody hears this")
    server.advance(PAUSE_SECONDS)
    alice.send("MSG !echo three")
    assert said(alice) == ["MSG echo #builds alice: three"]
    assert log == ["the server started a new history of #builds; messages sent in the meantime may be missing"]


def test_it_says_so_where_something_is_missing(server: MemoryServer, start: Started, log: list[str]) -> None:
    bot = start()
    alice = server.client("alice", "#builds")
    alice.send("MSG !echo one")
    live = connection(bot)
    live._places.hear("#builds", live._places.heard("#builds")._replace(id=1000))  # type: ignore[union-attr]  # it is there
    server.disconnect(live)
    server.advance(PAUSE_SECONDS)
    alice.lines()
    alice.send("MSG !echo two")
    assert said(alice) == ["MSG echo #builds alice: two"]
    assert log == ["some messages sent in #builds in the meantime are missing"]


def test_it_answers_pings_and_takes_its_nick_back(server: MemoryServer, start: Started) -> None:
    bot = start()
    first = connection(bot)
    server.advance(600)
    assert connection(bot) is first
    server.disconnect(first)
    taken = server.client("echo", "#builds")
    server.advance(PAUSE_SECONDS)
    taken.close()
    server.advance(PAUSE_SECONDS)
    alice = server.client("alice", "#builds")
    alice.send("MSG !echo back?")
    assert said(alice) == ["MSG echo #builds alice: back?"]


def test_it_waits_for_a_server_that_is_away(server: MemoryServer, start: Started) -> None:
    server.stop()
    bot = start()
    bot.say("#builds", "hello")
    server.advance(PAUSE_SECONDS)
    server.start()
    server.advance(PAUSE_SECONDS)
    assert stored(server) == ["MSG echo #builds hello"]


def test_it_comes_back_when_a_server_that_restarts_says_so_and_nobody_notices(
    server: MemoryServer, start: Started
) -> None:
    bot = start()
    live = connection(bot)
    alice = server.client("alice", "#builds")
    live.lineReceived(b"BYE restart retry=7.50 the server is restarting")
    live.stream.other.pauseProducing()  # the server does not notice the end
    live.stream.cut()
    server.advance(7)
    assert bot._life is not None
    assert bot._life._connection is None
    server.advance(1)
    assert connection(bot) is not live
    assert alice.lines() == []


def test_what_it_says_has_its_order_and_is_said_once_under_a_label(server: MemoryServer, start: Started) -> None:
    bot = start()
    outcomes: list[object] = []
    for text in ("one", "two", "three"):
        bot.say("#builds", text).addBoth(outcomes.append)
    bot.say("#builds", "nine o'clock", label="2026-01-01T09:00")
    bot.say("#builds", "9 o'clock", label="2026-01-01T09:00").addBoth(outcomes.append)
    server.flush()
    assert outcomes == [None, None, None, None]
    assert [line.split(" ", 3)[3] for line in stored(server)] == ["one", "two", "three", "nine o'clock"]
    for label in ("two words", "", "x" * 65):
        with pytest.raises(ValueError, match="cannot be a label; use 1 to 64 of"):
            bot.say("#builds", "text", label=label)


def test_it_sends_nothing_to_what_is_no_room(server: MemoryServer, start: Started) -> None:
    bot = start()
    alice = server.client("alice", "#builds")
    for name in ("alice", "echo", "", "#two words"):
        with pytest.raises(BadNameError):
            bot.say(name, "psst")
    bot.say("#builds", "next")
    server.flush()
    assert alice.lines() == ["MSG echo #builds next"]


def test_what_is_refused_for_good_fails_and_the_next_is_said(
    server: MemoryServer, start: Started, log: list[str]
) -> None:
    async def answer(message: Message) -> None:
        message.answer("x" * 8192)
        with pytest.raises(ChatError) as caught:
            await message.answer("")
        assert caught.value.code is Code.BAD_SYNTAX
        await message.answer("sorry")

    start(handle=answer)
    server.client("alice", "#builds").send("MSG one", "MSG two")
    assert stored(server)[2:] == ["MSG echo #builds sorry", "MSG echo #builds sorry"]
    assert log[0] == "not sent to #builds: a line has at most 8192 bytes"
    assert len(log) == 4


def test_a_handler_that_fails_does_not_keep_the_next_message_from_being_handled(
    server: MemoryServer, start: Started, nothing_left_behind: list[LogEvent]
) -> None:
    def handle(message: Message) -> None:
        message.answer(f"{10 // int(message.text)}")

    start(handle=handle)
    server.client("alice", "#builds").send("MSG 0", "MSG 5")
    assert stored(server)[2:] == ["MSG echo #builds 2"]
    assert [event["log_failure"].type for event in nothing_left_behind] == [ZeroDivisionError]
    nothing_left_behind.clear()


@pytest.mark.parametrize("is_awaited", [True, False])
def test_a_handler_whose_deferred_fails_with_no_exception_ends_nothing(
    server: MemoryServer, start: Started, nothing_left_behind: list[LogEvent], is_awaited: bool
) -> None:
    def failed() -> Deferred[None]:  # as getProcessOutputAndValue does when a signal ends the process
        ended: Deferred[None] = Deferred()
        server.clock.callLater(1, ended.errback, Failure((b"", b"", 9)))
        return ended

    async def waits() -> None:
        await failed()

    def answer(message: Message) -> object:
        if message.text == "fail":
            return waits() if is_awaited else failed()
        return message.answer("sorry")

    start(handle=answer)
    server.client("alice", "#builds").send("MSG fail", "MSG go on")
    server.advance(1)
    assert stored(server)[2:] == ["MSG echo #builds sorry"]
    assert [formatEvent(event) for event in nothing_left_behind] == ["a handler has failed"]
    nothing_left_behind.clear()


def test_messages_are_handled_one_at_a_time(server: MemoryServer, start: Started, tmp_path: Path) -> None:
    running: list[Deferred[None]] = []

    async def handle(message: Message) -> None:
        waits: Deferred[None] = Deferred()
        running.append(waits)
        await waits
        message.answer(f"done with {message.text}")

    state = tmp_path / "state.json"
    bot = start(handle=handle, state=state)
    server.client("alice", "#builds").send("MSG one", "MSG two")
    assert len(running) == 1
    running[0].callback(None)
    server.advance(SAVE_SECONDS)
    assert len(running) == 2
    start.stop(bot)  # the second is not done
    server.advance(SAVE_SECONDS)
    assert json.loads(state.read_text()) == {"rooms": {"#builds": [1, "e1"]}}
    assert stored(server)[2:] == ["MSG echo #builds done with one"]


@pytest.mark.parametrize("blocks", [0.04, 0.2])
def test_what_blocks_for_a_moment_leaves_turns_to_the_rest(
    server: MemoryServer, start: Started, tmp_path: Path, blocks: float
) -> None:
    go: Deferred[None] = Deferred()
    handled: list[int] = []
    unsaved: list[int] = []
    state = tmp_path / "state.json"

    async def handle(message: Message) -> None:
        if not go.called:
            await go
        server.clock.rightNow += blocks  # no call that is due is made, as in time.sleep
        handled.append(message.id)
        unsaved.append(message.id - json.loads(state.read_text())["rooms"]["#builds"][0])

    start(handle=handle, state=state)
    server.flush()
    server.client("alice", "#builds").send(*["MSG hello"] * 100)
    go.callback(None)
    assert len(handled) * blocks <= HOLD_SECONDS + blocks
    server.flush()
    assert handled == list(range(1, 101))
    assert max(unsaved) * blocks <= SAVE_SECONDS + HOLD_SECONDS + 2 * blocks


def test_a_message_is_done_when_its_answers_are_stored(server: MemoryServer, start: Started, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    bot = start(state=state)
    alice = server.client("alice", "#builds")
    server_end = connection(bot).stream.other
    server_end.pauseProducing()  # what the bot says does not arrive yet
    alice.send("MSG !echo one", "MSG two")
    server.advance(SAVE_SECONDS)
    assert [message.text for message in start.heard] == ["!echo one"]
    assert json.loads(state.read_text()) == {"rooms": {"#builds": [0, "e1"]}}
    server_end.resumeProducing()
    server.advance(SAVE_SECONDS)
    assert [message.text for message in start.heard] == ["!echo one", "two"]
    assert json.loads(state.read_text()) == {"rooms": {"#builds": [3, "e1"]}}


def test_it_greets_those_who_join(server: MemoryServer, start: Started) -> None:
    bot = start("#lobby")
    bot.on_join(lambda nick, room: bot.say(room, f"welcome, {nick}"))
    alice = server.client("alice")
    assert said(alice) == ["MSG echo #lobby welcome, alice"]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"BYE replaced another connection has taken over", "another connection has taken over"),
        (b"BYE kicked alice removed you", "alice removed you"),
        (b"KICK alice #builds echo enough", "alice removed it from #builds: enough"),
    ],
)
def test_it_does_not_come_back_when_it_was_sent_away(
    server: MemoryServer, start: Started, line: bytes, why: str
) -> None:
    bot = Bot("echo", "#builds")
    ended = start.run(bot)
    start.bots.remove(bot)
    connection(bot).lineReceived(line)
    if not line.startswith(b"KICK"):
        server.disconnect(connection(bot))
    server.flush()
    assert why_ended(ended) == why
    server.stop()
    assert server.clock.getDelayedCalls() == []
    server.start()
    server.advance(PAUSE_SECONDS)
    server.client("echo", "#builds")


@pytest.mark.parametrize("cut", [False, True], ids=["connected", "cut off"])
def test_it_ends_whenever_it_is_stopped_and_leaves_nothing_behind(tmp_path: Path, cut: bool) -> None:
    handled: list[str] = []

    async def handle(message: Message) -> None:
        handled.append(message.text)
        await message.answer("one")
        await message.answer("two")
        handled.append("done")

    for rounds in range(40):
        with MemoryServer() as server:
            wire: Any = server.client("alice", "#builds").transport
            bot = Bot("echo", "#builds", state=tmp_path / f"state{rounds}")
            bot.on_message(handle)
            bot.say("#builds", "welcome")
            ended = bot.start(server.endpoint(), server.clock)
            wire.write(b"MSG early\r\n")
            for number in range(rounds):
                one_round(server)
                if number == 12:
                    wire.write(b"MSG late\r\n")
            if cut:
                server.disconnect_all()
            stopped = bot.stop()
            server.flush()
            assert stopped.called
            assert ended.called
            server.stop()
            assert server.clock.getDelayedCalls() == []
    assert handled[-1] == "done"


@pytest.mark.parametrize("first", [False, True], ids=["later", "at once"])
def test_a_handler_may_wait_for_the_stop(server: MemoryServer, tmp_path: Path, first: bool) -> None:
    done: list[str] = []

    def started() -> tuple[Bot, Deferred[None]]:
        bot = Bot("echo", "#builds", state=tmp_path / "state")

        @bot.on_message
        async def handle(message: Message) -> None:
            if not first:
                await message.answer("bye")
            await bot.stop()
            done.append(message.text)

        ended = bot.start(server.endpoint(), server.clock)
        server.flush()
        return bot, ended

    bot, ended = started()
    server.client("alice", "#builds").send("MSG go")
    server.flush()
    assert done == ["go"]
    assert ended.called
    assert bot.stop().called
    bot, ended = started()
    assert not ended.called  # it has handled that message
    bot.stop()
    server.stop()
    assert server.clock.getDelayedCalls() == []


@pytest.mark.parametrize("waits", [False, True])
def test_a_handler_may_answer_and_stop(server: MemoryServer, waits: bool) -> None:
    bot = Bot("echo", "#builds")

    @bot.on_message
    def handle(message: Message) -> Deferred[None] | None:
        message.answer("bye")
        stopped = bot.stop()
        return stopped if waits else None

    @bot.on_message
    async def never(_: Message) -> None:
        await Deferred()

    ended = bot.start(server.endpoint(), server.clock)
    server.flush()
    server.client("alice", "#builds").send("MSG go")
    server.flush()
    assert ended.called
    assert stored(server) == ["MSG alice #builds go", "MSG echo #builds bye"]


def one_round(server: MemoryServer) -> None:
    """Let what is due happen once, and what is under way arrive at the next stop."""
    server.clock.advance(0)
    for end in list(server._ends):
        end.turn()


def why_ended(ended: Deferred[None]) -> str:
    outcomes: list[Any] = []
    ended.addBoth(outcomes.append)
    (failure,) = outcomes
    assert isinstance(failure, Failure)
    assert failure.check(BotError) is not None
    return failure.getErrorMessage()


def test_it_ends_where_it_is_not_let_in(start: Started) -> None:
    bot = Bot("echo", "#builds", password="not-this-one")
    ended = start.run(bot)
    start.bots.remove(bot)
    assert "account" in why_ended(ended)
    with pytest.raises(BadNameError):
        Bot("two words")
    with pytest.raises(BadNameError):
        Bot("echo", "builds")


@pytest.mark.parametrize("content", ["", "[]", '{"rooms": {"#builds": 7}}', '{"rooms": {"#builds": ["x", "e1"]}}'])
def test_it_does_not_start_with_what_is_no_state(start: Started, tmp_path: Path, content: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(content)
    bot = Bot("echo", "#builds", state=state)
    ended = start.run(bot)
    start.stop(bot)
    assert why_ended(ended) == f"{state} is not a bot's state; remove it to start with new messages"
    assert state.read_text() == content


def test_a_second_bot_with_its_state_does_not_start(server: MemoryServer, start: Started, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    first = start(state=state)
    server.advance(SAVE_SECONDS)  # the file is another one than at the start
    second = Bot("second", "#builds", state=state)
    ended = start.run(second)
    assert why_ended(ended) == f"another bot uses {state}; stop it or choose another state file"
    start.stop(second)
    third = Bot("third", "#builds", state=state)
    assert "another bot uses" in why_ended(start.run(third)), "the second one has let others in"
    start.stop(third)
    start.stop(first)
    start.stop(start(state=state))


def test_a_bot_that_was_killed_keeps_nobody_out(start: Started, tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    program = (
        "import pathlib, sys; from chatd.bot.places import Places; Places(pathlib.Path(sys.argv[1])).load();"
        " print('loaded', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(state)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"loaded\n"
        refused = Bot("echo", "#builds", state=state)
        assert "another bot uses" in why_ended(start.run(refused))
        start.stop(refused)
        other.kill()
    start.stop(start(state=state))


def test_a_lock_that_is_a_link_is_not_followed(start: Started, tmp_path: Path) -> None:
    lock = tmp_path / "state.json.lock"
    lock.symlink_to(tmp_path / "elsewhere")
    bot = Bot("echo", "#builds", state=tmp_path / "state.json")
    assert why_ended(start.run(bot)) == f"cannot open {lock}: it is a symbolic link; remove it"
    start.stop(bot)
    assert not (tmp_path / "elsewhere").exists()


def test_where_files_cannot_be_locked_it_starts_all_the_same(
    start: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", refuse)
    start.stop(start(state=tmp_path / "state.json"))
    assert (tmp_path / "state.json").exists()


def test_it_does_not_start_with_a_state_that_it_may_not_look_for(
    start: Started, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:  # as of a directory that only somebody else may search
        raise PermissionError(errno.EACCES, "Permission denied")

    state = tmp_path / "state.json"
    bot = Bot("echo", "#builds", state=state)
    with monkeypatch.context() as patch:
        patch.setattr(os, "stat", refuse)
        patch.setattr(os, "open", refuse)
        ended = start.run(bot)
    start.stop(bot)
    assert why_ended(ended) == f"cannot read {state}: Permission denied"


def test_it_goes_on_where_the_state_cannot_be_written(
    server: MemoryServer, start: Started, tmp_path: Path, nothing_left_behind: list[LogEvent]
) -> None:
    bot = start(state=tmp_path / "missing" / "state.json")
    server.advance(SAVE_SECONDS)
    alice = server.client("alice", "#builds")
    alice.send("MSG !echo one")
    assert said(alice) == ["MSG echo #builds alice: one"]
    start.stop(bot)
    assert [event["log_failure"].type for event in nothing_left_behind] == [FileNotFoundError] * 2
    nothing_left_behind.clear()


def detached(password: str | None = None, peer: str = "192.0.2.1") -> tuple[Connection, StringTransport, Clock]:
    """Return a connection to a server that says nothing."""
    clock, outbox, places = Clock(), Outbox(), Places(None)
    identity = Identity("echo", ("#builds",), password)
    life = Life(identity, places, outbox, Handlers(), clock)
    made, transport = Connection(life, identity, places, outbox, clock, None), StringTransport()
    transport.peerAddr = IPv4Address("TCP", peer, 10319)
    made.makeConnection(transport)
    return made, transport, clock


HELLO = b"OK HELLO protocol=1 server=chatd/0.1.0 epoch=e1 max-line=8192 ping=45\r\n"


@pytest.mark.parametrize(
    "line",
    [
        b"OK HELLO 1",
        b"OK JOIN #builds 1 last=many resume=r",
        b"OK JOIN #builds 1",
        b"MSG ann #builds hi",
        b"@id=x MSG ann #builds hi",
    ],
)
def test_a_server_that_leaves_something_out_loses_its_connection_and_nothing_is_logged(line: bytes) -> None:
    made, transport, clock = detached()
    made.dataReceived(b"" if line.startswith(b"OK HELLO") else HELLO)
    made.dataReceived(line + b"\r\n")
    assert transport.disconnecting
    made.connectionLost()
    assert made.ended.result == ("the server sent a line that lacks something; is it chatd?", None)
    assert clock.getDelayedCalls() == []


def test_a_password_is_not_sent_where_others_can_read_it() -> None:
    made, transport, clock = detached("correct-horse")
    made.dataReceived(HELLO)
    assert b"horse" not in transport.value()
    assert transport.disconnecting
    made.connectionLost()
    made.ended.addErrback(lambda failure: failure.trap(BotError))
    assert clock.getDelayedCalls() == []
    made, transport, _ = detached("correct-horse", "127.0.0.1")
    made.dataReceived(HELLO)
    assert transport.value().splitlines()[1:] == [b"LOGIN echo correct-horse", b"JOIN echo #builds"]


def test_a_server_that_is_silent_is_given_up() -> None:
    made, transport, clock = detached()
    clock.advance(SILENCE_SECONDS - 1)
    made.dataReceived(HELLO)
    clock.advance(SILENCE_SECONDS - 1)
    assert not transport.disconnecting
    clock.advance(1)
    assert transport.disconnecting
    made.connectionLost()
    assert made.ended.result == ("the server has not answered for 120 seconds", None)


def test_it_does_not_wait_for_a_server_that_does_not_let_it_go() -> None:
    made, transport, clock = detached()
    made.leave()
    clock.advance(LEAVING_SECONDS - 1)
    made.dataReceived(HELLO)
    assert transport.disconnecting
    assert not transport.disconnected
    clock.advance(1)
    assert transport.disconnected
    made.connectionLost()
    assert clock.getDelayedCalls() == []


def test_one_that_is_let_go_leaves_nothing_behind() -> None:
    made, _, clock = detached()
    made.leave()
    made.connectionLost()
    assert clock.getDelayedCalls() == []


def test_what_is_said_when_another_message_is_stored_is_sent_once() -> None:
    outbox = Outbox()
    sent: list[bytes] = []
    outbox.attach(sent.append, Clock())
    outbox.add("a", commands.Tell("#builds", "one")).addCallback(
        lambda _: outbox.add("b", commands.Tell("#builds", "two"))
    )
    outbox.stored("a")
    assert [line.split(b" ")[0] for line in sent] == [b"@label=a;notice", b"@label=b;notice"]


def test_an_old_answer_does_not_move_its_place_back() -> None:
    made, _, _ = detached()
    made.dataReceived(HELLO + b"OK JOIN #builds 1 last=0 resume=r\r\n")
    for line in (b"@id=5;time=2026-01-01T00:00:00Z MSG ann", b"@id=3;time=2026-01-01T00:00:00Z;old;label=a MSG echo"):
        made.dataReceived(line + b" #builds hi\r\n")
    assert made._places.heard("#builds") == (5, "e1")
    made.setTimeout(None)


def test_what_is_refused_for_now_is_said_again_before_what_comes_after_it() -> None:
    clock, outbox = Clock(), Outbox()
    sent: list[bytes] = []
    outbox.attach(sent.append, clock)
    first = outbox.add("a", commands.Tell("#builds", "one"))
    outbox.add("b", commands.Tell("#builds", "two"))
    for code in (Code.UNAVAILABLE, Code.SLOW_DOWN):
        outbox.refused("a", Refused(code, "TELL", "later"))
        clock.advance(60)
    outbox.stored("b")  # is not its turn
    assert [line.split(b" ")[0] for line in sent] == [b"@label=a;notice"] * 3
    outbox.refused("a", Refused(Code.UNAVAILABLE, "TELL", "later"))
    outbox.detach()
    assert clock.getDelayedCalls() == []
    outbox.attach(sent.append, clock)
    outbox.stored("a")
    assert first.called
    assert sent[3:] == [b"@label=a;notice TELL #builds one\r\n", b"@label=b;notice TELL #builds two\r\n"]
