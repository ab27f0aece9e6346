"""The audit log: what is written of whom, and what never is."""

from __future__ import annotations

import inspect
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import capturedLogs
from typing_extensions import override

import chatd
from chatd.accounts import Accounts, Exchange, LoggedIn, NoAccounts, Vouched
from chatd.accounts.audited import AuditedAccounts
from chatd.app.audit_log import FROM_ALL, FROM_ONE, MINUTE, AuditFile, note_command, open_to_append
from chatd.protocol.errors import ChatError, Code
from chatd.runtime.audit import Act, AuditEvent, Auditor
from tests.support.in_memory_chat import InMemoryChat
from tests.unit.test_moderation import Names, ask, den, owner

START = 1767225600.25
ROOT = Path(chatd.__file__).parents[1]


class Kept(Auditor):
    """Keeps acts in a list, each with what applies to it."""

    def __init__(self) -> None:
        self.acts: list[dict[str, object]] = []

    def note(self, act: Act) -> None:
        values = {each.name: getattr(act, each.name) for each in fields(act)}
        self.acts.append({name: value for name, value in values.items() if value is not None})

    def take(self) -> list[dict[str, object]]:
        acts, self.acts = self.acts, []
        return acts


class OfAnn(NoAccounts):
    """Accounts of which one is ann's."""

    members_only = False

    @override
    def is_registered(self, key: str) -> bool:
        return key == "ann"

    @override
    def is_operator(self, key: str) -> bool:
        return key == "ann"

    @override
    def name(self, key: str) -> str:
        return key.capitalize()

    async def _ann(self, password: str) -> str:
        if password != "right":
            raise ChatError(Code.BAD_PASSWORD, "the nick or the password is wrong")
        return "ann"

    @override
    def log_in(self, nick: str, password: str, address: str | None) -> Deferred[str]:
        return Deferred.fromCoroutine(self._ann(password))

    @override
    def register(self, nick: str, password: str, code: str | None, address: str | None) -> Deferred[str]:
        return Deferred.fromCoroutine(self._ann(password))

    @override
    def open_login(self, account: str) -> Deferred[str]:
        return Deferred.fromCoroutine(self._ann("right"))

    @override
    def use_link(self, secret: str, address: str | None) -> Deferred[str]:
        return Deferred.fromCoroutine(self._ann(secret))

    @override
    def log_in_vouched(self, who: Vouched, address: str | None) -> Deferred[str]:
        return Deferred.fromCoroutine(self._ann("right"))

    @override
    def exchange(self, mechanism: str, address: str | None) -> Exchange:
        return OneStep()


class OneStep(Exchange):
    @override
    async def step(self, message: bytes) -> bytes | LoggedIn:
        if b"right" not in message:
            raise ChatError(Code.BAD_PASSWORD, "the nick or the password is wrong")
        return LoggedIn("ann")


LOGGED_IN = {"event": "login", "nick": "Ann", "account": "ann", "operator": True, "address": "192.0.2.1"}
FAILED = {
    "event": "login-failed",
    "address": "192.0.2.1",
    "code": "bad-password",
    "reason": "the nick or the password is wrong",
}


def result(deferred: Deferred[str]) -> str | None:
    """Return what a Deferred has come to; None if it has failed with `ChatError`."""
    found: list[str | None] = []
    deferred.addCallbacks(found.append, lambda failure: found.append(failure.trap(ChatError) and None))
    (value,) = found
    return value


@pytest.fixture
def kept() -> Kept:
    return Kept()


def test_logins_are_noted_with_what_they_were_made(kept: Kept) -> None:
    accounts = AuditedAccounts(OfAnn(), kept)
    assert result(accounts.log_in("ANN", "right", "192.0.2.1")) == "ann"
    assert kept.take() == [{**LOGGED_IN, "how": "password"}]
    assert result(accounts.use_link("right", "192.0.2.1")) == "ann"
    assert kept.take() == [{**LOGGED_IN, "how": "link"}]
    assert result(accounts.log_in_vouched(Vouched("https://id.example.org", "1", "ann"), "192.0.2.1")) == "ann"
    assert kept.take() == [{**LOGGED_IN, "how": "provider"}]
    assert result(accounts.open_login("ann")) == "ann"
    assert kept.take() == [{"event": "login", "nick": "Ann", "account": "ann", "operator": True, "how": "page"}]


def test_who_fails_is_named_if_that_is_an_account(kept: Kept) -> None:
    accounts = AuditedAccounts(OfAnn(), kept)
    assert result(accounts.log_in("Ann", "wrong", "192.0.2.1")) is None
    assert result(accounts.log_in("my-password-in-the-wrong-place", "wrong", "192.0.2.1")) is None
    assert kept.take() == [{**FAILED, "nick": "Ann", "how": "password"}, {**FAILED, "how": "password"}]


