"""Who sends a request: bearer tokens, and logins that browsers keep in a cookie."""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterator, Sequence

import pytest
from zope.interface import implementer

from chatd.accounts import AccountsError, NoAccounts
from chatd.accounts.login_store import LOGIN_SECONDS, LoginStore
from chatd.accounts.service import Registration
from chatd.accounts.throttle import FAILURES
from chatd.accounts.token_store import TokenStore
from chatd.chat.posting import post
from chatd.edges.web import site
from chatd.edges.web.call import Call
from chatd.edges.web.credentials import bearer_token, cookie, cookie_name
from chatd.edges.web.errors import HTTPError
from chatd.edges.web.routes import Access, Route
from chatd.protocol import names
from chatd.protocol.errors import ChatError, Code
from chatd.protocol.moderation_commands import MAX_PASSWORD_BYTES
from chatd.runtime.sockets import IEncryptedOutside
from tests.support.in_memory_accounts import PASSWORD, ChatWithAccounts, CountingHasher
from tests.support.web import ELSEWHERE, HERE, Answer, Transport, Web, WebConnection, WebSocketClient

JSON = "application/json"
FORM = "application/x-www-form-urlencoded"


async def _who(call: Call) -> None:
    visitor = call.visitor
    call.json(200, {"account": visitor.account, "operator": visitor.is_operator, "household": visitor.household})


async def _say(call: Call) -> None:
    nick = names.nick(call.query("nick") or "")
    posted = await post(call.visitor, nick, call.room, call.body().decode())
    call.json(201, {"id": posted.id})


PLACES: Sequence[Route] = (
    Route("POST", "/ROOM/say", _say, body_bytes=100),
    Route("POST", "/ROOM", _who, body_bytes=100),
    Route("PUT", "/ROOM", _who, body_bytes=100),
    Route("GET", "/ROOM/json", _who),
    Route("DELETE", "/ROOM/ID", _who),
    Route("POST", "/ROOM/ID", _who, body_bytes=100),
    Route("GET", "/-/numbers", _who, Access.OPERATOR),
    Route("GET", "/-/anybody", _who, Access.ANYBODY),
)
"""Places of every kind, in front of those that there are: what is tested is who is let through to them."""


@pytest.fixture
def chat() -> Iterator[ChatWithAccounts]:
    chat = ChatWithAccounts("ann", "Bob", registration="code")
    yield chat
    chat.close()


@pytest.fixture
def web(chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch) -> Web:
    monkeypatch.setattr(site, "ROWS", (*PLACES, *site.ROWS))
    return Web(chat=chat)


@implementer(IEncryptedOutside)
class Encrypted(Transport):
    """A connection over TLS."""


@pytest.fixture
def over_tls(web: Web, monkeypatch: pytest.MonkeyPatch) -> Web:
    """Return the server with connections that are over TLS from now on."""
    monkeypatch.setattr("tests.support.web.Transport", Encrypted)
    return web


def token(
    chat: ChatWithAccounts, key: str = "bob", *, rooms: Sequence[str] | None = None, post_only: bool = False
) -> dict[str, str]:
    """Return the header with a new token."""
    made = TokenStore(chat.store).add(key, 0, rooms=rooms, post_only=post_only, expires=None)
    return {"Authorization": f"Bearer {made.secret}"}


def log_in(
    web: Web, nick: str = "bob", password: str = PASSWORD, *, address: str = HERE, headers: dict[str, str] | None = None
) -> Answer:
    body = json.dumps({"nick": nick, "password": password})
    return web.request("POST", "/-/login", body, {"Content-Type": JSON, **(headers or {})}, address=address)


def cookie_of(answer: Answer) -> dict[str, str]:
    """Return the header that sends back the cookie that an answer sets."""
    return {"Cookie": answer.headers["set-cookie"].partition(";")[0]}


def said(answer: Answer) -> tuple[int, str]:
    """Return the status of a refusal and its code."""
    assert answer.json["text"]
    return answer.status, answer.json["error"]


def account(answer: Answer) -> object:
    assert answer.status == 200, answer.text
    return answer.json["account"]


# Bearer tokens.


