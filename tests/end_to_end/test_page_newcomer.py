"""What a newcomer reads on the page before and after joining: nothing that is not so."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import Page, address_of, chromium
from tests.support.daemon import Daemon

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
