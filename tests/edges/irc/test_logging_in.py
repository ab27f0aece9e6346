"""AUTHENTICATE, PASS and OPER: each numeric, each way to fail, and what goes over the wire."""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Iterator

import pytest
from scramp import ScramClient

from chatd.accounts import AccountsError
from chatd.accounts.throttle import FAILURES
from chatd.edges.irc.exchange import MAX_MESSAGE, Exchange, pieces_of
from tests.support.in_memory_accounts import PASSWORD
from tests.support.in_memory_chat import ManualWorker
from tests.support.irc import ELSEWHERE, HERE, IrcChat, IrcClient, Told, commands
from tests.support.irc_accounts import IrcChatWithAccounts, pieces, plain

WRONG = "the nick or the password is wrong"
TLS = "passwords are accepted over TLS only; use the TLS port, and change this password"
ANN = b64encode(f"\0ann\0{PASSWORD}".encode()).decode()


@pytest.fixture
def chat() -> Iterator[IrcChatWithAccounts]:
    chat = IrcChatWithAccounts("ann", "bob", scram=True)
    yield chat
    chat.close()


def offered(client: IrcClient, version: str = " 302") -> list[str]:
    (told,) = client.says(f"CAP LS{version}")
    return [word for word in told.text.split() if word.partition("=")[0] == "sasl"]


def come_in(client: IrcClient, nick: str) -> list[Told]:
    return client.says(f"NICK {nick}", f"USER {nick} 0 * :Somebody", "CAP END")


# What is offered.


def test_the_mechanisms_are_the_value_of_the_capability(chat: IrcChatWithAccounts) -> None:
    assert offered(chat.connect()) == ["sasl=PLAIN,SCRAM-SHA-256"]
    assert offered(chat.connect(), "") == ["sasl"]
    without = IrcChatWithAccounts("ann")
    assert offered(without.connect()) == ["sasl=PLAIN"]
    without.close()


def test_it_is_offered_to_nobody_where_others_can_listen_in(chat: IrcChatWithAccounts) -> None:
    client = chat.connect(ELSEWHERE)
    assert offered(client) == []
    assert client.says("CAP REQ :sasl")[0].params == ["*", "NAK", "sasl"]
    (told,) = client.says("AUTHENTICATE PLAIN")
    assert (told.command, told.params) == ("904", ["*", TLS])
    assert not chat.accounts.hasher.verified


def test_it_is_offered_to_nobody_where_nobody_has_an_account() -> None:
    chat = IrcChat()
    client = chat.connect()
    assert offered(client) == []
    (told,) = client.says("AUTHENTICATE PLAIN")
    assert (told.command, told.text) == ("904", "this server has no accounts")


