"""How the page looks in a real browser: for axe-core, on a phone, from right to left, and with texts that mean harm."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.browser import Browser, Page, address_of, axe_script, chromium
from tests.support.daemon import Client, Daemon

pytestmark = pytest.mark.slow

AXE = """
const done = arguments[arguments.length - 1];
axe.run(document, {resultTypes: ['violations']}).then(
  ({violations}) => done(violations.map(({id, help, nodes}) => `${id}: ${help}: ${nodes.map((each) =>
    `${each.html.slice(0, 200)} ${each.any.map(({message}) => message).join(' ')}`).join(' | ')}`)),
  (error) => done([String(error)]));
"""
CLOSED = "!document.querySelector('dialog[open], [role=menu]')"
OPENERS = {
    "the sheet to join a room": "document.getElementById('join').click()",
    "one's own menu": "document.getElementById('me-button').click()",
    "the room's menu": "document.getElementById('room-button').click()",
    "a message's menu": "const rows = document.querySelectorAll('.row.said'); const row = rows[rows.length - 1]; "
    "row.focus(); row.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', bubbles: true}))",
    "the reactions": "const rows = document.querySelectorAll('.row.said'); const row = rows[rows.length - 1]; "
    "row.focus(); row.dispatchEvent(new KeyboardEvent('keydown', {key: '+', bubbles: true}))",
    "a person's menu": "document.querySelector('.person').click()",
}
COMMANDS = ("/settings", "/help", "/login")
SIDEWAYS = (
    "return [document.documentElement, document.body, ...document.querySelectorAll('#log, .text')]"
    ".filter(each => each.scrollWidth > each.clientWidth).map(each => each.id || `${each.tagName} ${each.className}`)"
)
"""What has more in it than its width shows."""
LONG = "w" * 400
HARMFUL = (
    "<img src=x onerror=\"document.title='hacked'\">",
    "<script>document.title='hacked'</script>",
    "javascript:document.title='hacked'",
    "data:text/html,<script>alert(1)</script>",
    "see http://127.0.0.1:9/a?b=c\"onmouseover='x' and https://example.org/)",
    "vbscript:x file:///etc/passwd blob:x HtTp://example.net/ok",
    "&lt;b&gt; &#x3c;svg onload=x&#x3e;",
    LONG,
)


@contextmanager
def lively_room(folder: Path, **settings: object) -> Iterator[tuple[Browser, Page, Client]]:
    """Run a server and a browser in it as ann, with bob in the room, who has said something of each kind."""
    with Daemon(folder, "--web", "0") as daemon, chromium(folder, **settings) as browser:
        page = Page(browser, address_of(daemon) + "/builds")
        page.come_in("ann")
        with daemon.member("bob", "#builds") as bob:
            bob.send(
                b"TOPIC everything is green\nMSG with `code` and https://example.org/\nMSG ```\nMSG x = 1\nMSG ```\n"
            )
            page.say("ann: fine, @bob")
            page.wait_for(["x = 1", "ann: fine, @bob"])
            bob.send("REACT last 👍\nMSG ann: look here\n".encode())
            page.wait_for(["ann: look here"])
            yield browser, page, bob


def faults(browser: Browser, where: str) -> list[str]:
    """Return what axe-core finds in the page as it is, once all of it has come to rest."""
    browser.wait("document.getAnimations().every(each => each.playState !== 'running')")
    return [f"{where}: {each}" for each in browser.driver.execute_async_script(AXE)]


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(tmp_path: Path, scheme: str, width: int) -> None:
    found: list[str] = []
    with (
        Daemon(tmp_path, "--web", "0") as daemon,
        daemon.member("cem", "#builds") as cem,
        chromium(tmp_path, size=(width, 844)) as browser,
    ):
        cem.send(b"AWAY at lunch\n")
        browser.prefer(color_scheme=scheme)
        page = Page(browser, address_of(daemon) + "/builds")
        browser.wait("document.querySelector('dialog.sign')")
        browser.js(axe_script())
        found += faults(browser, "signing in")
        page.come_in("ann")
        browser.wait("document.querySelector('.person.away')")
        with daemon.member("bob", "#builds") as bob:
            bob.send(b"TOPIC all is green\nMSG `code` and https://example.org/\nMSG ann: look\nREACT last ok\n")
            page.wait_for(["ann: look"])
            browser.js("document.getElementById('text').value = 'x'.repeat(9000)")
            page.say("")
            browser.wait("!document.getElementById('warning').hidden")
            found += faults(browser, "a warning")
            browser.js("document.getElementById('text').value = ''")
            page.say("/msg nobody are you there?")
            browser.wait("document.querySelector('.state.failed')")
            found += faults(browser, "a message that was refused")
            page.say("/join #builds", "fine")
            page.wait_for(["fine"])
            found += faults(browser, "the room")
            for where, opens in OPENERS.items():
                browser.js(opens)
                browser.wait(f"!({CLOSED})")
                found += faults(browser, where)
                browser.press("ESCAPE")
                browser.wait(CLOSED)
            for command in COMMANDS:
                page.say(command)
                browser.wait("document.querySelector('dialog[open]')")
                found += faults(browser, command)
                browser.press("ESCAPE")
                browser.wait(CLOSED)
            for part in ("search-button", *(("rooms-button", "people-button") if width < 800 else ())):
                browser.js("document.getElementById(arguments[0]).click()", part)
                found += faults(browser, part)
                browser.press("ESCAPE")
    assert not found, "\n".join(found)


def test_what_others_say_is_text_and_nothing_else(tmp_path: Path) -> None:
    with lively_room(tmp_path) as (browser, page, bob):
        for text in HARMFUL:
            bob.send(f"MSG {text}\n".encode())
        bob.send(b"TOPIC <img src=x onerror=\"document.title='hacked'\">\nMSG the end\n")
        page.wait_for([*HARMFUL, "the end"])
        browser.wait("document.getElementById('topic').textContent.startsWith('<img')")
        assert "hacked" not in browser.js("return document.title")
        assert (
            browser.js("return document.querySelectorAll('#talk img, #talk script, #lines svg:not(.icon)').length") == 0
        )
        links = browser.js(
            "return [...document.querySelectorAll('#lines a')].map(each => [each.href, each.rel, each.target])"
        )
        assert [each[0] for each in links] == [
            "https://example.org/", "http://127.0.0.1:9/a?b=c", "https://example.org/", "http://example.net/ok",
        ]  # fmt: skip
        assert all("noopener" in each[1] for each in links)
        assert browser.js(SIDEWAYS) == []


def test_no_text_turns_what_is_beside_it_around(tmp_path: Path) -> None:
    where = (
        "const row = [...document.querySelectorAll('.row.said')].find(each => each.textContent.includes(arguments[0]));"
        "const [head, text] = ['.head', '.text'].map(each => row.querySelector(each).getBoundingClientRect());"
        "return [head.left, row.querySelector('time').getBoundingClientRect().left, text.left, text.right]"
    )
    with lively_room(tmp_path) as (browser, page, bob):
        with_override = "left \u202eright to left"
        for text in ("MSG plain words", f"MSG {with_override}", "MSG שלום עולם"):
            bob.send(f"{text}\n".encode())
        page.wait_for(["שלום עולם"])
        plain = browser.js(where, "plain words")
        assert browser.js(where, "שלום") == plain
        if any("left" in text for text in page.texts()):  # where the server takes it at all
            assert browser.js(where, "left") == plain


@pytest.mark.parametrize("direction", ["ltr", "rtl"])
def test_a_phone_never_scrolls_sideways(tmp_path: Path, direction: str) -> None:
    with lively_room(tmp_path, size=(390, 844)) as (browser, page, bob):
        browser.js("document.dir = arguments[0]", direction)
        bob.send(f"MSG {LONG}\nMSG https://example.org/{LONG}\nMSG `{LONG}`\nTOPIC {LONG}\nMSG مرحبا بكم\n".encode())
        page.wait_for(["مرحبا بكم"])
        assert browser.js(SIDEWAYS) == []
        for part in ("rooms-button", "people-button", "search-button"):
            browser.js("document.getElementById(arguments[0]).click()", part)
            browser.wait("document.getAnimations().every(each => each.playState !== 'running')")
            assert browser.js(SIDEWAYS) == [], part
            browser.press("ESCAPE")
        for where, opens in OPENERS.items():
            browser.js(opens)
            browser.wait(f"!({CLOSED})")
            box = browser.js(
                "const {left, right} = document.querySelector('dialog[open], [role=menu]').getBoundingClientRect();"
                "return [left, right]"
            )
            assert box[0] >= 0, where
            assert box[1] <= 390, where
            assert browser.js(SIDEWAYS) == [], where
            browser.press("ESCAPE")
            browser.wait(CLOSED)
