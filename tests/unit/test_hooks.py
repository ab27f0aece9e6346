"""Hooks over a chat in memory, with a receiver that answers as it is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from twisted.internet.defer import CancelledError, Deferred, succeed
from twisted.logger import ILogObserver, LogEvent, eventAsText, globalLogPublisher

from chatd.hooks import HooksError
from chatd.hooks.delivery import MAX_LEAVE_ALONE_SECONDS, MAX_RETRY_SECONDS, READ_AGAIN_SECONDS
from chatd.hooks.receiver import Outcome
from chatd.hooks.service import STOP_SECONDS, Hooks
from chatd.hooks.signing import signature
from chatd.hooks.store import Hook, HookStore, open_hook_store
from chatd.journal import JournalError, Retention
from chatd.journal.factory import from_string
from chatd.journal.known_rooms import RoomState
from chatd.protocol.names import RoomName
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts
from tests.support.in_memory_chat import ImmediateWorker, InMemoryChat, journal_environment

OK = Outcome(204)
DOWN = Outcome(None, "connection refused")
URL = "https://user:word@example.org/in/s3cret?token=s3cret"
KEY = bytes(32)


class FakeReceiver:
    """Remembers what it was sent, and answers ``answer``; with None it answers when `reply` is called."""

    def __init__(self) -> None:
        self.answer: Outcome | None = OK
        self.requests: list[tuple[dict[str, str], bytes]] = []
        self.waiting: list[Deferred[Outcome]] = []
        self.most_waiting = self.broken_off = 0
        self.is_open = False
        """Whether it may have a connection."""

    async def post(self, headers: dict[str, str], body: bytes) -> Outcome:
        self.is_open = True
        self.requests.append((headers, body))
        if self.answer is not None:
            return self.answer
        waiting: Deferred[Outcome] = Deferred()
        self.waiting.append(waiting)
        self.most_waiting = max(self.most_waiting, len(self.waiting))
        try:
            return await waiting
        except CancelledError:
            self.broken_off += 1
            return DOWN

    def rest(self) -> Deferred[None]:
        self.is_open = False
        return succeed(None)

    def abort(self) -> None:
        self.is_open = False

    def reply(self, outcome: Outcome) -> None:
        self.waiting.pop().callback(outcome)

    @property
    def texts(self) -> list[str]:
        return [json.loads(body)["text"] for _, body in self.requests]


class Hooked:
    """A chat with a file of hooks and one receiver for all of them."""

    def __init__(self, path: Path, chat: InMemoryChat) -> None:
        self.path = path
        self.chat = chat
        self.receiver = FakeReceiver()
        self.store = HookStore(path)
        self.hooks = self.begin()

    def begin(self) -> Hooks:
        hub = self.chat.hub
        hooks = Hooks(
            self.path,
            self.chat.clock,
            ImmediateWorker(),
            self.chat.journal,
            self.chat.clock.seconds,
            hub.log_limiter,
            lambda _hook: self.receiver,
            jitter=lambda: 1.0,
        )
        hooks.start()
        return hooks

    def add(self, room: str = "#builds", **more: Any) -> int:
        """Add a hook and let it be seen."""
        now = int(self.chat.clock.seconds() * 1000)
        id_ = self.store.add(replace(Hook(0, RoomName(room), URL, KEY, False, now, "series"), **more))
        self.pass_time(1.2)
        return id_

    def pass_time(self, seconds: float = 1.0) -> None:
        for _ in range(round(seconds * 5)):
            self.chat.clock.advance(0.2)
            self.chat.turn()

    def end(self) -> None:
        ended = Deferred.fromCoroutine(self.hooks.stop())
        self.chat.wait(STOP_SECONDS + 1)
        assert ended.called
        assert not self.receiver.is_open

    @property
    def state(self) -> Hook:
        (hook,) = self.store.all()
        return hook


@contextmanager
def chat_of(where: str, retention: Retention | None = None) -> Iterator[InMemoryChat]:
    chat = InMemoryChat(journal=lambda clock: from_string(where, journal_environment(clock, retention)))
    try:
        yield chat
    finally:
        chat.journal.stop()
        chat.turn()


@contextmanager
def hooked_on(path: Path, chat: InMemoryChat) -> Iterator[Hooked]:
    hooked = Hooked(path, chat)
    try:
        yield hooked
    finally:
        hooked.end()
        hooked.store.close()


@pytest.fixture(params=["memory", "sqlite"])
def hooked(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Hooked]:
    where = "memory:" if request.param == "memory" else f"sqlite:{tmp_path}/journal"
    with chat_of(where) as chat, hooked_on(tmp_path / "hooks", chat) as hooked:
        yield hooked


@contextmanager
def logged() -> Iterator[list[str]]:
    lines: list[str] = []
    note: Callable[[LogEvent], None] = lambda event: lines.append(eventAsText(event))  # noqa: E731  # named
    observer = cast(ILogObserver, note)
    globalLogPublisher.addObserver(observer)
    try:
        yield lines
    finally:
        globalLogPublisher.removeObserver(observer)


def test_each_message_is_told_from_now_on_signed(hooked: Hooked) -> None:
    ann = hooked.chat.program("JOIN ann #builds", "MSG before")
    bob = hooked.chat.program("JOIN bob #other")
    hooked.pass_time()
    hooked.add()
    bob.says("MSG elsewhere")
    ann.says("MSG hello", "TOPIC the topic", "MSG wörld")
    hooked.pass_time()
    assert hooked.receiver.texts == ["hello", "wörld"]
    headers, body = hooked.receiver.requests[0]
    told = json.loads(body)
    assert list(told) == ["id", "epoch", "time", "room", "nick", "text"]
    assert (told["room"], told["nick"], told["epoch"]) == ("#builds", "ann", hooked.chat.journal.epoch)
    assert headers["Webhook-Id"] == f"series-{told['id']}"
    expected = signature(KEY, headers["Webhook-Id"], int(headers["Webhook-Timestamp"]), body)
    assert headers["Webhook-Signature"] == expected
    assert hooked.state.behind == 0


def test_the_request_on_the_page_has_the_fields_that_are_sent(hooked: Hooked) -> None:
    page = (Path(__file__).parents[2] / "docs" / "hooks.rst").read_text()
    head, body = page.partition("code-block:: http\n")[2].split("\n\n")[:2]
    ann = hooked.chat.program("JOIN ann #builds")
    hooked.add()
    ann.says("MSG passed")
    hooked.pass_time()
    headers, sent = hooked.receiver.requests[0]
    shown = dict(line.strip().split(": ") for line in head.strip().splitlines()[1:])
    assert shown.keys() == {"Content-Type", *headers}
    assert list(json.loads(body)) == list(json.loads(sent))
    expected = signature(KEY, shown["Webhook-Id"], int(shown["Webhook-Timestamp"]), body.strip().encode())
    assert shown["Webhook-Signature"] == expected


def test_from_the_beginning_and_after_an_id(hooked: Hooked) -> None:
    hooked.chat.program("JOIN ann #builds", "MSG one", "MSG two", "MSG three")
    hooked.add(position=0)
    hooked.pass_time()
    assert hooked.receiver.texts == ["one", "two", "three"]
    first = json.loads(hooked.receiver.requests[0][1])["id"]
    hooked.add(position=first)
    hooked.pass_time()
    assert hooked.receiver.texts[3:] == ["two", "three"]


def test_one_is_under_way_at_a_time_and_the_same_id_is_sent_again(hooked: Hooked) -> None:
    hooked.add()
    hooked.receiver.answer = None
    ann = hooked.chat.program("JOIN ann #builds", "MSG one", "MSG two")
    hooked.pass_time()
    assert hooked.receiver.texts == ["one"]
    hooked.receiver.reply(Outcome(500, "answered 500"))
    hooked.pass_time(1.4)
    assert hooked.receiver.texts == ["one", "one"]
    first, again = (headers["Webhook-Id"] for headers, _ in hooked.receiver.requests)
    assert first == again
    hooked.receiver.reply(OK)
    ann.says("MSG three")
    hooked.pass_time()
    hooked.receiver.reply(OK)
    hooked.receiver.answer = OK
    hooked.pass_time()
    assert hooked.receiver.texts == ["one", "one", "two", "three"]
    assert hooked.receiver.most_waiting == 1


def test_it_is_tried_again_later_and_later(hooked: Hooked) -> None:
    hooked.add()
    hooked.receiver.answer = DOWN
    with logged() as lines:
        hooked.chat.program("JOIN ann #builds", "MSG one", "MSG two")
        hooked.pass_time(0.6)
        assert (len(hooked.receiver.requests), hooked.state.behind) == (1, 2)
        hooked.pass_time(40)
    assert len(hooked.receiver.requests) == 6  # after 1, 2, 4, 8 and 16 seconds
    assert (hooked.state.failures, hooked.state.behind, hooked.state.why) == (6, 2, "connection refused")
    assert hooked.state.next > hooked.chat.clock.seconds()
    with logged() as meanwhile:
        hooked.pass_time(2 * 60 * 60)
    before = len(hooked.receiver.requests)
    hooked.pass_time(10 * MAX_RETRY_SECONDS)
    assert 9 <= len(hooked.receiver.requests) - before <= 10
    hooked.receiver.answer = OK
    with logged() as after:
        hooked.pass_time(MAX_RETRY_SECONDS)
    assert hooked.receiver.texts[-2:] == ["one", "two"]
    assert (hooked.state.failures, hooked.state.behind, hooked.state.why) == (0, 0, "")
    told = [line for line in [*lines, *meanwhile, *after] if "hook" in line]
    assert [line.partition("example.org ")[2] for line in told] == [
        "fails: connection refused; retrying",
        "works again",
    ]
    assert not [line for line in told if "s3cret" in line or "word" in line]


def test_what_waits_is_counted_meanwhile(hooked: Hooked) -> None:
    hooked.add()
    hooked.receiver.answer = Outcome(503, "answered 503", 3600)
    ann = hooked.chat.program("JOIN ann #builds", "MSG one")
    hooked.pass_time(2)
    ann.says("MSG two", "MSG three")
    hooked.pass_time(20)
    assert hooked.state.behind == 3
    assert len(hooked.receiver.requests) == 1


def test_retry_after_is_honoured_up_to_a_day(hooked: Hooked) -> None:
    hooked.add()
    hooked.receiver.answer = Outcome(429, "answered 429", 10**8)
    hooked.chat.program("JOIN ann #builds", "MSG one")
    hooked.pass_time()
    hooked.chat.clock.advance(MAX_LEAVE_ALONE_SECONDS - 10)
    hooked.pass_time()
    assert len(hooked.receiver.requests) == 1
    hooked.pass_time(10)
    assert len(hooked.receiver.requests) == 2


def test_retry_after_is_honoured_over_a_restart(hooked: Hooked) -> None:
    hooked.add()
    hooked.receiver.answer = Outcome(429, "answered 429", 10**8)
    hooked.chat.program("JOIN ann #builds", "MSG one")
    hooked.pass_time(60)
    hooked.end()
    hooked.hooks = hooked.begin()
    hooked.pass_time(60)
    assert len(hooked.receiver.requests) == 1
    hooked.chat.clock.advance(MAX_LEAVE_ALONE_SECONDS)
    hooked.pass_time()
    assert len(hooked.receiver.requests) == 2


def test_gone_is_the_end(hooked: Hooked) -> None:
    hooked.add()
    hooked.receiver.answer = Outcome(410, "answered 410")
    hooked.chat.program("JOIN ann #builds", "MSG one", "MSG two")
    hooked.pass_time(100)
    assert hooked.receiver.texts == ["one"]
    assert hooked.state.disabled
    hooked.end()
    hooked.hooks = hooked.begin()
    hooked.pass_time(100)
    assert hooked.receiver.texts == ["one"]


def test_what_was_taken_back_or_changed_meanwhile_is_sent_so(hooked: Hooked) -> None:
    hooked.add()
    hooked.receiver.answer = DOWN
    ann = hooked.chat.program("JOIN ann #builds")
    for text in ("one", "two", "three"):
        ann.says(f"MSG {text}")
    hooked.pass_time()
    ids = [int(line[1:].partition(";")[0].removeprefix("id=")) for line in ann.take() if " MSG " in line]
    ann.says(f"RETRACT {ids[0]}", f"EDIT {ids[1]} other")
    hooked.pass_time()
    hooked.receiver.requests.clear()
    hooked.receiver.answer = OK
    hooked.pass_time(10)
    assert hooked.receiver.texts == ["other", "three"]


def test_what_was_deleted_meanwhile_is_left_out_and_told(tmp_path: Path) -> None:
    with (
        chat_of("memory:", Retention(messages=2)) as chat,
        hooked_on(tmp_path / "hooks", chat) as hooked,
        logged() as lines,
    ):
        hooked.add()
        hooked.receiver.answer = DOWN
        ann = hooked.chat.program("JOIN ann #builds", "MSG one")
        hooked.pass_time()
        ann.says("MSG two", "MSG three", "MSG four")
        hooked.receiver.answer = OK
        hooked.pass_time(10)
        assert hooked.receiver.texts == ["one", "three", "four"]
        assert hooked.state.missed
    assert len([line for line in lines if "skipped messages" in line]) == 1


def test_a_room_that_cannot_be_read_holds_up_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with chat_of("memory:") as chat, hooked_on(tmp_path / "hooks", chat) as hooked:
        hooked.add("#broken")
        hooked.add()
        hooked.pass_time()
        state_of = chat.journal.room_state

        def read(key: str) -> RoomState | None:
            if key == "#broken":
                raise JournalError("the disk has lost it")
            return state_of(key)

        monkeypatch.setattr(chat.journal, "room_state", read)
        hooked.pass_time()
        hooked.chat.program("JOIN ann #builds", "MSG one")
        hooked.pass_time(2)
        assert hooked.receiver.texts == ["one"]
        monkeypatch.undo()
        hooked.chat.program("JOIN bob #broken", "MSG two")
        hooked.pass_time(READ_AGAIN_SECONDS + 1)
        assert hooked.receiver.texts == ["one", "two"]


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    with (
        chat_of(f"sqlite:{tmp_path}/journal") as chat,
        hooked_on(tmp_path / "hooks", chat) as hooked,
    ):
        hooked.add()
        ann = chat.program("JOIN ann #builds", "MSG one")
        hooked.pass_time()
        hooked.receiver.answer = DOWN
        ann.says("MSG two")
        hooked.pass_time()
    with (
        chat_of(f"sqlite:{tmp_path}/journal") as chat,
        hooked_on(tmp_path / "hooks", chat) as hooked,
    ):
        chat.program("JOIN ann #builds", "MSG three")
        hooked.pass_time(5)
        assert hooked.receiver.texts == ["two", "three"]


def test_another_journal_begins_anew_under_other_ids(tmp_path: Path) -> None:
    with (
        chat_of("memory:") as chat,
        hooked_on(tmp_path / "hooks", chat) as hooked,
    ):
        hooked.add()
        chat.program("JOIN ann #builds", "MSG one")
        hooked.pass_time()
    environment = replace(journal_environment(chat.clock), make_epoch=lambda: "e2")
    chat = InMemoryChat(
        journal=lambda clock: from_string("memory:", replace(environment, clock=clock, wall=clock.seconds))
    )
    with hooked_on(tmp_path / "hooks", chat) as again:
        chat.program("JOIN ann #builds", "MSG two")
        again.pass_time()
        assert again.receiver.texts == ["two"]
        ids = [
            headers["Webhook-Id"] for receiver in (hooked.receiver, again.receiver) for headers, _ in receiver.requests
        ]
        assert len(set(ids)) == 2 and len({id_.partition("-")[2] for id_ in ids}) == 1
    chat.journal.stop()


def test_a_hook_that_is_removed_sends_nothing_more_and_breaks_off(hooked: Hooked) -> None:
    id_ = hooked.add()
    hooked.receiver.answer = None
    ann = hooked.chat.program("JOIN ann #builds", "MSG one", "MSG two")
    hooked.pass_time()
    assert hooked.store.remove(id_)
    hooked.pass_time(2)
    assert hooked.receiver.broken_off == 1
    ann.says("MSG three")
    hooked.pass_time(10)
    assert hooked.receiver.texts == ["one"]
    assert hooked.store.all() == []
    assert hooked.add() != id_


def test_a_receiver_that_does_not_answer_holds_up_neither_another_nor_the_end(hooked: Hooked) -> None:
    hooked.add()
    hooked.receiver.answer = None
    hooked.chat.program("JOIN ann #builds", "MSG one")
    hooked.pass_time()
    hooked.receiver.answer = OK
    hooked.add("#other")
    hooked.chat.program("JOIN bob #other", "MSG two")
    hooked.pass_time()
    assert hooked.receiver.texts == ["one", "two"]
    hooked.end()
    assert hooked.receiver.broken_off == 1
    first, _ = hooked.store.all()
    assert first.failures == 0


def test_private_lines_go_nowhere(tmp_path: Path) -> None:
    chat = ChatWithAccounts("ann", "bob")
    with closing(HookStore(tmp_path / "hooks")) as store:
        hooked = Hooked.__new__(Hooked)
        hooked.path, hooked.chat, hooked.receiver, hooked.store = tmp_path / "hooks", chat, FakeReceiver(), store
        hooked.hooks = hooked.begin()
        ann, _ = (
            chat.visitor("HELLO 1", f"LOGIN {name} {PASSWORD}", f"JOIN {name} #builds") for name in ("ann", "bob")
        )
        chat.turn()
        for room in ("#builds", *(key for key in chat.journal.known_rooms)):
            hooked.add(room, position=0)
        ann.says("TELL bob between us", "MSG for all")
        hooked.pass_time(3)
        assert hooked.receiver.texts == ["for all"]
        hooked.end()
    chat.journal.stop()
    chat.turn()
    chat.close()


def test_the_file_is_for_its_owner_alone_and_for_hooks_alone(tmp_path: Path) -> None:
    path = tmp_path / "hooks"
    with open_hook_store(path, make=True) as store:
        store.add(Hook(0, RoomName("#a"), URL, KEY, True, 1, "s", None, 7))
        (hook,) = store.all()
        assert (hook.room.key, hook.private, hook.position, hook.disabled) == ("#a", True, 7, False)
        assert "s3cret" not in repr(hook) and "x00" not in repr(hook)
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(HooksError, match="no such file"), open_hook_store(tmp_path / "other", make=False):
        pass
    with chat_of(f"sqlite:{tmp_path}/journal"):
        pass
    with pytest.raises(HooksError, match="but not of webhooks"):
        HookStore(tmp_path / "journal")


class EndingWorker(ImmediateWorker):
    """A worker that takes no more jobs once it was stopped, as Twisted's thread pool does, whatever is started then."""

    stopped = False

    def stop(self) -> None:
        self.stopped = True

    def do(self, job: Callable[[], Any]) -> Deferred[Any]:
        assert not self.stopped
        return super().do(job)


def test_a_file_that_is_mended_is_read_without_a_restart(tmp_path: Path) -> None:
    chat, path = InMemoryChat(), tmp_path / "hooks"
    path.write_bytes(b"no database")
    worker = EndingWorker()
    hooks = Hooks(path, chat.clock, worker, chat.journal, chat.clock.seconds, log_limiter=chat.hub.log_limiter)
    hooks.start()
    chat.clock.pump([0.1] * 30)
    assert hooks._store is None
    path.unlink()
    HookStore(path).close()
    chat.clock.pump([0.1] * 30)
    assert hooks._store is not None
    ended = Deferred.fromCoroutine(hooks.stop())
    chat.clock.pump([0.1] * 30)
    assert ended.called
    assert worker.stopped
