"""How often somebody may be wrong."""

from __future__ import annotations

import pytest
from twisted.internet.task import Clock

from chatd.accounts.throttle import FAILURES, FROM_ONE_NETWORK, MAX_KEPT, SECONDS, Throttle
from chatd.protocol.errors import ChatError, Code

SOMEWHERE = "192.0.2.1"


@pytest.fixture
def clock() -> Clock:
    clock = Clock()
    clock.advance(1_000_000)
    return clock


@pytest.fixture
def throttle(clock: Clock) -> Throttle:
    return Throttle(clock)


def fail(throttle: Throttle, account: str | None, address: str | None, times: int = FAILURES) -> None:
    for _ in range(times):
        throttle.attempt(account, address)


def is_shut(throttle: Throttle, account: str | None, address: str | None) -> bool:
    try:
        throttle.attempt(account, address).void()
    except ChatError as error:
        assert error.code is Code.SLOW_DOWN
        return True
    return False


def test_an_address_may_be_wrong_ten_times_whatever_the_account(throttle: Throttle) -> None:
    for number in range(FAILURES):
        assert not is_shut(throttle, "ann", SOMEWHERE)
        throttle.attempt(f"somebody{number}", SOMEWHERE)
    assert is_shut(throttle, "ann", SOMEWHERE)
    assert is_shut(throttle, None, SOMEWHERE)
    assert not is_shut(throttle, "ann", "192.0.2.2")


def test_an_account_may_be_tried_ten_times_wherever_from(throttle: Throttle) -> None:
    for number in range(FAILURES):
        throttle.attempt("ann", f"192.0.2.{number}")
    assert is_shut(throttle, "ann", "198.51.100.1")
    assert not is_shut(throttle, "bob", "198.51.100.1")


def test_it_is_open_again_as_the_failures_grow_old(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, "ann", SOMEWHERE, FAILURES - 1)
    clock.advance(SECONDS / 2)
    fail(throttle, "ann", SOMEWHERE, 1)
    clock.advance(SECONDS / 2 - 1)
    assert is_shut(throttle, "ann", SOMEWHERE)
    clock.advance(1)
    assert not is_shut(throttle, "ann", SOMEWHERE)
    fail(throttle, "ann", SOMEWHERE, FAILURES - 1)
    assert is_shut(throttle, "ann", SOMEWHERE)


def test_trying_while_it_is_shut_does_not_keep_it_shut(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, "ann", SOMEWHERE)
    clock.advance(SECONDS - 1)
    assert is_shut(throttle, "ann", SOMEWHERE)
    clock.advance(1)
    assert not is_shut(throttle, "ann", SOMEWHERE)


def test_it_says_how_long_it_stays_shut(throttle: Throttle, clock: Clock) -> None:
    fail(throttle, "ann", SOMEWHERE)
    with pytest.raises(ChatError, match="again in 10 min"):
        throttle.attempt("ann", SOMEWHERE)
    clock.advance(SECONDS - 1)
    with pytest.raises(ChatError, match="again in 1 min"):
        throttle.attempt("ann", SOMEWHERE)


def test_a_clock_that_is_set_back_shuts_nobody_out_for_longer() -> None:
    clock = Clock()
    clock.advance(1_000_000)
    throttle = Throttle(clock)
    fail(throttle, "ann", SOMEWHERE)
    clock.rightNow = 500_000.0
    assert not is_shut(throttle, "ann", SOMEWHERE)


def test_attempts_that_are_under_way_count(throttle: Throttle) -> None:
    attempts = [throttle.attempt("ann", SOMEWHERE) for _ in range(FAILURES)]
    assert is_shut(throttle, "ann", SOMEWHERE)
    attempts[0].void()
    assert not is_shut(throttle, "ann", SOMEWHERE)


def test_a_network_of_ipv6_is_one_and_ipv4_addresses_are_many(throttle: Throttle) -> None:
    fail(throttle, None, "2001:db8::1")
    assert is_shut(throttle, None, "2001:db8::ffff:1")
    assert not is_shut(throttle, None, "2001:db8:0:1::1")


@pytest.mark.parametrize("address", [None, "127.0.0.1", "::1"])
def test_this_machine_is_bounded_for_each_account_alone(throttle: Throttle, address: str | None) -> None:
    for number in range(10 * FAILURES):
        throttle.attempt(f"somebody{number}", address)
    fail(throttle, "ann", address)
    assert is_shut(throttle, "ann", address)
    assert not is_shut(throttle, "bob", address)


def fail_from_several(throttle: Throttle, account: str) -> None:
    for number in range(FAILURES):
        throttle.attempt(account, f"198.51.100.{number}")


def test_one_network_shuts_out_itself_and_not_the_account(throttle: Throttle) -> None:
    fail(throttle, "ann", "198.51.100.1")
    assert is_shut(throttle, "ann", "198.51.100.1")
    assert not is_shut(throttle, "ann", SOMEWHERE)


def test_one_network_shuts_out_no_account_as_long_as_it_goes_on(throttle: Throttle, clock: Clock) -> None:
    for _ in range(100):
        while not is_shut(throttle, "ann", "198.51.100.1"):
            throttle.attempt("ann", "198.51.100.1")
        assert not is_shut(throttle, "ann", SOMEWHERE)
        clock.advance(SECONDS / 7)


def test_several_networks_shut_an_account_to_those_it_was_not_reached_from(throttle: Throttle) -> None:
    for number in range(FAILURES // FROM_ONE_NETWORK):
        fail(throttle, "ann", f"198.51.100.{number}")
    assert not is_shut(throttle, "ann", "203.0.113.1")
    fail(throttle, "ann", "198.51.100.99", 1)
    assert is_shut(throttle, "ann", "203.0.113.1")


def test_who_was_in_before_is_not_shut_out_by_others(throttle: Throttle) -> None:
    throttle.attempt("ann", SOMEWHERE).succeeded()
    fail_from_several(throttle, "ann")
    assert is_shut(throttle, "ann", "203.0.113.1")
    assert not is_shut(throttle, "ann", SOMEWHERE)


@pytest.mark.parametrize("address", [SOMEWHERE, "127.0.0.1"])
def test_who_was_in_before_may_be_wrong_ten_times_and_no_more(throttle: Throttle, address: str) -> None:
    throttle.attempt("ann", address).succeeded()
    fail(throttle, "ann", address)
    assert is_shut(throttle, "ann", address)


def test_a_success_resets_nothing(throttle: Throttle) -> None:
    fail(throttle, "ann", SOMEWHERE, FAILURES - 1)
    throttle.attempt("mallory", SOMEWHERE).succeeded()
    fail(throttle, "ann", SOMEWHERE, 1)
    assert is_shut(throttle, "ann", SOMEWHERE)


def test_what_it_keeps_is_bounded(throttle: Throttle) -> None:
    for number in range(MAX_KEPT + 100):
        throttle.attempt(f"a{number}", None).succeeded()
        throttle.attempt(f"b{number}", f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(throttle._times) == MAX_KEPT
    assert len(throttle._known) == MAX_KEPT


def test_nothing_is_kept_of_what_went_well(throttle: Throttle) -> None:
    throttle.attempt(None, SOMEWHERE).succeeded()
    throttle.attempt("ann", SOMEWHERE).void()
    assert not throttle._times
