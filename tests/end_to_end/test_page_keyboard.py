"""The page by the keyboard alone, in a real browser: what has the focus is seen, and everything can be reached."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from tests.support.browser import Browser, Page, address_of, chromium
from tests.support.daemon import Daemon, suspend, wait_until

pytestmark = pytest.mark.slow

IN_TEXT = "document.activeElement.id === 'text'"
ON_ROW = "document.activeElement.matches('.row')"
FRONT = "document.getElementById('room-name').textContent"
ANSWER = "document.querySelector('.row:last-child:not(:has(.state)) .quote')"
MENU = "document.querySelector('[role=menu]')"
SEEN = """
const at = document.activeElement;
if (at === document.body) return null;
const style = getComputedStyle(at), box = at.getBoundingClientRect();
const field = at.closest('.field-row');
const marked = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1
  || at.id === 'text' && getComputedStyle(field).boxShadow !== 'none';
const name = `${at.tagName} ${at.id} ${at.className} ${at.getAttribute('aria-label') ?? at.textContent}`.slice(0, 80);
return {name, seen: marked && at.matches(':focus-visible') && box.width > 0 && box.height > 0};
"""


def focus(browser: Browser) -> str:
    """Return what has the focus, which must be seen."""
    found = browser.js(SEEN)
    assert found is not None, "nothing has the focus"
    assert found["seen"], f"the focus is not seen: {found['name']}"
    return str(found["name"])


def test_the_keyboard_alone_does_everything(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        page = Page(browser, address_of(daemon) + "/")
        browser.wait("document.activeElement.matches('dialog.sign input')")
        focus(browser)
        browser.type("ann")
        browser.press("ENTER")
        page.wait_for_presence()
        browser.wait(IN_TEXT)
        with daemon.member("bob", "#lobby") as bob:
            browser.type("good morning")
            focus(browser)
            browser.press("ENTER")
            bob.until(lambda line: line.endswith("good morning"))
            bob.send(b"MSG shall we start?\n")
            page.wait_for(["good morning", "shall we start?"])

            _menu_and_reaction(browser)
            bob.until(lambda line: "👍" in line)
            _reply(browser)
            bob.until(lambda line: line.endswith("yes, now"))
            browser.wait(f"{ANSWER}?.textContent.includes('shall we start?')")
            _edit_and_retract(browser)
            bob.until(lambda line: "deleted a message" in line)
        _rooms(browser)
        _dialogs(browser)


def _menu_and_reaction(browser: Browser) -> None:
    browser.press("ARROW_UP")
    assert "shall we start?" in focus(browser)
    browser.press("ENTER")
    browser.wait(MENU)
    focus(browser)
    browser.press("ARROW_DOWN", "ESCAPE")
    browser.wait(f"!{MENU} && {ON_ROW}")
    focus(browser)
    browser.press("+")
    browser.wait(MENU)
    focus(browser)
    browser.press("ENTER")
    browser.wait("document.querySelector('.reaction[aria-pressed=true]')")
    browser.wait(ON_ROW)


def _reply(browser: Browser) -> None:
    browser.press("r")
    browser.wait(f"{IN_TEXT} && !document.getElementById('about').hidden")
    browser.press("ESCAPE")
    browser.wait("document.getElementById('about').hidden")
    browser.press("ARROW_UP", "r")
    browser.wait(IN_TEXT)
    browser.type("yes, now")
    browser.press("ENTER")


def _edit_and_retract(browser: Browser) -> None:
    browser.press("ARROW_UP")
    browser.wait(ON_ROW)
    browser.press("e")
    browser.wait(f"{IN_TEXT} && document.activeElement.value === 'yes, now'")
    browser.type(" please")
    browser.press("ENTER")
    browser.wait("document.querySelector('.row:last-child .edited')")
    browser.press("ARROW_UP", "DELETE")
    browser.wait("document.querySelector('dialog[open]')")
    focus(browser)
    browser.press("TAB", "TAB")
    assert "Delete" in focus(browser)
    browser.press("ENTER")
    browser.wait("document.querySelector('.row.retracted') && !document.querySelector('dialog[open]')")


def _rooms(browser: Browser) -> None:
    """Join a second room by the sheet, and go from one to the other."""
    browser.js("document.getElementById('text').focus()")
    browser.press("F6", "F6")
    assert "lobby" in focus(browser)
    browser.press("SHIFT+TAB")
    focus(browser)
    browser.press("ENTER")
    browser.wait("document.activeElement.matches('dialog[open] input')")
    browser.type("builds")
    browser.press("ENTER")
    browser.wait(f"{FRONT} === '#builds' && !document.querySelector('dialog[open]')")
    browser.press("ALT+ARROW_DOWN")
    browser.wait(f"{FRONT} === '#lobby'")
    browser.press("ALT+ARROW_UP")
    browser.wait(f"{FRONT} === '#builds'")


def _dialogs(browser: Browser) -> None:
    """Open the search and the sheets, leave each by Escape, and go round the whole page with Tab."""
    browser.press("CONTROL+SHIFT+f")
    browser.wait("document.activeElement.id === 'words'")
    focus(browser)
    browser.press("ESCAPE")
    browser.wait("document.getElementById('search').hidden")
    browser.js("document.getElementById('text').focus()")
    browser.type("/settings")
    browser.press("ENTER")
    browser.wait("document.querySelector('dialog[open]')?.contains(document.activeElement)")
    browser.press("ESCAPE")
    browser.wait("!document.querySelector('dialog[open]')")
    browser.js("document.getElementById('text').focus()")
    stops: list[str] = []

    def round_is_over() -> bool:
        browser.press("TAB")
        if browser.js("return document.activeElement !== document.body"):
            stops.append(focus(browser))
        return len(stops) > 1 and stops[-1] in stops[:-1]

    wait_until(round_is_over, lambda: str(stops))
    for part in ("text", "join", "me-button", "search-button", "room-button", "log", "person"):
        assert any(f" {part} " in f" {stop} " for stop in stops), f"Tab does not come to {part}: {stops}"


def test_the_focus_stays_on_a_line_that_is_said_meanwhile(tmp_path: Path) -> None:
    with Daemon(tmp_path, "--web", "0") as daemon, chromium(tmp_path) as browser:
        page = Page(browser, address_of(daemon) + "/")
        page.come_in("ann")
        suspend(daemon.pid)
        try:
            page.say("it takes a while")
            assert page.waiting() == ["it takes a while"]
            browser.press("ARROW_UP")
            browser.wait(ON_ROW)
        finally:
            os.kill(daemon.pid, signal.SIGCONT)
        page.wait_for(["it takes a while"])
        assert "it takes a while" in focus(browser)
