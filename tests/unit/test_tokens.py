"""Bearer tokens and logins of the page: whom they stand for, until when, and what is kept of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred
from twisted.logger import capturedLogs
from twisted.python.failure import Failure

from chatd.accounts import AccountsError, Grant, NoAccounts
from chatd.accounts.daily_writes import AGAIN_SECONDS, DAY_SECONDS
from chatd.accounts.database import schema
from chatd.accounts.login_store import LOGIN_SECONDS, MAX_LOGINS, LoginStore
from chatd.accounts.random_secrets import ID_BYTES, TOKEN_BYTES
from chatd.accounts.store import Account, AccountStore, NoAccountError
from chatd.accounts.throttle import FAILURES, SECONDS
from chatd.accounts.token_store import TokenStore
from chatd.protocol.errors import ChatError, Code
from chatd.runtime.schema import versions
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts, CountingHasher
from tests.support.in_memory_chat import ManualWorker

NET = "192.0.2.1"


@pytest.fixture
def chat() -> Iterator[ChatWithAccounts]:
    chat = ChatWithAccounts("ann", "Bob")
    yield chat
    chat.close()


def now(chat: ChatWithAccounts) -> int:
    return int(chat.clock.seconds())


def token(
    chat: ChatWithAccounts,
    key: str = "bob",
    *,
    rooms: list[str] | None = None,
    post_only: bool = False,
    lasts: int | None = None,
) -> str:
    expires = None if lasts is None else now(chat) + lasts
    return TokenStore(chat.store).add(key, now(chat), rooms=rooms, post_only=post_only, expires=expires).secret


def login(chat: ChatWithAccounts, key: str = "bob") -> str:
    opened: list[str] = []
    chat.members.open_login(key).addCallback(opened.append)
    (secret,) = opened
    return secret


def refusal(chat: ChatWithAccounts, secret: str, address: str | None = NET) -> Code:
    with pytest.raises(ChatError) as refused:
        chat.members.check_token(secret, address)
    return refused.value.code


def failure(done: Deferred[str]) -> Code:
    """Return why something failed that had to at once."""
    failed: list[Failure] = []
    done.addErrback(failed.append)
    (only,) = failed
    assert isinstance(only.value, ChatError)
    return only.value.code


def is_over(chat: ChatWithAccounts, secret: str) -> bool:
    try:
        chat.members.check_login(secret)
    except ChatError as error:
        assert error.code is Code.BAD_PASSWORD
        return True
    return False


# Tokens.


def test_a_token_stands_for_its_account(chat: ChatWithAccounts) -> None:
    secret = token(chat)
    assert chat.members.check_token(secret, NET) == Grant("bob", "Bob", None, post_only=False, token=secret[6:14])


def test_a_token_says_what_it_is_limited_to(chat: ChatWithAccounts) -> None:
    grant = chat.members.check_token(token(chat, rooms=["#Builds", "#ops"], post_only=True), None)
    assert grant.rooms == frozenset({"#builds", "#ops"})
    assert grant.post_only


def test_a_token_can_be_told_from_other_words_and_named(chat: ChatWithAccounts) -> None:
    word, id_, secret = token(chat).split("_")
    assert word == "chatd"
    assert len(id_) == 2 * ID_BYTES
    assert len(secret) == 2 * TOKEN_BYTES >= 128 / 4
    assert secret not in token(chat)


@pytest.mark.parametrize("change", ["upper", "z", "\n"])
def test_what_is_nearly_a_token_is_none(chat: ChatWithAccounts, change: str) -> None:
    secret = token(chat)
    assert refusal(chat, secret.upper() if change == "upper" else secret + change) is Code.BAD_PASSWORD


def test_the_id_of_a_token_with_another_secret_is_none(chat: ChatWithAccounts) -> None:
    one, other = token(chat), token(chat)
    assert refusal(chat, one[:15] + other[15:]) is Code.BAD_PASSWORD
    assert refusal(chat, "chatd_\ud800" * 9) is Code.BAD_PASSWORD


def test_a_token_holds_until_it_expires(chat: ChatWithAccounts) -> None:
    secret = token(chat, lasts=10)
    chat.clock.advance(9)
    assert chat.members.check_token(secret, NET).account == "bob"
    chat.clock.advance(1)
    assert refusal(chat, secret) is Code.BAD_PASSWORD


def test_a_token_that_is_revoked_holds_no_more(chat: ChatWithAccounts) -> None:
    secret = token(chat)
    assert TokenStore(chat.store).remove(chat.members.check_token(secret, NET).token)
    assert not TokenStore(chat.store).remove("00000000")
    assert refusal(chat, secret) is Code.BAD_PASSWORD


def test_the_tokens_and_logins_of_an_account_go_with_it_and_no_other_of_its_name_has_them(
    chat: ChatWithAccounts,
) -> None:
    secret, cookie = token(chat), login(chat)
    chat.store.remove("bob")
    assert refusal(chat, secret) is Code.BAD_PASSWORD
    assert is_over(chat, cookie)
    chat.store.add(Account("bob", "Bob", None, operator=False, created=0))
    assert refusal(chat, secret) is Code.BAD_PASSWORD
    assert is_over(chat, cookie)
    assert TokenStore(chat.store).all() == []


def test_what_another_program_leaves_in_the_file_is_nobody_elses(tmp_path: Path) -> None:
    """Whoever deletes an account with sqlite3 does so without its tokens, for foreign keys are off there."""
    chat = ChatWithAccounts("ann", path=tmp_path / "accounts")
    secret, cookie = token(chat, "ann"), login(chat, "ann")
    with closing(sqlite3.connect(tmp_path / "accounts")) as db, db:
        db.execute("DELETE FROM account")
        db.execute("DELETE FROM look")
    chat.store.add(Account("ann", "ann", "hash", operator=True, created=0))
    assert refusal(chat, secret) is Code.BAD_PASSWORD
    assert is_over(chat, cookie)
    chat.close()


def test_nobody_has_a_token_or_a_login_without_an_account(chat: ChatWithAccounts) -> None:
    with pytest.raises(NoAccountError):
        token(chat, "carol")
    assert failure(chat.members.open_login("carol")) is Code.BAD_PASSWORD


def test_neither_a_token_nor_a_login_is_in_the_file(tmp_path: Path) -> None:
    chat = ChatWithAccounts("ann", path=tmp_path / "accounts")
    secrets = [token(chat, "ann"), login(chat, "ann")]
    kept = b"".join(file.read_bytes() for file in tmp_path.iterdir())
    assert not [secret for secret in secrets if secret[-40:].encode() in kept or bytes.fromhex(secret[-40:]) in kept]
    chat.close()


def test_no_password_is_hashed_for_a_token(chat: ChatWithAccounts) -> None:
    chat.members.check_token(token(chat), NET)
    assert not chat.hasher.verified


def test_wrong_tokens_end_by_address_and_the_right_one_is_taken(chat: ChatWithAccounts) -> None:
    secret = token(chat)
    wrong = secret[:-1] + ("0" if secret[-1] != "0" else "1")
    assert [refusal(chat, wrong) for _ in range(FAILURES + 1)] == [Code.BAD_PASSWORD] * FAILURES + [Code.SLOW_DOWN]
    assert refusal(chat, "nonsense") is Code.SLOW_DOWN
    assert refusal(chat, wrong, "192.0.2.2") is Code.BAD_PASSWORD
    assert chat.members.check_token(secret, NET).account == "bob"
    assert chat.answer(f"LOGIN ann {PASSWORD}", address=NET) == "OK LOGIN ann"
    chat.clock.advance(SECONDS)
    assert refusal(chat, wrong) is Code.BAD_PASSWORD


def test_the_last_use_of_a_token_is_written_once_a_day(chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, start, noted = token(chat), now(chat), []
    note_use = TokenStore.note_use

    def note(store: TokenStore, id_: str, time: int) -> None:
        noted.append(time)
        note_use(store, id_, time)

    monkeypatch.setattr(TokenStore, "note_use", note)
    for _ in range(50):
        chat.members.check_token(secret, NET)
        chat.clock.advance(3600)
    assert noted == [start, start + DAY_SECONDS, start + 2 * DAY_SECONDS]
    assert [each.used for each in TokenStore(chat.store).all()] == noted[-1:]


def test_a_use_that_cannot_be_written_is_tried_again_later_and_the_token_is_taken(
    chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[int] = []

    def full(_: TokenStore, __: str, time: int) -> None:
        tried.append(time)
        raise AccountsError("the disk is full")

    monkeypatch.setattr(TokenStore, "note_use", full)
    secret, start = token(chat), now(chat)
    with capturedLogs() as log:
        for _ in range(20):
            assert chat.members.check_token(secret, NET).account == "bob"
            chat.clock.advance(AGAIN_SECONDS / 10)
    assert tried == [start, start + AGAIN_SECONDS]
    assert [event["why"] for event in log] == ["the disk is full"] * 2


def test_a_use_just_before_the_stop_is_written(tmp_path: Path) -> None:
    worker = ManualWorker()
    chat = ChatWithAccounts("ann", path=tmp_path / "accounts", workers=[worker])
    chat.members.check_token(token(chat, "ann"), NET)
    assert worker.jobs
    chat.close()
    with closing(AccountStore(tmp_path / "accounts")) as store:
        store.open(make=False)
        assert [each.used for each in TokenStore(store).all("ann")] == [now(chat)]


def test_a_token_that_cannot_be_looked_up_is_not_wrong(chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, cookie = token(chat), login(chat)

    def fail(*_: object) -> None:
        raise AccountsError("input/output error")

    monkeypatch.setattr(chat.store, "read", fail)
    assert [refusal(chat, secret) for _ in range(FAILURES + 1)] == [Code.UNAVAILABLE] * (FAILURES + 1)
    with pytest.raises(ChatError) as refused:
        chat.members.check_login(cookie)
    assert refused.value.code is Code.UNAVAILABLE
    monkeypatch.undo()
    assert chat.members.check_token(secret, NET).account == "bob"


def test_a_server_without_accounts_takes_none() -> None:
    asked: list[Callable[[], object]] = [
        lambda: NoAccounts().check_token("chatd_", None),
        lambda: NoAccounts().check_login(""),
        lambda: NoAccounts().open_login("ann"),
        lambda: NoAccounts().end_login(""),
    ]
    for ask in asked:
        with pytest.raises(ChatError) as refused:
            ask()
        assert refused.value.code is Code.NOT_ALLOWED


# Logins.


def test_a_login_lasts_until_it_is_ended(chat: ChatWithAccounts) -> None:
    one, other = login(chat), login(chat)
    assert chat.members.check_login(one) == "bob"
    chat.members.end_login(one)
    assert is_over(chat, one)
    assert chat.members.check_login(other) == "bob"
    assert is_over(chat, other[:-1])
    assert is_over(chat, "")


def test_a_login_that_is_used_goes_on_and_one_that_is_not_ends(chat: ChatWithAccounts) -> None:
    used, unused = login(chat), login(chat)
    for _ in range(3):
        chat.clock.advance(LOGIN_SECONDS / 3)
        assert not is_over(chat, used)
    assert is_over(chat, unused)


def test_a_login_is_renewed_once_a_day(chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch) -> None:
    secret, start, noted = login(chat), now(chat), []
    renew = LoginStore.renew

    def note(store: LoginStore, secret: str, time: int) -> None:
        noted.append(time)
        renew(store, secret, time)

    monkeypatch.setattr(LoginStore, "renew", note)
    for _ in range(50):
        chat.members.check_login(secret)
        chat.clock.advance(3600)
    assert noted == [start + DAY_SECONDS, start + 2 * DAY_SECONDS]


def test_an_account_has_so_many_logins_and_the_one_that_was_used_longest_ago_ends(chat: ChatWithAccounts) -> None:
    others = login(chat, "ann")
    first, second = login(chat), login(chat)
    chat.clock.advance(DAY_SECONDS)
    assert chat.members.check_login(first) == "bob"
    newer = [login(chat) for _ in range(MAX_LOGINS - 1)]
    assert is_over(chat, second)
    assert not any(is_over(chat, each) for each in (first, others, *newer))


def test_another_password_ends_all_logins_of_the_account_and_no_token(chat: ChatWithAccounts) -> None:
    secret, cookies, others = token(chat), [login(chat), login(chat)], login(chat, "ann")
    chat.store.set_hash("bob", CountingHasher().hash("another-horse"))
    assert all(is_over(chat, cookie) for cookie in cookies)
    assert chat.members.check_token(secret, NET).account == "bob"
    assert not is_over(chat, others)


def test_the_same_password_at_another_cost_ends_none() -> None:
    chat = ChatWithAccounts("ann", hasher=CountingHasher(rounds=2))
    cookie, before = login(chat, "ann"), chat.store.find("ann")
    assert chat.answer(f"LOGIN ann {PASSWORD}") == "OK LOGIN ann"
    assert chat.store.find("ann") != before
    assert not is_over(chat, cookie)
    chat.close()


@pytest.mark.parametrize("change", ["remove", "set_hash"])
def test_a_login_that_waits_while_its_password_is_changed_is_none(change: str) -> None:
    worker = ManualWorker()
    chat = ChatWithAccounts("ann", workers=[worker])
    opening = chat.members.open_login("ann")
    if change == "remove":
        chat.store.remove("ann")
        chat.store.add(Account("ann", "ann", None, operator=False, created=0))
    else:
        chat.store.set_hash("ann", CountingHasher().hash("another-horse"))
    worker.work()
    assert failure(opening) is Code.BAD_PASSWORD
    chat.close()


def test_a_login_that_cannot_be_written_is_none(chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> str:
        raise AccountsError("the disk is full")

    monkeypatch.setattr(LoginStore, "open", full)
    assert failure(chat.members.open_login("bob")) is Code.UNAVAILABLE


def test_a_file_of_the_version_before_is_brought_up_to_date(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "accounts", isolation_level=None)) as db:
        for number, statements in versions(schema()).items():
            if number < 4:
                db.executescript(f"{statements}; PRAGMA user_version = {number}")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("INSERT INTO account VALUES ('ann', 'Ann', NULL, 0, 1000, 'd0')")
    chat = ChatWithAccounts(path=tmp_path / "accounts")
    assert chat.members.check_token(token(chat, "ann"), NET).nick == "Ann"
    assert chat.members.check_login(login(chat, "ann")) == "ann"
    chat.close()