@pytest.mark.parametrize(
    ("mechanism", "message"),
    [("PLAIN", b"\0ann\0wrong"), ("PLAIN", b"ann\0ann\0wrong"), ("SCRAM-SHA-256", b"n,,n=ann,r=wrong")],
)
def test_sasl_is_noted_by_its_mechanism(kept: Kept, mechanism: str, message: bytes) -> None:
    accounts = AuditedAccounts(OfAnn(), kept)
    for said in (message, message.replace(b"wrong", b"right")):
        result(Deferred.fromCoroutine(accounts.exchange(mechanism, "192.0.2.1").step(said)))  # type: ignore[arg-type]
    how = f"sasl-{mechanism.lower()}"
    assert kept.take() == [{**FAILED, "nick": "ann", "how": how}, {**LOGGED_IN, "how": how}]


def test_registrations_are_noted(kept: Kept) -> None:
    accounts = AuditedAccounts(OfAnn(), kept)
    assert result(accounts.register("Ann", "right", None, "192.0.2.1")) == "ann"
    assert result(accounts.register("Ann", "wrong", None, None)) is None
    assert kept.take() == [
        {"event": "registered", "nick": "Ann", "account": "ann", "address": "192.0.2.1"},
        {"event": "register-failed", "nick": "Ann", "code": "bad-password", "reason": FAILED["reason"]},
    ]


def test_no_method_of_accounts_is_left_to_do_nothing() -> None:
    wanted = {name for name, _ in inspect.getmembers(Accounts) if not name.startswith("_")}
    assert wanted <= AuditedAccounts.__dict__.keys()


@pytest.fixture
def chat(kept: Kept) -> InMemoryChat:
    chat = InMemoryChat()
    chat.hub.accounts = Names("ann", "bob", "zoe", operators=("root",))  # type: ignore[assignment]
    chat.hub.audit = kept
    return chat


def test_moderation_is_noted_once_it_holds(chat: InMemoryChat, kept: Kept) -> None:
    ann, _, _ = den(chat)
    kept.take()
    ask(chat, ann, "BAN mallory #den for=1h was rude", "UNBAN mallory", "OP bob", "SET topic=operators")
    noted = kept.take()
    assert [each["act"] for each in noted] == ["BAN", "UNBAN", "OP", "SET"]
    assert noted[0] == {
        "event": "moderated",
        "act": "BAN",
        "nick": "ann",
        "account": "ann",
        "room": "#den",
        "subject": "mallory",
        "seconds": 3600,
        "reason": "was rude",
    }
    assert noted[3]["subject"] == "topic=operators"


def test_an_act_of_a_server_operator_says_so(chat: InMemoryChat, kept: Kept) -> None:
    root = owner(chat, "root", "JOIN root")
    ask(chat, root, "BAN 192.0.2.0/24 #* flood")
    (noted,) = [each for each in kept.take() if each["event"] == "moderated"]
    assert (noted["operator"], noted["room"], noted["subject"]) == (True, "#*", "192.0.2.0/24")


def test_refusals_are_noted_and_mistakes_are_not(chat: InMemoryChat, kept: Kept) -> None:
    ann, _, mallory = den(chat)
    ask(chat, ann, "BAN mallory #den")
    kept.take()
    mallory.take()
    assert ask(chat, mallory, "JOIN #den", "KICK ann #den", "MSG", "NOSUCH")[0].startswith("ERR banned")
    noted = [(each["act"], each["nick"], each["code"]) for each in kept.take() if each["event"] == "refused"]
    assert noted == [("JOIN", "mallory", "banned"), ("KICK", "mallory", "not-allowed")]


def test_what_is_said_is_never_noted(chat: InMemoryChat, kept: Kept) -> None:
    ann, _, _ = den(chat)
    kept.take()
    ask(chat, ann, "MSG a secret word", "TELL bob a secret word", "TOPIC a secret word", "NICK anna")
    assert kept.take() == []


# The file.


@pytest.fixture
def file(tmp_path: Path) -> Iterator[AuditFile]:
    clock = Clock()
    file = AuditFile(tmp_path / "audit", clock, lambda: START + clock.seconds())
    file.clock = clock  # type: ignore[attr-defined]
    file.start()
    yield file
    file.stop()


