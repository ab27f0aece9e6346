"""Logging in on the page with an OpenID provider: there and back, and everything that somebody else might try."""

from __future__ import annotations

import re
from collections.abc import Iterator
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from twisted.internet.interfaces import IReactorTime
from zope.interface import implementer

from chatd.accounts.groups import GroupRules
from chatd.accounts.login_store import LOGIN_SECONDS
from chatd.accounts.throttle import Throttle
from chatd.edges.web.page import page_files
from chatd.edges.web.sign_on import pages_for
from chatd.oidc import sign_on as module
from chatd.oidc.attempt import ATTEMPT_SECONDS, new_secret
from chatd.oidc.provider import Provider as OurProvider
from chatd.oidc.provider import ProviderSettings
from chatd.oidc.sign_on import ProviderSignOn
from chatd.runtime.sockets import IEncryptedOutside
from tests.support.in_memory_accounts import ChatWithAccounts
from tests.support.provider import CLIENT_ID, CLIENT_SECRET, InMemoryFetcher, Provider
from tests.support.web import ELSEWHERE, HERE, Answer, Transport, Web, WebSocketClient, parsed, written

HOST = "chat.example.org"
BACK = f"https://{HOST}/-/oidc/back"
EVIL = '<script>alert("x")</script>'


@implementer(IEncryptedOutside)
class Encrypted(Transport):
    """A connection over TLS."""


class Scene:
    """A server, a provider, and what the server has logged of the provider."""

    def __init__(self) -> None:
        self.chat = ChatWithAccounts("Ann", rules=GroupRules(frozenset({"ops"})))
        self.chat.clock.advance(1_700_000_000)
        self.provider = Provider(self.chat.clock.seconds)
        self.provider.issuer = "https://login.example.org"
        self.provider.redirects += [BACK, "http://localhost/-/oidc/back", f"https://{HOST}:8443/-/oidc/back"]
        self.provider.user = {"sub": "1", "preferred_username": "eve", "groups": []}
        self.fetcher = InMemoryFetcher(self.provider)
        self.log: list[str] = []
        settings = ProviderSettings(self.provider.issuer, CLIENT_ID, CLIENT_SECRET, wants_groups=True)
        clock, wall = IReactorTime(self.chat.clock), self.chat.clock.seconds
        ours = OurProvider(settings, self.fetcher, clock, wall)
        self.sign_on = ProviderSignOn(
            settings.issuer, ours, self.chat.members.log_in_vouched, clock, wall, self.log.append
        )
        self.web = Web(chat=self.chat, hosts=[HOST], sign_on=pages_for(self.sign_on))


class Browser:
    """Keeps cookies as a browser does, and says of a request where it comes from."""

    def __init__(self, scene: Scene, host: str = HOST, address: str = ELSEWHERE) -> None:
        self.scene = scene
        self.host = host
        self.address = address
        self.jar: dict[str, str] = {}

    def get(self, target: str, headers: dict[str, str] | None = None, *, strict: bool = True) -> Answer:
        """Follow a link; ``strict`` says that it is on a page of this server."""
        jar = {name: value for name, value in self.jar.items() if strict or name.endswith("-attempt")}
        sent = {"Host": self.host, "Sec-Fetch-Mode": "navigate", "Accept": "text/html", **(headers or {})}
        sent["Sec-Fetch-Site"] = "same-origin" if strict else "cross-site"
        if jar:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in jar.items())
        connection = self.scene.web.connect(self.address)
        connection.send(written("GET", target, None, sent))
        received = connection.received()
        head = received.partition(b"\r\n\r\n")[0] + b"\r\n"
        for line in re.findall(rb"^Set-Cookie: (.*)\r$", head, re.MULTILINE):
            for name, morsel in SimpleCookie(line.decode()).items():
                self.jar[name] = morsel.value
                if not morsel.value or morsel["max-age"] == "0":
                    del self.jar[name]
        return parsed(received)

    def go(self, room: str = "") -> str:
        """Go to the provider, and return what the browser is sent back to."""
        answer = self.get(f"/-/oidc{room}")
        assert answer.status == 303, answer.text
        return self.scene.fetcher.visit(answer.headers["location"])

    def come_back(self, address: str) -> Answer:
        parts = urlsplit(address)
        return self.get(f"{parts.path}?{parts.query}", strict=False)

    def log_in(self, room: str = "") -> Answer:
        return self.come_back(self.go(room))

    def me(self) -> Any:
        """Return whose the cookie is; None if nobody's."""
        answer = self.get("/-/me")
        return answer.json["account"] if answer.status == 200 else None


