"""What was asked for on the page when the connection broke, in a real browser: it comes later, or somebody is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.browser import GONE, Browser, Page, address_of, chromium
from tests.support.daemon import Client, Daemon

pytestmark = pytest.mark.slow

CUT = """
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) {
  send.call(this, data);
  window.sent = data;
  if (!window.cutAfter || !` ${data} `.includes(` ${window.cutAfter} `)) return;
  window.cutAfter = '';
  this.addEventListener('close', () => { window.cuts += 1; });
  this.close();
};
"""
"""Cuts the connection once, between a question, which is sent, and its answer."""
BUSY = "document.getElementById('log').hasAttribute('aria-busy')"
TO_TOP = "[log.scrollHeight, 0].forEach(top => { log.scrollTop = top; })"
ERRORS = "return [...document.querySelectorAll('.row.error')].map(each => each.textContent)"
FIELD = "document.getElementById('text').value"
WARNING = "document.getElementById('warning-text').textContent"
NAMES = "[...document.querySelectorAll('.listing .name')].map(each => each.textContent).sort().join(' ')"
UNANSWERED = "the connection was lost before the server answered; check whether it worked."


@contextmanager
def page_of(folder: Path, *options: str) -> Iterator[tuple[Daemon, Browser, Page]]:
    """Run a server and a browser whose connection can be cut, with the page of #builds before somebody signs in."""
    with Daemon(folder, "--web", "0", *options) as daemon, chromium(folder) as browser:
        browser.driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": CUT})
        yield daemon, browser, Page(browser, address_of(daemon) + "/builds")


def cut_after(browser: Browser, verb: str) -> None:
    browser.js("window.cutAfter = arguments[0]; window.cuts = 0", verb)


def wait_for_cut(page: Page) -> None:
    """Wait until the connection was cut, and is back."""
    page.browser.wait("window.cuts === 1")
    page.wait_for_presence()


def say_many(client: Client, count: int) -> list[str]:
    texts = [f"line {number} of many" for number in range(count)]
    client.send("".join(f"MSG {text}\n" for text in texts).encode())
    client.send(b"PING said\n")
    client.until(lambda line: line == "PONG said")
    return texts


def scroll_to_the_beginning(page: Page, texts: list[str]) -> None:
    """Scroll up until the oldest line is there, and see that each line is there once."""
    page.browser.wait(f"({TO_TOP}, document.getElementById('lines').textContent.includes(arguments[0]))", texts[0])
    assert page.texts() == texts


def test_the_first_lines_of_a_room_come_after_a_cut(tmp_path: Path) -> None:
    with page_of(tmp_path) as (daemon, browser, page), daemon.member("bob", "#builds") as bob:
        texts = say_many(bob, 150)
        cut_after(browser, "HISTORY")
        page.come_in("ann")
        browser.wait("window.cuts === 1")
        page.wait_for(texts[50:])
        scroll_to_the_beginning(page, texts)
        bob.send(b"MSG the end\n")
        page.wait_for(["the end"])


def test_scrolling_up_asks_again_after_a_cut(tmp_path: Path) -> None:
    with page_of(tmp_path) as (daemon, browser, page), daemon.member("bob", "#builds") as bob:
        texts = say_many(bob, 250)
        page.come_in("ann")
        page.wait_for(texts[150:])
        cut_after(browser, "HISTORY")
        browser.js(TO_TOP)
        wait_for_cut(page)
        browser.wait(f"!({BUSY})")
        scroll_to_the_beginning(page, texts)


def test_a_conversation_has_its_lines_after_a_cut(tmp_path: Path) -> None:
    with page_of(tmp_path, "--registration", "open") as (daemon, browser, page), daemon.client() as bob:
        bob.send(b"JOIN bob #builds\nREGISTER s3cret-enough\n")
        bob.until(lambda line: line.startswith("OK REGISTER"))
        page.come_in("ann")
        page.say("/register s3cret-enough")
        browser.wait(f"{WARNING}.includes('registered to you')")
        page.wait_for_presence()
        page.say("/msg bob one", "two")
        page.wait_for(["one", "two"])
        page.say("/part")
        browser.wait("!document.querySelector('#talks .room')")
        cut_after(browser, "HISTORY")
        page.say("/msg bob")
        wait_for_cut(page)
        page.wait_for(["one", "two"])
        assert page.texts() == ["one", "two"]


def test_a_search_that_was_cut_off_says_so(tmp_path: Path) -> None:
    state = "document.getElementById('search-state').textContent"
    with page_of(tmp_path) as (_, browser, page):
        page.come_in("ann")
        page.say("hello world")
        page.wait_for(["hello world"])
        cut_after(browser, "SEARCH")
        page.say("/search hello")
        wait_for_cut(page)
        assert browser.js(f"return {state}") == "Not connected."
        browser.press("ENTER")
        browser.wait(f"{state} === '1 found'")


def test_whoever_goes_to_a_message_reads_that_the_connection_was_lost(tmp_path: Path) -> None:
    result = "document.querySelector('.result')"
    with page_of(tmp_path) as (daemon, browser, page), daemon.member("bob", "#builds") as bob:
        texts = say_many(bob, 150)
        page.come_in("ann")
        page.wait_for(texts[50:])
        page.say(f'/search "{texts[0]}"')
        browser.wait(result)
        cut_after(browser, "HISTORY")
        browser.js(f"{result}.click()")
        wait_for_cut(page)
        browser.wait(f"{WARNING} === 'Not connected.'")
        browser.js(f"{result}.click()")
        browser.wait("document.querySelector('.row.found')?.textContent.includes(arguments[0])", texts[0])


