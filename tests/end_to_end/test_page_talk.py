"""The page in a real browser, with a window and nc in the room, while the server is killed and started again."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from benchmarks.ports import free_ports
from tests.support.browser import GONE, Page, address_of, chromium
from tests.support.daemon import DEADLINE, Daemon, wait_until
from tests.support.lossy_relay import LossyRelay
from tests.support.programs import program
from tests.support.windows import Screen, started

pytestmark = pytest.mark.slow


MOST = 1000
"""How many messages wait at most."""


def start(folder: Path, port: int, *options: str) -> Daemon:
    return Daemon(folder, "--web", str(port), "--journal", f"sqlite:{folder}/journal", *options)


class Talk:
    """Two pages, a window and nc in #builds, over several lives of a daemon."""

    def __init__(self, folder: Path, display: str, stack: ExitStack) -> None:
        (self._port,) = free_ports(1)
        (self._lines,) = free_ports(1)
        self._folder = folder
        self.daemon = self._start()
        stack.callback(self._end)
        self.browser = stack.enter_context(chromium(folder))
        self.browser.allow(GONE)
        self.pages = {nick: self._page(nick, new=nick == "bob") for nick in ("ann", "bob")}
        place = f"127.0.0.1:{self._lines}"
        arguments = (place, "--name", "dora", "--room", "#builds")
        self.window = stack.enter_context(started(Screen(display), folder / "dora", *arguments))
        self.window.wait_for("dora has joined")

    def _start(self) -> Daemon:
        return start(self._folder, self._port, "--listen", f"tcp:{self._lines}:interface=127.0.0.1")

    def _page(self, nick: str, *, new: bool) -> Page:
        page = Page(self.browser, f"http://127.0.0.1:{self._port}/builds", new=new)
        page.come_in(nick)
        return page

    def _end(self) -> None:
        self.daemon.kill()

    def restart(self) -> None:
        self.daemon = self._start()

    def kill(self) -> None:
        """Kill the daemon, and wait until both pages know."""
        self.daemon.kill()
        for page in self.pages.values():
            page.front().wait("document.body.dataset.presence !== 'present'")

    def say_by_nc(self, *texts: str) -> None:
        """Say something as a script does, and wait for the server's word that it has taken all of it."""
        lines = ["JOIN carol #builds", *(f"MSG {text}" for text in texts), "QUIT"]
        done = subprocess.run(
            [program("nc"), "127.0.0.1", str(self._lines)],
            check=True, input="".join(f"{line}\n" for line in lines), capture_output=True, text=True, timeout=DEADLINE,
        )  # fmt: skip
        assert "BYE quit taken=all" in done.stdout

    def wait_for(self, texts: Sequence[str]) -> None:
        for page in self.pages.values():
            page.wait_for(texts)
        for text in texts:
            self.window.wait_for(text)


def test_pages_a_window_and_nc_lose_and_double_nothing_when_the_server_is_killed(tmp_path: Path, display: str) -> None:
    with ExitStack() as stack:
        talk = Talk(tmp_path, display, stack)
        ann, bob = talk.pages.values()
        ann.say("ann before")
        bob.say("bob before")
        talk.window.say("dora before")
        talk.say_by_nc("carol before")
        before = ["ann before", "bob before", "dora before", "carol before"]
        talk.wait_for(before)
        talk.kill()
        ann.say("ann meanwhile 1", "ann meanwhile 2")
        bob.say("bob meanwhile")
        talk.window.say("dora meanwhile")
        assert ann.waiting() == ["ann meanwhile 1", "ann meanwhile 2"]
        talk.restart()
        meanwhile = ["ann meanwhile 1", "ann meanwhile 2", "bob meanwhile", "dora meanwhile"]
        talk.wait_for([*before, *meanwhile])
        talk.say_by_nc("carol after")
        talk.wait_for(["carol after"])
        everything = sorted([*before, *meanwhile, "carol after"])
        with talk.daemon.member("eve", "#builds") as eve:
            eve.send(b"HISTORY 50\n")
            history = eve.until(lambda line: line.startswith("OK HISTORY"))
        for page in talk.pages.values():
            assert sorted(page.texts()) == everything
            assert page.waiting() == []
        assert ann.texts() == bob.texts()
        for text in everything:
            assert sum(line.endswith(text) for line in history) == 1, history
            assert "\n".join(talk.window.seen()).count(text) == 1
        assert "Traceback" not in talk.daemon.log() + talk.window.log()


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


