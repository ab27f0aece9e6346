"""Takes the pictures of the page, of a room with invented talk: ``python -m tools.page_pictures``.

It needs what the tests need, and fonts with Arabic letters and emoji (Debian: fonts-dejavu-core and
fonts-noto-color-emoji). The daemon and the browser are its own, in a temporary folder. Afterwards look at each picture.
"""

from __future__ import annotations

import base64
import os
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.browser import Browser, Page, address_of, chromium
from tests.support.daemon import Client, Daemon
from tools.picture_talk import FENCE, FOLDER, PEOPLE, TALK, TOPIC, morning

WIDE = (1280, 800)
PHONE = (390, 844)
SIGNS = (("marie", "🎉"), ("jonas", "🎉"), ("noor", "🚀"))


def _say(page: Page, who: Client, text: str) -> None:
    who.send(f"MSG {text}\n".encode())
    page.wait_for([text if text == FENCE else text.replace("`", "")])


def _talk(page: Page, browser: Browser, people: dict[str, Client]) -> None:
    """Have all of them say what there is to see, one after the other."""
    people["marie"].send(f"TOPIC {TOPIC}\n".encode())
    browser.wait("document.getElementById('topic').textContent === arguments[0]", TOPIC)
    for nick, text in TALK:
        _say(page, people[nick], text)
    for number, (nick, sign) in enumerate(SIGNS, 1):
        people[nick].send(f"REACT last {sign}\n".encode())
        browser.wait(
            "[...document.querySelectorAll('.reaction span')].reduce((sum, each) => sum + +each.textContent, 0)"
            " === arguments[0]", number,
        )  # fmt: skip
    _say(page, people["marie"], "@ann can you have a look at the release notes?")
    browser.js("document.getElementById('text').focus()")
    browser.press("ARROW_UP", "r")
    browser.type("Sure, after lunch.")
    browser.press("ENTER")
    page.wait_for(["Sure, after lunch."])


def _elsewhere(page: Page, browser: Browser, daemon: Daemon, people: dict[str, Client]) -> None:
    """Leave something unread at the side: in two other rooms, and from one person."""
    for room in ("#lobby", "#design", "#help"):
        page.say(f"/join {room}")
        browser.wait("document.getElementById('room-name').textContent === arguments[0]", room)
    page.say("/join #builds")
    browser.wait("document.getElementById('room-name').textContent === '#builds'")
    people["marie"].send(b"TELL ann lunch at noon?\n")
    for room, texts in (("#design", ("new icons are up", "in the usual place")), ("#help", ("how do I mute?",))):
        with daemon.member("lea", room) as lea:
            for text in texts:
                lea.send(f"MSG {text}\n".encode())
            lea.send(b"QUIT\n")
            lea.rest()
    browser.wait("document.querySelectorAll('.count:not(:empty)').length === 3")


def _take(browser: Browser, name: str, size: tuple[int, int]) -> None:
    browser.resize(*size)
    browser.js("const log = document.getElementById('log'); log.scrollTop = log.scrollHeight")
    browser.wait("document.fonts.status === 'loaded' && document.getAnimations().every(e => e.playState !== 'running')")
    picture = browser.driver.execute_cdp_cmd("Page.captureScreenshot", {"format": "png"})
    (FOLDER / name).write_bytes(base64.b64decode(picture["data"]))
    print(FOLDER / name)


def main() -> None:
    """Take the three pictures."""
    os.environ["TZ"] = morning()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        daemon = stack.enter_context(Daemon(folder, "--web", "0"))
        people = {nick: stack.enter_context(daemon.member(nick, "#builds")) for nick in PEOPLE}
        people["noor"].send(b"AWAY back at two\n")
        browser = stack.enter_context(chromium(folder, size=WIDE))
        browser.prefer(color_scheme="light")
        page = Page(browser, address_of(daemon) + "/builds")
        browser.js("localStorage.setItem('chatd.traffic', 'false'); location.reload()")
        page.come_in("ann")
        browser.wait("document.querySelector('.person.away')")
        _elsewhere(page, browser, daemon, people)
        _talk(page, browser, people)
        _take(browser, "page-wide.png", WIDE)
        _take(browser, "page-phone.png", PHONE)
        browser.prefer(color_scheme="dark")
        browser.resize(*WIDE)
        browser.press("ARROW_UP", "+")
        _take(browser, "page-dark.png", WIDE)


if __name__ == "__main__":
    main()
