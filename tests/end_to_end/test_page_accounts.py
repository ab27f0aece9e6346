"""An account, made by a command on the page."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.browser import Page, address_of, chromium
from tests.support.daemon import Daemon

pytestmark = pytest.mark.slow

WARNING = "document.getElementById('warning-text').textContent"


def test_a_guest_registers_the_nick_in_use_and_stays_logged_in(tmp_path: Path) -> None:
    with (
        Daemon(tmp_path, "--web", "0", "--registration", "open") as daemon,
        chromium(tmp_path) as browser,
        daemon.member("bob", "#lobby") as bob,
    ):
        page = Page(browser, address_of(daemon) + "/")
        page.come_in("ann")
        page.say("/register short")
        browser.wait("document.querySelector('.row.error')")
        page.say("/register s3cret-enough")
        browser.wait(f"{WARNING} === 'The nick ann is now registered to you.'")
        page.say("hello")
        bob.until(lambda line: line == "MSG ann #lobby hello")
        browser.driver.refresh()
        page.wait_for_presence()
        assert browser.js("return document.getElementById('me').textContent") == "ann"
        answer = browser.js("return fetch('/-/me').then(answer => answer.json())")
        assert answer["account"] == "ann"
