"""A reload: that each option which is live holds where it is used, and that what is wrong changes nothing."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from pytest_twisted import ensureDeferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.logger import LogLevel

from benchmarks.ports import free_ports
from chatd.accounts.service import AccountService, Registration
from chatd.app.configuration.sections import ROWS, SECTION_OF
from chatd.app.doors import Spoken
from chatd.app.option_fields import OptionField, option_fields
from chatd.app.reloading.applying import APPLIED
from chatd.app.service import ChatService
from chatd.chat.limits import Limits
from chatd.chat.shares import CONNECTIONS, SPEAKERS
from chatd.edges.irc.connection import IrcFactory
from chatd.edges.web.site import WebFactory
from chatd.journal import Query, Retention
from chatd.runtime.option import Duration, Switch
from tests.support.daemon import DEADLINE, Client
from tests.support.linked_users import real_reactor, until
from tests.support.reloading import QUIET, running, toml

NOT_THERE = os.strerror(errno.ENOENT)
LIVE = {name for name, row in ROWS.items() if row.live}


class Probe(NamedTuple):
    """What is written for an option, and what is then to be found in a daemon that had none of it."""

    written: str
    found: Callable[[ChatService], object]
    wanted: object


def edge(service: ChatService, kind: type[Any]) -> Any:
    """Return what makes the connections of an edge, wherever it listens."""
    (found,) = {each.place.factory for each in service.open_doors.opened if isinstance(each.place.factory, kind)}
    return found


def of_limits(each: OptionField) -> Probe:
    match each.option:
        case Switch():
            return Probe("true", lambda service: service._hub.limits.room_founders, wanted=True)
        case _:
            wanted = each.default + 1
            return Probe(str(wanted), lambda service: getattr(service._hub.limits, each.field), wanted)


def of_retention(each: OptionField) -> Probe:
    written, wanted = ('"7m"', 420) if isinstance(each.option, Duration) else ("11", 11)
    return Probe(written, lambda service: getattr(service._hub.journal.retention, each.field), wanted)


def names_of(service: ChatService) -> set[str]:
    return {each.place.wish.name for each in service.open_doors.opened}


def registration(service: ChatService) -> Registration:
    accounts = service._hub.accounts
    assert isinstance(accounts, AccountService)
    assert accounts.takes_newcomers is (accounts._registration is not Registration.OFF)
    return accounts._registration


PROBES = {
    **{each.option.name: of_limits(each) for each in option_fields(Limits)},
    **{each.option.name: of_retention(each) for each in option_fields(Retention)},
    "interface": Probe('"127.0.0.2"', lambda service: service.doors[0].host, "127.0.0.2"),
    "listen": Probe('["tcp:0:interface=127.0.0.3"]', lambda service: service.doors[1].host, "127.0.0.3"),
    "web": Probe(
        '"tcp:0:interface=127.0.0.4"', lambda service: [each.is_page for each in service.doors], [False, True]
    ),
    "irc": Probe(
        '["tcp:0:interface=127.0.0.5"]',
        lambda service: [each.place.wish.spoken for each in service.open_doors.opened],
        [Spoken.LINES, Spoken.IRC],
    ),
    "announce": Probe('"chat of a test"', lambda service: getattr(service._announcer, "_name", None), "chat of a test"),
    "registration": Probe('"open"', registration, Registration.OPEN),
    "members-only": Probe("true", lambda service: service._hub.accounts.members_only, wanted=True),
}
"""Those that are probed the same way; the others have tests of their own below."""
OWN_TESTS = {"port", "log-level", "trusted-proxy", "web-host", "web-guests", "irc-history"}


def test_no_option_that_is_live_is_forgotten() -> None:
    assert set(PROBES) | OWN_TESTS == LIVE == APPLIED


@pytest.mark.parametrize("name", sorted(PROBES))
@ensureDeferred
async def test_an_option_that_is_live_holds_after_a_reload_and_no_longer_when_it_is_gone(
    tmp_path: Path, name: str
) -> None:
    if name == "announce":
        pytest.importorskip("zeroconf")
    accounts = {"accounts": {"accounts": f'"{tmp_path}/accounts.sqlite3"'}}
    probe, before = PROBES[name], toml(QUIET, accounts)
    if name in ("registration", "members-only"):
        pytest.importorskip("argon2")
    async with running(tmp_path, before) as daemon:
        at_first = None if name in ("listen", "web") else probe.found(daemon.service)
        assert at_first != probe.wanted
        changed = toml(QUIET, accounts, {SECTION_OF[name]: {name: probe.written}})
        assert await daemon.reload(changed) == 0, daemon.said
        assert probe.found(daemon.service) == probe.wanted
        assert daemon.said[0].startswith(f"{name} = ")
        assert daemon.said[0].endswith(f"line {changed.splitlines().index(f'{name} = {probe.written}') + 1})")
        assert await daemon.reload(before) == 0
        assert name in ("listen", "web") or probe.found(daemon.service) == at_first
        assert len(daemon.service.ports) == 1


@ensureDeferred
async def test_another_port(tmp_path: Path) -> None:
    old, new = free_ports(2)
    off = {"web": {"web": '"off"'}}
    async with running(tmp_path, toml(off, QUIET, {"listen": {"port": str(old)}})) as daemon:
        assert await daemon.reload(toml(off, QUIET, {"listen": {"port": str(new)}})) == 0
        assert daemon.place == ("127.0.0.1", new)
        assert daemon.said[1:] == [
            f"listening on port {new} of 127.0.0.1",
            f"no longer listening on port {old} of 127.0.0.1",
        ]
        assert [door.port for door in daemon.service.doors] == [new]


@ensureDeferred
async def test_another_log_level(tmp_path: Path) -> None:
    async with running(tmp_path, log=tmp_path / "log") as daemon:
        output = daemon.service._process._output  # type: ignore[attr-defined]  # it is one of twistd
        assert LogLevel.info not in output._left_out
        assert await daemon.reload(toml(QUIET, {"log": {"log-level": '"warn"'}})) == 0
        assert LogLevel.info in output._left_out


@ensureDeferred
async def test_other_proxies_are_trusted_at_doors_that_stay(tmp_path: Path) -> None:
    doors = {"listen": {"port": "0", "listen": '["haproxy:tcp:0:interface=127.0.0.1"]'}}
    async with running(tmp_path, toml(QUIET, doors)) as daemon:
        proxied: Any = daemon.service.ports[1]
        change = {"listen": {**doors["listen"], "trusted-proxy": '["10.9.0.0/16"]'}, "limits": {"join-timeout": "7"}}
        assert await daemon.reload(toml(QUIET, change)) == 0
        assert proxied in daemon.service.ports
        assert proxied.factory.trusted == [ip_network("10.9.0.0/16")]
        assert proxied.factory.header_seconds == 7


@ensureDeferred
async def test_what_the_page_and_irc_are_told(tmp_path: Path) -> None:
    web, irc = {"web": '"tcp:0:interface=127.0.0.1"'}, {"irc": '["tcp:0:interface=127.0.0.1"]'}
    async with running(tmp_path, toml(QUIET, {"web": web})) as daemon:
        site = edge(daemon.service, WebFactory)
        assert list(site.subprotocols) == ["chatd.v1"]
        more = {
            "web": {**web, "web-host": '["chat.example.org"]', "web-guests": "true"},
            "irc": {**irc, "irc-history": "3"},
        }
        assert await daemon.reload(toml(QUIET, more)) == 0
        assert site is edge(daemon.service, WebFactory)
        assert site._trust.is_ours("chat.example.org")
        assert site._guests
        assert len(site.subprotocols) == 3
        assert edge(daemon.service, IrcFactory).server.history == 3
        assert daemon.service._hub.limits.room_founders is True
        assert await daemon.reload(toml(QUIET, {"web": web})) == 0
        assert not site._trust.is_ours("chat.example.org")
        assert not site._guests
        assert list(site.subprotocols) == ["chatd.v1"]
        assert daemon.service._hub.limits.room_founders is False


@ensureDeferred
async def test_limits_hold_where_they_are_used(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        limits = {"line-rate": "3", "line-burst": "5", "name-rate": "120", "tell-rate": "60", "send-queue": "4321"}
        with Client(daemon.place) as client:
            await until(lambda: len(daemon.service._connections))
            assert await daemon.reload(toml(QUIET, {"limits": limits})) == 0
            hub = daemon.service._hub
            assert daemon.gateway.rate_limiter._rate.per_second == 3
            assert hub.shares.lines.rate.per_second == 3 * SPEAKERS
            assert hub.shares.moves.rate.per_second == 2 * CONNECTIONS
            assert hub.shares.new_rooms.rate.per_second == 2
            assert hub.shares.tells.rate.per_second == CONNECTIONS
            (connection,) = daemon.service._connections
            assert connection._writer.limit == 4321  # type: ignore[attr-defined]  # of the one edge there is
            client.close()
            await until(lambda: not len(daemon.service._connections))


@ensureDeferred
async def test_who_is_over_a_limit_by_now_stays_and_counts(tmp_path: Path) -> None:
    with_none = toml(QUIET, {"limits": {"max-per-address": "0"}})
    async with running(tmp_path, with_none) as daemon:
        admission, far = daemon.gateway.admission, ip_address("192.0.2.1")
        for _ in range(2):
            admission.admit(far)
        assert await daemon.reload(toml(QUIET, {"limits": {"max-per-address": "2"}})) == 0
        assert admission.refusal(far) == "your address already has 2 connections; close one first"
        admission.release(far)
        assert admission.refusal(far) is None
        assert await daemon.reload(toml(QUIET, {"limits": {"max-connections": "1"}})) == 0
        assert "the server is full" in (admission.refusal(None) or "")
        admission.release(far)


@pytest.mark.parametrize("journal", ["memory:", "sqlite:journal.sqlite3"])
@ensureDeferred
async def test_what_is_too_much_by_now_goes_soon(tmp_path: Path, journal: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    storage = {"storage": {"journal": f'"{journal}"'}}
    async with running(tmp_path, toml(QUIET, storage)) as daemon:
        journal_ = daemon.service._hub.journal
        with Client(daemon.place) as client:
            await deferToThread(client.join, "ann", "#den")
            client.send(b"".join(b"MSG #den %d\n" % number for number in range(20)) + b"PING end\n")
            await deferToThread(client.until, lambda line: line == "PONG end")
            assert (
                await daemon.reload(toml(QUIET, storage, {"storage": {**storage["storage"], "keep-messages": "5"}}))
                == 0
            )

            async def kept() -> int:
                page = await journal_.read(Query("#den"))
                return len(page.kept)

            end = real_reactor().seconds() + DEADLINE
            while await kept() > 5:
                assert real_reactor().seconds() < end
                await deferLater(real_reactor(), 0.02)
            assert await kept() == 5
        await until(lambda: not len(daemon.service._connections))


@ensureDeferred
async def test_members_only_keeps_out_who_comes_and_lets_stay_who_is_in(tmp_path: Path) -> None:
    pytest.importorskip("argon2")
    accounts = {"accounts": {"accounts": f'"{tmp_path}/accounts.sqlite3"'}}
    members_only = {"accounts": {**accounts["accounts"], "members-only": "true"}}
    async with running(tmp_path, toml(QUIET, accounts)) as daemon:
        with Client(daemon.place) as early, Client(daemon.place) as late:
            await deferToThread(early.join, "ann", "#den")
            assert await daemon.reload(toml(QUIET, members_only)) == 0
            early.send(b"PING x\n")
            await deferToThread(early.until, lambda line: line == "PONG x")
            assert daemon.service._hub.nick_count == 1
            late.send(b"JOIN bob #den\n")
            (*_, said) = await deferToThread(late.until, lambda line: line.startswith("ERR "))
            assert said.startswith("ERR not-allowed ")
            early.send(b"QUIT\n")
            await deferToThread(early.rest)
            with Client(daemon.place) as again:
                again.send(b"JOIN ann #den\n")
                (*_, said) = await deferToThread(again.until, lambda line: line.startswith("ERR "))
                assert said.startswith("ERR not-allowed ")
        await until(lambda: not len(daemon.service._connections))


@ensureDeferred
async def test_a_program_is_asked_for_life_as_often_as_it_was_told(tmp_path: Path) -> None:
    async with running(tmp_path) as daemon:
        with Client(daemon.place) as old, Client(daemon.place) as new:
            for client, nick, seconds in ((old, "old", 45), (new, "new", 7)):
                client.send(f"HELLO 1\nJOIN {nick} #den\nPING x\n".encode())
                lines = await deferToThread(client.until, lambda line: line.endswith("PONG x"))
                assert [line for line in lines if f" ping={seconds}" in line], lines
                assert await daemon.reload(toml(QUIET, {"limits": {"ping-interval": "7"}})) == 0
            sessions: Any = daemon.service._hub.clients
            asked = {str(each.nick): each._keepalive._limits.ping_seconds for each in sessions}
            assert asked == {"old": 45, "new": 7}
        await until(lambda: not len(daemon.service._connections))