def test_who_has_a_token_is_its_account_from_anywhere(web: Web, chat: ChatWithAccounts) -> None:
    for address in (HERE, ELSEWHERE):
        answer = web.request("GET", "/tea/json", headers=token(chat), address=address)
        assert answer.json == {"account": "bob", "operator": False, "household": "account bob"}
    assert web.request("GET", "/-/me", headers=token(chat)).json == {"nick": "Bob", "account": "bob", "operator": False}
    assert said(web.request("GET", "/tea/json", address=ELSEWHERE)) == (401, "token-needed")


def test_the_token_of_an_operator_is_one(web: Web, chat: ChatWithAccounts) -> None:
    assert said(web.request("GET", "/-/numbers", headers=token(chat), address=ELSEWHERE)) == (403, "not-allowed")
    assert account(web.request("GET", "/-/numbers", headers=token(chat, "ann"), address=ELSEWHERE)) == "ann"
    limited = token(chat, "ann", rooms=["#tea"])
    for address in (HERE, ELSEWHERE):
        assert said(web.request("GET", "/-/numbers", headers=limited, address=address)) == (403, "not-allowed")


def test_a_token_may_come_as_the_password_of_what_knows_no_bearer(web: Web, chat: ChatWithAccounts) -> None:
    secret = token(chat)["Authorization"].split()[1]
    for user in ("", "bob", "whoever"):
        basic = {"Authorization": f"Basic {b64encode(f'{user}:{secret}'.encode()).decode()}"}
        assert account(web.request("GET", "/tea/json", headers=basic, address=ELSEWHERE)) == "bob"
    for header in ("Basic !", "Basic " + b64encode(b"\xff:").decode(), "Digest x", "Bearer", ""):
        answer = web.request("GET", "/tea/json", headers={"Authorization": header})
        assert said(answer) == (401, "bad-password")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_an_account_is_not_reached_with_its_password_where_a_token_belongs(web: Web, chat: ChatWithAccounts) -> None:
    basic = {"Authorization": f"Basic {b64encode(f'bob:{PASSWORD}'.encode()).decode()}"}
    assert said(web.request("GET", "/tea/json", headers=basic)) == (401, "bad-password")
    assert not chat.hasher.verified


def test_a_wrong_token_is_refused_even_where_guests_are_not(web: Web, chat: ChatWithAccounts) -> None:
    wrong = {"Authorization": "Bearer chatd_00000000_" + "0" * 40}
    for path in ("/tea/json", "/-/anybody", "/-/me"):
        assert said(web.request("GET", path, headers=wrong)) == (401, "bad-password")
    for _ in range(FAILURES):
        web.request("GET", "/tea/json", headers=wrong, address=ELSEWHERE)
    answer = web.request("GET", "/tea/json", headers=wrong, address=ELSEWHERE)
    assert said(answer) == (429, "slow-down")
    assert answer.headers["retry-after"]
    assert account(web.request("GET", "/tea/json", headers=token(chat), address=ELSEWHERE)) == "bob"


def test_a_token_is_revoked_between_two_requests_of_one_connection(web: Web, chat: ChatWithAccounts) -> None:
    headers, connection = token(chat), web.connect(ELSEWHERE)
    assert account(connection.request("GET", "/tea/json", headers=headers)) == "bob"
    TokenStore(chat.store).remove(headers["Authorization"].split("_")[1])
    assert said(connection.request("GET", "/tea/json", headers=headers)) == (401, "bad-password")


def test_a_token_for_rooms_is_good_for_those_alone(web: Web, chat: ChatWithAccounts) -> None:
    headers = token(chat, rooms=["#Tea", "#über"])
    for path in ("/tea/json", "/TEA/json", "/%C3%BCber/json"):
        assert account(web.request("GET", path, headers=headers)) == "bob"
    for method, path in (
        ("GET", "/ale/json"),
        ("GET", "/-/me"),
        ("GET", "/-/anybody"),
        ("POST", "/ale"),
        ("POST", "/"),
    ):
        answer = web.request(method, path, headers=headers)
        assert said(answer) == (403, "not-allowed")
        assert answer.json["text"] == "this token is valid for #tea, #über only"