def lines(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


LOGIN = Act(AuditEvent.LOGIN, nick="ann")


def test_an_act_is_one_line_for_the_owner_alone(tmp_path: Path, file: AuditFile) -> None:
    forged = 'bob"}\n{"time":\x7f\u2028'
    file.note(Act(AuditEvent.MODERATED, "KICK", "ann", room="#den", subject=forged, seconds=5, operator=True))
    text = (tmp_path / "audit").read_text()
    assert text.isascii() and text[:-1].isprintable()
    assert lines(tmp_path / "audit") == [
        {
            "time": "2026-01-01T00:00:00.250000Z",
            "event": "moderated",
            "act": "KICK",
            "nick": "ann",
            "operator": True,
            "room": "#den",
            "subject": forged,
            "seconds": 5,
        }
    ]
    assert stat.S_IMODE((tmp_path / "audit").stat().st_mode) == 0o600


def test_a_file_that_is_moved_away_is_followed_by_a_new_one(tmp_path: Path, file: AuditFile) -> None:
    file.note(LOGIN)
    (tmp_path / "audit").rename(tmp_path / "older")
    file.note(LOGIN)
    assert len(lines(tmp_path / "audit")) == len(lines(tmp_path / "older")) == 1


def test_a_link_in_its_place_is_not_followed(tmp_path: Path, file: AuditFile) -> None:
    (tmp_path / "audit").unlink()
    (tmp_path / "audit").symlink_to(tmp_path / "precious")
    with capturedLogs() as events:
        file.note(LOGIN)
        file.note(LOGIN)
        (tmp_path / "audit").unlink()
        file.note(LOGIN)
    assert not (tmp_path / "precious").exists()
    assert len(lines(tmp_path / "audit")) == 1
    assert [event["what"] for event in events] == [
        f"cannot write to the audit log {tmp_path / 'audit'}",
        f"writing to {tmp_path / 'audit'} again",
    ]


def test_a_pipe_in_its_place_does_not_hold_up_the_chat(tmp_path: Path, file: AuditFile) -> None:
    (tmp_path / "audit").unlink()
    os.mkfifo(tmp_path / "audit")
    with capturedLogs() as events:
        file.note(LOGIN)
    assert [event["why"] for event in events] == ["it is not a regular file"]
    with pytest.raises(OSError, match="it is not a regular file"):
        AuditFile(tmp_path / "audit", Clock(), lambda: START).start()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make files of others")
def test_a_file_that_another_user_has_put_there_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "planted").touch()
    os.chown(tmp_path / "planted", 65534, 65534)
    os.close(open_to_append(tmp_path / "planted"))  # as root gives a command beside another user's daemon
    tmp_path.chmod(0o1777)
    with pytest.raises(OSError, match="it belongs to another user; remove it"):
        AuditFile(tmp_path / "planted", Clock(), lambda: START).start()
    assert (tmp_path / "planted").stat().st_size == 0


def test_a_flood_of_failures_is_counted(tmp_path: Path, file: AuditFile) -> None:
    failed = Act(AuditEvent.LOGIN_FAILED, address="2001:db8::1")
    for _ in range(FROM_ONE + 5):
        file.note(failed)
    file.note(Act(AuditEvent.LOGIN_FAILED, address="2001:db8::2"))
    file.note(Act(AuditEvent.REFUSED, address="192.0.2.1"))
    file.note(LOGIN)
    assert len(lines(tmp_path / "audit")) == FROM_ONE + 2
    file.clock.advance(MINUTE)  # type: ignore[attr-defined]
    last = lines(tmp_path / "audit")[-1]
    assert (last["event"], last["address"], last["count"]) == ("left-out", "2001:db8::/64", 6)
    file.note(failed)
    assert lines(tmp_path / "audit")[-1]["event"] == "login-failed"


def test_a_flood_from_everywhere_is_counted(tmp_path: Path, file: AuditFile) -> None:
    for number in range(FROM_ALL + 7):
        file.note(Act(AuditEvent.REFUSED, address=f"10.0.{number // 250}.{number % 250}"))
    file.stop()
    assert sum(each["event"] == "left-out" for each in lines(tmp_path / "audit")) == 7


def test_a_command_says_who_gave_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUDO_UID", "0")
    note_command(None, "user add")
    note_command(tmp_path / "audit", "ban remove", "192.0.2.1", "#*")
    (noted,) = lines(tmp_path / "audit")
    del noted["time"]
    assert noted == {"event": "command", "act": "ban remove", "by": "root", "room": "#*", "subject": "192.0.2.1"}


def test_what_a_command_cannot_note_is_done_all_the_same(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"done, but it could not be recorded in .*audit: No such file or directory"):
        note_command(tmp_path / "nowhere" / "audit", "user add", "ann")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes files for others")
def test_a_file_that_root_makes_is_the_daemons(tmp_path: Path) -> None:
    os.chown(tmp_path, 65534, 65534)
    note_command(tmp_path / "audit", "user add", "ann")
    made = (tmp_path / "audit").stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o777) == (65534, 65534, 0o600)


def test_a_line_that_the_disk_cut_short_does_not_spoil_the_next(
    tmp_path: Path, file: AuditFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write
    with monkeypatch.context() as patch, capturedLogs():
        patch.setattr(os, "write", lambda descriptor, data: write(descriptor, data[:10]))
        file.note(LOGIN)
    with capturedLogs():
        file.note(LOGIN)
    cut, whole = (tmp_path / "audit").read_text().splitlines()
    assert len(cut) == 10
    assert json.loads(whole)["event"] == "login"


def test_the_page_has_every_field_and_every_event() -> None:
    page = (ROOT / "docs" / "daemon-log.rst").read_text().partition("The audit log\n---")[2]
    named = re.findall(r"^   \* - ``([\w-]+)``$", page, re.MULTILINE)
    assert named == [*AuditEvent, "time", *(each.name for each in fields(Act))]
