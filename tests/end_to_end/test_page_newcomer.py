"""What a newcomer reads on the page before and after joining: nothing that is not so."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.browser import Page, address_of, chromium
from tests.support.daemon import Daemon
from tests.support.lossy_relay import LossyRelay

pytestmark = pytest.mark.slow

WATCH = """
const part = document.getElementById('empty');
window.shown = [];
const look = () => part.hidden || window.shown.push(part.textContent);
new MutationObserver(look).observe(part, {attributes: true, childList: true});
look();
"""
"""Notes whenever the page says that there are no messages."""


def test_the_page_says_that_there_are_no_messages_where_there_are_none(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        with daemon.member("bob", "#builds") as bob:
            bob.send(b"MSG hello\nPING\n")
            bob.until(lambda line: line.startswith("PONG"))
        page = Page(browser, address_of(daemon) + "/builds")
        browser.wait("document.querySelector('dialog.sign')")
        browser.js(WATCH)
        assert browser.js("return document.getElementById('people-count').textContent") == ""
        page.come_in("ann")
        page.wait_for(["hello"])
        assert browser.js("return window.shown") == []
        page.say("/join #den")
        browser.wait("window.shown.includes('No messages in #den yet. Say hello!')")
        assert browser.js("return document.getElementById('people-count').textContent") == "1 person"
        page.say("first")
        page.wait_for(["first"])
        assert browser.js("return document.getElementById('empty').hidden")


ACCOUNT = ["Log in", "Register"]
LISTED = "return [...document.querySelectorAll('dialog dt')].map(each => each.textContent.split(' ')[0])"
BUTTONS = "return [...document.querySelectorAll('dialog.sign form button')].map(each => each.textContent)"
ITEMS = "return [...document.querySelectorAll('[role=menu] button')].map(each => each.textContent)"


@pytest.mark.parametrize(
    ("options", "ways", "items", "commands"),
    [
        ((), ["Join as a guest"], [], []),
        (("--registration", "open"), [*ACCOUNT, "Join as a guest"], ACCOUNT, ["/register", "/login"]),
    ],
)
def test_the_page_offers_no_way_in_that_the_server_does_not_have(
    tmp_path: Path, options: Sequence[str], ways: Sequence[str], items: Sequence[str], commands: Sequence[str]
) -> None:
    with Daemon(tmp_path, "--web", "0", *options) as daemon, chromium(tmp_path) as browser:
        page = Page(browser, address_of(daemon) + "/")
        browser.wait("document.querySelector('dialog.sign')")
        assert browser.js(BUTTONS) == ways
        page.come_in("ann")
        browser.js("document.getElementById('me-button').click()")
        assert [each for each in browser.js(ITEMS) if each in ("Log in", "Register")] == items
        browser.press("ESCAPE")
        page.say("/help")
        told = browser.js(LISTED)
        assert [each for each in told if each in ("/register", "/login")] == commands
        browser.press("ESCAPE")
        browser.js("document.getElementById('text').focus()")
        browser.type("/reg")
        browser.press("TAB")
        assert browser.js("return document.getElementById('text').value") == ("/register " if commands else "/reg")
        browser.js("document.getElementById('text').value = ''")
        page.say("/register s3cret-enough")
        if not commands:
            browser.wait("document.querySelector('.row.error')?.textContent.includes('only the people who run this')")


WITHOUT_WAYS = """
new MutationObserver(() => document.querySelector('meta[name="sign-in"]')?.remove())
  .observe(document, {childList: true, subtree: true});