def test_a_token_for_posting_posts_and_does_nothing_else(web: Web, chat: ChatWithAccounts) -> None:
    headers = token(chat, post_only=True)
    assert account(web.request("POST", "/tea", "hello", headers)) == "bob"
    assert account(web.request("PUT", "/tea", "hello", headers)) == "bob"
    for method, path in (
        ("GET", "/tea/json"),
        ("GET", "/tea"),
        ("DELETE", "/tea/1"),
        ("POST", "/tea/1"),
        ("GET", "/-/me"),
        ("POST", "/-/logout"),
        ("GET", "/-/anybody"),
    ):
        assert said(web.request(method, path, headers=headers)) == (403, "not-allowed")
    both = token(chat, rooms=["#tea"], post_only=True)
    assert account(web.request("POST", "/tea", "hello", both)) == "bob"
    assert said(web.request("POST", "/ale", "hello", both)) == (403, "not-allowed")


def test_a_connection_is_not_its_last_account(web: Web, chat: ChatWithAccounts) -> None:
    connection = web.connect()
    for headers, whose in ((token(chat, "ann"), "ann"), ({}, None), (token(chat), "bob"), (token(chat, "ann"), "ann")):
        assert account(connection.request("GET", "/tea/json", headers=headers)) == whose


def say(web: Web, nick: str, headers: dict[str, str], room: str = "tea") -> tuple[int, str]:
    """Say something by a request, and return its status and what that is called."""
    answer = web.request("POST", f"/{room}/say?nick={nick}", "hello", headers, address=ELSEWHERE)
    return answer.status, answer.json.get("error", "")


def test_a_token_speaks_under_the_name_of_its_account_and_no_other_that_is_somebodys(
    web: Web, chat: ChatWithAccounts
) -> None:
    assert say(web, "bob", token(chat)) == (201, "")
    assert say(web, "robot", token(chat)) == (201, "")
    assert say(web, "ann", token(chat)) == (403, "not-allowed")
    assert say(web, "bob", token(chat, "ann")) == (403, "not-allowed")


@pytest.mark.parametrize(
    ("ruling", "code"), [("BAN bob #tea", "banned"), ("MUTE bob #tea", "muted"), ("BAN bob #*", "banned")]
)
def test_what_was_ruled_on_an_account_holds_for_its_tokens(
    web: Web, chat: ChatWithAccounts, ruling: str, code: str
) -> None:
    ann = chat.visitor(f"LOGIN ann {PASSWORD}", "JOIN ann #tea")
    chat.send(ann, ruling)
    for nick in ("bob", "robot"):
        assert say(web, nick, token(chat)) == (403, code)
    assert say(web, "ann", token(chat, "ann")) == (201, "")


def test_a_token_goes_where_its_account_is_invited(web: Web, chat: ChatWithAccounts) -> None:
    ann = chat.visitor(f"LOGIN ann {PASSWORD}", "JOIN ann #den", "SET #den registered=yes", "SET #den private=yes")
    assert say(web, "bob", token(chat), "den")[0] == 403
    chat.send(ann, "INVITE bob #den")
    assert say(web, "bob", token(chat), "den") == (201, "")


# WebSockets.


def websocket(web: Web, headers: dict[str, str], address: str = HERE) -> WebSocketClient:
    return WebSocketClient(web, headers=headers, address=address)


def test_a_websocket_is_logged_in_by_its_token_or_cookie(web: Web, chat: ChatWithAccounts) -> None:
    for headers in (token(chat), cookie_of(log_in(web))):
        client = websocket(web, headers)
        assert client.says("JOIN bob #tea")[-1].startswith("OK JOIN ")
    assert websocket(web, {}).says("JOIN bob #tea")[-1].startswith("ERR not-allowed JOIN ")


def test_a_websocket_is_not_for_a_token_that_is_limited(web: Web, chat: ChatWithAccounts) -> None:
    for headers in (token(chat, post_only=True), token(chat, rooms=["#tea"])):
        handshake = websocket(web, headers).handshake
        assert handshake is not None
        assert handshake.status_code == 403
        assert b'"not-allowed"' in (handshake.body or b"")


