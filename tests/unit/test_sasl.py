"""SASL: PLAIN and SCRAM-SHA-256, what is kept for it, and what guessing at it costs."""

from __future__ import annotations

import sqlite3
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scramp import ScramClient, ScramException
from twisted.internet.defer import Deferred

from chatd.accounts import AccountsError, LoggedIn, NoAccounts, scram
from chatd.accounts.sasl import MAX_MESSAGE_BYTES, WRONG, WRONG_PROOF, ScramExchange
from chatd.accounts.scram import Keys, make_keys
from chatd.accounts.store import Account
from chatd.accounts.throttle import FAILURES, SECONDS
from chatd.protocol.errors import ChatError, Code
from tests.support.in_memory_accounts import PASSWORD, SCRAM_ITERATIONS, ChatWithAccounts
from tests.unit.test_accounts import Book

NET = "192.0.2.1"
E_ACUTE = "\u00e9"
E_AND_ACUTE = "e\u0301"


@pytest.fixture
def chat() -> Iterator[ChatWithAccounts]:
    chat = ChatWithAccounts("ann", "bob", scram=True)
    login(chat, "ann")
    yield chat
    chat.close()


def result(deferred: Deferred[Any]) -> Any:
    """Return what came of something that needed no waiting."""
    found: list[Any] = []
    deferred.addBoth(found.append)
    (value,) = found
    if hasattr(value, "raiseException"):
        value.raiseException()
    return value


def step(exchange: Any, message: bytes) -> Any:
    return result(Deferred.fromCoroutine(exchange.step(message)))


def plain(chat: ChatWithAccounts, nick: str, password: str = PASSWORD, other: str = "", address: str = NET) -> Any:
    return step(chat.members.exchange("PLAIN", address), f"{other}\0{nick}\0{password}".encode())


def login(chat: ChatWithAccounts, nick: str, password: str = PASSWORD) -> str:
    return chat.answer(f"LOGIN {nick} {password}")


def by_scram(chat: ChatWithAccounts, nick: str, password: str = PASSWORD, address: str = NET) -> LoggedIn:
    """Log in as a client does that believes no server without its proof."""
    client = ScramClient(["SCRAM-SHA-256"], nick, password)
    exchange = chat.members.exchange("SCRAM-SHA-256", address)
    client.set_server_first(step(exchange, client.get_client_first().encode()).decode())
    client.set_server_final(step(exchange, client.get_client_final().encode()).decode())
    done = step(exchange, b"")
    assert isinstance(done, LoggedIn)
    return done


def refused(code: Code, text: str = "") -> Any:
    return pytest.raises(ChatError, check=lambda error: error.code is code and text in error.text)


# Mechanisms.


def test_there_is_scram_where_it_is_wanted_and_plain_anyway(chat: ChatWithAccounts) -> None:
    assert chat.members.mechanisms() == ("PLAIN", "SCRAM-SHA-256")
    without = ChatWithAccounts("ann")
    assert without.members.mechanisms() == ("PLAIN",)
    with refused(Code.NOT_ALLOWED, "PLAIN"):
        without.members.exchange("SCRAM-SHA-256", NET)
    without.close()


def test_there_is_none_where_keys_are_kept_no_more(chat: ChatWithAccounts) -> None:
    chat.scram.end()
    assert chat.members.mechanisms() == ("PLAIN",)
    with refused(Code.NOT_ALLOWED, "PLAIN"):
        chat.members.exchange("SCRAM-SHA-256", NET)
    login(chat, "ann")
    assert chat.scram.find("ann") is None


def test_there_is_no_mechanism_where_nobody_can_have_an_account(tmp_path: Path) -> None:
    assert NoAccounts().mechanisms() == ()
    with refused(Code.NOT_ALLOWED):
        NoAccounts().exchange("PLAIN", NET)
    without = ChatWithAccounts(path=tmp_path / "accounts", make=False)
    assert without.members.mechanisms() == ()
    without.close()


# PLAIN.


@pytest.mark.parametrize("other", ["", "ann", "ANN"])
def test_plain(chat: ChatWithAccounts, other: str) -> None:
    assert plain(chat, "Ann", other=other) == LoggedIn("ann")


def test_nobody_logs_in_for_another(chat: ChatWithAccounts) -> None:
    with refused(Code.NOT_ALLOWED, "for yourself only"):
        plain(chat, "ann", other="bob")


