"""What somebody does, on the page: how it is typed, shown, answered, found and told by the desktop."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import Page, address_of, chromium
from tests.support.daemon import Daemon

pytestmark = pytest.mark.slow

AWAY = """
    window.told = [];
    window.Notification = class {
      static permission = 'granted';
      constructor(title, { body }) { window.told.push(`${title}: ${body}`); }
    };
    localStorage.setItem('chatd.notify', 'true');
    document.hasFocus = () => false;
    window.dispatchEvent(new Event('blur'));"""
"""Lets the desktop tell of what comes, and nobody look at the page."""


def test_what_somebody_does_reads_so(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        page = Page(browser, address_of(daemon) + "/")
        page.come_in("ann")
        with daemon.member("bob", "#lobby") as bob:
            page.say("/me waves", "/ME nods")
            bob.until(lambda line: line == "MSG ann #lobby * ann waves")
            bob.until(lambda line: line == "MSG ann #lobby * ann nods")
            bob.send(b"/me looks at https://x.example for ann\nMSG /mean it\n")
            page.wait_for(["* ann waves", "* ann nods", "* bob looks at https://x.example for ann", "/mean it"])
            styles = "[...document.querySelectorAll('.text')].map(each => getComputedStyle(each).fontStyle)"
            assert browser.js(f"return {styles}") == ["italic"] * 3 + ["normal"]
            assert browser.js("return document.querySelector('.text a').textContent") == "https://x.example"
            browser.press("ARROW_UP", "ARROW_UP", "r")
            browser.wait("document.getElementById('about-text').textContent.includes('* bob looks')")
            browser.type("what for?")
            browser.press("ENTER")
            browser.wait("document.querySelector('.quote')?.textContent.includes('* bob looks')")
            page.say("/search nods")
            browser.wait("document.querySelector('.result .text')?.textContent === '* ann nods'")
            browser.press("ESCAPE")
            browser.js(AWAY)
            bob.send(b"/me pokes ann\nTELL ann /me whispers\n")
            browser.wait("told.length === 2")
            assert browser.js("return told") == ["bob in #lobby: * bob pokes ann", "bob: * bob whispers"]


def test_who_finds_a_room_full_is_in_the_others(tmp_path: Path) -> None:
    founders = ("--web", "0", "--room-founders", "yes")
    with (
        Daemon(tmp_path, *founders) as daemon,
        daemon.member("gina", "#den") as gina,
        chromium(tmp_path) as browser,
    ):
        gina.send(b"SET limit=1\n")
        gina.until(lambda line: line == "OK SET #den limit=1")
        page = Page(browser, address_of(daemon) + "/den")
        page.come_in("ann")
        browser.wait("document.body.textContent.includes('#den is full (limit 1)')")
        gina.send(b"JOIN #lobby\n")
        gina.until(lambda line: line == "OK JOIN #lobby 2")