@pytest.mark.parametrize(
    ("command", "verb", "done", "told"),
    [
        ("/topic all is green", "TOPIC", "TOPIC ann #builds all is green", "Set a topic"),
        ("/edit hello there", "EDIT", "hello there", "Edit"),
        ("/react last +1", "REACT", "", "React"),
        ("/nick anna", "NICK", "NICK ann anna", "Change your nick"),
        ("/away lunch", "AWAY", "", "Mark yourself as away"),
    ],
)
def test_whoever_asked_for_something_reads_that_the_answer_is_missing(
    tmp_path: Path, command: str, verb: str, done: str, told: str
) -> None:
    with page_of(tmp_path) as (daemon, browser, page), daemon.member("bob", "#builds") as bob:
        page.come_in("ann")
        page.say("hello")
        page.wait_for(["hello"])
        cut_after(browser, verb)
        page.say(command)
        wait_for_cut(page)
        assert browser.js(ERRORS) == [f"{told}: {UNANSWERED}"]
        page.say("still here")
        lines = bob.until(lambda line: line.endswith("still here"))
        assert not done or sum(done in line for line in lines) == 1, lines
        page.wait_for(["still here"])
        assert browser.js(ERRORS) == [f"{told}: {UNANSWERED}"]


def test_what_cannot_be_asked_now_stays_in_the_field(tmp_path: Path) -> None:
    with page_of(tmp_path) as (daemon, browser, page):
        browser.allow(GONE)
        page.come_in("ann")
        page.say("hello")
        page.wait_for(["hello"])
        daemon.kill()
        browser.wait("document.body.dataset.presence === 'away'")
        page.say("/topic all is green")
        browser.wait(f"{WARNING} === 'Not connected.'")
        assert browser.js(f"return {FIELD}") == "/topic all is green"
        browser.js("document.getElementById('text').value = ''")
        browser.press("ARROW_UP", "ARROW_UP", "e")
        browser.wait(f"{FIELD} === 'hello'")
        browser.type(" world")
        browser.press("ENTER")
        assert browser.js(f"return {FIELD}") == "hello world"


def test_room_settings_that_cannot_be_saved_now_stay_in_the_sheet(tmp_path: Path) -> None:
    with page_of(tmp_path, "--registration", "open") as (daemon, browser, page):
        browser.allow(GONE)
        page.come_in("ann")
        page.say("/register s3cret-enough")
        browser.wait(f"{WARNING}.includes('registered to you')")
        page.wait_for_presence()
        page.say("/set registered=yes")
        browser.wait("document.querySelector('.person svg')")  # she is an operator
        daemon.kill()
        browser.wait("document.body.dataset.presence === 'away'")
        browser.js("document.getElementById('room-button').click()")
        browser.js(
            "[...document.querySelectorAll('[role=menuitem]')].find(each => each.innerText === 'Room settings').click()"
        )
        browser.js("document.querySelector('dialog [name=slow]').value = '30s'")
        browser.js("document.querySelector('dialog [type=submit]').click()")
        browser.wait("document.querySelector('dialog .error').textContent === 'Not connected.'")
        assert browser.js("return document.querySelector('dialog [name=slow]').value") == "30s"


def test_whoever_logs_in_while_the_server_is_gone_reads_why_not(tmp_path: Path) -> None:
    error = "document.querySelector('dialog.sign .error')"
    submit = "document.querySelector('dialog.sign [type=submit]').click()"
    with page_of(tmp_path, "--registration", "open") as (daemon, browser, _):
        browser.allow("ERR_CONNECTION_REFUSED")
        browser.js("location.hash = 'invite=x'")
        browser.wait("document.querySelector('dialog.sign [name=password]')")
        browser.js("document.querySelector('dialog.sign [name=nick]').value = 'ann'")
        browser.js("document.querySelector('dialog.sign [name=password]').value = 's3cret-enough'")
        daemon.kill()
        browser.js(submit)
        browser.wait(f"{error}.textContent === 'Not connected.'")
        # As a proxy answers over HTTP/2, which has no word for a status.
        browser.js(f"{error}.textContent = ''; window.fetch = async () => new Response('', {{status: 502}})")
        browser.js(submit)
        browser.wait(f"{error}?.textContent === 'Not connected.'")


def test_a_connection_is_tried_at_once_when_the_system_is_offline(tmp_path: Path) -> None:
    with page_of(tmp_path) as (_, browser, page):
        page.come_in("ann")
        browser.js("window.sent = ''")
        assert browser.js("window.dispatchEvent(new Event('offline')); return window.sent") == "PING"


def test_the_list_of_rooms_comes_after_a_cut(tmp_path: Path) -> None:
    with page_of(tmp_path) as (daemon, browser, page), daemon.member("bob", "#den"), daemon.member("eve", "#tea"):
        page.come_in("ann")
        cut_after(browser, "ROOMS")
        browser.js("document.getElementById('join').click()")
        wait_for_cut(page)
        browser.wait(f"{NAMES} === '#builds #den #tea'")
