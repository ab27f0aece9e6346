"""What is said of the machine: PAM, the clock, file descriptors, and what is installed."""

from __future__ import annotations

import resource
import sqlite3
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from chatd.accounts.pam import PamError
from chatd.app.checks import clock, descriptors, installed, pam
from chatd.app.checks.clock import Kept
from chatd.app.checks.result import State
from chatd.runtime.extras import install_command
from tests.support.checks import named, one, question, states
from tests.unit.test_archive import written

DAY = 24 * 60 * 60


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_pam_service_without_rules(folder: Path) -> None:
    (result,) = pam.service("chatd", folder, 0, set())
    assert (result.state, f"there is no {folder / 'chatd'}" in result.what) == (State.WARNING, True)


@pytest.mark.parametrize("rules", ["auth required pam_unix.so", "@include common-auth", "auth include system-auth"])
def test_who_may_check_the_passwords_of_the_machine(folder: Path, rules: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pam, "_shadow", lambda: 42)
    (folder / "chatd").write_text(f"{rules}\n")
    assert states(pam.service("chatd", folder, 0, set())) == [State.GOOD]
    assert states(pam.service("chatd", folder, 1000, {7, 42})) == [State.GOOD, State.GOOD]
    results = list(pam.service("chatd", folder, 1000, {7}))
    assert states(results) == [State.GOOD, State.WARNING]
    assert "SupplementaryGroups=shadow" in results[1].do


def test_rules_that_ask_for_other_passwords(folder: Path) -> None:
    (folder / "chatd").write_text("# not pam_unix.so\nauth required pam_sss.so\n")
    assert states(pam.service("chatd", folder, 1000, set())) == [State.GOOD]


def test_the_group_shadow() -> None:
    try:
        lines = Path("/etc/group").read_text().splitlines()
    except OSError:
        pytest.skip("there is no /etc/group")
    number = next((int(line.split(":")[2]) for line in lines if line.startswith("shadow:")), None)
    assert pam._shadow() == number


def test_pam_is_looked_at_where_it_is_asked() -> None:
    assert list(pam.check(question())) == []
    try:
        asked = question("--auth", "pam:chatd-of-nobody")
    except (SystemExit, PamError):
        pytest.skip("Linux-PAM is not available")
    (result,) = pam.check(asked)
    assert (result.state, "/etc/pam.d/chatd-of-nobody" in result.what) == (State.WARNING, True)


@pytest.mark.parametrize(
    ("now", "newest", "state"),
    [
        (200 * DAY, None, State.GOOD),
        (200 * DAY, 199.0 * DAY, State.GOOD),
        (200 * DAY, 200.0 * DAY + 30, State.GOOD),
        (200 * DAY, 201.0 * DAY, State.WARNING),
        (99 * DAY, None, State.WARNING),
        (100 * DAY - 30, None, State.GOOD),
    ],
)
def test_a_time_that_cannot_be(now: float, newest: float | None, state: State) -> None:
    assert clock.wall(now, 100 * DAY, newest).state is state


def test_the_newest_message_is_that_of_the_journal(folder: Path) -> None:
    path = written(folder / "chatd.sqlite3", ("#a", "ann", "one"))
    assert clock._newest(path) == 1.0
    assert one(clock.check(question()), "clock.time").state is State.GOOD
    ahead = int((time.time() + DAY) * 1000)
    with closing(sqlite3.connect(path, isolation_level=None)) as db:
        db.execute("UPDATE entry SET time = ?", (ahead,))
    result = one(clock.check(question()), "clock.time")
    assert (result.state, "the newest message is from" in result.what) == (State.WARNING, True)
    assert one(clock.check(question(in_daemon=True)), "clock.time").state is State.GOOD
    path.write_bytes(b"none")
    assert clock._newest(path) is None


def test_whether_the_clock_is_kept() -> None:
    assert [clock.kept(each).state for each in Kept] == [State.GOOD, State.WARNING, State.GOOD]
    before = time.time()
    assert clock._synchronised() in Kept
    assert abs(time.time() - before) < 60, "asking has set the clock"


def test_a_clock_that_stands_still() -> None:
    assert clock.steady(1.0, 1.0).state is State.WARNING
    assert one(clock.check(question()), "clock.monotonic").state is State.GOOD


@pytest.mark.parametrize(
    ("connections", "hard", "state"),
    [
        (10_000, 1 << 20, State.GOOD),
        (10_000, 10_000 + descriptors.OTHERS, State.GOOD),
        (10_000, 10_000 + descriptors.OTHERS - 1, State.WARNING),
        (10_000, resource.RLIM_INFINITY, State.GOOD),
        (0, 1024, State.GOOD),
    ],
)
def test_descriptors(connections: int, hard: int, state: State) -> None:
    assert descriptors.enough(connections, hard).state is state


def test_one_connection_is_counted_in_the_singular() -> None:
    assert "enough for 1 connection" in (said := descriptors.enough(1, 1 << 20).what)
    assert "1 connections" not in said


def test_the_limit_of_this_process() -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard == resource.RLIM_INFINITY:
        pytest.skip("there is none")
    assert states(descriptors.check(question("--max-connections", str(hard)))) == [State.WARNING]
    assert states(descriptors.check(question("--max-connections", "1"))) == [State.GOOD]


def test_what_is_installed_here() -> None:
    assert set(states(installed.check(question()))) == {State.GOOD}


@pytest.mark.parametrize(("version", "state"), [((3, 10, 9), State.WRONG), ((3, 11, 0), State.GOOD)])
def test_python(version: installed.Version, state: State) -> None:
    assert installed.python(version).state is state


@pytest.mark.parametrize(
    ("version", "has_search", "state"),
    [
        ((3, 36, 0), True, State.WRONG),
        ((3, 37, 1), True, State.WARNING),
        ((3, 40, 1), True, State.GOOD),
        ((3, 40, 1), False, State.WRONG),
        ((3, 52, 0), True, State.WARNING),
        ((3, 53, 1), True, State.GOOD),
    ],
)
def test_sqlite(version: installed.Version, has_search: bool, state: State) -> None:
    assert installed.sqlite(version, has_search=has_search).state is state


@pytest.mark.parametrize(
    ("words", "module", "extra"),
    [
        (("--listen", "haproxy:tls:tls:port=0"), "OpenSSL", "tls"),
        (("--irc", "ssl:0", "--web", "off"), "OpenSSL", "tls"),
        (("--registration", "open"), "argon2", "accounts"),
        (("--scram",), "scramp", "irc"),
        (("--announce", "chat"), "zeroconf", "lan"),
        (("--oidc-issuer", "https://login.example.org", "--oidc-client-id", "chat"), "joserfc", "oidc"),
    ],
)
def test_what_an_option_needs(words: tuple[str, ...], module: str, extra: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = question(*words)
    assert [(need.module, need.extra) for need in installed.needs(asked.options)] == [(module, extra)]
    assert one(installed.check(asked), "installed.extras").state is State.GOOD
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setattr(installed, "find_spec", lambda name: None if name == module else object())
    (missing,) = named(installed.check(asked), "installed.extras")
    assert (missing.state, install_command(extra) in missing.do) == (State.WRONG, True)