@pytest.mark.parametrize("nick", ["ann", "nobody", "", "no nick", "x" * 200])
def test_a_wrong_password_or_name(chat: ChatWithAccounts, nick: str) -> None:
    with refused(Code.BAD_PASSWORD, WRONG):
        plain(chat, nick, "wrong-horse")


@pytest.mark.parametrize("message", [b"", b"ann", b"\0ann", b"\0ann\0pass\0more"])
def test_what_is_no_message_of_plain(chat: ChatWithAccounts, message: bytes) -> None:
    with refused(Code.BAD_SYNTAX, "PLAIN"):
        step(chat.members.exchange("PLAIN", NET), message)


@pytest.mark.parametrize("mechanism", ["PLAIN", "SCRAM-SHA-256"])
def test_messages_are_text_of_a_bounded_length(chat: ChatWithAccounts, mechanism: str) -> None:
    with refused(Code.NOT_UTF8):
        step(chat.members.exchange(mechanism, NET), b"\0ann\0\xff")
    with refused(Code.TOO_LONG):
        step(chat.members.exchange(mechanism, NET), b"x" * (MAX_MESSAGE_BYTES + 1))


def test_plain_asks_who_knows_the_passwords() -> None:
    chat = ChatWithAccounts(checkers=[Book("carol")])
    assert plain(chat, "carol") == LoggedIn("carol")
    chat.close()


# SCRAM.


def test_scram(chat: ChatWithAccounts) -> None:
    assert by_scram(chat, "ann") == by_scram(chat, "ANN") == LoggedIn("ann")


def test_the_keys_are_those_of_the_rfc(monkeypatch: pytest.MonkeyPatch) -> None:
    """The example of RFC 7677, section 3, but for the length of its password."""
    monkeypatch.setattr(scram, "MIN_CHARACTERS", 6)
    monkeypatch.setattr("os.urandom", lambda size: b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")[:size])
    keys = make_keys("pencil", 4096)
    exchange = ScramExchange(Shelf(keys), NET)  # type: ignore[arg-type]
    exchange._scramp.s_nonce = type(exchange._scramp.s_nonce)("%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0")
    first = step(exchange, b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
    assert first == b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
    final = (
        b"c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
    )
    assert step(exchange, final) == b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="


class Shelf:
    """A server with the keys of one account, and no bound on guesses."""

    def __init__(self, keys: Keys | None) -> None:
        self.keys = keys
        self.store = self.logins = self.guesses = self

    def find(self, key: str) -> Keys | None:
        return self.keys if key == "user" else None

    def recall(self, *_: object) -> None:
        pass

    note = recall

    def attempt(self, *_: object) -> Shelf:
        return self

    def succeeded(self) -> None:
        pass


def test_a_wrong_password_and_a_name_that_is_none_answer_alike(chat: ChatWithAccounts) -> None:
    salts = []
    for nick in ("ann", "nobody", "nobody", "bob"):  # bob has not logged in with his password
        exchange = chat.members.exchange("SCRAM-SHA-256", NET)
        client = ScramClient(["SCRAM-SHA-256"], nick, "wrong-horse")
        client.set_server_first(step(exchange, client.get_client_first().encode()).decode())
        salts.append((str(client.salt), int(client.iterations)))
        with refused(Code.BAD_PASSWORD, WRONG_PROOF):
            step(exchange, client.get_client_final().encode())
    known, nobodys, again, other = salts
    assert nobodys == again
    assert len({known, nobodys, other}) == 3
    assert len({(len(salt), iterations) for salt, iterations in salts}) == 1


def test_the_salt_of_nobody_is_the_same_after_a_restart_and_another_elsewhere(tmp_path: Path) -> None:
    def salt(path: Path) -> bytes:
        chat = ChatWithAccounts(path=path, scram=True)
        keys = chat.scram.nobodys("nobody")
        chat.close()
        assert keys is not None
        return keys.salt

    assert salt(tmp_path / "one") == salt(tmp_path / "one") != salt(tmp_path / "other")


@pytest.mark.parametrize("password", ["wrong-horse", ""])
def test_wrong_proofs_are_wrong_passwords(chat: ChatWithAccounts, password: str) -> None:
    for number in range(FAILURES):
        with refused(Code.BAD_PASSWORD):
            by_scram(chat, "bob", password, f"198.51.100.{number}")
    with refused(Code.SLOW_DOWN):
        by_scram(chat, "bob", address="203.0.113.1")
    with refused(Code.SLOW_DOWN):
        plain(chat, "bob", address="203.0.113.1")
    assert chat.answer(f"LOGIN bob {PASSWORD}", address="203.0.113.1").startswith("ERR slow-down LOGIN ")
    chat.clock.advance(SECONDS)
    assert plain(chat, "bob", address="203.0.113.1") == LoggedIn("bob")


def test_wrong_passwords_shut_out_scram(chat: ChatWithAccounts) -> None:
    for number in range(FAILURES):
        chat.answer("LOGIN ann wrong-horse", address=f"198.51.100.{number}")
    with refused(Code.SLOW_DOWN):
        by_scram(chat, "ann", address="203.0.113.1")


def test_where_the_owner_was_in_by_scram_others_do_not_keep_her_out(chat: ChatWithAccounts) -> None:
    by_scram(chat, "ann")
    for number in range(FAILURES):
        chat.answer("LOGIN ann wrong-horse", address=f"198.51.100.{number}")
    assert by_scram(chat, "ann") == LoggedIn("ann")
    assert chat.store.last_login("ann", f"{NET}/32") is not None


def test_who_asks_for_a_salt_has_not_guessed(chat: ChatWithAccounts) -> None:
    for _ in range(3 * FAILURES):
        client = ScramClient(["SCRAM-SHA-256"], "ann", PASSWORD)
        step(chat.members.exchange("SCRAM-SHA-256", NET), client.get_client_first().encode())
    assert by_scram(chat, "ann") == LoggedIn("ann")


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"n",
        b"n,,",
        b"n,,r=abc,n=ann",
        b"n,a=bob,n=ann,r=abc",
        b"p=tls-unique,,n=ann,r=abc",
        b"n,,n=ann,r=",
        b"z" * 999,
    ],
)
def test_what_is_no_first_message_of_scram(chat: ChatWithAccounts, message: bytes) -> None:
    exchange = chat.members.exchange("SCRAM-SHA-256", NET)
    with refused(Code.BAD_SYNTAX):
        step(exchange, message)
    with refused(Code.BAD_SYNTAX):  # it is over
        step(exchange, b"n,,n=ann,r=abc")