@pytest.mark.parametrize("how", ["logout", "passwd", "remove", "revoke"])
def test_a_websocket_ends_when_its_login_is_over(web: Web, chat: ChatWithAccounts, how: str) -> None:
    headers = token(chat) if how == "revoke" else cookie_of(log_in(web))
    client = websocket(web, headers)
    client.says("JOIN bob #tea")
    seconds = chat.hub.limits.ping_seconds
    chat.wait(seconds)
    client.says("PING still")
    assert client.closed_with is None
    match how:
        case "logout":
            assert web.request("POST", "/-/logout", headers=headers).status == 200
        case "passwd":
            chat.store.set_hash("bob", CountingHasher().hash("another-horse"))
        case "remove":
            chat.store.remove("bob")
        case "revoke":
            TokenStore(chat.store).remove(headers["Authorization"].split("_")[1])
    chat.wait(seconds)
    assert client.lines()[-1] == "BYE refused the login has expired; log in again"
    assert client.closed_with == (4004, "the login has expired; log in again")


def test_a_websocket_stays_while_its_login_cannot_be_looked_up(
    web: Web, chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = websocket(web, cookie_of(log_in(web)))
    client.says("JOIN bob #tea")

    def fail(*_: object) -> None:
        raise AccountsError("input/output error")

    monkeypatch.setattr(chat.store, "read", fail)
    chat.wait(chat.hub.limits.ping_seconds)
    client.take()
    assert client.closed_with is None


# Logging in.


def test_a_login_is_in_a_cookie_that_no_script_reads_and_no_other_site_sends(web: Web) -> None:
    answer = log_in(web, "BOB")
    assert answer.status == 200
    assert answer.json == {"nick": "Bob", "account": "bob", "operator": False}
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith("chatd=")
    assert {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
    assert "Secure" not in attributes  # on this machine, over plain HTTP, some browsers would not keep it
    assert not [each for each in attributes if each.startswith("Domain")]
    assert account(web.request("GET", "/-/me", headers=cookie_of(answer))) == "bob"
    assert account(web.request("GET", "/tea/json", headers=cookie_of(answer))) == "bob"


def test_over_tls_the_cookie_is_of_this_host_and_goes_over_tls_alone(over_tls: Web) -> None:
    answer = log_in(over_tls, address=ELSEWHERE)
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-chatd=")
    assert {"Secure", "HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
    assert account(over_tls.request("GET", "/-/me", headers=cookie_of(answer), address=ELSEWHERE)) == "bob"
    unsafe = {"Cookie": name.removeprefix("__Host-")}
    assert said(over_tls.request("GET", "/-/me", headers=unsafe, address=ELSEWHERE)) == (401, "token-needed")


def test_behind_a_proxy_that_adds_tls_it_is_the_same(web: Web) -> None:
    answer = log_in(web, headers={"Host": "127.0.0.1", "Origin": "https://127.0.0.1"})
    assert answer.headers["set-cookie"].startswith("__Host-chatd=")
    assert "; Secure" in answer.headers["set-cookie"]
    assert account(web.request("GET", "/-/me", headers=cookie_of(answer))) == "bob"


FORWARDED = [
    {"X-Forwarded-For": "192.0.2.9"},
    {"Forwarded": "for=192.0.2.9;proto=http"},
    {"X-Real-IP": "192.0.2.9"},
    {"Via": "1.1 front"},
    {"X-Forwarded-Proto": "http"},
]
"""What a proxy on this machine adds to what comes from anywhere."""


@pytest.mark.parametrize("headers", FORWARDED)
def test_what_a_proxy_on_this_machine_hands_on_is_from_elsewhere(
    web: Web, chat: ChatWithAccounts, headers: dict[str, str]
) -> None:
    kept = cookie_of(log_in(web))
    chat.hasher.verified.clear()
    assert said(web.request("GET", "/tea/json", headers=headers)) == (401, "token-needed")
    assert said(web.request("GET", "/-/numbers", headers=headers)) == (403, "not-allowed")
    assert account(web.request("GET", "/-/numbers", headers=headers | token(chat, "ann"))) == "ann"
    assert said(log_in(web, headers=headers)) == (403, "tls-needed")
    assert said(web.request("GET", "/-/me", headers=headers | kept)) == (401, "token-needed")
    assert websocket(web, headers).says(f"LOGIN bob {PASSWORD}")[-1].startswith("ERR tls-needed LOGIN ")
    assert not chat.hasher.verified
    answer = log_in(web, headers=headers | {"X-Forwarded-Proto": "https"})
    assert answer.headers["set-cookie"].startswith("__Host-chatd=")
    assert websocket(web, {"X-Forwarded-Proto": "https"}).says(f"LOGIN bob {PASSWORD}")[-1] == "OK LOGIN Bob"


def test_two_servers_of_one_machine_have_two_cookies(web: Web) -> None:
    answer = log_in(web, headers={"Host": "127.0.0.1:10380"})
    assert answer.headers["set-cookie"].startswith("chatd-10380=")
    assert account(web.request("GET", "/-/me", headers={"Host": "127.0.0.1:10380", **cookie_of(answer)})) == "bob"
    assert said(web.request("GET", "/-/me", headers={"Host": "127.0.0.1:1", **cookie_of(answer)}))[0] == 401


def test_where_others_can_listen_in_neither_a_password_nor_a_cookie_is_looked_at(
    web: Web, chat: ChatWithAccounts
) -> None:
    chat.store.add_code("c0de", None, 0)
    kept = cookie_of(log_in(web))
    chat.hasher.verified.clear()
    assert said(log_in(web, address=ELSEWHERE)) == (403, "tls-needed")
    assert said(register(web, address=ELSEWHERE)) == (403, "tls-needed")
    assert not chat.hasher.verified
    assert said(web.request("GET", "/-/me", headers=kept, address=ELSEWHERE)) == (401, "token-needed")


def test_a_page_of_another_site_logs_nobody_in_or_out(web: Web, chat: ChatWithAccounts) -> None:
    kept = cookie_of(log_in(web))
    chat.hasher.verified.clear()
    for foreign in ({"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Host": "evil.example"}):
        assert said(log_in(web, headers=foreign))[0] == 403
        for method, path in (("POST", "/-/logout"), ("POST", "/tea"), ("GET", "/-/me")):
            assert said(web.request(method, path, headers={**kept, **foreign}))[0] == 403
    assert not chat.hasher.verified
    assert account(web.request("GET", "/-/me", headers=kept)) == "bob"


def test_the_secret_of_a_login_is_never_one_that_came(web: Web) -> None:
    planted = {"Cookie": "chatd=" + "a" * 64}
    assert said(web.request("GET", "/-/me", headers=planted)) == (401, "bad-password")
    first = log_in(web, headers=planted)
    assert "a" * 64 not in first.headers["set-cookie"]
    second = log_in(web, "ann", headers=cookie_of(first))
    assert said(web.request("GET", "/-/me", headers=cookie_of(first))) == (401, "bad-password")
    assert account(web.request("GET", "/-/me", headers=cookie_of(second))) == "ann"


@pytest.mark.parametrize("how", ["logout", "passwd", "remove", "age"])
def test_a_login_is_over(web: Web, chat: ChatWithAccounts, how: str) -> None:
    kept = cookie_of(log_in(web))
    match how:
        case "logout":
            answer = web.request("POST", "/-/logout", headers=kept)
            assert answer.status == 200
            assert answer.headers["set-cookie"].startswith("chatd=; Path=/; Max-Age=0; ")
        case "passwd":
            chat.store.set_hash("bob", CountingHasher().hash("another-horse"))
        case "remove":
            chat.store.remove("bob")
        case "age":
            chat.clock.advance(LOGIN_SECONDS)
    assert said(web.request("GET", "/-/me", headers=kept)) == (401, "bad-password")
    assert said(web.request("POST", "/tea", headers=kept)) == (401, "bad-password")  # and not said as a guest
    assert account(web.request("GET", "/-/anybody", headers=kept)) is None
    assert web.request("GET", "/", headers=kept).status == 200
    assert web.request("POST", "/-/logout", headers=kept).status == 200


def test_the_login_that_is_ended_is_the_browsers_own(web: Web) -> None:
    one, other = cookie_of(log_in(web)), cookie_of(log_in(web))
    web.request("POST", "/-/logout", headers=one)
    assert account(web.request("GET", "/-/me", headers=other)) == "bob"
    answer = web.request("POST", "/-/logout")
    assert answer.status == 200
    assert "set-cookie" not in answer.headers


def test_a_browser_keeps_the_cookie_as_long_as_it_comes_back(web: Web, chat: ChatWithAccounts) -> None:
    kept = cookie_of(log_in(web))
    answer = web.request("GET", "/-/me", headers=kept)
    assert cookie_of(answer) == kept
    assert "set-cookie" not in web.request("GET", "/-/me", headers=kept | token(chat)).headers


def test_a_token_goes_before_a_cookie(web: Web, chat: ChatWithAccounts) -> None:
    kept = cookie_of(log_in(web))
    assert account(web.request("GET", "/tea/json", headers=kept | token(chat, "ann"))) == "ann"


def test_wrong_passwords_say_nothing_and_end(web: Web) -> None:
    wrong, nobody = log_in(web, password="wrong-horse"), log_in(web, "nobody")
    assert said(wrong) == said(nobody) == (401, "bad-password")
    assert wrong.json == nobody.json
    assert "set-cookie" not in wrong.headers
    for _ in range(FAILURES - 1):
        log_in(web, password="wrong-horse")
    assert said(log_in(web)) == (429, "slow-down")


def test_a_form_is_as_good_as_an_object(web: Web) -> None:
    body, headers = f"nick=bob&password={PASSWORD}", {"Content-Type": f"{FORM}; charset=utf-8"}
    assert account(web.request("POST", "/-/login", body, headers)) == "bob"


@pytest.mark.parametrize(
    ("kind", "body", "refused"),
    [
        ("text/plain", f'{{"nick":"bob","password":"{PASSWORD}"}}', (415, "bad-syntax")),
        (JSON, "[" * 2000, (400, "bad-syntax")),
        (JSON, "[]", (400, "bad-syntax")),
        (JSON, '{"nick":"bob"}', (400, "bad-syntax")),
        (JSON, '{"nick":"bob","password":8}', (400, "bad-syntax")),
        (JSON, '{"nick":"bob","password":"\\ud800"}', (400, "not-utf8")),
        (JSON, f'{{"nick":"bob","password":"{"x" * (MAX_PASSWORD_BYTES + 1)}"}}', (400, "bad-syntax")),
        (JSON, '{"nick":"b b","password":"12345678"}', (400, "bad-nick")),
        (JSON, '{"nick":"\\ud800","password":"12345678"}', (400, "not-utf8")),
        (JSON, b"\xff", (400, "bad-syntax")),
        (FORM, "&".join(f"x{number}=1" for number in range(20)), (400, "bad-syntax")),
        (FORM, "nick=%ff", (400, "bad-syntax")),
    ],
)
def test_what_is_no_login_is_said_to_be_none(
    web: Web, chat: ChatWithAccounts, kind: str, body: str | bytes, refused: tuple[int, str]
) -> None:
    assert said(web.request("POST", "/-/login", body, {"Content-Type": kind})) == refused
    assert not chat.hasher.verified


def test_who_leaves_while_a_password_is_checked_is_no_trouble(web: Web) -> None:
    connection = WebConnection(web)
    body = json.dumps({"nick": "bob", "password": PASSWORD})
    head = f"POST /-/login HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {JSON}\r\nContent-Length: {len(body)}\r\n\r\n"
    connection.protocol.dataReceived((head + body).encode())
    connection.lose()
    web.chat.turn()


def test_accounts_that_cannot_be_read_or_written_are_503(
    web: Web, chat: ChatWithAccounts, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept = cookie_of(log_in(web))

    def fail(*_: object) -> None:
        raise AccountsError("input/output error")

    monkeypatch.setattr(LoginStore, "open", fail)
    assert said(log_in(web)) == (503, "unavailable")
    monkeypatch.setattr(chat.store, "read", fail)
    for path in ("/-/me", "/tea/json"):
        assert said(web.request("GET", path, headers=kept)) == (503, "unavailable")
    assert web.request("GET", "/", headers=kept).status == 200


# Making an account.


def register(web: Web, nick: str = "Eve", code: str | None = "c0de", *, address: str = HERE, **headers: str) -> Answer:
    body = json.dumps({"nick": nick, "password": PASSWORD, "code": code})
    return web.request("POST", "/-/register", body, {"Content-Type": JSON, **headers}, address=address)


def test_who_makes_an_account_is_logged_in_to_it(web: Web, chat: ChatWithAccounts) -> None:
    chat.store.add_code("c0de", None, 0)
    answer = register(web)
    assert answer.status == 201
    assert answer.json == {"nick": "Eve", "account": "eve", "operator": False}
    assert account(web.request("GET", "/-/me", headers=cookie_of(answer))) == "eve"
    assert account(log_in(web, "eve")) == "eve"


def test_an_account_takes_an_invitation_and_a_name_that_is_nobodys(web: Web, chat: ChatWithAccounts) -> None:
    chat.store.add_code("c0de", None, 0)
    chat.visitor("JOIN carol")
    assert said(register(web, code=None)) == (403, "not-allowed")
    assert said(register(web, code="c0df")) == (403, "not-allowed")
    assert said(register(web, "ann")) == (409, "name-taken")
    assert said(register(web, "carol")) == (409, "name-taken")
    kept = cookie_of(log_in(web))
    assert said(register(web, **kept)) == (409, "already-in")
    assert register(web).status == 201


# What the headers say.


def test_the_cookie_is_found_among_others() -> None:
    sent = [b"a=1; \xff=\xfe;chatd", b"x=chatd=2;  chatd=3; chatd=4"]
    assert cookie(sent, "chatd") == "3"
    assert cookie(sent, "__Host-chatd") is None
    assert cookie([], "chatd") is None


def test_the_name_of_the_cookie_has_the_port() -> None:
    assert cookie_name("[::1]:8080", encrypted=False) == "chatd-8080"
    assert cookie_name("[::1]", encrypted=True) == "__Host-chatd"
    assert cookie_name(None, encrypted=False) == "chatd"


def test_the_header_of_a_token() -> None:
    assert bearer_token(None) is None
    assert bearer_token("bearer  x ") == "x"
    with pytest.raises(HTTPError):
        bearer_token("chatd_1_2")


@pytest.mark.parametrize(
    ("owners", "registration", "members_only", "offered"),
    [
        ((), "off", False, "guest"),
        (("ann",), "off", False, "guest login"),
        (("ann",), "off", True, "login"),
        ((), "open", False, "guest login register"),
        (("ann",), "code", False, "guest login register"),
    ],
)
def test_the_page_says_which_ways_in_there_are(
    owners: Sequence[str], registration: str, *, members_only: bool, offered: str
) -> None:
    chat = ChatWithAccounts(*owners, registration=registration, members_only=members_only)
    if not owners and registration == "off":
        chat.hub.accounts = NoAccounts()
    web = Web(chat=chat)
    assert f'<meta name="sign-in" content="{offered}">\n</head>' in web.request("GET", "/").text
    chat.close()


@pytest.mark.parametrize("members_only", [True, False])
def test_the_page_offers_no_password_where_others_could_read_it(
    chat: ChatWithAccounts, web: Web, monkeypatch: pytest.MonkeyPatch, *, members_only: bool
) -> None:
    chat.members.set_policy(Registration.OPEN, members_only=members_only)
    guest = "" if members_only else "guest "
    assert f'<meta name="sign-in" content="{guest}https">' in web.request("GET", "/", address=ELSEWHERE).text
    monkeypatch.setattr("tests.support.web.Transport", Encrypted)
    assert f'<meta name="sign-in" content="{guest}login register">' in web.request("GET", "/", address=ELSEWHERE).text


def test_behind_a_proxy_of_this_machine_the_page_offers_what_may_be_over_tls(web: Web) -> None:
    told = {"X-Forwarded-For": ELSEWHERE}
    assert 'content="guest login register">' in web.request("GET", "/", headers=told).text
    assert log_in(web, headers=told | {"Origin": "https://127.0.0.1"}).status == 200


def test_the_page_offers_to_log_in_while_the_accounts_cannot_be_read(
    chat: ChatWithAccounts, web: Web, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_accounts: object) -> Sequence[str]:
        raise ChatError(Code.UNAVAILABLE, "the accounts cannot be read")

    monkeypatch.setattr(type(chat.hub.accounts), "mechanisms", fail)
    chat.members.set_policy(Registration.OFF, members_only=False)
    assert 'content="guest login"' in web.request("GET", "/").text
