"""What connections of one address share: coming and going, new rooms, lines."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from twisted.internet.task import Clock

from chatd.chat.limits import Limits, Rate
from chatd.chat.shares import CONNECTIONS, MAX_ADDRESSES, SPEAKERS, Share
from chatd.edges.fairness import RateLimiter, Turns
from tests.support.in_memory_chat import ChatClient, InMemoryChat
from tests.unit.test_limits import Speaker

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
BURST = 100 * CONNECTIONS
"""How many may come and go at once, by default."""


@pytest.fixture
def chat() -> InMemoryChat:
    return InMemoryChat()


def visit(chat: InMemoryChat, address: str | None, *lines: str, account: str | None = None) -> list[str]:
    """Connect, send lines, and be gone; return the answers."""
    client = ChatClient(chat.hub, address)
    client.session.account = account
    client.says(*lines)
    chat.turn()
    client.lose()
    chat.turn()
    return client.take()


def churn(chat: InMemoryChat, address: str | None, times: int, account: str | None = None) -> int:
    """Come and go as often as that; return how often that was let in."""
    answers = [visit(chat, address, f"JOIN m{number}", "QUIT look at me", account=account) for number in range(times)]
    return sum(answer[0].startswith("OK JOIN ") for answer in answers)


@pytest.mark.parametrize("address", [HERE, "127.0.0.1", "2001:db8::1", None])
def test_reconnecting_instead_of_talking_is_worth_nothing(chat: InMemoryChat, address: str | None) -> None:
    alice = chat.person("JOIN alice")
    assert churn(chat, address, 4 * BURST) == BURST
    assert len(alice.take()) == 2 * BURST
    assert visit(chat, ELSEWHERE, "JOIN bob")[0].startswith("OK JOIN ")
    chat.wait(20)
    alice.session.heard = chat.hub.timers.now
    assert churn(chat, address, BURST) == pytest.approx(20 * CONNECTIONS, abs=CONNECTIONS)


def test_who_is_refused_hears_why_and_may_come_later(chat: InMemoryChat) -> None:
    churn(chat, HERE, BURST)
    (refused,) = visit(chat, HERE, "JOIN bob")
    assert refused.startswith("ERR slow-down JOIN too many people came and went from your address; ")
    chat.wait(2)
    assert visit(chat, HERE, "JOIN bob")[0].startswith("OK JOIN ")


def test_addresses_of_one_network_of_ipv6_are_one(chat: InMemoryChat) -> None:
    churn(chat, "2001:db8::1", BURST)
    assert visit(chat, "2001:db8::2:2", "JOIN bob")[0].startswith("ERR slow-down ")
    assert visit(chat, "2001:db8:0:1::1", "JOIN bob")[0].startswith("OK JOIN ")


def test_an_account_is_held_to_its_own_share(chat: InMemoryChat) -> None:
    churn(chat, HERE, BURST)
    assert visit(chat, HERE, "JOIN bob", account="bob")[0].startswith("OK JOIN ")
    assert churn(chat, ELSEWHERE, 2 * BURST, account="mallory") == BURST


def test_nicks_count_as_well(chat: InMemoryChat) -> None:
    alice = chat.person("JOIN alice")
    for visitor in range(20):
        visit(chat, HERE, f"JOIN v{visitor}", *(f"NICK n{visitor}.{number}" for number in range(90)))
    assert len([line for line in alice.take() if line.startswith("NICK ")]) <= BURST


def test_parting_and_joining_again_counts(chat: InMemoryChat) -> None:
    alice = chat.person("JOIN alice #x")
    for visitor in range(20):
        visit(chat, HERE, f"JOIN v{visitor} #y", *("JOIN #x", "PART #x") * 40)
    assert len(alice.take()) <= 2 * BURST + 2


def test_a_class_behind_one_router_comes_in_at_once_and_speaks(chat: InMemoryChat) -> None:
    for _ in range(3):  # lessons
        pupils = [ChatClient(chat.hub, HERE) for _ in range(40)]
        for number, pupil in enumerate(pupils):
            pupil.says(f"JOIN pupil{number}", "JOIN #class", f"JOIN #group{number // 4}", f"JOIN #own{number}")
            pupil.says("TELL #class hello", f"TELL #group{number // 4} hello")
        chat.turn()
        assert not [line for pupil in pupils for line in pupil.take() if line.startswith("ERR ")]
        for pupil in pupils:
            pupil.lose()
        chat.turn()
        chat.wait(60)


def test_who_stays_costs_nothing(chat: InMemoryChat) -> None:
    """As many programs as there are on one machine."""
    for number in range(2 * BURST):
        bot = ChatClient(chat.hub, "127.0.0.1")
        bot.says(f"JOIN b{number}")
        assert not [line for line in bot.take() if line.startswith("ERR ")]
    chat.turn()
    assert len(chat.hub.clients) == 2 * BURST


def test_new_rooms_are_so_many_for_one_connection_and_for_one_address(chat: InMemoryChat) -> None:
    made = 0
    for visitor in range(20):
        client = ChatClient(chat.hub, HERE)
        client.says(f"JOIN v{visitor} #old", *(f"JOIN #r{visitor}.{number}" for number in range(90)))
        chat.turn()
        made += sum(line.startswith("OK JOIN #r") for line in client.take())
    assert made == BURST - 1
    assert visit(chat, HERE, "JOIN eve #old")[0].startswith("OK JOIN ")
    assert visit(chat, HERE, "JOIN eva #new")[0].startswith("ERR slow-down JOIN too many new rooms ")
    assert visit(chat, ELSEWHERE, "JOIN eva #new")[0].startswith("OK JOIN ")


def test_no_name_rate_is_no_limit_for_an_address_either() -> None:
    chat = InMemoryChat(Limits(names_per_minute=0))
    assert churn(chat, HERE, 3 * BURST) == 3 * BURST
    assert len(chat.hub.shares.moves) == 0


@pytest.fixture
def rate_limiter() -> Iterator[tuple[Clock, RateLimiter, list[Speaker]]]:
    clock = Clock()
    clock.advance(1_000_000)
    turns = Turns(clock)
    rate = Rate(100, 200)
    limiter = RateLimiter(clock, rate, turns, Share(rate.times(SPEAKERS), clock))
    speakers = [Speaker(limiter, HERE) for _ in range(30)]
    yield clock, limiter, speakers
    for speaker in speakers:
        limiter.forget(speaker)


def test_lines_of_one_address_are_read_at_one_rate(
    rate_limiter: tuple[Clock, RateLimiter, list[Speaker]],
) -> None:
    clock, limiter, speakers = rate_limiter
    other = Speaker(limiter, ELSEWHERE)
    assert sum(speaker.carried_out for speaker in speakers) == 200 * SPEAKERS
    assert other.carried_out == 200
    for _ in range(1000):
        clock.advance(0.05)
    carried_out = [speaker.carried_out for speaker in speakers]
    assert sum(carried_out) == pytest.approx(200 * SPEAKERS + 50 * 100 * SPEAKERS, rel=0.03)
    assert min(carried_out) > max(carried_out) / 3, "each has its part"
    limiter.forget(other)


def test_what_was_granted_to_those_who_have_gone_is_there_for_others(
    rate_limiter: tuple[Clock, RateLimiter, list[Speaker]],
) -> None:
    _, limiter, _ = rate_limiter
    passer_by = Speaker.__new__(Speaker)
    passer_by.household = ELSEWHERE
    for _ in range(200 * SPEAKERS):
        passer_by.full_at = 0.0
        granted = limiter.grant(passer_by)
        assert granted
        limiter.forget(passer_by, granted - 1)


def test_what_is_known_of_addresses_is_bounded_and_goes() -> None:
    clock = Clock()
    clock.advance(1_000_000)
    share = Share(Rate(1, 10), clock)
    for number in range(MAX_ADDRESSES + 1000):
        share.use(str(number), 5)
    assert len(share) <= MAX_ADDRESSES
    clock.advance(11)
    for _ in range(MAX_ADDRESSES):
        share.use("one", 1)
    assert len(share) == 1
    assert share.left("one") <= 0


def test_without_limits_anybody_may_come() -> None:
    chat = InMemoryChat(Limits(names_per_minute=0, rooms_per_connection=0))
    ann = ChatClient(chat.hub)
    ann.says("JOIN ann #den", "JOIN #other", "NICK anna", "PART #den", "JOIN #den")
    chat.turn()
    assert [line for line in ann.take() if line.startswith("ERR")] == []