def test_what_is_too_much_to_wait_stays_in_the_field_and_is_said_once(tmp_path: Path) -> None:
    field = "document.getElementById('text').value"
    (port,) = free_ports(1)
    texts = [f"pasted {number}" for number in range(MOST + 5)]
    daemon = start(tmp_path, port)
    try:
        with chromium(tmp_path) as browser:
            browser.allow(GONE)
            ann = Page(browser, f"http://127.0.0.1:{port}/builds")
            ann.come_in("ann")
            daemon.kill()
            browser.wait("document.body.dataset.presence !== 'present'")
            browser.js(f"{field} = arguments[0]", "\n".join(texts))
            ann.say("")
            assert browser.js(f"return {field}").split("\n") == texts[MOST:]
            assert "Too many messages" in browser.js("return document.getElementById('warning-text').textContent")
            rest = browser.js(f"return {field}")
            browser.js(f"{field} = '/msg bob too much'")
            ann.say("")
            assert browser.js(f"return {field}") == "/msg bob too much"
            browser.js(f"{field} = arguments[0]", rest)
            daemon = start(tmp_path, port)
            ann.wait_for(texts[:MOST])
            ann.say("")
            ann.wait_for(texts)
            assert ann.texts() == texts
            assert ann.waiting() == []
    finally:
        daemon.kill()


def test_what_failed_or_waits_stays_when_the_server_begins_a_new_history(tmp_path: Path) -> None:
    shown = "[...document.querySelectorAll('.row.said .text, .bar')].map(each => each.textContent)"
    new = "The server started a new history here."
    (port,) = free_ports(1)
    daemon = start(tmp_path, port, "--registration", "open")
    try:
        with chromium(tmp_path) as browser:
            browser.allow(GONE)
            with daemon.client() as bob:
                bob.send(b"JOIN bob #builds\nREGISTER s3cret-enough\nMSG one\n")
                bob.until(lambda line: line.startswith("OK REGISTER"))
                bob.send(b"SET #builds registered=yes\nSET #builds speak=operators\nPING set\n")
                bob.until(lambda line: line == "PONG set")
                ann = Page(browser, f"http://127.0.0.1:{port}/builds")
                ann.come_in("ann")
                ann.wait_for(["one"])
                ann.say("refused")
                browser.wait("document.querySelector('.row [data-do=again]')")
                daemon.kill()
            browser.wait("document.body.dataset.presence !== 'present'")
            ann.say("meanwhile")
            for path in tmp_path.glob("journal*"):
                path.unlink()
            daemon = start(tmp_path, port, "--registration", "open")
            ann.wait_for(["meanwhile"])
            assert browser.js(f"return {shown}") == ["refused", new, "meanwhile"]
            browser.js("document.querySelector('.row [data-do=again]').click()")
            ann.wait_for(["refused"])
            assert browser.js(f"return {shown}") == [new, "meanwhile", "refused"]
    finally:
        daemon.kill()


def test_a_command_that_leads_elsewhere_is_no_draft_and_drops_none(tmp_path: Path) -> None:
    field = "document.getElementById('text').value"
    rooms = "[...document.querySelectorAll('.room')]"
    with Daemon(tmp_path, "--web", "0") as daemon, daemon.member("bob", "#tea"), chromium(tmp_path) as browser:
        ann = Page(browser, address_of(daemon) + "/builds")
        ann.come_in("ann")

        def go(name: str) -> str:
            browser.js(f"{rooms}.find(each => each.innerText.includes(arguments[0])).click()", name)
            browser.wait("document.getElementById('room-name').textContent.includes(arguments[0])", name)
            return str(browser.js(f"return {field}"))

        ann.say("/msg bob psst")
        ann.wait_for(["psst"])
        assert go("builds") == ""
        ann.say("/join #tea")
        browser.type("not yet said")
        assert go("builds") == ""
        ann.say("/join #tea")
        assert browser.js(f"return {field}") == "not yet said"
        browser.js(f"{field} = ''")
        ann.say("/nonsense")
        assert browser.js(f"return {field}") == "/nonsense"


def test_what_was_taken_unknown_to_the_page_is_not_said_again(tmp_path: Path) -> None:
    """Its lines arrive, the answers do not: after that the page cannot know, and says them again under their labels."""
    (port,) = free_ports(1)
    lines = [f"on its way {number}" for number in range(20)]
    with start(tmp_path, port) as daemon, LossyRelay(port) as relay, chromium(tmp_path) as browser:
        browser.allow(GONE)
        ann = Page(browser, f"http://127.0.0.1:{relay.port}/builds")
        ann.come_in("ann")
        with daemon.member("eve", "#builds") as eve:
            for reload in (False, True):
                relay.lose()
                texts = [f"{text}, {reload}" for text in lines]
                browser.js("document.getElementById('text').value = arguments[0]", "\n".join(texts))
                ann.say("")
                eve.until(lambda line: line.endswith(texts[-1]))  # noqa: B023 - called at once
                assert ann.waiting() == texts
                relay.cut()
                if reload:
                    browser.driver.refresh()
                ann.wait_for_presence()
                ann.wait_for(texts)
                wait_until(lambda: ann.waiting() == [], lambda: f"answers for {ann.waiting()}")
            eve.send(b"MSG the end\n")
            ann.wait_for(["the end"])
            eve.send(b"HISTORY 100\n")
            history = eve.until(lambda line: line.startswith("OK HISTORY"))
        everything = [f"{text}, {reload}" for reload in (False, True) for text in lines]
        assert ann.texts() == [*everything, "the end"]
        assert ann.waiting() == []
        assert [sum(line.endswith(text) for line in history) for text in everything] == [1] * len(everything)