@pytest.fixture
def scene(monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    monkeypatch.setattr("tests.support.web.Transport", Encrypted)
    scene = Scene()
    yield scene
    scene.chat.close()


@pytest.fixture
def browser(scene: Scene) -> Browser:
    return Browser(scene)


def refusal(answer: Answer) -> str:
    """Return what somebody reads who is not let in."""
    assert answer.status >= 400, answer.text
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "script-src 'self'" in answer.headers["content-security-policy"]
    assert "<h1>You are not logged in</h1>" in answer.text
    found = re.search(r"<p>(.*)</p>\n<p><a", answer.text)
    assert found is not None
    return found[1]


def refused_guest(chat: ChatWithAccounts) -> str:
    """Return the beginning of what a guest reads who wants the name."""
    return chat.answer("JOIN eve").partition(";")[0]


# A login that goes well.


def test_there_and_back_is_a_login_like_that_by_password(scene: Scene, browser: Browser) -> None:
    answer = browser.log_in("?room=b%C3%BCcher")
    assert answer.status == 200
    assert "You are logged in as <bdi>eve</bdi>" in answer.text
    assert 'id="on" href="/b%C3%BCcher"' in answer.text
    assert list(browser.jar) == ["__Host-chatd"]
    assert browser.me() == "eve"
    socket = WebSocketClient(
        scene.web,
        origin=None,
        headers={"Cookie": f"__Host-chatd={browser.jar['__Host-chatd']}"},
    )
    assert "OK JOIN #tea 1 last=0 resume=secret1 seen=0" in socket.says("HELLO 1", "JOIN eve #tea")[-1]
    assert refused_guest(scene.chat) == "ERR not-allowed JOIN nick eve belongs to a registered user"


def test_the_cookies_can_be_read_by_no_script_and_planted_by_nobody_beside_it(scene: Scene, browser: Browser) -> None:
    answer = browser.get("/-/oidc")
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-chatd-attempt=")
    assert cookie.endswith("; Path=/; Max-Age=600; HttpOnly; SameSite=Lax; Secure")
    assert answer.headers["cache-control"] == "no-store"
    connection = scene.web.connect(ELSEWHERE)
    query = urlsplit(scene.fetcher.visit(answer.headers["location"])).query
    connection.send(written("GET", f"/-/oidc/back?{query}", None, {"Host": HOST, "Cookie": cookie.partition(";")[0]}))
    set_cookies = [line for line in connection.received().decode().split("\r\n") if line.startswith("Set-Cookie")]
    assert [line.partition("; ")[2] for line in set_cookies] == [
        "Path=/; Max-Age=34560000; HttpOnly; SameSite=Strict; Secure",
        "Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure",
    ]


def test_logging_out_and_a_login_that_is_too_old(scene: Scene, browser: Browser) -> None:
    browser.log_in()
    kept = dict(browser.jar)
    headers = {"Host": HOST, "Cookie": f"__Host-chatd={browser.jar['__Host-chatd']}"}
    assert scene.web.request("POST", "/-/logout", headers=headers, address=ELSEWHERE).status == 200
    assert browser.me() is None
    browser.log_in()
    assert browser.jar != kept and browser.me() == "eve"
    scene.chat.clock.advance(LOGIN_SECONDS)
    assert browser.me() is None


def test_on_this_machine_it_works_without_tls(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.web.Transport", Transport)
    browser = Browser(scene, "localhost", HERE)
    assert browser.log_in().status == 200
    assert list(browser.jar) == ["chatd"]
    assert browser.me() == "eve"


def test_groups_are_heeded(scene: Scene, browser: Browser) -> None:
    scene.provider.user["groups"] = ["ops"]
    browser.log_in()
    assert browser.get("/-/me").json["operator"] is True


def test_the_port_is_part_of_where_one_comes_back_to(scene: Scene) -> None:
    browser = Browser(scene, f"{HOST}:8443")
    assert browser.log_in().status == 200
    assert list(browser.jar) == ["__Host-chatd-8443"]


def test_the_page_offers_it_only_where_there_is_a_provider(scene: Scene, browser: Browser) -> None:
    page = browser.get("/")
    tag = '<script type="module" src="/-/oidc/page/link.js" data-label="login.example.org"></script>\n</head>'
    assert tag in page.text
    assert browser.get("/tea").text == page.text
    assert browser.get("/", {"If-None-Match": page.headers["etag"]}).status == 304
    for name in page_files("sign_on_page"):
        assert browser.get(f"/-/oidc/page/{name}").status == 200
    assert browser.get("/-/oidc/page/app.js").status == 404
    without = Web(chat=scene.chat, hosts=[HOST])
    plain = without.request("GET", "/", headers={"Accept": "text/html"})
    assert "oidc" not in plain.text
    assert plain.headers["etag"] != page.headers["etag"]
    assert without.request("GET", "/-/oidc").status == 404


# What somebody else might try.


def test_an_answer_that_another_browser_has_asked_for(scene: Scene, browser: Browser) -> None:
    """Login CSRF: whoever is made to open an attacker's answer is not logged in as the attacker."""
    attackers = Browser(scene).go()
    assert "started in another browser" in refusal(browser.come_back(attackers))
    browser.get("/-/oidc")
    assert "started in another browser" in refusal(browser.come_back(attackers))
    assert browser.me() is None
    assert scene.provider.asked.count("/token") == 0


def test_a_code_that_was_stolen_from_another_browser(scene: Scene, browser: Browser) -> None:
    """A code is of no use with another browser's state: it was asked for with that one's verifier."""
    victims = dict(parse_qsl(urlsplit(Browser(scene).go()).query))
    own = dict(parse_qsl(urlsplit(browser.go()).query))
    answer = browser.come_back(f"{BACK}?{urlencode({**own, 'code': victims['code']})}")
    assert "invalid_grant" in refusal(answer)
    assert browser.me() is None


def test_an_answer_that_was_used_already(scene: Scene, browser: Browser) -> None:
    back = browser.go()
    kept = dict(browser.jar)
    assert browser.come_back(back).status == 200
    assert "started in another browser" in refusal(browser.come_back(back))
    thief = Browser(scene)
    thief.jar = kept
    assert "already used" in refusal(thief.come_back(back))
    assert thief.me() is None
    assert scene.provider.asked.count("/token") == 1


def test_an_attempt_that_took_too_long(scene: Scene, browser: Browser) -> None:
    back = browser.go()
    scene.chat.clock.advance(ATTEMPT_SECONDS)
    assert "more than ten minutes ago" in refusal(browser.come_back(back))


@pytest.mark.parametrize(
    "room",
    ["//evil.example", "https://evil.example", "/evil.example", "\\evil.example", "..", "-/logout", EVIL, "a b", ""],
)
def test_one_comes_back_to_this_server_alone(browser: Browser, room: str) -> None:
    answer = browser.log_in(f"?{urlencode({'room': room})}")
    assert answer.status == 200
    (href,) = re.findall(r'id="on" href="([^"]*)"', answer.text)
    assert href == "/"


def test_a_cookie_that_somebody_has_made_up_leads_nowhere_else(browser: Browser) -> None:
    back = browser.go("?room=tea")
    (name,) = browser.jar
    browser.jar[name] = browser.jar[name].partition(".")[0] + ".%2F%2Fevil.example"
    assert 'href="/"' in browser.come_back(back).text
    browser.jar = {name: f"{new_secret(0)}.tea"}
    assert "started in another" in refusal(browser.come_back(back))


def test_a_host_that_is_not_known_is_no_place_to_come_back_to(scene: Scene) -> None:
    answer = Browser(scene, "evil.example").get("/-/oidc")
    assert answer.status == 403
    assert answer.json["error"] == "foreign-host"
    assert scene.provider.asked == []


@pytest.mark.parametrize(
    ("address", "headers"), [(ELSEWHERE, {}), (HERE, {"X-Forwarded-For": ELSEWHERE}), (HERE, {"Via": "1.1 proxy"})]
)
def test_where_others_could_listen_in_it_is_not_begun(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, address: str, headers: dict[str, str]
) -> None:
    monkeypatch.setattr("tests.support.web.Transport", Transport)
    browser = Browser(scene, address=address)
    assert "needs TLS" in refusal(browser.get("/-/oidc", headers))
    assert "needs TLS" in refusal(browser.get("/-/oidc/back?code=1&state=2", headers))
    assert scene.provider.asked == []


def test_a_proxy_that_has_taken_tls_away_says_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.web.Transport", Transport)
    answer = Browser(scene, address=HERE).get("/-/oidc", {"X-Forwarded-Proto": "https"})
    assert dict(parse_qsl(urlsplit(answer.headers["location"]).query))["redirect_uri"] == BACK


def test_the_name_of_somebody_else_is_not_given_away(scene: Scene, browser: Browser) -> None:
    scene.provider.user["preferred_username"] = "ann"
    assert "ann already belongs to a registered user" in refusal(browser.log_in())
    assert browser.me() is None


def test_the_answer_of_another_provider(scene: Scene, browser: Browser) -> None:
    """Mix-up: an answer that says whose it is (RFC 9207), and it is not this provider's."""
    answer = browser.come_back(f"{browser.go()}&iss=https%3A%2F%2Fevil.example")
    assert "another provider" in refusal(answer)
    assert scene.provider.asked.count("/token") == 0


# What people read when it does not work.


@pytest.mark.parametrize(
    ("said", "read"),
    [
        ({"error": "access_denied"}, "you declined at the provider"),
        (
            {"error": "server_error", "error_description": EVIL},
            "provider said &quot;server_error: &lt;script&gt;alert(",
        ),
        ({"error": "\x1b[31mred" + "a" * 5000}, "the provider said"),
    ],
)
def test_a_provider_that_says_no(scene: Scene, browser: Browser, said: dict[str, str], read: str) -> None:
    state = dict(parse_qsl(urlsplit(browser.go()).query))["state"]
    text = refusal(browser.come_back(f"{BACK}?{urlencode({**said, 'state': state})}"))
    assert text.startswith("Logging in with login.example.org failed: ")
    assert read in text
    assert "<script" not in text and "\x1b" not in text and len(text) < 500
    assert all(line.isprintable() for line in scene.log)
    assert len(scene.log) == 1


def test_what_anybody_could_have_written_is_not_shown(browser: Browser) -> None:
    text = refusal(browser.get(f"/-/oidc/back?{urlencode({'error': 'call', 'error_description': 'the number 555'})}"))
    assert "555" not in text


def test_a_provider_that_is_down(scene: Scene, browser: Browser) -> None:
    scene.provider.raw["/.well-known/openid-configuration"] = (503, b"{}")
    answer = browser.get("/-/oidc")
    assert answer.status == 503
    assert refusal(answer) == (
        "Logging in with login.example.org failed: the provider answered 503 to the request for its configuration."
    )
    assert scene.log == [
        "a login with login.example.org failed: the provider answered 503 to the request for its configuration"
    ]


def test_who_gets_it_wrong_again_and_again_waits(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    scene.sign_on._failures = Throttle(IReactorTime(scene.chat.clock), 2, 60, "too many failed logins")
    scene.provider.changes = {"nonce": "another"}
    for _ in range(2):
        assert "belongs to another login" in refusal(Browser(scene).log_in())
    answer = Browser(scene).log_in()
    assert answer.status == 429
    assert "too many failed logins; try again in 1 min" in refusal(answer).lower()
    monkeypatch.setattr(scene.provider, "changes", {})
    for _ in range(3):  # what goes well does not count
        assert Browser(scene, address="192.0.2.8").log_in().status == 200


def test_many_who_come_in_at_once(scene: Scene, browser: Browser) -> None:
    back = browser.go()
    scene.sign_on._under_way = module.MAX_UNDER_WAY
    answer = browser.come_back(back)
    assert answer.status == 429
    assert "too many people are logging in" in refusal(answer).lower()


def test_attempts_that_were_used_are_forgotten_at_some_time(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_USED", 2)
    for _ in range(4):
        assert Browser(scene).log_in().status == 200
    assert len(scene.sign_on._used) == 2