"""
"""Takes out what the page of an older node does not have, before a module runs."""


def test_the_page_of_an_older_node_offers_every_way_in_with_newer_modules(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": WITHOUT_WAYS})
        page = Page(browser, address_of(daemon) + "/")
        browser.wait("document.querySelector('dialog.sign')")
        assert browser.js("return document.querySelector('meta[name=sign-in]')") is None
        assert browser.js(BUTTONS) == [*ACCOUNT, "Join as a guest"]
        page.come_in("ann")


def test_members_alone_are_asked_to_log_in(tmp_path: Path) -> None:
    options = ("--members-only", "--accounts", str(tmp_path / "accounts"))
    with Daemon(tmp_path, "--web", "0", *options) as daemon, chromium(tmp_path) as browser:
        Page(browser, address_of(daemon) + "/")
        browser.wait("document.querySelector('dialog.sign')")
        assert browser.js(BUTTONS) == ["Log in"]


NOT_PRIVATE = b"PROXY TCP4 192.0.2.1 127.0.0.1 4000 80\r\n"
ONLY_HTTPS = {
    "en": "This connection is not encrypted; to log in, open this page over https.",
    "de": "Diese Verbindung ist nicht verschlüsselt; öffne diese Seite über https, um dich anzumelden.",
}
FIELDS = "return [...document.querySelectorAll('dialog.sign input')].map(each => each.name)"


@pytest.mark.parametrize(
    ("options", "told"), [((), False), (("--registration", "open"), True), (("--members-only",), True)]
)
def test_the_page_says_why_nobody_can_log_in_without_encryption(
    tmp_path: Path, options: Sequence[str], *, told: bool
) -> None:
    accounts = ("--accounts", str(tmp_path / "accounts")) if told else ()
    web = ("--web", "haproxy:tcp:0:interface=127.0.0.1")
    with Daemon(tmp_path, *web, *options, *accounts) as daemon, chromium(tmp_path) as browser:
        port = int(address_of(daemon).rpartition(":")[2])
        with LossyRelay(port, NOT_PRIVATE) as relay:
            for language, sentence in ONLY_HTTPS.items():
                Page(browser, f"http://127.0.0.1:{relay.port}/-/page/icon.svg")
                browser.js("localStorage.setItem('chatd.language', JSON.stringify(arguments[0]))", language)
                Page(browser, f"http://127.0.0.1:{relay.port}/{'#invite=x' if told else ''}")
                browser.wait("document.querySelector('dialog.sign')")
                others = browser.js("return document.querySelector('dialog.sign .others').innerText")
                assert others == (sentence if told else "")
                if told:
                    assert browser.js(FIELDS) == ["nick"]
            browser.driver.get("about:blank")


def test_no_password_is_sent_without_encryption(tmp_path: Path) -> None:
    options = ("--registration", "open", "--web", "haproxy:tcp:0:interface=127.0.0.1")
    with (
        Daemon(tmp_path, *options) as daemon,
        chromium(tmp_path) as browser,
        LossyRelay(int(address_of(daemon).rpartition(":")[2]), NOT_PRIVATE) as relay,
    ):
        page = Page(browser, f"http://127.0.0.1:{relay.port}/")
        page.come_in("ann")
        page.say("/register s3cret-enough")
        browser.wait(f"document.getElementById('warning-text').textContent === '{ONLY_HTTPS['en']}'")
        browser.js("document.getElementById('text').value = ''")
        page.say("hello")
        page.wait_for(["hello"])
        assert browser.js("return document.querySelectorAll('.row.error').length") == 0
        browser.driver.get("about:blank")


def test_a_nick_or_room_with_a_space_is_not_sent(tmp_path: Path) -> None:
    error = "document.querySelector('dialog .error').textContent"
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        page = Page(browser, address_of(daemon) + "/builds")
        browser.wait("document.activeElement?.matches('dialog.sign input')")
        browser.type("two words")
        browser.press("ENTER")
        browser.wait(f"{error} === 'Nick cannot contain spaces'")
        assert browser.js("return document.querySelectorAll('.row.error').length") == 0
        page.come_in("ann")
        browser.js("document.getElementById('join').click()")
        browser.wait("document.activeElement?.matches('dialog input')")
        browser.type("my room")
        browser.press("ENTER")
        browser.wait(f"{error} === 'Room cannot contain spaces'")
        assert browser.js("return document.querySelectorAll('#rooms .room').length") == 1


@pytest.mark.parametrize(("item", "where"), [("Private message", "bob"), ("Mention", "#builds")])
def test_on_a_phone_the_drawer_gives_way_to_what_was_chosen_in_it(tmp_path: Path, item: str, where: str) -> None:
    chosen = "[...document.querySelectorAll('[role=menu] button')].find(each => each.textContent === arguments[0])"
    with (
        Daemon(tmp_path, "--web", "0") as daemon,
        daemon.member("bob", "#builds"),
        chromium(tmp_path, size=(390, 844)) as browser,
    ):
        page = Page(browser, address_of(daemon) + "/builds")
        page.come_in("ann")
        browser.wait("document.querySelectorAll('.person').length === 2")
        browser.js("document.getElementById('people-button').click()")
        browser.js("document.querySelectorAll('.person')[1].click()")
        browser.js(f"{chosen}.click()", item)
        assert browser.js("return document.getElementById('room-name').textContent") == where
        assert not browser.js("return document.getElementById('shade').checkVisibility()")


def test_the_first_message_in_a_room_is_not_taken_for_reading_further_up(tmp_path: Path) -> None:
    script = """
        const [done] = arguments;
        const below = document.getElementById('below');
        const later = (n) => n ? requestAnimationFrame(() => later(n - 1)) : done(below.hidden);
        later(6);
    """
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        page = Page(browser, address_of(daemon) + "/")
        page.come_in("ann")
        for number in range(8):
            page.say(f"/join #r{number}")
            browser.wait(f"document.getElementById('room-name').textContent === '#r{number}'")
            browser.wait("!document.getElementById('empty').hidden")
            page.say("hello")
            page.wait_for(["hello"])
            assert browser.driver.execute_async_script(script), number