def test_it_is_offered_to_nobody_while_accounts_cannot_be_read(
    chat: IrcChatWithAccounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = chat.connect()
    monkeypatch.setattr(chat.accounts.store, "path", "no/such/file")
    monkeypatch.setattr(chat.accounts.store, "read", broken)
    assert offered(client) == []
    (told,) = client.says("AUTHENTICATE SCRAM-SHA-256")
    assert (told.command, "cannot be looked up now" in told.text) == ("904", True)


def broken(*_: object) -> None:
    raise AccountsError("the disk is gone")


# PLAIN.


def test_plain_before_coming_in(chat: IrcChatWithAccounts) -> None:
    client = chat.connect()
    client.says("CAP LS 302", "CAP REQ :sasl", "NICK ann", "USER annie 0 * :Ann")
    (asked,) = client.says("AUTHENTICATE PLAIN")
    assert asked.line == "AUTHENTICATE +"
    logged_in, done = client.says(f"AUTHENTICATE {ANN}")
    assert (logged_in.command, logged_in.params) == ("900", ["*", "ann!~annie@*", "ann", "you are logged in as ann"])
    assert (done.command, done.params) == ("903", ["*", "you have logged in"])
    assert commands(client.says("CAP END"))[0] == "001"
    assert client.protocol.peer.session.account == "ann"


def test_neither_the_capability_nor_a_nick_has_to_be_asked_for_first(chat: IrcChatWithAccounts) -> None:
    client = chat.connect()
    told = client.says("authenticate plain", f"AUTHENTICATE {ANN}")
    assert commands(told) == ["AUTHENTICATE", "900", "903"]
    assert told[1].params[1] == "*!*@*"
    assert "001" in commands(come_in(client, "ann"))


def test_a_registered_nick_is_for_who_is_logged_in(chat: IrcChatWithAccounts) -> None:
    client = chat.connect()
    (told,) = come_in(client, "ann")
    why = "nick ann belongs to a registered user; log in with SASL or PASS account:password, or choose another nick"
    assert (told.command, told.params) == ("433", ["*", "ann", why])
    assert commands(plain(client, "ann"))[-1] == "903"
    assert "001" in commands(client.says("NICK ann"))


def test_members_only_lets_in_who_has_logged_in() -> None:
    chat = IrcChatWithAccounts("ann", members_only=True)
    for address, how in ((HERE, "log in with SASL or PASS account:password"), (ELSEWHERE, "log in over TLS")):
        (told,) = come_in(chat.connect(address), "carol")
        assert (told.command, told.params) == ("464", ["*", f"only registered users may join; {how}"])
    client = chat.connect()
    plain(client, "ann")
    assert "001" in commands(come_in(client, "carol"))
    chat.close()


@pytest.mark.parametrize("other", ["ann", "ANN"])
def test_plain_with_the_own_authorization_name(chat: IrcChatWithAccounts, other: str) -> None:
    assert commands(plain(chat.connect(), "ann", other=other)) == ["AUTHENTICATE", "900", "903"]


@pytest.mark.parametrize(
    ("message", "why"),
    [
        (b"\0ann\0wrong-horse", WRONG),
        (b"\0nobody\0wrong-horse", WRONG),
        (b"bob\0ann\0correct-horse", "you can log in for yourself only; leave the authorization name empty"),
        (b"ann", "that is not a PLAIN message"),
        (b"\0ann\0\xff\xff", "the login message is not UTF-8"),
    ],
)
def test_what_fails_is_a_904_that_says_why(chat: IrcChatWithAccounts, message: bytes, why: str) -> None:
    client = chat.connect()
    _, told = client.says("AUTHENTICATE PLAIN", *pieces(message))
    assert (told.command, told.params) == ("904", ["*", why])
    assert commands(plain(client, "ann"))[-1] == "903"


@pytest.mark.parametrize("way", ["AUTHENTICATE", "PASS", "OPER"])
def test_a_failed_login_counts_as_a_guess(chat: IrcChatWithAccounts, way: str) -> None:
    for _ in range(FAILURES):
        client = chat.connect()
        if way == "AUTHENTICATE":
            plain(client, "ann", "wrong-horse")
        elif way == "PASS":
            client.says("PASS ann:wrong-horse", "NICK carol", "USER carol 0 * :Carol")
        else:
            come_in(client, "carol")
            client.says("OPER ann wrong-horse", "QUIT")
    told = plain(chat.connect(), "ann")[-1]
    assert (told.command, "too many wrong guesses" in told.text) == ("904", True)


def test_what_is_no_base64(chat: IrcChatWithAccounts) -> None:
    client = chat.connect()
    _, told = client.says("AUTHENTICATE PLAIN", "AUTHENTICATE !!!")
    assert (told.command, told.text) == ("904", "AUTHENTICATE takes base64; the login has ended")
    assert client.says("AUTHENTICATE PLAIN")[0].line == "AUTHENTICATE +"


@pytest.mark.parametrize("mechanism", ["FOO", "EXTERNAL", "ANONYMOUS", ANN])
def test_other_mechanisms_are_a_908_and_a_904(chat: IrcChatWithAccounts, mechanism: str) -> None:
    known, failed = chat.connect().says(f"AUTHENTICATE {mechanism}")
    assert (known.command, known.params[:2]) == ("908", ["*", "PLAIN,SCRAM-SHA-256"])
    assert (failed.command, failed.text) == ("904", "this server supports PLAIN or SCRAM-SHA-256")


def test_authenticate_needs_a_parameter(chat: IrcChatWithAccounts) -> None:
    (told,) = chat.connect().says("AUTHENTICATE")
    assert (told.command, told.params[1]) == ("461", "AUTHENTICATE")


# Pieces.


@pytest.mark.parametrize("length", [256, 290, 291, 292, 295])
def test_long_messages_come_in_pieces(length: int) -> None:
    password = "é" * (length // 2) + "x" * (length % 2)
    chat = IrcChatWithAccounts("ann")
    chat.accounts.store.set_hash("ann", chat.accounts.hasher.hash(password))
    client = chat.connect()
    lines = pieces(f"ann\0ann\0{password}".encode())
    assert commands(client.says("AUTHENTICATE PLAIN", *lines))[-2:] == ["900", "903"]
    chat.close()


def test_a_message_of_a_whole_piece_ends_with_an_empty_one(chat: IrcChatWithAccounts) -> None:
    message = f"ann\0ann\0{'x' * 292}".encode()
    whole, empty = pieces(message)
    assert (len(whole), empty) == (len("AUTHENTICATE ") + 400, "AUTHENTICATE +")
    client = chat.connect()
    assert commands(client.says("AUTHENTICATE PLAIN", whole)) == ["AUTHENTICATE"]
    assert commands(client.says(empty)) == ["904"]


@pytest.mark.parametrize("lines", [["x" * 401], ["x" * 400] * (MAX_MESSAGE // 400 + 1), pieces(b"x" * 1025)])
def test_too_long_a_message_is_a_905(chat: IrcChatWithAccounts, lines: list[str]) -> None:
    client = chat.connect()
    told = client.says("AUTHENTICATE PLAIN", *(f"AUTHENTICATE {line.split()[-1]}" for line in lines))
    assert commands(told) == ["AUTHENTICATE", "905"]
    assert commands(plain(client, "ann"))[-1] == "903"


@pytest.mark.parametrize("length", [0, 1, 299, 300, 301, 600])
def test_the_pieces_of_the_server_are_those_that_it_takes(length: int) -> None:
    message, exchange = b"x" * length, Exchange(None)  # type: ignore[arg-type]
    *before, last = [exchange.add(piece) for piece in pieces_of(message)]
    assert set(before) <= {None}
    assert last == message


# Ending it.


def test_a_login_is_aborted(chat: IrcChatWithAccounts) -> None:
    client = chat.connect()
    for line in ("AUTHENTICATE *", "AUTHENTICATE PLAIN", "AUTHENTICATE *"):
        told = client.says(line)
    assert (told[0].command, told[0].params) == ("906", ["*", "the login has ended"])
    assert commands(plain(client, "ann"))[-1] == "903"


def test_coming_in_aborts_a_login(chat: IrcChatWithAccounts) -> None:
    client = chat.connect()
    client.says("CAP LS 302", "CAP REQ :sasl", "AUTHENTICATE PLAIN")
    assert commands(come_in(client, "carol"))[:2] == ["906", "001"]
    assert commands(plain(client, "ann"))[-1] == "903"


def test_who_goes_before_the_answer_is_no_trouble() -> None:
    worker = ManualWorker()
    chat = IrcChatWithAccounts("ann", workers=[worker])
    client = chat.connect()
    assert commands(plain(client, "ann")) == ["AUTHENTICATE"]
    client.lose()
    worker.work()
    chat.turn()
    chat.close()


def test_what_follows_waits_for_the_answer() -> None:
    worker = ManualWorker()
    chat = IrcChatWithAccounts("ann", workers=[worker])
    client = chat.connect()
    client.says("CAP LS 302")
    plain(client, "ann")
    assert come_in(client, "ann") == []
    worker.work()
    chat.turn()
    assert commands(client.take())[:3] == ["900", "903", "001"]
    chat.close()


# More than once.


def test_before_coming_in_one_may_log_in_as_somebody_else(chat: IrcChatWithAccounts) -> None:
    client = chat.connect()
    plain(client, "ann")
    assert plain(client, "bob")[-2].params[2] == "bob"
    assert client.protocol.peer.session.account == "bob"


def test_who_has_come_in_may_log_in_once(chat: IrcChatWithAccounts) -> None:
    client = chat.irc("carol", rooms="#den")
    _, logged_in, done = plain(client, "ann")
    assert logged_in.params[:3] == ["carol", logged_in.params[1], "ann"]
    assert logged_in.params[1].startswith("carol!~carol@") and logged_in.params[1].endswith(".account")
    assert done.params[0] == "carol"
    (told,) = client.says("AUTHENTICATE PLAIN")
    assert (told.command, told.params) == (
        "907",
        ["carol", "you are logged in as ann; reconnect to use another account"],
    )
    assert commands(client.says("NICK ann")) == ["NICK"]


def test_a_nick_of_others_is_refused_to_who_is_in(chat: IrcChatWithAccounts) -> None:
    (told,) = chat.irc("carol").says("NICK ann")
    assert (told.command, told.params[:2]) == ("433", ["carol", "ann"])
    assert "log in with SASL" in told.text
    (told,) = chat.logged_in("bob").says("NICK ann")
    assert (told.command, told.params[:2]) == ("433", ["bob", "ann"])


def test_who_logs_in_later_gets_what_was_told_in_private(chat: IrcChatWithAccounts) -> None:
    bob = chat.logged_in("bob")
    carol = chat.irc("carol")
    bob.says("PRIVMSG ann :see you")
    told = plain(carol, "ann")
    assert [each.text for each in told if each.command == "PRIVMSG"] == ["see you"]


def test_logging_in_does_not_undo_a_mute(chat: IrcChatWithAccounts) -> None:
    carol = chat.irc("carol", rooms="#den")
    operator = chat.person(f"LOGIN ann {PASSWORD}", "JOIN ann #den")
    operator.says("MUTE carol #den")
    chat.turn()
    assert commands(carol.says("PRIVMSG #den :before"))[-1] == "404"
    plain(carol, "bob")
    assert commands(carol.says("PRIVMSG #den :after"))[-1] == "404"


# SCRAM.


def scram(client: IrcClient, nick: str, password: str = PASSWORD) -> list[Told]:
    """Let a client log in with SCRAM that believes no server without its proof; return what it was told at last."""
    proof = ScramClient(["SCRAM-SHA-256"], nick, password)
    assert client.says("AUTHENTICATE SCRAM-SHA-256")[0].params == ["+"]
    (challenge,) = client.says(*pieces(proof.get_client_first().encode()))
    proof.set_server_first(b64decode(challenge.text).decode())
    told = client.says(*pieces(proof.get_client_final().encode()))
    if told[0].command != "AUTHENTICATE":
        return told
    proof.set_server_final(b64decode(told[0].text).decode())
    return client.says("AUTHENTICATE +")


def test_scram(chat: IrcChatWithAccounts) -> None:
    plain(chat.connect(), "ann")
    client = chat.connect()
    assert commands(scram(client, "ann")) == ["900", "903"]
    assert "001" in commands(come_in(client, "ann"))


@pytest.mark.parametrize(("nick", "password"), [("ann", "wrong-horse"), ("nobody", PASSWORD), ("bob", PASSWORD)])
def test_a_wrong_proof(chat: IrcChatWithAccounts, nick: str, password: str) -> None:
    plain(chat.connect(), "ann")
    client = chat.connect()
    (told,) = scram(client, nick, password)
    assert (told.command, told.text) == ("904", f"{WRONG}, or this account has not logged in with PLAIN yet")
    assert commands(scram(client, "ann")) == ["900", "903"]


# PASS.


@pytest.mark.parametrize("word", [f"ann:{PASSWORD}", f"ANN:{PASSWORD}", PASSWORD])
def test_pass_logs_in(chat: IrcChatWithAccounts, word: str) -> None:
    client = chat.connect()
    assert client.says(f"PASS {word}") == []
    assert commands(come_in(client, "ann"))[0] == "001"
    assert client.protocol.peer.session.account == "ann"


def test_pass_of_an_account_lets_one_have_another_nick(chat: IrcChatWithAccounts) -> None:
    client = chat.connect()
    client.says(f"PASS ann:{PASSWORD}")
    assert commands(come_in(client, "annie"))[0] == "001"
    assert client.protocol.peer.session.account == "ann"


@pytest.mark.parametrize("word", ["wrong-horse", "ann:wrong-horse", "ann:", ":", f"{PASSWORD}:", f"no nick:{PASSWORD}"])
def test_a_wrong_pass_is_a_464_and_the_end(chat: IrcChatWithAccounts, word: str) -> None:
    client = chat.connect()
    client.says(f"PASS :{word}")
    refused, end = come_in(client, "ann")
    assert (refused.command, refused.params) == ("464", ["*", WRONG])
    assert end.line == f"ERROR :Closing link: {WRONG}"
    assert client.ended


def test_pass_is_not_looked_at_where_others_can_listen_in(chat: IrcChatWithAccounts) -> None:
    client = chat.connect(ELSEWHERE)
    client.says(f"PASS {PASSWORD}")
    refused, end = come_in(client, "ann")
    assert (refused.command, refused.text, end.command) == ("464", TLS, "ERROR")
    assert not chat.accounts.hasher.verified


def test_pass_is_nothing_where_nobody_has_an_account() -> None:
    chat = IrcChat()
    client = chat.connect(ELSEWHERE)
    client.says("PASS something")
    assert commands(come_in(client, "ann"))[0] == "001"


def test_pass_is_nothing_to_who_has_logged_in_by_sasl(chat: IrcChatWithAccounts) -> None:
    client = chat.connect()
    client.says("PASS wrong-horse")
    plain(client, "ann")
    assert commands(come_in(client, "ann"))[0] == "001"


@pytest.mark.parametrize(("line", "command"), [("PASS", "461"), ("PASS late", "462")])
def test_pass_comes_first_and_has_a_word(chat: IrcChatWithAccounts, line: str, command: str) -> None:
    client = chat.irc("carol") if command == "462" else chat.connect()
    assert commands(client.says(line)) == [command]


# Who is banned from the server.


@pytest.fixture
def banned(chat: IrcChatWithAccounts) -> IrcClient:
    """Return a client from an address that is banned from the server; ann is a server operator."""
    ann = chat.person(f"LOGIN ann {PASSWORD}", "JOIN ann")
    ann.says("BAN 127.0.0.1 #* flood", "QUIT")
    chat.turn()
    return chat.connect()


BANNED = ["ERROR :Closing link: you are banned: flood"]


def lines(told: list[Told]) -> list[str]:
    return [each.line for each in told]


@pytest.mark.parametrize("way", ["PLAIN", "SCRAM", "PASS"])
def test_a_server_operator_who_is_banned_logs_in(chat: IrcChatWithAccounts, banned: IrcClient, way: str) -> None:
    banned.says("CAP LS 302", "CAP REQ :sasl", "NICK ann", "USER ann 0 * :Ann")
    if way == "PASS":
        banned.says(f"PASS {PASSWORD}")
    elif way == "PLAIN":
        plain(banned, "ann")
    else:
        chat.accounts.scram.keep("ann", chat.accounts.store.accounts()[0].hash or "", PASSWORD)
        assert commands(scram(banned, "ann")) == ["900", "903"]
    assert commands(banned.says("CAP END"))[0] == "001"
    assert not chat.hub.barred


@pytest.mark.parametrize("way", ["PLAIN", "SCRAM", "PASS", "none"])
def test_others_who_are_banned_are_sent_away(chat: IrcChatWithAccounts, banned: IrcClient, way: str) -> None:
    if way == "PLAIN":
        told = plain(banned, "bob")
        assert commands(told) == ["AUTHENTICATE", "900", "903", "465", "ERROR"]
    elif way == "SCRAM":
        told = scram(banned, "ann", "wrong-horse")
        assert commands(told) == ["904", "465", "ERROR"]
    else:
        told = banned.says(f"PASS {PASSWORD}" if way == "PASS" else "PING 1", "NICK bob", "USER bob 0 * :Bob")
    assert lines(told)[-2].startswith(":irc.example.org 465 ")
    assert lines(told)[-1:] == BANNED
    assert banned.ended
    assert not chat.hub.barred
    assert "001" not in commands(told)


@pytest.mark.parametrize("line", ["JOIN #den", "PRIVMSG ann :hello", "FROBNICATE", "OPER ann x", "WHO ann"])
def test_nothing_else_is_heard_of_one_who_is_banned(banned: IrcClient, line: str) -> None:
    assert lines(banned.says(line))[-1:] == BANNED
    assert banned.ended


# OPER.


def test_oper_logs_in_a_server_operator(chat: IrcChatWithAccounts) -> None:
    client = chat.irc("carol")
    done, mode = client.says(f"OPER ann {PASSWORD}")
    assert (done.command, done.params) == ("381", ["carol", "you are now a server operator"])
    assert (mode.command, mode.nick, mode.params) == ("MODE", "carol", ["carol", "+o"])
    assert client.protocol.peer.session.is_operator
    assert commands(client.says(f"OPER ann {PASSWORD}")) == ["381", "MODE"]
    assert commands(client.says("OPER ann wrong-horse")) == ["464"]


@pytest.mark.parametrize(
    ("line", "command", "why"),
    [
        ("OPER ann wrong-horse", "464", WRONG),
        ("OPER nobody wrong-horse", "464", WRONG),
        ("OPER bob wrong-horse", "464", WRONG),
        (f"OPER bob {PASSWORD}", "491", "bob is not a server operator"),
        ("OPER ann", "461", None),
    ],
)
def test_oper_is_refused(chat: IrcChatWithAccounts, line: str, command: str, why: str | None) -> None:
    client = chat.irc("carol")
    (told,) = client.says(line)
    assert (told.command, told.params[0]) == (command, "carol")
    assert why is None or told.text == why
    assert client.protocol.peer.session.account is None


def test_oper_is_not_for_who_is_somebody_else(chat: IrcChatWithAccounts) -> None:
    (told,) = chat.logged_in("bob").says(f"OPER ann {PASSWORD}")
    assert (told.command, told.text) == ("491", "you are logged in as bob; reconnect to use another account")


def test_oper_is_not_looked_at_where_others_can_listen_in(chat: IrcChatWithAccounts) -> None:
    (told,) = chat.irc("carol", address=ELSEWHERE).says(f"OPER ann {PASSWORD}")
    assert (told.command, told.text) == ("491", TLS)
    assert not chat.accounts.hasher.verified
    (told,) = chat.connect().says(f"OPER ann {PASSWORD}")
    assert told.command == "451"


def test_oper_where_there_are_no_accounts() -> None:
    (told,) = IrcChat().irc("carol").says("OPER ann secret")
    assert (told.command, told.text) == ("491", "this server has no accounts")