def test_a_name_that_cannot_be_one_is_wrong(chat: ChatWithAccounts) -> None:
    with refused(Code.BAD_PASSWORD):
        step(chat.members.exchange("SCRAM-SHA-256", NET), b"n,,n=no nick,r=abc")


@pytest.mark.parametrize("message", [b"", b"c=biws", b"c=biws,r=abc,p=AAAA", b"c=biws,r=abc,p=!"])
def test_what_is_no_proof_counts_as_one_that_is_wrong(chat: ChatWithAccounts, message: bytes) -> None:
    for _ in range(FAILURES):
        exchange = chat.members.exchange("SCRAM-SHA-256", NET)
        step(exchange, b"n,,n=ann,r=abc")
        with refused(Code.BAD_PASSWORD):
            step(exchange, message)
    with refused(Code.SLOW_DOWN):
        plain(chat, "bob")


def test_the_last_message_of_the_client_is_empty(chat: ChatWithAccounts) -> None:
    client = ScramClient(["SCRAM-SHA-256"], "ann", PASSWORD)
    exchange = chat.members.exchange("SCRAM-SHA-256", NET)
    client.set_server_first(step(exchange, client.get_client_first().encode()).decode())
    client.set_server_final(step(exchange, client.get_client_final().encode()).decode())
    with refused(Code.BAD_SYNTAX):
        step(exchange, b"more")
    with refused(Code.BAD_SYNTAX):
        step(exchange, b"")


@pytest.mark.parametrize("change", ["remove", "set_hash", "forget", "end"])
def test_a_password_that_stops_being_right_between_two_messages(chat: ChatWithAccounts, change: str) -> None:
    client = ScramClient(["SCRAM-SHA-256"], "ann", PASSWORD)
    exchange = chat.members.exchange("SCRAM-SHA-256", NET)
    client.set_server_first(step(exchange, client.get_client_first().encode()).decode())
    if change == "remove":
        chat.store.remove("ann")
    elif change == "set_hash":
        chat.store.set_hash("ann", chat.hasher.hash("another-horse"))
    elif change == "forget":
        chat.scram.forget("ann")
    else:
        chat.scram.end()
    with refused(Code.BAD_PASSWORD):
        step(exchange, client.get_client_final().encode())


