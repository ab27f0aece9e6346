"""What is too much, on a clock that stands still: rates, rooms, newcomers, and what the log hears of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from ipaddress import ip_address

import pytest
from twisted.internet.base import DelayedCall
from twisted.internet.task import Clock
from twisted.logger import LogEvent, globalLogPublisher

from chatd.app.options import Options, makeService
from chatd.chat.assembly import make_hub
from chatd.chat.limits import Limits, Rate
from chatd.edges.admission import Admission
from chatd.edges.fairness import LINES_AT_ONCE, TICK_SECONDS, RateLimiter, Turns
from chatd.journal.memory import MemoryJournal
from chatd.protocol.names import Nick
from chatd.runtime.log_limiter import QUIET_SECONDS, LogLimiter
from chatd.runtime.timers import TimerWheel
from tests.support.in_memory_chat import InMemoryChat, journal_environment

NOW = 1_000_000.0


@pytest.mark.parametrize("rate", [0.1, 7.0, 100.0])
def test_a_bucket_gives_its_burst_and_then_its_rate(rate: float) -> None:
    bucket, full_at, now, taken = Rate(rate, 20), 0.0, NOW, 0
    while bucket.left(full_at, now) >= 1:
        full_at = bucket.after(full_at, now, 1)
        taken += 1
    assert taken == 20
    for _ in range(1000):
        now += 0.25 / rate
        while bucket.left(full_at, now) >= 1:
            full_at = bucket.after(full_at, now, 1)
            taken += 1
    assert taken == pytest.approx(20 + 250, abs=1)


def test_a_bucket_that_was_left_alone_holds_a_burst_and_no_more() -> None:
    bucket = Rate(10, 20)
    full_at = bucket.after(0.0, NOW, 20)
    assert bucket.left(full_at, NOW + 1) == pytest.approx(10)
    assert bucket.left(full_at, NOW + 1e6) == 20


def test_what_is_owed_is_a_burst_at_most() -> None:
    bucket = Rate(10, 20)
    full_at = bucket.after(bucket.after(0.0, NOW, 10**6), NOW, 10**6)
    assert bucket.left(full_at, NOW) == pytest.approx(-20)
    assert bucket.left(full_at, NOW + 4) == pytest.approx(20)


def test_a_clock_that_is_set_back_makes_nobody_wait() -> None:
    bucket = Rate(10, 20)
    full_at = bucket.after(0.0, NOW, 20)
    assert bucket.left(full_at, NOW - 3600) == 20
    assert bucket.left(bucket.after(full_at, NOW - 3600, 15), NOW - 3600) == pytest.approx(5)


def test_no_rate_is_no_limit() -> None:
    bucket = Rate(0, 20)
    assert bucket.left(bucket.after(0.0, NOW, 10**9), NOW) == 20


class Speaker:
    """One that has lines without end."""

    def __init__(self, rate_limiter: RateLimiter, household: str = "") -> None:
        self.household = household
        self.full_at = 0.0
        self.carried_out = 0
        self._rate_limiter = rate_limiter
        self.resume_lines()

    def resume_lines(self) -> None:
        while lines := self._rate_limiter.grant(self):
            assert lines <= LINES_AT_ONCE
            self.carried_out += lines
            assert self.carried_out < 10**6, "there is no end to it"


@pytest.mark.parametrize(("rate", "burst"), [(100, 2000), (100, 1), (5000, 10), (1, 1)])
def test_lines_come_at_their_rate_and_one_timer_is_enough(rate: int, burst: int) -> None:
    clock = Clock()
    rate_limiter = RateLimiter(clock, Rate(rate, burst), Turns(clock))
    speakers = [Speaker(rate_limiter) for _ in range(5)]
    at_once = speakers[0].carried_out
    assert burst <= at_once <= max(burst, 1 + 2 * TICK_SECONDS * rate)
    for _ in range(2000):
        assert len(clock.getDelayedCalls()) == 1
        clock.advance(0.05)
    for speaker in speakers:
        assert speaker.carried_out - at_once == pytest.approx(rate * 100, rel=0.02)
    for speaker in speakers:
        rate_limiter.forget(speaker)
    assert clock.getDelayedCalls() == []


def test_a_rate_of_none_asks_no_clock() -> None:
    clock = Clock()
    rate_limiter = RateLimiter(clock, Rate(0, 1), Turns(clock))
    chat = Speaker.__new__(Speaker)
    chat.full_at = 0.0
    assert all(rate_limiter.grant(chat) == LINES_AT_ONCE for _ in range(1000))
    assert clock.getDelayedCalls() == []


# Rooms and names.


def test_joins_and_nicks_are_so_many_a_minute_after_a_burst() -> None:
    chat = InMemoryChat(Limits(names_per_minute=6, rooms_per_connection=4))
    alice = chat.person("JOIN alice")
    for number in range(5):
        alice.says(f"NICK alice{number}")
        chat.turn()
    assert alice.take() == [f"OK NICK alice{number}" for number in range(5)]
    for line in ("NICK alicia", "JOIN #b", "PING 1"):
        alice.says(line)
        chat.turn()
    nick, join, pong = alice.take()
    assert nick.startswith("ERR slow-down NICK JOIN, NICK and AWAY together are limited to 6 per minute")
    assert join.startswith("ERR slow-down JOIN ")
    assert pong == "PONG 1"
    chat.wait(10)
    alice.says("JOIN #b", "JOIN #c")
    chat.turn()
    joined, refused = alice.take()
    assert joined == "OK JOIN #b 1"
    assert refused.startswith("ERR slow-down JOIN ")


def test_to_ask_for_a_room_that_one_is_in_and_for_ones_own_nick_costs_nothing() -> None:
    chat = InMemoryChat(Limits(names_per_minute=1, rooms_per_connection=2))
    alice = chat.person("JOIN alice #a")
    for _ in range(20):
        alice.says("JOIN #a", "NICK alice")
        chat.turn()
    assert alice.take() == ["OK JOIN #a 1", "OK NICK alice"] * 20


def test_a_name_rate_of_none_is_no_limit() -> None:
    chat = InMemoryChat(Limits(names_per_minute=0))
    alice = chat.person("JOIN alice")
    for number in range(300):
        alice.says(f"NICK alice{number}")
        chat.turn()
    assert not [line for line in alice.take() if line.startswith("ERR")]


def test_all_the_rooms_that_one_may_be_in_can_be_entered_at_once_but_no_more() -> None:
    chat = InMemoryChat(Limits(names_per_minute=1, rooms_per_connection=30))
    alice = chat.person()
    alice.says("JOIN alice #r0", *[f"JOIN #r{number}" for number in range(1, 30)])
    chat.turn()
    assert len([line for line in alice.take() if line.startswith("OK JOIN ")]) == 30
    alice.says("JOIN #one-more")
    assert alice.take()[0].startswith("ERR full JOIN you are in 30 rooms")
    chat.wait(60)
    alice.says("PART #r7")
    chat.turn()
    alice.says("JOIN #one-more")
    chat.turn()
    assert alice.take() == ["OK PART #r7", "OK JOIN #one-more 1"]


def test_a_room_too_many_is_refused_and_those_that_are_there_are_not() -> None:
    chat = InMemoryChat(Limits(rooms=2))
    chat.person("JOIN alice #a", "JOIN #b")
    bob = chat.person()
    bob.says("JOIN bob #c")
    assert bob.take()[0].startswith("ERR full JOIN the server has 2 rooms")
    bob.says("JOIN bob #A", "JOIN #b")
    chat.turn()
    assert bob.take() == ["OK JOIN #a 2", "OK JOIN #b 2"]


def test_who_is_refused_a_room_has_taken_no_nick() -> None:
    chat = InMemoryChat(Limits(rooms=1))
    chat.person("JOIN alice #a")
    bob = chat.person("JOIN bob #c")
    assert chat.hub.client(Nick("bob")) is None
    assert bob.session.nick == ""


def test_a_program_is_asked_before_it_is_told_what_it_missed() -> None:
    chat = InMemoryChat(Limits(names_per_minute=1, rooms_per_connection=1))
    chat.person("JOIN bob #a", "MSG hi")
    alice = chat.program("JOIN alice #b")
    alice.says("PART #b")
    chat.turn()
    alice.take()
    alice.says("@label=x JOIN #a since=0 epoch=e1")
    chat.turn()
    (refused,) = alice.take()
    assert refused.startswith("@label=x ERR slow-down JOIN ")


# Newcomers.


class Door:
    """A gate of a hub in which nobody is, and what it has let in."""

    def __init__(self, limits: Limits) -> None:
        self.clock = Clock()
        self.hub = make_hub(MemoryJournal(journal_environment(self.clock)), self.clock, limits)
        self.hub.timers.start()
        self.admission = Admission(self.hub)

    def let_in(self, address: str | None, times: int = 1) -> int:
        """Return how many of so many connections come in."""
        found = None if address is None else ip_address(address)
        count = 0
        for _ in range(times):
            if self.admission.refusal(found) is None:
                self.admission.admit(found)
                count += 1
        return count


def test_connections_in_all() -> None:
    door = Door(Limits(connections=5, waiting=0))
    assert door.let_in("127.0.0.1", 3) + door.let_in(None, 9) == 5
    door.admission.release(None)
    assert door.let_in("192.0.2.1", 2) == 1
    assert "full" in str(door.admission.refusal(None))


@pytest.mark.parametrize(
    ("first", "same", "other"),
    [
        ("192.0.2.1", "192.0.2.1", "192.0.2.2"),
        ("2001:db8:0:1::1", "2001:db8:0:1:ffff::2", "2001:db8:0:2::1"),
    ],
)
def test_connections_from_one_address(first: str, same: str, other: str) -> None:
    door = Door(Limits(connections_per_address=3))
    assert door.let_in(first, 2) == 2
    assert door.let_in(same, 2) == 1
    assert "your address" in str(door.admission.refusal(ip_address(first)))
    assert door.let_in(other, 5) == 3
    door.admission.release(ip_address(same))
    assert door.let_in(first, 2) == 1


@pytest.mark.parametrize("address", ["127.0.0.1", "127.1.2.3", "::1", None])
def test_this_machine_is_not_held_to_that(address: str | None) -> None:
    assert Door(Limits(connections_per_address=3)).let_in(address, 50) == 50


def test_nothing_is_kept_of_addresses_that_have_gone() -> None:
    door = Door(Limits())
    for number in range(1, 250):
        address = ip_address(f"192.0.2.{number}")
        door.admission.admit(address)
        door.admission.release(address)
    assert door.admission._by_address == {}
    assert door.admission.count == 0


def test_those_who_have_not_come_in() -> None:
    chat = InMemoryChat(Limits(waiting=2))
    admission = Admission(chat.hub)
    alice, bob = chat.person(), chat.person()
    admission.admit(None)
    admission.admit(None)
    assert "not joined yet" in str(admission.refusal(None))
    alice.says("JOIN alice")
    chat.turn()
    assert admission.refusal(None) is None
    admission.admit(None)
    assert admission.refusal(None) is not None
    bob.says("JOIN bob")
    chat.turn()
    assert admission.refusal(None) is None


def test_none_is_no_limit() -> None:
    door = Door(Limits(connections=0, connections_per_address=0, waiting=0))
    assert door.let_in("192.0.2.1", 20_000) == 20_000


# The log.


@pytest.fixture
def logged() -> Iterator[list[str]]:
    """Return what is logged, as it comes."""
    lines: list[str] = []

    def observe(event: LogEvent) -> None:
        lines.append(str(event["log_format"]).format(**event))

    globalLogPublisher.addObserver(observe)  # type: ignore[arg-type]  # any callable is one
    yield lines
    globalLogPublisher.removeObserver(observe)  # type: ignore[arg-type]  # as above


def test_the_log_hears_of_a_flood_once_a_minute(logged: list[str]) -> None:
    clock = Clock()
    timers = TimerWheel(clock)
    timers.start()
    log_limiter = LogLimiter(timers)
    for second in range(150):
        for _ in range(100):
            log_limiter.note(f"{{curly}} trouble in second {second}")
        clock.advance(1)
    assert logged[0] == "{curly} trouble in second 0"
    assert len(logged) == 3
    assert logged[1].endswith("59; 5999 such in a minute") or logged[1].endswith("60; 6099 such in a minute")
    for _ in range(QUIET_SECONDS * 2 + 2):
        clock.advance(1)
    assert len(logged) == 4
    log_limiter.note("again")
    assert logged[-1] == "again"
    timers.stop()


def test_newcomers_who_are_refused_do_not_flood_it(logged: list[str]) -> None:
    door = Door(Limits(connections=1))
    assert door.let_in("192.0.2.1", 1000) == 1
    assert len(logged) == 1
    assert "192.0.2.1 was refused" in logged[0]


# The options.


def limits_of(*words: str) -> Limits:
    options = Options()
    options.parseOptions(list(words))
    return makeService(options)._hub.limits


def test_every_limit_has_its_option() -> None:
    names = {
        "max-connections": "connections",
        "max-per-address": "connections_per_address",
        "max-waiting": "waiting",
        "line-rate": "lines_per_second",
        "line-burst": "line_burst",
        "name-rate": "names_per_minute",
        "tell-rate": "tells_per_minute",
        "max-rooms-per-connection": "rooms_per_connection",
        "max-rooms": "rooms",
        "join-timeout": "join_seconds",
        "ping-interval": "ping_seconds",
    }
    words = [word for number, name in enumerate(names, 7) for word in (f"--{name}", str(number))]
    limits = limits_of(*words)
    assert [getattr(limits, field) for field in names.values()] == list(range(7, 7 + len(names)))
    assert limits_of() == replace(Limits(), room_founders=False)


@pytest.mark.parametrize(
    "words",
    [
        ["--max-connections", "-1"],
        ["--line-burst", "0"],
        ["--line-rate", "fast"],
        ["--trusted-proxy", "10.0.0.1/8"],
        ["--trusted-proxy", "proxy.example"],
    ],
)
def test_a_wrong_limit_is_one_line(words: list[str]) -> None:
    with pytest.raises(SystemExit) as stop:
        limits_of(*words)
    assert words[0] in str(stop.value)
    assert "\n" not in str(stop.value)


class Slow(Clock):
    """A clock on which everything takes two milliseconds, and that counts what is called in one turn."""

    def __init__(self) -> None:
        super().__init__()
        self.due: list[Callable[..., object]] = []

    def callLater(  # noqa: N802  # Twisted's
        self,
        delay: float,  # noqa: ARG002  # Twisted's
        callable: Callable[..., object],  # noqa: A002  # Twisted's
        *args: object,  # noqa: ARG002  # Twisted's
        **kw: object,  # noqa: ARG002  # Twisted's
    ) -> DelayedCall:
        self.due.append(callable)
        return DelayedCall(0, callable, (), {}, lambda _: None, lambda _: None, self.seconds)

    def turn(self) -> None:
        due, self.due = self.due, []
        for call in due:
            call()


def test_those_with_more_to_do_take_turns_and_leave_others_theirs() -> None:
    clock = Slow()
    turns = Turns(clock)
    done: list[int] = []

    def worker(number: int) -> Callable[[], None]:
        def go_on() -> None:
            done.append(number)
            clock.rightNow += 0.0012
            if done.count(number) < 2:
                turns.schedule(go_on)

        return go_on

    for number in range(5):
        turns.schedule(worker(number))
    assert turns.crowded
    clock.turn()
    assert done == [0, 1, 2]  # three milliseconds
    clock.turn()
    assert done == [0, 1, 2, 3, 4, 0]
    for _ in range(5):
        clock.turn()
    assert done == [*range(5), *range(5)]
    assert not turns.crowded
    assert not clock.due


def test_who_asks_for_little_goes_first_and_nobody_waits_for_ever() -> None:
    clock = Slow()
    turns = Turns(clock)
    done: list[str] = []

    def go_on(name: str) -> None:
        done.append(name)
        clock.rightNow += 0.02
        turns.schedule(partial(go_on, name), light=name == "light")

    for name in ("first", "second", "light"):
        turns.schedule(partial(go_on, name), light=name == "light")
    for _ in range(3):
        clock.turn()
    assert done == ["light", "first", "light", "second", "light", "first"]


def test_who_sent_no_more_than_a_second_allows_asks_for_little() -> None:
    clock = Clock()
    clock.advance(NOW)
    rate_limiter = RateLimiter(clock, Rate(100, 1000), Turns(clock))
    talker, flood = Speaker(rate_limiter), Speaker(rate_limiter)
    for each in (talker, flood):
        rate_limiter.forget(each)
        each.full_at = 0.0
    assert rate_limiter.is_light(talker)
    rate_limiter.charge(talker, 90)
    rate_limiter.charge(flood, 200)
    assert (rate_limiter.is_light(talker), rate_limiter.is_light(flood)) == (True, False)
    clock.advance(1.5)
    assert rate_limiter.is_light(flood)
