"""The page in a real browser, with other clients in the room, while the server is killed and started again."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.browser import GONE, Page, chromium
from tests.support.daemon import Daemon

pytestmark = pytest.mark.slow


def start(folder: Path, port: int) -> Daemon:
    return Daemon(folder, "--web", str(port), "--journal", f"sqlite:{folder}/journal")


def test_two_pages_and_a_line_client_lose_and_double_nothing_when_the_server_is_killed(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    daemon = start(tmp_path, port)
    try:
        with chromium(tmp_path) as browser:
            browser.allow(GONE)
            ann = Page(browser, f"http://127.0.0.1:{port}/builds")
            ann.come_in("ann")
            bob = Page(browser, f"http://127.0.0.1:{port}/builds", new=True)
            bob.come_in("bob")
            with daemon.member("carol", "#builds") as carol:
                ann.say("ann before")
                bob.say("bob before")
                carol.send(b"MSG carol before\n")
                carol.until(lambda line: line.endswith("bob before"))
                said = ["ann before", "bob before", "carol before"]
                ann.wait_for(said)
                bob.wait_for(said)
                daemon.kill()
            ann.front().wait("document.body.dataset.presence !== 'present'")
            ann.say("ann meanwhile 1", "ann meanwhile 2")
            bob.front().wait("document.body.dataset.presence !== 'present'")
            bob.say("bob meanwhile")
            assert ann.waiting() == ["ann meanwhile 1", "ann meanwhile 2"]
            daemon = start(tmp_path, port)
            meanwhile = ["ann meanwhile 1", "ann meanwhile 2", "bob meanwhile"]
            ann.wait_for([*said, *meanwhile])
            bob.wait_for([*said, *meanwhile])
            with daemon.member("carol", "#builds") as carol:
                carol.send(b"MSG carol after\n")
                ann.wait_for(["carol after"])
                bob.wait_for(["carol after"])
                carol.send(b"HISTORY 50\n")
                history = carol.until(lambda line: line.startswith("OK HISTORY"))
            everything = [*said, *meanwhile, "carol after"]
            for page in (ann, bob):
                assert sorted(page.texts()) == sorted(everything)
                assert page.waiting() == []
            for text in everything[:-1]:
                assert sum(line.endswith(f" {text}") for line in history) == 1, history
            assert ann.texts() == bob.texts()
            assert "Traceback" not in daemon.log()
    finally:
        daemon.kill()


def test_what_was_not_said_survives_a_reload_and_is_said_once(tmp_path: Path) -> None:
    (port,) = free_ports(1)
    daemon = start(tmp_path, port)
    try:
        with chromium(tmp_path) as browser:
            browser.allow(GONE, "ERR_CONNECTION_REFUSED")
            ann = Page(browser, f"http://127.0.0.1:{port}/builds")
            ann.come_in("ann")
            ann.say("before")
            ann.wait_for(["before"])
            lost = "document.body.dataset.presence !== 'present'"
            daemon.kill()
            browser.wait(lost)
            ann.say("unsent 1", "unsent 2")
            kept = browser.js("return sessionStorage.getItem('chatd.outbox')")
            assert "unsent 1" in kept
            assert "unsent 2" in kept
            daemon = start(tmp_path, port)
            # The reload comes before or after the page is back by itself: either way each is said once.
            browser.driver.refresh()
            ann.wait_for_presence()
            ann.wait_for(["before", "unsent 1", "unsent 2"])
            browser.driver.refresh()
            ann.wait_for_presence()
            ann.wait_for(["before", "unsent 1", "unsent 2"])
            assert ann.texts() == ["before", "unsent 1", "unsent 2"]
            assert ann.waiting() == []
    finally:
        daemon.kill()