@pytest.mark.parametrize("at", ["first", "proof"])
def test_accounts_that_cannot_be_read(chat: ChatWithAccounts, at: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AccountsError("the disk is gone")

    client = ScramClient(["SCRAM-SHA-256"], "ann", PASSWORD)
    exchange = chat.members.exchange("SCRAM-SHA-256", NET)
    message = client.get_client_first()
    if at == "proof":
        client.set_server_first(step(exchange, message.encode()).decode())
        message = client.get_client_final()
    monkeypatch.setattr(chat.store, "read", refuse)
    with refused(Code.UNAVAILABLE):
        step(exchange, message.encode())


WORDS = st.sampled_from(
    [b"n,,", b"y,,", b"p=x,,", b"n=", b"ann", b"r=", b"abc", b",", b"=", b"c=", b"biws", b"p=", b"m=", b"=2C", b"\0"]
)
MESSAGES = st.one_of(
    st.binary(max_size=40), st.lists(st.one_of(WORDS, st.text(max_size=3).map(str.encode))).map(b"".join)
)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(MESSAGES, st.sampled_from(["PLAIN", "SCRAM-SHA-256", "proof"]))
def test_any_message_is_answered_or_refused(chat: ChatWithAccounts, message: bytes, what: str) -> None:
    chat.clock.advance(SECONDS)  # so that each is looked at
    exchange = chat.members.exchange("PLAIN" if what == "PLAIN" else "SCRAM-SHA-256", None)
    if what == "proof":
        challenge = step(exchange, b"n,,n=ann,r=abc")
        message = message.replace(b"abc", challenge.partition(b",")[0][2:])
    try:
        assert isinstance(step(exchange, message), bytes)
    except ChatError as error:
        assert error.code is not Code.UNAVAILABLE


# What is kept, and when.


def test_nothing_is_kept_unless_it_is_wanted() -> None:
    chat = ChatWithAccounts("ann", registration="open")
    login(chat, "ann")
    chat.send(chat.visitor("JOIN zoe"), f"REGISTER {PASSWORD}")
    assert chat.scram.find("ann") is chat.scram.find("zoe") is None
    assert not chat.scram.keeps
    chat.close()


def test_keys_are_made_where_the_password_is_at_hand() -> None:
    chat = ChatWithAccounts("ann", "bob", registration="open", scram=True)
    with refused(Code.BAD_PASSWORD):
        plain(chat, "bob", "wrong-horse")
    assert chat.scram.find("ann") is chat.scram.find("bob") is None
    login(chat, "ann")
    plain(chat, "bob")
    chat.send(chat.visitor("JOIN zoe"), f"REGISTER {PASSWORD}")
    made = [chat.scram.find(key) for key in ("ann", "bob", "zoe")]
    assert None not in made
    login(chat, "ann")
    assert chat.scram.find("ann") == made[0]
    assert [by_scram(chat, nick).account for nick in ("ann", "bob", "zoe")] == ["ann", "bob", "zoe"]
    chat.close()


def test_keys_of_another_cost_are_made_anew(chat: ChatWithAccounts) -> None:
    assert make_keys(PASSWORD, 5000) is not None
    with chat.store.writing() as db:
        db.execute("UPDATE scram SET iterations = 5000")
    login(chat, "ann")
    keys = chat.scram.find("ann")
    assert keys is not None and keys.iterations == SCRAM_ITERATIONS
    assert by_scram(chat, "ann") == LoggedIn("ann")


def test_keys_that_cannot_be_kept_let_their_owner_in(monkeypatch: pytest.MonkeyPatch) -> None:
    chat = ChatWithAccounts("ann", registration="open", scram=True)

    def refuse(*_: object) -> None:
        raise AccountsError("the disk is full")

    monkeypatch.setattr(chat.scram, "keep", refuse)
    assert login(chat, "ann") == "OK LOGIN ann"
    zoe = chat.visitor("JOIN zoe")
    assert "OK REGISTER zoe" in chat.send(zoe, f"REGISTER {PASSWORD}")
    chat.close()


def test_of_a_password_that_was_changed_nothing_is_kept(chat: ChatWithAccounts) -> None:
    other = chat.hasher.hash("another-horse")
    chat.store.set_hash("ann", other)
    assert chat.scram.find("ann") is None
    chat.scram.keep("ann", "the hash before", PASSWORD)  # of a login that was under way
    assert chat.scram.find("ann") is None
    chat.scram.keep("ann", other, "another-horse")
    assert by_scram(chat, "ann", "another-horse") == LoggedIn("ann")


def test_the_same_password_at_another_cost_keeps_its_keys(chat: ChatWithAccounts) -> None:
    account, keys = chat.store.find("ann"), chat.scram.find("ann")
    assert account is not None and account.hash is not None and keys is not None
    chat.store.set_hash("ann", chat.hasher.hash(PASSWORD), instead_of=account.hash)
    assert chat.scram.find("ann") == keys


def test_the_keys_go_with_the_account(chat: ChatWithAccounts) -> None:
    chat.store.remove("ann")
    chat.store.add(Account("ann", "ann", None, operator=False, created=0))
    assert chat.scram.find("ann") is None


def test_of_keys_that_are_deleted_nothing_stays_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "accounts"
    chat = ChatWithAccounts("ann", "bob", path=path, scram=True)
    login(chat, "ann")
    login(chat, "bob")
    kept = [chat.scram.find(key) for key in ("ann", "bob")]
    chat.scram.end()
    chat.close()
    with closing(sqlite3.connect(path)) as db:
        db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    data = path.read_bytes()
    for keys in kept:
        assert keys is not None
        assert keys.stored_key not in data and keys.server_key not in data


# Passwords in many scripts.


@pytest.mark.parametrize(
    ("chosen", "typed"),
    [
        (f"caf{E_ACUTE}-au-lait", f"caf{E_AND_ACUTE}-au-lait"),
        (f"caf{E_AND_ACUTE}-au-lait", f"caf{E_ACUTE}-au-lait"),
        ("\u043f\u0430\u0440\u043e\u043b\u044c\u043f\u0430\u0440\u043e\u043b\u044c",) * 2,
        ("\u5bc6\u7801\u5bc6\u7801\u5bc6\u7801\u5bc6\u7801",) * 2,
        (E_ACUTE * 100,) * 2,
    ],
)
def test_login_and_scram_agree_on_passwords(chosen: str, typed: str) -> None:
    chat = ChatWithAccounts(registration="open", scram=True)
    chat.send(chat.visitor("JOIN zoe"), f"REGISTER {chosen}")
    assert login(chat, "zoe", typed) == "OK LOGIN zoe"
    assert by_scram(chat, "zoe", typed) == LoggedIn("zoe")
    chat.close()


@pytest.mark.parametrize(
    "password",
    [
        "\u0633\u0644\u0627\u0645\u0633\u0644\u0627\u0645\u0661\u0662",  # ends in digits, which SASLprep forbids here
        "horse \U0001f680 horse".replace(" ", ""),  # younger than the Unicode of SASLprep
    ],
)
def test_what_saslprep_refuses_works_for_clients_that_do_not_prepare(password: str) -> None:
    chat = ChatWithAccounts(registration="open", scram=True)
    chat.send(chat.visitor("JOIN zoe"), f"REGISTER {password}")
    with pytest.raises(ScramException):
        ScramClient(["SCRAM-SHA-256"], "zoe", password)
    client = ScramClient(["SCRAM-SHA-256"], "zoe", PASSWORD)
    client.password.password = password
    exchange = chat.members.exchange("SCRAM-SHA-256", NET)
    client.set_server_first(step(exchange, client.get_client_first().encode()).decode())
    client.set_server_final(step(exchange, client.get_client_final().encode()).decode())
    assert step(exchange, b"") == LoggedIn("zoe")
    chat.close()


def test_a_password_of_what_saslprep_leaves_out_opens_nothing() -> None:
    chat = ChatWithAccounts("ann", scram=True)
    hidden = chat.hasher.hash("\u00ad" * 8)
    chat.store.set_hash("ann", hidden)
    chat.scram.keep("ann", hidden, "\u00ad" * 8)
    assert chat.scram.find("ann") is None
    with refused(Code.BAD_PASSWORD):
        by_scram(chat, "ann", "")
    chat.close()
